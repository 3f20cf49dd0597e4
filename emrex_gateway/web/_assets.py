"""Addresses of our own style sheets, scripts and pictures: another content, another address."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import current_app, url_for


def asset(name: str) -> str:
    """The address of a file below ``static``; browsers may keep what it answers for good."""
    return url_for("static", filename=name, v=_digest(current_app.static_folder or "", name))


@cache
def _digest(folder: str, name: str) -> str:
    return hashlib.sha256((Path(folder) / name).read_bytes()).hexdigest()[:12]

"""The button for hosts: a macro for their templates. The component for others is ``static/button.js``."""

from __future__ import annotations

import json
from pathlib import Path

from jinja2 import BaseLoader, DictLoader

TEMPLATE = "emrex/button.html"
"""What a host imports ``emrex_button`` from."""

FOR_HOSTS = frozenset({"button.js"})
"""What pages of other origins may load from our static address."""


def button_loader(mount: str) -> BaseLoader:
    """Return a loader of the one template that hosts get; ``mount`` is the gateway's path there."""
    source = (Path(__file__).parent / "templates" / "host" / "button.html").read_text("utf-8")
    # A host's context is the host's: the one thing that the macro has to know stands in its text.
    return DictLoader({TEMPLATE: f"{{% set mount = {json.dumps(mount)} %}}{source}"})

"""Our own style sheets, scripts and pictures: another content, another address, kept for good.

An address carries a digest of what it answers, so browsers never ask twice for
the same and never show a page with another version's looks. What is text is
packed once and kept in memory.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Flask, current_app, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join
from werkzeug.wrappers import Response

from emrex_gateway.web import _headers, _library
from emrex_gateway.web._button import FOR_HOSTS

_YEAR = 31_536_000
_LARGEST = 2_000_000
_MADE: Mapping[str, Callable[[], bytes]] = {"library.css": _library.sheet}
"""What is not a file of ours but made of a locked package."""


@dataclass(frozen=True, slots=True)
class _Asset:
    content: bytes
    packed: bytes | None
    media_type: str
    digest: str


def init(app: Flask) -> None:
    """Answer ``/static/…`` from here."""
    app.view_functions["static"] = _serve


def asset(name: str) -> str:
    """The address of a file below ``static``; browsers may keep what it answers for good."""
    return url_for("static", filename=name, v=_read(current_app.static_folder or "", name).digest)


def _serve(filename: str) -> Response:
    """A file; without its digest in the address, or with an older one, it is asked for again each time."""
    try:
        found = _read(current_app.static_folder or "", filename)
    except FileNotFoundError:
        raise NotFound from None
    seconds = _YEAR if request.args.get("v") == found.digest else 0
    _headers.public(seconds, _headers.CLOSED)
    packed = found.packed if request.accept_encodings["gzip"] else None
    response = Response(packed or found.content, content_type=found.media_type)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    if found.packed:
        response.vary.add("Accept-Encoding")
    if filename in FOR_HOSTS:
        response.headers["Access-Control-Allow-Origin"] = "*"  # for a digest beside the address
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.set_etag(f"{found.digest}{'-gz' if packed else ''}")
    return response.make_conditional(request)


@cache
def _read(folder: str, name: str) -> _Asset:
    if (make := _MADE.get(name)) is not None:
        content = make()
    else:
        # one name a file: what is kept in memory must not grow by other ways to write it
        path = safe_join(folder, name) if posixpath.normpath(name) == name else None
        if path is None or not Path(path).is_file() or Path(path).stat().st_size > _LARGEST:
            raise FileNotFoundError(name)
        content = Path(path).read_bytes()
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    is_text = media_type.startswith("text/") or media_type == "image/svg+xml"
    packed = gzip.compress(content, 9, mtime=0) if is_text else None
    return _Asset(
        content=content,
        packed=packed if packed and len(packed) < len(content) else None,
        media_type=f"{media_type}; charset=utf-8" if is_text else media_type,
        digest=hashlib.sha256(content).hexdigest()[:12],
    )

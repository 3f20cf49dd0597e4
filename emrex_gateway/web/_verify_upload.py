"""A file that somebody hands in to be checked: read into memory, bounded, few at a time, kept nowhere."""

from __future__ import annotations

import io
import threading
from typing import Any

from flask import request
from werkzeug.exceptions import ServiceUnavailable, UnsupportedMediaType
from werkzeug.formparser import FormDataParser

from emrex_gateway import directory, examining
from emrex_gateway.examining import Checked, Known
from emrex_gateway.network import DEFAULT_LIMIT
from emrex_gateway.web._context import services

MAX_UPLOAD = 20 * 1024 * 1024
"""The largest file that is taken, in bytes, as it comes and unpacked; the command takes larger ones."""

_ROOM = 200_000
"""Bytes of a form besides its file; Werkzeug counts a piece of the file that it holds among them."""
_PARTS = 5
_AT_ONCE = 2
"""How many files one process looks at at a time: each may take 100 MB for a moment."""
_PATIENCE = 10.0
_places = threading.BoundedSemaphore(_AT_ONCE)


def upload() -> tuple[bytes, str]:
    """Return a form's file and the code typed beside it: a file on disk would outlive the answer.

    Raises ``RequestEntityTooLarge``.
    """
    request.max_content_length = MAX_UPLOAD + _ROOM
    parser = FormDataParser(
        stream_factory=_in_memory,
        max_form_memory_size=_ROOM,
        max_content_length=MAX_UPLOAD + _ROOM,
        max_form_parts=_PARTS,
    )
    _stream, form, files = parser.parse(
        request.stream, request.mimetype, request.content_length, request.mimetype_params
    )
    file = files.get("file")
    return (file.stream.read() if file else b""), form.get("code", "")


def body() -> tuple[bytes, str]:
    """Return what a program sends: a form as a page's, or the file itself as the whole request.

    Raises ``RequestEntityTooLarge`` and ``UnsupportedMediaType``.
    """
    if request.mimetype == "multipart/form-data":
        return upload()
    if request.mimetype == "application/x-www-form-urlencoded":
        raise UnsupportedMediaType
    request.max_content_length = MAX_UPLOAD
    return request.get_data(cache=False), ""


def _in_memory(*_given: Any, **_named: Any) -> io.BytesIO:
    return io.BytesIO()


def known_to_all() -> Known:
    """Our own institutions' certificates, and those that the network lists or listed."""
    made = services()

    def provider(key: str) -> Any:
        return directory.known_provider(made, key)

    return examining.known_here(made, directory.all_certificates(made), provider)


def known_to(institution: str) -> Known:
    """One institution's certificates."""
    return examining.known_of(services(), institution)


def look(data: bytes, typed: str, known: Known, *, ours: bool = False) -> Checked:
    """Check a file once there is room for it. Raises ``ServiceUnavailable`` when there is none for long.

    ``ours``: this gateway made it, so it may be as large as what is made here.
    """
    if not _places.acquire(timeout=_PATIENCE):
        raise ServiceUnavailable(retry_after=30)
    try:
        return examining.check(
            data,
            known,
            typed=typed,
            limit=DEFAULT_LIMIT if ours else MAX_UPLOAD,
            most_marks=None if ours else examining.MOST_MARKS,
            now=services().clock(),
        )
    finally:
        _places.release()

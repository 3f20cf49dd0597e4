"""What a file is, by its contents: what a stranger calls it decides nothing."""

from __future__ import annotations

import re
from typing import Final

import filetype  # type: ignore[import-untyped]  # it ships no types

PDF: Final = "application/pdf"
HTML: Final = "text/html"
TEXT: Final = "text/plain"
UNKNOWN: Final = "application/octet-stream"

_SAMPLE: Final = 8192
"""Bytes that are looked at: more than any of the signatures needs."""
_BLANK: Final = b" \t\r\n\x0c"
_MARKUP = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|title|script|style|iframe|meta|link|base|form|table|div|p|br"
    rb"|h[1-6]|ul|ol|a|b|i|img|svg|math|object|embed|video|audio|font|center|span|pre)[\s/>]",
    re.IGNORECASE,
)
_SVG = re.compile(rb"<(?:[a-z][\w.-]{0,30}:)?svg[\s/>]", re.IGNORECASE)
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def media_type(data: bytes) -> str:
    """Return the type of a file's contents: a file's signature, else markup, else text, else unknown.

    A PDF is what begins as one: a web page with a PDF further down is a web page. SVG is named
    as what it is, although it is an image: it can hold scripts.
    """
    head = data[:_SAMPLE]
    if head.startswith(b"%PDF-"):
        return PDF
    kind = filetype.guess(head)
    if kind is not None and kind.mime != PDF:
        return str(kind.mime)
    return _of_text(head, whole=len(data) <= _SAMPLE)


def _of_text(head: bytes, *, whole: bool) -> str:
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        if wide:
            return TEXT if head.decode("utf-16", "strict" if whole else "ignore") else UNKNOWN
        head.decode("utf-8", "strict" if whole else "ignore")
    except UnicodeDecodeError:
        # Latin-1 text decodes as anything; what has no control characters is readable to somebody.
        pass
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(_BLANK)
    if not start or _CONTROLS.search(start):
        return UNKNOWN
    if _SVG.search(start):
        return "image/svg+xml"
    if start.startswith(b"<?xml"):
        return HTML if b"<html" in start.lower() else "application/xml"
    return HTML if _MARKUP.search(start) else TEXT

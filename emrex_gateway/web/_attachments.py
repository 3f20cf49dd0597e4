"""Files that came attached to somebody's records, on their way to a browser.

Whoever signed them, they are strangers' files: a PDF may open in the browser, everything else is
saved, and nothing of it runs here. What a file is, its contents say, now and not when it was kept.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import Final

from flask import Response, g
from markupsafe import escape

from emrex_gateway import elmo
from emrex_gateway.domain import Attachment, AttachmentContent, token
from emrex_gateway.web._languages import best

_PDF: Final = "application/pdf"
_TEXT: Final = "text/plain"
_SAVED: Final = "application/octet-stream"
_POLICY: Final = "default-src 'none'; sandbox"

_ENDINGS: Final = {
    _PDF: "pdf",
    _TEXT: "txt",
    "text/html": "html",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/tiff": "tif",
    "application/zip": "zip",
    "application/rtf": "rtf",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
}
"""Files that a student or an officer can open; whatever else it is, its name ends in ``bin``."""
_READ_AS_TEXT: Final = frozenset({"application/xml", "image/svg+xml"})
"""Markup that can run in a browser: it is saved as the text that it is."""

_UNFIT = re.compile(r'[\\/:*?"<>|%\x00-\x1f\x7f]+')
_LONGEST_NAME: Final = 80
_PAGE: Final = (
    '<!DOCTYPE html>\n<html><head><meta charset="utf-8">\n'
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">\n'
    "<title>{title}</title></head>\n<body>\n{body}\n</body></html>\n"
)


def attachment_response(
    content: AttachmentContent, name: str = "attachment", *, saved: bool = False
) -> Response:
    """Return a file: a PDF opens in the browser unless it is to be ``saved``, all others are saved.

    HTML goes out cleaned, or as text where there is nothing left of it; other
    markup goes out as text. ``name`` is for people and has no ending: it is
    made fit for any file system and gets the one of what the file is.
    """
    data, media_type, ending = _offered(content.data, name)
    response = Response(data, mimetype=media_type)
    if media_type == _TEXT:
        response.headers["Content-Type"] = "text/plain; charset=utf-8"
    inline = media_type == _PDF and not saved
    response.headers.set(
        "Content-Disposition",
        "inline" if inline else "attachment",
        filename=f"{_fit(name)}.{ending}",
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    if not inline:  # the browser's own viewer for PDFs does not open in a sandbox
        g.emrex_policy = _POLICY
    return response


def attachment_name(attachment: Attachment) -> str:
    """Return what to call an attachment, for people: its title, else its type, else its id."""
    kind = attachment.type.value if attachment.type is not None else ""
    return best(attachment.titles) or kind or attachment.id


def _offered(data: bytes, name: str) -> tuple[bytes, str, str]:
    """Return what is sent, as which media type, under which ending."""
    media_type = elmo.media_type(data)
    if media_type == "text/html":
        body = elmo.clean_html(_decoded(data))
        if body:
            page = _PAGE.format(title=escape(token(name)), body=body)
            return page.encode(), media_type, "html"
        media_type = _TEXT
    if media_type == _TEXT or media_type in _READ_AS_TEXT:
        return _decoded(data).encode(), _TEXT, "txt"
    ending = _ENDINGS.get(media_type, "bin")
    return data, media_type if ending != "bin" else _SAVED, ending


def _decoded(data: bytes) -> str:
    """Return text in whatever of the usual encodings it is in; UTF-8 goes out."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _fit(name: str) -> str:
    """Return a name that every file system takes and that leads nowhere."""
    cleaned = _UNFIT.sub(" ", unicodedata.normalize("NFC", token(name)))
    cleaned = " ".join(cleaned.split())[:_LONGEST_NAME].strip(" .")
    return cleaned or "attachment"

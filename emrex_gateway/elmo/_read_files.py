"""Attached files: out of their data addresses, typed by what they hold."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from lxml import etree

from emrex_gateway.domain import Attachment, AttachmentContent, AttachmentType
from emrex_gateway.elmo._content_type import TEXT, UNKNOWN, media_type
from emrex_gateway.elmo._notes import Notes
from emrex_gateway.elmo._read_values import (
    attribute,
    kids,
    lang_of,
    only,
    phrases,
    prose,
    some,
    word,
)

MAX_FILES: Final = 300
"""Most attachments in one place: some providers attach a certificate to each study."""

_HEAD = re.compile(r"\s*data:([^,;\"'<>]{0,200}(?:;[^,;\"'<>]{0,200}){0,10}),", re.IGNORECASE)
_SPACES: Final = str.maketrans("", "", " \t\r\n")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
_KINDS: Final = {kind.value.casefold(): kind for kind in AttachmentType}
_EQUAL_ENOUGH: Final = {
    "application/x-pdf": "application/pdf",
    "image/jpg": "image/jpeg",
    "text/xml": "application/xml",
    "application/xhtml+xml": "text/html",
}


@dataclass(frozen=True, slots=True)
class Named:
    """An attachment, and the names by which studies of the file refer to it."""

    names: tuple[str, ...]
    attachment: Attachment


class Files:
    """Reads attachments. One for a whole document: in it no two attachments get the same ``id``,
    although names in a file hold within a report only."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._taken: set[str] = set()
        self._tried: dict[str, int] = {}

    def read(self, elements: Sequence[etree._Element]) -> tuple[Named, ...]:
        """Return those of the attachments that hold a file."""
        if len(elements) > MAX_FILES:
            self._notes.add("too-many")
        found = (self._attachment(element) for element in elements[:MAX_FILES])
        return tuple(one for one in found if one is not None)

    def plain(self, elements: Sequence[etree._Element]) -> tuple[Attachment, ...]:
        """The same, where nothing refers to any."""
        return tuple(named.attachment for named in self.read(elements))

    def _attachment(self, element: etree._Element) -> Named | None:
        notes = self._notes
        children = kids(element)
        contents = (self._content(c) for c in some(children, "content", notes))
        readable = tuple(content for content in contents if content is not None)
        if not readable:
            notes.add("attachment")
            return None
        names = self._names(some(children, "identifier", notes))
        attachment = Attachment(
            id=self._unique(names[0] if names else "attachment"),
            contents=readable,
            titles=phrases(some(children, "title", notes), notes),
            type=self._kind(word(only(children, "type", notes), notes)),
            descriptions=prose(some(children, "description", notes), notes),
        )
        return Named(names, attachment)

    def _names(self, identifiers: Sequence[etree._Element]) -> tuple[str, ...]:
        """Return its identifiers, those that are meant for references first."""
        inner = [i for i in identifiers if attribute(i, "type", self._notes) == "internal"]
        found = (word(i, self._notes) for i in (*inner, *identifiers))
        return tuple(dict.fromkeys(name for name in found if name))

    def _unique(self, wanted: str) -> str:
        name = wanted
        while name in self._taken:
            self._tried[wanted] = self._tried.get(wanted, 1) + 1
            name = f"{wanted}-{self._tried[wanted]}"
        self._taken.add(name)
        return name

    def _kind(self, said: str) -> AttachmentType | None:
        kind = _KINDS.get(said.casefold())
        if said and kind is None:
            self._notes.add("attachment-kind")
        return kind

    def _content(self, element: etree._Element) -> AttachmentContent | None:
        text, element.text = element.text or "", None  # it is long: one copy at a time
        said, data = self._opened(text)
        if not data:
            return None
        found = media_type(data)
        if said and said != found and not (said == UNKNOWN or _vague(said, found)):
            self._notes.add("attachment-type")
        return AttachmentContent(media_type=found, data=data, lang=lang_of(element))

    def _opened(self, text: str) -> tuple[str, bytes]:
        """Return what an address says that it holds, and what it holds."""
        head = _HEAD.match(text[:3000])
        if head is None:
            return "", self._bare(text)
        words = [word.strip().lower() for word in head[1].split(";")]
        said = _EQUAL_ENOUGH.get(words[0], words[0])
        body = text[head.end() :]
        if "base64" in words[1:]:
            return said, _decoded(body)
        self._notes.add("attachment-form")
        return said or TEXT, unquote_to_bytes(body)

    def _bare(self, text: str) -> bytes:
        """Return base64 that stands without address, if it holds something that is known by itself.

        Short words are base64 too, and addresses of files elsewhere are never fetched.
        """
        data = _decoded(text) if len(text) > 100 else b""
        if media_type(data) in {TEXT, UNKNOWN}:
            return b""
        self._notes.add("attachment-form")
        return data


def _decoded(text: str) -> bytes:
    """Return base64's bytes: blanks aside, with either alphabet, with or without padding."""
    body = text.translate(_SPACES)
    if "%" in body[-12:]:
        body = body.replace("%3D", "=").replace("%3d", "=")
    if not _BASE64.fullmatch(body):
        return b""
    body = body.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError):
        return b""


def _vague(said: str, found: str) -> bool:
    """Whether two names may well mean one file: one text is another, office files are archives."""
    if said.startswith("text/") and found.startswith("text/"):
        return found != "text/html"
    return found == "application/zip" and said.startswith("application/")

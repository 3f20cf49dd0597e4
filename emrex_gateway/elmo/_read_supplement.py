"""Diploma supplements."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from lxml import etree

from emrex_gateway.domain import DiplomaSupplement, SupplementSection, plain, token
from emrex_gateway.elmo._markup import Markup
from emrex_gateway.elmo._notes import Notes
from emrex_gateway.elmo._read_files import Files
from emrex_gateway.elmo._read_values import (
    MAX_PROSE,
    Kids,
    clip,
    day,
    kids,
    lang_of,
    only,
    raw,
    some,
    word,
)
from emrex_gateway.elmo._tree import MAX_SECTIONS

_NUMBER = re.compile(r"[0-9.]{1,20}")
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,100}/[a-z0-9.+-]{1,100}")
_HTML = frozenset({"html", "text/html", "application/xhtml+xml"})
_MAX_SECTIONS = 200
_MAX_CONTENT = 100_000


class Supplements:
    """Reads supplements; the files in their sections are named with the document's others."""

    def __init__(self, files: Files, markup: Markup, notes: Notes, made: date) -> None:
        self._files, self._markup, self._notes, self._made = files, markup, notes, made

    def read(self, element: etree._Element | None) -> DiplomaSupplement | None:
        """Return a supplement, or ``None`` where there is none or none with sections."""
        if element is None:
            return None
        notes = self._notes
        children = kids(element)
        issued = day(only(children, "issueDate", notes), notes)
        sections = self._sections(children, 1)
        if issued is None or not sections:
            notes.add("supplement")
        if not sections:
            return None
        return DiplomaSupplement(
            issue_date=issued or self._made,
            sections=sections,
            introduction=clip(plain(raw(only(children, "introduction", notes))), notes, MAX_PROSE),
            version=word(only(children, "version", notes), notes) or "2018",
            lang=lang_of(element),
        )

    def _sections(self, children: Kids, depth: int) -> tuple[SupplementSection, ...]:
        found = some(children, "section", self._notes, _MAX_SECTIONS)
        if found and depth > MAX_SECTIONS:
            self._notes.add("sections")
            return ()
        return tuple(self._section(section, place, depth) for place, section in enumerate(found, 1))

    def _section(self, element: etree._Element, place: int, depth: int) -> SupplementSection:
        notes = self._notes
        children = kids(element)
        number = token(element.get("number", ""))
        content, media_type = self._content(only(children, "content", notes))
        return SupplementSection(
            number=number if _NUMBER.fullmatch(number) else str(place),
            title=word(only(children, "title", notes), notes),
            content=content,
            media_type=media_type,
            additional_information=self._prose(some(children, "additionalInformation", notes)),
            attachments=self._files.plain(children.get("attachment", [])),
            sections=self._sections(children, depth + 1),
        )

    def _content(self, element: etree._Element | None) -> tuple[str | None, str]:
        """Return a section's content and its type; markup is cleaned."""
        if element is None:
            return None, "text/plain"
        text = clip(plain(raw(element)), self._notes, _MAX_CONTENT)
        media_type = token(element.get("type", "text/plain")).lower()
        if media_type.partition(";")[0] in _HTML:
            return self._cleaned(text), "text/html"
        return text, media_type if _MEDIA_TYPE.fullmatch(media_type) else "text/plain"

    def _cleaned(self, text: str) -> str:
        cleaned = self._markup.clean(text)
        if text and not cleaned:
            self._notes.add("markup")
        return cleaned

    def _prose(self, elements: Sequence[etree._Element]) -> tuple[str, ...]:
        found = (clip(plain(raw(e)), self._notes, MAX_PROSE) for e in elements)
        return tuple(text for text in found if text)

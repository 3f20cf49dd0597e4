"""Attachments and diploma supplements."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence

from lxml import etree

from emrex_gateway.domain import (
    Attachment,
    AttachmentContent,
    DiplomaSupplement,
    SupplementSection,
    plain,
    token,
)
from emrex_gateway.elmo._tree import MAX_SECTIONS, MAX_TEXT, q
from emrex_gateway.elmo._values import add, add_language, add_phrases, add_prose
from emrex_gateway.errors import ElmoError

_MEDIA_TYPE = re.compile(r"[A-Za-z0-9.+-]{1,100}/[A-Za-z0-9.+-]{1,100}")
_MARKUP = re.compile(r"(text/html|.*[/+]xml)", re.IGNORECASE)
_NOT_IN_NUMBER = re.compile(r"[^0-9.]")
_YEAR = re.compile("[0-9]{4}")
_LATEST_RULES = "2018"


def add_attachment(parent: etree._Element, attachment: Attachment, name: str | None) -> None:
    """Append an attachment; ``name`` is its internal identifier, ``None`` where none can refer to it."""
    element = add(parent, "attachment")
    if name:
        add(element, "identifier", name).set("type", "internal")
    add_phrases(element, "title", attachment.titles)
    if attachment.type is not None:
        add(element, "type", attachment.type.value)
    add_prose(element, "description", attachment.descriptions)
    for content in attachment.contents:
        add_language(add(element, "content", _data_uri(content)), content.lang)


def _data_uri(content: AttachmentContent) -> str:
    """Return RFC 2397's form. Raises ``ElmoError`` for a file that receivers could not parse."""
    media_type = token(content.media_type)
    if not _MEDIA_TYPE.fullmatch(media_type):
        media_type = "application/octet-stream"
    if len(content.data) * 4 // 3 + 300 > MAX_TEXT:
        raise ElmoError("an attachment is too large for common parsers")
    return f"data:{media_type};base64,{base64.b64encode(content.data).decode('ascii')}"


def add_supplement(parent: etree._Element, supplement: DiplomaSupplement) -> None:
    """Append a diploma supplement. One without any section says nothing and is left out."""
    if not supplement.sections:
        return
    element = add(parent, "diplomaSupplement")
    add_language(element, supplement.lang)
    version = token(supplement.version)
    add(element, "version", version if _YEAR.fullmatch(version) else _LATEST_RULES)
    add(element, "issueDate", supplement.issue_date.isoformat())
    add(element, "introduction", plain(supplement.introduction))
    _add_sections(element, supplement.sections, "", 1)


def _add_sections(
    parent: etree._Element, sections: Sequence[SupplementSection], outer: str, depth: int
) -> None:
    if depth > MAX_SECTIONS:
        raise ElmoError(f"a diploma supplement is deeper than {MAX_SECTIONS} sections")
    for position, section in enumerate(sections, 1):
        element = add(parent, "section")
        place = f"{outer}.{position}" if outer else str(position)
        number = _NOT_IN_NUMBER.sub("", token(section.number)) or place
        element.set("number", number)
        add(element, "title", token(section.title))
        if section.content is not None:
            _add_content(element, section)
        for information in section.additional_information:
            if plain(information):
                add(element, "additionalInformation", plain(information))
        for attachment in section.attachments:
            add_attachment(element, attachment, None)
        _add_sections(element, section.sections, place, depth + 1)


def _add_content(parent: etree._Element, section: SupplementSection) -> None:
    """Append a section's content; markup goes into CDATA, as the annotation of ``content`` says."""
    element = etree.SubElement(parent, q("content"))
    media_type = token(section.media_type)
    if not _MEDIA_TYPE.fullmatch(media_type):
        media_type = "text/plain"
    element.set("type", media_type)
    text = token(section.content or "")
    if text and _MARKUP.fullmatch(media_type):
        # CDATA cannot hold its own end; escaped, it reads the same to an HTML or XML parser.
        element.text = etree.CDATA(text.replace("]]>", "]]&gt;"))
    else:
        element.text = text

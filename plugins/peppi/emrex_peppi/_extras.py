"""What ELMO can carry beyond the known shape of a completed credit. Pure.

The README describes these optional objects; the names in them are settings.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable

from lxml import etree

from emrex_gateway.domain import (
    AcademicTerm,
    Attachment,
    AttachmentContent,
    AttachmentType,
    DiplomaSupplement,
    Extension,
    Group,
    Level,
    Recognised,
    SupplementSection,
)
from emrex_peppi._issuers import organisation_name
from emrex_peppi._reading import Row, language_tag

_ATTACHMENT_CHARACTERS = 28_000_000  # about 20 MB of file in base64
_SECTION_DEPTH = 6
_EXTENSION_LIMIT = 100_000
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_BY_KEY = {re.sub(r"[^a-z]", "", t.value.lower()): t for t in AttachmentType}


def term(credit: Row) -> AcademicTerm | None:
    """The term that a course took place in; left out without a name or in a wrong order."""
    row = credit.row("academicTerm", "academicTerm")
    if not row:
        return None
    titles, start, end = row.texts("name"), row.day("startDate"), row.day("endDate")
    if not titles or start is None or end is None or end < start:
        return None
    return AcademicTerm(titles=titles, start=start, end=end)


def levels(credit: Row) -> tuple[Level, ...]:
    """EQF and national levels, one of each type."""
    found: dict[str, Level] = {}
    for row in credit.rows("levels", "level"):
        type_, value = row.text("type", 100), row.text("value", 100)
        if not type_ or not value:
            continue
        if type_.upper() == "EQF":
            type_ = "EQF"
            if not re.fullmatch("[1-8]", value):
                continue
        description = row.text("description") or ""
        found.setdefault(type_, Level(type=type_, value=value, description=description))
    return tuple(found.values())


def group(credit: Row) -> Group | None:
    """The group of options that a record belongs to; needs both identifiers."""
    if credit.raw("group") is None:  # asked first, here and below: nearly no credit has any of it
        return None
    row = credit.row("group", "group")
    type_id, id_ = row.text("typeId", 200), row.text("id", 200)
    if not type_id or not id_:
        return None
    return Group(
        type_id=type_id,
        type_titles=row.texts("typeName"),
        id=id_,
        titles=row.texts("name"),
        sorting_key=row.text("sortingKey", 200),
    )


class Attachments:
    """A listing's files: a row may repeat the ``id`` of a file that another row holds."""

    def __init__(self, credits_: Iterable[Row]) -> None:
        self._known: dict[str, Attachment] = {}
        for credit in credits_:
            for row in credit.rows("attachments", "attachment"):
                if attachment := _attachment(row):
                    self._known.setdefault(attachment.id, attachment)

    def of(self, row: Row) -> tuple[Attachment, ...]:
        """The files of a credit or a supplement's section, each once."""
        items = row.rows("attachments", "attachment")
        if not items:
            return ()
        found: dict[str, Attachment] = {}
        for item in items:
            known = self._known.get(item.text("id", 200) or "") or _attachment(item)
            if known:
                found[known.id] = known
        return tuple(found.values())


def _attachment(row: Row) -> Attachment | None:
    id_, encoded = row.text("id", 200), row.text("content", _ATTACHMENT_CHARACTERS)
    if not id_ or not encoded:
        return None
    try:
        data = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    media_type = (row.text("mediaType", 255) or "application/pdf").lower()
    if not data or not _MEDIA_TYPE.fullmatch(media_type):
        return None
    word = re.sub(r"[^a-z]", "", (row.text("type", 100) or "").lower())
    content = AttachmentContent(
        media_type=media_type, data=data, lang=language_tag(row.raw("language"))
    )
    return Attachment(
        id=id_,
        contents=(content,),
        titles=row.texts("name"),
        type=_BY_KEY.get(word, AttachmentType.OTHER if word else None),
        descriptions=row.texts("description"),
    )


def supplement(credit: Row, attachments: Attachments) -> DiplomaSupplement | None:
    """The diploma supplement; needs a date and at least one section."""
    if credit.raw("diplomaSupplement") is None:
        return None
    row = credit.row("diplomaSupplement", "diplomaSupplement")
    issued = row.day("issueDate")
    sections = _sections(row, attachments, _SECTION_DEPTH)
    if issued is None or not sections:
        return None
    return DiplomaSupplement(
        issue_date=issued,
        sections=sections,
        introduction=row.text("introduction") or "",
        version=row.text("version", 50) or "2018",
        lang=language_tag(row.raw("language")),
    )


def _sections(row: Row, attachments: Attachments, depth: int) -> tuple[SupplementSection, ...]:
    if depth == 0:
        return ()
    found: list[SupplementSection] = []
    for item in row.rows("sections", "section"):
        number, title = item.text("number", 20), item.text("title", 1000)
        if number is None or title is None:
            continue
        media_type = (item.text("mediaType", 255) or "text/plain").lower()
        found.append(
            SupplementSection(
                number=number,
                title=title,
                content=item.text("content"),
                media_type=media_type if _MEDIA_TYPE.fullmatch(media_type) else "text/plain",
                additional_information=item.strings("additionalInformation"),
                attachments=attachments.of(item),
                sections=_sections(item, attachments, depth - 1),
            )
        )
    return tuple(found)


def recognised(credit: Row) -> Recognised | None:
    """Since when and from where, for a record that stands for studies elsewhere."""
    if credit.raw("recognition") is None:
        return None
    row = credit.row("recognition", "recognition")
    source = row.texts("sourceName") or organisation_name(
        row.row("sourceOrganisation", "organisation")
    )
    on = row.day("date")
    return Recognised(source=source, on=on) if source or on else None


def extensions(credit: Row, name: str) -> tuple[Extension, ...]:
    """Elements of a foreign namespace, written as XML; what is not that is left out."""
    listed = credit.strings(name)
    return tuple([Extension(xml) for xml in listed if _is_foreign_element(xml)]) if listed else ()


def _is_foreign_element(xml: str) -> bool:
    # No declarations of any kind: an entity could hide in one.
    if len(xml) > _EXTENSION_LIMIT or "<!" in xml or "<?" in xml:
        return False
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        namespace = etree.QName(etree.fromstring(xml.encode(), parser)).namespace
    except (etree.XMLSyntaxError, ValueError):
        return False
    return bool(namespace) and not str(namespace).startswith(
        ("https://github.com/emrex-eu/elmo-schemas", "http://www.w3.org/2000/09/xmldsig#")
    )

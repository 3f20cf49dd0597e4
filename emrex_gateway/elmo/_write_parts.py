"""Attachments and diploma supplements."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence

from emrex_gateway.domain import (
    Attachment,
    AttachmentContent,
    DiplomaSupplement,
    Issuer,
    SupplementSection,
    complete_issuer,
    plain,
    token,
)
from emrex_gateway.elmo._tree import MAX_SECTIONS, MAX_TEXT
from emrex_gateway.elmo._values import (
    attribute,
    country,
    language,
    leaf,
    optional,
    phrases,
    prose,
)
from emrex_gateway.errors import ElmoError

_MEDIA_TYPE = re.compile(r"[A-Za-z0-9.+-]{1,100}/[A-Za-z0-9.+-]{1,100}")
_MARKUP = re.compile(r"(text/html|.*[/+]xml)", re.IGNORECASE)
_NOT_IN_NUMBER = re.compile(r"[^0-9.]")
_YEAR = re.compile("[0-9]{4}")
_LATEST_RULES = "2018"


def issuer_element(issuer: Issuer) -> str:
    """Return an institution with all that an issuer must have."""
    whole = complete_issuer(issuer)
    return "".join(
        (
            "<issuer>",
            optional("country", country(whole.country)),
            *(leaf("identifier", i.value, attribute("type", i.type)) for i in whole.identifiers),
            phrases("title", whole.titles),
            optional("url", whole.url),
            "</issuer>",
        )
    )


def attachment_element(attachment: Attachment, name: str | None) -> str:
    """Return an attachment; ``name`` is its internal identifier, ``None`` where none can refer to it."""
    contents = (leaf("content", _data_uri(c), language(c.lang)) for c in attachment.contents)
    return "".join(
        (
            "<attachment>",
            leaf("identifier", name, ' type="internal"') if name else "",
            phrases("title", attachment.titles),
            leaf("type", attachment.type.value) if attachment.type is not None else "",
            prose("description", attachment.descriptions),
            *contents,
            "</attachment>",
        )
    )


def _data_uri(content: AttachmentContent) -> str:
    """Return RFC 2397's form. Raises ``ElmoError`` for a file that receivers could not parse."""
    media_type = token(content.media_type)
    if not _MEDIA_TYPE.fullmatch(media_type):
        media_type = "application/octet-stream"
    if len(content.data) * 4 // 3 + 300 > MAX_TEXT:
        raise ElmoError("an attachment is too large for common parsers")
    return f"data:{media_type};base64,{base64.b64encode(content.data).decode('ascii')}"


def supplement_element(supplement: DiplomaSupplement) -> str:
    """Return a diploma supplement. One without any section says nothing and is left out."""
    if not supplement.sections:
        return ""
    version = token(supplement.version)
    return "".join(
        (
            f"<diplomaSupplement{language(supplement.lang)}>",
            leaf("version", version if _YEAR.fullmatch(version) else _LATEST_RULES),
            leaf("issueDate", supplement.issue_date.isoformat()),
            leaf("introduction", plain(supplement.introduction)),
            _sections(supplement.sections, "", 1),
            "</diplomaSupplement>",
        )
    )


def _sections(sections: Sequence[SupplementSection], outer: str, depth: int) -> str:
    if depth > MAX_SECTIONS:
        raise ElmoError(f"a diploma supplement is deeper than {MAX_SECTIONS} sections")
    pieces: list[str] = []
    for position, section in enumerate(sections, 1):
        place = f"{outer}.{position}" if outer else str(position)
        number = _NOT_IN_NUMBER.sub("", token(section.number)) or place
        pieces.append(f"<section{attribute('number', number)}>")
        pieces.append(leaf("title", token(section.title)))
        if section.content is not None:
            pieces.append(_content(section))
        for information in section.additional_information:
            if plain(information):
                pieces.append(leaf("additionalInformation", plain(information)))
        pieces += (attachment_element(attachment, None) for attachment in section.attachments)
        pieces.append(_sections(section.sections, place, depth + 1))
        pieces.append("</section>")
    return "".join(pieces)


def _content(section: SupplementSection) -> str:
    """Return a section's content; markup goes into CDATA, as the annotation of ``content`` says."""
    media_type = token(section.media_type)
    if not _MEDIA_TYPE.fullmatch(media_type):
        media_type = "text/plain"
    type_ = attribute("type", media_type)
    text = token(section.content or "")
    if text and _MARKUP.fullmatch(media_type):
        # CDATA cannot hold its own end; escaped, it reads the same to an HTML or XML parser.
        return f"<content{type_}><![CDATA[{text.replace(']]>', ']]&gt;')}]]></content>"
    return leaf("content", text, type_)

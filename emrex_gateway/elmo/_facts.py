"""What a verified ELMO file says, in the few words by which a reader knows it again."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import date, datetime

from lxml import etree

from emrex_gateway.domain import AttachmentType, LangString, Texts
from emrex_gateway.elmo._tree import MAX_BYTES, XML_LANG, parse, q, text_of
from emrex_gateway.errors import ElmoError

_PDF = "data:application/pdf;base64,"
_MOST_ISSUERS = 50
_LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Whose records, from whom, how many, and when the file was made.

    ``issuers`` are the institutions' names, each institution once. ``studies``
    counts degrees, modules and courses at every depth. ``transcripts`` are the
    PDFs attached as the EMREX transcript of everything. What a file does not
    say, or not in a form that can be read, is empty or ``None``.
    """

    name: str = field(repr=False)
    birth_date: date | None = field(repr=False)
    made_at: datetime | None
    issuers: tuple[Texts, ...]
    studies: int
    transcripts: tuple[bytes, ...] = field(repr=False)


def facts(xml: bytes) -> Facts:
    """Read a file whose signature holds. Raises ``ElmoError`` for what is no ELMO that can be read."""
    if len(xml) > MAX_BYTES:
        raise ElmoError(f"the document is larger than {MAX_BYTES} bytes")
    try:
        root = parse(xml)
    except (etree.XMLSyntaxError, ValueError):
        raise ElmoError("the document is not well-formed XML without document type") from None
    if root.tag != q("elmo"):
        raise ElmoError("the root is not elmo in ELMO's namespace")
    learner = root.find(q("learner"))
    names = [_value(learner, "familyName"), _value(learner, "givenNames")]
    return Facts(
        name=", ".join(name for name in names if name),
        birth_date=_day(_value(learner, "bday") or _value(learner, "dateOfBirth")),
        made_at=_moment(_value(root, "generatedDate")),
        issuers=_issuers(root),
        studies=sum(1 for _ in root.iter(q("learningOpportunitySpecification"))),
        transcripts=tuple(_transcripts(root)),
    )


def _value(parent: etree._Element | None, name: str) -> str:
    return text_of(parent.find(q(name)))[:_LONGEST] if parent is not None else ""


def _issuers(root: etree._Element) -> tuple[Texts, ...]:
    found: dict[Texts, None] = {}
    for issuer in root.iterfind(f"{q('report')}/{q('issuer')}"):
        titles = tuple(
            LangString(text_of(title)[:_LONGEST], title.get(XML_LANG))
            for title in issuer.iterchildren(q("title"))
            if text_of(title)
        )
        if titles:
            found[titles] = None
    return tuple(found)[:_MOST_ISSUERS]


def _transcripts(root: etree._Element) -> list[bytes]:
    found = []
    for attachment in root.iterchildren(q("attachment")):
        if text_of(attachment.find(q("type"))) != AttachmentType.EMREX_TRANSCRIPT.value:
            continue
        for content in attachment.iterchildren(q("content")):
            text = (content.text or "").strip()
            if text.startswith(_PDF):
                try:
                    found.append(base64.b64decode(text[len(_PDF) :]))
                except (binascii.Error, ValueError):
                    continue
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None

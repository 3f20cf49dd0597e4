"""Look at a file and say whether it is what it seems."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from emrex_gateway import elmo, signing
from emrex_gateway.domain import SignatureFacts, SignedElmo, VerifiedElmo
from emrex_gateway.errors import ElmoError, EnvelopeError, SignatureError
from emrex_gateway.network import DEFAULT_LIMIT, open_file
from emrex_gateway.signing import STRICT, Policy

MOST_MARKS = 600_000
"""The most tags of a file that is taken from anybody, and twice the most equals signs: each may be an
attribute, which takes more memory than a tag. 5,000 courses take less than half; parsing this many
takes about 150 MB for a moment."""


class Kind(StrEnum):
    """What was brought."""

    ELMO = "elmo"
    """An ELMO file, as it is or packed."""
    COPY = "copy"
    """A PDF."""
    NEITHER = "neither"


class Typed(StrEnum):
    """What the code that somebody typed says."""

    NOTHING = "nothing"
    """None was typed."""
    FITS = "fits"
    OTHER = "other"
    """It is another file's code."""
    NO_CODE = "no-code"
    """It cannot be a code: a digit is missing, or one too many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What was found out. ``good``: signed as a whole by a trusted key, and unchanged.

    ``reason`` and ``message`` say why a file is not good: the reason is one of
    ``signing.verify``, of ``signing.open_copy``, or ``envelope`` (neither XML
    nor PDF), ``contents`` (signed, and no ELMO), ``pages`` (the PDF shows
    other pages than those that its ELMO file carries). ``inside`` tells that
    a PDF is good and the ELMO file in it is not. ``facts`` are the
    signature's, ``said`` and ``code`` the verified file's, only of a good
    one. ``elmo`` is the ELMO file, verified or not; empty where none was
    reached. ``claim`` is whose signature it says it is. ``verified`` is there
    when the ELMO file's signature holds, and the PDF's around it: also of a
    file of another dialect than ours, whose ``reason`` is ``contents``.
    """

    kind: Kind
    reason: str = ""
    message: str = ""
    inside: bool = False
    facts: SignatureFacts | None = None
    said: elmo.Facts | None = field(default=None, repr=False)
    code: str = ""
    typed: Typed = Typed.NOTHING
    elmo: bytes = field(default=b"", repr=False)
    claim: str = ""
    claim_holds: bool = False
    verified: VerifiedElmo | None = field(default=None, repr=False)

    @property
    def good(self) -> bool:
        """Whether the file can be relied on. A code that was typed has a verdict of its own."""
        return self.said is not None


def examine(
    data: bytes,
    certificates: Sequence[bytes],
    *,
    typed: str = "",
    policy: Policy = STRICT,
    limit: int = DEFAULT_LIMIT,
    most_marks: int | None = None,
    now: datetime | None = None,
) -> Examined:
    """Say what a file is and whether it holds. Never raises for the file's sake.

    ``certificates`` are those to trust; ``typed`` is a code read off paper;
    ``limit`` is the largest unpacked file, in bytes, ``most_marks`` how many
    tags it may have at most, and half as many attributes.
    """
    if signing.is_pdf(data):
        return _copy(data, certificates, typed, policy, now)
    try:
        document = open_file(data, limit)
    except EnvelopeError as error:
        return Examined(kind=Kind.NEITHER, reason="envelope", message=str(error))
    if most_marks is not None and _too_many(document.xml, most_marks):
        return Examined(kind=Kind.ELMO, reason="size", message="the document has too many elements")
    try:
        verified = signing.verify(document, certificates, policy, now=now)
    except SignatureError as error:
        return _claimed(document, error)
    return _good(Kind.ELMO, document.xml, verified, verified.facts, typed)


def _too_many(xml: bytes, most_marks: int) -> bool:
    """Whether a file could fill the memory once it is parsed: counted in its bytes, before that."""
    return xml.count(b"<") > most_marks or xml.count(b"=") > most_marks // 2


def _copy(
    pdf: bytes, certificates: Sequence[bytes], typed: str, policy: Policy, now: datetime | None
) -> Examined:
    try:
        opened = signing.open_copy(pdf, certificates, policy, now=now)
    except SignatureError as error:
        claim = signing.claimed_copy(pdf)
        return Examined(
            kind=Kind.COPY,
            reason=error.reason,
            message=str(error),
            claim=claim.certificate.subject if claim.certificate else "",
            claim_holds=claim.holds,
        )
    try:
        verified = signing.verify(SignedElmo(opened.elmo), certificates, policy, now=now)
    except SignatureError as error:
        return Examined(
            kind=Kind.COPY,
            reason=error.reason,
            message=f"the ELMO file in the PDF: {error}",
            inside=True,
            elmo=opened.elmo,
        )
    found = _good(Kind.COPY, opened.elmo, verified, opened.facts, typed)
    if found.said is not None and not _shows(pdf, found.said.transcripts):
        return Examined(
            kind=Kind.COPY,
            reason="pages",
            message="the PDF shows other pages than those that its ELMO file carries",
            inside=True,
            elmo=opened.elmo,
        )
    return found


def _shows(pdf: bytes, transcripts: Sequence[bytes]) -> bool:
    """Whether a copy begins with one of the transcripts, as they are."""
    return any(
        pages.startswith(b"%PDF-") and pages.rstrip().endswith(b"%%EOF") and pdf.startswith(pages)
        for pages in transcripts
    )


def _good(
    kind: Kind, xml: bytes, verified: VerifiedElmo, facts: SignatureFacts, typed: str
) -> Examined:
    try:
        code, said = elmo.code(verified.xml), elmo.facts(verified.xml)
    except ElmoError as error:
        return Examined(
            kind=kind, reason="contents", message=str(error), elmo=xml, verified=verified
        )
    return Examined(
        kind=kind,
        facts=facts,
        said=said,
        code=code,
        typed=compare_code(typed, code),
        elmo=xml,
        verified=verified,
    )


def compare_code(typed: str, code: str) -> Typed:
    """Say whether a code that somebody typed is the file's."""
    if not typed.strip():
        return Typed.NOTHING
    read = elmo.read_code(typed)
    if not read:
        return Typed.NO_CODE
    return Typed.FITS if hmac.compare_digest(read, code) else Typed.OTHER


def _claimed(document: SignedElmo, error: SignatureError) -> Examined:
    """As much as can be said of a file that does not hold, without looking deep into it."""
    looked = None
    if error.reason == "certificate":
        looked = signing.inspect(document, ())  # what it claims: none of the given ones fits
    return Examined(
        kind=Kind.ELMO,
        reason=error.reason,
        message=str(error),
        elmo=document.xml,
        claim=(looked.signer or "") if looked else "",
        claim_holds=bool(looked and looked.holds_for_claimed),
    )

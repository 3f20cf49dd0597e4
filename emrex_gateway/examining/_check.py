"""The whole verdict on a file that somebody brought: genuine or not, whose, what to be careful of."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from emrex_gateway import elmo
from emrex_gateway.domain import ReadDocument, SignatureFacts, VerifiedElmo
from emrex_gateway.errors import ElmoError
from emrex_gateway.examining._examine import Examined, Kind, Typed, compare_code, examine
from emrex_gateway.examining._known import Known, Signatory, Standing
from emrex_gateway.network import DEFAULT_LIMIT
from emrex_gateway.signing import WEAK, is_weak

_SLACK = timedelta(days=1)
_LACKING = frozenset({"learner-missing", "no-reports"})
"""Nobody's records, and none at all: a key may sign other things some day."""
_WEAK_REASONS = frozenset({"sha1", "weak-key"})


class Verdict(StrEnum):
    """What to make of a file."""

    GENUINE = "genuine"
    """Whole, unchanged, signed by a key of ours or of one that is listed now."""
    CAREFUL = "careful"
    """As that, but by an old method that can be forged, or a key that is listed no more."""
    UNKNOWN = "unknown"
    """Whole and signed, by somebody whom nobody here knows: anybody can make such a file."""
    REFUSED = "refused"
    """Anything else."""


class Caution(StrEnum):
    """What to say beside a signature that holds. The first four make a file one to be careful with."""

    SHA1 = "sha1"
    SHORT_KEY = "short-key"
    DELISTED = "once-listed"
    LATER = "made-later"
    """The file says that it was made after the certificate had left the list."""
    EXPIRED = "expired"
    EARLY = "not-yet-valid"
    SCHEMA = "schema"
    """It breaks rules of the format; receivers read it all the same."""


_SERIOUS = frozenset({Caution.SHA1, Caution.SHORT_KEY, Caution.DELISTED, Caution.LATER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A verdict with what it rests on. ``document``, ``facts`` and ``signatories`` are there of files
    that are genuine or to be careful with, and of no others.
    """

    verdict: Verdict
    examined: Examined
    signatories: tuple[Signatory, ...] = ()
    cautions: tuple[Caution, ...] = ()
    facts: SignatureFacts | None = None
    document: ReadDocument | None = field(default=None, repr=False)
    code: str = ""
    typed: Typed = Typed.NOTHING

    @property
    def holds(self) -> bool:
        """Whether its contents are those that a known key signed."""
        return self.document is not None


def check(
    data: bytes,
    known: Known,
    *,
    now: datetime,
    typed: str = "",
    limit: int = DEFAULT_LIMIT,
    most_marks: int | None = None,
) -> Checked:
    """Say what a file is, whose, and whether it can be relied on. Never raises for the file's sake.

    The arguments are those of ``examine``. An ELMO file may be of any release
    and dialect that ``elmo.read`` understands.
    """
    found = examine(data, known.pems, typed=typed, limit=limit, most_marks=most_marks, now=now)
    if found.reason in _WEAK_REASONS:
        # Old providers exist: say who signed, and that it proves little.
        found = examine(
            data, known.pems, typed=typed, policy=WEAK, limit=limit, most_marks=most_marks, now=now
        )
    if found.verified is None or (found.kind is Kind.COPY and not found.good):
        return Checked(verdict=_without(found), examined=found)
    if not _one_owner(found, known):
        return Checked(verdict=Verdict.REFUSED, examined=replace(found, **_OTHER_SIGNER))
    try:
        document = elmo.read(found.verified, now=now)
    except ElmoError:
        return Checked(verdict=Verdict.REFUSED, examined=found)
    if not document.document.reports and _LACKING.issubset(document.warnings):
        return Checked(verdict=Verdict.REFUSED, examined=found)
    return _told(found, document, known, typed, now)


_OTHER_SIGNER: dict[str, Any] = {
    "reason": "signer",
    "message": "the PDF and the ELMO file in it are signed by different institutions",
    "inside": True,
    "facts": None,
    "said": None,
    "code": "",
    "typed": Typed.NOTHING,
    "verified": None,
}


def _one_owner(found: Examined, known: Known) -> bool:
    """Whether those whom a PDF is signed by signed the ELMO file in it: many are known, one makes both."""
    if found.facts is None or found.verified is None:
        return True
    outer, inner = (
        {(one.standing is Standing.OWN, one.address) for one in known.signatories(fingerprint)}
        for fingerprint in (found.facts.fingerprint, found.verified.facts.fingerprint)
    )
    return bool(outer & inner)


def _without(found: Examined) -> Verdict:
    unknown = found.reason == "certificate" and found.claim_holds and not found.inside
    return Verdict.UNKNOWN if unknown else Verdict.REFUSED


def _told(
    found: Examined,
    document: ReadDocument,
    known: Known,
    typed: str,
    now: datetime,
) -> Checked:
    assert found.verified is not None
    facts = found.facts or found.verified.facts
    signatories = known.signatories(facts.fingerprint)
    cautions = tuple(_cautions(facts, signatories, document, now))
    code = found.code or _code(found.verified)
    return Checked(
        verdict=Verdict.CAREFUL if _SERIOUS.intersection(cautions) else Verdict.GENUINE,
        examined=found,
        signatories=signatories,
        cautions=cautions,
        facts=facts,
        document=document,
        code=code,
        typed=compare_code(typed, code),
    )


def _cautions(
    facts: SignatureFacts,
    signatories: tuple[Signatory, ...],
    document: ReadDocument,
    now: datetime,
) -> list[Caution]:
    sha1, short_key = is_weak(facts)
    found = [Caution.SHA1] if sha1 else []
    if short_key:
        found.append(Caution.SHORT_KEY)
    if signatories and all(one.standing is Standing.ONCE for one in signatories):
        found.append(Caution.DELISTED)
        last = max(one.last_seen for one in signatories if one.last_seen is not None)
        if document.document.generated_at > last + _SLACK:
            found.append(Caution.LATER)
    if now > facts.not_after:
        found.append(Caution.EXPIRED)
    if now < facts.not_before:
        found.append(Caution.EARLY)
    if document.problems:
        found.append(Caution.SCHEMA)
    return found


def _code(verified: VerifiedElmo) -> str:
    """The code of a file of our own namespace; others have none."""
    try:
        return elmo.code(verified.xml)
    except ElmoError:
        return ""

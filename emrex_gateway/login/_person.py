"""Values that a login says of a person, read and cleaned: pure functions for claims and attributes alike.

Sources: SCHAC 1.6 (personalUniqueCode, personalUniqueID), the European Student
Identifier's specification, norEdu* 1.5 (norEduPersonLIN), BCP 47 (locale).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from enum import StrEnum

from emrex_gateway.domain import PersonIdentifierType

MAX_VALUES = 50
_MAX = 255
_ESI = "urn:schac:personalUniqueCode:int:esi:"
_CODES = ("urn:schac:personaluniquecode:", "urn:mace:terena.org:schac:personaluniquecode:")
_STUDENT = frozenset({"student", "studentid", "opiskelijanumero", "matrikelnummer"})
_IDS = ("urn:schac:personaluniqueid:", "urn:mace:terena.org:schac:personaluniqueid:")
_TOKEN = re.compile(r"[!-~]{1,255}")
_DATE = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")
_LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")


class ClaimRule(StrEnum):
    """How a claim's value becomes an identifier: as it is, or read as one of SCHAC's URNs."""

    ESI = PersonIdentifierType.ESI.value
    NATIONAL = PersonIdentifierType.NATIONAL.value
    NATIONAL_LEARNER = PersonIdentifierType.NATIONAL_LEARNER.value
    LOCAL = PersonIdentifierType.LOCAL.value
    UNIQUE_CODE = "schacPersonalUniqueCode"
    """A European Student Identifier or a local student number, told apart by the URN."""
    UNIQUE_ID = "schacPersonalUniqueID"
    """A national identifier inside a URN."""
    LIN = "norEduPersonLIN"
    """A local number behind the organization's domain: ``<domain>:<number>``."""


NATIONAL_RULES = frozenset({ClaimRule.NATIONAL, ClaimRule.UNIQUE_ID})
"""The rules that can end in a national identifier."""


def identifiers(
    rule: ClaimRule,
    claim: object,
    organizations: Collection[str] = (),
    within: Callable[[str], bool] | None = None,
) -> Iterator[tuple[PersonIdentifierType, str]]:
    """Yield the identifiers that a claim carries, under its rule.

    A European Student Identifier keeps its whole URN, the fixed part in its
    usual spelling; the fixed parts of URNs are compared without case. A local
    student number is read from a URN only when the URN names one of
    ``organizations`` (lower case) and calls itself a student's: another
    institution's number, or an employee's, would find somebody else.
    ``within`` tells whether the provider may speak for a domain; an identifier
    that names another's domain is left out.
    """
    for value in values(claim):
        if rule in (ClaimRule.UNIQUE_CODE, ClaimRule.ESI):
            among = organizations if rule is ClaimRule.UNIQUE_CODE else ()
            yield from _unique_code(value, among, within)
        elif rule is ClaimRule.UNIQUE_ID:
            yield from _unique_id(value)
        elif rule is ClaimRule.LIN:
            domain, _, number = value.partition(":")
            if number and domain.lower() in organizations:
                yield PersonIdentifierType.LOCAL, number
        else:
            yield PersonIdentifierType(rule.value), value


def values(claim: object) -> Iterator[str]:
    """Yield the usable texts of a claim with one or several values: printable ASCII, no blanks."""
    several: Iterable[object] = claim if isinstance(claim, list | tuple) else (claim,)
    for _, value in zip(range(MAX_VALUES), several, strict=False):
        if isinstance(value, str) and _TOKEN.fullmatch(value.strip()):
            yield value.strip()


def first(claim: object) -> str:
    """Return the first usable text of a claim, or the empty text."""
    return next(values(claim), "")


def clean(claim: object) -> str:
    """Return a person's text as one line of composed characters without control characters."""
    if not isinstance(claim, str):
        return ""
    text = unicodedata.normalize("NFC", claim[: 4 * _MAX])
    shown = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return " ".join("".join(c for c in shown if unicodedata.category(c) != "Cs").split())[:_MAX]


def birth_date(claim: object) -> date | None:
    """Read ``YYYY-MM-DD`` or ``YYYYMMDD``; a year alone, or a day without its year, is not a date."""
    match = _DATE.fullmatch(claim) if isinstance(claim, str) else None
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def locale(claim: object) -> str | None:
    """Return a BCP 47 tag; ``fi_FI``, as some write it, is understood."""
    tag = claim.replace("_", "-") if isinstance(claim, str) else ""
    return tag if len(tag) <= 35 and _LOCALE.fullmatch(tag) else None


def home_organization(
    stated: Iterable[str], accounts: Iterable[str], within: Callable[[str], bool] | None = None
) -> str:
    """Return the home organization, lower case: what is stated, else the scope of an account name.

    ``accounts`` are of the form ``name@scope``. What is not ``within`` the
    provider's own domains does not count.
    """
    scopes = (account.rpartition("@")[2] for account in accounts if "@" in account)
    for domain in (*stated, *scopes):
        if domain and (within is None or within(domain)):
            return domain.lower()
    return ""


def _unique_code(
    value: str, organizations: Collection[str], within: Callable[[str], bool] | None
) -> Iterator[tuple[PersonIdentifierType, str]]:
    folded = value.lower()
    if folded.startswith(_ESI.lower()):
        rest = value[len(_ESI) :]
        space, _, code = rest.partition(":")
        # A country's identifiers come from every university there, a university's own only from it.
        if space and code and (within is None or "." not in space or within(space)):
            yield PersonIdentifierType.ESI, _ESI + rest
    elif folded.startswith(_CODES):
        *parts, code = folded.split(":")
        if code and _STUDENT.intersection(parts) and set(organizations).intersection(parts):
            yield PersonIdentifierType.LOCAL, value.rpartition(":")[2]


def _unique_id(value: str) -> Iterator[tuple[PersonIdentifierType, str]]:
    prefix = next((p for p in _IDS if value.lower().startswith(p)), None)
    parts = value[len(prefix) :].split(":") if prefix else []
    if len(parts) >= 3 and all(parts):  # country, kind of number, number
        yield PersonIdentifierType.NATIONAL, parts[-1]

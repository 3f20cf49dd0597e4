"""One listing from several systems: an attainment that two of them hold is there once.

The rule, and why it is this one: docs/decisions/0015-several-adapters.md.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from emrex_gateway.domain._issuers import complete_issuer
from emrex_gateway.domain._people import PersonIdentifier, PersonIdentifierType, Student
from emrex_gateway.domain._records import Issuer, LosType, StudyRecord

_ONE_PERSON = frozenset(
    {
        PersonIdentifierType.ESI,
        PersonIdentifierType.NATIONAL,
        PersonIdentifierType.NATIONAL_LEARNER,
    }
)
_ONE_VALUE = frozenset({PersonIdentifierType.NATIONAL, PersonIdentifierType.NATIONAL_LEARNER})

_Sign = tuple[str, ...]
_Signs = Callable[[StudyRecord, str], Iterator[_Sign]]


@dataclass(frozen=True, slots=True)
class Merged:
    """The records of all systems, and how many were left out because another held them already."""

    records: tuple[StudyRecord, ...]
    duplicates: int = 0


def merge(listings: Sequence[tuple[str, Sequence[StudyRecord]]]) -> Merged:
    """Join listings, each a forest under a name of its own; the earlier one's record counts.

    Of two records of one attainment the earlier listing's stays, whole; what
    hung below the other hangs below it. One record stands for one other at the
    most, and never for one of its own listing. Keys get the listing's name in
    front, so that they stay apart. A single listing is returned as it is.
    """
    filled = [(name, records) for name, records in listings if records]
    if len(filled) < 2:
        return Merged(tuple(filled[0][1]) if filled else ())
    kept: list[StudyRecord] = []
    issuers: dict[tuple[str, str], Issuer] = {}
    duplicates = 0
    for name, records in filled:
        own = [replace(one, issuer=_known_issuer(one.issuer, issuers)) for one in records]
        twins = _twins(kept, own)
        duplicates += len(twins)
        for one in own:
            if one.key not in twins:
                parent = None if one.parent is None else f"{name}:{one.parent}"
                if one.parent in twins:
                    parent = twins[one.parent]
                kept.append(replace(one, key=f"{name}:{one.key}", parent=parent))
        for one in own:
            for mark in _marks(one.issuer):
                issuers.setdefault(mark, one.issuer)
    return Merged(tuple(kept), duplicates)


def different_people(one: Student, other: Student) -> bool:
    """Whether what two systems say of a student cannot be true of one person.

    A shared identifier makes them one, whatever else differs: names and
    national numbers change, and dates have slips. Without one, another
    national identifier or birth date makes them two.
    """
    ours, theirs = _values(one.identifiers), _values(other.identifiers)
    if any(ours[type_] & theirs[type_] for type_ in _ONE_PERSON):
        return False
    if any(ours[type_] and theirs[type_] for type_ in _ONE_VALUE):
        return True
    dates = {one.birth_date, other.birth_date} - {None}
    return len(dates) == 2


def _twins(kept: Iterable[StudyRecord], own: Sequence[StudyRecord]) -> dict[str, str]:
    """Return whose place an earlier record takes: own keys to its key. The surest signs go first."""
    twins: dict[str, str] = {}
    taken: set[str] = set()
    kept = tuple(kept)
    for signs, fits in _RULES:
        found: dict[_Sign, deque[StudyRecord]] = defaultdict(deque)
        for one in kept:
            for mark in _signs(one, signs):
                found[mark].append(one)
        for one in own:
            if one.key in twins:
                continue
            candidates = (c for mark in _signs(one, signs) for c in found.get(mark, ()))
            twin = next((c for c in candidates if c.key not in taken and fits(c, one)), None)
            if twin is not None:
                twins[one.key] = twin.key
                taken.add(twin.key)
                for mark in _signs(twin, signs):
                    found[mark].remove(twin)  # so that many alike stay cheap
    return twins


def _signs(record: StudyRecord, signs: _Signs) -> Iterator[_Sign]:
    for type_, value in _marks(record.issuer):
        for sign in signs(record, record.instance.status.value):
            yield (type_, value, *sign)


def _by_identifier(record: StudyRecord, status: str) -> Iterator[_Sign]:
    """The attainment's own identifiers."""
    for identifier in record.instance.identifiers:
        yield (status, identifier.type.casefold(), _plain(identifier.value))


def _by_code(record: StudyRecord, status: str) -> Iterator[_Sign]:
    """The course's code and the day."""
    if record.instance.completed is not None:
        for code in sorted(_codes(record)):
            yield (status, code, record.instance.completed.isoformat())


def _by_title(record: StudyRecord, status: str) -> Iterator[_Sign]:
    """A title and the day."""
    if record.instance.completed is not None:
        titles = {_plain(text.value) for text in record.specification.titles}
        for title in sorted(titles - {""}):
            yield (status, title, record.instance.completed.isoformat())


def _figures_agree(one: StudyRecord, other: StudyRecord) -> bool:
    """No credits of one scheme differ, and a degree is no course."""
    ours, theirs = _credits(one), _credits(other)
    differ = any(ours[scheme] != theirs[scheme] for scheme in ours.keys() & theirs.keys())
    return not differ and _is_degree(one) == _is_degree(other)


def _titles_suffice(one: StudyRecord, other: StudyRecord) -> bool:
    """A title and a day need the same credits (or a degree) too, and no two codes."""
    if not _figures_agree(one, other) or (_codes(one) and _codes(other)):
        return False
    return bool(_credits(one).keys() & _credits(other).keys()) or _is_degree(one)


_RULES: tuple[tuple[_Signs, Callable[[StudyRecord, StudyRecord], bool]], ...] = (
    (_by_identifier, _figures_agree),
    (_by_code, _figures_agree),
    (_by_title, _titles_suffice),
)


def _codes(record: StudyRecord) -> frozenset[str]:
    """The codes of what was studied; one that is written before its title counts alone too."""
    codes = set()
    for identifier in record.specification.identifiers:
        code = _plain(identifier.value)
        first = code.partition(" ")[0]
        codes |= {code} | ({first} if re.search(r"\d", first) else set())
    return frozenset(codes - {""})


def _credits(record: StudyRecord) -> Mapping[str, Decimal]:
    return {c.scheme.casefold(): c.value for c in record.instance.credits if c.value is not None}


def _is_degree(record: StudyRecord) -> bool:
    return record.specification.type is LosType.DEGREE_PROGRAMME


def _known_issuer(issuer: Issuer, known: Mapping[tuple[str, str], Issuer]) -> Issuer:
    """The issuer as an earlier listing describes it, so that one institution makes one report."""
    return next((known[mark] for mark in _marks(issuer) if mark in known), issuer)


def _marks(issuer: Issuer) -> tuple[tuple[str, str], ...]:
    """What an institution is known by, its postal address aside."""
    identifiers = complete_issuer(issuer).identifiers
    return tuple((i.type, i.value.casefold()) for i in identifiers if i.type != "address")


def _values(
    identifiers: Iterable[PersonIdentifier],
) -> Mapping[PersonIdentifierType, frozenset[str]]:
    found: dict[PersonIdentifierType, frozenset[str]] = defaultdict(frozenset)
    for identifier in identifiers:
        if value := _plain(identifier.value):
            found[identifier.type] |= {value}
    return found


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())

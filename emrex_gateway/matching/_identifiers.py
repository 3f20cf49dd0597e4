"""Identifiers that two records share, or that exclude each other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from emrex_gateway.domain import Identifier, Learner, PersonIdentifierType, Student


class Shared(Enum):
    """What the identifiers of two records say."""

    SAME = "same"
    """One that is unique in the world is on both sides."""
    LIKELY = "likely"
    """A number of one kind is on both sides; another country may give the same."""
    DIFFERENT = "different"
    """Both sides have one of the same kind and scope, and they differ."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class _Known:
    """An identifier in comparable form; ``scope`` is who gave it, empty when it does not say."""

    kind: str
    scope: str
    value: str


_ESI = re.compile(r"urn:schac:personaluniquecode:int:esi:(.+):([^:]+)")
_UNIQUE_ID = re.compile(r"urn:schac:personaluniqueid:([^:]+):([^:]+):([^:]+)")
_OBJECT = re.compile(r"(?:urn:oid:)?([0-2](?:\.\d+){4,})\.(\d+)")
_KINDS = {
    "esi": "esi",
    "europeanstudentidentifier": "esi",
    "nationalidentifier": "national",
    "nationalid": "national",
    "nationalidentificationnumber": "national",
    "personalidentificationnumber": "national",
    "nationallearnerid": "learner",
    "nationalstudentid": "learner",
}
LONGEST = 300
_NATIONS = 3
"""As many national numbers, without a word on who gave them, may a person have."""


def shared(student: Student, learner: Learner, identifiers: Iterable[Identifier]) -> Shared:
    """Return what the identifiers of both say; an equal one counts more than one that differs.

    Local ones are left aside: two institutions give the same number to two people.
    """
    ours = set(_known((i.type.value, i.value) for i in student.identifiers))
    theirs = set(
        _known(
            (
                *((i.type.value, i.value) for i in learner.identifiers),
                *((i.type, i.value) for i in identifiers),
            )
        )
    )
    # A file with several numbers of one kind and giver fits several people.
    counts = Counter((one.kind, one.scope) for one in theirs)
    if any(one.scope and counts[one.kind, one.scope] == 1 for one in ours & theirs):
        return Shared.SAME
    bare = {one for one in theirs if counts[one.kind, one.scope] <= (1 if one.scope else _NATIONS)}
    if any(_equal(one, two) for one in ours for two in bare):
        return Shared.LIKELY
    # A person has one number of a kind from one giver. Without a giver's name
    # it tells nothing that two numbers differ: guests get numbers of their own.
    if any(
        one.scope and (one.kind, one.scope) == (two.kind, two.scope)
        for one in ours
        for two in theirs
    ):
        return Shared.DIFFERENT
    return Shared.NOTHING


def _known(found: Iterable[tuple[str, str]]) -> Iterator[_Known]:
    for type_, raw in found:
        if len(raw) > LONGEST:
            continue
        value = re.sub(r"\s", "", raw).casefold()
        if match := _ESI.fullmatch(value):
            if _tells(match[2], 1):
                yield _Known("esi", match[1], match[2])
        elif match := _UNIQUE_ID.fullmatch(value):
            if _tells(match[3], 4):
                yield _Known("national", f"{match[1]}:{match[2]}", _bare(match[3]))
        elif match := _OBJECT.fullmatch(value):
            yield _Known(_kind(type_) or "object", match[1], match[2])
        elif (kind := _kind(type_)) in _NUMBERS and len(_bare(value)) >= 6 and _tells(value, 4):
            yield _Known(kind, "", _bare(value))


_NUMBERS = frozenset({"national", "learner"})
"""Kinds that tell something without their giver; a bare student identifier is a local number."""


def _tells(value: str, digits: int) -> bool:
    """Whether a value is a number and nothing that systems write where they have none (``0000000000``, ``null``).

    Addresses are none either: they change hands.
    """
    found = [c for c in value if c.isdigit()]
    return (
        "@" not in value
        and len(found) >= digits
        and len(set(found)) >= min(digits, 3)
        and set(found) != {"0"}
    )


def _kind(type_: str) -> str:
    if type_ == PersonIdentifierType.LOCAL.value:
        return ""
    return _KINDS.get(re.sub(r"[^a-z]", "", type_.casefold()), "")


def _bare(value: str) -> str:
    return re.sub(r"[\s\-/.]", "", value)


def _equal(one: _Known, two: _Known) -> bool:
    """Whether two numbers are one, where at least one side does not say who gave it.

    A birth year may be written with its century or without.
    """
    if one.kind != two.kind or (one.scope and two.scope):
        return False
    short, long = sorted((one.value, two.value), key=len)
    return short == long or (
        len(short) == 10 and len(long) == 12 and short.isdigit() and long[2:] == short
    )

"""Scopes of a provider: ``shibmd:Scope``, literal or a regular expression, without its dangers.

Sources: Shibboleth's metadata extension (urn:mace:shibboleth:metadata:1.0),
SAML2Int 2.0 SP17. A federation checks scopes when it registers a provider, but
a pattern that backtracks without end would stop our process. So only patterns
of a small form count, which real federations' fit: letters, digits, hyphens,
escaped dots, classes of those, one level of groups, and few repetitions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from emrex_gateway.login.saml._types import Scope

MAX_SCOPE = 253
"""A scope is a domain name."""
MAX_PATTERN = 200
MAX_REPETITIONS = 4
"""Matching 253 characters then takes some ten milliseconds at the very worst."""

_ITEM = re.compile(
    r"(?:\\[.-]|\[[A-Za-z0-9._-]+\]|\.|[A-Za-z0-9_-])(?P<many>[?*+]|\{\d{1,2}(?:,\d{0,2})?\})?"
)
_GROUP = re.compile(r"\((?:\?:)?(?P<inside>[^()|]*)\)(?P<many>\?|\{(?:[0-3],)?[0-3]\})?")


def simple_pattern(pattern: str) -> re.Pattern[str] | None:
    """Compile a scope's pattern, or return ``None`` for one that is not of the small form.

    It matches whole scopes only, whether it is written with ``^`` and ``$`` or
    without, and without case.
    """
    inside = pattern.removeprefix("^").removesuffix("$")
    if not inside or len(pattern) > MAX_PATTERN:
        return None
    weight = _weight(inside, groups=True)
    if weight is None or weight > MAX_REPETITIONS:
        return None
    try:
        return re.compile(inside, re.IGNORECASE | re.ASCII)
    except re.error:
        return None


def fits(scopes: Iterable[Scope], value: str) -> bool:
    """Tell whether one of the scopes allows ``value``; domain names compare without case."""
    if not value or len(value) > MAX_SCOPE:
        return False
    wanted = value.lower()
    for scope in scopes:
        if not scope.regexp:
            if scope.value.lower() == wanted:
                return True
        elif (pattern := simple_pattern(scope.value)) and pattern.fullmatch(wanted):
            return True
    return False


def _weight(text: str, *, groups: bool) -> int | None:
    """Count the repetitions that a match can try, groups unrolled; ``None`` for another form."""
    at = weight = 0
    while at < len(text):
        if groups and (found := _GROUP.match(text, at)):
            inner = _weight(found["inside"], groups=False)
            if inner is None:
                return None
            weight += _most(found["many"]) * inner + bool(found["many"])
        elif found := _ITEM.match(text, at):
            weight += bool(found["many"])
        else:
            return None
        at = found.end()
    return weight


def _most(many: str | None) -> int:
    """How often a group may repeat: its quantifier ends in that digit, ``?`` means once."""
    if many is None or many == "?":
        return 1
    return int(re.findall(r"\d", many)[-1])

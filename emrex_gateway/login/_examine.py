"""What became of each claim of a login, for an administrator who tries their method. Pure functions.

Each value goes the way that it goes at a login, by itself; what is refused is
tried again with one rule less, which names the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from emrex_gateway.domain import PersonIdentifierType
from emrex_gateway.login._claims import (
    ASSURANCE_CLAIMS,
    ORGANIZATION,
    PRINCIPAL,
    within,
)
from emrex_gateway.login._person import (
    ClaimRule,
    birth_date,
    clean,
    first,
    identifiers,
    locale,
    values,
)
from emrex_gateway.login._settings import OidcSettings
from emrex_gateway.ports import Fate, Stated, Value

MAX_SHOWN = 20
"""The most values of one claim that are told."""


def examine_claims(settings: OidcSettings, claims: Mapping[str, Any]) -> tuple[Stated, ...]:
    """Tell what became of each claim, in the order of their names."""
    return tuple(
        Stated(name=name, values=tuple(_values(settings, name, claims[name])))
        for name in sorted(claims)
    )


def judge_identifier(
    rule: ClaimRule,
    text: str,
    organizations: Collection[str],
    may_say: Callable[[str], bool] | None,
    counts: Callable[[PersonIdentifierType, str], Fate],
) -> Value:
    """Tell what becomes of a value under a rule for identifiers.

    ``counts`` says of what the rule yields whether it counts from this
    provider.
    """
    for type_, value in identifiers(rule, text, organizations, may_say):
        return Value(text, counts(type_, value), type_.value)
    for type_, _ in identifiers(rule, text, organizations, None):
        return Value(text, Fate.SCOPE, type_.value)
    if rule in (ClaimRule.UNIQUE_CODE, ClaimRule.LIN) and ":" in text:
        return Value(text, Fate.ELSEWHERE, PersonIdentifierType.LOCAL.value)
    return Value(text, Fate.FORM)


def _values(settings: OidcSettings, name: str, claim: object) -> Iterator[Value]:
    several = list(claim) if isinstance(claim, list | tuple) else [claim]
    for one in several[:MAX_SHOWN]:
        text = one if isinstance(one, str) else _plain(one)
        if name in settings.claims:
            yield _identifier(settings, settings.claims[name], text)
        else:
            yield Value(text, _fate(settings, name, text))


def _identifier(settings: OidcSettings, rule: ClaimRule, text: str) -> Value:
    usable = next(values(text), None)
    if usable is None:
        return Value(text, Fate.FORM)

    def counts(type_: PersonIdentifierType, value: str) -> Fate:
        national = type_ is PersonIdentifierType.NATIONAL
        return Fate.NATIONAL if national and not settings.national_identifiers else Fate.IDENTIFIER

    organizations, own = settings.home_organizations, within(settings)
    return judge_identifier(rule, usable, organizations, own, counts)


_READ: Mapping[str, tuple[Fate, Callable[[str], object]]] = {
    "sub": (Fate.ACCOUNT, bool),
    "given_name": (Fate.PERSON, clean),
    "family_name": (Fate.PERSON, clean),
    "birthdate": (Fate.PERSON, birth_date),
    "schac_date_of_birth": (Fate.PERSON, birth_date),
    "locale": (Fate.PERSON, locale),
    **dict.fromkeys(ASSURANCE_CLAIMS, (Fate.ASSURANCE, first)),
}
"""What a claim is for, and what reads it."""


def _fate(settings: OidcSettings, name: str, text: str) -> Fate:
    if name in _READ:
        fate, read = _READ[name]
        return fate if read(text) else Fate.FORM
    if name not in (ORGANIZATION, PRINCIPAL):
        return Fate.UNUSED
    usable, own = first(text), within(settings)
    if not usable or (name == PRINCIPAL and "@" not in usable):
        return Fate.FORM
    return Fate.PERSON if own is None or own(usable.rpartition("@")[2]) else Fate.SCOPE


def _plain(value: object) -> str:
    """A number or a truth value as text; of anything larger only that it is there."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else "{…}"

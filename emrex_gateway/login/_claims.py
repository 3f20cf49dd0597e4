"""From what a provider or host says about a person to an ``Identity``: pure functions.

Sources: OpenID Connect Core 1.0 section 5.1 (standard claims), SCHAC 1.6
(personalUniqueCode, personalUniqueID), the European Student Identifier's
specification, BCP 47 (locale). The rules for URNs are the same for SAML attributes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from emrex_gateway.domain import Identity, LoginMethod, PersonIdentifier, PersonIdentifierType
from emrex_gateway.login._settings import ClaimRule, OidcSettings

MAX_VALUES = 50
_MAX = 255
_ESI = "urn:schac:personalUniqueCode:int:esi:"
_CODES = ("urn:schac:personaluniquecode:", "urn:mace:terena.org:schac:personaluniquecode:")
_STUDENT = frozenset({"student", "studentid", "opiskelijanumero", "matrikelnummer"})
_IDS = ("urn:schac:personaluniqueid:", "urn:mace:terena.org:schac:personaluniqueid:")
_TOKEN = re.compile(r"[!-~]{1,255}")
_DATE = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")
_LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")


def identity_from_claims(
    method: LoginMethod, settings: OidcSettings, claims: Mapping[str, Any]
) -> Identity:
    """Make an identity from verified claims; a claim that does not fit its form is left out.

    ``claims`` are the ID token's, over those of userinfo; ``sub`` must be there.
    """
    eppn_scope = clean(claims.get("eduperson_principal_name")).partition("@")[2]
    organization = first(claims.get("schac_home_organization")) or eppn_scope
    found = dict.fromkeys(
        PersonIdentifier(type_, value, settings.issuer)
        for name, rule in settings.claims.items()
        for type_, value in identifiers(rule, claims.get(name), settings.home_organizations)
        if type_ is not PersonIdentifierType.NATIONAL or settings.national_identifiers
    )
    return Identity(
        method=method.id,
        provider=settings.issuer,
        subject=str(claims["sub"]),
        identifiers=tuple(found),
        given_names=clean(claims.get("given_name")),
        family_name=clean(claims.get("family_name")),
        birth_date=birth_date(claims.get("birthdate") or claims.get("schac_date_of_birth")),
        home_organization=organization.lower(),
        assurance=tuple(dict.fromkeys(values(_assurance(claims)))),
        locale=locale(claims.get("locale")),
    )


def identifiers(
    rule: ClaimRule, claim: object, organizations: Collection[str] = ()
) -> Iterator[tuple[PersonIdentifierType, str]]:
    """Yield the identifiers that a claim carries, under its rule.

    A European Student Identifier keeps its whole URN, the fixed part in its
    usual spelling; the fixed parts of URNs are compared without case. A local
    student number is read from a URN only when the URN names one of
    ``organizations`` (lower case) and calls itself a student's: another
    institution's number, or an employee's, would find somebody else.
    """
    for value in values(claim):
        if rule is ClaimRule.UNIQUE_CODE:
            yield from _unique_code(value, organizations)
        elif rule is ClaimRule.UNIQUE_ID:
            if value.lower().startswith(_IDS) and not value.endswith(":"):
                yield PersonIdentifierType.NATIONAL, value.rpartition(":")[2]
        elif rule is ClaimRule.ESI:
            yield from _unique_code(value, ())
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


def _unique_code(
    value: str, organizations: Collection[str]
) -> Iterator[tuple[PersonIdentifierType, str]]:
    folded = value.lower()
    if folded.startswith(_ESI.lower()):
        rest = value[len(_ESI) :]
        if all(rest.partition(":")[::2]):
            yield PersonIdentifierType.ESI, _ESI + rest
    elif folded.startswith(_CODES):
        *parts, code = folded.split(":")
        if code and _STUDENT.intersection(parts) and set(organizations).intersection(parts):
            yield PersonIdentifierType.LOCAL, value.rpartition(":")[2]


def _assurance(claims: Mapping[str, Any]) -> list[object]:
    stated = claims.get("eduperson_assurance")
    return [*(stated if isinstance(stated, list) else [stated]), claims.get("acr")]

"""From an OpenID provider's claims to an ``Identity``: pure functions.

Sources: OpenID Connect Core 1.0 section 5.1 (standard claims); the REFEDS
OIDCre white paper's names for SCHAC's and eduPerson's attributes. The rules
for the values are those of SAML attributes as well (``_person``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from emrex_gateway.domain import (
    Identity,
    LoginFailure,
    LoginMethod,
    PersonIdentifier,
    PersonIdentifierType,
)
from emrex_gateway.errors import LoginError
from emrex_gateway.login._person import (
    birth_date,
    clean,
    first,
    home_organization,
    identifiers,
    locale,
    values,
)
from emrex_gateway.login._roles import claimed
from emrex_gateway.login._settings import OidcSettings

PRINCIPAL = "eduperson_principal_name"
ORGANIZATION = "schac_home_organization"
ASSURANCE_CLAIMS = ("eduperson_assurance", "acr")


def identity_from_claims(
    method: LoginMethod, settings: OidcSettings, claims: Mapping[str, Any]
) -> Identity:
    """Make an identity from verified claims; a claim that does not fit its form is left out.

    ``claims`` are the ID token's, over those of userinfo; ``sub`` must be there.
    """
    if method.for_administrators:
        return _administrator(method, settings, claims)
    found = dict.fromkeys(
        identifier for name in settings.claims for identifier in _found(settings, claims, name)
    )
    return Identity(
        method=method.id,
        provider=settings.issuer,
        subject=str(claims["sub"]),
        identifiers=tuple(found),
        given_names=clean(claims.get("given_name")),
        family_name=clean(claims.get("family_name")),
        birth_date=birth_date(claims.get("birthdate") or claims.get("schac_date_of_birth")),
        home_organization=home_organization(
            values(claims.get(ORGANIZATION)),
            values(claims.get(PRINCIPAL)),
            within(settings),
        ),
        assurance=tuple(dict.fromkeys(values(_assurance(claims)))),
        locale=locale(claims.get("locale")),
    )


def _administrator(
    method: LoginMethod, settings: OidcSettings, claims: Mapping[str, Any]
) -> Identity:
    """Nothing that finds a student, but what the role rules look at."""
    return Identity(
        method=method.id,
        provider=settings.issuer,
        subject=str(claims["sub"]),
        given_names=clean(claims.get("given_name")),
        family_name=clean(claims.get("family_name")) or clean(claims.get("name")),
        home_organization=home_organization(
            values(claims.get(ORGANIZATION)), values(claims.get(PRINCIPAL)), within(settings)
        ),
        assurance=tuple(dict.fromkeys(values(_assurance(claims)))),
        locale=locale(claims.get("locale")),
        entitlements=claimed(claims, settings.entitlement_claims),
        groups=claimed(claims, settings.group_claims),
        accounts=claimed(claims, settings.account_claims),
    )


def check_person(settings: OidcSettings, identity: Identity, claims: Mapping[str, Any]) -> None:
    """Compare with what the institution requires.

    Raises ``LoginError`` (``missing-attributes``, ``organization``,
    ``assurance``) with a ``LoginFailure`` that names what did not come.
    """
    missing = [name for name in settings.required if not _usable(settings, claims, name)]
    if settings.home_organizations and not identity.home_organization:
        missing.append(ORGANIZATION)
    if missing:
        named = tuple(dict.fromkeys(missing))
        raise _unfit(
            settings, "missing-attributes", f"the provider lacks {', '.join(named)}", named
        )
    allowed, levels = settings.home_organizations, settings.assurance
    if allowed and identity.home_organization not in allowed:
        raise _unfit(settings, "organization", "the person's home organization may not log in here")
    if levels and not levels.intersection(identity.assurance):
        raise _unfit(settings, "assurance", "the person's identity was not proven well enough")


def _unfit(
    settings: OidcSettings, reason: str, message: str, missing: tuple[str, ...] = ()
) -> LoginError:
    failure = LoginFailure(reason=reason, provider=settings.issuer, missing=missing)
    return LoginError(message, reason, failure)


def within(settings: OidcSettings) -> Callable[[str], bool] | None:
    """Which domains the provider may speak for; ``None``: the institution has not said."""
    return (lambda domain: domain.lower() in settings.domains) if settings.domains else None


def _found(settings: OidcSettings, claims: Mapping[str, Any], name: str) -> list[PersonIdentifier]:
    return [
        PersonIdentifier(type_, value, settings.issuer)
        for type_, value in identifiers(
            settings.claims[name], claims.get(name), settings.home_organizations, within(settings)
        )
        if type_ is not PersonIdentifierType.NATIONAL or settings.national_identifiers
    ]


def _usable(settings: OidcSettings, claims: Mapping[str, Any], name: str) -> bool:
    """Tell whether a required claim came in a form that says something."""
    claim = claims.get(name)
    if name in settings.claims:
        return bool(_found(settings, claims, name))
    if name in ("birthdate", "schac_date_of_birth"):
        return birth_date(claim) is not None
    if name in (ORGANIZATION, PRINCIPAL):
        own = within(settings)
        return any(own is None or own(v.rpartition("@")[2]) for v in values(claim))
    return bool(clean(claim) or first(claim))


def _assurance(claims: Mapping[str, Any]) -> list[object]:
    stated = claims.get("eduperson_assurance")
    return [*(stated if isinstance(stated, list) else [stated]), claims.get("acr")]

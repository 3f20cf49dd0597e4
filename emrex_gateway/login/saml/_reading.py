"""Reads what an administrator set for a login method of the kind ``saml``."""

from __future__ import annotations

import re

from emrex_gateway.domain import LoginMethod, ProviderFilter
from emrex_gateway.errors import ConfigError
from emrex_gateway.login._addresses import split_url
from emrex_gateway.login._person import NATIONAL_RULES
from emrex_gateway.login._read import N_, Fields
from emrex_gateway.login.saml._attribute_map import ATTRIBUTES, RULES
from emrex_gateway.login.saml._settings import SamlSettings

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_NAME = re.compile(r"[!-~]{1,255}")
MAX_URI = 1024
"""The longest entity id (SAML 2.0 Metadata, 2.2.1)."""


def saml_settings(fields: Fields) -> SamlSettings:
    """Check and freeze; the caller sees to what is left over. Raises ``ConfigError``."""
    federations = fields.texts("federations")
    if not federations or not all(_SLUG.fullmatch(slug) for slug in federations):
        raise fields.wrong("federations", N_("must name at least one federation"))
    providers, excluded = _uris(fields, "providers"), _uris(fields, "excluded")
    if providers & excluded:
        raise fields.wrong("excluded", N_("names what the setting providers lets in"))
    discovery = fields.text("discovery", "")
    if discovery and split_url(discovery, http_on_loopback=True) is None:
        raise fields.wrong("discovery", N_("must be an https address without fragment"))
    national = _uris(fields, "national_identifiers")
    organizations = frozenset(o.lower() for o in fields.texts("home_organizations"))
    if not all(_DOMAIN.fullmatch(o) for o in organizations):
        raise fields.wrong(
            "home_organizations", N_("may hold only domains such as university.example")
        )
    attributes = _attributes(fields, bool(national))
    return SamlSettings(
        where=ProviderFilter(
            federations=frozenset(federations),
            providers=providers,
            categories=_uris(fields, "categories"),
            excluded=excluded,
        ),
        discovery=discovery,
        attributes=attributes,
        required=_required(fields, attributes),
        national_identifiers=national,
        assurance=_uris(fields, "assurance"),
        home_organizations=organizations,
        contexts=tuple(sorted(_uris(fields, "contexts"))),
        force_authn=fields.flag("force_authn", False),
    )


def saml_settings_of(method: LoginMethod) -> SamlSettings:
    """As ``saml_settings``, for a method that must be of the kind; raises for unknown settings too."""
    if method.kind != "saml":
        raise ConfigError(f"login method {method.id} is not of the kind saml")
    fields = Fields(f"login method {method.id}", method.settings)
    settings = saml_settings(fields)
    fields.end()
    return settings


def _uris(fields: Fields, name: str) -> frozenset[str]:
    found = fields.texts(name)
    if not all(len(uri) <= MAX_URI and _URI.fullmatch(uri) for uri in found):
        raise fields.wrong(name, N_("may hold only URIs, such as entity ids"))
    return frozenset(found)


def _attributes(fields: Fields, national: bool) -> dict[str, str]:
    attributes = fields.table("attributes")
    if not all(_NAME.fullmatch(name) for name in attributes):
        raise fields.wrong("attributes", N_("holds a name that no attribute has"))
    if not RULES.issuperset(attributes.values()):
        raise fields.wrong(
            "attributes", N_("may name only %(names)s"), names=", ".join(sorted(RULES))
        )
    if not national and not NATIONAL_RULES.isdisjoint(attributes.values()):
        raise fields.wrong(
            "attributes", N_("names a national identifier: say in national_identifiers whose count")
        )
    return attributes


def _required(fields: Fields, attributes: dict[str, str]) -> tuple[str, ...]:
    required = fields.texts("required")
    if set(required) - ATTRIBUTES.keys() - attributes.keys():
        names = ", ".join(sorted(ATTRIBUTES))
        raise fields.wrong(
            "required", N_("may name only attributes of its own, and %(names)s"), names=names
        )
    return tuple(dict.fromkeys(required))

"""What of an assertion decides an administrator's roles.

Entitlements and groups have no scope that could be checked, so they count only
from providers that the login method lists by name: any other member of a
federation could state them as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from emrex_gateway.login._roles import role_values
from emrex_gateway.login.saml._attribute_map import ENTITLEMENT, GROUP
from emrex_gateway.login.saml._settings import SamlSettings
from emrex_gateway.login.saml._types import Assertion, Provider

_URI = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
_PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
_NAMES = {
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.7": ENTITLEMENT,
    "urn:mace:dir:attribute-def:eduPersonEntitlement": ENTITLEMENT,
    "urn:oid:1.3.6.1.4.1.5923.1.5.1.1": GROUP,
    "urn:mace:dir:attribute-def:isMemberOf": GROUP,
}
_BASIC = {"eduPersonEntitlement": ENTITLEMENT, "isMemberOf": GROUP}
"""Understood where the provider names attributes so (any name format but URI)."""


@dataclass(frozen=True, slots=True)
class Said:
    """What of a login the role rules look at."""

    entitlements: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()


def roles_said(
    settings: SamlSettings, provider: Provider, assertion: Assertion, accounts: Mapping[str, str]
) -> Said:
    """Return what a provider says of an administrator; ``accounts`` passed the scope check."""
    called = set(accounts.values())
    if provider.entity_id not in settings.where.providers:
        return Said(accounts=frozenset(called))
    if (name_id := assertion.name_id) is not None and name_id.format == _PERSISTENT:
        called.add(name_id.value)
    return Said(
        entitlements=role_values(_values(settings, assertion, ENTITLEMENT)),
        groups=role_values(_values(settings, assertion, GROUP)),
        accounts=role_values(sorted(called)),
    )


def _values(settings: SamlSettings, assertion: Assertion, wanted: str) -> Iterable[str]:
    for attribute in assertion.attributes:
        usual = _NAMES.get(attribute.name)
        if usual is None and attribute.name_format != _URI:
            usual = _BASIC.get(attribute.name)
        if settings.attributes.get(attribute.name, usual) == wanted:
            yield from attribute.values

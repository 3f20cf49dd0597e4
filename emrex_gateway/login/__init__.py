"""Logging students in: each kind of login ends in an ``Identity``.

Kinds: ``saml`` (the package ``saml``, through federations' metadata), ``oidc``
(through Authlib), ``launch`` (a signed token from the host), ``host`` (the host
application's own user, which the extension asks for). ``KINDS`` reads a kind's
settings; ``logins`` makes those that send the browser away.
"""

from __future__ import annotations

from collections.abc import Mapping

from emrex_gateway.login._addresses import AddressPolicy
from emrex_gateway.login._claims import identity_from_claims
from emrex_gateway.login._http import Caller, trusted_authorities
from emrex_gateway.login._launch import accept_launch
from emrex_gateway.login._oidc import OidcLogin
from emrex_gateway.login._person import ClaimRule
from emrex_gateway.login._settings import (
    KINDS,
    SIGNING_ALGORITHMS,
    ClientAuthentication,
    HostSettings,
    LaunchSettings,
    MethodSettings,
    OidcSettings,
    settings_of,
)
from emrex_gateway.login.saml import (
    ATTRIBUTES,
    SamlLogin,
    SamlSettings,
    our_metadata,
)
from emrex_gateway.ports import Clock, Login, Secrets, Store
from emrex_gateway.settings import Settings


def logins(settings: Settings, secrets: Secrets, clock: Clock, store: Store) -> Mapping[str, Login]:
    """Make the logins that send the browser away, by ``LoginMethod.kind``."""
    return {
        "oidc": OidcLogin(settings, secrets, clock),
        "saml": SamlLogin(settings, secrets, clock, store),
    }


__all__ = [
    "ATTRIBUTES",
    "KINDS",
    "SIGNING_ALGORITHMS",
    "AddressPolicy",
    "Caller",
    "ClaimRule",
    "ClientAuthentication",
    "HostSettings",
    "LaunchSettings",
    "MethodSettings",
    "OidcLogin",
    "OidcSettings",
    "SamlLogin",
    "SamlSettings",
    "accept_launch",
    "identity_from_claims",
    "logins",
    "our_metadata",
    "settings_of",
    "trusted_authorities",
]

"""Logging students in: each kind of login ends in an ``Identity``.

Kinds today: ``oidc`` (this package, through Authlib), ``launch`` (a signed
token from the host), ``host`` (the host application's own user, which the
extension asks for). A kind to come, such as SAML, adds its settings to
``KINDS`` and its ``ports.Login`` to ``logins``.
"""

from __future__ import annotations

from collections.abc import Mapping

from emrex_gateway.login._claims import identity_from_claims
from emrex_gateway.login._launch import accept_launch
from emrex_gateway.login._oidc import OidcLogin
from emrex_gateway.login._person import ClaimRule
from emrex_gateway.login._settings import (
    KINDS,
    ClientAuthentication,
    HostSettings,
    LaunchSettings,
    MethodSettings,
    OidcSettings,
    settings_of,
)
from emrex_gateway.login.saml._settings import SamlSettings
from emrex_gateway.ports import Clock, Login, Secrets
from emrex_gateway.settings import Settings


def logins(settings: Settings, secrets: Secrets, clock: Clock) -> Mapping[str, Login]:
    """Make the logins that send the browser away, by ``LoginMethod.kind``."""
    return {"oidc": OidcLogin(settings, secrets, clock)}


__all__ = [
    "KINDS",
    "ClaimRule",
    "ClientAuthentication",
    "HostSettings",
    "LaunchSettings",
    "MethodSettings",
    "OidcLogin",
    "OidcSettings",
    "SamlSettings",
    "accept_launch",
    "identity_from_claims",
    "logins",
    "settings_of",
]

"""The one way from XML to an identity: a strict SAML 2.0 service provider (SAML2Int 2.0).

libxmlsec does the cryptography; this package checks the shape before it runs
and reads only the bytes that were digested. Nothing else in the gateway reads
SAML messages. See ``docs/decisions/0012-saml.md``.
"""

from emrex_gateway.login.saml._login import SamlLogin
from emrex_gateway.login.saml._logout import LogoutAnswered, LogoutRequested
from emrex_gateway.login.saml._ourselves import Ourselves, ourselves
from emrex_gateway.login.saml._publish import our_metadata
from emrex_gateway.login.saml._reading import saml_settings
from emrex_gateway.login.saml._settings import SamlSettings

__all__ = [
    "LogoutAnswered",
    "LogoutRequested",
    "Ourselves",
    "SamlLogin",
    "SamlSettings",
    "our_metadata",
    "ourselves",
    "saml_settings",
]

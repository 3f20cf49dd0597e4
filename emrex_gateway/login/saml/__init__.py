"""The one way from XML to an identity: a strict SAML 2.0 service provider (SAML2Int 2.0).

libxmlsec does the cryptography; this package checks the shape before it runs
and reads only the bytes that were digested. Nothing else in the gateway reads
SAML messages. See ``docs/decisions/0012-saml.md``.
"""

from emrex_gateway.login.saml._attribute_map import ATTRIBUTES
from emrex_gateway.login.saml._download import Downloaded, download, picture
from emrex_gateway.login.saml._login import SamlLogin
from emrex_gateway.login.saml._logout import LogoutAnswered, LogoutRequested
from emrex_gateway.login.saml._lookup import find_provider
from emrex_gateway.login.saml._mdq import Mdq, UnknownEntity, pinned, trust_of
from emrex_gateway.login.saml._metadata import Metadata, Trust, read_metadata
from emrex_gateway.login.saml._ourselves import Ourselves, check_keys, ourselves
from emrex_gateway.login.saml._provider import read_provider
from emrex_gateway.login.saml._publish import our_metadata
from emrex_gateway.login.saml._reading import saml_settings
from emrex_gateway.login.saml._settings import SamlSettings
from emrex_gateway.login.saml._types import Provider, Refused

__all__ = [
    "ATTRIBUTES",
    "Downloaded",
    "LogoutAnswered",
    "LogoutRequested",
    "Mdq",
    "Metadata",
    "Ourselves",
    "Provider",
    "Refused",
    "SamlLogin",
    "SamlSettings",
    "Trust",
    "UnknownEntity",
    "check_keys",
    "download",
    "find_provider",
    "our_metadata",
    "ourselves",
    "picture",
    "pinned",
    "read_metadata",
    "read_provider",
    "saml_settings",
    "trust_of",
]

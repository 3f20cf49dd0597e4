"""The AuthnRequest: what we ask an identity provider for.

Sources: SAML 2.0 Core section 3.4.1; SAML2Int 2.0: SP04 (no NameIDPolicy
Format), SP07 (RequestedAuthnContext only where it is required), signed, by Redirect.
"""

from __future__ import annotations

from datetime import datetime

from lxml import etree

from emrex_gateway.login.saml._names import POST, SAML, SAMLP, add, message
from emrex_gateway.login.saml._ourselves import Ourselves, OwnKey
from emrex_gateway.login.saml._redirect import signed_redirect
from emrex_gateway.login.saml._settings import SamlSettings
from emrex_gateway.login.saml._types import Provider


def authn_request(
    us: Ourselves, provider: Provider, settings: SamlSettings, *, id_: str, now: datetime
) -> bytes:
    """Write the request. It names no subject and is never passive.

    The NameIDPolicy has no Format; ``AllowCreate`` lets a provider that makes
    its identifiers on first use make one, as the default would forbid it to.
    """
    root = message("AuthnRequest", id_, now, provider.sso_url, us.entity_id)
    if settings.force_authn:
        root.set("ForceAuthn", "true")
    root.set("ProtocolBinding", POST)
    root.set("AssertionConsumerServiceURL", us.acs_url)
    add(root, SAMLP, "NameIDPolicy", None, {"AllowCreate": "true"})
    if settings.contexts:
        wanted = add(root, SAMLP, "RequestedAuthnContext", None, {"Comparison": "exact"})
        for context in settings.contexts:
            add(wanted, SAML, "AuthnContextClassRef", context)
    return etree.tostring(root)


def login_address(
    us: Ourselves,
    provider: Provider,
    settings: SamlSettings,
    key: OwnKey,
    *,
    id_: str,
    relay: str,
    now: datetime,
) -> str:
    """Return the provider's address with the signed request."""
    request = authn_request(us, provider, settings, id_=id_, now=now)
    return signed_redirect(provider.sso_url, "SAMLRequest", request, relay, key)

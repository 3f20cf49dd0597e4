"""An identity provider out of its descriptor: what a login needs of it.

Sources: SAML 2.0 Metadata 2.4.1 to 2.4.3, SAML2Int 2.0 (SP17, SP37, SP12 for
``errorURL``), REFEDS' errorURL specification 1.0.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from emrex_gateway.login._addresses import MAX_URL, split_url
from emrex_gateway.login.saml import _descriptor as read
from emrex_gateway.login.saml._descriptor import DS, MD, Unusable
from emrex_gateway.login.saml._ourselves import CURVES, MIN_RSA_BITS
from emrex_gateway.login.saml._scopes import simple_pattern
from emrex_gateway.login.saml._types import Provider, Reason, Refused
from emrex_gateway.login.saml._xml import tree as tree_of

MAX_CERTIFICATES = 10
MAX_CERTIFICATE = 16 * 1024
"""Characters of base64."""


def read_provider(
    descriptor: bytes, valid_until: datetime | None, *, http_on_loopback: bool = False
) -> Provider:
    """Read an ``EntityDescriptor`` from the index; see ``Provider``.

    Signing certificates are those for signing and those for every use;
    unreadable ones, and ones whose keys are too weak to count, are left out.
    A scope that is a pattern stays when it is a simple one.

    Raises ``Refused`` (``PROVIDER``) when no login is possible with it.
    """
    # What a stranger's document is searched for first, these bytes cannot hold: they are the
    # canonical form that we made of a verified tree.
    entity = tree_of(descriptor)
    role = read.idp_role(entity, http_on_loopback=http_on_loopback)
    if role is None:
        raise Refused(Reason.PROVIDER, "the provider offers no SAML 2.0 login by redirect")
    certificates = tuple(_signing_certificates(role))
    if not certificates:
        raise Refused(Reason.PROVIDER, "the provider's metadata holds no usable signing key")

    def address(name: str, attribute: str = "Location") -> str:
        return read.endpoint(role, name, http_on_loopback=http_on_loopback, attribute=attribute)

    logout = address("SingleLogoutService")
    try:
        entity_id = read.entity_id(entity)
    except Unusable:
        raise Refused(Reason.PROVIDER, "the provider has no entity id") from None
    return Provider(
        entity_id=entity_id,
        names=read.names(entity, role),
        certificates=certificates,
        sso_url=address("SingleSignOnService"),
        logout_url=logout,
        # Where a LogoutResponse goes, when that is another place (Metadata 2.2.2).
        logout_response_url=address("SingleLogoutService", "ResponseLocation") or logout,
        scopes=tuple(
            scope
            for scope in read.scopes(entity, role)
            if not scope.regexp or simple_pattern(scope.value)
        ),
        error_url=_error_url(role),
        valid_until=valid_until,
    )


def _signing_certificates(role: etree._Element) -> Iterator[bytes]:
    found: dict[bytes, None] = {}
    for key in role.iterchildren(f"{MD}KeyDescriptor"):
        if key.get("use", "signing") != "signing":
            continue
        for element in key.iterfind(f"{DS}KeyInfo/{DS}X509Data/{DS}X509Certificate"):
            if der := usable_certificate(element.text or ""):
                found[der] = None
    yield from tuple(found)[:MAX_CERTIFICATES]


def usable_certificate(text: str) -> bytes | None:
    """Decode a certificate and return its DER, or ``None`` when it or its key is not fit for use."""
    if len(text) > MAX_CERTIFICATE:
        return None
    try:
        der = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return der if _is_usable(der) else None


@lru_cache(maxsize=256)
def _is_usable(der: bytes) -> bool:
    try:
        key = x509.load_der_x509_certificate(der).public_key()
    except (ValueError, UnsupportedAlgorithm):
        return False
    return (isinstance(key, rsa.RSAPublicKey) and key.key_size >= MIN_RSA_BITS) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in CURVES
    )


def _error_url(role: etree._Element) -> str:
    """Return the page for failed logins. Its placeholders are words in capitals, so it is checked as it is."""
    address = role.get("errorURL", "").strip()
    if len(address) > MAX_URL or split_url(address, http_on_loopback=False) is None:
        return ""
    return address

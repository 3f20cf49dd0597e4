"""From a response's bytes to an ``Assertion``: the only way there is.

Two documents lie between: what came, and what a signature covers. Of the first,
only the names and places of elements are looked at; all that it says is read
from the second, or from what was decrypted out of it.

Sources: SAML 2.0 Core, section 3.2.2; Profiles, section 4.1.4 (Web Browser SSO).
"""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from emrex_gateway.domain import LoginFailure
from emrex_gateway.login.saml._assertion import (
    ASSERTION,
    check_issued,
    check_issuer,
    read_assertion,
)
from emrex_gateway.login.saml._encryption import decrypted
from emrex_gateway.login.saml._signature import is_signed, verified
from emrex_gateway.login.saml._types import Assertion, Expected, Reason, Refused
from emrex_gateway.login.saml._xml import A, P, read_message, tree

RESPONSE: Final = P + "Response"
ENCRYPTED: Final = A + "EncryptedAssertion"

_STATUS: Final = "urn:oasis:names:tc:SAML:2.0:status:"
_STATUS_NAME = re.compile(re.escape(_STATUS) + "([A-Za-z]{1,40})")
_DENIED: Final = ("RequestDenied", "AuthnFailed")
"""Second-level codes of a provider or a person that declined (Core, section 3.2.2.2)."""


def read_response(document: bytes, expected: Expected) -> Assertion:
    """Return what a response says of a person who logged in, when it is the one that we wait for.

    ``document`` is XML as it came, already out of its base64. The response
    must be signed, or its assertion, or both; each signature that is there
    must hold. The assertion may be encrypted. The caller must still see to it
    that no assertion counts twice, until ``replay_until``.

    Raises ``Refused`` and nothing else, with any reason of ``Reason`` from
    ``SIZE`` to ``CONTEXT``. Its ``failure`` is set where the provider said no.
    """
    received = read_message(document, RESPONSE)
    signed = is_signed(received)
    response = received
    if signed:
        response = tree(verified(received, expected.certificates))
    _check_response(response, expected, signed=signed)
    _check_status(response, expected)
    found = _only_assertion(response)
    if found.tag == ENCRYPTED:
        found = plain = decrypted(found, expected.decryption_keys, authentic=signed)
        if plain.get("ID") == response.get("ID"):
            raise Refused(Reason.DUPLICATE_ID, "the response and its assertion have the same ID")
    else:
        # The assertion's own signature is verified where it was made: canonicalising the response
        # drops declarations that a PrefixList in it may name.
        plain = _only_assertion(received)
    if is_signed(plain) or not signed:
        found = tree(verified(plain, expected.certificates))
    return read_assertion(found, expected)


def _only_assertion(response: etree._Element) -> etree._Element:
    """Return the one assertion, plain or encrypted; there may be no other anywhere in the document."""
    found = list(response.iter(ASSERTION, ENCRYPTED))
    if len(found) != 1 or found[0].getparent() is not response:
        raise Refused(Reason.ASSERTIONS, "the response has not exactly one assertion, in its place")
    return found[0]


def _check_response(response: etree._Element, expected: Expected, *, signed: bool) -> None:
    """Check what a response says of itself. Without a signature it is but consistent, and not true."""
    destination = response.get("Destination")
    if signed and destination is None:
        raise Refused(Reason.DESTINATION, "the signed response names no destination")
    if destination not in (None, expected.acs_url):
        raise Refused(Reason.DESTINATION, "the response is for another address")
    check_issuer(response, expected)
    if response.get("InResponseTo") != expected.request_id:
        raise Refused(Reason.IN_RESPONSE_TO, "the response is to another request, or to none")
    check_issued(response, expected)


def _check_status(response: etree._Element, expected: Expected) -> None:
    """See that the provider says that the person logged in.

    Nobody is logged in by another status, so it counts without a signature as
    well. StatusMessage is free text from outside: it goes nowhere.
    """
    path = f"{P}Status/{P}StatusCode"
    top, second = (_status_name(response.find(at)) for at in (path, f"{path}/{P}StatusCode"))
    if top != "Success":
        reason = Reason.DENIED if second in _DENIED else Reason.STATUS
        status = second or top
        raise Refused(
            reason,
            f"the provider answered {status or 'with a status of its own'}",
            LoginFailure(reason=reason.value, provider=expected.provider, status=status),
        )


def _status_name(code: etree._Element | None) -> str:
    """Return the last part of one of SAML's own status codes; empty for none, and for others'."""
    match = None if code is None else _STATUS_NAME.fullmatch(code.get("Value", ""))
    return match[1] if match else ""

"""Messages as browsers carry them (HTTP-POST), and those of logout."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Final

from lxml import etree

from emrex_gateway.login.saml._signature import verified
from emrex_gateway.login.saml._types import Reason, Refused
from emrex_gateway.login.saml._xml import MAX_BYTES, P, read_message, tree

MAX_FIELD: Final = MAX_BYTES // 3 * 4
"""The longest form field, in characters: what base64 makes of ``MAX_BYTES``."""

LOGOUT_REQUEST: Final = P + "LogoutRequest"
LOGOUT_RESPONSE: Final = P + "LogoutResponse"


def decode_post(field: str) -> bytes:
    """Return the document in a form field of the HTTP-POST binding (Bindings, 3.5.4): base64.

    Line breaks are left out, as old encoders put them after each 76
    characters; nothing else that is not of the alphabet of RFC 4648, section 4.

    Raises ``Refused``: ``SIZE``, ``ENCODING``.
    """
    if len(field) > MAX_FIELD:
        # depth: the parser bounds the document as well; this comes before it is copied twice.
        raise Refused(Reason.SIZE, f"the message is longer than {MAX_FIELD} characters")
    text = field.replace("\r", "").replace("\n", "")
    try:
        document = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(Reason.ENCODING, "the message is not base64") from None
    if base64.b64encode(document).decode() != text:
        raise Refused(Reason.ENCODING, "the message is base64 with something left over")
    return document


def read_logout(document: bytes) -> etree._Element:
    """Return a LogoutRequest or LogoutResponse that fits the grammar; nobody has verified it yet.

    For the HTTP-Redirect binding, whose signature is on the address.

    Raises ``Refused`` as ``read_message`` does.
    """
    return read_message(document, LOGOUT_REQUEST, LOGOUT_RESPONSE)


def verified_message(document: bytes, certificates: Sequence[bytes]) -> etree._Element:
    """Return a signed LogoutRequest or LogoutResponse, read from the bytes that were digested.

    ``certificates`` are the sender's, DER.

    Raises ``Refused`` as ``read_message`` and ``verified`` do.
    """
    return tree(verified(read_logout(document), certificates))

"""The HTTP-Redirect binding: a message in a query, signed beside the message.

Sources: SAML 2.0 Bindings section 3.4.4.1 (DEFLATE, and the signature over the
query's octets), RFC 6931 (algorithms; an ECDSA value is r and s, one after the other).
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import quote, unquote_to_bytes

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from emrex_gateway.login.saml._ourselves import CURVES, MIN_RSA_BITS, OwnKey
from emrex_gateway.login.saml._types import Reason, Refused

MAX_RELAY_STATE = 80
"""Bytes (Bindings, 3.4.3)."""

MAX_QUERY = 16 * 1024
MAX_MESSAGE = 64 * 1024
"""The most that a logout message may weigh once it is inflated."""

_RSA = "http://www.w3.org/2001/04/xmldsig-more#rsa-"
_ECDSA = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-"
_HASHES = (hashes.SHA256(), hashes.SHA384(), hashes.SHA512())
_DEFLATE = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"
_Holds = Callable[[object, bytes, bytes, hashes.HashAlgorithm], bool]
_PARAMETERS = frozenset(
    {"SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature", "SAMLEncoding"}
)


def signed_redirect(
    destination: str, parameter: str, document: bytes, relay: str | None, key: OwnKey
) -> str:
    """Return the address that carries a message: DEFLATE, base64, RelayState, and our signature.

    ``parameter`` is ``SAMLRequest`` or ``SAMLResponse``. What the destination's
    own query holds stays in front and is not signed. Raises ``Refused`` for a
    RelayState above ``MAX_RELAY_STATE``.
    """
    if relay is not None and len(relay.encode()) > MAX_RELAY_STATE:
        raise Refused(Reason.RELAY_STATE, "the RelayState is too long")
    deflate = zlib.compressobj(wbits=-15)
    packed = base64.b64encode(deflate.compress(document) + deflate.flush()).decode()
    rsa_key = isinstance(key.private, rsa.RSAPrivateKey)
    query = f"{parameter}={_quoted(packed)}"
    if relay is not None:
        query += f"&RelayState={_quoted(relay)}"
    query += f"&SigAlg={_quoted((_RSA if rsa_key else _ECDSA) + 'sha256')}"
    signature = base64.b64encode(_sign(key, query.encode())).decode()
    joint = "&" if "?" in destination else "?"
    return f"{destination}{joint}{query}&Signature={_quoted(signature)}"


@dataclass(frozen=True, slots=True)
class Redirected:
    """A message that came in a query: nothing in it is verified until ``verify`` returned."""

    document: bytes = field(repr=False)
    relay: str | None = field(repr=False)
    _signed: bytes = field(repr=False)
    _algorithm: str
    _signature: bytes = field(repr=False)

    def verify(self, certificates: Iterable[bytes]) -> None:
        """Check the signature over the octets as they came, with each of the provider's keys.

        Raises ``Refused``: ``ALGORITHM`` for one that we do not accept (SHA-1
        above all), ``SIGNATURE`` when no key fits.
        """
        accepted = _accepted().get(self._algorithm)
        if accepted is None:
            raise Refused(Reason.ALGORITHM, "the signature's algorithm is not accepted")
        holds, hash_ = accepted
        for certificate in certificates:
            public = x509.load_der_x509_certificate(certificate).public_key()
            if holds(public, self._signature, self._signed, hash_):
                return
        raise Refused(Reason.SIGNATURE, "no key of the provider made the signature")


def read_redirect(query: bytes, parameter: str) -> Redirected:
    """Take a query string apart as it came over the wire.

    Raises ``Refused``: a parameter twice or in another spelling, a request
    and a response together, no signature, an encoding that does not hold, a
    message beyond ``MAX_MESSAGE``.
    """
    if len(query) > MAX_QUERY:
        raise Refused(Reason.SIZE, "the query is too long")
    raw = _parameters(query)
    other = ({"SAMLRequest", "SAMLResponse"} - {parameter}).pop()
    if parameter not in raw or other in raw:
        raise Refused(Reason.MALFORMED, "the query does not hold the one message that it should")
    if unquote_to_bytes(raw.get("SAMLEncoding", _DEFLATE.encode())) != _DEFLATE.encode():
        raise Refused(Reason.ENCODING, "the message is encoded in an unknown way")
    if "Signature" not in raw or "SigAlg" not in raw:
        raise Refused(Reason.UNSIGNED, "the message is not signed")
    relay = _text(raw["RelayState"]) if "RelayState" in raw else None
    if relay is not None and len(relay.encode()) > MAX_RELAY_STATE:
        raise Refused(Reason.RELAY_STATE, "the RelayState is too long")
    signed = b"&".join(
        name.encode() + b"=" + raw[name]
        for name in (parameter, "RelayState", "SigAlg")
        if name in raw
    )
    return Redirected(
        _inflated(_decoded(raw[parameter])),
        relay,
        signed,
        _text(raw["SigAlg"]),
        _decoded(raw["Signature"]),
    )


def _parameters(query: bytes) -> dict[str, bytes]:
    """Return the binding's parameters with their values as they came, still encoded."""
    found: dict[str, bytes] = {}
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        plain = unquote_to_bytes(name.replace(b"+", b" ")).decode("utf-8", "replace")
        if plain not in _PARAMETERS:
            continue
        if plain in found or plain.encode() != name:
            raise Refused(Reason.MALFORMED, "a parameter stands twice or is spelled oddly")
        found[plain] = value
    return found


def _text(value: bytes) -> str:
    try:
        return unquote_to_bytes(value.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(Reason.ENCODING, "a parameter is not UTF-8") from None


def _decoded(value: bytes) -> bytes:
    # A "+" that stands as it is means a blank in a form; base64 has none, so it can only be a plus.
    # Some providers break the lines of base64.
    text = b"".join(unquote_to_bytes(value).split())
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise Refused(Reason.ENCODING, "a parameter is not base64") from None


def _inflated(data: bytes) -> bytes:
    inflate = zlib.decompressobj(wbits=-15)
    try:
        document = inflate.decompress(data, MAX_MESSAGE + 1)
    except zlib.error:
        raise Refused(Reason.ENCODING, "the message is not deflated") from None
    if len(document) > MAX_MESSAGE:
        raise Refused(Reason.SIZE, "the message is too large")
    if not inflate.eof or inflate.unused_data:
        raise Refused(Reason.ENCODING, "the message is cut off, or something follows it")
    return document


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _sign(key: OwnKey, octets: bytes) -> bytes:
    if isinstance(key.private, rsa.RSAPrivateKey):
        return key.private.sign(octets, padding.PKCS1v15(), hashes.SHA256())
    r, s = decode_dss_signature(key.private.sign(octets, ec.ECDSA(hashes.SHA256())))
    size = _coordinate(key.private.curve)
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def _rsa_holds(
    public: object, signature: bytes, octets: bytes, hash_: hashes.HashAlgorithm
) -> bool:
    # depth: a key of another kind has too few bits as well, or none.
    if not isinstance(public, rsa.RSAPublicKey) or public.key_size < MIN_RSA_BITS:
        return False
    try:
        public.verify(signature, octets, padding.PKCS1v15(), hash_)
    except InvalidSignature:
        return False
    return True


def _ecdsa_holds(
    public: object, signature: bytes, octets: bytes, hash_: hashes.HashAlgorithm
) -> bool:
    """Accept r and s as RFC 6931 has them, and in DER, as Java's libraries write them."""
    if not isinstance(public, ec.EllipticCurvePublicKey) or public.curve.name not in CURVES:
        return False
    size = _coordinate(public.curve)
    if len(signature) == 2 * size:
        r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
        signature = encode_dss_signature(r, s)
    try:
        public.verify(signature, octets, ec.ECDSA(hash_))
    except InvalidSignature:
        return False
    return True


@cache
def _accepted() -> Mapping[str, tuple[_Holds, hashes.HashAlgorithm]]:
    """Return what may have made a signature, by the algorithm's whole name."""
    kinds: tuple[tuple[str, _Holds], ...] = ((_RSA, _rsa_holds), (_ECDSA, _ecdsa_holds))
    return {prefix + hash_.name: (holds, hash_) for prefix, holds in kinds for hash_ in _HASHES}


def _coordinate(curve: ec.EllipticCurve) -> int:
    return (curve.key_size + 7) // 8

"""Keys that are made in a PKCS#11 token and never leave it."""

from __future__ import annotations

import contextlib
import hashlib
from typing import Any, Final, cast
from urllib.parse import quote, quote_from_bytes

import pkcs11
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pkcs11.constants import Attribute, ObjectClass
from pkcs11.exceptions import PKCS11Error
from pkcs11.mechanisms import KeyType, Mechanism
from pkcs11.types import SignMixin
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters
from pkcs11.util.rsa import encode_rsa_public_key

from emrex_gateway.domain import KeyKind
from emrex_gateway.errors import SigningError
from emrex_gateway.ports import Secrets
from emrex_gateway.signing._certificates import Certificate, PublicKey
from emrex_gateway.signing._pem import PrivateKey
from emrex_gateway.signing._references import TokenKey, parse_pkcs11
from emrex_gateway.signing._token import find_key, log_in, name_of

RSA_BITS: Final = 3072
_KEPT: Final = {Attribute.EXTRACTABLE: False, Attribute.SENSITIVE: True, Attribute.PRIVATE: True}


class TokenKeys:
    """One session with a token, for making and destroying keys."""

    def __init__(self, session: pkcs11.Session, where: TokenKey, reference: str) -> None:
        self._session = session
        self._where = where
        self._reference = reference

    def make(self, name: str, kind: KeyKind) -> tuple[PrivateKey, str]:
        """Find the key of that name or make it; return what signs with it, and its reference."""
        try:
            private, public = self._objects(name)
            if private is None or public is None:
                # Half a pair: nobody has seen its public half.
                self.destroy(name)
                private, public = self._generate(name, kind)
        except PKCS11Error as error:
            raise SigningError(f"the token makes no key ({name_of(error)})") from None
        return _signing(private, _public(public)), self._named(name)

    def find(self, certificate: Certificate) -> PrivateKey:
        """What signs with the key that the reference names; it belongs to the certificate."""
        if certificate.key is None:
            raise SigningError("the certificate's key is neither RSA nor EC")
        return _signing(find_key(self._session, self._where), certificate.key)

    def destroy(self, name: str) -> None:
        """Destroy both halves; do nothing where there are none."""
        try:
            for one in [*self._session.get_objects({Attribute.LABEL: name})]:
                one.destroy()
        except PKCS11Error as error:
            raise SigningError(f"the token does not destroy the key ({name_of(error)})") from None

    def close(self) -> None:
        """End the session."""
        with contextlib.suppress(PKCS11Error):
            self._session.close()

    def _objects(self, name: str) -> tuple[Any, Any]:
        halves: list[Any] = []
        for kind in (ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY):
            wanted: dict[Attribute, object] = {Attribute.CLASS: kind, Attribute.LABEL: name}
            found = list(self._session.get_objects(wanted))
            halves.append(found[0] if len(found) == 1 else None)
        return halves[0], halves[1]

    def _generate(self, name: str, kind: KeyKind) -> tuple[Any, Any]:
        what: dict[str, Any] = {
            "label": name,
            "id": _identifier(name),
            "store": True,
            "private_template": _KEPT,
        }
        if kind is KeyKind.EC:
            curve = {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
            parameters = self._session.create_domain_parameters(KeyType.EC, curve, local=True)
            public, private = parameters.generate_keypair(**what)
        else:
            public, private = self._session.generate_keypair(KeyType.RSA, RSA_BITS, **what)
        return private, public

    def _named(self, name: str) -> str:
        """The token's reference with the key's name in it."""
        path, mark, query = self._reference.partition("?")
        parts = [
            path,
            f"object={quote(name)}",
            f"id={quote_from_bytes(_identifier(name), safe='')}",
        ]
        joined = ";".join(part for part in parts if part != "pkcs11:")
        prefix = "" if joined.startswith("pkcs11:") else "pkcs11:"
        return f"{prefix}{joined};type=private{mark}{query}"


def open_token(reference: str, secrets: Secrets, *, whole: bool) -> TokenKeys:
    """Log in to the token; ``whole``: the reference names no object. Raises ``SigningError``."""
    where = parse_pkcs11(reference, whole=whole)
    return TokenKeys(log_in(where, secrets, write=whole), where, reference)


def _identifier(name: str) -> bytes:
    return hashlib.sha256(name.encode("ascii")).digest()[:16]


def _public(half: Any) -> PublicKey:
    encode = encode_ec_public_key if half.key_type is KeyType.EC else encode_rsa_public_key
    try:
        return cast(PublicKey, load_der_public_key(encode(half)))
    except ValueError:
        raise SigningError("the token's public key cannot be read") from None


class _TokenRsa:
    """As much of an RSA private key as a signing request needs."""

    def __init__(self, key: SignMixin, public: rsa.RSAPublicKey) -> None:
        self._key = key
        self._public = public

    def public_key(self) -> rsa.RSAPublicKey:
        """The public half."""
        return self._public

    def sign(self, data: bytes, padded: padding.PKCS1v15, algorithm: HashAlgorithm) -> bytes:
        """PKCS #1 v1.5 with SHA-256: what the builders ask for."""
        return _sign(self._key, data, Mechanism.SHA256_RSA_PKCS)


class _TokenEc:
    """As much of an EC private key as a signing request needs."""

    def __init__(self, key: SignMixin, public: ec.EllipticCurvePublicKey) -> None:
        self._key = key
        self._public = public
        self.curve = public.curve

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        return self._public

    def sign(self, data: bytes, scheme: ec.ECDSA) -> bytes:
        """ECDSA, in DER."""
        algorithm = cast(HashAlgorithm, scheme.algorithm)
        value = _sign(self._key, hashlib.new(algorithm.name, data).digest(), Mechanism.ECDSA)
        half = len(value) // 2
        return encode_dss_signature(
            *(int.from_bytes(p, "big") for p in (value[:half], value[half:]))
        )


# cryptography's builders ask isinstance, and then for public_key and sign only.
rsa.RSAPrivateKey.register(_TokenRsa)
ec.EllipticCurvePrivateKey.register(_TokenEc)


def _signing(key: Any, public: PublicKey) -> PrivateKey:
    if not isinstance(key, SignMixin):
        raise SigningError("the token's key is not allowed to sign (CKA_SIGN)")
    if isinstance(public, rsa.RSAPublicKey):
        return cast(PrivateKey, _TokenRsa(key, public))
    return cast(PrivateKey, _TokenEc(key, public))


def _sign(key: SignMixin, data: bytes, mechanism: Mechanism) -> bytes:
    try:
        return key.sign(data, mechanism=mechanism)
    except PKCS11Error as error:
        raise SigningError(f"the token refused to sign ({name_of(error)})") from None

"""The signer whose key came from a PEM file: libxmlsec signs."""

from __future__ import annotations

import xmlsec
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from emrex_gateway.domain import SignedElmo, UnsignedElmo
from emrex_gateway.errors import SigningError
from emrex_gateway.ports import Clock
from emrex_gateway.signing._certificates import Certificate, PublicKey
from emrex_gateway.signing._cms import HASHES
from emrex_gateway.signing._copying import Copies
from emrex_gateway.signing._direct import METHODS
from emrex_gateway.signing._form import hash_for, make

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class PemSigner:
    """Signs through libxmlsec with a key in this process's memory; nothing breaks, nothing to close."""

    broken = False

    def __init__(self, key: PrivateKey, chain: tuple[Certificate, ...], clock: Clock) -> None:
        self._certificate = certificate = chain[0]
        self._clock = clock
        self._hash = hash_for(key.public_key())
        self._method = METHODS[certificate.kind, self._hash]
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem)
        self._private = key
        self._copies = Copies(chain, self._hash, self._cms_value, clock)

    @property
    def certificate_pem(self) -> bytes:
        """The certificate that the signatures name, PEM."""
        return self._certificate.pem

    def close(self) -> None:
        """Do nothing."""

    def sign(self, document: UnsignedElmo) -> SignedElmo:
        """See ``ports.Signer``."""
        return make(document, self._certificate, self._hash, self._value, self._clock())

    def sign_copy(self, transcript: bytes, elmo: SignedElmo, *, code: str, verify_at: str) -> bytes:
        """See ``ports.Signer``."""
        return self._copies.make(transcript, elmo, code=code, verify_at=verify_at)

    def _value(self, signed_info: bytes) -> bytes:
        context = xmlsec.SignatureContext()
        context.key = self._key
        try:
            # The canonical SignedInfo alone: digesting the document through libxmlsec's node sets
            # costs four times as much, and the whole is verified before it leaves anyway.
            value: bytes = context.sign_binary(signed_info, self._method)
        except xmlsec.Error as error:
            raise SigningError(f"libxmlsec cannot sign with this key: {error}") from None
        return value

    def _cms_value(self, data: bytes) -> bytes:
        hash_ = HASHES[self._hash]
        if isinstance(self._private, rsa.RSAPrivateKey):
            return self._private.sign(data, padding.PKCS1v15(), hash_)
        return self._private.sign(data, ec.ECDSA(hash_))


def read_private_key(pem: bytes, passphrase: str | None) -> PrivateKey:
    """Read an RSA or EC private key. Raises ``SigningError``, never with a word of the key."""
    if b"PRIVATE KEY-----" not in pem:
        other = "a certificate" if b"CERTIFICATE-----" in pem else "no PEM private key"
        raise SigningError(f"the key is not a private key: there is {other} in it")
    try:
        key = load_pem_private_key(pem, passphrase.encode("utf-8") if passphrase else None)
    except TypeError:
        if passphrase:
            raise SigningError("a passphrase is given, but the key is not encrypted") from None
        raise SigningError(
            "the key is encrypted: add ?passphrase=env:NAME to its reference"
        ) from None
    except ValueError:
        detail = "or the passphrase is wrong" if passphrase else "it may be cut off or damaged"
        raise SigningError(f"the key is not a private key that can be read; {detail}") from None
    except Exception as error:  # the library has many; none may stop the worker
        raise SigningError(f"the key is of an unknown kind ({type(error).__name__})") from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise SigningError("the key is neither RSA nor EC")
    return key


def fits(key: PrivateKey, public: PublicKey) -> bool:
    """Tell whether a private key belongs to a public one."""
    own = key.public_key()
    if isinstance(own, rsa.RSAPublicKey) and isinstance(public, rsa.RSAPublicKey):
        return own.public_numbers() == public.public_numbers()
    if isinstance(own, ec.EllipticCurvePublicKey) and isinstance(public, ec.EllipticCurvePublicKey):
        return own.public_numbers() == public.public_numbers()
    return False

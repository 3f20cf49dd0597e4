"""Ourselves as a party: the addresses of an institution's service provider, and its keys."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from emrex_gateway.domain import ServiceKey, ServiceProvider
from emrex_gateway.errors import ConfigError
from emrex_gateway.ports import Clock, Secrets
from emrex_gateway.settings import Settings

MIN_RSA_BITS = 2048
"""The shortest RSA key that counts, ours or a provider's (SAML2Int 2.0, cryptography)."""

CURVES = ("secp256r1", "secp384r1", "secp521r1")

KEY_LIFETIME = timedelta(seconds=60)
"""How long a key that was read is used before its reference is read again."""

UNUSED_LIFETIME = timedelta(hours=1)
"""How long after that a key that nobody asks for any more stays in memory."""

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Ourselves:
    """Where an institution's service provider is reached, and what it is called."""

    entity_id: str
    metadata_url: str
    acs_url: str
    slo_url: str
    discovered_url: str


def ourselves(settings: Settings, provider: ServiceProvider) -> Ourselves:
    """Make the addresses out of ``settings.public_url``; nothing of a request goes into them."""
    base = f"{settings.public_url}/sp/{provider.institution}"
    return Ourselves(
        entity_id=provider.entity_id or f"{base}/metadata",
        metadata_url=f"{base}/metadata",
        acs_url=f"{base}/acs",
        slo_url=f"{base}/slo",
        discovered_url=f"{base}/discovered",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKey:
    """A key of ours that was read and fits its certificate. ``pem`` is unencrypted PKCS #8."""

    private: PrivateKey = field(repr=False)
    pem: bytes = field(repr=False)
    certificate: bytes = field(repr=False)
    """DER."""
    signing: bool
    encryption: bool

    @property
    def decrypts(self) -> bool:
        """Whether something can be encrypted for it: RSA-OAEP is the only key transport."""
        return isinstance(self.private, rsa.RSAPrivateKey)


@dataclass(frozen=True, slots=True)
class _Held:
    key: OwnKey
    digest: bytes
    until: datetime


class OwnKeys:
    """Reads our keys by reference, again after ``KEY_LIFETIME``.

    So a rollover (files replaced, other references applied) takes effect in
    every process by itself. A key that is still the same is not parsed anew:
    that takes a tenth of a second. Threads may share an instance.
    """

    def __init__(self, secrets: Secrets, clock: Clock) -> None:
        self._secrets = secrets
        self._clock = clock
        self._held: dict[ServiceKey, _Held] = {}

    def of(self, provider: ServiceProvider) -> tuple[OwnKey, ...]:
        """Return the service provider's keys in their order.

        Raises ``ConfigError``, which names the institution and what is wrong:
        no key that signs, one that is missing, unreadable, too short, of
        another kind, or that does not fit its certificate.
        """
        return _all(provider, self._key)

    def _key(self, key: ServiceKey) -> OwnKey:
        now = self._clock()
        held = self._held.get(key)
        if held is not None and now < held.until:
            return held.key
        private, certificate = self._secrets(key.key), self._secrets(key.certificate)
        digest = hashlib.sha256(f"{private}\0{certificate}".encode()).digest()
        if held is not None and held.digest == digest:
            read = held.key
        else:
            read = _read(key, private, certificate)
        # Another thread may have read meanwhile: the worst is that a key is parsed twice.
        used = {k: v for k, v in list(self._held.items()) if now < v.until + UNUSED_LIFETIME}
        self._held = {**used, key: _Held(read, digest, now + KEY_LIFETIME)}
        return read


def read_keys(provider: ServiceProvider, secrets: Secrets) -> tuple[OwnKey, ...]:
    """Read the service provider's keys now; errors as ``OwnKeys.of``."""
    return _all(provider, lambda key: _read(key, secrets(key.key), secrets(key.certificate)))


def check_keys(provider: ServiceProvider, secrets: Secrets) -> None:
    """See that the service provider's keys can be read and fit; errors as ``OwnKeys.of``."""
    read_keys(provider, secrets)


def signing_key(keys: tuple[OwnKey, ...]) -> OwnKey:
    """Return the key that signs: the first for signing."""
    return next(key for key in keys if key.signing)


def decryption_keys(keys: tuple[OwnKey, ...]) -> tuple[bytes, ...]:
    """Return all keys that may decrypt, as PEM: also one that is no longer published (SP38)."""
    return tuple(key.pem for key in keys if key.decrypts)


def _all(provider: ServiceProvider, read: Callable[[ServiceKey], OwnKey]) -> tuple[OwnKey, ...]:
    try:
        keys = tuple(read(key) for key in provider.keys)
    except ConfigError as error:
        raise ConfigError(f"service provider {provider.institution}: {error}") from None
    if not any(key.signing for key in keys):
        raise ConfigError(f"service provider {provider.institution}: no key is for signing")
    return keys


def _read(key: ServiceKey, private_pem: str, certificate_pem: str) -> OwnKey:
    """Messages say what is wrong, never a word of the key."""
    private = _private(private_pem)
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
        public = certificate.public_key()
    except ValueError:
        raise ConfigError("the certificate is not PEM of X.509") from None
    if _spki(public) != _spki(private.public_key()):
        raise ConfigError("the key does not fit the certificate")
    if key.encryption and not isinstance(private, rsa.RSAPrivateKey):
        raise ConfigError("only an RSA key can decrypt: set encryption = false for this one")
    return OwnKey(
        private=private,
        pem=private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        certificate=certificate.public_bytes(Encoding.DER),
        signing=key.signing,
        encryption=key.encryption,
    )


def _private(pem: str) -> PrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), None)
    except TypeError:
        raise ConfigError("the key is encrypted: give it without a passphrase") from None
    except Exception:  # the library has many; a key's contents must not get into a message
        raise ConfigError("the key is not PEM of a private key") from None
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < MIN_RSA_BITS:
            raise ConfigError(f"the key is too short: RSA needs {MIN_RSA_BITS} bits")
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in CURVES:
        return key
    raise ConfigError("the key is neither RSA nor on P-256, P-384, P-521")


def _spki(public: CertificatePublicKeyTypes) -> bytes:
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

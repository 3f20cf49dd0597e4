"""The key ring: opens each access point's key once a process, and says plainly what is wrong."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from emrex_gateway.domain import AccessPoint
from emrex_gateway.errors import ConfigError, SigningError
from emrex_gateway.ports import Clock, Secrets, Signer
from emrex_gateway.signing._certificates import Certificate, read_certificates
from emrex_gateway.signing._pem import PemSigner, PrivateKey, fits, read_private_key
from emrex_gateway.signing._references import (
    TokenKey,
    is_inline,
    parse_pkcs11,
    passphrase_reference,
    read_reference,
    stamp,
)

if TYPE_CHECKING:
    from emrex_gateway.signing._token import TokenSigner

MIN_RSA_BITS = 2048
"""The shortest RSA key that we sign with."""

CURVES = ("secp256r1", "secp384r1", "secp521r1")


@dataclass(frozen=True, slots=True)
class _Held:
    signer: PemSigner | TokenSigner
    certificate: Certificate
    origin: tuple[object, ...]


class KeyRing:
    """Implements ``ports.Signers``. Lives in the signing worker only.

    A key is opened the first time that it is asked for and kept; it is opened
    again when its reference or a file changed, after a fork (tokens only),
    and after the token failed. The certificate's dates are checked each time.
    """

    def __init__(self, secrets: Secrets, clock: Clock) -> None:
        self._secrets = secrets
        self._clock = clock
        self._held: dict[str, _Held] = {}
        self._lock = threading.RLock()

    def signer(self, access_point: AccessPoint) -> Signer:
        """Return the access point's signer.

        Raises ``SigningError`` with a sentence that names the access point
        and says which: key or certificate missing, unreadable, not a key or
        certificate, not yet valid, expired, too short, of an unknown kind, or
        not belonging together; the token, its driver, PIN or key.
        """
        try:
            if not access_point.key:
                raise SigningError("it has no signing key yet")  # noqa: TRY301 - named below
            with self._lock:
                held = self._current(access_point)
                self._check_dates(held.certificate)
        except SigningError as error:
            raise SigningError(f"access point {access_point.slug}: {error}") from error
        return held.signer

    def close(self) -> None:
        """Log out of the tokens and forget the keys."""
        with self._lock:
            for held in self._held.values():
                held.signer.close()
            self._held.clear()

    def _current(self, access_point: AccessPoint) -> _Held:
        origin = (
            access_point.key,
            access_point.certificate,
            stamp(access_point.key),
            stamp(access_point.certificate),
            os.getpid() if access_point.key.startswith("pkcs11:") else 0,
        )
        held = self._held.get(access_point.slug)
        if held is not None and held.origin == origin and not held.signer.broken:
            return held
        if held is not None:
            del self._held[access_point.slug]
            held.signer.close()
        opened = self._open(access_point, origin)
        self._held[access_point.slug] = opened
        return opened

    def _open(self, access_point: AccessPoint, origin: tuple[object, ...]) -> _Held:
        chain = self._chain(access_point)
        certificate = chain[0]
        if access_point.key.startswith("pkcs11:"):
            where = parse_pkcs11(access_point.key)
            return _Held(self._token(where, chain), certificate, origin)
        private = open_private_key(access_point, self._secrets)
        if certificate.key is None or not fits(private, certificate.key):
            raise SigningError(
                "the key does not fit the certificate"
                " (a file with several certificates must begin with the key's own)"
            )
        return _Held(PemSigner(private, chain, self._clock), certificate, origin)

    def _token(self, where: TokenKey, chain: tuple[Certificate, ...]) -> TokenSigner:
        try:
            from emrex_gateway.signing._token import open_token_signer  # noqa: PLC0415 - an extra
        except ImportError:
            raise SigningError(
                "keys in tokens need python-pkcs11: install emrex-gateway[pkcs11]"
            ) from None
        return open_token_signer(where, chain, self._secrets, self._clock)

    def _chain(self, access_point: AccessPoint) -> tuple[Certificate, ...]:
        chain = read_own_certificates(access_point, self._secrets)
        certificate = chain[0]
        self._check_dates(certificate)
        key = certificate.key
        if isinstance(key, rsa.RSAPublicKey):
            if key.key_size < MIN_RSA_BITS:
                raise SigningError(
                    f"the key is too short: RSA of {key.key_size} bits, {MIN_RSA_BITS} is the least"
                )
        elif not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in CURVES:
            raise SigningError("the certificate's key is neither RSA nor on P-256, P-384, P-521")
        return chain

    def _check_dates(self, certificate: Certificate) -> None:
        now = self._clock()
        if now < certificate.not_before:
            raise SigningError(
                f"the certificate is not valid before {certificate.not_before:%Y-%m-%d %H:%M} UTC"
            )
        if now > certificate.not_after:
            raise SigningError(
                f"the certificate expired on {certificate.not_after:%Y-%m-%d %H:%M} UTC"
            )


def open_private_key(access_point: AccessPoint, secrets: Secrets) -> PrivateKey:
    """Read the key behind ``file:`` or ``env:``. Raises ``SigningError``."""
    reference = access_point.key
    source = passphrase_reference(reference) if reference.startswith("file:") else None
    pem = read_reference(reference, secrets, "the key")
    try:
        passphrase = None if source is None else secrets(source)
    except ConfigError as error:
        raise SigningError(f"the key's passphrase is not available: {error}") from None
    return read_private_key(pem, passphrase)


def read_own_certificates(access_point: AccessPoint, secrets: Secrets) -> tuple[Certificate, ...]:
    """Read the access point's certificate, and the chain behind it, from its row or its reference.

    Raises ``SigningError`` when there is none.
    """
    text = access_point.certificate
    if not text:
        raise SigningError("it has no certificate yet")
    inline = is_inline(text)
    data = text.encode() if inline else read_reference(text, secrets, "the certificate")
    found = read_certificates(data)
    if not found:
        raise SigningError("the certificate is not one: it is neither PEM nor DER of X.509")
    return found

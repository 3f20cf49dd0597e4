"""The signer whose key stays in a PKCS#11 token: it gets the canonical SignedInfo, nothing else."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from typing import Final

import pkcs11
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pkcs11.constants import Attribute, ObjectClass
from pkcs11.exceptions import PKCS11Error
from pkcs11.mechanisms import KeyType, Mechanism
from pkcs11.types import SignMixin

from emrex_gateway.domain import SignedElmo, UnsignedElmo
from emrex_gateway.errors import ConfigError, SigningError
from emrex_gateway.ports import Clock, Secrets
from emrex_gateway.signing._certificates import Certificate
from emrex_gateway.signing._cms import HASHES
from emrex_gateway.signing._copying import Copies
from emrex_gateway.signing._form import hash_for, make
from emrex_gateway.signing._references import TokenKey

_PROBE: Final = b"emrex-gateway: does the key fit its certificate?"
_UNFIT: Final = "the token's key does not fit the certificate"
_drivers: dict[str, int] = {}
"""The process that opened each driver, by its path."""


class TokenSigner:
    """Signs with a key that never leaves its token. One session, used by one thread at a time.

    ``broken`` is true once the token has failed: the key ring then opens it anew.
    """

    def __init__(
        self,
        session: pkcs11.Session,
        key: SignMixin,
        chain: tuple[Certificate, ...],
        clock: Clock,
    ) -> None:
        certificate = chain[0]
        if certificate.key is None:
            raise SigningError("the certificate's key is neither RSA nor EC")
        self._session = session
        self._process = os.getpid()
        self._key = key
        self._certificate = certificate
        self._clock = clock
        self._public = certificate.key
        self._hash = hash_for(certificate.key)
        self._lock = threading.Lock()
        self._copies = Copies(chain, self._hash, self._cms_value, clock)
        self.broken = False

    @property
    def certificate_pem(self) -> bytes:
        """The certificate that the signatures name, PEM."""
        return self._certificate.pem

    def sign(self, document: UnsignedElmo) -> SignedElmo:
        """See ``ports.Signer``."""
        return make(document, self._certificate, self._hash, self.sign_bytes, self._clock())

    def sign_copy(self, transcript: bytes, elmo: SignedElmo, *, code: str, verify_at: str) -> bytes:
        """See ``ports.Signer``."""
        return self._copies.make(transcript, elmo, code=code, verify_at=verify_at)

    def _cms_value(self, data: bytes) -> bytes:
        value = self.sign_bytes(data)
        return value if isinstance(self._public, rsa.RSAPublicKey) else _in_der(value)

    def sign_bytes(self, data: bytes) -> bytes:
        """Sign in the token; for ECDSA r and s side by side (XML Signature 1.1, section 6.4.3)."""
        try:
            with self._lock:
                if isinstance(self._public, rsa.RSAPublicKey):
                    return self._key.sign(data, mechanism=Mechanism.SHA256_RSA_PKCS)
                # The plain mechanism: older tokens have none that hashes as well.
                digest = hashlib.new(self._hash, data).digest()
                return self._key.sign(digest, mechanism=Mechanism.ECDSA)
        except PKCS11Error as error:
            self.broken = True
            raise SigningError(f"the token refused to sign ({name_of(error)})") from None

    def close(self) -> None:
        """End the session, unless it is the parent's: its number may mean another one here."""
        if self._process == os.getpid():
            # A token that was pulled out has no session to close.
            with contextlib.suppress(PKCS11Error):
                self._session.close()

    def check_fit(self) -> None:
        """Raise ``SigningError`` unless the token's key belongs to the certificate."""
        value = self.sign_bytes(_PROBE)
        hash_ = HASHES[self._hash]
        try:
            if isinstance(self._public, rsa.RSAPublicKey):
                self._public.verify(value, _PROBE, padding.PKCS1v15(), hash_)
            else:
                self._public.verify(_in_der(value), _PROBE, ec.ECDSA(hash_))
        except InvalidSignature:
            raise SigningError(_UNFIT) from None


def _in_der(value: bytes) -> bytes:
    """An ECDSA value as CMS and most libraries spell it, from r and s side by side."""
    half = len(value) // 2
    return encode_dss_signature(
        int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big")
    )


def open_token_signer(
    where: TokenKey, chain: tuple[Certificate, ...], secrets: Secrets, clock: Clock
) -> TokenSigner:
    """Log in to the token, find the key, and see that it fits its certificate.

    Raises ``SigningError``: driver, token, PIN or key are not as the reference says.
    """
    session = log_in(where, secrets)
    try:
        key = find_key(session, where)
        if {KeyType.RSA: "rsa", KeyType.EC: "ecdsa"}.get(key.key_type) != chain[0].kind:
            raise SigningError(_UNFIT)  # noqa: TRY301 - the session has to be closed for it too
        signer = TokenSigner(session, key, chain, clock)
        signer.check_fit()
    except BaseException:
        session.close()
        raise
    return signer


def _token(where: TokenKey) -> pkcs11.Token:
    try:
        driver = pkcs11.lib(where.module)
        # A driver has to be opened again in each process (C_Initialize in PKCS#11), once, because
        # that ends all sessions.
        if _drivers.setdefault(where.module, os.getpid()) != os.getpid():
            driver.reinitialize()
            _drivers[where.module] = os.getpid()
        token: pkcs11.Token = driver.get_token(token_label=where.token, token_serial=where.serial)
    except pkcs11.NoSuchToken:
        raise SigningError(f"the token {where.token or 'of the reference'} is not there") from None
    except pkcs11.MultipleTokensReturned:
        raise SigningError("several tokens fit the pkcs11 reference; add its serial") from None
    except PKCS11Error:
        raise SigningError(f"the token's driver {where.module} cannot be opened") from None
    return token


def log_in(where: TokenKey, secrets: Secrets, *, write: bool = False) -> pkcs11.Session:
    """Open a session with the token; ``write``: to make or destroy keys. Raises ``SigningError``."""
    pin = _pin(where, secrets)
    token = _token(where)
    try:
        return token.open(rw=write, user_pin=pin)
    except pkcs11.UserAlreadyLoggedIn:
        # A login counts for all of this process's sessions with the token: another access point's.
        return token.open(rw=write)
    except (pkcs11.PinIncorrect, pkcs11.PinLenRange, pkcs11.PinInvalid):
        raise SigningError("the token refused the PIN that pin-source names") from None
    except pkcs11.PinLocked:
        raise SigningError("the token is locked after too many wrong PINs") from None
    except PKCS11Error as error:
        raise SigningError(f"the token cannot be logged in to ({name_of(error)})") from None


def find_key(session: pkcs11.Session, where: TokenKey) -> SignMixin:
    """The one private key that the reference names. Raises ``SigningError``."""
    wanted: dict[Attribute, object] = {Attribute.CLASS: ObjectClass.PRIVATE_KEY}
    if where.label is not None:
        wanted[Attribute.LABEL] = where.label
    if where.id is not None:
        wanted[Attribute.ID] = where.id
    try:
        found = list(session.get_objects(wanted))
    except PKCS11Error as error:
        raise SigningError(f"the token cannot be searched ({name_of(error)})") from None
    if len(found) != 1:
        many = "several private keys" if found else "no private key"
        raise SigningError(f"the token has {many} of the name in the pkcs11 reference")
    key = found[0]
    if not isinstance(key, SignMixin):
        raise SigningError("the token's key is not allowed to sign (CKA_SIGN)")
    return key


def _pin(where: TokenKey, secrets: Secrets) -> str | None:
    if where.pin_source is None:
        return None
    if not where.pin_source.startswith(("env:", "file:")):
        raise SigningError("the pkcs11 reference's pin-source is neither env:NAME nor file:/path")
    try:
        return secrets(where.pin_source)
    except ConfigError as error:
        raise SigningError(f"the token's PIN is not available: {error}") from None


def name_of(error: PKCS11Error) -> str:
    """The return value's name: the library's texts may hold attributes."""
    return type(error).__name__

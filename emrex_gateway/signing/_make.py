"""Making, reading and destroying keys: the signing worker's own work. Nothing here returns a private key."""

from __future__ import annotations

import fcntl
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from emrex_gateway.domain import AccessPoint, KeyKind, KeyPlace, SigningKey
from emrex_gateway.errors import SigningError
from emrex_gateway.ports import Clock, MadeKey, Secrets
from emrex_gateway.settings import Settings
from emrex_gateway.signing._keys import open_private_key, read_own_certificates
from emrex_gateway.signing._pem import PrivateKey, fits, read_private_key
from emrex_gateway.signing._request import describe

if TYPE_CHECKING:
    from emrex_gateway.signing._token_make import TokenKeys

RSA_BITS: Final = 3072
"""What we make: 128 bits of security (NIST SP 800-57 part 1, table 2), good until the 2030s end."""

_ID = re.compile(r"[0-9a-f]{32}\Z")
_MAX_BYTES: Final = 64 * 1024


class Locksmith:
    """Implements ``ports.KeyMaker`` with the directory and the token of the settings.

    Where a key lies follows from its id and the settings alone, never from
    what a row says: whoever can write to the database cannot point the
    worker at another file to read or destroy.
    """

    def __init__(self, settings: Settings, secrets: Secrets, clock: Clock) -> None:
        self._directory = settings.key_directory
        self._token_reference = settings.key_token
        self._secrets = secrets
        self._clock = clock

    def make(self, key: SigningKey) -> MadeKey:
        """See ``ports.KeyMaker``."""
        if key.place is KeyPlace.TOKEN:
            with self._tokens() as tokens:
                private, reference = tokens.make(_name(key), key.kind)
                return describe(private, key, reference, self._clock())
        folder = self._folder()
        with _locked(folder):
            path = folder / f"{_name(key)}.key"
            private = _find(path) or _write(path, key.kind)
        return describe(private, key, f"file:{path}", self._clock())

    def read(self, key: SigningKey, access_point: AccessPoint) -> MadeKey:
        """See ``ports.KeyMaker``."""
        chain = read_own_certificates(access_point, self._secrets)
        if access_point.key.startswith("pkcs11:"):
            with self._tokens(access_point.key) as tokens:
                made = describe(tokens.find(chain[0]), key, access_point.key, self._clock())
        else:
            private = open_private_key(access_point, self._secrets)
            if chain[0].key is None or not fits(private, chain[0].key):
                raise SigningError("the key does not fit the certificate")
            made = describe(private, key, access_point.key, self._clock())
        pem = b"".join(one.pem for one in chain).decode("ascii")
        return MadeKey(
            reference=made.reference,
            kind=made.kind,
            public_key=made.public_key,
            request=made.request,
            certificate=pem,
        )

    def destroy(self, key: SigningKey) -> None:
        """See ``ports.KeyMaker``."""
        if key.place is KeyPlace.REFERENCE:
            raise SigningError("this key was not made here: whoever made it has to destroy it")
        if key.place is KeyPlace.TOKEN:
            with self._tokens() as tokens:
                tokens.destroy(_name(key))
            return
        folder = self._folder()
        with _locked(folder):
            for path in (folder / f"{_name(key)}.key", folder / f"{_name(key)}.new"):
                _shred(path)
            _sync(folder)

    def _folder(self) -> Path:
        if not self._directory:
            raise SigningError("the setting key_directory is empty: there is no place for keys")
        folder = Path(self._directory)
        try:
            status = folder.stat()
        except OSError as error:
            raise SigningError(f"key_directory {folder}: {error.strerror}") from None
        if not stat.S_ISDIR(status.st_mode):
            raise SigningError(f"key_directory {folder} is not a folder")
        if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SigningError(f"key_directory {folder} is open to other users: chmod 700 it")
        return folder

    @contextmanager
    def _tokens(self, reference: str = "") -> Iterator[TokenKeys]:
        try:
            from emrex_gateway.signing._token_make import open_token  # noqa: PLC0415 - an extra
        except ImportError:
            raise SigningError(
                "keys in tokens need python-pkcs11: install emrex-gateway[pkcs11]"
            ) from None
        if not (reference or self._token_reference):
            raise SigningError("the setting key_token is empty: there is no token for keys")
        tokens = open_token(reference or self._token_reference, self._secrets, whole=not reference)
        try:
            yield tokens
        finally:
            tokens.close()


def _name(key: SigningKey) -> str:
    if not _ID.match(key.id):
        raise SigningError("this is not a key's id")
    return f"emrex-{key.id}"


def _find(path: Path) -> PrivateKey | None:
    """Read the key that an earlier attempt made; ``None`` when there is none."""
    try:
        with path.open("rb") as file:
            return read_private_key(file.read(_MAX_BYTES), None)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SigningError(f"{path} cannot be read: {error.strerror}") from None


def _write(path: Path, kind: KeyKind) -> PrivateKey:
    """Make a key and keep it: whole under its name, or not at all, however the process ends.

    A file that a killed attempt left half-written has another name; nobody
    has seen its public half, so it is destroyed.
    """
    half = path.with_suffix(".new")
    private: PrivateKey
    if kind is KeyKind.EC:
        private = ec.generate_private_key(ec.SECP256R1())
    else:
        private = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        _shred(half)
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)
            file.write(pem)
            file.flush()
            os.fsync(descriptor)
        half.rename(path)
        _sync(path.parent)
    except OSError as error:
        raise SigningError(f"{path} cannot be written: {error.strerror}") from None
    return private


def _shred(path: Path) -> None:
    """Overwrite and remove a file; do nothing where there is none."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    except OSError as error:
        raise SigningError(f"{path} cannot be destroyed: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(b"\0" * os.fstat(descriptor).st_size)
            file.flush()
            os.fsync(descriptor)
        path.unlink()
    except OSError as error:
        raise SigningError(f"{path} cannot be destroyed: {error.strerror}") from None


def _sync(folder: Path) -> None:
    """Make a folder's entries durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other workers out of the directory; the lock ends with the process that holds it."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise SigningError(f"key_directory {folder}: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)

"""What the key ring says to an administrator of keys that cannot work."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from emrex_gateway.domain import AccessPoint, UnsignedElmo
from emrex_gateway.errors import SigningError
from emrex_gateway.signing import KeyRing
from signing_material import (
    DOCUMENTS,
    NOW,
    access_point,
    certificate,
    certificate_of,
    key_pem,
    private_key,
    secrets,
    token_references,
)


@pytest.fixture
def token() -> dict[str, str]:
    """References to the keys in the SoftHSM token, by kind."""
    return token_references()


@pytest.fixture
def ring() -> KeyRing:
    return KeyRing(secrets, lambda: NOW)


def unsigned() -> UnsignedElmo:
    return UnsignedElmo(DOCUMENTS["plain"].encode())


def _missing_key(folder: Path, point: AccessPoint) -> AccessPoint:
    return replace(point, key=f"file:{folder}/nowhere.pem")


def _key_is_folder(folder: Path, point: AccessPoint) -> AccessPoint:
    return replace(point, key=f"file:{folder}")


def _key_is_certificate(folder: Path, point: AccessPoint) -> AccessPoint:
    return replace(point, key=point.certificate)


def _key_is_text(folder: Path, point: AccessPoint) -> AccessPoint:
    (folder / "rsa2048.key").write_text("hello")
    return point


def _key_is_cut(folder: Path, point: AccessPoint) -> AccessPoint:
    path = folder / "rsa2048.key"
    path.write_bytes(path.read_bytes()[:600] + b"\n-----END PRIVATE KEY-----\n")
    return point


def _key_is_huge(folder: Path, point: AccessPoint) -> AccessPoint:
    (folder / "rsa2048.key").write_bytes(b"x" * 100_000)
    return point


def _key_is_ed25519(folder: Path, point: AccessPoint) -> AccessPoint:
    pem = ed25519.Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    (folder / "rsa2048.key").write_bytes(pem)
    return point


def _key_encrypted(folder: Path, point: AccessPoint) -> AccessPoint:
    _encrypt(folder)
    return point


def _wrong_passphrase(folder: Path, point: AccessPoint) -> AccessPoint:
    _encrypt(folder)
    return replace(point, key=point.key + "?passphrase=env:PIN")


def _no_passphrase(folder: Path, point: AccessPoint) -> AccessPoint:
    _encrypt(folder)
    return replace(point, key=point.key + "?passphrase=env:EMREX_TEST_UNSET")


def _odd_option(folder: Path, point: AccessPoint) -> AccessPoint:
    return replace(point, key=point.key + "?password=secret")


def _key_in_settings(folder: Path, point: AccessPoint) -> AccessPoint:
    return replace(point, key=key_pem(private_key("rsa2048")).decode())


def _key_variable_unset(folder: Path, point: AccessPoint) -> AccessPoint:
    return replace(point, key="env:EMREX_TEST_UNSET")


def _certificate_missing(folder: Path, point: AccessPoint) -> AccessPoint:
    (folder / "rsa2048.crt").unlink()
    return point


def _certificate_is_key(folder: Path, point: AccessPoint) -> AccessPoint:
    return replace(point, certificate=point.key)


def _unfit(folder: Path, point: AccessPoint) -> AccessPoint:
    (folder / "rsa2048.crt").write_bytes(certificate("rsa2048-other"))
    return point


def _unfit_kind(folder: Path, point: AccessPoint) -> AccessPoint:
    (folder / "rsa2048.crt").write_bytes(certificate("p256"))
    return point


def _expired(folder: Path, point: AccessPoint) -> AccessPoint:
    return _dated(folder, point, NOW - timedelta(days=9), NOW - timedelta(minutes=1))


def _early(folder: Path, point: AccessPoint) -> AccessPoint:
    return _dated(folder, point, NOW + timedelta(minutes=1), NOW + timedelta(days=9))


def _short(folder: Path, point: AccessPoint) -> AccessPoint:
    return replace(access_point(folder, "rsa1024"), slug=point.slug)


def _encrypt(folder: Path) -> None:
    pem = private_key("rsa2048").private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"correct horse")
    )
    (folder / "rsa2048.key").write_bytes(pem)


def _dated(folder: Path, point: AccessPoint, start: datetime, end: datetime) -> AccessPoint:
    made = certificate_of(private_key("rsa2048"), not_before=start, not_after=end)
    (folder / "rsa2048.crt").write_bytes(made.public_bytes(Encoding.PEM))
    return point


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_missing_key, "the key is missing: there is no file"),
        (_key_is_folder, "the key is missing: .* is a folder"),
        (_key_is_certificate, "not a private key: there is a certificate in it"),
        (_key_is_text, "not a private key: there is no PEM private key in it"),
        (_key_is_cut, "not a private key that can be read; it may be cut off"),
        (_key_is_huge, "the key is not what it should be: .* is too large"),
        (_key_is_ed25519, "the key is neither RSA nor EC"),
        (_key_encrypted, "the key is encrypted: add"),
        (_wrong_passphrase, "or the passphrase is wrong"),
        (_no_passphrase, "the key's passphrase is not available"),
        (_odd_option, "only .passphrase=env:NAME"),
        (_key_in_settings, "not given by a reference"),
        (_key_variable_unset, "the variable EMREX_TEST_UNSET is not set"),
        (_certificate_missing, "the certificate is missing: there is no file"),
        (_certificate_is_key, "the certificate is not one"),
        (_unfit, "the key does not fit the certificate"),
        (_unfit_kind, "the key does not fit the certificate"),
        (_expired, "the certificate expired on 2026-03-01 11:59 UTC"),
        (_early, "the certificate is not valid before 2026-03-01 12:01 UTC"),
        (_short, "the key is too short: RSA of 1024 bits"),
    ],
)
def test_a_key_that_cannot_work_is_told_in_a_sentence(
    tmp_path: Path,
    ring: KeyRing,
    spoil: Callable[[Path, AccessPoint], AccessPoint],
    sentence: str,
) -> None:
    """Each way to misplace a key has a message of its own that names the access point, never the key."""
    point = spoil(tmp_path, access_point(tmp_path, "rsa2048"))
    with pytest.raises(SigningError, match=f"^access point {point.slug}: .*{sentence}") as caught:
        ring.signer(point)
    assert "PRIVATE" not in str(caught.value)
    assert caught.value.retryable


def test_an_unreadable_key_names_the_permission(ring: KeyRing) -> None:
    """The web process's user cannot read the key: the message says so, and where."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        point = access_point(folder, "rsa2048")
        (folder / "rsa2048.key").chmod(0)
        child = os.fork()
        if child == 0:
            try:
                if os.geteuid() == 0:  # who may read everything
                    os.setuid(65534)
                ring.signer(point)
            except SigningError as error:
                told = re.search(r"the key cannot be read: this process \(user \d+\)", str(error))
                os._exit(0 if told else 1)
            except BaseException:
                os._exit(2)
            os._exit(3)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_pkcs11_is_loaded_only_for_a_token() -> None:
    """``python-pkcs11`` is an extra: who keeps keys in files need not have it."""
    program = "import sys, emrex_gateway.signing; sys.exit('pkcs11' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_certificate_that_expires_while_the_worker_runs_is_noticed(tmp_path: Path) -> None:
    """The dates are checked each time, not only when the key is opened."""
    now = NOW
    ring = KeyRing(secrets, lambda: now)
    point = _dated(
        tmp_path, access_point(tmp_path, "rsa2048"), NOW - timedelta(1), NOW + timedelta(1)
    )
    ring.signer(point)
    now = NOW + timedelta(2)
    with pytest.raises(SigningError, match="the certificate expired"):
        ring.signer(point)


def test_an_encrypted_key_opens_with_its_passphrase(
    tmp_path: Path, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The passphrase comes by reference."""
    monkeypatch.setenv("EMREX_TEST_PASSPHRASE", "correct horse")
    point = access_point(tmp_path, "rsa2048")
    _encrypt(tmp_path)
    point = replace(point, key=point.key + "?passphrase=env:EMREX_TEST_PASSPHRASE")
    assert ring.signer(point).sign(unsigned())


def test_a_key_may_stand_in_a_variable(
    tmp_path: Path, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``env:`` holds the PEM itself, as container platforms hand it over."""
    monkeypatch.setenv("EMREX_TEST_KEY", key_pem(private_key("p256")).decode())
    point = replace(access_point(tmp_path, "p256"), key="env:EMREX_TEST_KEY")
    assert ring.signer(point).sign(unsigned())


@pytest.mark.needs("softhsm")
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("token=emrex%20test", "token=other"), "the token other is not there"),
        (("object=p256", "object=p255"), "no private key of the name"),
        (("id=%03", "id=%09"), "no private key of the name"),
        ((";object=p256;id=%03", ""), "neither object nor id"),
        (("object=p256;id=%03", "object=p384"), "the token's key does not fit"),
        (("object=p256;id=%03", "object=rsa2048"), "the token's key does not fit"),
        (("type=private", "type=cert"), "another type than private"),
        (
            ("pin-source=env:PIN", "pin-source=env:EMREX_TEST_UNSET"),
            "the token's PIN is not available",
        ),
        (("pin-source=env:PIN", "pin-source=4711"), "neither env:NAME nor file:"),
        (("pin-source=env:PIN", "pin-value=4711"), "holds the PIN itself; use pin-source"),
        (("module-path=", "module-name="), "unknown part"),
        (("module-path=/", "module-path=/nowhere/"), "driver /nowhere/.* cannot be opened"),
        (("token=emrex%20test", "token=a;token=b"), "says token twice"),
    ],
)
def test_a_token_that_cannot_work_is_told_in_a_sentence(
    tmp_path: Path, token: dict[str, str], ring: KeyRing, change: tuple[str, str], sentence: str
) -> None:
    """RFC 7512 references fail with what is wrong, never with the PIN."""
    assert change[0] in token["p256"]
    point = access_point(tmp_path, "p256", token["p256"].replace(*change))
    with pytest.raises(SigningError, match=sentence) as caught:
        ring.signer(point)
    assert "4711" not in str(caught.value)


@pytest.mark.needs("softhsm")
def test_a_wrong_pin_is_told(
    tmp_path: Path, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process that has not logged in yet."""
    monkeypatch.setenv("EMREX_TEST_PIN", "1111-wrong")
    point = access_point(tmp_path, "p256", token["p256"].replace("env:PIN", "env:EMREX_TEST_PIN"))
    child = os.fork()
    if child == 0:
        try:
            KeyRing(secrets, lambda: NOW).signer(point)
        except SigningError as error:
            os._exit(0 if re.search("refused the PIN", str(error)) else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

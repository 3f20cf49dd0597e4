"""Our keys come by reference, fit their certificates, and change without a restart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

import saml_issuer
from emrex_gateway.domain import ServiceKey
from emrex_gateway.errors import ConfigError
from emrex_gateway.login.saml._ourselves import (
    KEY_LIFETIME,
    UNUSED_LIFETIME,
    OwnKeys,
    decryption_keys,
    ourselves,
    read_keys,
    signing_key,
)
from emrex_gateway.secrets import resolve_secret
from emrex_gateway.settings import Settings
from saml_party import PROVIDER, certificate_pem, key, secrets
from stores import Clock


def pem(private: object, password: bytes | None = None) -> str:
    how = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    return private.private_bytes(  # type: ignore[attr-defined,no-any-return]  # any private key
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how
    ).decode()


def given(**values: str) -> Callable[[str], str]:
    """Resolve ``env:key`` and ``env:certificate`` to a test's own values."""
    return lambda reference: values[reference.removeprefix("env:")]


ONE = replace(PROVIDER, keys=(ServiceKey(key="env:key", certificate="env:certificate"),))
RSA, RSA_CERTIFICATE = saml_issuer.private_pem("rsa2048").decode(), certificate_pem("rsa2048")


@pytest.mark.parametrize(
    ("private", "certificate", "message"),
    [
        ("no key", RSA_CERTIFICATE, "the key is not PEM of a private key"),
        ("", RSA_CERTIFICATE, "the key is not PEM of a private key"),
        (RSA_CERTIFICATE, RSA_CERTIFICATE, "the key is not PEM of a private key"),
        (RSA, "no certificate", "the certificate is not PEM of X.509"),
        (RSA, RSA, "the certificate is not PEM of X.509"),
        (RSA, certificate_pem("rsa2048:other"), "the key does not fit the certificate"),
        (RSA, certificate_pem("p256"), "the key does not fit the certificate"),
        (
            saml_issuer.private_pem("rsa1024").decode(),
            certificate_pem("rsa1024"),
            "the key is too short: RSA needs 2048 bits",
        ),
        (
            pem(saml_issuer.private_key("rsa2048"), b"word"),
            RSA_CERTIFICATE,
            "the key is encrypted: give it without a passphrase",
        ),
        (
            pem(ec.generate_private_key(ec.SECP256K1())),
            RSA_CERTIFICATE,
            "the key is neither RSA nor on P-256, P-384, P-521",
        ),
        (
            pem(ed25519.Ed25519PrivateKey.generate()),
            RSA_CERTIFICATE,
            "the key is neither RSA nor on P-256, P-384, P-521",
        ),
        (
            saml_issuer.private_pem("p256").decode(),
            certificate_pem("p256"),
            "only an RSA key can decrypt: set encryption = false for this one",
        ),
    ],
)
def test_a_key_that_cannot_work_is_said(private: str, certificate: str, message: str) -> None:
    """The message names the institution and what is wrong, and holds nothing of the key."""
    with pytest.raises(ConfigError) as raised:
        read_keys(ONE, given(key=private, certificate=certificate))
    assert f"service provider demo: {message}" == str(raised.value)


def test_a_missing_reference_is_said() -> None:
    """A reference to nothing is an administrator's error, named by the reference."""
    gone = replace(PROVIDER, keys=(ServiceKey(key="env:NO-SUCH", certificate="env:NO-SUCH"),))
    with pytest.raises(ConfigError, match=r"service provider demo: .*env:NO-SUCH"):
        read_keys(gone, resolve_secret)


def test_keys_are_shown_nowhere() -> None:
    """A key that is printed by mistake does not print itself."""
    (one,) = read_keys(ONE, given(key=RSA, certificate=RSA_CERTIFICATE))
    assert "OwnKey(signing=True, encryption=True)" == repr(one)


def test_the_first_for_signing_signs_and_every_rsa_key_decrypts() -> None:
    """During a rollover answers to the old key, and one no longer published, can still be read (SP38)."""
    keys = (
        key("rsa3072:next", signing=False),
        key("rsa2048:sp"),
        key("p256:sp", encryption=False),
        key("rsa2048:old", signing=False, encryption=False),
    )
    read = read_keys(replace(PROVIDER, keys=keys), secrets)
    assert saml_issuer.certificate("rsa2048:sp") == signing_key(read).certificate
    assert [
        saml_issuer.private_pem(name) for name in ("rsa3072:next", "rsa2048:sp", "rsa2048:old")
    ] == list(decryption_keys(read))


def test_a_replaced_file_takes_effect_within_a_minute(tmp_path: Path) -> None:
    """A rollover by files needs no restart; until then nothing is read twice."""
    files = ServiceKey(key=f"file:{tmp_path}/key", certificate=f"file:{tmp_path}/certificate")
    clock, asked = Clock(), list[str]()

    def read(reference: str) -> str:
        asked.append(reference)
        return resolve_secret(reference)

    def write(name: str) -> None:
        (tmp_path / "key").write_bytes(saml_issuer.private_pem(name))
        (tmp_path / "certificate").write_text(certificate_pem(name))

    ours, provider = OwnKeys(read, clock), replace(PROVIDER, keys=(files,))
    write("rsa2048:sp")
    assert saml_issuer.certificate("rsa2048:sp") == ours.of(provider)[0].certificate
    write("rsa3072:next")
    clock.now += KEY_LIFETIME - timedelta(seconds=1)
    assert saml_issuer.certificate("rsa2048:sp") == ours.of(provider)[0].certificate
    assert [files.key, files.certificate] == asked
    clock.now += timedelta(seconds=1)
    assert saml_issuer.certificate("rsa3072:next") == ours.of(provider)[0].certificate


def test_an_applied_reference_takes_effect_at_once() -> None:
    """A rollover by ``apply`` is in the rows: no process goes on with what it kept."""
    ours = OwnKeys(secrets, Clock())
    first = ours.of(replace(PROVIDER, keys=(key("rsa2048:sp"),)))
    second = ours.of(replace(PROVIDER, keys=(key("rsa3072:next"), key("rsa2048:sp"))))
    assert saml_issuer.certificate("rsa3072:next") == signing_key(second).certificate
    assert first[0] is second[1]


def test_a_key_that_is_the_same_is_not_parsed_anew() -> None:
    """Reading a reference again costs a file's read; the key itself is kept."""
    clock = Clock()
    ours = OwnKeys(secrets, clock)
    (first,) = ours.of(PROVIDER)
    clock.now += KEY_LIFETIME
    (second,) = ours.of(PROVIDER)
    assert first is second


def test_old_keys_are_forgotten() -> None:
    """What has left the rows leaves the memory within an hour or so, when a key is read."""
    clock = Clock()
    ours = OwnKeys(secrets, clock)
    ours.of(replace(PROVIDER, keys=(key("rsa2048:old"),)))
    clock.now += KEY_LIFETIME
    ours.of(PROVIDER)
    assert {key("rsa2048:old"), key("rsa2048:sp")} == set(ours._held)
    clock.now += UNUSED_LIFETIME
    ours.of(PROVIDER)
    assert {key("rsa2048:sp")} == set(ours._held)


def test_addresses_come_from_settings_alone() -> None:
    """Nothing of a request goes into them; the entity id is the metadata's address, or its own."""
    settings = Settings(public_url="https://campus.example/emrex/")
    us = ourselves(settings, PROVIDER)
    base = "https://campus.example/emrex/sp/demo/"
    assert (
        f"{base}metadata",
        f"{base}metadata",
        f"{base}acs",
        f"{base}slo",
        f"{base}discovered",
    ) == (us.entity_id, us.metadata_url, us.acs_url, us.slo_url, us.discovered_url)
    named = ourselves(settings, replace(PROVIDER, entity_id="urn:example:emrex"))
    assert ("urn:example:emrex", f"{base}metadata") == (named.entity_id, named.metadata_url)

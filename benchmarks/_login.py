"""A login's own CPU, measured: from the posted answer to the identity, with everything in between."""

from __future__ import annotations

import io
import statistics
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from benchmarks._rows import Row
from emrex_gateway.domain import (
    Federation,
    Institution,
    LoginMethod,
    ServiceKey,
    ServiceProvider,
    texts,
)
from emrex_gateway.login.saml import SamlLogin, Trust, our_metadata, read_metadata
from emrex_gateway.settings import Settings
from emrex_gateway.store import open_store, upgrade
from examples.saml_provider import KeyPair, Person, SamlProviderConfig, federation
from examples.saml_provider._messages import read_request, read_service_provider, response

MAX_LOGIN = 8.0
PEOPLE = {
    "givenName": ("Aino",),
    "sn": ("Virtanen",),
    "eduPersonPrincipalName": ("aino@home.example",),
    "schacHomeOrganization": ("home.example",),
    "funetEduPersonLearnerId": ("1.2.246.562.24.10000000017",),
}
INSTITUTION = Institution(
    slug="bench", names=texts(en="B"), country="FI", domain="b.example", url="https://b.example/"
)
METHOD = LoginMethod(
    id="bench",
    institution="bench",
    kind="saml",
    names=texts(en="b"),
    settings={"federations": ["bench"]},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """A gateway's login and a provider that it knows, in one process."""

    login: SamlLogin
    config: SamlProviderConfig
    metadata: bytes = field(repr=False)

    def answer(self, number: int) -> tuple[dict[str, str], dict[str, str]]:
        """Begin a login and have the provider answer it: what is kept, and what is posted."""
        start = self.login.start(
            METHOD,
            callback_url="",
            transfer_id=f"transfer{number:012d}",
            locale=None,
            provider=self.config.entity_id,
        )
        us = read_service_provider(self.metadata)
        asked = read_request(urlsplit(start.url).query, us, f"{self.config.url}/sso")
        document = response(
            asked, us, issuer=self.config.entity_id, keys=self.config.keys, attributes=PEOPLE
        )
        posted = {
            "SAMLResponse": b64encode(document).decode(),
            "RelayState": asked.relay_state,
        }
        return dict(start.state), posted


def login_rows(folder: Path, runs: int) -> Iterator[Row]:
    """A response that is signed twice and encrypted becomes an identity, by way of the index."""
    stage = _stage(folder)
    answers = iter([stage.answer(number) for number in range(runs * 5 + 1)])
    limit = "RSA: one decryption, two verifications"

    def finish() -> None:
        kept, posted = next(answers)
        done = stage.login.finish(METHOD, callback_url="", state=kept, parameters=posted)
        if done.identity.given_names != "Aino":
            raise LookupError("the login ended in somebody else")

    yield Row(
        "login: answer to identity",
        median(finish, runs * 5),
        "ms",
        MAX_LOGIN,
        limit,
        median(_floor(stage), runs * 5),
    )
    begun = iter(range(10**6, 10**6 + runs * 5 + 1))
    yield Row(
        "  its request, signed",
        median(lambda: _begin(stage, next(begun)), runs * 5),
        "ms",
        MAX_LOGIN,
    )


def median(action: Callable[[], object], runs: int) -> float:
    """Milliseconds of CPU time of one action, the median; the first round warms up."""
    action()
    spent = []
    for _ in range(runs):
        began = time.process_time()
        action()
        spent.append((time.process_time() - began) * 1000)
    return statistics.median(spent)


def _begin(stage: _Stage, number: int) -> None:
    stage.login.start(
        METHOD,
        callback_url="",
        transfer_id=f"transfer{number:012d}",
        locale=None,
        provider=stage.config.entity_id,
    )


def _floor(stage: _Stage) -> Callable[[], None]:
    """What nobody can save: RSA's share."""
    key = serialization.load_pem_private_key(stage.config.keys.key, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303 (OAEP's usual digest)
    wrapped = key.public_key().encrypt(b"0" * 16, oaep)
    document = b"x" * 10_000
    signature = key.sign(document, padding.PKCS1v15(), hashes.SHA256())

    def floor() -> None:
        key.decrypt(wrapped, oaep)
        for _ in range(2):
            key.public_key().verify(signature, document, padding.PKCS1v15(), hashes.SHA256())

    return floor


def _stage(folder: Path) -> _Stage:
    ours, theirs, authority = (_pair(name) for name in ("sp.example", "idp.example", "federation"))
    secrets = {
        "env:KEY": ours.key.decode(),
        "env:CERTIFICATE": ours.certificate.decode(),
        "env:FEDERATION": authority.certificate.decode(),
        "env:PAYLOAD": b64encode(b"p" * 32).decode(),
    }.__getitem__
    settings = Settings(
        public_url="https://emrex.example.org",
        database_url=f"sqlite:///{folder / 'login.sqlite3'}",
        payload_keys=("env:PAYLOAD",),
    )
    config = SamlProviderConfig(
        url="https://idp.example",
        keys=theirs,
        federation_keys=authority,
        service_provider="",
        people=(Person(user="aino", password="", attributes=PEOPLE),),
    )

    def clock() -> datetime:
        return datetime.now(UTC)

    upgrade(settings, secrets)
    store = open_store(settings, secrets, clock)
    trust = Trust(
        federation="bench",
        certificates=(_der(authority),),
        now=clock(),
        max_validity=timedelta(days=28),
    )
    with store.begin() as uow:
        uow.config.put_institution(INSTITUTION)
        uow.config.put_federation(
            Federation(
                slug="bench",
                names=texts(en="B"),
                url="https://f.example/",
                certificates=("env:FEDERATION",),
            )
        )
        uow.config.put_service_provider(
            ServiceProvider(
                institution="bench",
                keys=(ServiceKey(key="env:KEY", certificate="env:CERTIFICATE"),),
            )
        )
        uow.config.put_login_method(METHOD)
        uow.entities.replace("bench", read_metadata(io.BytesIO(federation(config)), trust).entities)
    return _Stage(
        login=SamlLogin(settings, secrets, clock, store),
        config=config,
        metadata=our_metadata(settings, secrets, store, "bench", clock()),
    )


def _pair(name: str) -> KeyPair:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return KeyPair(key=pem, certificate=certificate.public_bytes(serialization.Encoding.PEM))


def _der(pair: KeyPair) -> bytes:
    return x509.load_pem_x509_certificate(pair.certificate).public_bytes(serialization.Encoding.DER)

"""Federations and service providers in the institutions' file, and what check-config says of them."""

from __future__ import annotations

import base64
import dataclasses
import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

import databases
from emrex_gateway import settings
from emrex_gateway.cli import _institutions, main
from emrex_gateway.domain import (
    Contact,
    ContactKind,
    Federation,
    FederationState,
    MetadataKind,
    ServiceKey,
    ServiceProvider,
    SubjectIdRequirement,
    texts,
)
from emrex_gateway.secrets import resolve_secret
from emrex_gateway.store import SqlStore, open_store
from entities import entity
from saml_party import descriptor

INSTITUTION = """
[[institutions]]
slug = "example"
names = { en = "Example University" }
country = "FI"
domain = "example.edu"
url = "https://www.example.edu/"
"""
FEDERATION = """
[[federations]]
slug = "haka"
names = { en = "Haka" }
url = "https://haka.example.org/metadata.xml"
certificates = ["file:FOLDER/haka.pem"]
"""
PROVIDER = """
[[service_providers]]
institution = "example"
descriptions = { en = "Sends study records" }
information = { en = "https://www.example.edu/emrex" }
privacy = { en = "https://www.example.edu/privacy", fi = "https://www.example.edu/tietosuoja" }
logo = "https://www.example.edu/logo.png"
logo_width = 120
logo_height = 60
contacts = [{ kind = "technical", email = "it@example.edu", name = "IT" }]
categories = ["https://refeds.org/category/code-of-conduct/v2"]
subject_id = "pairwise-id"
attributes = ["schacPersonalUniqueCode", "givenName"]
required = ["schacPersonalUniqueCode"]
[[service_providers.keys]]
key = "file:FOLDER/saml.key"
certificate = "file:FOLDER/saml.pem"
[[service_providers.keys]]
key = "env:OLD_KEY"
certificate = "file:FOLDER/old.pem"
signing = false
"""
METHOD = """
[[login_methods]]
id = "example-haka"
institution = "example"
kind = "saml"
names = { en = "Log in with Haka" }
[login_methods.settings]
federations = ["haka"]
"""
WHOLE = INSTITUTION + FEDERATION + PROVIDER + METHOD


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Commands configure their process's logging; the next test has its own back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings in the environment and a payload key."""
    (tmp_path / "payload").write_text(base64.b64encode(b"p" * 32).decode())
    monkeypatch.setenv("EMREX_PUBLIC_URL", "https://emrex.example.org/emrex")
    monkeypatch.setenv("EMREX_DATABASE_URL", databases.empty_database(tmp_path))
    monkeypatch.setenv("EMREX_PAYLOAD_KEYS", f"file:{tmp_path / 'payload'}")
    monkeypatch.setenv("EMREX_REDIS_URL", "redis://127.0.0.1:1/0")
    return tmp_path


@pytest.fixture
def store(folder: Path) -> Iterator[SqlStore]:
    """The store that the command writes to."""
    made = open_store(settings.load(), resolve_secret, lambda: datetime.now(UTC))
    yield made
    made.close()


def run(*arguments: object) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, [str(one) for one in arguments])


def apply(folder: Path, text: str, *options: str) -> Result:
    """Apply a text as the file."""
    file = folder / "institutions.toml"
    file.write_text(text.replace("FOLDER", str(folder)), "utf-8")
    return run("apply", file, *options)


# --- the file ------------------------------------------------------------------------------


def test_apply_writes_federations_and_service_providers(folder: Path, store: SqlStore) -> None:
    """Every field arrives; applying again changes nothing, and a change names the field."""
    result = apply(folder, WHOLE)

    assert 0 == result.exit_code, result.output
    assert [
        "+ institution example",
        "+ federation haka",
        "+ service provider example",
        "+ login method example-haka",
    ] == result.output.splitlines()
    with store.read() as uow:
        assert (
            Federation(
                slug="haka",
                names=texts(en="Haka"),
                url="https://haka.example.org/metadata.xml",
                certificates=(f"file:{folder}/haka.pem",),
            ),
        ) == uow.config.federations()
        assert ServiceProvider(
            institution="example",
            keys=(
                ServiceKey(key=f"file:{folder}/saml.key", certificate=f"file:{folder}/saml.pem"),
                ServiceKey(key="env:OLD_KEY", certificate=f"file:{folder}/old.pem", signing=False),
            ),
            descriptions=texts(en="Sends study records"),
            information=texts(en="https://www.example.edu/emrex"),
            privacy=texts(
                en="https://www.example.edu/privacy", fi="https://www.example.edu/tietosuoja"
            ),
            logo="https://www.example.edu/logo.png",
            logo_width=120,
            logo_height=60,
            contacts=(Contact(kind=ContactKind.TECHNICAL, email="it@example.edu", name="IT"),),
            categories=frozenset({"https://refeds.org/category/code-of-conduct/v2"}),
            subject_id=SubjectIdRequirement.PAIRWISE_ID,
            attributes=("schacPersonalUniqueCode", "givenName"),
            required=("schacPersonalUniqueCode",),
        ) == uow.config.service_provider("example")
    assert "nothing changed\n" == apply(folder, WHOLE).output
    more = 'max_loss = 5\nkind = "mdq"\nrefresh_every = 3600\nmax_validity = 86400\n'
    more += "allow_private_addresses = true\n"
    changed = INSTITUTION + FEDERATION + more + PROVIDER.replace("= 120", "= 121") + METHOD
    assert [
        "~ federation haka: kind, refresh_every, max_validity, max_loss, allow_private_addresses",
        "~ service provider example: logo_width",
    ] == apply(folder, changed).output.splitlines()
    with store.read() as uow:
        (found,) = uow.config.federations()
    assert (MetadataKind.MDQ, 3600, 86400, 5) == (
        found.kind,
        found.refresh_every,
        found.max_validity,
        found.max_loss,
    )


def test_a_federation_that_the_file_no_longer_names_is_switched_off(
    folder: Path, store: SqlStore
) -> None:
    """... and stays; a service provider has no switch: it is removed, and can be put back."""
    apply(folder, WHOLE)

    assert "nothing changed\n" == apply(folder, INSTITUTION, "--keep").output
    assert [
        "- federation haka: switched off",
        "- login method example-haka: switched off",
        "- service provider example: removed",
    ] == apply(folder, INSTITUTION).output.splitlines()
    assert "nothing changed\n" == apply(folder, INSTITUTION).output
    with store.read() as uow:
        assert [False] == [one.enabled for one in uow.config.federations()]
        assert () == uow.config.service_providers()
    assert 0 == run("service-provider", "restore", "example").exit_code
    with store.read() as uow:
        assert uow.config.service_provider("example") is not None
    assert "~ federation haka: enabled" in apply(folder, WHOLE).output


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('slug = "haka"', 'slug = "Haka"', "federation 'Haka': slug"),
        ("https://haka.example", "http://haka.example", "federation 'haka': url is not"),
        ('certificates = ["file:FOLDER/haka.pem"]', "certificates = []", "certificates must name"),
        ('["file:FOLDER/haka.pem"]', '["MIIB5ecret"]', "certificates must be a reference"),
        ('names = { en = "Haka" }', "names = {}", "federation 'haka': names"),
        ('names = { en = "Haka" }', 'names = { en = "H" }\nkind = "x"', "kind"),
        ('names = { en = "Haka" }', 'names = { en = "H" }\nrefresh_every = 86401', "refresh_every"),
        ('names = { en = "Haka" }', 'names = { en = "H" }\nrefresh_every = 5', "refresh_every"),
        ('names = { en = "Haka" }', 'names = { en = "H" }\nmax_validity = 0', "max_validity"),
        ('names = { en = "Haka" }', 'names = { en = "H" }\nmax_loss = 101', "max_loss"),
        ('names = { en = "Haka" }', 'names = { en = "H" }\nunknown = 1', "unknown"),
        (PROVIDER, PROVIDER * 2, "the service provider 'example' stands 2 times"),
        (FEDERATION, FEDERATION * 2, "the federation 'haka' stands 2 times"),
        (FEDERATION, "", "login method 'example-haka': there is no federation 'haka'"),
        (PROVIDER, "", "the institution 'example' has no service provider"),
        (
            PROVIDER,
            PROVIDER.replace('institution = "example"', 'institution = "other"'),
            "there is no institution 'other'",
        ),
        ('key = "file:FOLDER/saml.key"', 'key = "-----BEGIN 5ecret"', "key must be a reference"),
        ('key = "file:FOLDER/saml.key"', 'key = "pkcs11:x"', "key must be a reference"),
        (
            'certificate = "file:FOLDER/saml.pem"',
            'certificate = "x"',
            "certificate must be a reference",
        ),
        ('saml.pem"', 'saml.pem"\nsigning = false', "one of the keys must be for signing"),
        ("logo_width = 120", "logo_width = 0", "logo_width must be between"),
        ("logo_height = 60", "logo_height = 9000", "logo_height must be between"),
        ("https://www.example.edu/logo", "http://www.example.edu/logo", "logo is not"),
        ('logo = "https://www.example.edu/logo.png"', "", "need a logo"),
        ("https://www.example.edu/tieto", "javascript:tieto", "privacy is not"),
        ('information = { en = "https:', 'information = { en = "ftp:', "information is not"),
        ('descriptions = { en = "Sends', 'descriptions = { "e n" = "Sends', "language"),
        ('{ en = "Sends study records" }', '{ en = "" }', "descriptions must hold"),
        ("it@example.edu", "it at example.edu", "a contact's email"),
        ("it@example.edu", "mailto:<it@example.edu>", "a contact's email"),
        ('kind = "technical"', 'kind = "boss"', "boss"),
        ("code-of-conduct/v2", "code of conduct", "categories"),
        ("subject_id =", 'assurance = ["sirtfi"]\nsubject_id =', "assurance"),
        (
            "subject_id =",
            'assurance = ["https://refeds.org/sirtfi"]\nsubject_id =',
            "Sirtfi needs a contact of the kind security",
        ),
        (re.search("privacy = .*\n", PROVIDER)[0], "", "the Code of Conduct needs privacy"),
        ('subject_id = "pairwise-id"', 'subject_id = "all"', "all"),
        ('subject_id = "pairwise-id"', 'entity_id = "no uri"', "entity_id"),
        ('"givenName"', '"shoeSize"', "attributes may hold only"),
        ('required = ["schac', 'required = ["shoe', "required may hold only"),
        ('federations = ["haka"]', "federations = []", "federations"),
    ],
)
def test_a_wrong_file_is_named_with_one_line(
    folder: Path, old: str, new: str, problem: str
) -> None:
    """The first thing that is wrong is told, never a secret that stands in the wrong place."""
    assert old in WHOLE
    result = apply(folder, WHOLE.replace(old, new, 1), "--check")

    assert 1 == result.exit_code
    assert problem in result.output
    assert 1 == len(result.output.splitlines())
    assert "5ecret" not in result.output


@pytest.mark.parametrize("slug", ["sp", "op", "health", "static"])
def test_addresses_of_our_own_are_reserved(folder: Path, slug: str) -> None:
    """No data access point takes an address under which logins come back."""
    point = '[[access_points]]\nslug = "S"\ninstitution = "example"\nkey = "env:K"\n'
    point += 'certificate = "env:C"\n'
    result = apply(folder, INSTITUTION + point.replace('"S"', f'"{slug}"'), "--check")

    assert "this address is taken" in result.output


def test_the_files_own_description_is_a_file_that_works(folder: Path) -> None:
    """What stands at the top of the module is read without a complaint, but for what is not installed."""
    text = (_institutions.__doc__ or "").partition("\n\n")[2]
    start, end = text.index("[[adapters]]"), text.index("[[login_methods]]")
    methods = text[end : text.index("[[federations]]")]
    text = text[:start] + text[end:].replace(methods, METHOD)

    result = apply(folder, text, "--check")
    assert 0 == result.exit_code, result.output


# --- check-config --------------------------------------------------------------------------


def outcome(name: str) -> str:
    """The line of one check."""
    result = run("check-config")
    (line,) = (one for one in result.output.splitlines() if one[6:].startswith(f"{name}:"))
    return line


def write_key(folder: Path, name: str, key: Any, *, days: int = 9) -> None:
    """Write a key and a certificate of its own signature; it expired when ``days`` is negative."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    end = datetime.now(UTC) + timedelta(days=days)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(end - timedelta(days=30))
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(pem))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def fetched(**more: Any) -> FederationState:
    """The state of a federation that works."""
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "checked_at": now,
        "fetched_at": now,
        "valid_until": now + timedelta(days=7),
        "entities": 3,
        "providers": 2,
    }
    return FederationState(**{**values, **more})


@pytest.fixture
def working(folder: Path, store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation in which everything is in place."""
    write_key(folder, "haka", rsa.generate_private_key(65537, 2048), days=-400)
    write_key(folder, "saml", rsa.generate_private_key(65537, 2048), days=-1)
    write_key(folder, "old", rsa.generate_private_key(65537, 2048))
    monkeypatch.setenv("OLD_KEY", (folder / "old.key").read_text())
    assert 0 == apply(folder, WHOLE).exit_code
    until = datetime.now(UTC) + timedelta(days=7)
    with store.begin() as uow:
        uow.entities.put_state("haka", fetched())
        uow.entities.replace("haka", [entity("A", valid_until=until), entity("B")])
        uow.entities.put(entity("C", valid_until=until))
    return folder


def test_check_config_passes_what_works(working: Path) -> None:
    """Certificates signed by themselves, and expired ones, are as good as any: the key is pinned."""
    assert outcome("federation haka").startswith("ok    federation haka: 2 identity providers")
    assert (
        "ok    service provider example: https://emrex.example.org/emrex/sp/example/metadata,"
        " a key is being rolled over" == outcome("service provider example")
    )
    assert "ok    login method example-haka: saml, 2 identity providers" == outcome(
        "login method example-haka"
    )


NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        (FederationState(), "never fetched: run emrex-gateway metadata refresh haka"),
        (
            FederationState(problem="signature", failures=1, checked_at=NOW),
            "never fetched (signature)",
        ),
        (fetched(valid_until=NOW - timedelta(seconds=1)), "expired at"),
        (
            fetched(valid_until=NOW + timedelta(hours=30), failures=1, problem="http"),
            "no new ones come (http)",
        ),
        (fetched(failures=3, problem="signature"), "3 looks in a row failed: signature"),
        (fetched(checked_at=NOW - timedelta(hours=13)), "is a worker running?"),
        (fetched(alarm="entities-lost"), "an alarm: entities-lost"),
    ],
)
def test_check_config_tells_of_metadata_that_need_somebody(
    working: Path, store: SqlStore, state: FederationState, problem: str
) -> None:
    """Missing, expired, about to expire, old, failing, or with an alarm."""
    with store.begin() as uow:
        uow.entities.put_state("haka", state)

    line = outcome("federation haka")
    assert line.startswith("FAIL")
    assert problem in line


def test_one_failed_look_is_no_problem_yet(working: Path, store: SqlStore) -> None:
    """A copy that is good for days waits for the next look."""
    with store.begin() as uow:
        uow.entities.put_state("haka", fetched(failures=2, problem="http"))

    assert outcome("federation haka").startswith("ok")


@pytest.mark.parametrize(
    ("change", "check", "problem"),
    [
        (lambda f: (f / "haka.pem").unlink(), "federation haka", "haka.pem cannot be read"),
        (lambda f: (f / "haka.pem").write_text("x"), "federation haka", "no certificate in PEM"),
        (
            lambda f: write_key(f, "haka", rsa.generate_private_key(65537, 1024)),
            "federation haka",
            "a pinned key is neither",
        ),
        (lambda f: (f / "saml.key").unlink(), "service provider example", "saml.key cannot"),
        (
            lambda f: write_key(f, "old", rsa.generate_private_key(65537, 2048)),
            "service provider example",
            "does not fit the certificate",
        ),
        (
            lambda f: write_key(f, "saml", rsa.generate_private_key(65537, 1024)),
            "service provider example",
            "RSA needs 2048",
        ),
        (
            lambda f: write_key(f, "saml", ec.generate_private_key(ec.SECP256R1())),
            "service provider example",
            "only an RSA key can decrypt",
        ),
    ],
)
def test_check_config_tries_the_keys(
    working: Path, change: Callable[[Path], object], check: str, problem: str
) -> None:
    """What is missing, unreadable, too short, or not a pair, is told with its reference."""
    change(working)

    line = outcome(check)
    assert line.startswith("FAIL")
    assert problem in line
    assert "BEGIN" not in line


def test_check_config_counts_whom_a_login_lets_in(working: Path, store: SqlStore) -> None:
    """A filter that fits nobody, a federation that is off, or no service provider, is no login."""

    def login(settings: str) -> str:
        text = WHOLE.replace('federations = ["haka"]', f'federations = ["haka"]\n{settings}')
        assert 0 == apply(working, text).exit_code
        return outcome("login method example-haka")

    one = entity("A").entity_id
    assert "the provider offers no SAML 2.0 login" in login(f'providers = ["{one}"]')
    with store.begin() as uow:
        until = datetime.now(UTC) + timedelta(days=7)
        uow.entities.put(entity("A", descriptor=descriptor(one), valid_until=until))
    assert login(f'providers = ["{one}"]').endswith("saml, 1 identity provider")
    assert "no federation vouches for the provider now" in login('providers = ["urn:nobody"]')
    assert "no identity provider of its federations fits" in login('categories = ["urn:none"]')
    login("")
    with store.begin() as uow:
        (found,) = uow.config.federations()
        uow.config.put_federation(dataclasses.replace(found, enabled=False))
    assert "FAIL" == outcome("login method example-haka")[:4]
    assert "'haka' is not switched on" in outcome("login method example-haka")
    with store.begin() as uow:
        uow.config.put_federation(dataclasses.replace(found, kind=MetadataKind.MDQ))
        uow.entities.replace("haka", [])
    assert outcome("login method example-haka").endswith("saml, providers by query")
    assert outcome("federation haka").startswith("ok    federation haka: a query server")

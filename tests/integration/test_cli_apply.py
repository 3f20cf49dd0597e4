"""The commands apply and check-config."""

from __future__ import annotations

import base64
import json
import logging
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import databases
from emrex_gateway import settings
from emrex_gateway.cli import main
from emrex_gateway.domain import (
    Accessibility,
    Conformance,
    LearnerDetail,
    PersonIdentifierType,
    ReleaseRule,
    texts,
)
from emrex_gateway.errors import AdapterUnavailable
from emrex_gateway.secrets import resolve_secret
from emrex_gateway.store import DEMO_KEY, SqlStore, open_store
from fake_plugins import FAKE, install
from hostile_provider import serving
from redis_server import RedisServer

FILE = """
[[institutions]]
slug = "example"
names = { en = "Example University", fi = "Esimerkkiyliopisto" }
country = "FI"
domain = "example.edu"
url = "https://www.example.edu/"
codes = { erasmus = "SF EXAMPLE01" }
support = "mailto:support@example.edu"
released = ["esi", "local"]
details = ["gender"]
restricted_hosts = ["Client.example.net"]

[[access_points]]
slug = "example"
institution = "example"
key = "file:FOLDER/key.pem"
certificate = "file:FOLDER/certificate.pem"

[[adapters]]
id = "example-fake"
institution = "example"
adapter = "fake"
[adapters.settings]
url = "https://records.example.org"
password = "env:FAKE_PASSWORD"

[[login_methods]]
id = "example-host"
institution = "example"
kind = "host"
names = { en = "Example login" }

[[known_clients]]
name = "Client University"
url = "https://client.example.net/"
country = "NO"
"""


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
    """A folder with settings in the environment, a payload key, and the fake plugin installed."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    install(site, "emrex-fake")
    FAKE.__init__()  # type: ignore[misc]  # one object a process, as real plugins are
    (tmp_path / "payload").write_text(base64.b64encode(b"p" * 32).decode())
    monkeypatch.setenv("EMREX_PUBLIC_URL", "https://emrex.example.org/emrex")
    monkeypatch.setenv("EMREX_DATABASE_URL", databases.empty_database(tmp_path))
    monkeypatch.setenv("EMREX_PAYLOAD_KEYS", f"file:{tmp_path / 'payload'}")
    monkeypatch.setenv("EMREX_REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("FAKE_PASSWORD", "hunter2")
    (tmp_path / "institutions.toml").write_text(FILE.replace("FOLDER", str(tmp_path)), "utf-8")
    return tmp_path


def run(*arguments: object) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, [str(one) for one in arguments])


def apply(folder: Path, text: str | None = None, *options: str) -> Result:
    """Apply the file, or another text."""
    file = folder / "institutions.toml"
    if text is not None:
        file.write_text(text.replace("FOLDER", str(folder)), "utf-8")
    return run("apply", file, *options)


@pytest.fixture
def store(folder: Path) -> Iterator[SqlStore]:
    """The store that the command writes to."""
    made = open_store(settings.load(), resolve_secret, lambda: datetime.now(UTC))
    yield made
    made.close()


def test_apply_writes_what_the_file_says(folder: Path, store: SqlStore) -> None:
    """Tables are made, rows written, each is told, and the adapter was asked first."""
    result = apply(folder)

    assert 0 == result.exit_code, result.output
    expected = [
        "+ institution example",
        "+ access point example",
        "+ adapter example-fake",
        "+ login method example-host",
        "~ known clients: 1",
    ]
    assert expected == result.output.splitlines()
    assert (["ping"], "hunter2") == (FAKE.asked, FAKE.opened[0].password)
    with store.read() as uow:
        institution = uow.config.institution("example")
        assert texts(en="Example University", fi="Esimerkkiyliopisto") == institution.names
        kind = PersonIdentifierType
        assert (
            ReleaseRule(
                released=frozenset({kind.ESI, kind.LOCAL}),
                restricted=frozenset({kind.NATIONAL}),
                restricted_hosts=frozenset({"client.example.net"}),
                details=frozenset({LearnerDetail.GENDER}),
            )
            == institution.release
        )
        (binding,) = uow.config.bindings("example")
        assert "env:FAKE_PASSWORD" == binding.settings["password"]
        assert ["host"] == [method.kind for method in uow.config.login_methods("example")]
        assert ["Client University"] == [one.name for one in uow.config.known_clients()]


def test_applying_again_changes_nothing(folder: Path) -> None:
    """The command is idempotent, and says which fields changed when one did; not their values."""
    apply(folder)

    assert "nothing changed\n" == apply(folder).output
    text = FILE.replace("env:FAKE_PASSWORD", "env:PATH").replace('"FI"', '"NO"')
    assert [
        "~ institution example: country",
        "~ adapter example-fake: settings",
    ] == apply(folder, text).output.splitlines()


def trail() -> list[tuple[str, dict[str, object]]]:
    """The events of the database, oldest first."""
    engine = sa.create_engine(settings.load().database_url)
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT event, facts FROM emrex_audit ORDER BY id")).all()
    engine.dispose()
    return [(row.event, json.loads(row.facts)) for row in rows]


def test_applying_leaves_an_event(folder: Path) -> None:
    """The trail says that the configuration changed, and how much; an idle run leaves nothing."""
    apply(folder)
    apply(folder)

    (only,) = [facts for event, facts in trail() if event == "config.applied"]
    by = f"shell:{os.geteuid()}"
    assert {"by": by, "added": 4, "changed": 1, "disabled": 0} == only


def test_applying_leaves_who_changed_which_setting_from_what_to_what(folder: Path) -> None:
    """Each setting that a file changes is in the trail with its former and its new value."""
    apply(folder)
    done = len(trail())
    apply(folder, FILE.replace('"FI"', '"NO"').replace('["esi", "local"]', '["esi"]'))

    base = {
        "by": f"shell:{os.geteuid()}",
        "kind": "institution",
        "key": "example",
        "institution": "example",
    }
    expected = [
        base | {"field": "country", "before": "FI", "after": "NO"},
        base | {"field": "release.released", "before": "esi, local", "after": "esi"},
    ]
    assert expected == [facts for event, facts in trail()[done:] if event == "setting.changed"]


MORE = """
languages = ["fi", "en"]
address = "Example Street 1"
client = true
colour = "#0b4f9e"
[institutions.privacy]
controller = { en = "Example University" }
contact = "privacy@example.edu"
[institutions.accessibility]
conformance = "full"
authority = { en = "The Agency" }
reviewed = 2026-09-30
"""


def test_what_a_file_leaves_out_stays(folder: Path, store: SqlStore) -> None:
    """A file from before there was a setting does not take away what pages wrote since, keys included."""
    hosts = 'restricted_hosts = ["Client.example.net"]'
    apply(folder, FILE.replace(hosts, hosts + MORE))
    lines = [line for line in FILE.splitlines() if not line.startswith(("key =", "certif"))]

    assert "nothing changed\n" == apply(folder, "\n".join(lines)).output
    with store.read() as uow:
        institution = uow.config.institution("example")
        point = uow.config.access_point("example")
    assert ("fi", "en") == institution.languages
    assert texts(en="Example University") == institution.privacy.controller
    assert institution.client
    assert "#0b4f9e" == institution.colour
    assert institution.accessibility == Accessibility(
        conformance=Conformance.FULL,
        authority=texts(en="The Agency"),
        reviewed=date(2026, 9, 30),
    )
    assert point is not None
    assert f"file:{folder}/key.pem" == point.key


def test_an_access_point_without_a_key_is_not_switched_on(folder: Path) -> None:
    """A file that names no key for a new access point is refused as a whole."""
    lines = [line for line in FILE.splitlines() if not line.startswith(("key =", "certificate ="))]
    result = apply(folder, "\n".join(lines))

    assert 1 == result.exit_code
    assert "access point 'example': key is missing, so it cannot be switched on" in result.output


def test_what_the_file_no_longer_names_is_switched_off(folder: Path, store: SqlStore) -> None:
    """Rows that are gone from the file stop working, but stay: their transfers may be under way."""
    apply(folder)
    without = FILE[: FILE.index("[[access_points]]")]

    assert "~ known clients: 0\n" == apply(folder, without, "--keep").output
    expected = [
        "- access point example: switched off",
        "- adapter example-fake: switched off",
        "- login method example-host: switched off",
    ]
    assert expected == apply(folder, without).output.splitlines()
    assert "nothing changed\n" == apply(folder, without).output
    with store.read() as uow:
        point = uow.config.access_point("example")
        assert point is not None
        assert not point.enabled


def test_a_failing_ping_changes_nothing(folder: Path, store: SqlStore) -> None:
    """An adapter whose system does not answer is not switched on, and nothing else is either."""
    FAKE.answers = [AdapterUnavailable("the system is busy")]
    result = apply(folder)

    assert 1 == result.exit_code
    assert "'example-fake' does not answer, so nothing was changed: the system is busy" in (
        result.output
    )
    with store.read() as uow:
        assert () == uow.config.institutions()

    assert 0 == apply(folder, None, "--no-ping").exit_code
    off = FILE.replace('adapter = "fake"', 'adapter = "fake"\nenabled = false')
    FAKE.asked.clear()
    assert 0 == apply(folder, off).exit_code
    assert [] == FAKE.asked


def test_an_access_point_does_not_change_hands(folder: Path, store: SqlStore) -> None:
    """An address that registries list stays with its institution; the whole file is refused."""
    apply(folder)
    second = FILE.replace('slug = "example"\nnames', 'slug = "other"\nnames').replace(
        'institution = "example"', 'institution = "other"'
    )
    result = apply(folder, second)

    assert 1 == result.exit_code
    assert "belongs to 'example'" in result.output
    with store.read() as uow:
        assert ["example"] == [one.slug for one in uow.config.institutions()]


def test_check_touches_nothing(folder: Path) -> None:
    """``--check`` needs neither database nor systems."""
    result = apply(folder, None, "--check")

    assert 0 == result.exit_code
    assert "nothing wrong" in result.output
    assert databases.is_empty(os.environ["EMREX_DATABASE_URL"])
    assert [] == FAKE.opened


WRONG = {
    "not TOML": ("[[institutions]]", "[[institutions", "institutions.toml"),
    "an unknown table": ("[[known_clients]]", "[[clients]]", "unknown field `clients`"),
    "an unknown key": ("country", "contry", "unknown field `contry`"),
    "a wrong type": ('country = "FI"', "country = 7", "Expected `str`"),
    "a missing key": ('domain = "example.edu"', "", "missing required field `domain`"),
    "an unknown institution": ('institution = "example"', 'institution = "nobody"', "'nobody'"),
    "a country": ('"FI"', '"Finland"', "country 'Finland'"),
    "a slug": ('slug = "example"', 'slug = "Ex/ample"', "slug 'Ex/ample'"),
    "an address of a page": (
        '[[access_points]]\nslug = "example"',
        '[[access_points]]\nslug = "health"',
        "taken by pages",
    ),
    "a detail": ('["gender"]', '["shoe size"]', "shoe size"),
    "an address": ('url = "https://www', 'url = "javascript://www', "url is not"),
    "a client's address": ("https://client", "http://client", "url is not"),
    "an address with credentials": ("https://client", "https://a:b@client", "url is not"),
    "a host": ("Client.example.net", "client example", "host 'client example'"),
    "names": ('{ en = "Example login" }', "{}", "names must hold"),
    "a language": ('{ en = "Example login" }', '{ English = "x" }', "language 'English'"),
    "an identifier type": ('"local"]', '"shoe"]', "shoe"),
    "a national identifier for all": ('"local"]', '"nationalIdentifier"]', "only be restricted"),
    "a written-out key": ("file:FOLDER/key.pem", "-----BEGIN", "key must be a reference"),
    "an adapter": ('adapter = "fake"', 'adapter = "nothing"', "'nothing' is not installed"),
    "an adapter's setting": ("password =", "pasword =", "unknown settings of fake: pasword"),
    "a written-out secret": ("env:FAKE_PASSWORD", "hunter2", "refer to it by env: or file:"),
    "a kind of login": ('kind = "host"', 'kind = "magic"', "kind must be one of"),
    "a version of ELMO": (
        'certificate = "',
        'elmo_version = "3.0"\ncertificate = "',
        "Invalid enum value '3.0'",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_file_is_refused_with_one_line(folder: Path, what: str) -> None:
    """Each mistake is named where it stands, without repeating secrets, and nothing is written."""
    before, after, problem = WRONG[what]
    assert before in FILE
    result = apply(folder, FILE.replace(before, after, 1))

    assert 1 == result.exit_code
    assert problem in result.output
    assert "Traceback" not in result.output
    assert "hunter2" not in result.output
    assert databases.is_empty(os.environ["EMREX_DATABASE_URL"])


def test_two_rows_of_one_name_are_refused(folder: Path) -> None:
    """Which of two would win must not depend on their order."""
    result = apply(folder, FILE + FILE[: FILE.index("[[access_points]]")])

    assert "the institution 'example' stands 2 times" in result.output


# --- check-config --------------------------------------------------------------------------


def outcome(result: Result, name: str) -> str:
    """The line of one check."""
    (line,) = (one for one in result.output.splitlines() if one[6:].startswith(f"{name}:"))
    return line


def make_key(folder: Path) -> None:
    """A key and its certificate where the file says."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=9))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


@pytest.mark.needs("redis")
def test_check_config_passes_a_complete_installation(
    folder: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything in place is exit status 0 and a line each."""
    monkeypatch.setenv("EMREX_REDIS_URL", redis_url)
    make_key(folder)
    apply(folder)
    result = run("check-config", "--signing")

    assert 0 == result.exit_code, result.output
    lines = result.output.splitlines()
    assert all(line.startswith("ok") for line in lines)
    names = [line[6:].partition(":")[0] for line in lines]
    assert [
        *("settings", "payload keys", "redis", "database", "database version", "retention"),
        "maintenance",
        *("adapter example-fake", "login method example-host", "access point example"),
        *("signing key of example", "audit trail"),
    ] == names


def test_check_config_names_what_would_not_work(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each problem is a line, and the exit status is 1."""
    result = run("check-config")

    assert 1 == result.exit_code
    assert outcome(result, "redis").startswith("FAIL  redis: Redis does not answer")
    assert "run emrex-gateway migrate" in outcome(result, "database")

    apply(folder)
    monkeypatch.delenv("FAKE_PASSWORD")
    result = run("check-config", "--signing")
    assert outcome(result, "signing key of example").startswith("FAIL")
    assert "certificate.pem" in outcome(result, "signing key of example")

    monkeypatch.setenv("EMREX_PUBLIK_URL", "x")
    result = run("check-config")
    assert "FAIL  settings: unknown settings: publik_url\n" == result.output


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (DEMO_KEY, "the demonstration's"),
        ("not base64!", "not base64"),
        (base64.b64encode(b"short").decode(), "has 5 bytes, not 32"),
    ],
)
def test_check_config_refuses_unfit_payload_keys(
    folder: Path, monkeypatch: pytest.MonkeyPatch, key: str, problem: str
) -> None:
    """The demonstration's public key, and keys of the wrong size, do not pass in production."""
    (folder / "payload").write_text(key)

    result = run("check-config")
    assert problem in outcome(result, "payload keys")
    assert key not in result.output
    if key == DEMO_KEY:
        monkeypatch.setenv("EMREX_DEMO", "true")
        assert outcome(run("check-config"), "payload keys").startswith("ok")


@pytest.mark.needs("redis")
def test_check_config_refuses_an_open_redis(
    folder: Path, redis_server: RedisServer, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that takes commands from anybody passes in a demonstration only."""
    monkeypatch.setenv("EMREX_REDIS_URL", redis_url)
    with redis_server.client() as client:
        client.config_set("requirepass", "")
        try:
            result = run("check-config")
            monkeypatch.setenv("EMREX_DEMO", "true")
            demo = run("check-config")
        finally:
            client.config_set("requirepass", redis_server.password)

    assert "without a password" in outcome(result, "redis")
    assert outcome(result, "redis").startswith("FAIL")
    assert outcome(demo, "redis").startswith("ok")
    assert redis_server.password not in result.output


OPENID = """
[[login_methods]]
id = "example-oidc"
institution = "example"
kind = "oidc"
names = { en = "Campus account" }
[login_methods.settings]
issuer = "ISSUER"
client_id = "gateway"
client_secret = "env:OIDC_SECRET"
"""


def test_check_config_asks_openid_providers_when_told_to(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A method's secret is always tried; its provider only with ``--providers``."""
    monkeypatch.setenv("EMREX_HTTP_ON_LOOPBACK", "true")
    monkeypatch.setenv("OIDC_SECRET", "hunter2")
    name = "login method example-oidc"
    with serving() as provider:
        apply(folder, FILE + OPENID.replace("ISSUER", provider.issuer))

        assert f"ok    {name}: oidc" == outcome(run("check-config"), name)
        assert [] == provider.seen
        asked = outcome(run("check-config", "--providers"), name)
        assert f"ok    {name}: oidc, the provider answers" == asked
        provider.keys = []
        failed = outcome(run("check-config", "--providers"), name)
        assert f"FAIL  {name}: the provider publishes no key that can sign" == failed
    monkeypatch.delenv("OIDC_SECRET")
    missing = outcome(run("check-config"), name)
    assert missing.startswith(f"FAIL  {name}")
    assert "hunter2" not in missing

"""The commands of login methods, federations, service providers and known clients."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import Encoding

import databases
from emrex_gateway import settings
from emrex_gateway.cli import main
from emrex_gateway.domain import FederationState, Institution, texts
from emrex_gateway.secrets import resolve_secret
from emrex_gateway.store import SqlStore, open_store
from entities import entity
from signing_material import certificate_of, key_pem, private_key

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Commands configure their process's logging; the next test has its own back."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings, an empty database, a key, and two certificates, one of which ends soon."""
    (tmp_path / "payload").write_text(base64.b64encode(b"p" * 32).decode())
    key = private_key("rsa2048")
    (tmp_path / "saml.key").write_bytes(key_pem(key))
    for name, days in (("saml", 400), ("old", 5)):
        made = certificate_of(key, not_after=NOW + timedelta(days=days))
        (tmp_path / f"{name}.pem").write_bytes(made.public_bytes(Encoding.PEM))
    monkeypatch.setenv("EMREX_PUBLIC_URL", "https://emrex.example.org/emrex")
    monkeypatch.setenv("EMREX_DATABASE_URL", databases.new_database(tmp_path))
    monkeypatch.setenv("EMREX_PAYLOAD_KEYS", f"file:{tmp_path / 'payload'}")
    monkeypatch.setenv("EMREX_REDIS_URL", "redis://127.0.0.1:1/0")
    return tmp_path


@pytest.fixture
def store(folder: Path) -> Iterator[SqlStore]:
    """The store that the commands write to, with an institution."""
    made = open_store(settings.load(), resolve_secret, lambda: datetime.now(UTC))
    with made.begin() as uow:
        uow.config.put_institution(
            Institution(
                slug="example",
                names=texts(en="Example University"),
                country="FI",
                domain="example.edu",
                url="https://www.example.edu/",
            )
        )
    yield made
    made.close()


def run(*arguments: object, fails: bool = False) -> Result:
    """Run a command; by itself it must end well."""
    result = CliRunner().invoke(main, [str(one) for one in arguments])
    assert fails == bool(result.exit_code), result.output
    return result


def shown(*command: object) -> Any:
    """What a command prints with ``--json``."""
    return json.loads(run(*command, "--json").output)


def federation(folder: Path, slug: str = "haka") -> None:
    run(
        *("federation", "add", slug, "names.en=Haka", "url=https://haka.example/metadata.xml"),
        f"certificates=file:{folder / 'saml.pem'}",
    )


def provider(folder: Path, *certificates: str) -> None:
    keys = [
        {"key": f"file:{folder / 'saml.key'}", "certificate": f"file:{folder / name}.pem"}
        for name in certificates
    ]
    run("service-provider", "add", "example", f"keys={json.dumps(keys)}", "descriptions.en=Records")


def test_a_federations_method_from_nothing_to_on_and_away(folder: Path, store: SqlStore) -> None:
    """What the pages do, step by step; each refusal says what is missing."""
    method = ("login-method", "add", "example", "example-haka", "saml")
    run(*method, "names.en=Haka", "federations=haka", "attributes.urn:oid:1.2.3=local")
    enable = ("login-method", "enable", "example", "example-haka")
    assert "has no service provider" in run(*enable, fails=True).output
    provider(folder, "saml")
    assert "'haka' is not switched on" in run(*enable, fails=True).output
    federation(folder)
    assert "no identity provider" in run(*enable, fails=True).output
    with store.begin() as uow:
        uow.entities.replace("haka", [entity(valid_until=NOW + timedelta(days=7))])

    assert "on\n" == run(*enable).output
    assert "nothing changed\n" == run(*enable).output
    assert {
        "federations": ["haka"],
        "attributes": {"urn:oid:1.2.3": "local"},
    } == shown("login-method", "show", "example", "example-haka")["settings"]
    (line,) = shown("login-method", "list", "example")
    assert (True, "") == (line["enabled"], line["problem"])
    gone = run("service-provider", "remove", "example", "--yes", fails=True)
    assert "example-haka" in gone.output
    run("federation", "disable", "haka")
    assert "example-haka" in run("federation", "remove", "haka", "--yes", fails=True).output
    run("login-method", "disable", "example", "example-haka")
    run("login-method", "remove", "example", "example-haka", "--yes")
    run("service-provider", "remove", "example", "--yes")
    run("federation", "remove", "haka", "--yes")
    with store.read() as uow:
        assert () == uow.config.federations() == uow.config.service_providers()
        assert () == uow.entities.everywhere(entity().entity_id)
    run("federation", "restore", "haka")
    run("service-provider", "restore", "example")
    run("login-method", "restore", "example", "example-haka")
    (line,) = shown("login-method", "list", "example")
    assert not line["enabled"]


def test_settings_go_in_as_they_come_out(folder: Path, store: SqlStore) -> None:
    """Every line that ``show`` prints is one that ``set`` takes, and changes nothing."""
    run(
        *("login-method", "add", "example", "example-oidc", "oidc", "names.en=Campus"),
        *("issuer=https://op.example", "client_id=emrex", "client_secret=env:X"),
        *("claims.student_no=local", "scopes=openid\nemail", "userinfo=no", "max_age=60"),
        'home_organizations=["example.edu"]',
    )
    lines = run("login-method", "show", "example", "example-oidc").output.splitlines()
    own = ("id=", "institution=", "kind=", "enabled=")
    again = [line for line in lines if not line.startswith(own)]

    assert 'scopes=["openid", "email"]' in again
    changed = run("login-method", "set", "example", "example-oidc", *again)
    assert "nothing changed\n" == changed.output
    run("login-method", "set", "example", "example-oidc", "max_age=", "prompt=login")
    now = shown("login-method", "show", "example", "example-oidc")["settings"]
    assert "max_age" not in now
    assert "login" == now["prompt"]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("issuer=ftp://x", "the setting issuer must be an https address"),
        ("client_secret=s3cret", "must be a reference"),
        ("userinfo=perhaps", "userinfo: write yes or no"),
        ("colour=red", "there is no setting 'colour'"),
        ("parameters=x", "write it as JSON, or by parts"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line(
    folder: Path, store: SqlStore, said: str, why: str
) -> None:
    """The line names the setting, never a secret that was written where a reference belongs."""
    good = ("issuer=https://op.example", "client_id=emrex", "client_secret=env:X")
    command = ("login-method", "add", "example", "a", "oidc", "names.en=A", *good, said)
    result = run(*command, fails=True)

    assert why in result.output
    assert "s3cret" not in result.output
    assert 1 == len(result.output.splitlines())


def test_a_provider_that_does_not_answer_is_not_switched_on(folder: Path, store: SqlStore) -> None:
    """A shell can wait: the command asks by itself, and the row says how it ended."""
    good = ("issuer=https://op.invalid", "client_id=emrex", f"client_secret=file:{folder}/payload")
    run("login-method", "add", "example", "a", "oidc", "names.en=A", *good)

    refused = run("login-method", "enable", "example", "a", fails=True)
    assert "a was not switched on: op.invalid" in refused.output
    (line,) = shown("login-method", "list", "example")
    assert "op.invalid" in line["problem"]


def test_a_federation_is_refreshed_by_a_worker_and_its_alarm_taken_back(
    folder: Path, store: SqlStore
) -> None:
    """The row says that a look is due now; the acknowledgement is in the trail."""
    federation(folder)
    later = NOW + timedelta(hours=3)
    with store.begin() as uow:
        state = FederationState(checked_at=NOW, next_at=later, alarm="entities-lost")
        uow.entities.put_state("haka", state)

    assert "ALARM entities-lost" in run("federation", "list").output
    run("federation", "refresh", "haka")
    assert "acknowledged\n" == run("federation", "acknowledge", "haka").output
    assert "there is no alarm\n" == run("federation", "acknowledge", "haka").output
    with store.read() as uow:
        state = uow.entities.state("haka")
    assert "" == state.alarm
    assert state.next_at is not None
    assert state.next_at < later


def test_a_service_providers_certificates_are_told_before_they_end(
    folder: Path, store: SqlStore
) -> None:
    """Levels as on the page; one that ends within 30 days makes status 1, for a monitoring job."""
    provider(folder, "saml")
    assert ["fine"] == [one["level"] for one in shown("service-provider", "certificates")]
    run("service-provider", "remove", "example", "--yes")
    provider(folder, "saml", "old")

    result = run("service-provider", "certificates", "--json", fails=True)
    assert ["fine", "7-days"] == [one["level"] for one in json.loads(result.output)]


def test_known_clients_in_their_order(folder: Path, store: SqlStore) -> None:
    """Added at the end, moved, changed, removed and put back."""
    for name in ("a", "b"):
        url = f"https://{name}.example/"
        run("known-client", "add", url, "--name", name.upper(), "--country", "NO")
    run("known-client", "move", "https://b.example/", "up")
    run("known-client", "set", "https://a.example/", "--country", "SE")
    run("known-client", "remove", "https://b.example/", "--yes")
    run("known-client", "restore", "https://b.example/")

    assert [
        {"name": "A", "url": "https://a.example/", "country": "SE"},
        {"name": "B", "url": "https://b.example/", "country": "NO"},
    ] == shown("known-client", "list")
    twice = ("known-client", "add", "https://a.example/", "--name", "X", "--country", "NO")
    assert "already" in run(*twice, fails=True).output

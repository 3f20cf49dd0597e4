"""``emrex-gateway registry``, and what ``check-config`` says of lists and providers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import stores
from emrex_gateway.cli import main
from emrex_gateway.domain import RegistrySource, provider_key
from emrex_gateway.store import SqlStore
from metadata_server import MetadataServer, serving
from registry_lists import country, emp, emreg
from signing_material import certificate

URL, OTHER = "https://emp.example/emp", "https://other.example/emp"
KEY = provider_key(URL)
Run = Callable[..., Result]


@pytest.fixture
def server() -> Iterator[MetadataServer]:
    """EMREG's server, with one provider."""
    with serving() as running:
        running.files["/list"] = emreg(
            emp(URL, certificate("rsa2048"), name="Example\tpoint"),
            countries=[country("FI", single="true")],
        )
        yield running


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    """A store with an institution that receives records."""
    made = stores.new_store(database_url, lambda: datetime.now(UTC))
    with made.begin() as uow:
        uow.config.put_institution(stores.institution(client=True))
    yield made
    made.close()


@pytest.fixture
def run(
    store: SqlStore, server: MetadataServer, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Run a command on the store."""
    for name, value in {
        "PUBLIC_URL": "https://emrex.example.org",
        "DATABASE_URL": database_url,
        "PAYLOAD_KEYS": "env:FIRST",
        "HTTP_ON_LOOPBACK": "true",
        "EMREG_URL": f"{server.url}/list",
    }.items():
        monkeypatch.setenv(f"EMREX_{name}", value)
    monkeypatch.setenv("FIRST", stores.KEYS["env:FIRST"])

    def call(*arguments: str, **options: Any) -> Result:
        return CliRunner().invoke(main, arguments, catch_exceptions=False, **options)

    return call


def test_refresh_takes_the_lists_that_the_settings_name(run: Run) -> None:
    """Here and now; a second time there is nothing new."""
    first, second = run("registry", "refresh"), run("registry", "refresh", "emreg")

    assert (0, 0) == (first.exit_code, second.exit_code)
    assert (
        "emreg: taken, 1 providers: 1 new, 0 changed, 0 gone; certificates: 1 new, 0 gone\n"
        == first.stdout
    )
    assert "emreg: unchanged, 1 providers\n" == second.stdout


def test_refresh_ends_with_status_1_when_a_list_cannot_be_taken(
    run: Run, server: MetadataServer
) -> None:
    """For cron. A list that the settings do not name is an error of the command."""
    run("registry", "refresh")
    server.files["/list"] = emreg()

    failed, unknown = run("registry", "refresh"), run("registry", "refresh", "ewp")

    assert (1, 1) == (failed.exit_code, unknown.exit_code)
    assert "emreg: FAILED (emptied); the last good copy stays\n" == failed.stdout
    assert "Error: the settings name no list ewp" in unknown.output
    assert 0 == run("registry", "refresh", "--take-empty").exit_code


def test_list_tells_age_and_providers(run: Run) -> None:
    """A line each, without control characters; as JSON for scripts."""
    assert "emreg: never fetched\newp: not used\n" == run("registry", "list").stdout
    run("registry", "refresh")

    lines = run("registry", "list").stdout.splitlines()
    found = json.loads(run("registry", "list", "--json").stdout)

    assert [
        "emreg: 1 providers, confirmed 0 minutes ago",
        "ewp: not used",
        f"{KEY}\tFI\tExample point\tsingle-fetch\t{URL}",
    ] == lines
    assert [("emreg", 1), ("ewp", 0)] == [(one["list"], one["providers"]) for one in found["lists"]]
    assert [(KEY, True, [])] == [
        (one["key"], one["single_fetch"], one["flags"]) for one in found["providers"]
    ]


def test_rules_are_set_listed_and_taken_back(run: Run) -> None:
    """By the provider's key or address; the list of an institution shows them."""
    run("registry", "refresh")

    assert "changed\n" == run("registry", "rule", "set", "example", KEY, "--hidden").stdout
    assert "changed\n" == run("registry", "rule", "set", "example", f"{URL}/", "--weak").stdout
    assert "nothing changed\n" == run("registry", "rule", "set", "example", KEY, "--weak").stdout
    assert f"{KEY}\thidden weak\n" == run("registry", "rule", "list", "example").stdout
    assert "hidden weak single-fetch" in run("registry", "list", "--institution", "example").stdout
    run("registry", "rule", "set", "example", KEY, "--shown", "--strict")
    assert "" == run("registry", "rule", "list", "example").stdout
    for wrong in (["example", KEY], ["example", OTHER, "--weak"], ["nobody", KEY, "--weak"]):
        assert 0 != run("registry", "rule", "set", *wrong).exit_code


def test_a_provider_is_added_removed_and_restored(run: Run, tmp_path: Path) -> None:
    """With its certificates from a file."""
    pem = tmp_path / "emp.pem"
    pem.write_bytes(certificate("p256"))
    said = (f"url={OTHER}", "names.en=Other", "country=se", "single_fetch=yes")
    add = ("registry", "rule", "add", "example", *said)
    key = provider_key(OTHER)

    assert 1 == run(*add).exit_code
    assert f"added {key}\n" == run(*add, "--certificates", str(pem)).stdout
    assert "already" in run(*add, "--certificates", str(pem)).output
    assert f"{key}\tadded\t{OTHER}\n" == run("registry", "rule", "list", "example").stdout
    assert "removed\n" == run("registry", "rule", "remove", "example", OTHER, "--yes").stdout
    assert [] == json.loads(run("registry", "rule", "list", "example", "--json").stdout)
    assert "restored\n" == run("registry", "rule", "restore", "example", OTHER).stdout
    (rule,) = json.loads(run("registry", "rule", "list", "example", "--json").stdout)
    assert {"provider": key, "hidden": False, "weak": False, "added": OTHER} == rule


def test_check_config_says_when_students_could_be_sent_nowhere(run: Run, store: SqlStore) -> None:
    """A list that never came, then one that did; then one that is old."""
    before = run("check-config").stdout
    run("registry", "refresh")
    after = run("check-config").stdout

    assert "FAIL  list emreg: it was never fetched" in before
    assert "FAIL  providers for example: its students can be sent nowhere" in before
    assert "ok    list emreg: 1 providers, confirmed 0 minutes ago" in after
    assert "ok    providers for example: 1 in 1 countries, 0 to look at" in after
    with store.begin() as uow:
        state = uow.providers.state(RegistrySource.EMREG)
        old = datetime(2020, 1, 1, tzinfo=UTC)
        uow.providers.put_state(replace(state, confirmed_at=old, problem="timeout", failures=9))
    assert "hours old: timeout" in run("check-config").stdout

"""The commands ``key`` and ``join``: everything that the pages do, from a shell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from admin_world import AdminWorld
from emrex_gateway import bootstrap
from emrex_gateway.cli import main
from emrex_gateway.domain import KeyState, Privacy, texts
from gateway_world import working
from key_authority import authority, certify, make_key_world, row, work


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AdminWorld:
    """A world whose services the commands get; workers are the test's."""
    made = make_key_world(tmp_path)
    monkeypatch.setenv("EMREX_PUBLIC_URL", made.services.settings.public_url)
    monkeypatch.setattr(bootstrap, "services", lambda settings: made.services)
    return made


@pytest.fixture
def workers(world: AdminWorld) -> Iterator[None]:
    def everything() -> None:
        work(world)
        world.work()

    with working(everything):
        yield


def run(*arguments: str, status: int = 0, stdin: Any = None) -> Result:
    done = CliRunner().invoke(main, list(arguments), input=stdin)
    assert status == done.exit_code, done.output
    return done


@pytest.mark.usefixtures("workers")
def test_a_key_is_changed_from_the_shell(world: AdminWorld, tmp_path: Path) -> None:
    """Adopt, order and wait, take the request, install, publish, activate, retire, destroy."""
    former = run("key", "adopt", "campus", "--wait", "30").output.split("\t")[0]
    ordered = run("key", "order", "campus", "--kind", "ec", "--wait", "30").output
    key, state = ordered.strip().split("\t")
    assert "made" == state
    run("key", "csr", key, "--out", str(tmp_path / "request.pem"))
    assert "BEGIN CERTIFICATE REQUEST" in (tmp_path / "request.pem").read_text()
    public = row(world, key).public_key
    expired = run("key", "install", key, "-", stdin=certify(public, since=9, days=-1), status=1)
    assert "the certificate has expired" in expired.output
    (tmp_path / "certificate.pem").write_bytes(certify(public) + authority())
    assert "valid until" in run("key", "install", key[:8], str(tmp_path / "certificate.pem")).output
    assert "should know it from" in run("key", "publish", key).output
    assert "clients may not know" in run("key", "activate", key, status=1).output
    assert "active" in run("key", "activate", key, "--early").output
    assert "signs with this key" in run("key", "retire", key, status=1).output
    run("key", "retire", former)
    assert "not made here" in run("key", "destroy", former, "--yes", status=1).output

    listed = {one["id"]: one for one in json.loads(run("key", "list", "--json").output)}
    assert {former: "retired", key: "active"} == {i: o["state"] for i, o in listed.items()}
    assert f"{key}\tcampus\tactive\tec\t" in run("key", "list", "campus").output
    assert "" == run("key", "expiring").output
    assert json.loads(run("key", "expiring", "--days", "400", "--json", status=1).output)
    assert {"shell"} == {
        one["by"].split(":")[0] for one in world.trail("setting.added") if one["key"] == key
    }
    assert "no key begins" in run("key", "csr", "zzzz", status=1).output

    given_up = run("key", "order", "campus", "--kind", "ec", "--wait", "30").output.split("\t")[0]
    run("key", "destroy", given_up, status=1, stdin="n\n")
    assert "destroyed" in run("key", "destroy", given_up, "--wait", "30", stdin="y\n").output
    assert KeyState.DESTROYED is row(world, given_up).state


def test_waiting_ends_when_no_worker_comes(world: AdminWorld) -> None:
    """The order stands all the same."""
    done = run("key", "order", "campus", "--kind", "ec", "--wait", "1", status=1)
    assert "no signing worker has done it yet; the order stands" in done.output
    with world.services.store.read() as uow:
        assert [KeyState.ORDERED] == [one.state for one in uow.keys.of("campus")]


@pytest.mark.usefixtures("workers")
def test_joining_from_the_shell(world: AdminWorld, tmp_path: Path) -> None:
    """The checklist's status, the entries, their public address; refused while something is missing."""
    listed = run("join", "check", "campus", status=1).output
    assert "MISSING There is no privacy notice" in listed
    assert "is not written while this is missing" in run("join", "emreg", "campus", status=1).output
    run("join", "publish", "campus", status=1)
    key = run("key", "order", "campus", "--kind", "ec", "--wait", "30").output.split("\t")[0]
    run("key", "install", key, "-", stdin=certify(row(world, key).public_key))
    run("key", "activate", key, "--early")
    run("join", "contact", "campus", "--email", "nobody", status=1)
    run("join", "contact", "campus", "--email", "emrex@campus.example", "--acronym", "CU")
    with world.services.store.begin() as uow:
        told = Privacy(controller=texts(en="Campus University"), notice=texts(en="We send it."))
        uow.config.put_institution(replace(uow.config.institution("campus"), privacy=told))

    assert (
        "address: https://gateway.example/emrex/campus/emp" in run("join", "check", "campus").output
    )
    states = {
        one["code"]: one["state"]
        for one in json.loads(run("join", "check", "campus", "--json").output)
    }
    assert {"ok", "advice"} == set(states.values())
    assert "CU" == json.loads(run("join", "emreg", "campus").output)["emps"][0]["acronym"]
    run("join", "manifest", "campus", "--out", str(tmp_path / "entry.xml"))
    assert b"emrex-data-access-point" in (tmp_path / "entry.xml").read_bytes()
    assert "/emrex/campus/ewp-manifest-entry.xml" in run("join", "publish", "campus").output
    assert "served no more" in run("join", "withdraw", "campus").output


@pytest.mark.usefixtures("workers")
def test_the_self_test_from_the_shell_goes_through_the_workers(world: AdminWorld) -> None:
    """A test student's identifier in the place of the login; what comes back is verified."""
    done = run("join", "self-test", "campus", "--no-http", "--identifier", "esi=urn:test")
    assert "ok    the signature verifies: rsa-sha256" in done.output
    assert "1 reports, 5 records, 1 attachments" in done.output
    assert "Mallikas" not in done.output
    with world.services.store.read() as uow:
        kept = uow.keys.last_self_test("campus")
    assert kept is not None
    assert kept.account.startswith("shell:")

    world.source.records = ()
    none = run("join", "self-test", "campus", "--no-http", "--identifier", "esi=x", status=1)
    assert "there are no records of this person" in none.output
    assert 2 == run("join", "self-test", "campus", "--identifier", "esi", status=2).exit_code


def test_the_self_test_knocks_over_http_first(world: AdminWorld) -> None:
    """A server that is not there is told; nothing else is tried then."""
    done = run("join", "self-test", "campus", status=1)
    assert "https://gateway.example/emrex cannot be reached" in done.output

"""``emrex-gateway admin``: accounts and role rules from a shell."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import databases
from emrex_gateway import bootstrap
from emrex_gateway.cli import main
from emrex_gateway.domain import Institution, LoginMethod, texts
from emrex_gateway.settings import load

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    return _runner(databases.new_database(tmp_path), monkeypatch)


def _runner(database: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("EMREX_PUBLIC_URL", "https://gateway.example/emrex")
    monkeypatch.setenv("EMREX_DATABASE_URL", database)
    monkeypatch.setenv("EMREX_PAYLOAD_KEYS", "env:TEST_PAYLOAD_KEY")
    monkeypatch.setenv("TEST_PAYLOAD_KEY", base64.b64encode(b"k" * 32).decode())

    def call(*arguments: str, fails: bool = False) -> Result:
        result = CliRunner().invoke(main, ["admin", *arguments])
        assert (1 if fails else 0) == result.exit_code, result.output
        return result

    return call


def _configure() -> None:
    with bootstrap.services(load()).store.begin() as uow:
        uow.config.put_institution(
            Institution(
                slug="campus",
                names=texts(en="Campus"),
                country="FI",
                domain="campus.example",
                url="https://campus.example/",
            )
        )
        uow.config.put_login_method(
            LoginMethod(
                id="staff",
                institution="campus",
                kind="oidc",
                names=texts(en="Staff"),
                settings={},
                for_administrators=True,
            )
        )


def test_the_first_command_of_an_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It makes the tables, and prints a one-time password and where to use it."""
    run = _runner(databases.empty_database(tmp_path), monkeypatch)
    output = run("create", "maija", "--role", "operator").output

    assert re.search(r"one-time password: ([a-z2-9]{5}-){3}[a-z2-9]{5}\n", output)
    assert "https://gateway.example/emrex/admin/login/first" in output
    assert re.search(r"local\tinvited\tmaija\toperator\tnever\n", run("list").output)


def test_accounts_from_creation_to_removal(run: Run) -> None:
    """Roles are given and taken, the account switched off and on, reset, and removed."""
    run("create", "maija", "--role", "operator")
    _configure()
    first = run("create", "pekka", "--role", "support", "--institution", "campus").output
    assert "auditor support@campus" in run("grant", "pekka", "--role", "auditor").output
    taken = run("revoke", "Pekka", "--role", "support", "--institution", "campus")
    assert "Pekka: auditor\n" == taken.output
    run("disable", "pekka")
    (found,) = [one for one in json.loads(run("list", "--json").output) if one["name"] == "pekka"]
    assert (False, False, ["auditor"]) == (found["enabled"], found["ready"], found["roles"])
    run("enable", found["id"])
    second = run("reset", "pekka").output
    assert second != first
    run("remove", "pekka")
    assert "no account of that name" in run("enable", "pekka", fails=True).output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("create", "x", "--role", "support", "--institution", "nowhere"), "no institution"),
        (("create", "x", "--role", "operator", "--institution", "campus"), "everywhere"),
        (("create", "MAIJA", "--role", "support"), "of that name already"),
        (("grant", "nobody", "--role", "support"), "no account"),
    ],
    ids=["institution", "operator of one", "taken", "unknown"],
)
def test_what_cannot_be_is_said(run: Run, arguments: tuple[str, ...], message: str) -> None:
    """One line that says what is wrong."""
    run("create", "maija", "--role", "operator")
    _configure()

    assert message in run(*arguments, fails=True).output


def test_role_rules(run: Run) -> None:
    """Added, listed, switched and removed; the last way in for an operator only when told so."""
    run("create", "maija", "--role", "operator")
    _configure()
    rule = ("--method", "staff", "--kind", "group", "--value", "EMREX Admins", "--role", "operator")
    id_ = run("rules", "add", *rule).output.strip()
    assert f"{id_}\ton\tstaff\tgroup\tEMREX Admins\toperator\n" == run("rules", "list").output

    assert "last operator" in run("rules", "disable", id_, fails=True).output
    run("rules", "disable", id_, "--even-last")
    run("rules", "enable", id_)
    assert json.loads(run("rules", "list", "--json").output)[0]["enabled"]
    run("rules", "remove", id_, "--even-last")
    assert "" == run("rules", "list").output


def test_a_rule_needs_a_method_for_administrators(run: Run) -> None:
    """A student's login must not make an administrator of anybody."""
    run("create", "maija", "--role", "operator")
    _configure()

    output = run(
        *("rules", "add", "--method", "unknown", "--kind", "group"),
        *("--value", "x", "--role", "support"),
        fails=True,
    ).output

    assert "for administrators" in output

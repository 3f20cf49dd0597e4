"""Support's and privacy's commands, over the same use cases as the pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from emrex_gateway import bootstrap
from emrex_gateway.cli import main
from emrex_gateway.errors import AdapterUnavailable
from gateway_world import STUDENT, World, make_world


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A gateway whose services the commands get."""
    made = make_world(tmp_path)
    monkeypatch.setattr(bootstrap, "services", lambda settings: made.services)
    monkeypatch.setenv("EMREX_PUBLIC_URL", made.services.settings.public_url)
    monkeypatch.delenv("EMREX_SETTINGS", raising=False)
    return made


def run(*arguments: str, typed: str = "") -> Result:
    """Run a command."""
    return CliRunner().invoke(main, list(arguments), input=typed)


def test_transfers_are_listed_and_filtered(world: World) -> None:
    """A line each, or JSON; filters are those of the page."""
    world.browser().to_reply()
    world.clock.forward(seconds=1)  # of two that began at once, either comes first
    world.source.student = AdapterUnavailable("down")
    world.browser().to_selection()

    rows = [json.loads(line) for line in run("transfer", "list", "--json").output.splitlines()]
    failed = run("transfer", "list", "--outcome", "error", "--error", "AdapterUnavailable").output

    assert [("error", None), ("ok", 5)] == [(row["outcome"], row["records"]) for row in rows]
    assert 1 == len(failed.splitlines())
    assert rows[0]["reference"] in failed
    assert "" == run("transfer", "list", "--client", "other.example").output
    assert 2 == len(run("transfer", "list", "--institution", "campus").output.splitlines())


def test_a_transfer_is_explained_and_helped(world: World) -> None:
    """Show says what went wrong; retry, cancel and purge do the pages' work, once."""
    world.source.student = AdapterUnavailable("down")
    student = world.browser().to_selection()
    with world.services.store.read() as uow:
        reference = uow.transfers.get(student.transfer_id).reference

    shown = run("transfer", "show", reference.lower())
    assert "what happened: The study administration system did not answer in time" in shown.output
    assert "Fetching the records failed (AdapterUnavailable)." in shown.output

    world.source.student = STUDENT
    assert "being tried again" in run("transfer", "retry", reference).output
    world.work()
    assert student.reload().has("select")
    assert 1 == run("transfer", "purge", reference, typed="n\n").exit_code
    assert "are destroyed" in run("transfer", "purge", reference, "--yes").output
    assert "Nothing was done" in run("transfer", "purge", reference, "--yes").output
    with world.services.store.read() as uow:
        facts = [f for _, name, f in uow.audit.events(student.transfer_id) if "by" in f]
    assert ["shell:"] * 2 == [str(fact["by"])[:6] for fact in facts]


def test_an_unknown_reference_is_said_to_be_so(world: World) -> None:
    """In one line, with an exit code."""
    done = run("transfer", "show", "AAAA-BBBB")

    assert (1, "Error: no transfer has the reference AAAA-BBBB\n") == (done.exit_code, done.output)


def test_retention_and_the_record_are_printed(world: World) -> None:
    """Each kind with its duration; the record as Markdown or JSON."""
    rows = [json.loads(line) for line in run("privacy", "retention", "--json").output.splitlines()]
    assert {"kind": "contents", "setting": "transfer_lifetime", "seconds": 14400} == {
        name: rows[0][name] for name in ("kind", "setting", "seconds")
    }
    assert "transfer_lifetime" in run("privacy", "retention").output
    assert "# Record of processing activities: Campus University" in (
        run("privacy", "record", "campus").output
    )
    assert (
        "campus" == json.loads(run("privacy", "record", "campus", "--json").output)["institution"]
    )
    assert 1 == run("privacy", "record", "nowhere").exit_code

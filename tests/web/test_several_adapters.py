"""Several adapters at one institution, from the student's chair."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import databases
from emrex_gateway.domain import (
    AdapterBinding,
    Institution,
    PersonIdentifier,
    PersonIdentifierType,
    Status,
    Student,
)
from emrex_gateway.errors import AdapterUnavailable, AmbiguousStudent, StudentNotFound
from emrex_gateway.exporting import _gather
from emrex_gateway.factory import create_app
from emrex_gateway.ports import Adapter
from gateway_world import STUDENT, FakeSource, World, make_world, record

Rows = Callable[..., dict[str, FakeSource]]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


@pytest.fixture
def systems(world: World) -> Rows:
    """Gives the institution a fake system for each named binding; keywords are its row's."""

    def make(**rows: dict[str, Any]) -> dict[str, FakeSource]:
        sources = {name: FakeSource() for name in rows}

        @contextmanager
        def open_adapter(institution: Institution, binding: AdapterBinding) -> Iterator[Adapter]:
            yield Adapter(ping=lambda: None, source=sources[binding.id])

        world.services = replace(world.services, open_adapter=open_adapter)
        world.app = create_app(world.services)
        with world.services.store.begin() as uow:
            for row in uow.config.bindings("campus"):
                uow.config.put_binding(replace(row, enabled=False))
            for position, (name, more) in enumerate(rows.items()):
                uow.config.put_binding(
                    AdapterBinding(
                        id=name,
                        institution="campus",
                        adapter=name,
                        settings={},
                        position=position,
                        **more,
                    )
                )
        return sources

    return make


def fetched(world: World) -> dict[str, Any]:
    """The facts of the last fetch in the trail."""
    rows = databases.rows(
        world.services.settings.database_url,
        "SELECT facts FROM emrex_audit WHERE event = 'records.fetched' ORDER BY id DESC",
    )
    found: dict[str, Any] = json.loads(rows[0][0])
    return found


def test_all_are_asked_and_duplicates_are_left_out(world: World, systems: Rows) -> None:
    """Peppi for the present, VIRTA for everything: one list, and the upper one's record counts."""
    found = systems(peppi={}, virta={})
    found["peppi"].records = (record("a", grade="5"),)
    found["virta"].records = (record("7", identifiers=record("a").specification.identifiers),)
    found["virta"].records += (record("old"),)
    browser = world.browser().to_selection()
    assert browser.has("select")
    assert 1 == browser.text.count("Title a")
    assert "Title old" in browser.text
    assert "Title 7" not in browser.text
    facts = fetched(world)
    assert ("peppi+virta", 2, 1, "") == tuple(
        facts[name] for name in ("adapter", "records", "duplicates", "missing")
    )


def test_a_required_one_that_is_down_stops_the_export(world: World, systems: Rows) -> None:
    """Nobody sends half a transcript without knowing; the row names the one that was down."""
    found = systems(peppi={}, virta={})
    found["virta"].student = AdapterUnavailable("down")
    browser = world.browser().to_selection()
    assert not browser.has("select")
    assert browser.has("retry")
    (row,) = databases.rows(
        world.services.settings.database_url, "SELECT adapter, failure FROM emrex_transfer"
    )
    assert ("virta", "AdapterUnavailable") == tuple(row)


def test_without_an_optional_one_the_student_is_told(world: World, systems: Rows) -> None:
    """On the choice and on the preview; the trail names which one it was."""
    found = systems(peppi={}, virta={"required": False})
    found["virta"].student = AdapterUnavailable("down")
    browser = world.browser().to_selection()
    assert browser.has("select")
    assert browser.has("missing")
    assert browser.submit("select", "all").submit("select", "preview").has("missing")
    assert ("peppi", "virta") == (fetched(world)["adapter"], fetched(world)["missing"])


def test_an_optional_one_that_hangs_is_not_waited_for(
    world: World, systems: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its thread goes on by itself; the student goes on with the others' records."""
    monkeypatch.setattr(_gather, "OPTIONAL_SECONDS", 0.05)
    found = systems(peppi={}, virta={"required": False})
    hang = threading.Event()

    class Hanging(FakeSource):
        def find_student(self, identity: Any) -> Student:
            hang.wait(60)
            return super().find_student(identity)

    found["virta"] = Hanging()
    browser = world.browser().to_selection()
    hang.set()
    assert browser.has("missing")


def test_nothing_is_not_said_while_a_system_is_away(world: World, systems: Rows) -> None:
    """No results would be a lie when the one that may have some did not answer."""
    found = systems(peppi={}, virta={"required": False})
    found["peppi"].records = ()
    found["virta"].student = AdapterUnavailable("down")
    assert world.browser().to_selection().has("retry")


@pytest.mark.parametrize("has", [True, False], ids=["something", "nothing"])
def test_a_fallback_is_asked_when_the_others_have_nothing(
    world: World, systems: Rows, has: bool
) -> None:
    """Failed studies alone are nothing to offer."""
    found = systems(peppi={}, virta={"fallback": True})
    found["peppi"].records = (record("a", status=Status.PASSED if has else Status.FAILED),)
    assert world.browser().to_selection().has("select")
    assert (0 if has else 1) == found["virta"].calls


def test_two_people_are_never_joined(world: World, systems: Rows) -> None:
    """Two systems that mean two people by one login stop the export, required or not."""
    found = systems(peppi={}, virta={"required": False})
    other = PersonIdentifier(PersonIdentifierType.NATIONAL, "010190-999X")
    found["virta"].student = replace(STUDENT, identifiers=(other,))
    browser = world.browser().to_selection()
    assert not browser.has("select")
    rows = databases.rows(
        world.services.settings.database_url, "SELECT failure FROM emrex_transfer"
    )
    assert [(AmbiguousStudent.__name__,)] == [tuple(row) for row in rows]


def test_whoever_no_system_knows_has_no_results(world: World, systems: Rows) -> None:
    """Each of them answered, and none has anything."""
    for source in systems(peppi={}, virta={}).values():
        source.student = StudentNotFound("nobody")
    assert world.browser().to_selection().has("reply")

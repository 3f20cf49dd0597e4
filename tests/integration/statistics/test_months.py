"""Months are counted while the transfers are there, closed once, and outlive them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import databases
from emrex_gateway import statistics
from emrex_gateway.domain import (
    Actor,
    AdminRole,
    Direction,
    Grant,
    KnownClient,
    TransferOutcome,
    TransferState,
)
from emrex_gateway.errors import ConfigError, NotAllowed
from emrex_gateway.statistics import Wanted
from stores import access_point, institution, transfer
from trail_world import TrailWorld, make_trail_world

OPERATOR = Actor(account="a", grants=frozenset({Grant(AdminRole.OPERATOR)}))
JANUARY, MARCH = date(2026, 1, 1), date(2026, 3, 1)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[TrailWorld]:
    """A store with two institutions; it is the first of March."""
    made = make_trail_world(tmp_path)
    with made.store.begin() as uow:
        uow.config.put_institution(institution())
        uow.config.put_access_point(access_point())
        uow.config.put_institution(institution(slug="other", country="SE"))
        uow.config.put_access_point(access_point(slug="other", institution="other"))
        uow.config.put_known_clients(
            [KnownClient(name="C", url="https://emc.example.com/", country="NO")]
        )
    yield made
    made.store.close()


def _add(world: TrailWorld, number: int, at: datetime, **more: Any) -> None:
    values: dict[str, Any] = {
        "state": TransferState.EXPIRED,
        "login_method": "fake",
        "outcome": TransferOutcome.OK,
        "records": 4,
        "client_host": "emc.example.com",
        **more,
    }
    with world.store.begin() as uow:
        for n in range(number):
            row = transfer(created_at=at, changed_at=at, **values)
            if row.outcome is not None:
                row = replace(row, finished_at=at + timedelta(seconds=30 + n))
            uow.transfers.add(replace(row, person=row.id))


def _january(day: int = 10) -> datetime:
    return datetime(2026, 1, day, 12, tzinfo=UTC)


def _rows(world: TrailWorld, **more: Any) -> dict[str, tuple[int, int, float | None]]:
    wanted = Wanted(**{"since": JANUARY, "until": MARCH, **more})
    found = statistics.report(world.services, OPERATOR, wanted)
    return {row.name: (row.transfers, row.records, row.median) for row in found.rows}


def test_a_closed_month_outlives_its_transfers(world: TrailWorld) -> None:
    """Counted once while the rows are there; what happens to them later changes nothing."""
    _add(world, 9, _january())
    live = _rows(world)
    closed = statistics.close_due(world.services)
    again = statistics.close_due(world.services)
    with databases.engine(world.url).begin() as connection:
        connection.execute(sa.text("DELETE FROM emrex_transfer"))

    assert {"2026-01": (9, 36, 34.0)} == live
    assert (1, 0) == (closed, again)
    assert live == _rows(world)


def test_the_running_month_is_counted_as_it_is(world: TrailWorld) -> None:
    """What is finished counts, what is under way does not yet, and the page says that it grows."""
    now = world.clock()
    _add(world, 6, now - timedelta(hours=2))
    _add(world, 3, now, outcome=None, state=TransferState.SELECTING)
    report = statistics.report(world.services, OPERATOR, Wanted(since=MARCH, until=MARCH))

    assert (6, MARCH) == (report.total.transfers, report.open_from)
    world.clock.pass_(days=40)
    statistics.close_due(world.services)
    report = statistics.report(world.services, OPERATOR, Wanted(since=MARCH, until=MARCH))
    assert {"": 9} == report.total.outcomes  # the three were abandoned; too few to be told apart
    assert report.open_from is None


def test_a_month_waits_for_its_last_transfer(world: TrailWorld) -> None:
    """It is not closed while one that began on its last day can go on."""
    _add(world, 6, datetime(2026, 2, 28, 23, 59, tzinfo=UTC))
    world.clock.now = datetime(2026, 3, 2, 4, 59, tzinfo=UTC)
    early = statistics.close_due(world.services)
    world.clock.pass_(minutes=2)

    assert (0, 1) == (early, statistics.close_due(world.services))


def test_who_never_logged_in_is_not_counted(world: TrailWorld) -> None:
    """A flood of requests is no statistics."""
    _add(world, 50, _january(), login_method=None, outcome=TransferOutcome.ABANDONED)
    assert 0 == statistics.close_due(world.services)
    _add(world, 5, _january())

    assert {"2026-01": (5, 20, 32.0)} == _rows(world)


def test_a_self_test_is_not_counted(world: TrailWorld) -> None:
    """Transfers to our own built-in client would flatter the numbers."""
    _add(world, 6, _january(), direction=Direction.SELF_TEST)
    assert 0 == statistics.close_due(world.services)
    _add(world, 5, _january())

    assert {"2026-01": (5, 20, 32.0)} == _rows(world)


def test_countries_clients_and_institutions(world: TrailWorld) -> None:
    """Where the records came from, where they went, and who they were, as far as people hide in it."""
    _add(world, 6, _january())
    _add(world, 7, _january(), client_host="x.example.se", access_point="other")
    _add(world, 5, _january(), client_host=None, access_point="other")

    assert {"FI": 6, "SE": 12} == {n: t for n, (t, _, _) in _rows(world, by="country").items()}
    assert {"NO": 6, "SE": 7, "none": 5} == {
        n: t for n, (t, _, _) in _rows(world, by="client_country").items()
    }
    assert {"emc.example.com": 6} == {
        n: t for n, (t, _, _) in _rows(world, by="client_host", institution="example").items()
    }


def test_an_institution_sees_its_own(world: TrailWorld) -> None:
    """Others' cells are not in its sums, and asking for them is refused."""
    _add(world, 6, _january())
    _add(world, 7, _january(), access_point="other")
    theirs = Actor(account="a", grants=frozenset({Grant(AdminRole.AUDITOR, "example")}))
    support = Actor(account="a", grants=frozenset({Grant(AdminRole.SUPPORT)}))

    wanted = Wanted(since=JANUARY, until=MARCH)
    assert 6 == statistics.report(world.services, theirs, wanted).total.transfers
    assert 6 == sum(c.transfers for c, _ in statistics.cells_of(world.services, theirs, wanted))
    with pytest.raises(NotAllowed):
        statistics.report(world.services, theirs, replace(wanted, institution="other"))
    with pytest.raises(NotAllowed):
        statistics.report(world.services, support, wanted)


@pytest.mark.parametrize(
    "values",
    [{"by": "person"}, {"until": date(2025, 1, 1)}, {"until": date(2099, 1, 1)}],
    ids=["by", "backwards", "for ever"],
)
def test_what_cannot_be_counted_is_said(values: dict[str, Any]) -> None:
    """Dimensions are listed, months are bounded."""
    with pytest.raises(ConfigError):
        Wanted(**{"since": JANUARY, "until": MARCH, **values})


def test_a_kill_while_closing_leaves_the_month_open(
    world: TrailWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The month and its cells are one transaction."""
    _add(world, 6, _january())
    from emrex_gateway.store import _statistics_rows  # noqa: PLC0415 (to break it)

    with monkeypatch.context() as patch:
        patch.setattr(_statistics_rows.json, "dumps", lambda value: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            statistics.close_due(world.services)

    assert [] == databases.rows(world.url, "SELECT month FROM emrex_statistics_month")
    assert 1 == statistics.close_due(world.services)


def test_a_month_waits_for_its_imports(world: TrailWorld) -> None:
    """Where records are received, an import of a month may end two lifetimes of an import later, and counts then."""
    with world.store.begin() as uow:
        uow.config.put_institution(institution(client=True))
    end = datetime(2026, 2, 1, tzinfo=UTC)
    _add(
        world,
        6,
        end - timedelta(days=1),
        direction=Direction.IMPORT,
        outcome=TransferOutcome.REFUSED,
    )
    settings = world.services.settings
    seconds = settings.transfer_lifetime + settings.delivered_lifetime + 86400
    over = end + timedelta(seconds=seconds + 2 * settings.import_lifetime)

    world.clock.now = over - timedelta(minutes=1)
    assert 0 == statistics.close_due(world.services)
    world.clock.now = over
    assert 1 == statistics.close_due(world.services)
    assert "refused" in statistics.OUTCOMES

"""Error pages without a transfer are kept for support: within limits, and without what the request said."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from emrex_gateway import exporting
from emrex_gateway.domain import Trouble
from emrex_gateway.errors import PeerError, StoreUnavailable
from emrex_gateway.privacy import _troubles, note_trouble
from gateway_world import World, make_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A gateway."""
    return make_world(tmp_path)


@pytest.fixture(autouse=True)
def fresh_budget(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A budget of the test's own, whose clock it sets."""
    now = [0.0]
    monkeypatch.setattr(_troubles, "_budget", _troubles._Budget(lambda: now[0]))
    return now


def kept(world: World) -> tuple[Trouble, ...]:
    """All rows, newest first."""
    now = world.clock()
    with world.services.store.read() as uow:
        return uow.support.troubles(now - timedelta(days=1), now + timedelta(days=1), limit=1000)


def test_a_flood_of_one_kind_leaves_room_for_the_others(
    world: World, fresh_budget: list[float]
) -> None:
    """Only so many of a kind a minute become rows; another kind, and the next minute, are not shut out."""
    for _ in range(_troubles.EACH_MINUTE + 20):
        world.browser().client.get("/emrex/no/such/page")
    world.browser().post("/emrex/campus/emp", {})
    assert _troubles.EACH_MINUTE + 1 == len(kept(world))

    fresh_budget[0] = 60.0
    world.browser().client.get("/emrex/no/such/page")
    assert _troubles.EACH_MINUTE + 2 == len(kept(world))


def test_a_row_says_what_kind_and_where_and_nothing_of_the_request(world: World) -> None:
    """An unknown access point's name is a stranger's word: it is not kept."""
    world.browser().get("/emrex/who-knows/emp?sessionId=s3cret&returnUrl=https://x.example/me")
    (row,) = kept(world)

    assert (404, "NoSuchAccessPoint", "entry.emp", None) == (
        row.status,
        row.error,
        row.endpoint,
        row.access_point,
    )


def test_a_page_of_a_transfer_needs_no_row(world: World) -> None:
    """Its reference is the transfer's own."""
    student = world.browser().to_selection()
    assert 400 == student.client.post(f"{student.path}", data={"action": "all"}).status_code

    assert () == kept(world)


@pytest.mark.parametrize("broken", ["away", "open"])
def test_the_error_page_comes_when_the_row_cannot_be_written(world: World, broken: str) -> None:
    """The database may be what broke, or be in the middle of a transaction; nothing is raised."""
    error: Exception = StoreUnavailable("locked") if broken == "away" else PeerError("x")

    def note() -> bool:
        return note_trouble(world.services, error, reference="AAAA-BBBB", status=503, endpoint="x")

    if broken == "away":
        assert not note()
    else:
        with world.services.store.read():
            assert not note()
    assert () == kept(world)


def test_references_are_for_the_telephone() -> None:
    """Eight signs in two groups, none that is taken for another."""
    for _ in range(50):
        reference = exporting.new_reference()
        assert reference == exporting.normal_reference(reference.lower().replace("-", " "))
        assert not set("01OI") & set(reference)
        assert (9, "-") == (len(reference), reference[4])

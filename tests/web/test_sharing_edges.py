"""Shared links where two things meet: presses of a button at one moment, the end of the time, the most links."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest

from emrex_gateway import sharing
from emrex_gateway.domain import MAX_SHARES
from emrex_gateway.errors import ShareOver
from emrex_gateway.sharing import Terms
from gateway_world import Browser, World
from sharing_world import PURPOSE, open_link, own_page, share, signed

READERS = 4


@pytest.fixture
def student(world: World) -> Browser:
    """Somebody with signed files."""
    return signed(world)


@pytest.mark.each_database
def test_a_button_pressed_twice_is_one_opening(world: World, student: Browser) -> None:
    """Also of the last opening: whoever presses twice must not read that others have used it up."""
    link = share(student, openings="1")
    together, opening = Barrier(READERS), "5" * 32

    def press(_: int) -> int:
        together.wait()
        return sharing.open_share(world.services, link.id, link.text, opening).share.views

    with ThreadPoolExecutor(READERS) as pool:
        assert [1] * READERS == list(pool.map(press, range(READERS)))
    assert 1 == world.events(student.transfer_id).count("share.opened")


def test_what_was_not_counted_is_not_opened(world: World, student: Browser) -> None:
    """Its time ends between two looks at the clock: closed, and nothing of it is seen."""
    link = share(student, days="1")
    with world.services.store.read() as uow:
        found = uow.shares.get(link.id)
    assert found is not None
    world.clock.now = found.expires_at
    earlier = replace(world.services, clock=lambda: world.clock.now - timedelta(microseconds=1))
    with pytest.raises(ShareOver) as over:
        sharing.open_share(earlier, link.id, link.text, "")

    assert "expired" == over.value.reason
    assert "share.opened" not in world.events(student.transfer_id)


def test_ending_a_link_makes_room_for_another(world: World, student: Browser) -> None:
    """As the page says that refuses one too many."""
    with world.services.store.read() as uow:
        transfer = uow.transfers.get(student.transfer_id)
    for number in range(MAX_SHARES):
        terms = Terms(purpose=PURPOSE, days=7)
        sharing.make(
            world.services, transfer, terms, elmo=b"<elmo/>", code="", order=f"order {number}"
        )
    student.get(f"/emrex/campus/t/{student.transfer_id}/share")
    student.submit("share", purpose=PURPOSE, days="7")
    assert 422 == student.response.status_code
    assert "There are too many links to these records" in student.text

    own_page(world).submit("end-share")

    assert open_link(world, share(student)).has("genuine")

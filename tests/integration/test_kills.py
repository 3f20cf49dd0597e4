"""A process killed between any two transactions of a step: nothing lost, nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emrex_gateway import exporting
from emrex_gateway.ports import Store, UnitOfWork
from gateway_world import Browser, World, make_world

pytestmark = pytest.mark.each_database


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the code may catch it."""


class MortalStore:
    """A fake around the real store: the process dies at one chosen moment.

    ``at`` counts moments: before a transaction begins, before it commits,
    after it is durable, and so on with the next one.
    """

    def __init__(self, store: Store, at: int) -> None:
        self._store = store
        self._left = at
        self.moments = 0

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        self._tick()
        with self._store.begin() as uow:
            yield uow
            self._tick()
        self._tick()

    def read(self) -> Any:
        return self._store.read()

    def ping(self) -> None:
        self._store.ping()

    def _tick(self) -> None:
        self.moments += 1
        if self.moments == self._left:
            raise Killed


def run_step(world: World, browser: Browser, at: int) -> bool:
    """Run the queued step in a process that dies at a moment; ``True`` when it died."""
    ((task, transfer_id),) = world.queue.sent
    world.queue.sent.clear()
    services = replace(world.services, store=MortalStore(world.services.store, at))
    try:
        if task == "fetch":
            exporting.fetch(services, transfer_id)
        else:
            exporting.sign(services, world.signers, transfer_id)
    except Killed:
        return True
    return False


def sweep_later(world: World) -> None:
    world.clock.forward(minutes=3)
    exporting.sweep(world.services)
    world.work()


def before_fetch(browser: Browser) -> None:
    browser.enter().log_in()


def before_sign(browser: Browser) -> None:
    browser.to_selection().submit("select", "all").submit("select", "preview")
    browser.submit("preview", "confirm", consent="yes")


@pytest.mark.parametrize(
    ("before", "event", "then"),
    [(before_fetch, "records.fetched", "select"), (before_sign, "elmo.signed", "reply")],
)
def test_a_worker_killed_at_any_moment(
    tmp_path: Path, before: Callable[[Browser], None], event: str, then: str
) -> None:
    """Whenever the worker dies, the sweep has the step done again, and it happened once."""
    world = make_world(tmp_path)
    at, died = 0, True
    while died:
        at += 1
        browser = world.browser()
        before(browser)
        died = run_step(world, browser, at)

        sweep_later(world)

        assert browser.reload().has(then), f"killed at moment {at}"
        assert 1 == world.events(browser.transfer_id).count(event), f"killed at moment {at}"
    assert 7 == at, "each step has two transactions of three moments"


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_web_process_killed_while_confirming(tmp_path: Path, at: int) -> None:
    """The consent is either durable, with its event and its step, or it never happened."""
    world = make_world(tmp_path)
    browser = world.browser().to_selection().submit("select", "all").submit("select", "preview")
    transfer = exporting.open_again(
        world.services,
        exporting.open_transfer(world.services, "campus", browser.transfer_id, cookie(browser)),
    )
    seen = str(browser.page.xpath("//input[@name='seen']/@value")[0])
    services = replace(world.services, store=MortalStore(world.services.store, at))

    with pytest.raises(Killed):
        exporting.confirm(services, transfer, kept=(), seen=seen, language="en")
    sweep_later(world)

    given = world.events(browser.transfer_id).count("consent.given")
    assert (1 if at == 3 else 0) == given
    assert browser.get(browser.path).has("reply" if given else "preview")


def cookie(browser: Browser) -> str:
    found = browser.client.get_cookie(
        f"emrex-{browser.transfer_id}", path="/emrex/campus/", domain="localhost"
    )
    assert found is not None
    return found.value


def test_a_step_that_kills_its_worker_every_time_is_given_up(tmp_path: Path) -> None:
    """After some attempts the student gets a page instead of another try."""
    world = make_world(tmp_path)
    browser = world.browser()
    before_fetch(browser)
    for _ in range(5):
        assert run_step(world, browser, 4)
        world.clock.forward(minutes=3)
        exporting.sweep(world.services)

    exporting.sweep(world.services)

    assert [] == world.queue.sent
    assert "Something broke on our side" in browser.reload().text
    assert "NCP_ERROR" == browser.reply()["returnCode"]
    assert "transfer.given_up" in world.events(browser.transfer_id)

"""Redis is a road, not a memory: flushed or down, logins work and replays are refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from emrex_gateway import exporting
from emrex_gateway.domain import TransferState
from emrex_gateway.jobs import FETCH_QUEUE, RqQueue
from emrex_gateway.secrets import resolve_secret
from emrex_gateway.settings import Settings
from redis_server import RedisServer
from saml_parties import ELM, Parties, parties

pytestmark = pytest.mark.needs("simplesamlphp", "pysaml2", "redis")


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    """A server of this module's own, which it may stop."""
    server = RedisServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory, redis: RedisServer) -> Iterator[Parties]:
    folder = tmp_path_factory.mktemp("redis")
    road = Settings(public_url="https://unused.example", redis_url=redis.url)
    queue = RqQueue(road, resolve_secret)
    with parties(folder, queue=queue, settings={"redis_url": redis.url}) as made:
        yield made


def state(at: Parties, transfer: str) -> TransferState:
    with at.world.services.store.read() as uow:
        return uow.transfers.get(transfer).state


@pytest.mark.parametrize("trouble", ["flushed", "down"])
def test_redis_in_trouble_in_the_middle(at: Parties, redis: RedisServer, trouble: str) -> None:
    """While somebody is at the provider, Redis loses everything or goes: they come in all the same.

    Their response counts once, as always; and a session that is ended stays ended.
    """
    if redis.process is None:
        redis.start()
    with at.student() as student:
        student.enter().choose(ELM).log_in()
        target, fields = student.message()
        kept = student.cookies()
        if trouble == "down":
            redis.stop()
        else:
            redis.client().flushall()
        student.arrive()
        transfer, page = student.transfer_id, student.url
        assert TransferState.IDENTIFIED is state(at, transfer)
        if trouble == "flushed":
            redis.client().flushall()

        student.set_cookies(kept).post(target, fields)
        assert 1 == [name for name, _ in at.world.events(transfer)].count("login.succeeded")

        student.get(page).submit("//form[@data-step='logout']")
        student.get(page)
        assert not student.has("//*[@data-step='progress']"), "ended without Redis' help"
        if trouble == "down":
            redis.start()
        student.get(page)
        assert not student.has("//*[@data-step='progress']"), "and still ended"


def test_a_lost_step_is_found(at: Parties, redis: RedisServer) -> None:
    """Redis forgets what it should carry: the sweep sends the step again."""
    if redis.process is None:
        redis.start()
    with at.student() as student:
        student.enter().choose(ELM).log_in().arrive()
        redis.client().flushall()
        queue = Queue(FETCH_QUEUE, connection=redis.client(), serializer=JSONSerializer)
        assert [] == queue.jobs
        later = replace(at.world.services, clock=lambda: datetime.now(UTC) + timedelta(minutes=5))
        exporting.sweep(later)
        assert student.transfer_id in [job.args[0] for job in queue.jobs]

        exporting.fetch(at.world.services, student.transfer_id)
        student.wait_for("select")

"""The queue for metadata: its orders, its worker, and what goes on when Redis is away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import redis

import stores
from emrex_gateway.administering._login_checks import content_of
from emrex_gateway.domain import Entity, Institution, LoginMethod, texts
from emrex_gateway.jobs import METADATA_QUEUE, Context, start_worker
from emrex_gateway.jobs._tasks import run
from emrex_gateway.ports import LoginCheck
from emrex_gateway.services import Services
from emrex_gateway.settings import Settings
from emrex_gateway.store import SqlStore
from federation_files import ONE, PEM, aggregate, federation, idp
from job_orders import failed, queue, work
from metadata_server import MetadataServer, serving
from saml_issuer import NOW
from stores import Clock

pytestmark = pytest.mark.needs("redis")

SECRETS = {"env:PINNED": PEM, **stores.KEYS}
KEY = Entity.key_of(ONE)


@pytest.fixture
def server() -> Iterator[MetadataServer]:
    """A federation's server with one provider, whose picture is in the metadata."""
    logo = '<mdui:Logo height="80" width="80">data:image/png;base64,iVBORw0KGgoAAAAA</mdui:Logo>'
    with serving() as running:
        running.files["/all.xml"] = aggregate(idp(ONE, ui=logo))
        yield running


@pytest.fixture
def clock() -> Clock:
    """The time of the made-up metadata."""
    return Clock(NOW)


@pytest.fixture
def store(database_url: str, clock: Clock) -> Iterator[SqlStore]:
    """A store by that clock."""
    made = stores.new_store(database_url, clock)
    yield made
    made.close()


@pytest.fixture
def services(
    store: SqlStore, make_services: Callable[..., Services], server: MetadataServer, clock: Clock
) -> Services:
    """Services with that federation."""
    with store.begin() as uow:
        uow.config.put_federation(federation(url=f"{server.url}/all.xml"))
    made = make_services(store, clock, http_on_loopback=True)
    return replace(made, secrets=SECRETS.__getitem__)


def _provider(services: Services) -> Entity | None:
    with services.store.read() as uow:
        return uow.entities.get(ONE, ("fed",))


def test_the_sweep_orders_what_is_due_and_a_worker_does_it(
    services: Services, client: redis.Redis, server: MetadataServer
) -> None:
    """Once, however often it sweeps; the row is the truth."""
    for _ in range(3):
        run(Context(services), "sweep", "")
    assert [b"refresh-fed"] == client.lrange(f"rq:queue:{METADATA_QUEUE}", 0, -1)
    assert 0 == work(services, METADATA_QUEUE)

    assert _provider(services) is not None
    assert 1 == len(server.asked)
    assert [] == failed(client, METADATA_QUEUE)


def test_a_refresh_that_is_not_due_is_not_done(
    services: Services, client: redis.Redis, server: MetadataServer
) -> None:
    """An order that waited while another worker was faster."""
    for _ in range(2):
        services.queue.send("refresh", "fed")
        assert 0 == work(services, METADATA_QUEUE)
    assert 1 == len(server.asked)


def test_a_refresh_that_fails_is_no_failed_job(
    services: Services, client: redis.Redis, server: MetadataServer
) -> None:
    """The state says when to look again; RQ does not try again by itself."""
    server.status = 500
    services.queue.send("refresh", "fed")
    assert 0 == work(services, METADATA_QUEUE)
    assert (1, []) == (len(server.asked), failed(client, METADATA_QUEUE))
    with services.store.read() as uow:
        assert "status" == uow.entities.state("fed").problem


def test_a_picture_is_fetched_by_a_job(services: Services) -> None:
    """Ordered by the page that wants to show it."""
    services.queue.send("refresh", "fed")
    services.queue.send("logo", KEY)
    assert 0 == work(services, METADATA_QUEUE)
    with services.store.read() as uow:
        logo = uow.entities.logo(KEY)
    assert logo is not None
    assert "image/png" == logo.media_type


def test_an_unknown_federation_is_a_refused_job(
    services: Services, client: redis.Redis, server: MetadataServer
) -> None:
    """Whoever can write to Redis can order no more than what the rows want."""
    services.queue.send("refresh", "nobody")
    assert 0 == work(services, METADATA_QUEUE)
    assert ["refresh-nobody"] == failed(client, METADATA_QUEUE)
    assert [] == server.asked


@pytest.mark.parametrize(
    ("task", "id_"),
    [
        ("refresh", "../etc"),
        ("refresh", "Fed"),
        ("refresh", ""),
        ("refresh", "x" * 64),
        ("logo", "fed"),
        ("logo", KEY.upper()),
        ("logo", KEY + "0"),
        ("fetch", "fed"),
        ("sweep", "fed"),
    ],
)
def test_an_id_of_another_form_is_no_order(
    services: Services, client: redis.Redis, server: MetadataServer, task: str, id_: str
) -> None:
    """Neither do we send it, nor does a worker read it."""
    with pytest.raises(ValueError, match="not a task"):
        services.queue.send(task, id_)
    if id_ and "/" not in id_:
        queue(client, METADATA_QUEUE).enqueue(task, id_, job_id=f"{task}-{id_}")
        assert 0 == work(services, METADATA_QUEUE)
        assert [f"{task}-{id_}"] == failed(client, METADATA_QUEUE)
    assert [] == server.asked


def test_an_order_in_another_tasks_queue_is_refused(
    services: Services, client: redis.Redis, server: MetadataServer
) -> None:
    """A worker that signs reads no order for metadata."""
    queue(client, "emrex-sign").enqueue("refresh", "fed", job_id="refresh-fed")
    assert 0 == work(services, "emrex-sign")
    assert ["refresh-fed"] == failed(client, "emrex-sign")
    assert [] == server.asked


def test_without_redis_the_sweep_goes_on(
    store: SqlStore, make_services: Callable[..., Services], services: Services
) -> None:
    """What is due is ordered when Redis is back."""
    away = make_services(store, http_on_loopback=True, redis_url="redis://127.0.0.1:1/0")
    run(Context(away), "sweep", "")
    run(Context(services), "sweep", "")
    assert 0 == work(services, METADATA_QUEUE)
    assert _provider(services) is not None


def test_a_worker_for_metadata_alone_needs_no_keys(
    services: Services, server: MetadataServer
) -> None:
    """It holds no signing key, and does nothing else."""
    services.queue.send("refresh", "fed")
    status = start_worker(lambda: services, [METADATA_QUEUE], burst=True, sweep=None)
    assert (0, 1) == (status, len(server.asked))


def test_the_settings_bound_a_look() -> None:
    """The time-out of a refresh is the installation's."""
    assert 300 == Settings(public_url="https://emrex.example.org").metadata_timeout


def test_a_worker_asks_a_login_methods_provider_and_switches_it_on(
    services: Services, client: redis.Redis, store: SqlStore, clock: Clock
) -> None:
    """The order is a row that the sweep sends; done once, it is not done again."""
    method = LoginMethod(
        id="one-login",
        institution="one",
        kind="host",
        names=texts(en="One"),
        settings={},
        enabled=False,
    )
    check = LoginCheck(
        method=method.id, content=content_of(method), by="a-1", ordered_at=NOW, enable=True
    )
    with store.begin() as uow:
        uow.config.put_institution(
            Institution(
                slug="one",
                names=texts(en="One"),
                country="FI",
                domain="one.example",
                url="https://one.example/",
            )
        )
        uow.config.put_login_method(method)
        uow.logins.put_check(check)
    clock.now += timedelta(minutes=1)
    run(Context(services), "sweep", "")
    assert b"ask-one-login" in client.lrange(f"rq:queue:{METADATA_QUEUE}", 0, -1)
    assert 0 == work(services, METADATA_QUEUE)

    with store.read() as uow:
        found, done = uow.config.login_method(method.id), uow.logins.check(method.id)
    assert found is not None
    assert found.enabled
    assert done is not None
    assert done.passed
    assert [] == failed(client, METADATA_QUEUE)

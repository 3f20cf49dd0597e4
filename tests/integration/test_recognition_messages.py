"""A host system says that something was decided: who is believed, and what follows."""

from __future__ import annotations

import base64
import itertools
import json
from dataclasses import replace

import pytest
from standardwebhooks import Webhook

from emrex_gateway import importing
from emrex_gateway.domain import Recognition, RecognitionState
from emrex_gateway.errors import MessageError, NoSuchAccessPoint, StoreUnavailable
from emrex_gateway.importing import _message as _message_module
from emrex_gateway.services import Services
from emrex_gateway.web._context import EXTENSION, Context
from gateway_world import World, make_world
from review_world import UNDECIDED, CountingSink, confirmed, with_sinks

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER = "whsec_" + base64.b64encode(bytes(range(1, 33))).decode()
ACCEPTED = Recognition(state=RecognitionState.ACCEPTED)


NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The gateway with one institution that receives; the tests use one import after the other."""
    return make_world(tmp_path_factory.mktemp("messages"))


@pytest.fixture(scope="module")
def sink() -> CountingSink:
    """The host system."""
    return CountingSink()


@pytest.fixture(scope="module")
def secrets() -> dict[str, str]:
    """What references lead to."""
    return {}


@pytest.fixture(scope="module")
def services(world: World, sink: CountingSink, secrets: dict[str, str]) -> Services:
    """Services that speak with it."""
    return replace(with_sinks(world.services, fake=sink), secrets=secrets.__getitem__)


@pytest.fixture(scope="module")
def taken(world: World, services: Services) -> str:
    """An import that an adapter with a secret for messages has; the transfer's id."""
    id_ = confirmed(world)
    importing.hand(services, id_)
    return id_


@pytest.fixture
def handed(world: World, taken: str, sink: CountingSink, secrets: dict[str, str]) -> str:
    """The same, with everything in its place."""
    sink.said = UNDECIDED
    secrets["env:CAMPUS_WEBHOOK"] = SECRET
    settings = {
        "base_url": "https://peppi.example",
        "api_key": "env:PEPPI_KEY",
        "webhook_secret": "env:CAMPUS_WEBHOOK",
    }
    with world.services.store.begin() as uow:
        (binding,) = uow.config.bindings("campus")
        uow.config.put_binding(replace(binding, adapter="peppi", settings=settings, enabled=True))
    world.queue.sent.clear()
    return taken


def _message(
    world: World,
    receipt: str = "r-1",
    *,
    secret: str = SECRET,
    id_: str = "",
    body: bytes | None = None,
) -> importing.Message:
    """A message signed by others' library."""
    said = body or json.dumps({"type": "recognition.changed", "data": {"id": receipt}}).encode()
    moment = world.clock().replace(microsecond=0)
    id_ = id_ or f"msg_{next(NUMBERS)}"
    return importing.Message(
        id=id_,
        timestamp=str(int(moment.timestamp())),
        signature=Webhook(secret).sign(id_, moment, said.decode()),
        body=said,
    )


def _state(world: World, id_: str) -> RecognitionState:
    with world.services.store.read() as uow:
        found = uow.recognitions.get(id_)
    assert found is not None
    return found.state


def _reason(services: Services, message: importing.Message) -> str:
    with pytest.raises(MessageError) as caught:
        importing.take_message(services, "campus", message)
    return caught.value.reason


def test_a_message_has_the_host_asked(
    world: World, services: Services, sink: CountingSink, handed: str
) -> None:
    """At once, once for each message, and also about what was decided before."""
    sink.said = ACCEPTED
    message = _message(world)
    for _ in range(2):
        importing.take_message(services, "campus", message)
    assert [("poll", handed)] == world.queue.sent
    importing.poll(services, handed)
    assert RecognitionState.ACCEPTED is _state(world, handed)
    sink.said = Recognition(state=RecognitionState.REJECTED)
    importing.take_message(services, "campus", _message(world))
    importing.poll(services, handed)
    assert RecognitionState.REJECTED is _state(world, handed)


def test_a_message_decides_nothing(
    world: World, services: Services, sink: CountingSink, handed: str
) -> None:
    """Whatever it says beside the import's name: the host is asked, and its answer counts."""
    body = json.dumps({"type": "x", "data": {"id": "r-1", "state": "ACCEPTED"}}).encode()
    importing.take_message(services, "campus", _message(world, body=body))
    importing.poll(services, handed)
    assert RecognitionState.SUBMITTED is _state(world, handed)


def test_a_message_that_redis_lost_is_found_by_the_sweep(
    world: World, services: Services, handed: str
) -> None:
    """The row says that the host is to be asked."""
    world.queue.closed = True
    importing.take_message(services, "campus", _message(world))
    world.queue.closed = False
    importing.order_polls(services)
    assert [("poll", handed)] == world.queue.sent


def test_a_message_before_its_receipt_counts_when_it_is_sent_again(
    world: World, services: Services, sink: CountingSink, handed: str
) -> None:
    """A host that decides at once may speak before its receipt is durable here."""
    message = _message(world, "r-2")
    for _ in range(2):
        assert "unknown" == _reason(services, message), "nor is it taken for one that was heard"
    id_ = confirmed(world)
    importing.hand(services, id_)
    world.queue.sent.clear()
    importing.take_message(services, "campus", message)
    assert [("poll", id_)] == world.queue.sent


def test_a_message_that_the_database_did_not_take_is_not_used_up(
    world: World, services: Services, handed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its sender is told to come later, and the same message counts then."""
    message = _message(world)

    def away(*_: object) -> bool:
        raise StoreUnavailable("the connection is lost")

    with monkeypatch.context() as broken:
        broken.setattr(_message_module, "announced", away)
        with pytest.raises(StoreUnavailable):
            importing.take_message(services, "campus", message)
    importing.take_message(services, "campus", message)
    assert [("poll", handed)] == world.queue.sent


def test_what_nobody_signed_is_refused(world: World, services: Services, handed: str) -> None:
    """Each for its own reason, and the host is not asked."""
    good = _message(world)
    second = int(good.timestamp)
    moved = good.signature.replace("v1,", "v2,")
    for spoilt, reason in (
        (replace(good, id=""), "headers"),
        (replace(good, id="x" * 300), "headers"),
        (replace(good, id="ä"), "headers"),
        (replace(good, timestamp=""), "headers"),
        (replace(good, timestamp="-1"), "headers"),
        (replace(good, timestamp="9" * 30), "headers"),
        (replace(good, timestamp="99999999999"), "time"),
        (replace(good, timestamp=str(second - 400)), "time"),
        (replace(good, timestamp=str(second + 400)), "time"),
        (replace(good, timestamp=str(second + 1)), "signature"),
        (replace(good, id="msg_other"), "signature"),
        (replace(good, body=good.body.replace(b"r-1", b"r-2")), "signature"),
        (replace(good, signature=""), "signature"),
        (replace(good, signature="v1"), "signature"),
        (replace(good, signature="v1,ä"), "signature"),
        (replace(good, signature=moved), "signature"),
        (replace(good, signature="v1,AAAA " * 10 + good.signature), "signature"),
        (_message(world, secret=OTHER), "signature"),
    ):
        assert reason == _reason(services, spoilt), spoilt
    assert not world.queue.sent


def test_two_signatures_while_a_secret_is_rotated(
    world: World, services: Services, handed: str
) -> None:
    """One of them is enough."""
    old = _message(world, secret=OTHER, id_="msg_rotated")
    new = _message(world, id_="msg_rotated")
    both = replace(new, signature=f"{old.signature} {new.signature}")
    importing.take_message(services, "campus", both)
    assert [("poll", handed)] == world.queue.sent


def test_a_signed_message_must_name_an_import(
    world: World, services: Services, handed: str
) -> None:
    """Its makers are told what is wrong; another adapter's receipts are unknown to this one."""
    for body in (b"{}", b"nonsense", b'{"type": "", "data": {"id": ""}}'):
        assert "body" == _reason(services, _message(world, body=body))
    assert "unknown" == _reason(services, _message(world, "r-99"))
    with pytest.raises(NoSuchAccessPoint):
        importing.take_message(services, "elsewhere", _message(world))
    assert not world.queue.sent


def test_a_secret_that_cannot_be_used_holds_for_nothing(
    world: World, services: Services, secrets: dict[str, str], handed: str
) -> None:
    """A weak one, one of another form, and that of an adapter that is off, are as none."""
    message = _message(world)
    for secret in ("", "whsec_!", "whsec_c2hvcnQ="):
        secrets["env:CAMPUS_WEBHOOK"] = secret
        assert "signature" == _reason(services, message)
    secrets["env:CAMPUS_WEBHOOK"] = SECRET
    with world.services.store.begin() as uow:
        (binding,) = uow.config.bindings("campus")
        uow.config.put_binding(replace(binding, enabled=False))
    assert "signature" == _reason(services, message)


def test_the_address_for_messages(
    world: World, services: Services, handed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without cookies; plain words, no page; too much is not read."""
    monkeypatch.setitem(world.app.extensions, EXTENSION, Context(services, None))
    client = world.app.test_client()
    message = _message(world)
    headers = {
        "webhook-id": message.id,
        "webhook-timestamp": message.timestamp,
        "webhook-signature": message.signature,
    }
    address = "/emrex/campus/recognition"
    taken = client.post(address, data=message.body, headers=headers)
    assert (202, b"taken\n") == (taken.status_code, taken.data)
    assert [("poll", handed)] == world.queue.sent
    refused = client.post(address, data=b"{}", headers=headers)
    assert (401, b"signature\n") == (refused.status_code, refused.data)
    assert "Set-Cookie" not in refused.headers
    assert 400 == client.post(address).status_code
    assert 405 == client.get(address).status_code
    assert 413 == client.post(address, data=b"x" * 20_000, headers=headers).status_code
    assert 404 == client.post("/emrex/nobody/recognition", headers=headers).status_code


def test_a_clock_is_that_of_the_gateway(world: World, services: Services, handed: str) -> None:
    """Five minutes either way; then the same message is old."""
    message = _message(world)
    world.clock.forward(minutes=4, seconds=58)
    importing.take_message(services, "campus", message)
    world.clock.forward(seconds=4)
    assert "time" == _reason(services, message)

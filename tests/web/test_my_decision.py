"""The student sees what the host system decided, and takes it along as a signed file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from emrex_gateway import exporting, importing
from emrex_gateway.domain import (
    Learner,
    RecognisedStudy,
    Recognition,
    RecognitionState,
    SignedStatement,
    StatementState,
    texts,
)
from emrex_gateway.errors import AdapterUnavailable
from emrex_gateway.services import Services
from gateway_world import IDENTITY, Browser, World
from review_world import CountingSink, confirmed, with_sinks

DECIDED = Recognition(
    state=RecognitionState.PARTIALLY_ACCEPTED,
    decided_on=date(2026, 10, 1),
    learner=Learner(given_names="Maija", family_name="Mallikas", identifiers=IDENTITY.identifiers),
    studies=(
        RecognisedStudy(
            titles=texts(en="Algebra"), counted_as=texts(en="Mathematics 1"), code="M1"
        ),
        RecognisedStudy(
            titles=texts(en="Choir"), accepted=False, remark=texts(en="No such studies")
        ),
    ),
)


@pytest.fixture
def sink() -> CountingSink:
    return CountingSink()


@pytest.fixture
def services(world: World, sink: CountingSink) -> Services:
    return with_sinks(world.services, fake=sink)


def mine(world: World) -> Browser:
    """The person, logged in to see what is kept of them."""
    secret = exporting.begin_own_visit(world.services, "campus", IDENTITY, method="fake")
    browser = world.browser()
    browser.client.set_cookie("emrex-own", secret, path="/emrex/campus/my-data")
    return browser.get("/emrex/campus/my-data")


def handed(world: World, services: Services) -> str:
    id_ = confirmed(world)
    importing.hand(services, id_)
    world.queue.sent.clear()
    return id_


def work(world: World, services: Services) -> None:
    """Do what is queued, as both kinds of worker would."""
    while world.queue.sent:
        task, id_ = world.queue.sent.pop(0)
        if task == "poll":
            importing.poll(services, id_)
        elif task == "recall":
            importing.recall(services, id_)
        else:
            sign(services, id_)


def sign(services: Services, id_: str) -> None:
    """Stands for the signing worker, which another test runs (tests/integration/test_recognition.py)."""
    with services.store.begin() as uow:
        order = uow.recognitions.statement(id_)
        assert order is not None
        assert uow.recognitions.move(order, state=StatementState.READY) is not None
        signed = SignedStatement(elmo=b"<elmo>Mathematics 1</elmo>", pdf=b"%PDF-1.7 a decision")
        uow.recognitions.seal(id_, "outcome", signed)


def test_before_anything_is_decided(world: World, services: Services) -> None:
    """The page says so, and offers no file; looking has the system asked."""
    id_ = handed(world, services)
    world.clock.forward(minutes=10)
    browser = mine(world)
    browser.get(browser.page.xpath("//a[contains(@href, '/decision')]/@href")[0])

    assert "has not decided yet" in browser.text
    assert not browser.has("order")
    assert [("poll", id_)] == world.queue.sent


def test_a_decision_is_signed_and_taken_along(
    world: World, services: Services, sink: CountingSink
) -> None:
    """Ordered, made by the workers, downloaded as ELMO and as a PDF; gone after its time."""
    id_ = handed(world, services)
    sink.said = DECIDED
    importing.poll(services, id_)
    browser = mine(world).get(f"/emrex/campus/my-data/t/{id_}/decision")
    assert "Recognised in part" in browser.text
    browser.submit("order")
    assert browser.has("progress")
    state = browser.page.xpath("//@data-follow")[0]
    assert browser.client.get(state).json["next"] is None

    work(world, services)

    assert browser.client.get(state).json["next"].endswith("/decision")
    assert browser.reload().has("statement")
    xml, pdf = (
        browser.client.get(f"/emrex/campus/my-data/t/{id_}/decision/{name}")
        for name in ("elmo.xml", "decision.pdf")
    )
    assert b"Mathematics 1" in xml.data
    assert pdf.data.startswith(b"%PDF-")
    assert 2 == world.events(id_).count("recognition.downloaded")

    world.clock.forward(seconds=services.settings.delivered_lifetime)
    browser = mine(world).get(f"/emrex/campus/my-data/t/{id_}/decision/elmo.xml")
    assert browser.has("order")


def test_a_file_that_cannot_be_made_says_why(
    world: World, services: Services, sink: CountingSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A system that is down, or names nobody: each in plain words, and it can be tried again."""
    id_ = handed(world, services)
    sink.said = replace(DECIDED, learner=None)
    importing.poll(services, id_)
    browser = mine(world).get(f"/emrex/campus/my-data/t/{id_}/decision")
    browser.submit("order")
    work(world, services)
    assert "does not say for certain that this decision is yours" in browser.reload().text

    def down(receipt: object) -> Recognition:
        raise AdapterUnavailable("x")

    monkeypatch.setattr(sink, "recognition", down)
    browser.submit("order")
    work(world, services)
    assert "does not answer at the moment" in browser.reload().text


def test_it_is_only_for_the_person(world: World, services: Services) -> None:
    """Nobody else sees or orders it, and a form of somebody else's is refused."""
    id_ = handed(world, services)
    address = f"/emrex/campus/my-data/t/{id_}/decision"
    stranger = world.browser()
    for path in (address, f"{address}/elmo.xml"):
        assert "/emrex/campus/my-data" == stranger.get(path).path
    other = replace(IDENTITY, subject="s-2", identifiers=())
    secret = exporting.begin_own_visit(world.services, "campus", other, method="fake")
    stranger.client.set_cookie("emrex-own", secret, path="/emrex/campus/my-data")
    assert 404 == stranger.get(address).response.status_code
    assert 404 == stranger.post(address, {"token": "x"}).response.status_code
    assert 400 == mine(world).post(address, {"token": "x"}).response.status_code

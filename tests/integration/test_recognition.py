"""What becomes of an import: asked for by the clock, on the host's word, or when somebody looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from emrex_gateway import elmo, exporting, importing, signing
from emrex_gateway.domain import (
    Credit,
    ElmoVersion,
    Identifier,
    Issuer,
    KeptRecognition,
    Learner,
    PersonIdentifier,
    PersonIdentifierType,
    Receipt,
    RecognisedStudy,
    Recognition,
    RecognitionState,
    SignedElmo,
    Statement,
    StatementState,
    Status,
    Transfer,
    texts,
)
from emrex_gateway.errors import (
    AdapterError,
    AdapterUnavailable,
    SealError,
    TransferError,
    TransferNotFound,
)
from emrex_gateway.services import Services
from gateway_world import STUDENT, World, make_world
from review_world import CountingSink, confirmed, with_sinks

ON = date(2026, 11, 24)
FJORDS = Issuer(
    identifiers=(Identifier("schac", "fjordhavn.example"),),
    titles=texts(en="University of Fjordhavn"),
    url="https://fjordhavn.example/",
    country="NO",
)
LEARNER = Learner(
    given_names="Maija",
    family_name="Mallikas",
    birth_date=date(1998, 2, 11),
    identifiers=STUDENT.identifiers,
)
FIVE = (Credit(scheme="ects", value=Decimal(5)),)
DECIDED = Recognition(
    state=RecognitionState.PARTIALLY_ACCEPTED,
    learner=LEARNER,
    decided_on=ON,
    remark=texts(en="Welcome home"),
    studies=(
        RecognisedStudy(
            titles=texts(en="Fjords"),
            issuer=FJORDS,
            brought=FIVE,
            counted_as=texts(en="Human geography"),
            code="GEO-1",
            credits=FIVE,
        ),
        RecognisedStudy(
            titles=texts(en="Glaciers"),
            issuer=FJORDS,
            brought=FIVE,
            counted_as=texts(en="Human geography"),
            code="GEO-1",
            credits=FIVE,
            remark=texts(en="Together with Fjords"),
        ),
        RecognisedStudy(
            titles=texts(en="Skis"),
            issuer=FJORDS,
            accepted=False,
            status=Status.FAILED,
            remark=texts(en="The degree has it already"),
        ),
        RecognisedStudy(titles=texts(no="Ski"), counted_as=texts(en="Sports")),
    ),
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """The gateway with one institution that receives."""
    return make_world(tmp_path)


@pytest.fixture
def sink() -> CountingSink:
    """The host system."""
    return CountingSink()


@pytest.fixture
def services(world: World, sink: CountingSink) -> Services:
    """Services that speak with it."""
    return with_sinks(world.services, fake=sink)


@pytest.fixture
def handed(world: World, services: Services) -> str:
    """An import that it has; the transfer's id."""
    id_ = confirmed(world)
    importing.hand(services, id_)
    world.queue.sent.clear()
    return id_


def _row(world: World, id_: str) -> KeptRecognition:
    with world.services.store.read() as uow:
        found = uow.recognitions.get(id_)
    assert found is not None
    return found


def _transfer(world: World, id_: str) -> Transfer:
    with world.services.store.read() as uow:
        return uow.transfers.get(id_)


def _polled(world: World, services: Services, **delta: float) -> list[tuple[str, str]]:
    """Let time pass, let the sweep order what is due, and do it."""
    world.clock.forward(**delta)
    importing.order_polls(services)
    ordered = [one for one in world.queue.sent if one[0] == "poll"]
    world.queue.sent.clear()
    for _, id_ in ordered:
        importing.poll(services, id_)
    return ordered


# --- asking


@pytest.mark.each_database
def test_the_host_is_asked_until_it_has_decided(
    world: World, services: Services, sink: CountingSink, handed: str
) -> None:
    """Not before its time, then with longer pauses; the decision ends it and is in the trail once."""
    assert [] == _polled(world, services, minutes=4)
    assert [("poll", handed)] == _polled(world, services, minutes=1)
    assert RecognitionState.SUBMITTED is _row(world, handed).state
    assert [] == _polled(world, services, minutes=4)
    assert [("poll", handed)] == _polled(world, services, hours=3)
    assert [] == _polled(world, services, minutes=50)
    sink.said = DECIDED
    assert [("poll", handed)] == _polled(world, services, minutes=10)
    row = _row(world, handed)
    assert (RecognitionState.PARTIALLY_ACCEPTED, ON, None) == (
        row.state,
        row.decided_on,
        row.next_at,
    )
    assert [] == _polled(world, services, days=40)
    assert 1 == world.events(handed).count("recognition.changed")


def test_trouble_makes_the_pauses_longer(
    world: World,
    services: Services,
    sink: CountingSink,
    handed: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is given up: what was wrong is kept for support, and forgotten after an answer."""

    def away(_: Receipt) -> Recognition:
        raise AdapterUnavailable("away", retry_after=3600)

    monkeypatch.setattr(sink, "recognition", away)
    _polled(world, services, minutes=5)
    assert ("AdapterUnavailable", 1) == (
        (row := _row(world, handed)).failure,
        row.failures,
    )
    assert row.next_at == world.clock() + timedelta(hours=1)
    monkeypatch.undo()
    _polled(world, services, hours=1)
    assert ("", 0) == ((row := _row(world, handed)).failure, row.failures)


def test_trouble_is_bounded(
    world: World,
    services: Services,
    sink: CountingSink,
    handed: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However often it fails, it is asked once a day at the least."""

    def broken(_: Receipt) -> Recognition:
        raise AdapterError("broken")

    monkeypatch.setattr(sink, "recognition", broken)
    for _ in range(15):
        assert [("poll", handed)] == _polled(world, services, days=1)
    assert 15 == _row(world, handed).failures


def test_a_worker_that_dies_over_the_question_is_followed_by_another(
    world: World,
    services: Services,
    sink: CountingSink,
    handed: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The row said when to ask again before it was asked; nobody asks beside it meanwhile."""

    class Killed(BaseException):
        pass

    def dies(_: Receipt) -> Recognition:
        raise Killed

    monkeypatch.setattr(sink, "recognition", dies)
    with pytest.raises(Killed):
        _polled(world, services, minutes=5)
    monkeypatch.undo()
    assert [] == _polled(world, services, seconds=60)
    assert [("poll", handed)] == _polled(world, services, seconds=60)


def test_an_adapter_that_is_off_is_not_asked(world: World, services: Services, handed: str) -> None:
    """It is switched on again some day, perhaps."""
    with world.services.store.begin() as uow:
        (binding,) = uow.config.bindings("campus")
        uow.config.put_binding(replace(binding, enabled=False))
    _polled(world, services, minutes=5)
    assert "ConfigError" == _row(world, handed).failure


def test_an_answer_from_before_a_message_is_dropped(
    world: World,
    services: Services,
    sink: CountingSink,
    handed: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The host changes its mind while a worker reads the former decision: what it says now counts."""

    def overtaken(_: Receipt) -> Recognition:
        with services.store.begin() as uow:
            assert importing.announced(services, uow, ["fake"], "r-1")
        return replace(DECIDED, state=RecognitionState.ACCEPTED)

    monkeypatch.setattr(sink, "recognition", overtaken)
    _polled(world, services, minutes=5)
    monkeypatch.undo()
    sink.said = DECIDED
    world.queue.sent.clear()
    assert [("poll", handed)] == _polled(world, services, seconds=1)
    assert RecognitionState.PARTIALLY_ACCEPTED is _row(world, handed).state


def test_somebody_who_looks_has_it_asked_now(world: World, services: Services, handed: str) -> None:
    """Once a minute at the most, and never after a decision."""
    importing.look_again(services, _row(world, handed))
    assert not world.queue.sent
    world.clock.forward(minutes=1)
    importing.look_again(services, _row(world, handed))
    assert [("poll", handed)] == world.queue.sent
    importing.poll(services, handed)
    importing.look_again(services, _row(world, handed))
    assert 1 == len(world.queue.sent)
    importing.look_again(services, replace(_row(world, handed), state=RecognitionState.REJECTED))
    assert 1 == len(world.queue.sent)


@pytest.mark.each_database
def test_the_first_receipt_counts(world: World, services: Services, handed: str) -> None:
    """A worker that was thought dead may come second."""
    with world.services.store.begin() as uow:
        importing.keep_receipt(
            services,
            uow,
            uow.transfers.get(handed),
            institution="campus",
            binding="fake",
            receipt=Receipt(id="other"),
        )
    receipt = importing.receipt_of(services, _transfer(world, handed))
    assert receipt is not None
    assert "r-1" == receipt.id


@pytest.mark.each_database
def test_the_row_goes_with_its_transfer(world: World, services: Services, handed: str) -> None:
    """A year after it ended nothing of either is here; nor can anything be sealed for it any more."""
    for _ in range(2):
        world.clock.forward(seconds=services.settings.audit_lifetime + 86_400)
        exporting.sweep(services)
    with world.services.store.begin() as uow:
        with pytest.raises(TransferNotFound):
            uow.transfers.get(handed)
        assert uow.recognitions.get(handed) is None
        assert uow.recognitions.receipt(handed) is None
        with pytest.raises(SealError):
            uow.recognitions.seal(handed, "contents", DECIDED)


# --- the signed decision


@pytest.fixture
def decided(world: World, services: Services, sink: CountingSink, handed: str) -> str:
    """An import on which the host has decided, long after its contents went."""
    sink.said = DECIDED
    _polled(world, services, days=3)
    return handed


def _work(world: World, services: Services) -> None:
    while world.queue.sent:
        task, id_ = world.queue.sent.pop(0)
        if task == "recall":
            importing.recall(services, id_)
        else:
            assert "attest" == task
            importing.attest(services, world.signers, id_)


def _order(world: World, services: Services, id_: str) -> Statement:
    importing.order_statement(services, _transfer(world, id_), language="en")
    _work(world, services)
    found = importing.statement_of(services, _transfer(world, id_))
    assert found is not None
    return found


def test_a_decision_becomes_a_signed_file(world: World, services: Services, decided: str) -> None:
    """ELMO 2 by the access point's key: what was brought, what it counts as, and how they relate."""
    assert StatementState.READY is _order(world, services, decided).state
    taken = importing.take_statement(services, _transfer(world, decided), file="elmo")
    assert taken is not None
    verified = signing.verify(SignedElmo(taken.elmo), [world.certificate])
    assert () == elmo.check(verified.xml, ElmoVersion.V2_0)
    root = etree.fromstring(verified.xml)
    (result,) = root.iterfind("{*}report/{*}resultOfRecognition")
    assert ("Partially Positive", "2026-11-24") == (
        result.findtext("{*}status"),
        result.findtext("{*}decisionDate"),
    )
    basis = result.findall("{*}recognitionBasis/{*}recognitionReport")
    assert ["University of Fjordhavn", "Institution not stated"] == [
        one.findtext("{*}issuer/{*}title") for one in basis
    ]
    named = {
        los.findtext("{*}identifier"): los.findtext("{*}title")
        for los in result.iter("{*}learningOpportunitySpecification")
    }
    mapping = [
        (named[one.findtext(".//{*}fromMapping/{*}ref")], one.findtext(".//{*}toMapping/{*}ref"))
        for one in result.iterfind("{*}recognitionMapping")
    ]
    assert [("Fjords", "GEO-1"), ("Glaciers", "recognised-2"), ("Ski", "recognised-4")] == mapping
    assert taken.pdf.startswith(b"%PDF-")
    assert "recognition.downloaded" in world.events(decided)


@pytest.mark.each_database
def test_it_is_made_once_while_it_is_kept(world: World, services: Services, decided: str) -> None:
    """A second order finds the first; after its time it is gone, and can be made again."""
    first = _order(world, services, decided)
    assert first == _order(world, services, decided)
    world.clock.forward(seconds=services.settings.delivered_lifetime)
    assert importing.statement_of(services, _transfer(world, decided)) is None
    assert importing.take_statement(services, _transfer(world, decided), file="elmo") is None
    assert 1 == importing.sweep_statements(services)
    assert StatementState.READY is _order(world, services, decided).state


def test_nothing_is_signed_before_the_decision(
    world: World, services: Services, handed: str
) -> None:
    """Nor when it was taken back since."""
    with pytest.raises(TransferError):
        importing.order_statement(services, _transfer(world, handed), language="en")


def test_nobody_gets_a_file_in_another_name(
    world: World, services: Services, sink: CountingSink, decided: str
) -> None:
    """A host that mixes up applications does not have us sign one person's for another."""
    stranger = PersonIdentifier(PersonIdentifierType.ESI, "urn:somebody-else")
    for learner, failure in (
        (None, "StudentNotFound"),
        (replace(LEARNER, identifiers=()), "AmbiguousStudent"),
        (replace(LEARNER, identifiers=(stranger,)), "AmbiguousStudent"),
    ):
        sink.said = replace(DECIDED, learner=learner)
        found = _order(world, services, decided)
        assert (StatementState.FAILED, failure) == (found.state, found.failure)
        assert importing.take_statement(services, _transfer(world, decided), file="elmo") is None
    sink.said = DECIDED
    assert StatementState.READY is _order(world, services, decided).state


def test_a_decision_that_was_taken_back_is_not_signed(
    world: World, services: Services, sink: CountingSink, decided: str
) -> None:
    """The host is asked at that moment, and the state follows it."""
    sink.said = Recognition(state=RecognitionState.SUBMITTED)
    assert "TransferError" == _order(world, services, decided).failure
    assert RecognitionState.SUBMITTED is _row(world, decided).state


def test_workers_that_die_are_followed_and_then_given_up(
    world: World, services: Services, decided: str
) -> None:
    """Three begin; the sweep ends it, and the student may order anew."""
    importing.order_statement(services, _transfer(world, decided), language="en")
    world.queue.sent.clear()
    for attempt in range(3):
        world.clock.forward(seconds=services.settings.fetch_timeout + 1)
        importing.sweep_statements(services)
        assert [("recall", decided)] == world.queue.sent, attempt
        world.queue.sent.clear()
        with world.services.store.begin() as uow:  # a worker begins, and dies
            order = uow.recognitions.statement(decided)
            assert order is not None
            uow.recognitions.move(order, attempts=attempt + 1, changed_at=world.clock())
    importing.sweep_statements(services)
    assert not world.queue.sent
    world.clock.forward(seconds=services.settings.fetch_timeout + 1)
    importing.sweep_statements(services)
    found = importing.statement_of(services, _transfer(world, decided))
    assert found is not None
    assert (StatementState.FAILED, "TooManyAttempts") == (found.state, found.failure)


def test_a_decision_is_sealed_by_a_key_that_goes_with_it(
    world: World, services: Services, decided: str
) -> None:
    """Only an hour is anything of it here; afterwards the row and its key are gone."""
    _order(world, services, decided)
    with world.services.store.begin() as uow:
        assert uow.recognitions.unseal(decided, "contents", Recognition) == DECIDED
        uow.recognitions.sweep(world.clock() + timedelta(hours=2))
        assert uow.recognitions.unseal(decided, "contents", Recognition) is None
        assert uow.recognitions.get(decided) is not None


def test_an_adapter_that_is_gone(world: World, services: Services, decided: str) -> None:
    """The file cannot be made, and the state stays known."""
    with world.services.store.begin() as uow:
        (binding,) = uow.config.bindings("campus")
        uow.config.put_binding(replace(binding, enabled=False))
    assert "ConfigError" == _order(world, services, decided).failure
    assert _row(world, decided).state.final

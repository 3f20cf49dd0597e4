"""From a confirmed import to a signed decision, by the Peppi adapter and the simulator over a real socket."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from lxml import etree

from emrex_gateway import elmo, exporting, importing, signing
from emrex_gateway.adapters import Adapters
from emrex_gateway.domain import (
    Direction,
    ElmoVersion,
    RecognitionState,
    SignedElmo,
    StatementState,
    Student,
    TransferState,
)
from emrex_gateway.ports import LoggedIn
from emrex_gateway.services import Services
from emrex_gateway.testing import Served, serve
from examples.campus import make_app
from examples.campus._accounts import identity
from examples.campus._people import people
from gateway_world import World, make_world
from review_world import collect, confirm, receive_records, result

MAIJA = identity("maija", people()["1001"])


@pytest.fixture
def campus() -> Iterator[tuple[Flask, Served]]:
    """The simulator."""
    app = make_app({"CAMPUS_API_KEY": "key", "WTF_CSRF_ENABLED": False})
    with serve(app) as served:
        yield app, served


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


@pytest.fixture
def services(world: World, campus: tuple[Flask, Served]) -> Services:
    """Services whose one adapter is the real one."""

    def secrets(reference: str) -> str:
        return {"env:PEPPI": "key"}[reference]

    settings = {"base_url": campus[1].url, "api_key": "env:PEPPI"}
    with world.services.store.begin() as uow:
        (binding,) = uow.config.bindings("campus")
        uow.config.put_binding(replace(binding, adapter="peppi", settings=settings))
    adapters = Adapters(world.services.store, secrets, world.clock)
    return replace(world.services, open_adapter=adapters.open)


def _confirmed(world: World, services: Services) -> str:
    """Maija's import, confirmed."""
    receive_records(world)
    entered = exporting.enter_from_host(services, "campus", direction=Direction.IMPORT)
    id_ = entered.transfer.id
    exporting.identify(services, entered.transfer, LoggedIn(identity=MAIJA), "fake")
    collect(world, id_, result(), student=Student(key="", identifiers=MAIJA.identifiers))
    confirm(services, id_)
    return id_


def test_an_import_is_decided_and_leaves_as_a_signed_file(
    world: World, services: Services, campus: tuple[Flask, Served]
) -> None:
    """The lost answer is asked for again, the officer decides in part, the student takes it along."""
    app, _ = campus
    app.extensions["campus_faults"].set("lost", path="applications", times=1)
    id_ = _confirmed(world, services)
    for _ in range(3):
        importing.hand(services, id_)
        world.clock.forward(hours=2)
    with services.store.read() as uow:
        transfer = uow.transfers.get(id_)
    assert TransferState.HANDED_OVER is transfer.state
    (application,) = app.extensions["campus_applications"].all()
    receipt = importing.receipt_of(services, transfer)
    assert receipt is not None
    assert (str(application.id), f"/office/applications/{application.id}") == (
        receipt.id,
        re.sub("^http://[^/]+", "", receipt.url),
    )

    officer = app.test_client()
    officer.post("/login", data={"user": "officer", "password": "officer-demo"})
    form = {f"accepted-{one['completedCreditIdentifier']}": "no" for one in application.studies}
    first = next(iter(form))
    form |= {first: "yes", first.replace("accepted", "name"): "Exchange studies"}
    officer.post(f"/office/applications/{application.id}", data=form)

    importing.poll(services, id_)
    (row,) = importing.recognitions_of(services, transfer)
    assert RecognitionState.PARTIALLY_ACCEPTED is row.state

    importing.order_statement(services, transfer, language="en")
    importing.recall(services, id_)
    importing.attest(services, world.signers, id_)
    order = importing.statement_of(services, transfer)
    assert order is not None
    assert (StatementState.READY, "") == (order.state, order.failure)
    taken = importing.take_statement(services, transfer, file="elmo")
    assert taken is not None
    verified = signing.verify(SignedElmo(taken.elmo), [world.certificate])
    assert () == elmo.check(verified.xml, ElmoVersion.V2_0)
    root = etree.fromstring(verified.xml)
    assert "Mallikas" == root.findtext("{*}learner/{*}familyName")
    assert ["Exchange studies"] == [
        one.text for one in root.iterfind(".//{*}recognitionResult/*/{*}title")
    ]
    assert len(application.studies) == len(root.findall(".//{*}recognitionBasis/*/*/{*}specifies"))

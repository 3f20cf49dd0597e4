"""Campus with the gateway inside: its own students' records, through the real Peppi adapter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from lxml import etree

from emrex_gateway import network, signing
from emrex_gateway.adapters import Adapters
from emrex_gateway.domain import AdapterBinding, LearnerDetail, LoginMethod, texts
from emrex_gateway.testing import serve
from examples.campus import make_app
from gateway_world import Browser, World, make_world

NS = {"e": "https://github.com/emrex-eu/elmo-schemas/tree/v1"}


@pytest.fixture
def campus(tmp_path: Path) -> Iterator[tuple[Flask, World]]:
    """The simulator on a socket (for the adapter) with the gateway embedded, and its world."""
    world = make_world(tmp_path)
    key = world.services.secrets("env:KEY")
    adapters = Adapters(world.services.store, world.services.secrets, world.services.clock)
    world.services = replace(world.services, open_adapter=adapters.open)
    config = {"CAMPUS_API_KEY": key, "EMREX_PUBLIC_URL": world.services.settings.public_url}
    app = make_app(config, services=world.services)
    with serve(app) as served:
        fake = LoginMethod(
            id="fake", institution="campus", kind="oidc", names=texts(en="x"), settings={}
        )
        with world.services.store.read() as uow:
            institution = uow.config.institution("campus")
        everything = replace(institution.release, details=frozenset(LearnerDetail))
        world.put(institution=replace(institution, release=everything))
        world.put(login_method=replace(fake, enabled=False))
        world.put(login_method=replace(fake, id="host", kind="host", names=texts(en="Campus")))
        world.put(
            binding=AdapterBinding(
                id="fake",
                institution="campus",
                adapter="peppi",
                settings={"base_url": served.url, "api_key": "env:KEY"},
            )
        )
        yield app, world


def _log_in(browser: Browser, user: str) -> Browser:
    """Fill in the simulator's own login page, wherever the browser stands."""
    form = browser.page.xpath("//form[@action='/login']")[0]
    hidden = {e.get("name"): e.get("value", "") for e in form.xpath(".//input[@type='hidden']")}
    return browser.post("/login", {**hidden, "user": user, "password": f"{user}-demo"})


def _arrive(campus: tuple[Flask, World], user: str, **fields: str) -> Browser:
    """Come from a client, log in at campus, and wait for the records."""
    app, world = campus
    browser = Browser(world, app.test_client())
    browser.enter(**fields)
    _log_in(browser, user)
    world.work()
    return browser.reload()


def _elmo(world: World, browser: Browser) -> Any:
    reply = network.unpack(browser.reply())
    assert reply.elmo is not None
    return etree.fromstring(signing.verify(reply.elmo, [world.certificate]).xml)


def test_everything_that_maija_has_arrives(campus: tuple[Flask, World]) -> None:
    """From a client's request to the reply; still logged in at campus afterwards."""
    _, world = campus
    browser = _arrive(campus, "maija", allowNotPassedCourses="true")
    browser.submit("select", "all").submit("select", "preview")
    browser.submit("preview", "confirm", consent="yes")
    world.work()
    root = _elmo(world, browser.reload())
    for element in (
        "academicTerm", "gradingScheme", "shortenedGrading", "resultDistribution", "level", "groups",
        "grouping", "diplomaSupplement", "engagementHours", "languageOfInstruction", "subjectArea",
        "descriptionHtml", "iscedCode", "placeOfBirth", "birthName", "ref",
    ):  # fmt: skip
        assert root.xpath(f"//e:{element}", namespaces=NS), element
    assert root.xpath("//*[namespace-uri()='https://campus.example/ns/badge']")
    assert len(root.xpath("/e:elmo/e:report", namespaces=NS)) == 2
    statuses = root.xpath("//e:status/text()", namespaces=NS)
    assert {"passed", "failed", "in-progress"} == set(statuses)
    assert "Ethics of Computing" not in etree.tostring(root, encoding="unicode")
    assert browser.get("/record").response.status_code == 200


def test_the_button_of_the_study_record(campus: tuple[Flask, World]) -> None:
    """Somebody logged in at campus need not log in again."""
    app, world = campus
    browser = Browser(world, app.test_client())
    _log_in(browser.get("/login"), "tanaka")
    button = browser.page.xpath("//a[normalize-space()='Export to EMREX']/@href")
    assert button == ["/emrex/campus/export"]
    browser.get(button[0])
    world.work()
    assert "書道入門" in browser.reload().text


def test_nothing_to_send(campus: tuple[Flask, World]) -> None:
    """*olli* has no records: the client hears so."""
    browser = _arrive(campus, "olli")
    assert browser.reply()["returnCode"] == "NCP_NO_RESULTS"


def test_found_twice(campus: tuple[Flask, World]) -> None:
    """*twin* gets a clear page, and nobody's records."""
    browser = _arrive(campus, "twin")
    assert "cannot be found for certain" in browser.text
    assert browser.reply()["returnCode"] == "NCP_ERROR"
    assert not browser.has("select")


def test_hostile_names_are_sent_as_text(campus: tuple[Flask, World]) -> None:
    """What *nasty* has passes every page and the grammar, and is text wherever it shows."""
    _, world = campus
    browser = _arrive(campus, "nasty")
    assert "<script>alert('module')</script>" in browser.text
    assert not browser.page.xpath("//script[contains(., 'alert')]")
    browser.submit("select", "all").submit("select", "preview")
    browser.submit("preview", "confirm", consent="yes")
    world.work()
    root = _elmo(world, browser.reload())
    assert "<script>alert('module')</script>" in root.xpath("//e:title/text()", namespaces=NS)

"""A world in which a student brings records home: providers elsewhere, and the steps there and back.

The providers are simulated (``examples.emp_simulator``); their answers go over
no wire: what a page would post is posted here. The host system's sink is a
fake that keeps what it is given.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from html import unescape
from pathlib import Path
from re import findall
from typing import Any

from werkzeug.test import Client

from emrex_gateway.domain import (
    Errand,
    ImportedResults,
    Provider,
    ProviderRule,
    Receipt,
    Recognition,
    RecognitionState,
    Student,
    Transfer,
    provider_key,
    texts,
)
from examples import emp_simulator
from examples.emp_simulator import Learner, Mode, SimulatorConfig
from gateway_world import Browser, World, make_world

ELSEWHERE = "https://elsewhere.test"
EMC = "/emrex/campus/emc"


class FakeSink:
    """A fake host system that stores imports in a list."""

    def __init__(self) -> None:
        self.stored: dict[str, ImportedResults] = {}

    def store_results(self, student: Student, results: ImportedResults) -> Receipt:
        self.stored.setdefault(results.key, results)
        return Receipt(id=results.key[:12])

    def recognition(self, receipt: Receipt) -> Recognition:
        return Recognition(state=RecognitionState.SUBMITTED)


@cache
def simulated() -> tuple[emp_simulator.Provider, ...]:
    """One provider for all of Norway; three in Estonia, each for itself. The names are invented."""
    make = emp_simulator.make_provider
    norway, estonia = ("NO", "Norway"), ("EE", "Estonia")
    return (
        make("north", "University of the North", norway, single_fetch=True, elliptic=True),
        make("east", "University of the East", estonia, elliptic=True),
        make("west", "Western Academy", estonia, newer_codes=True, elliptic=True),
        make("isles", "Õpetajate Kool", estonia, elliptic=True),
    )


@cache
def simulator() -> Client:
    """The providers' pages, for Maija Mallikas."""
    config = SimulatorConfig(
        public_url=ELSEWHERE,
        providers=simulated(),
        learner=Learner(given_names="Maija", family_name="Mallikas", birth_date=date(1998, 2, 11)),
        hang_seconds=0,
    )
    return Client(emp_simulator.make_app(config))


def key_of(slug: str) -> str:
    """``Provider.key`` of a simulated provider."""
    return provider_key(f"{ELSEWHERE}/{slug}/emp")


def listed(one: emp_simulator.Provider) -> Provider:
    """What an institution's own addition says of a simulated provider."""
    url = f"{ELSEWHERE}/{one.slug}/emp"
    return Provider(
        key=provider_key(url),
        url=url,
        country=one.country,
        names=texts(en=one.name),
        acronym=one.slug.upper(),
        certificates=(one.certificate,),
        single_fetch=one.single_fetch,
    )


def make_import_world(folder: Path, **settings: Any) -> World:
    """As ``make_world``; ``campus`` receives records and knows the simulated providers."""
    world = make_world(folder, **settings)
    world.source.sink = FakeSink()
    with world.services.store.begin() as uow:
        uow.config.put_institution(replace(uow.config.institution("campus"), client=True))
        for one in simulated():
            rule = ProviderRule(institution="campus", provider=listed(one).key, added=listed(one))
            uow.providers.put_rule(rule)
    return world


@dataclass
class Importer:
    """A student's browser on the way home."""

    world: World
    browser: Browser

    def log_in(self) -> Importer:
        """Press the host's button, log in, and wait until one is known."""
        self.browser.get("/emrex/campus/import").log_in()
        self.world.work()
        self.browser.reload()
        return self

    def set_out(self, slug: str) -> dict[str, str]:
        """Choose a provider; return what the page posts there."""
        self.world.clock.forward(seconds=1)  # visits stand in the order of their times
        self.browser.get(f"/emrex/campus/t/{self.browser.transfer_id}/import/where")
        step = "places" if self.browser.has("places") else "more"
        self.browser.submit(step, provider=key_of(slug))
        form = self.browser.form("go")
        return {e.get("name"): e.get("value") for e in form.xpath(".//input")}

    def come_back(self, fields: dict[str, str]) -> Importer:
        """Post a reply as the provider's page would, then let the worker look into it."""
        self.browser.post(EMC, fields)
        if "/t/" in self.browser.path:
            self.world.work()
            self.browser.reload()
        return self

    def visit(self, slug: str, mode: Mode = Mode.SUCCESS, **more: str) -> Importer:
        """There and back; ``more`` goes into the provider's page (``given``, ``family``, ``born``)."""
        return self.come_back(reply_of(slug, mode, self.set_out(slug), **more))

    @property
    def transfer(self) -> Transfer:
        with self.world.services.store.read() as uow:
            return uow.transfers.get(self.browser.transfer_id)

    @property
    def errands(self) -> tuple[Errand, ...]:
        with self.world.services.store.read() as uow:
            return uow.errands.of(self.browser.transfer_id)

    @property
    def ends(self) -> list[tuple[str, str]]:
        """How each visit stands, and why."""
        return [(one.state.value, one.reason) for one in self.errands]


def importer(world: World) -> Importer:
    """A new browser."""
    return Importer(world, world.browser())


def reply_of(slug: str, mode: Mode, sent: dict[str, str], **more: str) -> dict[str, str]:
    """What a simulated provider's page posts back for what it was sent."""
    page = simulator().post(f"/{slug}/emp?mode={mode}", data={**sent, **more})
    assert 200 == page.status_code, page.text
    found = findall(r'name="(\w+)" value="([^"]*)"', page.get_data(as_text=True))
    return {name: unescape(value) for name, value in found}

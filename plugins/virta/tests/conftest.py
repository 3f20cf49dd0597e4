"""What the plugin's tests share: an institution, and a simulator on a real socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from emrex_gateway.domain import Identity, Institution, StudyRecord, texts
from emrex_virta import plugin
from virta_answers import answer, person, row
from virta_world import Map, Virta, demo, identity_of, running, virta_settings


@pytest.fixture
def institution() -> Institution:
    return Institution(
        slug="testi",
        names=texts(en="Test University", fi="Testiyliopisto"),
        country="FI",
        domain="testi.example",
        url="https://www.testi.example/",
    )


@pytest.fixture
def virta() -> Iterator[Virta]:
    with running() as world:
        yield world


@pytest.fixture
def aino() -> Identity:
    return identity_of(demo("aino"))


@pytest.fixture
def mapped(institution: Institution) -> Map:
    def map_(*persons: str, **settings: object) -> tuple[StudyRecord, ...]:
        found = virta_settings("https://virta.example", **settings)
        _, records = plugin.convert(institution, found, answer(*persons))
        return tuple(records)

    return map_


@pytest.fixture
def single(mapped: Map) -> Callable[..., StudyRecord]:
    def map_(**parts: object) -> StudyRecord:
        (record,) = mapped(person(row(**parts)))  # type: ignore[arg-type]  # parts of a row
        return record

    return map_

"""What the plugin's tests share: an institution, and a simulator on a real socket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emrex_gateway.domain import Identity, Institution, texts
from virta_world import Virta, demo, identity_of, running


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

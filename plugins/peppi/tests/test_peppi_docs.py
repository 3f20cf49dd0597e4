"""The README keeps up with the code."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from emrex_peppi import PeppiSettings
from emrex_peppi._fields import KNOWN

README = Path(__file__).parents[1].joinpath("README.md").read_text("utf-8")
WORDS = frozenset(re.findall(r"\w+", README))


def test_every_setting_is_documented() -> None:
    """Each stands in the table of settings."""
    missing = {f.name for f in dataclasses.fields(PeppiSettings)} - WORDS
    assert missing == set()


def test_every_property_is_documented() -> None:
    """Each property that is read, and each object that can be named in ``renamed``."""
    missing = {word for pair in KNOWN for word in pair} - WORDS
    assert missing == set()


def test_every_default_search_is_documented() -> None:
    """As it is written in the settings."""
    settings = PeppiSettings(base_url="https://peppi.example", api_key="key")
    assert [s for s in settings.searches if s not in README] == []

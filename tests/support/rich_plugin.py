"""A made-up plugin whose settings have every kind of field that a form can ask for.

Its system is a fake: it answers what the test puts into ``SYSTEM``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec

from emrex_gateway.domain import Identity, Student, StudyRecord
from emrex_gateway.errors import ConfigError, GatewayError
from emrex_gateway.ports import ADAPTER_API_VERSION, Adapter


class Scale(StrEnum):
    """A choice."""

    FIVE = "five"
    PASS = "pass"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """A nested table, with a table in it."""

    size: Annotated[int, msgspec.Meta(ge=1, le=500)] = field(
        default=100, metadata={"label": "Page size", "help": "How many at once."}
    )
    offset: str = field(default="from", metadata={"label": "Offset", "help": "Its parameter."})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A nested table that may be left out."""

    host: str = field(metadata={"label": "Proxy", "help": "Its name."})


@dataclass(frozen=True, slots=True, kw_only=True)
class RichSettings:
    """Every kind."""

    url: str = field(
        metadata={
            "label": {"en": "Address", "fi": "Osoite", "sv": "Adress"},
            "help": {"en": "Where it is.", "fi": "Missä se on."},
        }
    )
    password: str = field(
        repr=False, metadata={"label": "Password", "help": "The key.", "secret": True}
    )
    timeout: float = field(default=5.0, metadata={"label": "Patience", "help": "x", "unit": "s"})
    tries: int = field(default=3, metadata={"label": "Tries", "help": "x", "advanced": True})
    names: bool = field(default=True, metadata={"label": "Ask for names", "help": "x"})
    scale: Scale = field(
        default=Scale.FIVE,
        metadata={"label": "Scale", "help": "x", "choices": {"five": {"en": "One to five"}}},
    )
    order: Literal["new", "old"] = field(default="new", metadata={"label": "Order", "help": "x"})
    faculty: str | None = field(default=None, metadata={"label": "Faculty", "help": "x"})
    codes: tuple[str, ...] = field(default=("a", "b"), metadata={"label": "Codes", "help": "x"})
    years: tuple[int, ...] = field(default=(), metadata={"label": "Years", "help": "x"})
    kinds: frozenset[Scale] = field(default=frozenset(), metadata={"label": "Kinds", "help": "x"})
    headers: Mapping[str, str] = field(
        default_factory=dict, metadata={"label": "Headers", "help": "x"}
    )
    weights: Mapping[str, int] = field(
        default_factory=dict, metadata={"label": "Weights", "help": "x"}
    )
    rules: tuple[Mapping[str, str], ...] = field(
        default=(), metadata={"label": "Rules", "help": "x"}
    )
    paging: Paging = field(default=Paging(), metadata={"label": "Paging"})
    proxy: Proxy | None = field(default=None, metadata={"label": "Proxy server"})

    def __post_init__(self) -> None:
        if self.url.startswith("ftp:"):
            raise ConfigError("an address of FTP does not work", "url")
        if self.tries > 9:
            raise ValueError("more than nine tries help nobody")


class System:
    """The fake system: an error, or somebody with records."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.nobody: Exception | None = None
        self.student = Student(key="s1", given_names="Testi", family_name="Testinen")
        self.records: tuple[StudyRecord, ...] = ()
        self.asked: list[Any] = []
        self.opened: list[RichSettings] = []

    def say(self, what: Any) -> None:
        """Note the call, or fail."""
        self.asked.append(what)
        if self.error is not None:
            raise self.error


SYSTEM = System()


class _Source:
    def find_student(self, identity: Identity) -> Student:
        SYSTEM.say(identity)
        if SYSTEM.nobody is not None:
            raise SYSTEM.nobody
        return SYSTEM.student

    def list_records(self, student: Student) -> tuple[StudyRecord, ...]:
        SYSTEM.say("list")
        return SYSTEM.records


class RichPlugin:
    """As the contract says."""

    name = "rich"
    api_version = ADAPTER_API_VERSION
    settings_type = RichSettings
    capabilities = ("records",)

    @contextmanager
    def open(self, institution: Any, settings: RichSettings) -> Iterator[Adapter]:
        """Opens nothing but notes with what."""
        SYSTEM.opened.append(settings)
        yield Adapter(ping=lambda: SYSTEM.say(settings), source=_Source())

    def convert(self, institution: Any, settings: Any, answer: bytes) -> Any:
        """Not needed here."""
        raise GatewayError


RICH = RichPlugin()

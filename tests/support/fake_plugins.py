"""Installs made-up adapter plugins the way real ones are: as distributions with entry points.

``FakePlugin`` is a fake: its system is a list of answers that the test gives.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emrex_gateway.domain import Student, StudyRecord
from emrex_gateway.ports import ADAPTER_API_VERSION, Adapter


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """A nested table."""

    size: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeSettings:
    """What the fake wants to know."""

    url: str
    password: str = field(default="", repr=False, metadata={"secret": True})
    timeout: float = 5.0
    paging: Paging = Paging()
    names: Mapping[str, str] = dataclasses.field(default_factory=dict)


class FakePlugin:
    """Answers with what the test put into ``answers``; an exception in there is raised."""

    settings_type = FakeSettings

    def __init__(self, name: str = "fake", api_version: int = ADAPTER_API_VERSION) -> None:
        self.name = name
        self.api_version = api_version
        self.answers: list[Any] = []
        self.asked: list[str] = []
        self.opened: list[FakeSettings] = []
        self.open_troubles: list[Exception] = []
        self.closed = 0
        self.close_trouble: Exception | None = None
        self.before_answer: Callable[[], None] = lambda: None

    @contextmanager
    def open(self, institution: Any, settings: FakeSettings) -> Iterator[Adapter]:
        """As the contract says."""
        self.opened.append(settings)
        if self.open_troubles:
            raise self.open_troubles.pop(0)
        yield Adapter(ping=lambda: self._answer("ping"), source=self)
        self.closed += 1
        if self.close_trouble:
            raise self.close_trouble

    def find_student(self, identity: Any) -> Student:
        """As the contract says."""
        found: Student = self._answer("find")
        return found

    def list_records(self, student: Student) -> Iterator[StudyRecord]:
        """As the contract says; an exception within a list is raised half-way."""
        for one in self._answer("list"):
            if isinstance(one, Exception):
                raise one
            yield one

    def convert(self, institution: Any, settings: Any, answer: bytes) -> Any:
        """Not needed here."""
        raise NotImplementedError

    def _answer(self, what: str) -> Any:
        self.asked.append(what)
        self.before_answer()
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, BaseException):
            raise answer
        return answer


FAKE = FakePlugin()
"""The plugin that tests install under the name ``fake``."""


def install(
    folder: Path, distribution: str, *, name: str = "fake", value: str = "fake_plugins:FAKE"
) -> None:
    """Write a distribution's metadata into a folder that is on the path."""
    info = folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[emrex_gateway.adapters]\n{name} = {value}\n")

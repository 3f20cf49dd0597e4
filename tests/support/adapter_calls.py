"""What the adapters' tests share: a student, a record, and a way to ask."""

from __future__ import annotations

import stores
from emrex_gateway.adapters import Adapters
from emrex_gateway.domain import (
    Identity,
    Instance,
    Issuer,
    Specification,
    Student,
    StudyRecord,
    texts,
)
from emrex_gateway.errors import (
    AdapterUnavailable,
)
from stores import Clock

WHO = Identity(method="oidc", provider="p", subject="s")
STUDENT = Student(key="1")
RECORD = StudyRecord(
    key="a",
    issuer=Issuer(identifiers=(), titles=texts(en="U"), url="https://u.example"),
    specification=Specification(titles=texts(en="Course")),
    instance=Instance(),
)
PERSONAL = "010190-123A"


class Sleeper:
    """Remembers how long it would have slept."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.slept = clock, []  # type: Clock, list[float]

    def __call__(self, seconds: float) -> None:
        """Let the clock run instead."""
        self.slept.append(seconds)
        self.clock.pass_(seconds=seconds)


BINDING = stores.binding(settings={"url": "https://records.example.org"})


def ask(adapters: Adapters) -> Student:
    """Open the fake and ask it for the student."""
    with adapters.open(stores.institution(), BINDING) as adapter:
        assert adapter.source is not None
        return adapter.source.find_student(WHO)


def down(retry_after: float | None = None) -> AdapterUnavailable:
    """A temporary error."""
    return AdapterUnavailable("the system is busy", retry_after)

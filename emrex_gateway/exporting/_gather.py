"""Asks an institution's adapters for one student, all at once, and joins what they have.

The rules: docs/decisions/0015-several-adapters.md.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread

from emrex_gateway.adapters import read_records
from emrex_gateway.domain import (
    AdapterBinding,
    ClientRequest,
    Identity,
    Institution,
    Student,
    StudyRecord,
    different_people,
    merge,
)
from emrex_gateway.errors import (
    AdapterError,
    AdapterUnavailable,
    AmbiguousStudent,
    ConfigError,
    GatewayError,
    StudentNotFound,
)
from emrex_gateway.exporting._contents import offered
from emrex_gateway.exporting._payloads import Listing
from emrex_gateway.services import Services

OPTIONAL_SECONDS = 20.0
"""How long an adapter that is not required is waited for, unless a required one takes longer."""

MAX_NAME = 64
"""The most characters of a transfer's ``adapter``."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one adapter had: a student with records, neither, or an error."""

    binding: AdapterBinding
    student: Student | None = field(default=None, repr=False)
    records: tuple[StudyRecord, ...] = field(default=(), repr=False)
    error: Exception | None = None


def gather(
    services: Services,
    institution: Institution,
    bindings: Sequence[AdapterBinding],
    identity: Identity,
    request: ClientRequest | None,
) -> Listing:
    """Ask the enabled adapters and return their records as one listing.

    Raises ``StudentNotFound`` when none has anything to offer,
    ``AmbiguousStudent`` when they mean different people, and what a required
    adapter raised.
    """
    enabled = [binding for binding in bindings if binding.enabled]
    if not enabled:
        raise ConfigError("the institution has no enabled adapter")
    until = time.monotonic() + services.settings.fetch_timeout * 0.8
    asked = [binding for binding in enabled if not binding.fallback]
    answers = _ask_all(services, institution, asked, identity, until)
    listing = _join(services, answers)
    for binding in enabled:
        if binding.fallback and not offered(listing.records, request):
            answers += _ask_all(services, institution, [binding], identity, until)
            listing = _join(services, answers)
    if not offered(listing.records, request):
        failed = next((_blamed(answer) for answer in answers if answer.error), None)
        raise failed or StudentNotFound("no enabled adapter has records of the student to offer")
    return listing


def _join(services: Services, answers: Sequence[_Answer]) -> Listing:
    """One listing of all answers.

    Raises the first error of a required adapter, and what was not an adapter's fault.
    """
    for answer in answers:
        if answer.error is not None and (
            answer.binding.required or not isinstance(answer.error, AdapterError | ConfigError)
        ):
            raise _blamed(answer)
    found = [answer for answer in answers if answer.records and answer.student is not None]
    people = [answer.student for answer in found if answer.student is not None]
    if any(different_people(people[0], other) for other in people[1:]):
        raise AmbiguousStudent("two adapters mean different people")
    merged = merge([(answer.binding.id, answer.records) for answer in found])
    if len(merged.records) > services.settings.max_records:
        raise AdapterError("the adapters together list more than max_records")
    return Listing(
        student=people[0] if people else Student(key=""),
        records=merged.records,
        adapter=_named(found),
        missing=tuple(answer.binding.id for answer in answers if answer.error is not None),
        duplicates=merged.duplicates,
    )


def _blamed(answer: _Answer) -> Exception:
    """The error of an adapter, with the adapter's name for the transfer's row."""
    if isinstance(answer.error, GatewayError):
        answer.error.adapter = answer.binding.adapter[:MAX_NAME]
    return answer.error or AdapterError("an adapter gave no answer")


def _named(found: Sequence[_Answer]) -> str:
    """The adapters that had something, in their order, for the transfer's row."""
    names = list(dict.fromkeys(answer.binding.adapter for answer in found))
    joined = "+".join(names)
    return joined if len(joined) <= MAX_NAME else f"{names[0][:50]}+{len(names) - 1}"


def _ask_all(
    services: Services,
    institution: Institution,
    bindings: Sequence[AdapterBinding],
    identity: Identity,
    until: float,
) -> list[_Answer]:
    """Ask every adapter, several at once: the slowest counts, not the sum; none can hold the others up.

    One that has not answered ``until`` then counts as not available. Its
    thread ends with the job's process.
    """
    if len(bindings) < 2 and all(binding.required for binding in bindings):
        return [_ask(services, institution, binding, identity) for binding in bindings]
    answered: SimpleQueue[_Answer] = SimpleQueue()

    def work(binding: AdapterBinding) -> None:
        answered.put(_ask(services, institution, binding, identity))

    for binding in bindings:
        context = copy_context()
        Thread(target=context.run, args=(work, binding), daemon=True).start()
    patience = min(until, time.monotonic() + OPTIONAL_SECONDS)
    answers: dict[str, _Answer] = {}
    while waited_for := [binding for binding in bindings if binding.id not in answers]:
        end = until if any(binding.required for binding in waited_for) else patience
        try:
            answer = answered.get(timeout=max(end - time.monotonic(), 0))
        except Empty:
            break
        answers[answer.binding.id] = answer
    late = AdapterUnavailable("the adapter did not answer in time")
    return [answers.get(b.id) or _Answer(b, error=late) for b in bindings]


def _ask(
    services: Services, institution: Institution, binding: AdapterBinding, identity: Identity
) -> _Answer:
    """What one adapter has, or the error that it raised."""
    try:
        with services.open_adapter(institution, binding) as adapter:
            if adapter.source is None:
                return _Answer(binding)
            student = adapter.source.find_student(identity)
            records = read_records(adapter.source, student, services.settings.max_records)
    except StudentNotFound:
        return _Answer(binding)
    except Exception as error:  # it crosses a thread: raised again, or kept, by ``_join``
        return _Answer(binding, error=error)
    return _Answer(binding, student, records)

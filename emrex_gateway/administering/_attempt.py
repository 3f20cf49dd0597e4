"""What a try does: settings, ping, and for a test student the way from the system to ELMO."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from emrex_gateway import elmo
from emrex_gateway.adapters import read_records
from emrex_gateway.domain import (
    AccessPoint,
    Document,
    ElmoVersion,
    Identity,
    Institution,
    Learner,
    Status,
    Student,
    StudyRecord,
    TryAnswer,
    TryQuestion,
    release,
    select,
)
from emrex_gateway.errors import AdapterError, GatewayError, StudentNotFound
from emrex_gateway.ports import Adapter
from emrex_gateway.services import Services

log = logging.getLogger(__name__)

UNNAMED = "(no name in the answer)"


@dataclass(slots=True)
class _Progress:
    """How far a try has come, and what it has seen."""

    step: str = "settings"
    seconds: list[tuple[str, float]] = field(default_factory=list)
    records: tuple[StudyRecord, ...] = ()
    left_out: int = 0
    learner: Learner | None = None
    xml: bytes = b""

    @contextmanager
    def of(self, step: str) -> Iterator[None]:
        self.step = step
        began = time.monotonic()
        yield
        self.seconds.append((step, round(time.monotonic() - began, 3)))

    def answer(self, error: GatewayError | None = None) -> TryAnswer:
        return TryAnswer(
            step=self.step,
            problem="" if error is None else str(error)[:1000],
            field=getattr(error, "field", ""),
            retry_after=getattr(error, "retry_after", None),
            seconds=tuple(self.seconds),
            records=self.records,
            left_out=self.left_out,
            learner=self.learner,
            xml=self.xml,
        )


def attempt(
    services: Services,
    institution: Institution,
    points: Sequence[AccessPoint],
    question: TryQuestion,
) -> tuple[str, TryAnswer]:
    """Try a binding; return ``ok`` or the error's class name, and what there is to tell.

    An unsigned document is made of everything that a student could choose,
    with what the institution's rule lets out to nobody in particular.
    """
    progress = _Progress()
    version = points[0].elmo_version if points else ElmoVersion.V1_7
    try:
        _go(services, institution, question, version, progress)
    except GatewayError as error:
        return type(error).__name__, progress.answer(error)
    except Exception as error:
        # Ours or the plugin's: the text may quote an answer, so its kind must do.
        log.exception("a try of the adapter %s failed", question.binding.id)
        return "AdapterError", progress.answer(
            AdapterError(f"{type(error).__name__} while the answer was mapped")
        )
    return "ok", progress.answer()


def _go(
    services: Services,
    institution: Institution,
    question: TryQuestion,
    version: ElmoVersion,
    progress: _Progress,
) -> None:
    binding = question.binding
    open_ = services.try_adapter or services.open_adapter
    # the first step, the settings, ends when the plugin was opened: its secrets are there by then
    with open_(institution, binding) as adapter:
        with progress.of("ping"):
            adapter.ping()
        if question.student is not None:
            student = _read(services, adapter, question.student, progress)
            learner = _learner(institution, question.student, student)
            progress.learner = learner
            with progress.of("elmo"):
                progress.xml = _write(services, learner, progress.records, version)


def _read(services: Services, adapter: Adapter, identity: Identity, progress: _Progress) -> Student:
    if adapter.source is None:
        raise AdapterError("this adapter reads no records")
    with progress.of("student"):
        student = adapter.source.find_student(identity)
    with progress.of("records"):
        records = read_records(adapter.source, student, services.settings.max_records)
        offered = tuple(r for r in records if r.instance.status is Status.PASSED)
        progress.records, progress.left_out = offered, len(records) - len(offered)
        if not records:
            raise StudentNotFound("the system knows the student and has no records of them")
    return student


def _learner(institution: Institution, identity: Identity, student: Student) -> Learner:
    """What of the person leaves to nobody in particular; a name that nobody has is filled in."""
    learner = release(student, identity, institution.release, None)
    return dataclasses.replace(
        learner,
        given_names=learner.given_names or UNNAMED,
        family_name=learner.family_name or UNNAMED,
    )


def _write(
    services: Services, learner: Learner, records: Sequence[StudyRecord], version: ElmoVersion
) -> bytes:
    now = services.clock()
    reports = select(records, [record.key for record in records], now)
    if not reports:
        return b""
    document = Document(generated_at=now, learner=learner, reports=reports)
    return elmo.write(document, version, readable_copy=False).xml

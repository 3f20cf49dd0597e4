"""A try of an adapter: an administrator asks whether it works, and what a test student would get."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as value
from datetime import datetime
from enum import StrEnum

from emrex_gateway.domain._institutions import AdapterBinding
from emrex_gateway.domain._people import Identity, Learner
from emrex_gateway.domain._records import StudyRecord


class TryState(StrEnum):
    """Where a try is."""

    ORDERED = "ordered"
    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """The row of a try: who asked, of which binding, and what class of outcome it had.

    Only ``account`` may see it. ``apply`` puts the binding of the question into
    force when the system answers. ``outcome`` is ``ok`` or an error's class
    name; ``removed`` marks a binding that is kept for an undo.
    """

    id: str
    institution: str
    binding: str
    account: str
    apply: bool
    state: TryState
    created_at: datetime
    changed_at: datetime
    expires_at: datetime
    outcome: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TryQuestion:
    """What is tried: a binding as it would be, from which row, and as which student. Sealed.

    ``version`` is that of the row that the binding was made from; it is put
    into force only where the row is still the same.
    """

    binding: AdapterBinding
    version: str = ""
    student: Identity | None = value(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TryAnswer:
    """What came of it. Sealed: with a test student it holds that student's records.

    ``step`` is the last one begun: ``settings``, ``ping``, ``student``,
    ``records`` or ``elmo``. ``problem`` is the error's text, which names
    nobody, and ``field`` the setting to blame, where one is. ``seconds`` are
    those of each step. ``left_out`` counts records that are not offered to
    students: failed and unfinished ones. ``applied`` says that the binding is in force.
    """

    step: str
    problem: str = ""
    field: str = ""
    retry_after: float | None = None
    seconds: tuple[tuple[str, float], ...] = ()
    records: tuple[StudyRecord, ...] = value(default=(), repr=False)
    left_out: int = 0
    learner: Learner | None = value(default=None, repr=False)
    xml: bytes = value(default=b"", repr=False)
    applied: bool = False

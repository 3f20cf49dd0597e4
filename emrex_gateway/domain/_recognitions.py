"""What the gateway keeps of a recognition after the import itself is gone: states, no contents."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from emrex_gateway.domain._imports import RecognitionState


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRecognition:
    """A row of ``emrex_recognition``: how far the host system is with one import.

    ``transfer`` is the import's id, ``binding`` the adapter that took it.
    ``asked_at`` is when the host system was last asked, ``next_at`` when it is
    asked again; ``None``: never again, unless somebody wants it asked.
    ``failures`` counts questions in a row that had no answer, ``failure`` is
    the last error's class name. What was decided on which study is not here:
    the host system is asked for it when somebody wants to see it.
    """

    transfer: str
    institution: str
    binding: str
    state: RecognitionState
    submitted_at: datetime
    changed_at: datetime
    decided_on: date | None = None
    asked_at: datetime | None = None
    next_at: datetime | None = None
    failures: int = 0
    failure: str = ""
    version: int = 0


class StatementState(StrEnum):
    """Where the signed file of a decision stands, once a student has ordered one."""

    ORDERED = "ordered"
    """The host system is to be asked what it decided, and for whom."""
    ANSWERED = "answered"
    """It answered; the file is to be written and signed."""
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A row of ``emrex_recognition_file``: one order of a signed decision.

    Its contents are sealed by a key of the row's own, which goes with the row
    at ``expires_at``. ``language`` is that of the readable copy. ``failure``
    is an error's class name, or a code of ours for the page.
    """

    transfer: str
    state: StatementState
    language: str
    ordered_at: datetime
    changed_at: datetime
    expires_at: datetime
    attempts: int = 0
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedStatement:
    """A decision as it was signed: ELMO 2, and its readable copy."""

    elmo: bytes = field(repr=False)
    pdf: bytes = field(repr=False)

"""The plugin contract: what a study administration system is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from emrex_gateway.domain import (
    Identity,
    ImportedResults,
    Institution,
    Receipt,
    Recognition,
    Student,
    StudyRecord,
)

ADAPTER_API_VERSION = 1
"""The version of the plugin contract in this module; a plugin states which it was written for."""

SettingsT_contra = TypeVar("SettingsT_contra", contravariant=True)
SettingsT = TypeVar("SettingsT")


class RecordSource(Protocol):
    """Reads study records out of a study administration system."""

    def find_student(self, identity: Identity) -> Student:
        """Return the one person that the identity means.

        Raises ``StudentNotFound``, ``AmbiguousStudent``, ``AdapterUnavailable``
        (temporary), ``AdapterRefused`` (our credentials) or ``AdapterError``.
        Their texts are shown to administrators: they name nobody.
        """

    def list_records(self, student: Student) -> Iterable[StudyRecord]:
        """Yield the student's records: unique keys, parents that exist, no cycles.

        Raises as ``find_student`` does; ``StudentNotFound`` or an empty
        iterable both mean that there is nothing to send.
        """


class ResultSink(Protocol):
    """Writes records that a student brought into a study administration system."""

    def store_results(self, student: Student, results: ImportedResults) -> Receipt:
        """Store an import and return the system's handle for it.

        The same ``results.key`` twice gives the same receipt and stores nothing
        twice: a worker may be killed after the system has taken it. Raises as
        ``RecordSource.find_student`` does.
        """

    def recognition(self, receipt: Receipt) -> Recognition:
        """Return how far the system is with it. Raises as ``find_student`` does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """An open connection to one institution's system; ``None``: the system lacks that capability."""

    ping: Callable[[], None]
    source: RecordSource | None = None
    sink: ResultSink | None = None


class AdapterPlugin(Protocol[SettingsT]):
    """An entry point of the group ``emrex_gateway.adapters`` names an instance of this.

    ``settings_type`` is a frozen dataclass, of which the administrator's form
    is made; docs/adapters.md tells which types it knows. A field's metadata
    holds its ``label`` and ``help`` (a text, or texts by language), perhaps a
    ``unit``, ``choices``, ``advanced``; one with ``secret=True`` holds a
    reference (``env:NAME``, ``file:/path``) in the database and arrives
    resolved in ``open``. What types cannot say is checked in
    ``__post_init__``, which raises ``ConfigError`` with the field's name.

    A plugin may state its ``capabilities``: of ``records``, ``imports`` and
    ``convert``, those that it has.

    A secret setting named ``webhook_secret`` is what the system signs its
    messages with; see ``docs/recognition.md``.

    ``convert`` maps one recorded answer of the system, offline, for support:
    it raises ``AdapterError`` (``StudentNotFound`` for an empty answer) with
    one clear line and no personal data.
    """

    name: str
    api_version: int
    settings_type: type[SettingsT]

    def open(
        self, institution: Institution, settings: SettingsT
    ) -> AbstractContextManager[Adapter]: ...

    def convert(
        self, institution: Institution, settings: SettingsT, answer: bytes
    ) -> tuple[Student, Sequence[StudyRecord]]: ...

"""Reads a student's records out of an open adapter, and holds it to the contract."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from emrex_gateway.domain import Student, StudyRecord
from emrex_gateway.errors import AdapterError
from emrex_gateway.ports import RecordSource


def read_records(source: RecordSource, student: Student, limit: int) -> tuple[StudyRecord, ...]:
    """Return the student's records.

    Raises ``AdapterError`` for more than ``limit`` of them, and for records
    that are no forest; its text names the rule that broke, and nobody.
    """
    records = tuple(islice(source.list_records(student), limit + 1))
    if len(records) > limit:
        raise AdapterError(f"the adapter lists more than {limit} records (max_records)")
    require_forest(records)
    return records


def require_forest(records: Sequence[StudyRecord]) -> None:
    """Raise ``AdapterError`` unless each key stands once, and parents exist without cycles."""
    parents = {record.key: record.parent for record in records}
    if len(parents) != len(records):
        raise AdapterError("two records have one key")
    safe: set[str] = set()
    for key in parents:
        path: set[str] = set()
        at: str | None = key
        while at is not None and at not in safe:
            if at in path or at not in parents:
                raise AdapterError("a record's parent is missing or its own descendant")
            path.add(at)
            at = parents[at]
        safe |= path

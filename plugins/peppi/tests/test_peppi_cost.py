"""What mapping may cost: what repeats is read once, what is absent not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emrex_gateway.domain import StudyRecord
from emrex_peppi import _issuers, _reading

Mapped = Callable[..., tuple[StudyRecord, ...]]
MakeRow = Callable[..., dict[str, Any]]


def test_an_organisation_that_rows_repeat_is_described_once(
    mapped: Mapped, row: MakeRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred rows of one university, spelt alike, become a hundred records with one issuer."""
    described: list[object] = []
    describe = _issuers._issuer

    def counting(*args: Any) -> Any:
        described.append(args)
        return describe(*args)

    monkeypatch.setattr(_issuers, "_issuer", counting)
    other = {"hei": "other.example", "organisationName": {"valueEn": "Other University"}}
    rows = [
        row(f"c{n}", target=f"t{n}", organisationResponsibleForCompletion=dict(other))
        for n in range(100)
    ]
    records = mapped(*rows)
    assert (100, 1, 1) == (len(records), len(described), len({id(r.issuer) for r in records}))


def test_organisations_that_differ_in_anything_are_told_apart(mapped: Mapped, row: MakeRow) -> None:
    """What is remembered is the whole spelling, not a part of it."""
    rows = [
        row(f"c{n}", target=f"t{n}", organisationResponsibleForCompletion={"hei": f"u{n}.example"})
        for n in range(3)
    ]
    found = [record.issuer.identifiers[0].value for record in mapped(*rows)]
    assert ["u0.example", "u1.example", "u2.example"] == found


def test_work_grows_with_the_rows_and_not_faster(
    mapped: Mapped, row: MakeRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten times as many rows take ten times as many looks at the answer's values."""
    looks = [0]
    raw = _reading.Row.raw

    def counting(self: Any, name: str) -> Any:
        looks[0] += 1
        return raw(self, name)

    monkeypatch.setattr(_reading.Row, "raw", counting)

    def counted(size: int) -> int:
        looks[0] = 0
        mapped(*(row(f"c{n}", target=f"t{n}") for n in range(size)))
        return looks[0]

    assert counted(200) <= 11 * counted(20)

"""Only the last state of a completed credit counts."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

NEW, CORRECTION = "NEW_COMPLETED_CREDIT", "CORRECTION"
REPLACES, REMOVAL = "NEW_CREDIT_REPLACES_FORMER", "REMOVAL"


def _grades(records: Any) -> list[str | None]:
    return [record.instance.grade for record in records]


def test_a_correction_takes_the_place_of_what_it_corrects(row: Any, mapped: Any) -> None:
    """The same identifier again is the same credit, written anew."""
    former, later = row("c1", grade="2"), row("c1", grade="3", transaction=CORRECTION)
    assert _grades(mapped(former, later)) == ["3"]
    assert _grades(mapped(later, former)) == ["3"]


def test_a_removed_credit_is_gone(row: Any, mapped: Any) -> None:
    """Whatever the listing's order."""
    former, gone = row("c1"), row("c1", transaction=REMOVAL)
    assert mapped(former, gone) == ()
    assert mapped(gone, former) == ()


@pytest.mark.parametrize("number", range(6))
def test_new_corrected_removed(row: Any, mapped: Any, number: int) -> None:
    """Three rows of one credit in any order: it is gone, and its neighbour is not."""
    rows = [row("c1"), row("c1", transaction=CORRECTION), row("c1", transaction=REMOVAL)]
    order = list(permutations(rows))[number]
    assert [r.key for r in mapped(*order, row("c2", target="t2"))] == ["c2"]


def test_a_raised_grade_replaces_the_former(row: Any, mapped: Any) -> None:
    """A new credit with an identifier of its own, for the same course."""
    former = row("c1", grade="2", completionDate="2020-01-01")
    raised = row("c2", grade="5", completionDate="2020-06-01", transaction=REPLACES)
    assert _grades(mapped(former, raised)) == ["5"]
    assert _grades(mapped(raised, former)) == ["5"]


def test_a_replacement_leaves_other_courses_alone(row: Any, mapped: Any) -> None:
    """Only the same target is replaced."""
    records = mapped(row("c1", target="t1"), row("c2", target="t2", transaction=REPLACES))
    assert [r.key for r in records] == ["c1", "c2"]


def test_a_replacement_may_name_what_it_replaces(row: Any, mapped: Any) -> None:
    """Then that one goes, and nothing else."""
    records = mapped(
        row("c1", target="old"),
        row("c2", target="new", grade="1"),
        row("c3", target="new", transaction=REPLACES, replacedCreditIdentifier="c1"),
    )
    assert [r.key for r in records] == ["c2", "c3"]


def test_what_was_replaced_stays_gone_when_its_replacement_is_removed(
    row: Any, mapped: Any
) -> None:
    """Only the last state counts; nothing rises again."""
    assert (
        mapped(
            row("c1", completionDate="2020-01-01"),
            row("c2", completionDate="2020-02-01", transaction=REPLACES),
            row("c2", completionDate="2020-02-01", transaction=REMOVAL),
        )
        == ()
    )


def test_several_attempts_are_several_credits(row: Any, mapped: Any) -> None:
    """A failed attempt and a passed one, both new: both stay."""
    records = mapped(row("c1", grade="HYL"), row("c2", grade="3"))
    assert _grades(records) == ["HYL", "3"]


def test_the_day_of_writing_decides_when_every_row_has_it(row: Any, mapped: Any) -> None:
    """A credit that was removed and written again later stands."""
    rows = [
        row("c1", assessmentDate="2020-01-02", grade="1"),
        row("c1", assessmentDate="2020-02-02", transaction=REMOVAL),
        row("c1", assessmentDate="2020-03-02", grade="4"),
    ]
    assert _grades(mapped(*rows)) == ["4"]
    assert _grades(mapped(*rows[::-1])) == ["4"]


def test_a_removal_without_a_date_still_removes(row: Any, mapped: Any) -> None:
    """Showing a removed credit as achieved is the worse mistake."""
    gone = row("c1", transaction=REMOVAL, completionDate=None)
    assert mapped(gone, row("c1", assessmentDate="2020-06-20")) == ()


def test_rows_without_identifiers(row: Any, mapped: Any) -> None:
    """The course tells what is meant: a removal, a correction of the same day."""
    removed = [row(None, target="a"), row(None, target="a", transaction=REMOVAL)]
    corrected = [
        row(None, target="b", grade="1", completionDate="2020-01-01"),
        row(None, target="b", grade="2", completionDate="2020-02-01"),
        row(None, target="b", grade="5", completionDate="2020-02-01", transaction=CORRECTION),
    ]
    records = mapped(*removed, *corrected)
    assert _grades(records) == ["1", "5"]
    assert len({r.key for r in records}) == 2


def test_rows_that_identify_nothing_do_not_remove_each_other(row: Any, mapped: Any) -> None:
    """Without identifier and target a removal means nobody knows what."""
    blank: dict[str, Any] = {"completedCreditTarget": None}
    records = mapped(
        row(None, **blank), row(None, **blank), row(None, transaction=REMOVAL, **blank)
    )
    assert len({r.key for r in records}) == 2


def test_the_same_row_twice_is_one_record(row: Any, mapped: Any) -> None:
    """Pages that overlap because something was written meanwhile; keys as numbers and strings."""
    assert [r.key for r in mapped(row(12), row("12"), row(12.0))] == ["12"]


def test_not_counted_by_its_last_state(row: Any, mapped: Any) -> None:
    """Type 3 is left out, also when a correction made it so."""
    assert mapped(row("c1", type=3)) == ()
    assert mapped(row("c1"), row("c1", type="3", transaction=CORRECTION)) == ()


def test_an_unknown_transaction_is_a_new_credit(row: Any, mapped: Any) -> None:
    """Nothing is lost for a word that we don't know."""
    records = mapped(row("c1", transaction="SOMETHING_ELSE"), row("c2", transaction=None))
    assert [r.key for r in records] == ["c1", "c2"]

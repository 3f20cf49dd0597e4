"""A graph with defects becomes a forest of rows, each there once."""

from __future__ import annotations

import pytest

from emrex_gateway.domain import (
    LangString,
    LosType,
    StudyRecord,
    best_text,
)
from virta_answers import person, row
from virta_world import Map


def shape(records: tuple[StudyRecord, ...]) -> dict[str, str | None]:
    """Keys to parents, without the institution's number."""
    return {
        r.key.partition("-")[2]: r.parent.partition("-")[2] if r.parent else None for r in records
    }


def test_a_part_of_a_part(mapped: Map) -> None:
    """References lead from parent to child, in whichever order the rows come."""
    records = mapped(person(row("c"), row("m", parts=("c",)), row("d", kind="1", parts=("m",))))
    assert {"c": "m", "m": "d", "d": None} == shape(records)


def test_degrees_list_the_courses_of_their_modules_too(mapped: Map) -> None:
    """Of two parents of which one contains the other, the inner one; nothing more to say."""
    records = mapped(person(row("d", kind="1", parts=("c", "m")), row("m", parts=("c",)), row("c")))
    assert {"d": None, "m": "d", "c": "m"} == shape(records)
    assert () == records[2].specification.descriptions


def test_two_unrelated_parents(mapped: Map) -> None:
    """The row appears once: under the parent of its own study right, and it names the other."""
    records = mapped(
        person(
            row("a", parts=("c",), right="old", names={"en": "Old module"}),
            row("b", parts=("c",), right="new", names={"en": "New module"}),
            row("c", right="new"),
        )
    )
    assert {"a": None, "b": None, "c": "b"} == shape(records)
    assert (LangString("Also part of: Old module.", "en"),) == records[2].specification.descriptions
    assert LosType.MODULE is records[0].specification.type


def test_the_deeper_of_two_parents(mapped: Map) -> None:
    """A course in a nested module and in a top-level one stands where it says most."""
    records = mapped(
        person(
            row("top", parts=("c",)),
            row("outer", parts=("inner",)),
            row("inner", parts=("c",)),
            row("c"),
        )
    )
    assert "inner" == shape(records)["c"]


def test_depth_counts_more_than_the_study_right(mapped: Map) -> None:
    """A degree of the row's own right lists it, a module of another right contains it: the module."""
    records = mapped(
        person(
            row("d", kind="1", parts=("m", "c"), right="r"),
            row("m", parts=("c",), right="older"),
            row("c", right="r"),
        )
    )
    assert {"d": None, "m": "d", "c": "m"} == shape(records)


def test_references_to_nothing(mapped: Map) -> None:
    """They are left out; a row that refers to nothing else is a course."""
    (record,) = mapped(person(row("m", parts=("gone", "", "gone"))))
    assert LosType.COURSE is record.specification.type


@pytest.mark.parametrize("ring", [("a",), ("a", "b"), ("a", "b", "c", "d")])
def test_cycles_are_cut(mapped: Map, ring: tuple[str, ...]) -> None:
    """Each row is there, none is its own ancestor, and the cut is the same every time."""
    rows = [row(key, parts=(ring[(i + 1) % len(ring)],)) for i, key in enumerate(ring)]
    records = mapped(person(*rows))
    expected = dict(zip(ring, (None, *ring), strict=False))
    assert expected == shape(records)
    assert records == mapped(person(*rows))


def test_a_cycle_below_a_degree(mapped: Map) -> None:
    """The walk starts from the tops: the cycle hangs where it belongs."""
    records = mapped(
        person(row("x", parts=("y",)), row("y", parts=("x",)), row("d", kind="1", parts=("y",)))
    )
    assert {"x": "y", "y": "d", "d": None} == shape(records)


def test_very_deep_and_very_wide(mapped: Map) -> None:
    """Neither exhausts the stack; every row survives."""
    deep = [row(str(i), parts=(str(i + 1),)) for i in range(3000)]
    assert 3000 == len(mapped(person(*deep)))
    wide = row("d", parts=tuple(str(i) for i in range(3000)))
    records = mapped(person(wide, *(row(str(i)) for i in range(3000))))
    assert 3000 == sum(record.parent is not None for record in records)


def test_rows_that_do_not_count_are_dropped(mapped: Map) -> None:
    """Kinds 3 and 4 do not leave; what is part of them moves up to what contained them."""
    records = mapped(
        person(
            row("d", kind="1", parts=("x",)),
            row("x", kind="3", parts=("y",)),
            row("y", kind="4", parts=("c",)),
            row("c"),
            row("z", kind="3", parts=("e",)),
            row("e"),
        )
    )
    assert {"d": None, "c": "d", "e": None} == shape(records)


def test_one_key_at_two_institutions(mapped: Map) -> None:
    """Keys are unique within an institution only: references stay there."""
    one = person(row("1", grantor="10122", parts=("2",)), row("2", grantor="10122"), key="a")
    two = person(row("2", grantor="10065", code="OTHER"), key="b")
    records = mapped(one, two)
    assert {"10122-1": None, "10122-2": "10122-1", "10065-2": None} == {
        r.key: r.parent for r in records
    }


def test_one_key_twice_with_different_contents(mapped: Map) -> None:
    """Both rows stay, each with a key of its own; a reference means the one of the same right."""
    records = mapped(
        person(
            row("k", code="ONE", right="r1"),
            row("k", code="TWO", right="r2"),
            row("m", parts=("k",), right="r2"),
        )
    )
    assert {"k": None, "k~2": "m", "m": None} == shape(records)


def test_one_row_twice(mapped: Map) -> None:
    """The same contents under the same key are one row, with the parts of both."""
    records = mapped(person(row("m", parts=("a",)), row("m", parts=("b",)), row("a"), row("b")))
    assert {"m": None, "a": "m", "b": "m"} == shape(records)


@pytest.mark.parametrize("order", ["old first", "new first"])
def test_a_merger(mapped: Map, order: str) -> None:
    """The same rows under the old and the new institution's number: the new one's count."""
    old = person(
        row("1", grantor="01905", parts=("2",)),
        row("2", grantor="01905"),
        row("3", grantor="01905"),
        key="a",
    )
    new = person(row("1", grantor="10122", parts=("2",)), row("2", grantor="10122"), key="b")
    records = mapped(*((old, new) if order == "old first" else (new, old)))
    assert {"10122-1": None, "10122-2": "10122-1", "01905-3": None} == {
        r.key: r.parent for r in records
    }


def test_parts_of_a_row_that_moved_with_a_merger(mapped: Map) -> None:
    """The new institution's module finds a course that stands under the old one only in its block."""
    records = mapped(
        person(row("m", grantor="10122", parts=("c",)), row("c", grantor="01905"), key="a")
    )
    assert {"10122-m": None, "01905-c": "10122-m"} == {r.key: r.parent for r in records}


def test_one_report_a_granting_institution(mapped: Map) -> None:
    """The issuer is the row's own grantor, whichever block it stands in."""
    records = mapped(person(row("1", grantor="10122"), row("2", grantor="UK")))
    assert ["Tampere University", "A higher education institution outside Finland"] == [
        best_text(r.issuer.titles, ("en",)) for r in records
    ]


def test_only_some_institutions_records(mapped: Map) -> None:
    """A setting limits the grantors; what was part of others' rows moves up."""
    block = person(row("1", grantor="10122", parts=("2",)), row("2", grantor="10065"))
    records = mapped(block, organisations=("10065",))
    assert {"10065-2": None} == {r.key: r.parent for r in records}

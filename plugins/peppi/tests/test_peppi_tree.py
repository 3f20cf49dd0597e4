"""A forest out of associations that have defects."""

from __future__ import annotations

from typing import Any

D, M, C = "DEGREE", "STUDY_MODULE", "COURSE_UNIT"


def _tree(records: Any) -> dict[str, str | None]:
    return {record.key: record.parent for record in records}


def test_degree_module_course(row: Any, mapped: Any) -> None:
    """Associations mean what was studied, not the credit's own key."""
    records = mapped(
        row(1, target="course"),
        row(2, target="module", kind=M, parts=["course"]),
        row(3, target="degree", kind=D, type=1, parts=[(M, "module")]),
    )
    assert _tree(records) == {"1": "2", "2": "3", "3": None}


def test_listing_order_is_kept(row: Any, mapped: Any) -> None:
    """The tree does not reorder what the system lists."""
    records = mapped(*(row(n, target=str(n)) for n in (3, 1, 2)))
    assert [r.key for r in records] == ["3", "1", "2"]


def test_two_parents(row: Any, mapped: Any) -> None:
    """The most specific whole wins, wherever it stands in the listing."""
    rows = [
        row("d", target="d", kind=D, parts=[(M, "m"), (M, "n"), "c"]),
        row("m", target="m", kind=M, parts=[(M, "n"), "c"]),
        row("n", target="n", kind=M, parts=["c"]),
        row("c", target="c"),
    ]
    expected = {"d": None, "m": "d", "n": "m", "c": "n"}
    assert _tree(mapped(*rows)) == expected
    assert _tree(mapped(*rows[::-1])) == expected


def test_two_parents_of_equal_rank(row: Any, mapped: Any) -> None:
    """Each row appears once: under one of them."""
    records = mapped(
        row("m", target="m", kind=M, parts=["c"]),
        row("n", target="n", kind=M, parts=["c"]),
        row("c", target="c"),
    )
    tree = _tree(records)
    assert len(records) == 3
    assert tree["c"] in {"m", "n"}


def test_references_to_nothing_and_to_itself(row: Any, mapped: Any) -> None:
    """Both are passed over."""
    assert _tree(mapped(row("c", target="c", parts=["nowhere", "c", ""]))) == {"c": None}


def test_a_cycle_is_opened_below_the_degree(row: Any, mapped: Any) -> None:
    """The edge that leads upwards goes; nothing is lost."""
    records = mapped(
        row("c", target="c", parts=[(D, "d")]),
        row("m", target="m", kind=M, parts=["c"]),
        row("d", target="d", kind=D, parts=[(M, "m")]),
    )
    assert _tree(records) == {"d": None, "m": "d", "c": "m"}


def test_several_cycles(row: Any, mapped: Any) -> None:
    """Everybody lists everybody: one row is the root, and each has one parent."""
    names = [str(n) for n in range(12)]
    records = mapped(*(row(n, target=n, parts=names) for n in names))
    tree = _tree(records)
    assert len(tree) == 12
    for key in tree:
        seen: set[str] = set()
        at: str | None = key
        while at is not None:
            assert at not in seen
            seen.add(at)
            at = tree[at]


def test_very_deep_listings_are_cut(row: Any, mapped: Any) -> None:
    """A chain of thousands would break whoever walks it by recursion."""
    count = 3_000
    records = mapped(
        *(row(n, target=str(n), parts=[str(n + 1)]) for n in range(count)),
    )
    tree = _tree(records)
    deepest = 0
    for key in tree:
        depth, at = 1, tree[key]
        while at is not None:
            depth, at = depth + 1, tree[at]
        deepest = max(deepest, depth)
    assert len(tree) == count
    assert 6 < deepest <= 30


def test_a_removed_whole_lets_its_parts_stand_alone(row: Any, mapped: Any) -> None:
    """The parts were achieved, with or without it."""
    records = mapped(
        row("m", target="m", kind=M, parts=["c"]),
        row("m", target="m", kind=M, parts=["c"], transaction="REMOVAL"),
        row("c", target="c"),
    )
    assert _tree(records) == {"c": None}


def test_parts_of_what_is_not_counted_move_up(row: Any, mapped: Any) -> None:
    """To the nearest whole that stays."""
    records = mapped(
        row("d", target="d", kind=D, parts=[(M, "m")]),
        row("m", target="m", kind=M, type=3, parts=["c"]),
        row("c", target="c"),
    )
    assert _tree(records) == {"d": None, "c": "d"}


def test_every_attempt_is_part_of_the_whole(row: Any, mapped: Any) -> None:
    """A failed attempt and the passed one stand under the same module."""
    records = mapped(
        row("m", target="m", kind=M, parts=["c"]),
        row("c1", target="c", grade="HYL"),
        row("c2", target="c", grade="3"),
    )
    assert _tree(records) == {"m": None, "c1": "m", "c2": "m"}


def test_the_same_number_for_different_things(row: Any, mapped: Any) -> None:
    """The type tells a course from a module with the same identifier."""
    records = mapped(
        row("d", target="d", kind=D, parts=[(M, "7")]),
        row("m", target="7", kind=M),
        row("c", target="7", kind=C),
        row("7", target="x", kind=C),
    )
    assert _tree(records) == {"d": None, "m": "d", "c": None, "7": None}


def test_other_ways_to_name_a_part(row: Any, mapped: Any) -> None:
    """By the credit's own key, by the readable code, or without a known type."""
    by_code = {
        "completedCreditAssociationType": C,
        "completedCreditAssociationId": "unknown",
        "completedCreditAssociationIdentifierCode": "CODE-b",
    }
    records = mapped(
        row("m", target="m", kind=M, parts=["key-a", ("COMPLETION_OPTION", "c"), ("", "d")]),
        row("n", target="n", kind=M, completedCreditAssociations=[by_code, "x", None]),
        row("key-a", target="a"),
        row("key-b", target="b"),
        row("key-c", target="c"),
        row("key-d", target="d"),
    )
    assert _tree(records) == {
        "m": None, "n": None, "key-a": "m", "key-b": "n", "key-c": "m", "key-d": "m",
    }  # fmt: skip

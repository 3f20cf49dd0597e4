"""The selection page's parts without a page: forest, runs, filters, and what is opened."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emrex_gateway.domain import Identifier, Issuer, LosType, texts
from emrex_gateway.web import _filters, _lines, _runs
from emrex_gateway.web._lines import OPEN_ROWS, SIBLINGS, Line, Picture
from emrex_gateway.web._rows import forest
from gateway_world import ISSUER, record

OTHER = Issuer(
    identifiers=(Identifier("schac", "other.example"),),
    titles=texts(en="Other"),
    url="https://other.example/",
)


@settings(deadline=None)
@given(said=st.lists(st.tuples(st.integers(-2, 9), st.booleans()), min_size=1, max_size=9))
def test_each_record_stands_once_and_a_branch_is_a_run(said: list[tuple[int, bool]]) -> None:
    """Whatever the rows say of their parents: all are there, and what is below follows at once."""
    listed = [
        record(f"r{i}", f"r{up}" if up >= 0 else None, issuer=OTHER if foreign else ISSUER)
        for i, (up, foreign) in enumerate(said)
    ]
    made = forest(listed)

    assert sorted({r.key for r in listed}) == sorted(r.key for r in made.records)
    for at, up in enumerate(made.parents):
        assert up < at < made.ends[at] <= len(made.records)
        assert made.depths[at] == (made.depths[up] + 1 if up >= 0 else 0)
        assert up < 0 or made.ends[at] <= made.ends[up]


def test_a_cycle_and_a_foreign_parent_are_survived() -> None:
    """A cycle is cut at its first record; a part of another institution stands with that one."""
    cycle = (record("a", "b"), record("b", "a"), record("c", "a", issuer=OTHER))
    made = forest(cycle)

    assert ["a", "b", "c"] == [r.key for r in made.records]
    assert (0, 1, 0) == made.depths
    assert [(0, 2), (2, 3)] == [(g.start, g.end) for g in made.groups]


@given(positions=st.sets(st.integers(0, 300)))
def test_runs_come_back(positions: set[int]) -> None:
    """What is written as runs is read as the same positions."""
    assert positions == _runs.read([_runs.write(positions)], 301)


@pytest.mark.parametrize(
    "text", ["x", "-1", "5-2", "10", "1,,2", "0-10", "1-", " 1", "٣", "0-9," * 3 + "0-9"]
)
def test_what_names_no_position_is_refused(text: str) -> None:
    """Positions outside of the list, and lists that would make us count for long, are errors."""
    with pytest.raises(ValueError, match="position"):
        _runs.read([text], 10)


SEARCHED = forest(
    (
        record(
            "sv",
            titles=texts(sv="Miljöteknik och é", en="Environment"),
            language="sv",
            completed=date(2024, 1, 1),
        ),
        record("mod", titles=texts(en="Module"), type=LosType.MODULE, completed=None),
        record(
            "en",
            titles=texts(en="Écologie"),
            language="en",
            completed=date(2025, 1, 1),
            issuer=OTHER,
        ),
    )
)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, "sv mod en"),
        ({"q": "  MILJOTEKNIK  e "}, "sv"),
        ({"q": "environ teknik"}, "sv"),
        ({"q": "ecol"}, "en"),
        ({"q": "mod"}, "mod"),
        ({"q": "nothing of this"}, ""),
        ({"at": "1"}, "en"),
        ({"at": "7"}, "sv mod en"),
        ({"type": "Module"}, "mod"),
        ({"type": "<b>"}, "sv mod en"),
        ({"tongue": "sv"}, "sv"),
        ({"since": "2024-01-02"}, "en"),
        ({"until": "2024-01-01"}, "sv"),
        ({"since": "2024-01-01", "until": "2025-01-01"}, "sv en"),
        ({"since": "yesterday"}, "sv mod en"),
        ({"tongue": "en", "until": "2024-12-31"}, ""),
    ],
)
def test_what_filters_find(asked: dict[str, str], found: str) -> None:
    """Words without case and marks in any language or code; what nobody can mean is not asked."""
    filters = _filters.read(asked, SEARCHED)
    fits = _filters.matching(SEARCHED, filters)

    assert found.split() == [r.key for r, one in zip(SEARCHED.records, fits, strict=True) if one]
    assert _filters.read(filters.query, SEARCHED) == filters


def _all(n: int) -> tuple[bool, ...]:
    return (True,) * n


def _opened(picture: Picture) -> list[Line]:
    """Every line that can be reached by opening what is closed."""
    lines = [line for part in picture.parts() for line in part.lines]
    waiting = [line.node for line in lines if line.node and not line.open]
    waiting += [f"g{part.number}" for part in picture.parts() if not part.open]
    while waiting:
        inside = picture.branch(waiting.pop())
        lines += inside
        waiting += [line.node for line in inside if line.node and not line.open]
    return lines


SHAPES = {
    "flat": tuple(record(f"r{i}") for i in range(5000)),
    "modules": tuple(record(f"r{i}", f"r{i - i % 20}" if i % 20 else None) for i in range(5000)),
    "deep": tuple(record(f"r{i}", f"r{i - 1}" if i else None) for i in range(600)),
    "institutions": tuple(
        record(
            f"r{i}",
            issuer=replace(OTHER, identifiers=(Identifier("schac", f"{i % 40}.example"),)),
        )
        for i in range(1200)
    ),
    "wide below": (record("top"), *(record(f"r{i}", "top") for i in range(450))),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_page_holds_a_budget_and_everything_can_be_opened(shape: str) -> None:
    """A page and each branch stay below the budget; opened one by one, each record comes once."""
    made = forest(SHAPES[shape])
    picture = Picture(made, (), _all(len(made.records)))
    lines = [line for part in picture.parts() for line in part.lines]

    assert len(lines) <= OPEN_ROWS
    reached = [line.at for line in _opened(picture) if line.record is not None]
    assert list(range(len(made.records))) == sorted(reached)


@pytest.mark.parametrize("shape", SHAPES)
def test_any_record_can_be_led_to(shape: str) -> None:
    """``?open=`` shows what is inside of a node, with all that it lies in."""
    made = forest(SHAPES[shape])
    for at in (0, 7, 399, len(made.records) - 1):
        closed = Picture(made, (), _all(len(made.records)))
        node = next(
            (
                line.node
                for line in _opened(closed)
                if line.node and line.first <= at <= line.last and at != line.at
            ),
            "",
        )
        shown = Picture(made, (), _all(len(made.records)), node).parts()
        if node:
            assert node in {line.node for part in shown for line in part.lines if line.open}


def test_lists_end_where_they_began() -> None:
    """Each opened list is shut once, after its last line."""
    made = forest(SHAPES["modules"][:100])
    (part,) = Picture(made, (), _all(100)).parts()

    assert sum(line.open for line in part.lines) == sum(line.shut for line in part.lines) == 5
    assert [19, 39, 59, 79, 99] == [line.at for line in part.lines if line.shut]


def test_counts_are_of_what_is_looked_at() -> None:
    """A branch counts what the filters let through; a record beside the search only leads there."""
    made = forest((record("top"), record("a", "top"), record("b", "top"), record("c")))
    (part,) = Picture(made, ("a", "c"), (False, True, True, False)).parts()

    assert [(0, False, 2, 1), (1, True, 0, 0), (2, True, 0, 0)] == [
        (line.at, line.looked_at, line.below, line.picked) for line in part.lines
    ]
    assert (2, 1) == (part.below, part.picked)


@pytest.mark.parametrize("node", ["", "r9", "g1", "x1", "r", "r-1", "r٣", "c99999999"])
def test_an_unknown_node_is_none(node: str) -> None:
    """A name that no page of ours gave opens nothing."""
    made = forest(SHAPES["flat"][:9])
    picture = Picture(made, (), _all(9), node)

    assert 9 == sum(len(part.lines) for part in picture.parts())
    with pytest.raises(LookupError):
        picture.branch(node)


def test_the_hundred_and_first_sibling_begins_a_run() -> None:
    """Long lists are cut: a hundred lines, then closed runs of a hundred, counted."""
    made = forest(SHAPES["flat"][:250])
    (part,) = Picture(made, ("r100", "r240"), _all(250)).parts()
    runs = [line for line in part.lines if line.record is None]

    assert SIBLINGS + 2 == len(part.lines)
    assert [("c100", 100, 1), ("c200", 50, 1)] == [(r.node, r.below, r.picked) for r in runs]
    assert list(range(200, 250)) == [
        line.at for line in Picture(made, (), _all(250)).branch("c200")
    ]
    assert _lines.DEEPEST > 3

"""No number in the statistics stands for fewer people than it may, however numbers are combined."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emrex_gateway import statistics
from emrex_gateway.domain import KnownClient
from emrex_gateway.ports import CountedTransfer, StatisticsCell
from emrex_gateway.statistics import LEVELS, cells, country_of, known_hosts, median

MONTH = date(2026, 3, 1)
SMALLEST = 5

_keys = st.tuples(
    st.sampled_from(["export", "import"]),
    st.sampled_from(["FI", "SE"]),
    st.sampled_from(["a", "b"]),
    st.sampled_from(["p", "q"]),
    st.sampled_from(["ok", "error", "cancelled"]),
    st.sampled_from(["NO", "PL"]),
    st.sampled_from(["c.example.no", "d.example.pl", "none"]),
)
_persons = st.one_of(st.none(), st.integers(0, 12).map(str))


def _transfer(person: str | None, seconds: int = 60) -> CountedTransfer:
    return CountedTransfer(
        direction="",
        access_point="",
        outcome="ok",
        seconds=seconds,
        records=3,
        client_host="",
        person=person,
    )


@st.composite
def _months(draw: st.DrawFn) -> list[tuple[tuple[str, ...], CountedTransfer]]:
    """Months of all sizes: some keys often, some once."""
    found = []
    for key in draw(st.lists(_keys, max_size=12)):
        for person in draw(st.lists(_persons, min_size=1, max_size=9)):
            found.append((key, _transfer(person, draw(st.integers(0, 600)))))
    return found


def _people(counted: list[tuple[tuple[str, ...], CountedTransfer]]) -> int:
    return len({t.person for _, t in counted if t.person is not None})


def _told(cell: StatisticsCell) -> tuple[str, ...]:
    values = tuple(getattr(cell, name) for name in LEVELS)
    return values[: values.index("")] if "" in values else values


@settings(max_examples=60)
@given(_months())
def test_nobody_can_be_told_apart_by_subtracting(
    counted: list[tuple[tuple[str, ...], CountedTransfer]],
) -> None:
    """Every sum that any page, filter or file shows is one of cells; so is any difference of two.

    The attack: take two numbers where one counts some of what the other does,
    and subtract. What is left is nothing, or at least the smallest cell.
    """
    made = cells(MONTH, counted, SMALLEST)

    views = set()
    for depth in range(len(LEVELS) + 1):
        for name, value in _filters(made):
            chosen = [n for n, c in enumerate(made) if name is None or getattr(c, name) == value]
            groups: dict[str, set[int]] = {}
            for number in chosen:
                by = getattr(made[number], LEVELS[depth]) if depth < len(LEVELS) else ""
                groups.setdefault(by, set()).add(number)
            views |= {frozenset(chosen), *map(frozenset, groups.values())}
    for one, other in itertools.permutations(views, 2):
        if other < one:
            rest = sum(made[number].transfers for number in one - other)
            assert rest >= SMALLEST


def _filters(made: tuple[StatisticsCell, ...]) -> list[tuple[str | None, str]]:
    found = {(name, getattr(cell, name)) for cell in made for name in LEVELS}
    return [(None, ""), *sorted(found)]


@settings(max_examples=60)
@given(_months())
def test_cells_count_everybody_once_and_enough_of_them(
    counted: list[tuple[tuple[str, ...], CountedTransfer]],
) -> None:
    """The cells are the whole month, or none of it; none is made of fewer people than it may.

    Which transfers are in a cell is found again from what is told of it: the
    cells that could hold a transfer, and the people that they must hold.
    """
    made = cells(MONTH, counted, SMALLEST)

    if _people(counted) < SMALLEST:
        assert () == made
        return
    assert len(counted) == sum(cell.transfers for cell in made)
    assert min(cell.transfers for cell in made) >= SMALLEST
    for cell in made:
        told = _told(cell)
        could = [one for one in counted if one[0][: len(told)] == told]
        assert _people(could) >= SMALLEST
        assert len(could) >= cell.transfers
        if len(told) < 5 or told[4] != "ok":
            assert (0, {}) == (cell.records, dict(cell.durations))
        else:
            assert 3 * cell.transfers == cell.records
            assert cell.transfers == sum(cell.durations.values())
    for told in {_told(cell) for cell in made}:
        # Everything that is told with exactly these values comes from transfers that have them.
        inside = sum(c.transfers for c in made if _told(c)[: len(told)] == told)
        assert inside <= sum(key[: len(told)] == told for key, _ in counted)


@settings(max_examples=60)
@given(_months())
def test_the_people_of_each_cell_are_enough(
    counted: list[tuple[tuple[str, ...], CountedTransfer]],
) -> None:
    """Found again by their durations: no transfer is in two cells, and each cell has its people."""
    numbered = [
        ((*key[:4], "ok", *key[5:]), replace(transfer, seconds=number))
        for number, (key, transfer) in enumerate(counted)
    ]
    made = [cell for cell in cells(MONTH, numbered, SMALLEST) if cell.outcome]

    seen = [second for cell in made for second in cell.durations]
    assert len(set(seen)) == len(seen)
    for cell in made:
        inside = [numbered[second] for second in cell.durations]
        assert _people(inside) >= SMALLEST
        told = _told(cell)
        assert all(key[: len(told)] == told for key, _ in inside)


def _some(number: int, **values: str) -> list[tuple[tuple[str, ...], CountedTransfer]]:
    default = {
        "direction": "export",
        "country": "FI",
        "institution": "a",
        "access_point": "a",
        "outcome": "ok",
        "client_country": "SE",
        "client_host": "c.se",
    }
    key = tuple({**default, **values}[name] for name in LEVELS)
    return [(key, _transfer(f"{values}-{person}")) for person in range(number)]


def test_small_cells_are_told_together_and_take_a_neighbour_with_them() -> None:
    """Two errors beside twelve and seven successes: the total stays, and nobody finds the two.

    Six would give them away: the neighbour has at least five, so one remained.
    """
    enough = cells(
        MONTH, [*_some(12), *_some(7, client_host="d.se"), *_some(2, outcome="error")], 5
    )
    tight = cells(MONTH, [*_some(12), *_some(5, client_host="d.se"), *_some(1, outcome="error")], 5)

    assert [("", 9), ("c.se", 12)] == [(cell.client_host, cell.transfers) for cell in enough]
    assert ["", "ok"] == [cell.outcome for cell in enough]
    assert [("a", 18)] == [(cell.access_point, cell.transfers) for cell in tight]


def test_one_person_many_times_is_one_person() -> None:
    """Ten transfers of two people are a cell of two."""
    two = [(key, _transfer(str(n % 2))) for n, (key, _) in enumerate(_some(10))]

    assert () == cells(MONTH, two, SMALLEST)
    (together,) = cells(MONTH, [*two, *_some(6, outcome="error")], SMALLEST)
    assert ("", 16) == (together.outcome, together.transfers)


def test_erased_transfers_are_nobody_more() -> None:
    """Whoever has five transfers erased does not become five people, nor one beside themselves."""
    erased = [(key, _transfer(None)) for key, _ in _some(9)]

    assert () == cells(MONTH, erased, SMALLEST)
    assert () == cells(MONTH, [*erased, *_some(4)], SMALLEST)
    (together,) = cells(MONTH, [*erased, *_some(5)], SMALLEST)
    assert 14 == together.transfers


def test_the_median_is_exact() -> None:
    """Over what came how often, as over the values themselves."""
    values = [5, 1, 9, 9, 2, 30]
    assert 7.0 == median(Counter(values).items())
    assert 9.0 == median(Counter([*values, 100]).items())
    assert 4.0 == median([(4, 1)])
    assert median([]) is None


@pytest.mark.parametrize(
    ("host", "country"),
    [
        ("emc.example.no", "NO"),
        ("client.example.com", "unknown"),
        ("return.client.example.com", "unknown"),
        ("reply.known.example.com", "PL"),
        ("known.example.com", "PL"),
        ("uni.ac.uk", "GB"),
        ("uni.eu", "unknown"),
        ("uni.io", "unknown"),
        ("uni.zz", "unknown"),
        ("localhost", "unknown"),
        ("", "none"),
        ("Uni.SE.", "SE"),
    ],
)
def test_a_clients_country_is_what_we_know_or_its_domain_says(host: str, country: str) -> None:
    """A known client's first, then a country's domain that is used as one."""
    known = known_hosts([KnownClient(name="x", url="https://known.example.com/x", country="pl")])

    assert country == country_of(host, known)


def test_csv_cannot_become_a_formula() -> None:
    """What a spreadsheet would compute gets an apostrophe; what is not told is a star."""
    cell = StatisticsCell(
        month=MONTH,
        direction="export",
        outcome="ok",
        client_host="=cmd|' /C calc'!A0",
        access_point="@x",
        transfers=7,
        records=9,
        durations={3: 7},
    )
    lines = "".join(statistics.cells_csv([(cell, 3.0)])).split("\r\n")

    assert lines[1] == "2026-03,export,*,*,'@x,ok,*,'=cmd|' /C calc'!A0,7,9,3"

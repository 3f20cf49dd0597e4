"""What the second run, on the other database, takes: nothing that is sent is left out."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from database_notes import Noted, Notes, chosen, covering, read, shape

STATEMENTS = st.frozensets(st.sampled_from("abcdefghijkl"), max_size=8)
NOTES = st.dictionaries(
    st.text("xyz", min_size=1, max_size=3),
    st.builds(Noted, STATEMENTS, st.floats(0, 100, allow_nan=False)),
    max_size=12,
)


@given(NOTES, STATEMENTS)
def test_all_that_is_sent_is_sent_again(tests: dict[str, Noted], before: frozenset[str]) -> None:
    """Every statement of any test is one of a chosen test, or was sent by what runs anyway; no test
    is chosen for nothing, and who sends nothing is not judged by it."""
    names = covering(tests, before)

    everything = frozenset().union(*(one.sent for one in tests.values()))
    again = frozenset().union(*(tests[name].sent for name in names))
    assert everything - before <= again
    assert {name for name, one in tests.items() if not one.sent} <= names
    assert all(tests[name].sent - before for name in names if tests[name].sent)
    assert names == covering(dict(reversed(tests.items())), before)


def test_the_quick_one_is_taken() -> None:
    """Of two tests that send the same."""
    sent = frozenset("ab")
    assert {"quick"} == covering({"slow": Noted(sent, 9), "quick": Noted(sent, 1)})


def test_a_statement_for_more_values_is_the_same_one() -> None:
    """Lists and rows of any length, in the words of either driver; another statement is another."""
    one, three = "SELECT a WHERE b IN (?)", "SELECT a WHERE b IN (?, ?, ?)"
    assert shape(one) == shape(three)
    assert shape("INSERT INTO a VALUES (?, ?)") == shape("INSERT INTO a VALUES (?, ?), (?, ?)")
    named = "SELECT a WHERE b IN (%(b_1)s::VARCHAR)"
    assert shape(named) == shape("SELECT a WHERE b IN (%(b_1)s::VARCHAR, %(b_2)s::VARCHAR)")
    assert shape(one) != shape("SELECT c WHERE b IN (?)")


def test_marks_and_folders_decide_first(tmp_path: Path) -> None:
    """What is about a database is taken, what shows nothing of it is not, whatever they send; what
    used none is not asked. A module that used one speaks for its tests."""
    notes = Notes(tmp_path / "notes")
    for name, sent in (
        ("tests/integration/store/test_a.py::test_1", "a"),
        ("tests/web/test_b.py::test_marked", "a"),
        ("tests/web/test_b.py::test_dear", "b"),
        ("tests/web/test_b.py::test_same", "a"),
        ("tests/web/test_b.py::test_more", "a,c"),
    ):
        notes.pytest_runtest_logreport(_report(name, [("emrex-statements", sent)]))
    notes.pytest_runtest_logreport(
        _report("tests/web/test_d.py::test_1", [("emrex-database", "tests/web/test_d.py")])
    )
    notes.pytest_sessionfinish()

    items = [
        _item("tests/integration/store/test_a.py::test_1"),
        _item("tests/web/test_b.py::test_marked", "each_database"),
        _item("tests/web/test_b.py::test_dear", "any_database"),
        _item("tests/web/test_b.py::test_same"),
        _item("tests/web/test_b.py::test_more"),
        _item("tests/web/test_d.py::test_1"),
        _item("tests/unit/test_c.py::test_1"),
    ]
    names = {name.rpartition("/")[2] for name in chosen(items, read(tmp_path / "notes"))}
    assert {
        "test_a.py::test_1",
        "test_b.py::test_marked",
        "test_b.py::test_more",
        "test_d.py::test_1",
    } == names


def _report(name: str, properties: list[tuple[str, str]]) -> Any:
    return SimpleNamespace(nodeid=name, duration=1.0, user_properties=properties)


def _item(name: str, *marks: str) -> Any:
    return SimpleNamespace(nodeid=name, get_closest_marker=lambda mark: mark in marks)

"""Which tests a second run, on the other database, has to take.

``--note-databases FILE`` writes down what each test did: whether it used a
database, which statements the product sent for it, and how long it took. It is
found by what happens and not by a list. ``--noted-databases FILE`` then runs

- every test below ``FOLDERS`` or marked ``each_database``, which is about a
  database: what it keeps, orders, locks and refuses;
- of the others the quickest few that together send every statement that any of
  them sends, and every one that uses a database and sends none of its own (its
  programs do).

Left out are those marked ``any_database``: dear ones (a browser, a whole
demonstration) that show something else and pass through a database on the way.
Without the option a run on PostgreSQL takes all of them.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import pytest
import sqlalchemy as sa
from sqlalchemy import event

FOLDERS = ("tests/integration/store/", "tests/integration/trail/", "tests/load/")
_USED, _SENT = "emrex-database", "emrex-statements"
_LIST = re.compile(r"\((?:\?|%\([^)]*\)s(?:::[A-Z ]+)?)(?:, (?:\?|%\([^)]*\)s(?:::[A-Z ]+)?))*\)")
_ROWS = re.compile(r"(\(\?\))(?:, \(\?\))+")


@dataclass(frozen=True)
class Noted:
    """What a test did."""

    sent: frozenset[str]
    """Digests of its statements."""
    seconds: float


@lru_cache(maxsize=10_000)
def shape(statement: str) -> str:
    """A statement as it is for any number of values: a short digest."""
    same = _ROWS.sub(r"\1", _LIST.sub("(?)", statement))
    return hashlib.sha256(same.encode()).hexdigest()[:12]


def covering(tests: Mapping[str, Noted], sent: Collection[str] = ()) -> set[str]:
    """Return tests that together send all that any of them sends, and ``sent`` does not hold.

    Always the one that sends most for its time: near the least, as such choices go, and the same
    for the same notes. Those that send nothing themselves are all there.
    """
    found = {name for name, noted in tests.items() if not noted.sent}
    missing = set().union(*(noted.sent for noted in tests.values())) - set(sent)
    while missing:
        best = max(
            tests,
            key=lambda name: (len(tests[name].sent & missing) / (0.1 + tests[name].seconds), name),
        )
        found.add(best)
        missing -= tests[best].sent
    return found


# --- a run that notes ---------------------------------------------------------------------------


class _Now:
    """The test that runs in this process, and whether its own fixtures have begun."""

    item: pytest.Item | None = None
    own: bool = False
    sent: ClassVar[set[str]] = set()


def note() -> None:
    """Remember that the running test uses a database; where its module does, the whole module."""
    if _Now.item is not None:
        what = _Now.item.nodeid if _Now.own else _Now.item.nodeid.partition("::")[0]
        if (_USED, what) not in _Now.item.user_properties:
            _Now.item.user_properties.append((_USED, what))


def _sent(connection: sa.Connection, _cursor: object, statement: str, *_: object) -> None:
    if not isinstance(connection.engine.pool, sa.NullPool):  # the tests' own looks past the store
        _Now.sent.add(shape(statement))


class Notes:
    """Gathers, in the process that sees every report, what the tests did."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._used: set[str] = set()
        self._sent: dict[str, str] = {}
        self._seconds: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a test's process noted."""
        self._seconds[report.nodeid] += report.duration
        for name, what in report.user_properties:
            if name == _USED:
                self._used.add(str(what))
            elif name == _SENT:
                self._sent[report.nodeid] = str(what)

    def pytest_sessionfinish(self) -> None:
        """Write it down."""
        lines = [f"{what}\t\t\n" for what in sorted(self._used - set(self._sent))]
        lines += [
            f"{name}\t{self._seconds[name]:.2f}\t{sent}\n"
            for name, sent in sorted(self._sent.items())
        ]
        with self._path.open("a", encoding="utf-8") as file:
            file.writelines(lines)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Know which test runs."""
    _Now.item, _Now.own, _Now.sent = item, False, set()
    try:
        return (yield)
    finally:
        _Now.item = None


@pytest.fixture(autouse=True)
def _the_tests_own() -> None:
    """Fixtures that live longer than a test are set up before this one: what they make is the module's."""
    _Now.own = True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Hand on what was sent, for the last report of the test."""
    try:
        return (yield)
    finally:
        if _Now.sent:
            item.user_properties.append((_SENT, ",".join(sorted(_Now.sent))))


# --- a run that goes by notes -------------------------------------------------------------------


def read(path: Path) -> dict[str, Noted]:
    """Return what ``Notes`` wrote, by test; a module that used a database stands there too."""
    noted = {}
    for line in path.read_text("utf-8").splitlines():
        name, seconds, sent = line.rsplit("\t", 2)
        noted[name] = Noted(frozenset(filter(None, sent.split(","))), float(seconds or 0))
    return noted


def chosen(items: Iterable[pytest.Item], noted: Mapping[str, Noted]) -> set[str]:
    """Return the names of the tests that the second run takes."""
    always, others = {}, {}
    for item in items:
        found = noted.get(item.nodeid) or noted.get(item.nodeid.partition("::")[0])
        if found is None or item.get_closest_marker("any_database"):
            continue
        about = item.nodeid.startswith(FOLDERS) or item.get_closest_marker("each_database")
        (always if about else others)[item.nodeid] = found
    sent = set().union(*(one.sent for one in always.values())) if always else set()
    return {*always, *covering(others, sent)}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the notes of a run before make superfluous."""
    path = config.getoption("--noted-databases")
    if path is None:
        return
    names = chosen(items, read(Path(path)))
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in names])
    items[:] = [item for item in items if item.nodeid in names]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("databases")
    group.addoption("--note-databases", metavar="FILE", help="add what tests do with a database")
    group.addoption("--noted-databases", metavar="FILE", help="run what another database needs")


def pytest_configure(config: pytest.Config) -> None:
    """Add the marks; note, where the run shall."""
    for mark in (
        "any_database: shows nothing of the database; a second run leaves it out",
        "each_database: about what a database does; a second run takes it",
    ):
        config.addinivalue_line("markers", mark)
    if path := config.getoption("--note-databases"):
        event.listen(sa.Engine, "before_cursor_execute", _sent)
        if not hasattr(config, "workerinput"):
            config.pluginmanager.register(Notes(Path(path)), "emrex-notes")

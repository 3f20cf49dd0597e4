"""The directory: the contract of sinks, and what only a directory can have."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from emrex_files import FilesSettings, plugin
from emrex_gateway.adapters import FieldKind, describe, said
from emrex_gateway.domain import (
    Institution,
    PersonIdentifier,
    PersonIdentifierType,
    Receipt,
    RecognitionState,
    Student,
    texts,
)
from emrex_gateway.errors import AdapterError, AdapterUnavailable, ConfigError
from emrex_gateway.ports import ResultSink
from emrex_gateway.testing import (
    SinkCase,
    SinkContract,
    Situation,
    Trouble,
    odd_results,
    sample_results,
)

HOME = Institution(
    slug="home",
    names=texts(en="Home University"),
    country="FI",
    domain="home.example",
    url="https://home.example/",
)
SIIRI = Student(
    key="1001",
    given_names="Siiri",
    family_name="Järvi",
    birth_date=date(1999, 4, 30),
    identifiers=(PersonIdentifier(PersonIdentifierType.NATIONAL_LEARNER, "1.2.246.77", "x"),),
)


def _folders(root: Path) -> list[Path]:
    return [entry for entry in root.iterdir() if not entry.name.startswith(".")]


def _decide(root: Path, receipt: Receipt, accepted: int) -> None:
    folder = root / receipt.id
    ids = [study["id"] for study in json.loads((folder / "import.json").read_text())["studies"]]
    said_yes = min(accepted, len(ids))
    states = {0: "rejected", len(ids): "accepted"}
    decision = {
        "state": states.get(said_yes, "partially-accepted"),
        "decidedOn": "2026-11-24",
        "studies": [
            {
                "id": id_,
                "accepted": at < accepted,
                "countedAs": {"en": "Here"},
                "remark": {"en": "!"},
            }
            for at, id_ in enumerate(ids)
        ],
    }
    (folder / "recognition.json").write_text(json.dumps(decision))


class TestFiles(SinkContract):
    """Every rule of the contract."""

    @pytest.fixture
    def case(self, tmp_path: Path) -> SinkCase:
        root = tmp_path / "imports"
        root.mkdir()
        away = FilesSettings(directory=str(tmp_path / "not-mounted"))
        return SinkCase(
            plugin=plugin,
            institution=HOME,
            working=FilesSettings(directory=str(root)),
            student=SIIRI,
            stored=lambda: len(_folders(root)),
            original=lambda receipt: (root / receipt.id / "elmo-1.xml").read_bytes(),
            decide=lambda receipt, accepted: _decide(root, receipt, accepted),
            troubles={Trouble.DOWN: Situation(away)},
        )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The directory."""
    return tmp_path


@pytest.fixture
def sink(root: Path) -> Iterator[ResultSink]:
    """What writes there."""
    with plugin.open(HOME, FilesSettings(directory=str(root))) as adapter:
        adapter.ping()
        assert adapter.sink is not None
        yield adapter.sink


def test_settings_are_explained() -> None:
    """In three languages; the secret is one."""
    fields = {info.name: info for info in describe(plugin)}
    assert FieldKind.SECRET is fields["webhook_secret"].kind
    for info in fields.values():
        assert {"en", "fi", "sv"} == set(info.help) == set(info.label)
        assert said(info.help, "en")


@pytest.mark.parametrize("directory", ["relative", "", "/a\0b"], ids=["relative", "empty", "null"])
def test_a_directory_is_an_absolute_path(directory: str) -> None:
    """What cannot be one is refused at the field."""
    with pytest.raises(ConfigError) as caught:
        FilesSettings(directory=directory)
    assert caught.value.field == "directory"


def test_ping_leaves_nothing(sink: ResultSink, root: Path) -> None:
    """It tries to write, and takes it away again."""
    assert not list(root.iterdir())


def test_what_is_in_a_folder(sink: ResultSink, root: Path) -> None:
    """The original, the PDF, and JSON that lists them with digests and says who it is."""
    receipt = sink.store_results(SIIRI, sample_results())
    folder = root / receipt.id
    assert {"elmo-1.xml", "attachment-1.pdf", "import.json"} == {f.name for f in folder.iterdir()}
    listing = json.loads((folder / "import.json").read_text("utf-8"))
    for listed in listing["files"]:
        assert (
            listed["sha256"] == hashlib.sha256((folder / listed["name"]).read_bytes()).hexdigest()
        )
    assert ("Järvi", "Järvi-Ånäs") == (
        listing["student"]["familyName"],
        listing["learner"]["familyName"],
    )
    studies = {study["id"]: study for study in listing["studies"]}
    assert ["1-1", "1-1.1", "1-1.2", "1-2"] == list(studies)
    assert ("1-1", [{"scheme": "ects", "value": "7.5"}]) == (
        studies["1-1.1"]["parent"],
        studies["1-1.1"]["credits"],
    )
    assert ["passed", "passed", "in-progress", "failed"] == [s["status"] for s in studies.values()]


def test_files_are_for_the_owner_alone(sink: ResultSink, root: Path) -> None:
    """Unless the setting says that the group may read."""
    folder = root / sink.store_results(SIIRI, sample_results()).id
    modes = {stat.S_IMODE(one.stat().st_mode) for one in (folder, *folder.iterdir())}
    assert {0o700, 0o600} == modes


def test_the_group_may_read(root: Path) -> None:
    """And put a decision beside the files, and change none of them."""
    settings = FilesSettings(directory=str(root), group_readable=True)
    with plugin.open(HOME, settings) as adapter:
        assert adapter.sink is not None
        folder = root / adapter.sink.store_results(SIIRI, sample_results()).id
    assert 0o770 == stat.S_IMODE(folder.stat().st_mode)
    assert {0o640} == {stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()}


def test_no_name_comes_from_abroad(sink: ResultSink, root: Path) -> None:
    """References and titles with paths in them stay inside JSON."""
    folder = root / sink.store_results(SIIRI, odd_results()).id
    assert root == folder.parent
    names = {one.name for one in folder.iterdir()}
    assert {"elmo-1.xml", "attachment-1.bin", "attachment-2.bin", "import.json"} == names


def test_another_folder_of_the_name_is_not_taken_for_it(sink: ResultSink, root: Path) -> None:
    """Whatever stands there: it is not overwritten, and no receipt for it is given."""
    receipt = sink.store_results(SIIRI, sample_results())
    (root / receipt.id / "import.json").write_text('{"key": "other", "student": {}}')
    with pytest.raises(AdapterError):
        sink.store_results(SIIRI, sample_results())


def test_leftovers_of_killed_workers_go_after_a_day(sink: ResultSink, root: Path) -> None:
    """Half-written folders are nobody's; a fresh one may be another worker's that is at it."""
    old, fresh = root / ".half-old", root / ".half-fresh"
    for half in (old, fresh):
        half.mkdir()
        (half / "elmo-1.xml").write_text("half")
    before = time.time() - 2 * 24 * 3600
    os.utime(old, (before, before))
    sink.store_results(SIIRI, sample_results())
    assert [False, True] == [old.exists(), fresh.exists()]


KILLED = """
import os, sys
from pathlib import Path
from emrex_files import FilesSettings, _sink, plugin
from emrex_gateway.testing import sample_results
from test_files_sink import HOME, SIIRI

def counted(step):
    def wrapped(*given, **named):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return step(*given, **named)
    return wrapped

for name in ("fsync", "open", "rename", "mkdir"):
    setattr(_sink.os, name, counted(getattr(os, name)))
for step in range(16):
    left = 1000
    root = Path(sys.argv[1], str(step))
    root.mkdir()
    child = os.fork()
    if child == 0:
        left = step
        with plugin.open(HOME, FilesSettings(directory=str(root))) as adapter:
            adapter.sink.store_results(SIIRI, sample_results())
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_kill_between_any_two_steps_leaves_all_or_nothing(root: Path) -> None:
    """What stands in the directory afterwards is complete, and the next try makes it one import."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(root)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert {"9", "0"} == set(done.stdout.split()), "some were killed, and some came to their end"
    for place in root.iterdir():
        for folder in _folders(place):
            assert {"elmo-1.xml", "attachment-1.pdf", "import.json"} == {
                one.name for one in folder.iterdir()
            }
        with plugin.open(HOME, FilesSettings(directory=str(place))) as adapter:
            assert adapter.sink is not None
            receipt = adapter.sink.store_results(SIIRI, sample_results())
        assert [receipt.id] == [folder.name for folder in _folders(place)]


def test_many_at_once(root: Path, sink: ResultSink) -> None:
    """Each import is one folder, however the writers meet."""
    every = [sample_results(str(number % 5)) for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        receipts = set(pool.map(lambda one: sink.store_results(SIIRI, one), every))
    assert 5 == len(receipts) == len(list(root.iterdir()))


def _with(root: Path, sink: ResultSink, decision: bytes) -> Receipt:
    receipt = sink.store_results(SIIRI, sample_results())
    (root / receipt.id / "recognition.json").write_bytes(decision)
    return receipt


def test_a_decision_is_read(root: Path, sink: ResultSink) -> None:
    """Names, issuers and credits as brought come from the import, the rest from the host."""
    decision: dict[str, Any] = {
        "state": "partially-accepted",
        "decidedOn": "2026-11-24",
        "remark": {"en": "Welcome home"},
        "studies": [
            {
                "id": "1-1.1",
                "accepted": True,
                "countedAs": {"en": "Geography", "fi": "Maantiede"},
                "code": "GEO-1",
                "credits": 7,
            },
            {"id": "1-2", "accepted": False, "remark": {"en": "No"}},
        ],
    }
    found = sink.recognition(_with(root, sink, json.dumps(decision).encode()))
    assert RecognitionState.PARTIALLY_ACCEPTED is found.state
    assert found.learner is not None
    assert "Järvi" == found.learner.family_name
    yes, no = found.studies
    assert texts(en="Fjords") == yes.titles
    assert texts(en="Geography", fi="Maantiede") == yes.counted_as
    assert ["7.5", "7"] == [str(yes.brought[0].value), str(yes.credits[0].value)]
    assert yes.issuer is not None
    assert "NO" == yes.issuer.country
    assert (False, texts(en="No")) == (no.accepted, no.remark)


@pytest.mark.parametrize(
    "decision",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"{}",
        b'{"state": "yes"}',
        b'{"state": "accepted"}',
        b'{"state": "accepted", "decidedOn": "soon"}',
        b'{"state": "accepted", "decidedOn": "2026-11-24", "studies": [{"id": "Siiri-9"}]}',
        b'{"state": "accepted", "decidedOn": "2026-11-24", "studies": [{"id": "Siiri", "accepted": true}]}',
        b'{"state": "accepted", "decidedOn": "2026-11-24", "remark": {"Siiri": "x"}}',
        b'{"state": "accepted", "decidedOn": "2026-11-24", "siiri": 1}',
    ],
    ids=[
        *("empty", "half", "bytes", "list", "nothing", "state", "date", "words", "half-study"),
        *("stranger", "language", "unknown"),
    ],
)
def test_what_is_no_decision_is_an_error(root: Path, sink: ResultSink, decision: bytes) -> None:
    """For administrators; what stood in the file is not in the message, and it is not "temporary"."""
    receipt = _with(root, sink, decision)
    with pytest.raises(AdapterError) as caught:
        sink.recognition(receipt)
    assert not isinstance(caught.value, AdapterUnavailable)
    assert "iiri" not in str(caught.value)


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_a_decision_is_a_plain_file(root: Path, sink: ResultSink, kind: str) -> None:
    """A link could show another file of the worker's; a pipe would never end."""
    receipt = sink.store_results(SIIRI, sample_results())
    place = root / receipt.id / "recognition.json"
    if kind == "link":
        place.symlink_to("/etc/passwd")
    elif kind == "pipe":
        os.mkfifo(place)
    else:
        place.mkdir()
    with pytest.raises(AdapterError):
        sink.recognition(receipt)

"""The stages of one export, each beside a raw RSA-2048 signature of the same run.

Rounds are interleaved: every round runs each stage once, and the raw signature before and after
them all, so that what others do on the machine meets all alike. Medians of CPU time; memory is
what a process of its own holds at the stage's peak beyond what it held before.

The bytes of the transcript count: what is written, validated, signed, verified and packed holds
the PDF as it is sent. The last column is the same work on a document without it.
"""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from benchmarks._peppi_answer import answer
from benchmarks._rows import Row
from emrex_gateway import elmo, network, signing, transcript
from emrex_gateway.domain import (
    AccessPoint,
    Attachment,
    AttachmentContent,
    AttachmentType,
    Document,
    Identity,
    Institution,
    ReleaseRule,
    Student,
    StudyRecord,
    release,
    select,
    texts,
)
from emrex_gateway.ports import Signer
from emrex_gateway.secrets import resolve_secret
from emrex_peppi import PeppiSettings, plugin
from examples.demo import DemoAuthority

MAX_WITHOUT_TRANSCRIPT = 30.0
"""Raw signatures for 60 courses: map, select, write, validate, sign, verify and pack."""
MAX_TRANSCRIPT = 85.0
MAX_GROWTH = 11.0
"""How many times that 600 courses may take."""

_AT = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
_INSTITUTION = Institution(
    slug="home",
    names=texts(en="Home University", fi="Kotiyliopisto"),
    country="FI",
    domain="home.example",
    url="https://home.example/",
    codes={"oppilaitosnumero": "90001"},
)
_SETTINGS = PeppiSettings(
    base_url="https://peppi.example", api_key="none", timezone="Europe/Helsinki"
)
_STAGES = ("map", "select", "write", "validate", "sign", "verify", "pack")
_WITHIN = {"write": "validate", "sign": "verify"}
"""Stages whose door does the second one too: what is shown is the difference."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A measured stage: milliseconds, multiples of the raw signature, and MB at its peak."""

    name: str
    spent: float
    raw: float
    bare: float
    memory: float


@dataclass(frozen=True, slots=True)
class Stages:
    """One run: its stages, and how large everything was."""

    courses: int
    answer: int
    xml: int
    pdf: int
    limit: float
    rows: tuple[Stage, ...]

    @property
    def total(self) -> float:
        """Raw signatures without the transcript's own rendering."""
        return sum(row.raw for row in self.rows if row.name != "transcript")

    @property
    def bare(self) -> float:
        """The same for a document without the transcript's bytes."""
        return sum(row.bare for row in self.rows if row.name != "transcript")

    @property
    def without(self) -> float:
        """The same in milliseconds, which two measurements are compared by."""
        return self.bare * self.limit

    def lines(self) -> Iterator[str]:
        """The run as text."""
        yield (
            f"{self.courses} courses: an answer of {self.answer / 1000:.0f} kB, {self.xml / 1000:.0f} kB of "
            f"ELMO with a transcript of {self.pdf / 1000:.0f} kB; raw RSA-2048 signature {self.limit:.2f} ms"
        )
        yield f"{'stage':<20}{'ms':>9}{'raw':>8}{'MB':>7}{'raw, no PDF inside':>22}"
        for row in self.rows:
            bare = "" if row.name == "transcript" else f"{row.bare:.1f}"
            yield f"{row.name:<20}{row.spent:>9.2f}{row.raw:>8.1f}{row.memory:>7.1f}{bare:>22}"
        yield f"{'without transcript':<20}{'':>9}{self.total:>8.1f}{'':>7}{self.bare:>22.1f}"


@dataclass(frozen=True, slots=True)
class _Run:
    """Everything that the stages work on."""

    courses: int
    key: rsa.RSAPrivateKey
    signer: Signer
    answer: bytes
    plain: Document
    pdf: bytes

    def actions(self, document: Document) -> dict[str, Callable[[], object]]:
        """The stages by name, on a document with the transcript in it or without."""
        copy = bool(document.attachments)
        unsigned = elmo.write(document, readable_copy=copy)
        signed = self.signer.sign(unsigned)
        certificate = self.signer.certificate_pem
        records = _mapped(self.answer)[1]
        chosen = frozenset(record.key for record in records)
        return {
            "map": lambda: _mapped(self.answer),
            "select": lambda: select(records, chosen, _AT),
            "write": lambda: elmo.write(document, readable_copy=copy),
            "validate": lambda: elmo.check(unsigned.xml, unsigned.version, readable_copy=copy),
            "sign": lambda: self.signer.sign(unsigned),
            "verify": lambda: signing.verify(signed, [certificate]),
            "pack": lambda: network.pack(signed),
        }

    def render(self) -> bytes:
        return transcript.render(self.plain, kind=AttachmentType.EMREX_TRANSCRIPT)

    def raw(self) -> bytes:
        return self.key.sign(b"x", padding.PKCS1v15(), hashes.SHA256())


def measure(courses: int, rounds: int, *, render: bool = True) -> Stages:
    """Measure all stages for a student with that many courses; ``render``: the transcript too."""
    with tempfile.TemporaryDirectory(prefix="emrex-bench-") as folder:
        run = _prepare(courses, Path(folder))
    whole = run.actions(_with(run.plain, run.pdf))
    bare = run.actions(run.plain)
    timed = {name: _Clock(action) for name, action in whole.items()}
    timed |= {f"{name} bare": _Clock(action) for name, action in bare.items()}
    timed["raw"] = _Clock(run.raw)
    if render:
        timed["transcript"] = _Clock(run.render)
    for number in range(rounds + 1):
        for name, clock in timed.items():
            clock.tick(3 if name == "raw" else 1, keep=number > 0)
    limit = timed["raw"].median()
    rows = [_stage(name, timed, limit, _memory(whole[name])) for name in _STAGES]
    if render:
        spent = timed["transcript"].median()
        rows.insert(4, Stage("transcript", spent, spent / limit, 0.0, _memory(run.render)))
    xml = len(elmo.write(_with(run.plain, run.pdf)).xml)
    return Stages(courses, len(run.answer), xml, len(run.pdf), limit, tuple(rows))


def stage_lines(courses: int, rounds: int) -> Iterator[str]:
    """Measure that many courses and ten times as many; yield what came out, and what was promised."""
    few = measure(courses, rounds)
    yield from few.lines()
    many = measure(courses * 10, max(rounds // 3, 3))
    yield from many.lines()
    rendered = next(row.raw for row in few.rows if row.name == "transcript")
    yield str(
        Row("export without transcript, no PDF inside", few.bare, "raw", MAX_WITHOUT_TRANSCRIPT)
    )
    yield str(Row("the same with the PDF's bytes in it", few.total, "raw"))
    yield str(Row("transcript", rendered, "raw", MAX_TRANSCRIPT))
    yield str(
        Row("ten times as many courses, no PDF inside", many.without / few.without, "x", MAX_GROWTH)
    )
    yield "raw: multiples of a raw RSA-2048 signature of the same run"


def _prepare(courses: int, folder: Path) -> _Run:
    files = DemoAuthority(folder).issue("bench")
    point = AccessPoint(
        slug="bench",
        institution="home",
        key=f"file:{files.key}",
        certificate=f"file:{files.certificate}",
    )
    signer = signing.KeyRing(resolve_secret, lambda: datetime.now(UTC)).signer(point)
    key = serialization.load_pem_private_key(files.key.read_bytes(), None)
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size != 2048:
        raise SystemExit("the limit is a signature by an RSA key of 2048 bits")
    recorded = answer(courses)
    student, records = _mapped(recorded)
    nobody = Identity(method="bench", provider="bench", subject="bench")
    plain = Document(
        generated_at=_AT,
        learner=release(student, nobody, ReleaseRule(), None),
        reports=select(records, frozenset(record.key for record in records), _AT),
    )
    pdf = transcript.render(plain, kind=AttachmentType.EMREX_TRANSCRIPT)
    return _Run(courses, key, signer, recorded, plain, pdf)


def _mapped(recorded: bytes) -> tuple[Student, tuple[StudyRecord, ...]]:
    """The answer's bytes to study records: decoding included."""
    student, records = plugin.convert(_INSTITUTION, _SETTINGS, recorded)
    return student, tuple(records)


def _with(document: Document, pdf: bytes) -> Document:
    attachment = Attachment(
        id="emrex-transcript",
        type=AttachmentType.EMREX_TRANSCRIPT,
        titles=texts(en="EMREX transcript"),
        contents=(AttachmentContent(media_type="application/pdf", data=pdf, lang="en"),),
    )
    return replace(document, attachments=(attachment,))


class _Clock:
    """Milliseconds of CPU time that an action took, each time that it ran."""

    def __init__(self, action: Callable[[], object]) -> None:
        self._action = action
        self.spent: list[float] = []

    def tick(self, times: int, *, keep: bool) -> None:
        gc.collect()  # so that nobody pays for what another left
        for _ in range(times):
            began = time.process_time()
            self._action()
            if keep:
                self.spent.append((time.process_time() - began) * 1000)

    def median(self) -> float:
        return statistics.median(self.spent)


def _stage(name: str, timed: dict[str, _Clock], limit: float, memory: float) -> Stage:
    def spent(suffix: str) -> float:
        clock, inner = timed[name + suffix], _WITHIN.get(name)
        if inner is None:
            return clock.median()
        parts = zip(clock.spent, timed[inner + suffix].spent, strict=True)
        return max(statistics.median(whole - part for whole, part in parts), 0.0)

    return Stage(name, spent(""), spent("") / limit, spent(" bare") / limit, memory)


def _memory(action: Callable[[], object]) -> float:
    """MB that a forked process holds at the action's peak, beyond what it held before.

    The parent gives back first what it no longer uses; otherwise the child would use that unseen.
    """
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            action()
            after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            os.write(into, str(after - before).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(into)
    with os.fdopen(out, "rb") as pipe:
        grown = pipe.read()
    os.waitpid(child, 0)
    return int(grown or b"0") / 1024

"""Verifying the trail against the file of signed heads: changes, deletions, cuts, rewrites."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from emrex_gateway.ports import Head, Store
from emrex_gateway.trail._canonical import NOTHING
from emrex_gateway.trail._file import CHECKPOINT, Line, line_digest, lines, signed_by
from emrex_gateway.trail._walk import Finding, Position, Trouble, walk

_DATABASE_BATCH = 500


@dataclass(slots=True)
class Report:
    """What was found. ``first_bad`` is the first bad number, 0 when none is known."""

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    heads: int = 0
    last_head: Head | None = None
    checkpoint: Head | None = None
    verified: int = 0
    """The last number that was recomputed."""
    proven: int = 0
    """The last number at which the chain is the one that a head was signed over."""
    counts: dict[str, int] = field(default_factory=dict)
    known_key: bool = False
    """Whether the signatures were compared with a key from outside of the file."""

    @property
    def first_bad(self) -> int:
        """The smallest number that something is wrong with."""
        return min((found.number for found in self.findings if found.number), default=0)

    @property
    def last_at(self) -> datetime | None:
        """When the last head was signed."""
        return self.last_head.at if self.last_head else None


def verify(
    store: Store,
    path: Path,
    keys: Collection[Ed25519PublicKey],
    *,
    first_head: int = 1,
) -> Report:
    """Hold the database against the file of heads, whose signatures one of ``keys`` made.

    Without keys everything else is looked at, and ``known_key`` is false.
    Memory does not grow with the trail nor with the file. Raises
    ``ConfigError`` when the file cannot be read and ``StoreUnavailable``.
    """
    report = Report(known_key=bool(keys))
    _read_file(store, path, keys, first_head, report)
    _recompute(store, path, report)
    with store.read() as uow:
        report.counts = dict(uow.trail.counts())
    if report.verified and not report.heads and not report.findings:
        # Whoever emptied the file and the database's copy would be believed otherwise.
        text = "the file holds no head, so nothing proves what was numbered"
        report.findings.append(Finding(Trouble.HEADS, 0, text))
    if lost := report.counts["lost"]:
        report.findings.append(
            Finding(Trouble.UNNUMBERED, 0, f"{lost} events are neither numbered nor wait for it")
        )
    if vanished := report.counts["vanished"]:
        text = f"{vanished} events were deleted before they had a number"
        report.findings.append(Finding(Trouble.VANISHED, 0, text))
    return report


def _read_file(
    store: Store, path: Path, keys: Collection[Ed25519PublicKey], first_head: int, report: Report
) -> None:
    """Look at each line by itself, at its place in the file, and at the database's copy of it."""
    kept = _database_heads(store, first_head - 1)
    torn: Line | None = None
    unknown = 0
    for line in lines(path):
        if line.head is None or not line.complete:
            torn = torn or line
            continue
        former = report.last_head
        problem = _line_problem(line, former, keys, first_head)
        copy = next(kept, None)
        unknown += copy is None
        if not problem and copy is not None and copy.line != line.text:
            problem = "is another than the one that the database keeps"
        if problem:
            text = f"line {line.position} of the file (head {line.head.head}) {problem}"
            report.findings.append(Finding(Trouble.HEADS, 0, text))
            return
        report.heads += 1
        report.last_head = line.head
        if line.head.kind == CHECKPOINT:
            report.checkpoint = line.head
    missing = next(kept, None)
    if unknown > 1:
        # A kill leaves one line that the database misses; the next run takes it.
        text = f"the database lacks the last {unknown} heads of the file"
        report.findings.append(Finding(Trouble.HEADS, 0, text))
    if missing is not None:
        text = f"the file lacks head {missing.head} of number {missing.number}, which was signed"
        report.findings.append(Finding(Trouble.HEADS, 0, text))
    elif torn is not None:
        # All heads of the database are there and follow each other: a kill cut this line.
        report.notes.append(f"line {torn.position} of the file is no head; none is missing there")


def _line_problem(
    line: Line, former: Head | None, keys: Collection[Ed25519PublicKey], first_head: int
) -> str:
    head = line.head
    assert head is not None
    if keys and not signed_by(line.text, keys):
        return "is not signed with a given key"
    if head.head != (former.head + 1 if former else first_head):
        return f"should be head {former.head + 1 if former else first_head}"
    if (former or first_head == 1) and line.previous != (
        line_digest(former.line) if former else NOTHING
    ):
        return "does not follow the line before it"
    return ""


def _database_heads(store: Store, after: int) -> Iterator[Head]:
    while True:
        with store.read() as uow:
            batch = uow.trail.heads(after, _DATABASE_BATCH)
        yield from batch
        if len(batch) < _DATABASE_BATCH:
            return
        after = batch[-1].head


def _signed_heads(path: Path, report: Report) -> Iterator[Head]:
    """Once more through the file's good lines, for those that the chain is compared with."""
    last = report.last_head.head if report.last_head else 0
    behind = report.checkpoint.number if report.checkpoint else 0
    for line in lines(path):
        if line.head is not None and line.complete and line.head.number >= max(behind, 1):
            yield line.head
        if line.head is not None and line.head.head >= last:
            return


def _recompute(store: Store, path: Path, report: Report) -> None:
    """Recompute from the last checkpoint, or the beginning, and stop at each signed head."""
    cut = report.checkpoint
    at = Position(cut.number, cut.digest) if cut else Position(0, NOTHING)
    heads = _signed_heads(path, report)
    awaited = next(heads, None)
    agreed = report.proven = at.number
    steps = walk(store, at)
    found: Position | Finding | None = at
    while found is not None:
        if isinstance(found, Finding):
            report.findings.append(_beginning(found, agreed))
            break
        at = found
        while awaited is not None and awaited.number <= at.number:
            if awaited.number == at.number and awaited.digest != at.digest:
                text = (
                    f"the chain was rewritten: number {at.number} is not what head {awaited.head}"
                    f" was signed over; up to number {agreed} it is"
                )
                report.findings.append(Finding(Trouble.REWRITTEN, agreed + 1, text))
                report.verified = agreed
                return
            if awaited.number == at.number:
                agreed = report.proven = at.number
            awaited = next(heads, None)
        found = next(steps, None)
    report.verified = at.number
    if awaited is not None and not isinstance(found, Finding):
        text = (
            f"the trail ends with number {at.number}, and number {awaited.number}"
            f" was signed by head {awaited.head}; up to number {agreed} it is proven"
        )
        report.findings.append(Finding(Trouble.CUT, at.number + 1, text))


def _beginning(found: Finding, agreed: int) -> Finding:
    if found.trouble is Trouble.MISSING and found.number == 1 and not agreed:
        text = "the trail's beginning is gone, and no signed checkpoint covers that"
        return Finding(Trouble.CHECKPOINT, 1, text)
    return found

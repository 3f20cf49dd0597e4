"""The demonstration as a process of its own, for tests that look at it from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import databases

ROOT = Path(__file__).resolve().parents[2]
DEMO = [sys.executable, "-m", "examples.demo"]
PATIENCE = 120.0


@contextmanager
def launched(*arguments: str, **options: object) -> Iterator[subprocess.Popen[str]]:
    """Run the launcher away from any terminal; whatever happens, it does not outlive the test."""
    process = subprocess.Popen(
        [*DEMO, *arguments],
        cwd=ROOT,
        env=environ(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,  # type: ignore[call-overload]  # Popen's overloads do not take a mapping
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        process.communicate(timeout=PATIENCE)


def environ() -> dict[str, str]:
    """This process' environment, with an empty database of the kind that the run uses."""
    with tempfile.TemporaryDirectory() as nowhere:
        address = databases.empty_database(Path(nowhere))
    if databases.kind() == "sqlite":  # the demonstration makes its own file
        return dict(os.environ)
    return {**os.environ, "GATEWAY_DEMO_DATABASE": address}


def announced(process: subprocess.Popen[str]) -> dict[str, dict[str, str]]:
    """Return what ``--json`` says: one line, as soon as everything answers."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    found: dict[str, dict[str, str]] = json.loads(line)
    return found


def descendants(pid: int) -> set[int]:
    """Return a process' children, and theirs."""
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        for tasks in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            with suppress(OSError):
                mine = {int(part) for part in tasks.read_text("ascii").split()} - found
                found |= mine
                waiting += mine
    return found


def alive(pids: set[int]) -> set[int]:
    """Return those that still run; one that only waits to be collected does not."""
    running = set()
    for pid in pids:
        with suppress(OSError):
            state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
            if state != "Z":
                running.add(pid)
    return running


def gone_soon(pids: set[int]) -> set[int]:
    """Return what is left of ``pids`` once it has ended, or when patience has."""
    deadline = time.monotonic() + PATIENCE
    while (left := alive(pids)) and time.monotonic() < deadline:
        time.sleep(0.1)  # they are nobody's children here: there is nothing to wait on
    return left

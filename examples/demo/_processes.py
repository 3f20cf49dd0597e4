"""Starts the demonstration's programs and ends every one of them, whatever they started themselves."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)

PATIENCE = 8.0
"""Seconds that a program gets to end by itself."""


class StartError(Exception):
    """A program did not start; the message is one line for a person."""


@dataclass(slots=True)
class _Program:
    name: str
    process: subprocess.Popen[bytes]
    log: Path


@dataclass(slots=True)
class Programs:
    """The running programs. Orphans of theirs come to us, and go with us."""

    logs: Path
    _running: list[_Program] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def start(
        self,
        name: str,
        command: Sequence[str],
        environ: Mapping[str, str],
        *,
        folder: Path,
        sockets: Sequence[int] = (),
    ) -> None:
        """Start a program in a session of its own; its output goes to ``logs/<name>.log``."""
        log = self.logs / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 - our own programs and arguments
                list(command),
                cwd=folder,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=tuple(sockets),
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - no thread runs at this time
            )
        self._running.append(_Program(name, process, log))

    def fallen(self) -> str | None:
        """Return one line about a program that ended by itself, or ``None``."""
        for program in self._running:
            code = program.process.poll()
            if code is not None:
                return f"{program.name} ended with status {code}: {_last_line(program.log)}"
        return None

    def end(self) -> None:
        """End all programs: ask, wait, insist; then every orphan that was left to us."""
        for program in reversed(self._running):
            with suppress(ProcessLookupError):
                program.process.terminate()
        deadline = time.monotonic() + PATIENCE
        for program in self._running:
            with suppress(subprocess.TimeoutExpired):
                program.process.wait(max(0.1, deadline - time.monotonic()))
        for program in self._running:
            if program.process.poll() is None:
                program.process.kill()
                program.process.wait()
        self._running.clear()
        _end_orphans()


def _end_with_parent() -> None:
    """Runs in the child: SIGTERM when the launcher dies, however it dies."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _children() -> list[int]:
    mine = Path(f"/proc/self/task/{os.getpid()}/children")
    with suppress(OSError):
        return [int(part) for part in mine.read_text("ascii").split()]
    return []


def _end_orphans() -> None:
    """As their subreaper we are now the parent of whatever our programs left behind."""
    deadline = time.monotonic() + PATIENCE
    while (left := _children()) and time.monotonic() < deadline:
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    return f"{lines[-1].strip()[:300]} (see {log})" if lines else f"see {log}"

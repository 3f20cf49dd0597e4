"""Starts the demonstration, says where everything is, and ends it again."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from examples.demo._check import check
from examples.demo._options import Options, parse
from examples.demo._parties import Announcement, announce, start_parties
from examples.demo._places import Places, take
from examples.demo._processes import Programs, StartError
from examples.demo._stage import clear, prepare


class _Stop(Exception):
    """Somebody asked us to end."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to end; the exit status is 0 unless something failed."""
    options = parse(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)  # also where the shell had them ignored
    programs: Programs | None = None
    places: Places | None = None
    status = 1
    try:
        places = take(options.port)
        stage = prepare(places)
        programs = Programs(stage.folder / "logs")
        start_parties(stage, programs)
        announcement = announce(stage)
        if options.check:
            status = 0 if check(announcement, options.out) else 1
        else:
            _say(announcement, options)
            _watch(programs)
    except StartError as error:
        print(f"demo: {error}", file=sys.stderr)
    except _Stop:
        status = 130 if options.check else 0
    except BrokenPipeError:
        _silence()
    finally:
        _ignore_signals()
        if programs is not None:
            programs.end()
        if places is not None:
            places.close()
            if options.port == 0 and status == 0:
                clear(places)  # nobody comes back to a port that was drawn by lot
    return status


def _say(announcement: Announcement, options: Options) -> None:
    if options.json:
        print(json.dumps(announcement.as_json(), ensure_ascii=False), flush=True)
        return
    for line in announcement.lines():
        print(line, flush=True)
    print("Ctrl-C ends it.", flush=True)


def _watch(programs: Programs) -> NoReturn:
    while True:
        if fallen := programs.fallen():
            raise StartError(fallen)
        time.sleep(0.5)


def _stop(number: int, frame: FrameType | None) -> None:
    raise _Stop


def _ignore_signals() -> None:
    """A second Ctrl-C must not leave processes behind; ending takes a few seconds at most."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _silence() -> None:
    """Nobody reads what we print any more: keep Python from failing on it at exit."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

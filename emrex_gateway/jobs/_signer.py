"""The warm signing process as a program of its own, beside the worker that owns it.

A fork of the worker would carry along everything that the worker knows: Redis'
client, logins, the administrators' work, some 40 MB that no signature needs.
This program loads what a document takes and nothing else. It knows neither
Redis nor an adapter, and gets its settings and orders through the socket that
the worker left it. See ``docs/decisions/0025-worker-class.md``.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

import msgspec

from emrex_gateway import log, transcript
from emrex_gateway.domain import AdapterBinding, Institution
from emrex_gateway.errors import ConfigError, QueueUnavailable
from emrex_gateway.jobs._keys import check_keys
from emrex_gateway.jobs._process import MOST_BYTES
from emrex_gateway.jobs._running import Context, run_task
from emrex_gateway.jobs._serve import Prepared, serve
from emrex_gateway.jobs._sign_tasks import SIGN_TASKS
from emrex_gateway.ports import Adapter
from emrex_gateway.secrets import resolve_secret
from emrex_gateway.services import Services, utc_now
from emrex_gateway.settings import Settings
from emrex_gateway.signing import KeyRing
from emrex_gateway.store import open_store

_CODE = (
    "import sys; sys.path[:] = {path!r}; from emrex_gateway.jobs._signer import main; main({fd})"
)
"""The worker's own search path: the program is the same release as the worker, wherever it stands."""

_THRIFT = {"MALLOC_ARENA_MAX": "1", "RAYON_NUM_THREADS": "1"}
"""One order at a time needs no second heap and no second thread of the compiler's: 8 MB less."""


class _NoQueue:
    """Sends nothing; what would have to be sent waits in the database for the sweep."""

    def send(self, task: str, subject: str) -> None:
        """Refuses."""
        raise QueueUnavailable("the signing process orders nothing")


def greeting(settings: Settings) -> bytes:
    """Return the message with which the worker begins: its settings, without Redis' address."""
    level = logging.getLevelName(logging.getLogger().level)
    told = {"settings": replace(settings, redis_url=""), "level": level}
    return msgspec.json.encode(told)


def start(connection: Connection) -> NoReturn:
    """In the forked child: turn into the program, with the socket as its only inheritance."""
    fd = connection.fileno()
    os.set_inheritable(fd, True)
    code = _CODE.format(path=[str(Path(one).absolute()) for one in sys.path], fd=fd)
    os.execve(sys.executable, [sys.executable, "-c", code], {**os.environ, **_THRIFT})  # noqa: S606 - ourselves, by an absolute path


def main(fd: int) -> None:
    """Sign what is ordered, until the worker is gone."""
    connection = Connection(fd)
    os.set_inheritable(fd, False)
    try:
        told = json.loads(connection.recv_bytes(MOST_BYTES))
    except (OSError, EOFError):  # the worker is gone
        return
    settings = msgspec.convert(told["settings"], Settings)
    log.configure(settings, level=told["level"])
    serve(connection, partial(_prepare, settings), partial(run_task, SIGN_TASKS))


def _prepare(settings: Settings) -> Prepared:
    transcript.preload()
    services = Services(
        settings=settings,
        store=open_store(settings, resolve_secret, utc_now),
        queue=_NoQueue(),
        clock=utc_now,
        secrets=resolve_secret,
        logins={},
        open_adapter=_no_adapter,
    )
    signers = KeyRing(resolve_secret, utc_now)
    problems = check_keys(services, signers)
    return Context(services, signers), [[one.access_point, one.problem] for one in problems]


def _no_adapter(
    institution: Institution, binding: AdapterBinding
) -> AbstractContextManager[Adapter]:
    raise ConfigError("the signing process opens no adapter")

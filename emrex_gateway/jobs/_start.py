"""Starting a worker."""

from __future__ import annotations

import importlib
import logging
import signal
import time
from collections.abc import Callable, Collection, Sequence
from types import FrameType
from typing import NoReturn

from redis import RedisError
from rq.exceptions import StopRequested

from emrex_gateway.errors import ConfigError, StoreUnavailable
from emrex_gateway.jobs._names import PRIORITY, SIGN_QUEUE
from emrex_gateway.jobs._queue import connect
from emrex_gateway.jobs._running import Context
from emrex_gateway.jobs._stable import Stable
from emrex_gateway.jobs._sweeper import SWEEP_SECONDS, ServicesFactory, Sweeper, sweep_once
from emrex_gateway.jobs._worker import GatewayWorker
from emrex_gateway.ports import Signers
from emrex_gateway.services import Services

log = logging.getLogger(__name__)

PRELOADED = ("lxml.etree", "xmlsec", "typst", "emrex_gateway.elmo", "emrex_gateway.transcript")
"""Imported before the forks by a worker whose forks sign; others need no compiler and no fonts."""


def start_worker(
    services_factory: ServicesFactory,
    queues: Collection[str] = (),
    burst: bool = False,
    *,
    signers_factory: Callable[[Services], Signers] | None = None,
    apart: bool = False,
    strict: bool = False,
    sweep: float | None = SWEEP_SECONDS,
) -> int:
    """Run a worker until it is told to stop, and return its exit status.

    ``queues`` is empty for all. Keys are loaded by the signing process alone, of
    a worker that serves ``emrex-sign``. ``apart``: that process is a program of its own, which
    knows the settings and nothing of the factories, and needs 40 MB less. Keys that cannot be used are logged, and
    end the worker with status 1 when it is ``strict``. ``sweep`` is the pause between
    sweeps in seconds, ``None`` for a worker that leaves them to others.
    ``burst`` sweeps once and ends the worker when the queues are empty.

    Raises ``ConfigError``.
    """
    names = _queue_names(queues)
    if SIGN_QUEUE in names and signers_factory is None:
        raise ConfigError("a worker that signs needs keys")
    if SIGN_QUEUE in names and not apart:
        preload()
    services = services_factory()
    try:
        services.store.ping()
    except StoreUnavailable as error:
        log.warning("the worker starts without its database: %s", error)
    sweeper = Sweeper(services_factory, sweep) if sweep is not None and not burst else None
    if sweeper:
        sweeper.keep_alive()
    # What is opened here, every process shares: never a key, and no compiler that has run.
    factory = signers_factory if SIGN_QUEUE in names else None
    stable = Stable(services, factory, apart=apart)
    try:
        if SIGN_QUEUE in names:
            problems = stable.warm_up()
            for problem in problems:
                log.error("%s cannot sign: %s", problem.access_point, problem.problem)
            if problems and strict:
                return 1
        for chatty in ("rq.worker", "rq.job"):  # a line for each look at its registries
            logging.getLogger(chatty).setLevel(logging.WARNING)
        log.info("the worker serves %s", ", ".join(names))
        if burst and sweep is not None:
            sweep_once(Context(services))
        _work(names, stable, burst, sweeper.keep_alive if sweeper else lambda: None)
    finally:
        try:
            stable.stop()
        finally:
            if sweeper:
                sweeper.stop()
    return 0


def _work(names: Sequence[str], stable: Stable, burst: bool, on_tick: Callable[[], None]) -> None:
    """Work until told to stop. RQ's worker ends itself when Redis goes; here another follows."""
    pause = 1.0
    worker: GatewayWorker | None = None
    while True:
        settings, secrets = stable.services.settings, stable.services.secrets
        began = time.monotonic()
        try:
            worker = GatewayWorker(names, connect(settings, secrets), stable, on_tick)
            try:
                worker.work(burst=burst, logging_level=None)
            finally:
                # Its handlers would tell a worker that is gone.
                for number in (signal.SIGINT, signal.SIGTERM):
                    signal.signal(number, _stop)
            if burst or worker.told_to_stop:
                return
            log.warning("the worker lost Redis")
        except RedisError as error:
            if burst:
                raise ConfigError(f"Redis does not answer: {type(error).__name__}") from None
            if worker is not None and worker.told_to_stop:
                return  # RQ's handler asks Redis before it stops, and Redis went at the same time
            log.warning("Redis does not answer: %s", type(error).__name__)
        except StopRequested:
            return
        on_tick()
        pause = 1.0 if time.monotonic() - began > 60 else min(pause * 2, 15.0)
        try:
            time.sleep(pause)
        except StopRequested:
            return


def _stop(signum: int, frame: FrameType | None) -> NoReturn:
    raise StopRequested


def preload() -> None:
    """Import what jobs need, and let those packages warm up that offer it."""
    for name in PRELOADED:
        warm_up = getattr(importlib.import_module(name), "preload", None)
        if callable(warm_up):
            warm_up()


def _queue_names(queues: Collection[str]) -> tuple[str, ...]:
    if unknown := sorted(set(queues) - set(PRIORITY)):
        raise ConfigError(f"unknown queues: {', '.join(unknown)}; there are {', '.join(PRIORITY)}")
    return tuple(name for name in PRIORITY if not queues or name in queues)

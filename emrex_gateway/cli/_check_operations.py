"""What ``check-config`` says of the installation's own parts: tables, workers, metrics, key directory."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from functools import partial
from math import ceil
from pathlib import Path

from emrex_gateway import statistics
from emrex_gateway.domain import MaintenanceMode
from emrex_gateway.errors import ConfigError, QueueUnavailable
from emrex_gateway.services import Services

Check = Callable[[], str]

OLDEST_POSTGRESQL = 13
"""The oldest major version that its makers still care for at this release."""

SHORTEST_TOKEN = 16


def operation_checks(
    services: Services, *, signing: bool, running: bool
) -> Iterator[tuple[str, Check]]:
    """Yield the checks: of the key directory as the signing worker, of workers once they should run."""
    yield "database version", partial(_version, services)
    if running:
        yield "workers", partial(_workers, services)
    if services.settings.metrics_token:
        yield "metrics token", partial(_token, services)
    yield "retention", partial(_retention, services)
    yield "maintenance", partial(_maintenance, services)
    if signing and services.settings.key_directory:
        yield "key directory", partial(_directory, Path(services.settings.key_directory))


def _version(services: Services) -> str:
    with services.store.read() as uow:
        found = uow.operations.version()
    number = re.match(r"PostgreSQL (\d+)", found)
    if number and int(number[1]) < OLDEST_POSTGRESQL:
        raise ConfigError(f"{found} is too old: {OLDEST_POSTGRESQL} or newer is needed")
    return found


def _workers(services: Services) -> str:
    if services.queues is None:
        raise ConfigError("this process cannot see the queues")
    try:
        seen = services.queues.look()
    except QueueUnavailable as error:
        raise ConfigError(str(error)) from None
    unserved = [
        queue.name
        for queue in seen.queues
        if not any(queue.name in worker.queues for worker in seen.workers)
    ]
    if unserved:
        raise ConfigError(f"no worker lives for {', '.join(unserved)}")
    return f"{len(seen.workers)} live, every queue is served"


def _token(services: Services) -> str:
    if len(services.secrets(services.settings.metrics_token).strip()) < SHORTEST_TOKEN:
        raise ConfigError(f"it is shorter than {SHORTEST_TOKEN} characters")
    return "usable"


def _maintenance(services: Services) -> str:
    with services.store.read() as uow:
        now = uow.operations.maintenance()
    if now.mode is not MaintenanceMode.OFF and now.until and now.until < services.clock():
        raise ConfigError(f"on ({now.mode.value}), and its expected end is over: students are out")
    return now.mode.value


def _retention(services: Services) -> str:
    """Raise where rows would be gone before their month is closed: its statistics would lack them."""
    settings = services.settings
    with services.store.read() as uow:
        going_on = statistics.longest(uow, settings).total_seconds()
    days = 31 + 1 + ceil(going_on / 86400) + 1  # a month, statistics' slack, and a day to sweep in
    if settings.audit_lifetime < days * 86400:
        raise ConfigError(
            f"audit_lifetime is below {days} days: statistics would lack transfers of each month"
        )
    if not settings.audit_heads:
        return "rows outlive their month; old events of the trail stay (audit_heads is not set)"
    return "rows outlive their month"


def _directory(path: Path) -> str:
    """Raise unless nobody but its owner may enter, and the owner is whoever runs this."""
    try:
        found = path.stat()
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise ConfigError(f"{path} cannot be looked at: {problem}") from None
    if not stat.S_ISDIR(found.st_mode):
        raise ConfigError(f"{path} is no directory")
    if found.st_uid != os.geteuid():
        raise ConfigError(f"{path} belongs to another user than the one that runs this")
    if found.st_mode & 0o077:
        raise ConfigError(f"{path} is open to others (mode {stat.S_IMODE(found.st_mode):04o})")
    return f"{path}, for its owner only"

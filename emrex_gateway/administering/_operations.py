"""Running the installation: maintenance on and off, failed jobs sent again or thrown away."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from emrex_gateway import audit
from emrex_gateway.administering._change import Thing, put
from emrex_gateway.administering._rights import require
from emrex_gateway.audit import Event
from emrex_gateway.domain import Actor, Maintenance, MaintenanceMode, Permission
from emrex_gateway.errors import ConfigError, QueueUnavailable
from emrex_gateway.ports import FailedOrder, Queues
from emrex_gateway.services import Services

MAINTENANCE = Thing("maintenance", "gateway")
MAX_MAINTENANCE_TEXT = 1000
LONGEST = timedelta(days=30)
MOST_AT_ONCE = 500


def set_maintenance(
    services: Services, actor: Actor, wanted: Maintenance, *, version: str | None = None
) -> Maintenance:
    """Switch maintenance on, off or over, for every process' next request; return what was before.

    Raises ``NotAllowed``, ``EditConflict``, and ``ConfigError`` for an end that
    is over or further away than a month, or too long a text.
    """
    require(actor, Permission.RUN)
    if wanted.mode is MaintenanceMode.OFF:
        wanted = replace(wanted, until=None)
    if wanted.until is not None:
        if wanted.until.tzinfo is None:
            raise ConfigError("the end needs a time zone, such as +02:00 or Z", field="until")
        if not services.clock() < wanted.until < services.clock() + LONGEST:
            raise ConfigError("the end must lie ahead, by a month at the most", field="until")
    if any(len(text.value) > MAX_MAINTENANCE_TEXT or not text.lang for text in wanted.texts):
        raise ConfigError(
            f"a text has a language and at most {MAX_MAINTENANCE_TEXT} characters", field="texts"
        )
    with services.store.begin() as uow:
        uow.config.hold()
        before = uow.operations.maintenance()
        put(
            uow,
            actor,
            MAINTENANCE,
            before,
            wanted,
            write=uow.operations.put_maintenance,
            version=version,
        )
    return before


def retry_job(services: Services, actor: Actor, id_: str) -> bool:
    """Send a failed order again; False when it is not there, or no order of ours."""
    return _each(services, actor, Event.JOBS_RETRIED, (id_,)) == 1


def forget_job(services: Services, actor: Actor, id_: str) -> bool:
    """Throw a failed job away; what the database waits for, the sweep sends again all the same."""
    return _each(services, actor, Event.JOBS_FORGOTTEN, (id_,)) == 1


def retry_jobs(services: Services, actor: Actor) -> int:
    """Send all failed orders again that are ours; return how many."""
    every = (one.id for one in _failed(services, actor) if one.task)
    return _each(services, actor, Event.JOBS_RETRIED, tuple(every))


def forget_jobs(services: Services, actor: Actor) -> int:
    """Throw all failed jobs away; return how many."""
    every = tuple(one.id for one in _failed(services, actor))
    return _each(services, actor, Event.JOBS_FORGOTTEN, every)


def _failed(services: Services, actor: Actor) -> tuple[FailedOrder, ...]:
    require(actor, Permission.RUN)
    return _queues(services).failed(MOST_AT_ONCE)


def _each(services: Services, actor: Actor, event: Event, ids: tuple[str, ...]) -> int:
    require(actor, Permission.RUN)
    queues = _queues(services)
    act = queues.send_again if event is Event.JOBS_RETRIED else queues.forget
    done = sum(act(id_) for id_ in ids)
    if done:
        with services.store.begin() as uow:
            audit.record(uow, event, by=actor.account, count=done)
    return done


def _queues(services: Services) -> Queues:
    if services.queues is None:
        raise QueueUnavailable("this process has no view of the queues")
    return services.queues

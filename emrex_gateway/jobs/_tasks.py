"""The registered tasks: each calls one use case, and only when the row asks for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType

from emrex_gateway import (
    administering,
    directory,
    exporting,
    federation,
    importing,
    privacy,
    sharing,
    statistics,
    trail,
)
from emrex_gateway.domain import RegistrySource, TransferState
from emrex_gateway.errors import AdapterUnavailable, ConfigError, GatewayError
from emrex_gateway.jobs._running import Context, RefusedJob, Task, TaskTimeout, asks_for, run_task
from emrex_gateway.jobs._sign_tasks import SIGN_TASKS
from emrex_gateway.services import Services
from emrex_gateway.signing import Locksmith

logger = logging.getLogger(__name__)

ASK_ROUNDS = 5
SWEEP_ROUNDS = 200
"""The most rounds of one sweep: 200 times 500 transfers, then the next sweep goes on."""


def fetch(context: Context, transfer_id: str) -> None:
    """Fetch a transfer's records."""
    if asks_for(context, transfer_id, TransferState.IDENTIFIED):
        exporting.fetch(context.services, transfer_id)


def try_adapter(context: Context, id_: str) -> None:
    """Try an adapter for an administrator."""
    try:
        administering.run_try(context.services, id_)
    except TaskTimeout:
        seconds = context.services.settings.fetch_timeout
        administering.end_try(
            context.services, id_, f"the system did not come to an end within {seconds} seconds"
        )
        raise


def hand(context: Context, transfer_id: str) -> None:
    """Hand an import over to the host system."""
    if not asks_for(context, transfer_id, TransferState.ACCEPTED):
        return
    try:
        importing.hand(context.services, transfer_id)
    except TaskTimeout:  # to everybody else this is a system that did not answer in time
        importing.put_off(context.services, transfer_id, AdapterUnavailable.__name__)
        raise


def find(context: Context, transfer_id: str) -> None:
    """Find out who the student of an import is in the host system."""
    if asks_for(context, transfer_id, TransferState.LOOKING):
        importing.find(context.services, transfer_id)


def receive(context: Context, errand_id: str) -> None:
    """Look into what a provider sent for a visit."""
    importing.receive(context.services, errand_id)


def poll(context: Context, transfer_id: str) -> None:
    """Ask the host system how far it is with an import."""
    importing.poll(context.services, transfer_id)


def recall(context: Context, transfer_id: str) -> None:
    """Ask the host system what it decided, for a signed file of it."""
    importing.recall(context.services, transfer_id)


def attest(context: Context, transfer_id: str) -> None:
    """Write and sign what the host system decided."""
    if context.signers is None:
        raise RefusedJob("this worker holds no keys")
    importing.attest(context.services, context.signers, transfer_id)


def key(context: Context, id_: str) -> None:
    """Make, look at or destroy a signing key, as its row asks."""
    if context.signers is None:
        raise RefusedJob("this worker holds no keys")
    services = context.services
    maker = Locksmith(services.settings, services.secrets, services.clock)
    if not administering.work_on_key(services, maker, id_):
        raise RefusedJob("no such key")


def head(context: Context, subject: str) -> None:
    """Sign the head of the audit trail's chain."""
    if context.signers is None:
        raise RefusedJob("this worker holds no keys")
    trail.sign_head(context.services)


def refresh(context: Context, slug: str) -> None:
    """Look at a federation's metadata."""
    services = context.services
    with services.store.read() as uow:
        next_at = uow.entities.state(slug).next_at
    if next_at is not None and next_at > services.clock():
        return  # somebody was faster
    try:
        done = federation.refresh(services, slug)
    except ConfigError:
        raise RefusedJob("no such federation is switched on") from None
    if done.changed:
        logger.info(
            "metadata of %s: %d entities, %d providers; %d new, %d changed, %d gone",
            slug,
            done.changed.entities,
            done.changed.providers,
            done.changed.added,
            done.changed.changed,
            done.changed.removed,
        )


def registry(context: Context, source: str) -> None:
    """Look at one of the network's lists of providers."""
    services, list_ = context.services, RegistrySource(source)
    if not directory.is_due(services, list_):
        return  # somebody was faster, or the settings do not name it any more
    done = directory.refresh(services, list_)
    if done.taken and done.taken.any:
        logger.info(
            "the list %s: %d providers; %d new, %d changed, %d gone",
            source,
            done.state.providers,
            done.taken.added,
            done.taken.changed,
            done.taken.removed,
        )


def logo(context: Context, key: str) -> None:
    """Fetch a provider's picture."""
    federation.fetch_logo(context.services, key)


def ask(context: Context, method_id: str) -> None:
    """Ask a login method's provider, as often as somebody orders it meanwhile."""
    for _ in range(ASK_ROUNDS):
        if not administering.run_check(context.services, method_id):
            return


def sweep(context: Context, subject: str = "") -> None:
    """Do all that is done by the clock. What fails is logged, and the rest is done nevertheless."""
    for step in SWEEPERS:
        try:
            step(context.services)
        except GatewayError as error:
            logger.warning("a part of the sweep was put off: %s", type(error).__name__)
        except Exception:
            logger.exception("a part of the sweep failed")


def _sweep_transfers(services: Services) -> None:
    """Send again what got lost and end what is overdue, until a round finds little."""
    for _ in range(SWEEP_ROUNDS):
        swept = exporting.sweep(services)
        if swept.resent or swept.failed or swept.expired or swept.forgotten:
            logger.info(
                "swept: %d sent again, %d given up, %d expired, %d forgotten",
                swept.resent,
                swept.failed,
                swept.expired,
                swept.forgotten,
            )
        if swept.expired < 100:
            return


SWEEPERS: tuple[Callable[[Services], object], ...] = (
    _sweep_transfers,  # first: contents whose time is over wait for nobody
    sharing.sweep,
    importing.resend_hand_overs,
    importing.sweep_replies,
    importing.order_polls,
    importing.sweep_statements,
    administering.sweep_tries,
    privacy.sweep,
    federation.order_due,
    directory.order_due,
    directory.warn_of_providers,
    administering.order_due_keys,
    administering.warn_of_expiries,
    administering.warn_of_service_keys,
    administering.resend_checks,
    administering.forget_removed,
    trail.chain,
    trail.check,
    trail.order_due,
    statistics.close_due,
)
"""What a sweep does, in this order."""


TASKS: Mapping[str, Task] = MappingProxyType(
    {
        **SIGN_TASKS,
        "fetch": fetch,
        "hand": hand,
        "find": find,
        "receive": receive,
        "poll": poll,
        "recall": recall,
        "attest": attest,
        "try": try_adapter,
        "key": key,
        "head": head,
        "refresh": refresh,
        "logo": logo,
        "registry": registry,
        "ask": ask,
        "sweep": sweep,
    }
)
"""All that a worker ever runs. Only those in ``QUEUES`` can be ordered through Redis."""


def run(context: Context, task: str, subject: str, *, request: str | None = None) -> None:
    """Run one of ``TASKS``; see ``run_task``."""
    run_task(TASKS, context, task, subject, request=request)

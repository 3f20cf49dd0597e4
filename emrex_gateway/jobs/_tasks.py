"""The registered tasks: each calls one use case, and only when the row asks for it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from emrex_gateway import (
    administering,
    directory,
    exporting,
    federation,
    importing,
    log,
    privacy,
    statistics,
    trail,
)
from emrex_gateway.domain import RegistrySource, TransferState
from emrex_gateway.errors import ConfigError, GatewayError, TransferNotFound
from emrex_gateway.jobs._job import RefusedJob, TaskTimeout
from emrex_gateway.operations import counters
from emrex_gateway.ports import Signers
from emrex_gateway.services import Services
from emrex_gateway.signing import Locksmith

logger = logging.getLogger(__name__)

ASK_ROUNDS = 5
SWEEP_ROUNDS = 200
"""The most rounds of one sweep: 200 times 500 transfers, then the next sweep goes on."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a worker gives its tasks; ``signers`` is ``None`` in one that does not sign."""

    services: Services
    signers: Signers | None = None


def fetch(context: Context, transfer_id: str) -> None:
    """Fetch a transfer's records."""
    if _asks_for(context, transfer_id, TransferState.IDENTIFIED):
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
    if not _asks_for(context, transfer_id, TransferState.ACCEPTED):
        return
    try:
        importing.hand(context.services, transfer_id)
    except TaskTimeout:
        importing.put_off(context.services, transfer_id, TaskTimeout.__name__)
        raise


def sign(context: Context, transfer_id: str) -> None:
    """Sign a transfer's document."""
    if context.signers is None:
        raise RefusedJob("this worker holds no keys")
    if _asks_for(context, transfer_id, TransferState.CONFIRMED):
        exporting.sign(context.services, context.signers, transfer_id)


def find(context: Context, transfer_id: str) -> None:
    """Find out who the student of an import is in the host system."""
    if _asks_for(context, transfer_id, TransferState.LOOKING):
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


def draft(context: Context, transfer_id: str) -> None:
    """Make the transcript that a student wants to read before the consent. Needs no key."""
    if not _asks_for(context, transfer_id, TransferState.SELECTING):
        return
    try:
        exporting.draw(context.services, transfer_id)
    except TaskTimeout:
        exporting.give_up_draft(context.services, transfer_id, TaskTimeout.__name__)
        raise


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


TASKS: Mapping[str, Callable[[Context, str], None]] = MappingProxyType(
    {
        "fetch": fetch,
        "hand": hand,
        "find": find,
        "receive": receive,
        "poll": poll,
        "recall": recall,
        "attest": attest,
        "try": try_adapter,
        "sign": sign,
        "draft": draft,
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
    """Run a task and count it.

    Its lines in the log carry the id of the request that ordered it, or one of
    their own.
    """
    if task not in TASKS:
        raise RefusedJob("not a registered task")
    log.begin_request(request)
    log.bind(task=task)
    began, outcome = time.monotonic(), "broken"
    try:
        TASKS[task](context, subject)
        outcome = "done"
    except RefusedJob:
        outcome = "refused"
        raise
    except TaskTimeout:
        outcome = "late"
        raise
    except GatewayError as error:
        outcome = "later" if error.retryable else "failed"
        raise
    finally:
        counters.add("emrex_jobs", task=task, outcome=outcome)
        counters.observe("emrex_job_seconds", time.monotonic() - began, task=task)
        if counters.due():
            counters.flush(context.services.store)
        log.end_request()


def _asks_for(context: Context, transfer_id: str, state: TransferState) -> bool:
    """Tell whether the row, the only truth, waits for this task; names it in the log."""
    with context.services.store.begin() as uow:
        try:
            transfer = uow.transfers.get(transfer_id)
        except TransferNotFound:
            raise RefusedJob("no such transfer") from None
    log.bind(reference=transfer.reference)
    return transfer.state is state

"""How a process carries out a registered task, whichever tasks it knows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emrex_gateway import log
from emrex_gateway.domain import TransferState
from emrex_gateway.errors import GatewayError, TransferNotFound
from emrex_gateway.operations import counters
from emrex_gateway.ports import Signers
from emrex_gateway.services import Services


class RefusedJob(Exception):
    """The job is no order that a worker of ours carries out."""


class TaskTimeout(BaseException):
    """A task took too long. Not an ``Exception``, so that no adapter can swallow it."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a worker gives its tasks; ``signers`` is ``None`` in one that does not sign."""

    services: Services
    signers: Signers | None = None


Task = Callable[[Context, str], None]


def run_task(
    tasks: Mapping[str, Task],
    context: Context,
    task: str,
    subject: str,
    *,
    request: str | None = None,
) -> None:
    """Run one of ``tasks`` and count it.

    Its lines in the log carry the id of the request that ordered it, or one of
    their own.
    """
    if task not in tasks:
        raise RefusedJob("not a registered task")
    log.begin_request(request)
    log.bind(task=task)
    began, outcome = time.monotonic(), "broken"
    try:
        tasks[task](context, subject)
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


def asks_for(context: Context, transfer_id: str, state: TransferState) -> bool:
    """Tell whether the row, the only truth, waits for this task; names it in the log."""
    with context.services.store.begin() as uow:
        try:
            transfer = uow.transfers.get(transfer_id)
        except TransferNotFound:
            raise RefusedJob("no such transfer") from None
    log.bind(reference=transfer.reference)
    return transfer.state is state

"""The sweep of what comes from elsewhere: sends again what the queue lost, gives up what kills its worker."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from emrex_gateway.domain import Errand, ErrandState
from emrex_gateway.errors import TransferNotFound
from emrex_gateway.exporting import MAX_ATTEMPTS
from emrex_gateway.importing._receive import give_up
from emrex_gateway.services import Services

_WAITING = frozenset({ErrandState.RECEIVED})


def sweep_replies(services: Services) -> int:
    """Do one round; return how many replies were sent to the workers again."""
    before = services.clock() - timedelta(seconds=services.settings.resend_after)
    with services.store.read() as uow:
        waiting = uow.errands.waiting(_WAITING, before)
    resent = 0
    for errand in waiting:
        if _may_be_running(services, errand):
            continue
        if errand.attempts >= MAX_ATTEMPTS:
            with suppress(TransferNotFound):  # forgotten meanwhile
                give_up(services, errand)
        else:
            services.queue.send("receive", errand.id)
            resent += 1
    return resent


def _may_be_running(services: Services, errand: Errand) -> bool:
    """A worker that began stamps the row; until its time-out is over it may still end."""
    longest = timedelta(seconds=services.settings.fetch_timeout)
    return errand.attempts > 0 and services.clock() - errand.changed_at < longest

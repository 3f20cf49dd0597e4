"""By the clock: what no link may open any more is destroyed."""

from __future__ import annotations

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import OPENING, ShareEnd
from emrex_gateway.services import Services


def sweep(services: Services) -> int:
    """Destroy the contents of shares that are over, used-up ones once their last opening is; return how many.

    Each with its event in a transaction of its own: what ends a sweep halfway
    leaves none without its event, and the next one goes on.
    """
    now = services.clock()
    with services.store.read() as uow:
        overdue = uow.shares.overdue(now, now - OPENING)
    number = 0
    for share in overdue:
        with services.store.begin() as uow:
            if uow.shares.destroy(share.id):
                audit.record(
                    uow,
                    Event.SHARE_ENDED,
                    transfer=share.transfer,
                    share=share.reference,
                    reason=(share.ended(now) or ShareEnd.EXPIRED).value,
                )
                number += 1
    with services.store.begin() as uow:
        uow.retention.mark({"shares": number}, now)
    return number

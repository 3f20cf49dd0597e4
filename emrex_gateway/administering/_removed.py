"""What was removed lately is kept for a while, so that a mistake can be taken back."""

from __future__ import annotations

from datetime import timedelta

from emrex_gateway.errors import GatewayError
from emrex_gateway.ports import Removed
from emrex_gateway.services import Services

KEPT_FOR = timedelta(days=30)


def removed_lately(
    services: Services, kind: str, institution: str | None = None
) -> tuple[Removed, ...]:
    """What of a kind can be put back, the last removed first."""
    with services.store.read() as uow:
        return uow.logins.removed(kind, institution)


def forget_removed(services: Services) -> int:
    """Delete what was removed more than ``KEPT_FOR`` ago; return how many. For the sweep."""
    now = services.clock()
    try:
        with services.store.begin() as uow:
            gone = uow.logins.forget(now - KEPT_FOR)
            uow.retention.mark({"removed": gone}, now)
            return gone
    except GatewayError:
        return 0  # the next sweep comes soon

"""Which federations are to be looked at: the row says it, the queue only carries the word."""

from __future__ import annotations

import logging

from emrex_gateway.errors import GatewayError
from emrex_gateway.services import Services

log = logging.getLogger(__name__)


def order_due(services: Services) -> tuple[str, ...]:
    """Send a refresh for each federation whose time has come; return their slugs.

    Sent twice, it is one job. Never raises for a queue or database that is
    away: the next sweep looks again.
    """
    try:
        now = services.clock()
        with services.store.read() as uow:
            due = tuple(
                federation.slug
                for federation in uow.config.federations()
                if federation.enabled
                and (
                    (next_at := uow.entities.state(federation.slug).next_at) is None
                    or next_at <= now
                )
            )
    except GatewayError as error:
        log.warning("which metadata is due cannot be read: %s", type(error).__name__)
        return ()
    for slug in due:
        services.queue.send("refresh", slug)
    return due

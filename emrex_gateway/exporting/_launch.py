"""A host launches its student: the person is only *claimed* until their own browser confirms it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import Direction, Identity, Transfer
from emrex_gateway.errors import LaunchError, LoginError, TransferNotFound
from emrex_gateway.exporting._enter import Entered, begin
from emrex_gateway.exporting._login import LOGIN_STATES, LoginDone, identify
from emrex_gateway.exporting._payloads import CLAIMED, ORIGIN, Origin
from emrex_gateway.ports import Launch, LoggedIn
from emrex_gateway.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """Who a launch says the person is, by which login method, and for which browser.

    ``ticket_hash`` is the SHA-256 of what only the browser that posted the launch was told.
    """

    method: str
    identity: Identity = field(repr=False)
    ticket_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """Where an accepted launch goes on. ``entered`` is ``None`` when a transfer waited for it."""

    transfer_id: str
    ticket: str = field(repr=False)
    entered: Entered | None


def launch(
    services: Services,
    slug: str,
    accepted: Launch,
    method: str,
    *,
    direction: Direction = Direction.EXPORT,
) -> Launched:
    """Begin from a signed launch, or attach the launch to the transfer that waits for it.

    ``direction`` says what a new transfer is to be.

    Two things lead on from here, and they must meet in one browser: the
    transfer's cookie, and the ticket that the answer to the launch carries.
    Else somebody could begin a transfer, have another person's browser post
    the launch for it, and collect that person's records.

    The launch's ``jti`` is used up in the same transaction. Raises
    ``LaunchError`` for a replay and ``TransferNotFound`` for a transfer that
    does not wait for a login.
    """
    ticket = secrets.token_urlsafe(24)
    with services.store.begin() as uow:
        if not uow.once.use("launch", f"{method}\x00{accepted.jti}", accepted.expires_at):
            raise LaunchError("this launch was used before", "replayed")
        entered = None
        if accepted.transfer is not None:
            transfer = uow.transfers.get(accepted.transfer)
            late = transfer.expires_at <= services.clock()
            if transfer.state not in LOGIN_STATES or transfer.access_point != slug or late:
                raise TransferNotFound("the launch names a transfer that does not wait for a login")
        else:
            entered = begin(services, uow, slug, None, direction=direction)
            transfer = entered.transfer
            uow.transfers.seal(transfer.id, ORIGIN, Origin(return_to=accepted.return_to))
        claim = Claimed(method=method, identity=accepted.identity, ticket_hash=_hash(ticket))
        uow.transfers.seal(transfer.id, CLAIMED, claim)
        audit.record(uow, Event.LAUNCH_ACCEPTED, transfer=transfer.id, method=method)
    return Launched(transfer_id=transfer.id, ticket=ticket, entered=entered)


def claimed(services: Services, transfer: Transfer, ticket: str) -> Identity:
    """Who the launch says is there, for the browser that posted it. Raises ``LoginError``."""
    return _claim(services, transfer, ticket).identity


def confirm_claim(services: Services, transfer: Transfer, ticket: str) -> LoginDone:
    """The person in front of that browser says that the launch means them. Raises ``LoginError``."""
    claim = _claim(services, transfer, ticket)
    return identify(services, transfer, LoggedIn(identity=claim.identity), claim.method)


def _claim(services: Services, transfer: Transfer, ticket: str) -> Claimed:
    with services.store.read() as uow:
        claim = uow.transfers.unseal(transfer.id, CLAIMED, Claimed)
    if claim is None or not hmac.compare_digest(_hash(ticket), claim.ticket_hash):
        raise LoginError("the launch was not posted by this browser", reason="state")
    return claim


def _hash(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()

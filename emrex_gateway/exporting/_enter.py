"""A transfer begins: a client's request, the host's button, or a signed launch."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import (
    AccessPoint,
    ClientRequest,
    Direction,
    Transfer,
    TransferState,
)
from emrex_gateway.errors import NoSuchAccessPoint, SwitchedOff, TransferNotFound
from emrex_gateway.exporting._payloads import ORIGIN, REQUEST, Origin
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services

_REFERENCE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""No 0, O, 1 or I: a reference is read out on the telephone."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A new transfer and the secret that its cookie carries; only a hash of it is stored."""

    transfer: Transfer
    secret: str = field(repr=False)


def access_point(services: Services, slug: str) -> AccessPoint:
    """Return an access point that serves people. Raises ``NoSuchAccessPoint`` and ``SwitchedOff``."""
    with services.store.read() as uow:
        return serving(uow, slug)


def serving(uow: UnitOfWork, slug: str) -> AccessPoint:
    """As ``access_point``, within a transaction: it is on, and so is its institution."""
    found = uow.config.access_point(slug)
    if found is None:
        raise NoSuchAccessPoint("no such data access point")
    if not (found.enabled and uow.config.institution(found.institution).enabled):
        raise SwitchedOff("the data access point or its institution is switched off")
    return found


def receiving(uow: UnitOfWork, slug: str) -> AccessPoint:
    """Return an access point whose institution receives records; it need not be on itself.

    Raises ``NoSuchAccessPoint`` and ``SwitchedOff``.
    """
    found = uow.config.access_point(slug)
    if found is None:
        raise NoSuchAccessPoint("no such data access point")
    institution = uow.config.institution(found.institution)
    if not (institution.enabled and institution.client):
        raise SwitchedOff("the institution is switched off or does not receive records")
    return found


def open_for(uow: UnitOfWork, slug: str, direction: Direction) -> AccessPoint:
    """Return the access point where somebody may begin that. Raises as ``serving``."""
    return receiving(uow, slug) if direction is Direction.IMPORT else serving(uow, slug)


def enter(
    services: Services,
    slug: str,
    request: ClientRequest,
    client_host: str,
    *,
    direction: Direction = Direction.EXPORT,
) -> Entered:
    """Begin a transfer for a client whose return address was checked.

    ``client_host`` is what ``network.check_return_url`` returned for it.
    """
    with services.store.begin() as uow:
        entered = begin(services, uow, slug, client_host, direction=direction)
        uow.transfers.seal(entered.transfer.id, REQUEST, request)
    return entered


def enter_from_host(
    services: Services, slug: str, *, direction: Direction = Direction.EXPORT
) -> Entered:
    """Begin at the host's button: an export that ends in a download, or an import."""
    with services.store.begin() as uow:
        entered = begin(services, uow, slug, None, direction=direction)
        uow.transfers.seal(entered.transfer.id, ORIGIN, Origin())
    return entered


def open_transfer(services: Services, slug: str, id_: str, secret: str | None) -> Transfer:
    """Return the transfer to the browser that began it.

    Raises ``TransferNotFound`` for an unknown one and for any other browser:
    the two look the same from outside.
    """
    if not secret:
        raise TransferNotFound("this browser has no transfer of that name")
    with services.store.read() as uow:
        transfer = uow.transfers.get(id_)
    belongs = hmac.compare_digest(_hash(secret), transfer.browser_hash)
    if not belongs or transfer.access_point != slug:
        raise TransferNotFound("the transfer belongs to another browser")
    if transfer.expires_at <= services.clock():
        # the sweep will write this; until then nobody goes on either
        return replace(transfer, state=TransferState.EXPIRED)
    return transfer


def open_again(services: Services, transfer: Transfer) -> Transfer:
    """Return the row as it is now, after somebody else moved it."""
    with services.store.read() as uow:
        return uow.transfers.get(transfer.id)


def new_reference() -> str:
    """Return a number for people to ask for help with, such as ``7KQM-2XWD``."""
    letters = [secrets.choice(_REFERENCE_LETTERS) for _ in range(8)]
    return "".join(letters[:4]) + "-" + "".join(letters[4:])


def over_at(services: Services, transfer: Transfer) -> datetime:
    """When a transfer that is at its end is destroyed: soon, and never later than it would be."""
    soon = services.clock() + timedelta(seconds=services.settings.delivered_lifetime)
    if transfer.state in (TransferState.SIGNED, TransferState.DELIVERED):
        return soon
    return min(soon, transfer.expires_at)


def begin(
    services: Services,
    uow: UnitOfWork,
    slug: str,
    client_host: str | None,
    *,
    direction: Direction = Direction.EXPORT,
) -> Entered:
    """Add a transfer within a transaction; ``client_host`` is ``None`` without a client."""
    open_for(uow, slug, direction)
    now = services.clock()
    secret = secrets.token_urlsafe(32)
    transfer = Transfer(
        id=secrets.token_urlsafe(18),
        reference=new_reference(),
        access_point=slug,
        state=TransferState.ENTERED,
        browser_hash=_hash(secret),
        created_at=now,
        changed_at=now,
        expires_at=now + timedelta(seconds=services.settings.transfer_lifetime),
        client_host=client_host,
        direction=direction,
    )
    uow.transfers.add(transfer)
    audit.record(uow, Event.TRANSFER_ENTERED, transfer=transfer.id, client_host=client_host or "")
    return Entered(transfer, secret)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

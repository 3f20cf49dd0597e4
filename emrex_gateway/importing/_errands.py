"""The way there: a student is sent to a provider with a random session id that counts once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from emrex_gateway import audit, directory, network
from emrex_gateway.audit import Event
from emrex_gateway.domain import (
    Errand,
    ErrandState,
    LangString,
    Provider,
    Transfer,
    TransferState,
)
from emrex_gateway.errors import (
    BadReturnAddress,
    StaleTransfer,
    TransferError,
)
from emrex_gateway.importing._payloads import (
    Sent,
    sent_kind,
)
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services

MAX_ERRANDS = 40
"""The most visits of one import; nobody needs so many, and each leaves a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A provider as a student may choose it, with the host where they will find themselves."""

    provider: Provider
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """What the browser posts to a provider, and from which visit."""

    errand: Errand
    host: str
    url: str
    fields: Mapping[str, str] = field(repr=False)


def destinations(services: Services, transfer: Transfer) -> tuple[Destination, ...]:
    """Where the student may be sent, as the institution wants it. A listing without a usable address is left out."""
    found = []
    for provider in directory.providers(services, _institution(services, transfer)):
        if (host := _host(services, provider)) is not None:
            found.append(Destination(provider=provider, host=host))
    return tuple(found)


def elsewhere(services: Services, transfer: Transfer, country: str) -> tuple[Destination, ...]:
    """Providers of a country from which this import has no reply, and where it could go.

    Who was only looked at (the student came back by the browser's own button) is among them.
    """
    been = {
        errand.provider
        for errand in visits(services, transfer)
        if errand.state is not ErrandState.AWAY
    }
    return tuple(
        one
        for one in destinations(services, transfer)
        if one.provider.country == country and one.provider.key not in been
    )


def set_out(services: Services, transfer: Transfer, provider_key: str) -> Errand:
    """Begin a visit. Raises ``StaleTransfer`` outside of collecting, ``TransferError`` for no such provider."""
    provider = directory.provider(services, _institution(services, transfer), provider_key)
    host = _host(services, provider) if provider is not None else None
    if provider is None or host is None:
        raise TransferError("there is no such provider to go to")
    session_id, now = secrets.token_hex(16), services.clock()
    errand = Errand(
        id=secrets.token_urlsafe(12),
        transfer=transfer.id,
        session_hash=hashed(session_id),
        provider=provider.key,
        names=provider.names or (LangString(provider.acronym or host),),
        country=provider.country,
        single_fetch=provider.single_fetch,
        state=ErrandState.AWAY,
        created_at=now,
        changed_at=now,
    )
    with services.store.begin() as uow:
        if uow.transfers.hold(transfer.id).state is not TransferState.COLLECTING:
            raise StaleTransfer("nothing is collected any more")
        if len(uow.errands.of(transfer.id)) >= MAX_ERRANDS:
            raise TransferError("this import has visited too many providers")
        uow.errands.add(errand)
        sent = Sent(session_id=session_id, url=provider.url)
        uow.transfers.seal(transfer.id, sent_kind(errand.id), sent)
        audit.record(
            uow,
            Event.ERRAND_BEGUN,
            transfer=transfer.id,
            errand=errand.id,
            provider=provider.key,
            host=host,
            country=provider.country,
        )
    return errand


def departure(
    services: Services, transfer: Transfer, errand_id: str, return_url: str
) -> Departure | None:
    """Return what the browser posts; ``None`` when that visit does not wait for it any more."""
    with services.store.read() as uow:
        errand = own_errand(uow, transfer, errand_id)
        sent = uow.transfers.unseal(transfer.id, sent_kind(errand_id), Sent)
    if errand is None or sent is None or errand.state is not ErrandState.AWAY:
        return None
    host = network.check_return_url(
        sent.url, http_on_loopback=services.settings.http_on_loopback, allowed_hosts=frozenset()
    )
    fields = {"sessionId": sent.session_id, "returnUrl": return_url}
    return Departure(errand=errand, host=host, url=sent.url, fields=fields)


def visits(services: Services, transfer: Transfer) -> tuple[Errand, ...]:
    """Return an import's visits, oldest first."""
    with services.store.read() as uow:
        return uow.errands.of(transfer.id)


def end_collecting(services: Services, transfer: Transfer) -> Transfer:
    """Nothing more is to be fetched: the student looks at what came.

    Raises ``StaleTransfer`` outside of collecting, and ``TransferError`` while
    there is nothing to look at.
    """
    with services.store.begin() as uow:
        now = uow.transfers.hold(transfer.id)
        if now.state is not TransferState.COLLECTING:
            raise StaleTransfer("nothing is collected any more")
        return to_review(uow, now)


def to_review(uow: UnitOfWork, transfer: Transfer) -> Transfer:
    """As ``end_collecting``, within a transaction."""
    results = [e for e in uow.errands.of(transfer.id) if e.state is ErrandState.VERIFIED]
    if not results:
        raise TransferError("no verified result has come yet")
    moved = uow.transfers.move(transfer, TransferState.REVIEWING, attempts=0)
    audit.record(uow, Event.COLLECTING_ENDED, transfer=transfer.id, results=len(results))
    return moved


def own_errand(uow: UnitOfWork, transfer: Transfer, errand_id: str) -> Errand | None:
    """A visit of this import, ``None`` for anybody else's."""
    found = uow.errands.get(errand_id)
    return found if found is not None and found.transfer == transfer.id else None


def _institution(services: Services, transfer: Transfer) -> str:
    with services.store.read() as uow:
        point = uow.config.access_point(transfer.access_point)
    if point is None:
        raise TransferError("the transfer's access point is gone")
    return point.institution


def _host(services: Services, provider: Provider) -> str | None:
    """The host of a provider's address, ``None`` for one where nobody may be sent."""
    try:
        return network.check_return_url(
            provider.url,
            http_on_loopback=services.settings.http_on_loopback,
            allowed_hosts=frozenset(),
        )
    except BadReturnAddress:
        return None


def hashed(secret: str) -> str:
    """The SHA-256 of a session id or ticket, as rows have it."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()

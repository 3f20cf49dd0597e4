"""What support sees of transfers and does for a student who asks for help. Contents never come here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import (
    AccessPoint,
    Actor,
    Institution,
    Permission,
    Transfer,
    TransferState,
    Trouble,
)
from emrex_gateway.errors import NotAllowed, TransferNotFound
from emrex_gateway.exporting._finish import CANCELLABLE, stop, try_again
from emrex_gateway.ports import Place, TransferFilter, UnitOfWork
from emrex_gateway.services import Services

PAGE = 50
"""How many transfers a page of the list has."""

STOPPABLE = CANCELLABLE - {TransferState.DELIVERED}
"""States that support may cancel: what was handed out may be with the client already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the list, and where the next one begins (``None`` on the last)."""

    transfers: tuple[Transfer, ...]
    after: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A transfer as support sees it: the row, its trail, and which kinds of contents still exist.

    ``events`` are times, names and facts, oldest first. ``point`` and
    ``institution`` are ``None`` for an access point that was removed.
    """

    transfer: Transfer
    point: AccessPoint | None
    institution: Institution | None
    events: tuple[tuple[datetime, str, Mapping[str, Any]], ...]
    contents: tuple[str, ...]
    overdue: bool
    shares: int = 0
    """Links to its signed document that still have something to open."""

    @property
    def retryable(self) -> bool:
        """Whether the step that failed can be tried again now."""
        transfer = self.transfer
        failed = transfer.state is TransferState.FAILED and transfer.login_method is not None
        return failed and not self.overdue

    @property
    def stoppable(self) -> bool:
        """Whether it can be cancelled now."""
        return self.transfer.state in STOPPABLE and not self.overdue

    @property
    def purgeable(self) -> bool:
        """Whether there is anything left to destroy."""
        kept = bool(self.contents) or self.shares > 0
        return self.transfer.state is not TransferState.EXPIRED or kept


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp:
    """What a reference means: a transfer's, an error page's, or nothing that this person may see."""

    transfer: Transfer | None = None
    trouble: Trouble | None = None


def normal_reference(typed: str) -> str:
    """Return a reference as rows have it, whatever somebody typed from a telephone call."""
    letters = re.sub(r"[^0-9A-Z]", "", typed.upper())[:16]
    return f"{letters[:4]}-{letters[4:]}" if len(letters) == 8 else letters


def list_transfers(
    services: Services,
    actor: Actor,
    where: TransferFilter,
    *,
    institution: str | None = None,
    before: Place | None = None,
    limit: int = PAGE,
) -> Page:
    """Return a page of the transfers that the actor may see, newest first.

    ``where.access_points`` narrows further. Raises ``NotAllowed`` for an
    institution that is not theirs.
    """
    with services.store.read() as uow:
        scope = _scope(uow, actor, Permission.SEE_TRANSFERS, institution)
        found = uow.support.search(_within(where, scope), before=before, limit=limit + 1)
    shown = found[:limit]
    more = len(found) > limit
    return Page(
        transfers=shown, after=(shown[-1].created_at, shown[-1].id) if more and shown else None
    )


def look_up(services: Services, actor: Actor, typed: str) -> LookedUp:
    """Find what a student's page showed. A foreign institution's looks like an unknown one."""
    reference = normal_reference(typed)
    with services.store.read() as uow:
        scope = _scope(uow, actor, Permission.SEE_TRANSFERS, None)
        for transfer in uow.support.by_reference(reference):
            if scope is None or transfer.access_point in scope:
                return LookedUp(transfer=transfer)
        trouble = uow.support.trouble(reference)
    if trouble and (scope is None or trouble.access_point is None or trouble.access_point in scope):
        return LookedUp(trouble=trouble)
    return LookedUp()


def list_troubles(
    services: Services, actor: Actor, since: datetime, until: datetime
) -> tuple[Trouble, ...]:
    """Error pages without a transfer in that time; those of no access point to whoever sees all."""
    with services.store.read() as uow:
        scope = _scope(uow, actor, Permission.SEE_TRANSFERS, None)
        found = uow.support.troubles(since, until)
    return tuple(one for one in found if scope is None or one.access_point in scope)


def case(services: Services, actor: Actor, transfer_id: str) -> Case:
    """Return what support sees of a transfer. Raises ``TransferNotFound`` for a foreign one too."""
    with services.store.read() as uow:
        transfer = uow.transfers.get(transfer_id)
        point, institution = _whose(uow, transfer)
        if not _may(actor, Permission.SEE_TRANSFERS, institution):
            raise TransferNotFound("the transfer is not of this person's institutions")
        return Case(
            transfer=transfer,
            point=point,
            institution=institution,
            events=uow.audit.events(transfer_id),
            contents=uow.support.contents(transfer_id),
            overdue=transfer.expires_at <= services.clock(),
            shares=uow.shares.kept(transfer_id),
        )


def retry_for(services: Services, actor: Actor, transfer_id: str) -> bool:
    """Try the failed step again; ``False`` when there is nothing to do (somebody was faster).

    Raises ``NotAllowed`` and ``TransferNotFound``.
    """

    def act(uow: UnitOfWork, transfer: Transfer) -> bool:
        late = transfer.expires_at <= services.clock()
        if transfer.state is not TransferState.FAILED or transfer.login_method is None or late:
            return False
        try_again(services, uow, transfer, by=actor.account)
        return True

    return _do(services, actor, transfer_id, act)


def cancel_for(services: Services, actor: Actor, transfer_id: str) -> bool:
    """Cancel it as the student would; as ``retry_for``."""

    def act(uow: UnitOfWork, transfer: Transfer) -> bool:
        if transfer.state not in STOPPABLE or transfer.expires_at <= services.clock():
            return False
        stop(services, uow, transfer, by=actor.account)
        return True

    return _do(services, actor, transfer_id, act)


def purge(services: Services, actor: Actor, transfer_id: str) -> bool:
    """Destroy the contents now and end the transfer; as ``retry_for``. It cannot be undone."""

    def act(uow: UnitOfWork, transfer: Transfer) -> bool:
        kept = uow.support.contents(transfer.id) or uow.shares.kept(transfer.id)
        if transfer.state is TransferState.EXPIRED and not kept:
            return False
        destroy(uow, transfer)
        audit.record(
            uow,
            Event.TRANSFER_PURGED,
            transfer=transfer.id,
            by=actor.account,
            state=transfer.state.value,
        )
        return True

    return _do(services, actor, transfer_id, act)


def destroy(uow: UnitOfWork, transfer: Transfer) -> None:
    """Within a transaction: end a transfer at once, with its sessions and its contents.

    One that was under way counts as cancelled, not as abandoned.
    """
    if transfer.state in STOPPABLE:
        transfer = uow.transfers.move(transfer, TransferState.CANCELLED)
    if transfer.state is not TransferState.EXPIRED:
        uow.transfers.move(transfer, TransferState.EXPIRED)
    uow.transfers.purge(transfer.id)
    uow.shares.revoke_of(transfer.id)
    uow.sessions.end_of_transfer(transfer.id, "purged")


def _do(
    services: Services,
    actor: Actor,
    transfer_id: str,
    act: Callable[[UnitOfWork, Transfer], bool],
) -> bool:
    with services.store.begin() as uow:
        # held: what is read here stays so until the end, whatever student and worker do meanwhile
        transfer = uow.transfers.hold(transfer_id)
        institution = _whose(uow, transfer)[1]
        if not _may(actor, Permission.SEE_TRANSFERS, institution):
            raise TransferNotFound("the transfer is not of this person's institutions")
        if not _may(actor, Permission.CHANGE_TRANSFERS, institution):
            raise NotAllowed("this needs the permission change-transfers")
        return act(uow, transfer)


def _whose(uow: UnitOfWork, transfer: Transfer) -> tuple[AccessPoint | None, Institution | None]:
    point = uow.config.access_point(transfer.access_point)
    return point, uow.config.institution(point.institution) if point else None


def _may(actor: Actor, permission: Permission, institution: Institution | None) -> bool:
    """What belongs to no institution any more is for those who may do so everywhere."""
    if institution is None:
        return actor.everywhere(permission)
    return actor.may(permission, institution.slug)


def _scope(
    uow: UnitOfWork, actor: Actor, permission: Permission, institution: str | None
) -> frozenset[str] | None:
    """The access points that the actor may look at; ``None`` when nothing is hidden from them."""
    if institution is not None and not actor.may(permission, institution):
        raise NotAllowed(f"this needs the permission {permission.value}")
    if institution is None and actor.everywhere(permission):
        return None
    return frozenset(
        point.slug
        for point in uow.config.access_points()
        if institution in (None, point.institution) and actor.may(permission, point.institution)
    )


def _within(where: TransferFilter, scope: frozenset[str] | None) -> TransferFilter:
    if scope is None:
        return where
    asked = where.access_points
    return replace(where, access_points=scope if asked is None else asked & scope)

"""A student takes a link back."""

from __future__ import annotations

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import OwnVisit
from emrex_gateway.errors import TransferNotFound
from emrex_gateway.services import Services


def revoke(services: Services, visit: OwnVisit, id_: str) -> bool:
    """End one of the person's own shares and destroy what it opened; ``False`` when that was done before.

    Raises ``TransferNotFound`` for anybody else's.
    """
    with services.store.begin() as uow:
        mine = uow.owners.transfers(visit.institution, visit.persons)
        share = uow.shares.get(id_)
        if share is None or share.transfer not in {one.id for one in mine}:
            raise TransferNotFound("the share is not this person's")
        if not uow.shares.revoke(id_):
            return False
        audit.record(uow, Event.SHARE_REVOKED, transfer=share.transfer, share=share.reference)
        return True

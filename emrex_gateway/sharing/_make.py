"""A student makes a link to the document that was signed for them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import (
    MAX_OPENINGS,
    MAX_PURPOSE,
    MAX_SHARES,
    Direction,
    Share,
    SharedContents,
    Transfer,
    TransferState,
    token,
)
from emrex_gateway.errors import StaleTransfer, TransferError
from emrex_gateway.services import Services
from emrex_gateway.settings import Settings
from emrex_gateway.sharing._link import key_hash, key_text, new_id, new_key

_DAY = 86400
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_ORDER = timedelta(days=1)
_READY = frozenset({TransferState.SIGNED, TransferState.DELIVERED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a student allows: what for, for how many days, how many openings (``None``: any number)."""

    purpose: str = field(repr=False)
    days: int
    most_views: int | None = None

    def problems(self, settings: Settings) -> tuple[str, ...]:
        """Return which of ``purpose``, ``days`` and ``openings`` cannot be taken."""
        found = []
        if not 0 < len(self.clean_purpose) <= MAX_PURPOSE:
            found.append("purpose")
        if not 1 <= self.days <= longest(settings):
            found.append("days")
        if self.most_views is not None and not 1 <= self.most_views <= MAX_OPENINGS:
            found.append("openings")
        return tuple(found)

    @property
    def clean_purpose(self) -> str:
        """The purpose in one line, without what deceives a reader."""
        return token(self.purpose)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A new share and its key, as its link carries it: it is said once and kept nowhere."""

    share: Share
    key: str = field(repr=False)


def longest(settings: Settings) -> int:
    """Return for how many days a link may open; 0 where students make none."""
    return min(settings.share_lifetime, settings.audit_lifetime) // _DAY


def make(
    services: Services, transfer: Transfer, terms: Terms, *, elmo: bytes, code: str, order: str
) -> Made:
    """Seal the signed document of an export under a new key, and keep it until the student's date.

    ``order`` is random and new with each form: a form that is sent twice makes
    one share, and the second time raises ``StaleTransfer``. Raises
    ``TransferError`` where nothing was signed, the terms do not hold, or there
    are ``MAX_SHARES`` already.
    """
    if transfer.state not in _READY or transfer.direction is not Direction.EXPORT or not elmo:
        raise TransferError("nothing was signed that could be shared")
    if wrong := terms.problems(services.settings):
        raise TransferError(f"these terms of a share do not hold: {', '.join(wrong)}")
    now, key = services.clock(), new_key()
    id_ = new_id()
    with services.store.begin() as uow:
        # held: two forms at once must not both find room, nor one a transfer that is being erased
        held = uow.transfers.hold(transfer.id)
        if held.state not in _READY:
            raise StaleTransfer("the transfer has gone on")
        if not uow.once.use("share", f"{transfer.id} {order}", now + _ORDER):
            raise StaleTransfer("this form was sent before")
        if uow.shares.kept(transfer.id) >= MAX_SHARES:
            raise TransferError("there are too many links to this document")
        point = uow.config.access_point(transfer.access_point)
        if point is None:
            raise TransferError("the access point is gone")
        share = Share(
            id=id_,
            transfer=transfer.id,
            institution=point.institution,
            access_point=point.slug,
            reference=_reference(),
            key_hash=key_hash(id_, key),
            created_at=now,
            expires_at=now + timedelta(days=terms.days),
            most_views=terms.most_views,
            purpose=terms.clean_purpose,
        )
        contents = SharedContents(elmo=elmo, code=code, purpose=terms.clean_purpose)
        uow.shares.add(share, key, contents)
        audit.record(
            uow,
            Event.SHARE_MADE,
            transfer=transfer.id,
            share=share.reference,
            days=terms.days,
            openings=terms.most_views or 0,
        )
    return Made(share=share, key=key_text(key))


def _reference() -> str:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"

"""Somebody with a link opens it: the key decides, and each opening counts once."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, replace

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import OPENING, Share, SharedContents, ShareEnd
from emrex_gateway.errors import NoSuchShare, SealError, ShareOver
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services
from emrex_gateway.sharing._link import KEY_BYTES, is_id, key_hash, new_opening, read_link

_OPENING = re.compile(r"[0-9a-f]{32}")
_NO_KEY = bytes(KEY_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An opened share. ``opening`` names this opening: with it, pages turn without being counted."""

    share: Share
    contents: SharedContents
    opening: str


def open_share(services: Services, id_: str, link: str, opening: str) -> Opened:
    """Open a share with the link that somebody has, or its key, and count it with its event.

    ``opening`` is what the page to open carried: the same one again, within
    ``OPENING``, is the same opening and counts no more. Raises
    ``NoSuchShare`` for any share that this link does not open, and
    ``ShareOver`` when the link is right and its time or its number is over.
    """
    key = read_link(id_, link)
    with services.store.read() as uow:
        share = uow.shares.get(id_) if is_id(id_) else None
    # as much is done for a share that is not there as for one whose key is another
    wanted = share.key_hash if share is not None else key_hash(id_, _NO_KEY)
    fits = hmac.compare_digest(key_hash(id_, key or _NO_KEY), wanted)
    if share is None or key is None or not fits:
        raise NoSuchShare("no share opens with this link")
    if _OPENING.fullmatch(opening) is None:
        opening = new_opening()
    with services.store.begin() as uow:
        return _open(services, uow, share, key, opening)


def _open(services: Services, uow: UnitOfWork, share: Share, key: bytes, opening: str) -> Opened:
    """Count and decrypt in one transaction; what cannot be decrypted, or was not counted, is not opened."""
    now = services.clock()
    # held: a button that is pressed twice must find its own first opening, also of the last one
    found = uow.shares.hold(share.id)
    if found is None:
        raise NoSuchShare("the share was deleted just now")
    end = found.ended(now)
    again = uow.shares.is_open(share.id, opening, now - OPENING)
    counted = end is None and not again and uow.shares.count(share.id, opening)
    if not counted and not (again and end in (None, ShareEnd.USED)):
        raise ShareOver("the share is over", (end or ShareEnd.EXPIRED).value)
    try:
        contents = uow.shares.open(share.id, key)
    except SealError:
        raise NoSuchShare("the contents are not this link's") from None
    if contents is None:
        raise ShareOver("the contents are destroyed", (end or ShareEnd.EXPIRED).value)
    if counted:
        found = replace(found, views=found.views + 1, viewed_at=now)
        audit.record(
            uow,
            Event.SHARE_OPENED,
            transfer=found.transfer,
            share=found.reference,
            opening=found.views,
        )
    return Opened(share=found, contents=contents, opening=opening)


def downloaded(services: Services, opened: Opened) -> None:
    """Note that the signed document was taken."""
    share = opened.share
    with services.store.begin() as uow:
        audit.record(uow, Event.SHARE_DOWNLOADED, transfer=share.transfer, share=share.reference)

"""What is sealed with an import besides what every transfer has, by kind. All of it is personal data.

Kinds of one visit have the visit's id behind them: ``received-<id>``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from emrex_gateway.domain import ErrandState, Received, Transfer, TransferState
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services

STUDENT = "student"
"""``Student``: who the person is in the host system."""

GATHERING = frozenset({TransferState.COLLECTING, TransferState.REVIEWING})
"""States in which something from elsewhere may still arrive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a provider is given: the session id, and where its form goes."""

    session_id: str = field(repr=False)
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedReply:
    """A reply's fields as they were posted; ``elmo`` is emptied once it was looked at."""

    return_code: str = ""
    message: str = field(default="", repr=False)
    elmo: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What the browser that posted a reply was told; ``digest`` is the SHA-256 of the reply's fields."""

    digest: str
    value: str = field(repr=False)


def sent_kind(errand: str) -> str:
    """The kind of a visit's ``Sent``."""
    return f"sent-{errand}"


def reply_kind(errand: str) -> str:
    """The kind of a visit's ``PostedReply``."""
    return f"reply-{errand}"


def ticket_kind(errand: str) -> str:
    """The kind of a visit's ``Ticket``."""
    return f"ticket-{errand}"


def received_kind(errand: str) -> str:
    """The kind of a visit's ``Received``."""
    return f"received-{errand}"


def received(where: Services | UnitOfWork, transfer: Transfer) -> tuple[Received, ...]:
    """Return the verified results of an import, in the order in which they were fetched.

    Empty once the contents are gone. Within a transaction give its unit of work.
    """
    if isinstance(where, Services):
        with where.store.read() as uow:
            return received(uow, transfer)
    found = (
        where.transfers.unseal(transfer.id, received_kind(errand.id), Received)
        for errand in where.errands.of(transfer.id)
        if errand.state is ErrandState.VERIFIED
    )
    return tuple(one for one in found if one is not None)

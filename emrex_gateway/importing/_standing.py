"""Where a confirmed import stands, for the student who confirmed it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from emrex_gateway.domain import KeptRecognition, Purpose, Texts, Transfer, TransferState
from emrex_gateway.importing._confirm import Confirmed, confirmed
from emrex_gateway.importing._hand_over import next_attempt
from emrex_gateway.importing._officer import Ruling, ruling_of
from emrex_gateway.importing._payloads import received
from emrex_gateway.services import Services

STANDING = frozenset(
    {
        TransferState.DOUBTFUL,
        TransferState.ACCEPTED,
        TransferState.HANDED_OVER,
        TransferState.REFUSED,
    }
)
"""States with a page that says where the import stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What there is to say of an import once the student has confirmed it.

    ``confirmed`` and ``sources`` (names of the providers) are empty once the
    contents are gone. ``tried`` says that handing over did not work so far, and
    ``next_at`` when it is tried again. ``ruling`` says why it was refused.
    """

    confirmed: Confirmed | None
    sources: tuple[Texts, ...]
    tried: bool
    next_at: datetime | None
    recognition: KeptRecognition | None
    ruling: Ruling | None

    @property
    def purpose(self) -> Purpose | None:
        """What the records are for, while that is known."""
        return self.confirmed.purpose if self.confirmed else None


def stands(transfer: Transfer) -> bool:
    """Whether a transfer is an import that was confirmed and has not ended otherwise."""
    if transfer.state in STANDING:
        return True
    return transfer.state is TransferState.FAILED and transfer.records is not None


def standing(services: Services, transfer: Transfer) -> Standing:
    """Return where a confirmed import stands."""
    with services.store.read() as uow:
        kept = confirmed(uow, transfer)
        marks = {key.partition(":")[0] for key in kept.chosen} if kept else set()
        came = received(uow, transfer) if kept else ()
        waiting = transfer.state is TransferState.ACCEPTED and transfer.failure is not None
        found = uow.recognitions.of([transfer.id])
        return Standing(
            confirmed=kept,
            sources=tuple(
                dict.fromkeys(o.provider_names for o in came if o.digest.startswith(tuple(marks)))
            ),
            tried=waiting,
            next_at=next_attempt(services, uow, transfer) if waiting else None,
            recognition=found[0] if found else None,
            ruling=ruling_of(uow, transfer),
        )


def rulings(services: Services, transfers: Iterable[Transfer]) -> Mapping[str, Ruling]:
    """Return the refusals of those that were refused and whose answer is still kept, by their ids."""
    refused = [one for one in transfers if one.state is TransferState.REFUSED]
    with services.store.read() as uow:
        found = {one.id: ruling_of(uow, one) for one in refused}
    return {id_: ruling for id_, ruling in found.items() if ruling is not None}

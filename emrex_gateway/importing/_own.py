"""What of an import its person is told, beside what every transfer has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from emrex_gateway.domain import Received, Student
from emrex_gateway.importing._confirm import CONFIRMED, Confirmed
from emrex_gateway.importing._hand_over import HANDING, Handing
from emrex_gateway.importing._officer import RULING, Ruling
from emrex_gateway.importing._payloads import STUDENT, PostedReply
from emrex_gateway.importing._review import IMPORT_CHOICE, ImportChoice
from emrex_gateway.ports import UnitOfWork

_PLAIN: Mapping[str, type[Any]] = {
    STUDENT: Student,
    IMPORT_CHOICE: ImportChoice,
    CONFIRMED: Confirmed,
    HANDING: Handing,
    RULING: Ruling,
}


def tell_own(uow: UnitOfWork, transfer_id: str, kind: str) -> Any:
    """Return a kind of contents as JSON can hold it, ``None`` for one that is not an import's.

    A result is told as the file that came, with what was found about it: the
    records stand in the file. What a provider was given to know the reply by
    (``sent``) is not among it: it protects a visit.
    """
    if (type_ := _PLAIN.get(kind)) is not None:
        return msgspec.to_builtins(uow.transfers.unseal(transfer_id, kind, type_))
    if kind.startswith("reply-"):
        return msgspec.to_builtins(uow.transfers.unseal(transfer_id, kind, PostedReply))
    if kind.startswith("received-"):
        return _result(uow.transfers.unseal(transfer_id, kind, Received))
    return None


def _result(received: Received | None) -> Any:
    return received and msgspec.to_builtins(
        {
            "provider": received.provider_names,
            "country": received.country,
            "received_at": received.received_at,
            "signature": received.facts,
            "match": received.match,
            "release": received.read.release,
            "digest": received.digest,
            "elmo": received.xml.decode("utf-8", "replace"),
        }
    )

"""Who the student is in the host system: what records from elsewhere are compared with.

The host's own word counts most: of the adapters, the one that will store the
import says who they are, as its handle for the person is what it understands.
What the login asserted is added, because a host may know less.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import (
    AdapterBinding,
    Identity,
    Institution,
    PersonIdentifier,
    Student,
    Transfer,
    TransferState,
    identifier_keys,
)
from emrex_gateway.errors import (
    AdapterError,
    ConfigError,
    GatewayError,
    StaleTransfer,
    StudentNotFound,
    TransferNotFound,
)
from emrex_gateway.exporting import IDENTITY
from emrex_gateway.importing._payloads import STUDENT
from emrex_gateway.services import Services

MAX_NAME = 64
"""The most characters of a transfer's ``adapter``."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """An adapter that was opened: whether it takes records, and whom it found."""

    binding: AdapterBinding
    sink: bool
    source: bool
    student: Student | None = field(default=None, repr=False)


def find(services: Services, transfer_id: str) -> None:
    """Find the student of an import and let them choose where to fetch from.

    Ends the step in every case: ``COLLECTING``, or ``FAILED`` with the error's
    name. Never raises for what an adapter does.
    """
    with services.store.begin() as uow:
        transfer = uow.transfers.get(transfer_id)
        over = transfer.expires_at <= services.clock()
        if transfer.state is not TransferState.LOOKING or over:
            return
        identity = uow.transfers.unseal(transfer_id, IDENTITY, Identity)
        point = uow.config.access_point(transfer.access_point)
        institution = uow.config.institution(point.institution) if point else None
        bindings = uow.config.bindings(institution.slug) if institution else ()
        transfer = uow.transfers.move(
            transfer, TransferState.LOOKING, attempts=transfer.attempts + 1
        )
    try:
        if institution is None or identity is None:
            raise ConfigError("the import's access point or identity is gone")
        found = look_for(services, institution, bindings, identity)
    except GatewayError as error:
        _fail(services, transfer, error)
        return
    with suppress(StaleTransfer, TransferNotFound), services.store.begin() as uow:
        name = found.binding.adapter if found.source else ""
        uow.transfers.seal(transfer_id, STUDENT, found.student)
        uow.transfers.move(
            transfer,
            TransferState.COLLECTING,
            adapter=name[:MAX_NAME] or None,
            failure=None,
            attempts=0,
        )
        if found.student is not None:
            keys = identifier_keys(found.student.identifiers, everywhere=True)
            uow.owners.name(transfer_id, institution.slug, keys)
        audit.record(uow, Event.STUDENT_FOUND, transfer=transfer_id, adapter=name)


def look_for(
    services: Services,
    institution: Institution,
    bindings: Iterable[AdapterBinding],
    identity: Identity,
) -> _Seen:
    """Ask the enabled adapters for the one person; the first that takes records has the word.

    Where that one cannot say who somebody is, the others are asked in their
    order, and where none can, the login's word is all there is. Raises
    ``StudentNotFound``, ``ConfigError`` when nothing takes records, and what
    an adapter raised that is required, or without which nothing takes records.
    """
    seen: list[_Seen] = []
    failed: AdapterError | None = None
    for binding in (one for one in bindings if one.enabled):
        try:
            one = _ask(services, institution, binding, identity, may_ask=not _known(seen))
        except AdapterError as error:
            error.adapter = binding.adapter[:MAX_NAME]
            if binding.required:
                raise
            failed = failed or error
            continue
        seen.append(one)
        if one.sink and one.source:
            break
    sink = next((one for one in seen if one.sink), None)
    if sink is None:
        # What did not answer may be the one that takes them.
        raise failed or ConfigError("no enabled adapter takes records")
    if sink.source:
        found: _Seen | None = sink
    else:
        asked = [one for one in seen if one.source]
        found = next((one for one in asked if one.student is not None), None)
        if not asked:
            found = replace(sink, student=_of_login(identity))
    if found is None or found.student is None:
        raise StudentNotFound("the study administration system does not know the student")
    return replace(found, student=_complete(found.student, identity))


def _ask(
    services: Services,
    institution: Institution,
    binding: AdapterBinding,
    identity: Identity,
    *,
    may_ask: bool,
) -> _Seen:
    """What an adapter can do, and whom it knows: asked when nobody has said so, or it takes records."""
    with services.open_adapter(institution, binding) as adapter:
        source, sink = adapter.source, adapter.sink is not None
        student = None
        if source is not None and (may_ask or sink):
            with suppress(StudentNotFound):
                student = source.find_student(identity)
    return _Seen(binding, sink=sink, source=source is not None, student=student)


def _known(seen: Iterable[_Seen]) -> bool:
    return any(one.student is not None for one in seen)


def _of_login(identity: Identity) -> Student:
    """The person as the login says, for hosts that can store and not be asked."""
    return Student(key=identity.host_key or "")


def _complete(student: Student, identity: Identity) -> Student:
    """The student with what the login adds: identifiers, and names and birth date where there are none."""
    named = bool(student.family_name or student.given_names)
    known = {(one.type, one.value.casefold()) for one in student.identifiers}
    more: tuple[PersonIdentifier, ...] = tuple(
        one for one in identity.identifiers if (one.type, one.value.casefold()) not in known
    )
    return replace(
        student,
        identifiers=student.identifiers + more,
        given_names=student.given_names if named else identity.given_names,
        family_name=student.family_name if named else identity.family_name,
        birth_date=student.birth_date or identity.birth_date,
    )


def _fail(services: Services, transfer: Transfer, error: GatewayError) -> None:
    """End the step; when somebody else moved or purged the transfer meanwhile, theirs stands."""
    name, adapter = type(error).__name__, error.adapter
    with suppress(StaleTransfer, TransferNotFound), services.store.begin() as uow:
        uow.transfers.move(
            transfer, TransferState.FAILED, failure=name, adapter=adapter or transfer.adapter
        )
        audit.record(
            uow, Event.STUDENT_NOT_FOUND, transfer=transfer.id, error=name, adapter=adapter
        )

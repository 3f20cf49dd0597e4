"""A worker looks into what came: unpacks, verifies, reads, and compares it with the student.

Whatever a provider sent ends the visit, never the import: the student sees
what was wrong and may go elsewhere. What is temporary (the database) is tried
again, and the sweep sends again what was lost.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import replace

from emrex_gateway import audit, directory, elmo, matching, network, signing
from emrex_gateway.audit import Event
from emrex_gateway.domain import (
    Errand,
    ErrandState,
    Institution,
    Provider,
    ReadDocument,
    Received,
    Sameness,
    SignedElmo,
    Student,
    Transfer,
    TransferState,
    VerifiedElmo,
)
from emrex_gateway.errors import (
    ElmoError,
    EnvelopeError,
    GatewayError,
    SignatureError,
    StaleTransfer,
    TransferError,
    TransferNotFound,
)
from emrex_gateway.examining import MOST_MARKS
from emrex_gateway.importing._errands import elsewhere, to_review
from emrex_gateway.importing._payloads import (
    GATHERING,
    STUDENT,
    PostedReply,
    received_kind,
    reply_kind,
)
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services


class _Unusable(Exception):
    """What came cannot be used; the text is the visit's reason."""


def receive(services: Services, errand_id: str) -> None:
    """Look into a reply that waits. Ends the visit in every case: ``VERIFIED``, ``NO_RESULTS`` or ``REFUSED``."""
    with services.store.begin() as uow:
        errand = uow.errands.get(errand_id)
        if errand is None or errand.state is not ErrandState.RECEIVED:
            return
        transfer = uow.transfers.get(errand.transfer)
        if transfer.state not in GATHERING or transfer.expires_at <= services.clock():
            return
        posted = uow.transfers.unseal(transfer.id, reply_kind(errand.id), PostedReply)
        student = uow.transfers.unseal(transfer.id, STUDENT, Student)
        point = uow.config.access_point(transfer.access_point)
        institution = uow.config.institution(point.institution) if point else None
        errand = uow.errands.move(errand, ErrandState.RECEIVED, attempts=errand.attempts + 1)
    if institution is None or posted is None or student is None:
        raise TransferError("the import's contents are not complete")
    try:
        result: Received | str = _open(services, institution, errand, posted, student)
    except _Unusable as unusable:
        result = str(unusable)
    except GatewayError:
        raise  # the database, the settings: not the document's fault
    except Exception:
        # A defect of ours that this document meets. The student need not wait for more tries.
        _finish(services, transfer, errand, "defect")
        raise
    last = errand.single_fetch or not elsewhere(services, transfer, errand.country)
    _finish(services, transfer, errand, result, last=last)


def give_up(services: Services, errand: Errand) -> None:
    """End a visit whose document no worker could come to an end with."""
    with services.store.read() as uow:
        transfer = uow.transfers.get(errand.transfer)
    _finish(services, transfer, errand, "attempts")


def _open(
    services: Services,
    institution: Institution,
    errand: Errand,
    posted: PostedReply,
    student: Student,
) -> Received:
    """Return the verified result. Raises ``_Unusable``."""
    limit = services.settings.max_reply_bytes
    try:
        signed = network.unpack_elmo(posted.elmo, limit)
    except EnvelopeError:
        raise _Unusable("envelope") from None
    verified = _verify(services, institution, errand, signed)
    read = _read(services, verified)
    learner = read.document.learner
    match = matching.match(student, learner, read.identifiers, institution.matching)
    if match.sameness is Sameness.DIFFERENT:
        raise _Unusable("other-person")
    return Received(
        errand=errand.id,
        provider=errand.provider,
        provider_names=errand.names,
        country=errand.country,
        received_at=errand.changed_at,
        facts=verified.facts,
        read=read,
        match=match,
        digest=hashlib.sha256(signed.xml).hexdigest(),
        xml=signed.xml,
    )


def _verify(
    services: Services, institution: Institution, errand: Errand, signed: SignedElmo
) -> VerifiedElmo:
    """Verify with the certificates that are listed for this provider now, and no others."""
    provider: Provider | None = directory.provider(services, institution.slug, errand.provider)
    if provider is None or not provider.certificates:
        raise _Unusable("not-listed")
    xml = signed.xml
    if xml.count(b"<") > MOST_MARKS or xml.count(b"=") > MOST_MARKS // 2:
        raise _Unusable("size")
    try:
        return signing.verify(
            signed,
            [one.encode() for one in provider.certificates],
            directory.policy(services, institution.slug, errand.provider),
            now=services.clock(),
        )
    except SignatureError as error:
        raise _Unusable(error.reason) from None


def _read(services: Services, verified: VerifiedElmo) -> ReadDocument:
    try:
        read = elmo.read(verified, now=services.clock())
    except ElmoError:
        raise _Unusable("contents") from None
    if not any(report.opportunities for report in read.document.reports):
        raise _Unusable("empty")
    return read


def _finish(
    services: Services,
    transfer: Transfer,
    errand: Errand,
    result: Received | str,
    *,
    last: bool = False,
) -> None:
    """End the visit; when somebody else ended it or the import meanwhile, theirs stands.

    After the ``last`` one of a country the student looks at what came.
    """
    with suppress(StaleTransfer, TransferNotFound), services.store.begin() as uow:
        now = uow.transfers.hold(transfer.id)
        if now.state not in GATHERING:
            return
        if isinstance(result, Received) and _came_before(uow, now, result):
            result = "duplicate"
        _forget_document(uow, now, errand)
        if isinstance(result, str):
            _refuse(uow, now, errand, result)
            return
        uow.transfers.seal(now.id, received_kind(errand.id), result)
        records = _count(result.read)
        uow.errands.move(
            errand, ErrandState.VERIFIED, digest=result.digest, records=records, reason=""
        )
        audit.record(
            uow,
            Event.RESULT_VERIFIED,
            transfer=now.id,
            errand=errand.id,
            provider=errand.provider,
            records=records,
            sameness=result.match.sameness.value,
            score=round(result.match.score),
            weak=len(result.facts.warnings),
            release=result.read.release,
        )
        if now.state is TransferState.COLLECTING and last:
            to_review(uow, now)


def _refuse(uow: UnitOfWork, transfer: Transfer, errand: Errand, reason: str) -> None:
    state = ErrandState.NO_RESULTS if reason == "empty" else ErrandState.REFUSED
    uow.errands.move(errand, state, reason=reason[:64])
    audit.record(
        uow,
        Event.RESULT_REFUSED,
        transfer=transfer.id,
        errand=errand.id,
        provider=errand.provider,
        reason=reason[:64],
    )


def _came_before(uow: UnitOfWork, transfer: Transfer, result: Received) -> bool:
    return any(one.digest == result.digest for one in uow.errands.of(transfer.id))


def _forget_document(uow: UnitOfWork, transfer: Transfer, errand: Errand) -> None:
    """What was posted is not needed any more; the provider's message stays for the student's page."""
    kind = reply_kind(errand.id)
    posted = uow.transfers.unseal(transfer.id, kind, PostedReply)
    if posted is not None:
        uow.transfers.seal(transfer.id, kind, replace(posted, elmo=""))


def _count(read: ReadDocument) -> int:
    """How many courses, modules and degrees a document has."""
    waiting = [node for report in read.document.reports for node in report.opportunities]
    number = 0
    while waiting:
        number += 1
        waiting.extend(waiting.pop().parts)
    return number

"""What workers do for a transfer: fetch its records, sign its document.

Each step looks at the row first and does nothing when the row has gone on:
a job that comes twice, late or out of order changes nothing.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import islice

from emrex_gateway import audit, elmo, transcript
from emrex_gateway.audit import Event
from emrex_gateway.domain import (
    AdapterBinding,
    Attachment,
    AttachmentContent,
    AttachmentType,
    ClientRequest,
    Document,
    Identity,
    Institution,
    StudyRecord,
    Transfer,
    TransferState,
    texts,
)
from emrex_gateway.errors import (
    AdapterError,
    ConfigError,
    ElmoError,
    GatewayError,
    StaleTransfer,
    StudentNotFound,
)
from emrex_gateway.exporting._choose import Contents, document, offered, read_contents
from emrex_gateway.exporting._enter import over_at
from emrex_gateway.exporting._payloads import IDENTITY, LISTING, OUTCOME, REQUEST, Listing, Outcome
from emrex_gateway.ports import Signers
from emrex_gateway.services import Services

_TRANSCRIPT_TITLES = texts(
    en="EMREX transcript", fi="EMREX-opintosuoritusote", sv="EMREX-studieutdrag"
)
_RECORDS_TITLES = texts(en="Transcript of Records", fi="Opintosuoritusote", sv="Studieutdrag")


def fetch(services: Services, transfer_id: str) -> None:
    """Fetch the records of an identified student and let them choose.

    Ends the transfer's step in every case: ``SELECTING``, ``NO_RESULTS`` or
    ``FAILED`` with the error's name. Never raises for what an adapter does.
    """
    with services.store.begin() as uow:
        transfer = _in_state(uow.transfers.get(transfer_id), TransferState.IDENTIFIED, services)
        if transfer is None:
            return
        point = uow.config.access_point(transfer.access_point)
        identity = uow.transfers.unseal(transfer_id, IDENTITY, Identity)
        request = uow.transfers.unseal(transfer_id, REQUEST, ClientRequest)
        institution = uow.config.institution(point.institution) if point else None
        bindings = uow.config.bindings(institution.slug) if institution else ()
        transfer = uow.transfers.move(
            transfer, TransferState.IDENTIFIED, attempts=transfer.attempts + 1
        )
    try:
        if institution is None or identity is None:
            raise ConfigError("the transfer's access point or identity is gone")
        listing = _list(services, institution, bindings, identity, request)
    except StudentNotFound:
        _end(services, transfer, TransferState.NO_RESULTS, Event.RECORDS_NONE, "StudentNotFound")
    except GatewayError as error:
        _end(services, transfer, TransferState.FAILED, Event.RECORDS_FAILED, type(error).__name__)
    else:
        with suppress(StaleTransfer), services.store.begin() as uow:
            uow.transfers.seal(transfer_id, LISTING, listing)
            uow.transfers.move(
                transfer, TransferState.SELECTING, adapter=listing.adapter, failure=None
            )
            audit.record(
                uow,
                Event.RECORDS_FETCHED,
                transfer=transfer_id,
                adapter=listing.adapter,
                records=len(listing.records),
            )


def sign(services: Services, signers: Signers, transfer_id: str) -> None:
    """Make, sign and keep the document that the student consented to.

    A key that cannot be used now, or a document that breaks a rule, fails the
    step; the choice stays, and a retry signs it.
    """
    with services.store.begin() as uow:
        transfer = _in_state(uow.transfers.get(transfer_id), TransferState.CONFIRMED, services)
        if transfer is None:
            return
        opened = read_contents(uow, transfer)
        transfer = uow.transfers.move(
            transfer, TransferState.CONFIRMED, attempts=transfer.attempts + 1
        )
    try:
        complete, pdf = _with_transcripts(opened, services.clock())
        unsigned = elmo.write(complete, opened.access_point.elmo_version)
        signed = signers.signer(opened.access_point).sign(unsigned)
    except GatewayError as error:
        _end(services, transfer, TransferState.FAILED, Event.ELMO_FAILED, type(error).__name__)
        if isinstance(error, ElmoError):
            raise  # a document of ours that breaks a rule is a defect: show it to the operator
        return
    missing = len(transcript.missing_characters(complete, language=opened.choice.language))
    with suppress(StaleTransfer), services.store.begin() as uow:
        uow.transfers.seal(transfer_id, OUTCOME, Outcome(elmo=signed.xml, transcript=pdf))
        uow.transfers.move(transfer, TransferState.SIGNED, failure=None)
        audit.record(
            uow,
            Event.ELMO_SIGNED,
            transfer=transfer_id,
            version=unsigned.version.value,
            bytes=len(signed.xml),
            missing_characters=missing,
        )


def _list(
    services: Services,
    institution: Institution,
    bindings: tuple[AdapterBinding, ...],
    identity: Identity,
    request: ClientRequest | None,
) -> Listing:
    """Ask the enabled adapters in their order; the first that has something to offer answers."""
    enabled = [binding for binding in bindings if binding.enabled]
    if not enabled:
        raise ConfigError("the institution has no enabled adapter")
    for binding in enabled:
        with suppress(StudentNotFound):
            listing = _ask(services, institution, binding, identity)
            if offered(listing.records, request):
                return listing
    raise StudentNotFound("no enabled adapter has records of the student to offer")


def _ask(
    services: Services, institution: Institution, binding: AdapterBinding, identity: Identity
) -> Listing:
    with services.open_adapter(institution, binding) as adapter:
        if adapter.source is None:
            raise StudentNotFound("this adapter reads no records")
        student = adapter.source.find_student(identity)
        limit = services.settings.max_records
        records = tuple(islice(adapter.source.list_records(student), limit + 1))
    if len(records) > limit:
        raise AdapterError("more records than max_records")
    if not records:
        raise StudentNotFound("no records")
    _require_forest(records)
    return Listing(student=student, records=records, adapter=binding.adapter)


def _require_forest(records: tuple[StudyRecord, ...]) -> None:
    """Hold adapters to the contract, so that pages and files need not ask again."""
    parents = {record.key: record.parent for record in records}
    if len(parents) != len(records):
        raise AdapterError("two records have one key")
    safe: set[str] = set()
    for key in parents:
        path: set[str] = set()
        at: str | None = key
        while at is not None and at not in safe:
            if at in path or at not in parents:
                raise AdapterError("a record's parent is missing or its own descendant")
            path.add(at)
            at = parents[at]
        safe |= path


def _with_transcripts(opened: Contents, now: datetime) -> tuple[Document, bytes]:
    """Add the readable versions that the schema's annotation of ``attachment`` demands."""
    bare = document(opened, now)
    language = opened.choice.language
    if opened.access_point.transcript_per_issuer:
        bare = replace(
            bare,
            reports=tuple(
                replace(
                    report,
                    attachments=(
                        _pdf(
                            f"transcript-of-records-{number}",
                            AttachmentType.TRANSCRIPT_OF_RECORDS,
                            transcript.render(
                                bare,
                                kind=AttachmentType.TRANSCRIPT_OF_RECORDS,
                                language=language,
                                issuer=report.issuer,
                            ),
                            language,
                        ),
                        *report.attachments,
                    ),
                )
                for number, report in enumerate(bare.reports, 1)
            ),
        )
    pdf = transcript.render(bare, kind=AttachmentType.EMREX_TRANSCRIPT, language=language)
    attachment = _pdf("emrex-transcript", AttachmentType.EMREX_TRANSCRIPT, pdf, language)
    return replace(bare, attachments=(attachment, *bare.attachments)), pdf


def _pdf(id_: str, type_: AttachmentType, data: bytes, language: str) -> Attachment:
    emrex = type_ is AttachmentType.EMREX_TRANSCRIPT
    return Attachment(
        id=id_,
        type=type_,
        titles=_TRANSCRIPT_TITLES if emrex else _RECORDS_TITLES,
        contents=(AttachmentContent(media_type="application/pdf", data=data, lang=language),),
    )


def _in_state(transfer: Transfer, state: TransferState, services: Services) -> Transfer | None:
    """The transfer when it still waits for this step, else ``None``."""
    if transfer.state is not state or transfer.expires_at <= services.clock():
        return None
    return transfer


def _end(
    services: Services, transfer: Transfer, state: TransferState, event: Event, failure: str
) -> None:
    """End the step; when somebody else moved the transfer meanwhile, theirs stands."""
    with suppress(StaleTransfer), services.store.begin() as uow:
        # what failed may be tried again until the transfer's time is over; the rest is at its end
        over = transfer.expires_at if state is TransferState.FAILED else over_at(services, transfer)
        uow.transfers.move(transfer, state, failure=failure, expires_at=over)
        audit.record(uow, event, transfer=transfer.id, error=failure)

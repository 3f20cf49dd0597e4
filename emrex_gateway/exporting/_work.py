"""What workers do for a transfer: fetch its records, sign its document.

Each step looks at the row first and does nothing when the row has gone on:
a job that comes twice, late or out of order changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from emrex_gateway import audit, elmo, transcript
from emrex_gateway.audit import Event
from emrex_gateway.domain import (
    Attachment,
    AttachmentContent,
    AttachmentType,
    ClientRequest,
    Document,
    Identity,
    Issuer,
    Transfer,
    TransferState,
    identifier_keys,
    texts,
)
from emrex_gateway.errors import (
    ConfigError,
    ElmoError,
    GatewayError,
    StaleTransfer,
    StudentNotFound,
    TransferNotFound,
)
from emrex_gateway.exporting._contents import Contents, document, read_contents
from emrex_gateway.exporting._enter import over_at
from emrex_gateway.exporting._gather import gather
from emrex_gateway.exporting._payloads import IDENTITY, LISTING, OUTCOME, REQUEST, Outcome
from emrex_gateway.exporting._stages import Stage, reach
from emrex_gateway.ports import Signers
from emrex_gateway.services import Services

_TRANSCRIPT_TITLES = texts(
    en="EMREX transcript", fi="EMREX-opintosuoritusote", sv="EMREX-studieutdrag"
)
_KINDS = (AttachmentType.EMREX_TRANSCRIPT, AttachmentType.TRANSCRIPT_OF_RECORDS)
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
        listing = gather(services, institution, bindings, identity, request)
    except StudentNotFound:
        _end(services, transfer, TransferState.NO_RESULTS, Event.RECORDS_NONE, "StudentNotFound")
    except GatewayError as error:
        failed, name = TransferState.FAILED, type(error).__name__
        _end(services, transfer, failed, Event.RECORDS_FAILED, name, adapter=error.adapter)
    else:
        with suppress(StaleTransfer, TransferNotFound), services.store.begin() as uow:
            uow.transfers.seal(transfer_id, LISTING, listing)
            uow.transfers.move(
                transfer, TransferState.SELECTING, adapter=listing.adapter, failure=None
            )
            more = identifier_keys(listing.student.identifiers, everywhere=True)
            uow.owners.name(transfer_id, institution.slug, more)
            audit.record(
                uow,
                Event.RECORDS_FETCHED,
                transfer=transfer_id,
                adapter=listing.adapter,
                records=len(listing.records),
                missing=", ".join(listing.missing)[:1000],
                duplicates=listing.duplicates,
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
        outcome, missing = _outcome(services, signers, opened, transfer)
    except GatewayError as error:
        _end(services, transfer, TransferState.FAILED, Event.ELMO_FAILED, type(error).__name__)
        if isinstance(error, ElmoError):
            raise  # a document of ours that breaks a rule is a defect: show it to the operator
        return
    with suppress(StaleTransfer, TransferNotFound), services.store.begin() as uow:
        uow.transfers.seal(transfer_id, OUTCOME, outcome)
        uow.transfers.move(transfer, TransferState.SIGNED, failure=None)
        audit.record(
            uow,
            Event.ELMO_SIGNED,
            transfer=transfer_id,
            version=opened.access_point.elmo_version.value,
            bytes=len(outcome.elmo),
            missing_characters=len(missing),
        )


def verification_address(services: Services, access_point: str) -> str:
    """Where anybody checks a file of an access point: printed on its transcripts."""
    return f"{services.settings.public_url}/{access_point}/verify"


def _outcome(
    services: Services, signers: Signers, opened: Contents, transfer: Transfer
) -> tuple[Outcome, frozenset[str]]:
    """Write, render and sign; a copy to keep only where the student will be offered one.

    Also tells which characters no font has, in any of the transcripts.

    The code says what the document says, whatever is attached to it: so the file
    is written with stand-ins in the places of the transcripts that will carry it.
    """
    point = opened.access_point
    verify_at = verification_address(services, point.slug)
    bare = document(opened, services.clock())
    issuers: list[Issuer | None] = []

    def stand_in(issuer: Issuer | None) -> bytes:
        issuers.append(issuer)
        return elmo.stand_in(len(issuers))

    begun = elmo.begin(_with_transcripts(bare, opened, stand_in), point.elmo_version)
    records = len(opened.choice.chosen)
    reach(services, transfer, Stage.RENDERING, records=records)
    made = {
        number: transcript.typeset(
            bare,
            kind=_KINDS[issuer is not None],
            language=opened.choice.language,
            issuer=issuer,
            code=begun.code,
            verify_at=verify_at,
        )
        for number, issuer in enumerate(issuers, 1)
    }
    reach(services, transfer, Stage.SIGNING, records=records)
    pdf = next(made[n].pdf for n, issuer in enumerate(issuers, 1) if issuer is None)
    signer = signers.signer(point)
    pdfs = {number: one.pdf for number, one in made.items()}
    signed = signer.sign(elmo.finish(begun, pdfs))
    copy = b""
    if opened.request is None:
        copy = signer.sign_copy(pdf, signed, code=begun.code, verify_at=verify_at)
    missing = frozenset().union(*(one.missing for one in made.values()))
    return Outcome(elmo=signed.xml, transcript=pdf, copy=copy, code=begun.code), missing


def _with_transcripts(
    bare: Document, opened: Contents, pdf_of: Callable[[Issuer | None], bytes]
) -> Document:
    """Add the readable versions that the schema's annotation of ``attachment`` demands.

    ``pdf_of`` makes the transcript of everything (``None``), or of one issuer.
    """
    language = opened.choice.language
    reports = bare.reports
    if opened.access_point.transcript_per_issuer:
        reports = tuple(
            replace(
                report,
                attachments=(
                    _pdf(
                        f"transcript-of-records-{number}",
                        AttachmentType.TRANSCRIPT_OF_RECORDS,
                        pdf_of(report.issuer),
                        language,
                    ),
                    *report.attachments,
                ),
            )
            for number, report in enumerate(reports, 1)
        )
    pdf = pdf_of(None)
    attachment = _pdf("emrex-transcript", AttachmentType.EMREX_TRANSCRIPT, pdf, language)
    return replace(bare, reports=reports, attachments=(attachment, *bare.attachments))


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
    services: Services,
    transfer: Transfer,
    state: TransferState,
    event: Event,
    failure: str,
    *,
    adapter: str = "",
) -> None:
    """End the step; when somebody else moved or purged the transfer meanwhile, theirs stands.

    ``adapter`` is the one that is to blame, so that support need not guess among several.
    """
    with suppress(StaleTransfer, TransferNotFound), services.store.begin() as uow:
        # what failed may be tried again until the transfer's time is over; the rest is at its end
        over = transfer.expires_at if state is TransferState.FAILED else over_at(services, transfer)
        named = adapter or transfer.adapter
        uow.transfers.move(transfer, state, failure=failure, adapter=named, expires_at=over)
        audit.record(
            uow,
            event,
            transfer=transfer.id,
            error=failure,
            **({"adapter": adapter} if adapter else {}),
        )

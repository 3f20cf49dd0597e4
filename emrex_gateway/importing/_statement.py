"""A decision on recognition as a signed file: the host system is asked once more, then it is written and signed.

Nothing of a decision is kept beforehand: a student orders the file, a worker
asks the host system what it decided and for whom (``recall``), and the signing
worker writes ELMO 2 with its readable copy and signs it (``attest``). Both
are sealed by a key of the order's own, which goes with the order.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from emrex_gateway import audit, elmo, transcript
from emrex_gateway.audit import Event
from emrex_gateway.domain import (
    Attachment,
    AttachmentContent,
    AttachmentType,
    Document,
    ElmoVersion,
    KeptRecognition,
    Recognition,
    SignedStatement,
    Statement,
    StatementState,
    Transfer,
    identifier_keys,
    texts,
)
from emrex_gateway.errors import (
    AmbiguousStudent,
    ConfigError,
    ElmoError,
    GatewayError,
    StudentNotFound,
    TransferError,
    TransferNotFound,
)
from emrex_gateway.importing._decision import decision_document
from emrex_gateway.importing._recognition import ask, note, question_of
from emrex_gateway.ports import Signer, Signers, UnitOfWork
from emrex_gateway.services import Services

MAX_ATTEMPTS = 3
"""A step that was begun this often and never ended is given up: it kills its worker."""
CONTENTS, OUTCOME = "contents", "outcome"

_TITLES = texts(
    en="Decision on recognition of studies",
    fi="Päätös opintojen hyväksilukemisesta",
    sv="Beslut om tillgodoräknande av studier",
)
_JOBS = {StatementState.ORDERED: "recall", StatementState.ANSWERED: "attest"}


def order_statement(services: Services, transfer: Transfer, *, language: str) -> Statement:
    """Order the signed file of a decision, unless it is there or on its way; return the order.

    A failed one is ordered anew. Raises ``TransferError`` while nothing is decided.
    """
    now = services.clock()
    with services.store.begin() as uow:
        row = uow.recognitions.get(transfer.id)
        if row is None or not row.state.final:
            raise TransferError("nothing is decided yet")
        before = _living(services, uow.recognitions.statement(transfer.id))
        if before is not None and before.state is not StatementState.FAILED:
            return before
        order = Statement(
            transfer=transfer.id,
            state=StatementState.ORDERED,
            language=language,
            ordered_at=now,
            changed_at=now,
            expires_at=now + timedelta(seconds=services.settings.delivered_lifetime),
        )
        uow.recognitions.order(order)
        audit.record(uow, Event.RECOGNITION_ORDERED, transfer=transfer.id)
        uow.after_commit(lambda: services.queue.send("recall", transfer.id))
    return order


def statement_of(services: Services, transfer: Transfer) -> Statement | None:
    """Return the order of a transfer's decision while it is kept."""
    with services.store.read() as uow:
        return _living(services, uow.recognitions.statement(transfer.id))


def take_statement(services: Services, transfer: Transfer, *, file: str) -> SignedStatement | None:
    """Return the signed decision, and write down that it was taken; ``None`` when there is none."""
    with services.store.begin() as uow:
        order = _living(services, uow.recognitions.statement(transfer.id))
        if order is None or order.state is not StatementState.READY:
            return None
        found = uow.recognitions.unseal(transfer.id, OUTCOME, SignedStatement)
        audit.record(uow, Event.RECOGNITION_DOWNLOADED, transfer=transfer.id, file=file)
    return found


def recall(services: Services, transfer_id: str) -> None:
    """Ask the host system what it decided and for whom; what a worker of the adapters does."""
    order = _begin(services, transfer_id, StatementState.ORDERED)
    if order is None:
        return
    try:
        with services.store.read() as uow:
            row = uow.recognitions.get(transfer_id)
            question = question_of(uow, row) if row is not None else None
        if row is None or question is None:
            raise ConfigError("the adapter that took the import is gone or switched off")
        answer = ask(services, question)
        note(services, row, answer)
        with services.store.read() as uow:
            _require_right_person(uow, row, answer)
    except GatewayError as error:
        _fail(services, order, error)
        return
    with services.store.begin() as uow:
        moved = _move(services, uow, order, state=StatementState.ANSWERED, attempts=0)
        if moved is not None:
            uow.recognitions.seal(transfer_id, CONTENTS, answer)
            uow.after_commit(lambda: services.queue.send("attest", transfer_id))


def attest(services: Services, signers: Signers, transfer_id: str) -> None:
    """Write, render and sign what was decided; what the signing worker does."""
    order = _begin(services, transfer_id, StatementState.ANSWERED)
    if order is None:
        return
    try:
        with services.store.read() as uow:
            found = uow.recognitions.unseal(transfer_id, CONTENTS, Recognition)
            point = uow.config.access_point(uow.transfers.get(transfer_id).access_point)
            institution = uow.config.institution(point.institution) if point else None
        if found is None or found.learner is None or point is None or institution is None:
            raise ConfigError("the decision, or the transfer's access point, is gone")
        bare = decision_document(found, found.learner, institution, services.clock())
        verify_at = f"{services.settings.public_url}/{point.slug}/verify"
        signed = _signed(signers.signer(point), bare, verify_at, order.language)
    except GatewayError as error:
        _fail(services, order, error)
        if isinstance(error, ElmoError):
            raise  # a document of ours that breaks a rule is a defect: show it to the operator
        return
    kept_until = services.clock() + timedelta(seconds=services.settings.delivered_lifetime)
    with services.store.begin() as uow:
        ready = _move(
            services, uow, order, state=StatementState.READY, expires_at=kept_until, failure=""
        )
        if ready is not None:
            uow.recognitions.seal(transfer_id, OUTCOME, signed)
            audit.record(
                uow,
                Event.RECOGNITION_SIGNED,
                transfer=transfer_id,
                version=ElmoVersion.V2_0.value,
                bytes=len(signed.elmo),
            )


def sweep_statements(services: Services) -> int:
    """Destroy what is over, send again what rests, give up what kills its workers; a step of the sweep."""
    now, settings = services.clock(), services.settings
    with services.store.begin() as uow:
        removed = uow.recognitions.sweep(now)
        uow.retention.mark({"statements": removed}, now)
    with services.store.read() as uow:
        resting = uow.recognitions.resting(now - timedelta(seconds=settings.resend_after))
    for order in resting:
        longest = max(settings.fetch_timeout, settings.sign_timeout)
        if order.attempts and now - order.changed_at < timedelta(seconds=longest):
            continue  # somebody may be at it
        if order.attempts >= MAX_ATTEMPTS:
            _fail(services, order, "TooManyAttempts")
        else:
            services.queue.send(_JOBS[order.state], order.transfer)
    return removed


def _signed(signer: Signer, bare: Document, verify_at: str, language: str) -> SignedStatement:
    """As an export is made: the code first, then the PDF that carries it, then the file with both."""
    begun = elmo.begin(_with_pdf(bare, elmo.stand_in(1), language), ElmoVersion.V2_0)
    pdf = transcript.render(
        bare,
        kind=AttachmentType.EMREX_TRANSCRIPT,
        language=language,
        code=begun.code,
        verify_at=verify_at,
    )
    signed = signer.sign(elmo.finish(begun, {1: pdf}))
    copy = signer.sign_copy(pdf, signed, code=begun.code, verify_at=verify_at)
    return SignedStatement(elmo=signed.xml, pdf=copy)


def _with_pdf(bare: Document, pdf: bytes, language: str) -> Document:
    content = AttachmentContent(media_type="application/pdf", data=pdf, lang=language)
    readable = Attachment(
        id="decision", type=AttachmentType.OTHER, titles=_TITLES, contents=(content,)
    )
    return replace(bare, attachments=(readable,))


def _require_right_person(uow: UnitOfWork, row: KeptRecognition, answer: Recognition) -> None:
    """A file in somebody's name is for that person alone: the host system must say who, and rightly.

    Raises ``TransferError``, ``StudentNotFound`` when it names nobody, and
    ``AmbiguousStudent`` when it names somebody whom the transfer does not belong to.
    """
    if not answer.state.final:
        raise TransferError("the decision was taken back")
    if answer.learner is None:
        raise StudentNotFound("the host system does not say whom the decision is about")
    keys = identifier_keys(answer.learner.identifiers, everywhere=True)
    hashes = uow.owners.hashes(row.institution, keys)
    owned = {one.id for one in uow.owners.transfers(row.institution, hashes)}
    if row.transfer not in owned:
        raise AmbiguousStudent("the decision names no identifier of the person who ordered it")


def _begin(services: Services, transfer_id: str, state: StatementState) -> Statement | None:
    """Take a step, and write that down first: one that kills its worker is not begun for ever."""
    with services.store.begin() as uow:
        order = _living(services, uow.recognitions.statement(transfer_id))
        if order is None or order.state is not state or order.attempts >= MAX_ATTEMPTS:
            return None
        return _move(services, uow, order, attempts=order.attempts + 1)


def _move(
    services: Services, uow: UnitOfWork, order: Statement, **changes: object
) -> Statement | None:
    return uow.recognitions.move(order, changed_at=services.clock(), **changes)


def _fail(services: Services, order: Statement, error: GatewayError | str) -> None:
    name = error if isinstance(error, str) else type(error).__name__
    with suppress(TransferNotFound), services.store.begin() as uow:
        failed = _move(services, uow, order, state=StatementState.FAILED, failure=name)
        if failed is not None:
            audit.record(uow, Event.RECOGNITION_FAILED, transfer=order.transfer, error=name)


def _living(services: Services, order: Statement | None) -> Statement | None:
    return order if order is not None and order.expires_at > services.clock() else None

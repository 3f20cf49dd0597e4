"""Imports that stand before their review, without a network: verified results that the test makes.

``CountingSink`` is a fake host system that stores: it counts what it has, by
key, and may fail first or die at a moment.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from emrex_gateway import exporting, importing
from emrex_gateway.domain import (
    AdapterBinding,
    Attachment,
    AttachmentContent,
    AttachmentType,
    Direction,
    Document,
    Errand,
    ErrandState,
    ImportedResults,
    Institution,
    Issuer,
    Learner,
    LearningOpportunity,
    LosType,
    Match,
    ReadDocument,
    Receipt,
    Received,
    Recognition,
    RecognitionState,
    Report,
    Sameness,
    SignatureFacts,
    Status,
    Student,
    StudyRecord,
    TransferState,
    texts,
)
from emrex_gateway.domain import Identifier as Id
from emrex_gateway.ports import Adapter, LoggedIn
from emrex_gateway.services import Services
from gateway_world import IDENTITY, STUDENT, Browser, World, record

ABROAD = Issuer(
    identifiers=(Id("schac", "abroad.example"),),
    titles=texts(en="Abroad University"),
    url="https://abroad.example/",
    country="SE",
)
ELSEWHERE = Issuer(
    identifiers=(Id("schac", "elsewhere.example"),),
    titles=texts(en="Elsewhere College"),
    url="https://elsewhere.example/",
    country="SE",
)
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
PDF = b"%PDF-1.7 a transcript"
SAME = Match(sameness=Sameness.SAME, score=100, reasons=("identifier",))
DOUBTFUL = Match(sameness=Sameness.DOUBTFUL, score=71, reasons=("birth-date", "names-differ"))
DIFFERENT = Match(sameness=Sameness.DIFFERENT, score=3, reasons=("names-differ",))


def node(row: StudyRecord, *parts: LearningOpportunity) -> LearningOpportunity:
    """A branch of a report from what a record says."""
    return LearningOpportunity(specification=row.specification, instance=row.instance, parts=parts)


TREE = (
    node(
        record("programme", type=LosType.DEGREE_PROGRAMME, grade=None, credits=()),
        node(record("algebra", language="en")),
        node(record("physics", language="sv", completed=date(2026, 1, 12))),
        node(record("dropped", status=Status.FAILED, grade="F", credits=())),
    ),
    node(record("choir")),
)
"""Five records: a programme with three courses, one of them failed, and one beside it."""


def transcript(id_: str, data: bytes = PDF, media_type: str = "application/pdf") -> Attachment:
    """A file of a document."""
    return Attachment(
        id=id_,
        type=AttachmentType.EMREX_TRANSCRIPT,
        titles=texts(en=f"Transcript {id_}"),
        contents=(AttachmentContent(media_type=media_type, data=data, lang="en"),),
    )


def result(
    errand: str = "first",
    *,
    issuer: Issuer = ABROAD,
    tree: Sequence[LearningOpportunity] = TREE,
    match: Match = SAME,
    attachments: tuple[Attachment, ...] = (),
    warnings: tuple[str, ...] = (),
) -> Received:
    """A verified result of one provider."""
    xml = f"<elmo>{errand}</elmo>".encode()
    report = Report(issuer=issuer, opportunities=tuple(tree), issued_at=NOW)
    learner = Learner(given_names="Maija", family_name="Mallikas", birth_date=date(1998, 2, 11))
    return Received(
        errand=errand,
        provider=hashlib.sha256(errand.encode()).hexdigest()[:32],
        provider_names=texts(en=f"Provider {errand}"),
        country="SE",
        received_at=NOW,
        facts=SignatureFacts(
            subject=f"CN={errand}",
            fingerprint="0" * 64,
            not_before=NOW - timedelta(days=100),
            not_after=NOW + timedelta(days=100),
            signature_method="rsa-sha256",
            digest_method="sha256",
            canonicalization="inclusive",
            warnings=warnings,
        ),
        read=ReadDocument(
            document=Document(
                generated_at=NOW, learner=learner, reports=(report,), attachments=attachments
            ),
            release="1.7",
        ),
        match=match,
        digest=hashlib.sha256(xml).hexdigest(),
        xml=xml,
    )


def receive_records(world: World) -> None:
    """Let the institution receive."""
    with world.services.store.begin() as uow:
        uow.config.put_institution(replace(uow.config.institution("campus"), client=True))


def to_review(world: World, *results: Received) -> Browser:
    """A student who has fetched these results and now looks at them, on the page."""
    browser = begin(world)
    collect(world, browser.transfer_id, *(results or (result(),)))
    return browser.get(f"/emrex/campus/t/{browser.transfer_id}/import/review")


def begin(world: World) -> Browser:
    """A student who has logged in for an import; who they are in the host system is not asked yet."""
    receive_records(world)
    entered = exporting.enter_from_host(world.services, "campus", direction=Direction.IMPORT)
    done = exporting.identify(world.services, entered.transfer, LoggedIn(identity=IDENTITY), "fake")
    world.queue.sent.clear()
    browser = world.browser()
    id_ = entered.transfer.id
    for name, value in ((f"emrex-{id_}", entered.secret), (f"emrex-session-{id_}", done.secret)):
        browser.client.set_cookie(name, value, path="/emrex/campus/")
    browser.path = f"/emrex/campus/t/{id_}/"
    return browser


def collect(world: World, transfer_id: str, *results: Received, student: Student = STUDENT) -> None:
    """Do what finding and receiving would: the results are there, and the student looks at them."""
    now = world.clock()
    with world.services.store.begin() as uow:
        transfer = uow.transfers.get(transfer_id)
        if transfer.state is TransferState.LOOKING:
            uow.transfers.seal(transfer_id, "student", student)
            transfer = uow.transfers.move(transfer, TransferState.COLLECTING)
        for number, one in enumerate(results):
            id_ = f"{one.errand}-{transfer_id}"[:23]  # "received-" before it fills its column
            uow.errands.add(
                Errand(
                    id=id_,
                    transfer=transfer_id,
                    session_hash=secrets.token_hex(32),
                    provider=one.provider,
                    names=one.provider_names,
                    country=one.country,
                    single_fetch=False,
                    state=ErrandState.VERIFIED,
                    created_at=now + timedelta(milliseconds=number),
                    changed_at=now,
                )
            )
            uow.transfers.seal(transfer_id, f"received-{id_}", replace(one, errand=id_))
        if transfer.state is TransferState.COLLECTING:
            uow.transfers.move(transfer, TransferState.REVIEWING)


UNDECIDED = Recognition(state=RecognitionState.SUBMITTED)


@dataclass
class CountingSink:
    """A fake host system that takes results; ``calls`` are keys in the order of the calls."""

    stored: dict[str, tuple[Student, ImportedResults]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None
    said: Recognition = UNDECIDED

    def store_results(self, student: Student, results: ImportedResults) -> Receipt:
        self.calls.append(results.key)
        if self.errors:
            raise self.errors.pop(0)
        self.stored.setdefault(results.key, (student, results))
        self.meanwhile()
        return Receipt(id=f"r-{list(self.stored).index(results.key) + 1}")

    def recognition(self, receipt: Receipt) -> Recognition:
        return self.said


def with_sinks(services: Services, **sinks: CountingSink | None) -> Services:
    """Services whose bindings, by id, are these sinks; ``None``: a system that takes nothing."""

    @contextmanager
    def open_adapter(institution: Institution, binding: AdapterBinding) -> Iterator[Adapter]:
        yield Adapter(ping=lambda: None, sink=sinks[binding.id])

    return replace(services, open_adapter=open_adapter)


def confirmed(world: World, *results: Received) -> str:
    """An import that the student confirmed; its job waits in the queue. Returns the transfer's id."""
    browser = begin(world)
    collect(world, browser.transfer_id, *(results or (result(),)))
    confirm(world.services, browser.transfer_id)
    return browser.transfer_id


def confirm(services: Services, transfer_id: str) -> None:
    """The student confirms what is chosen to begin with."""
    with services.store.read() as uow:
        transfer = uow.transfers.get(transfer_id)
    shown = importing.import_summary(services, transfer)
    assert shown is not None
    importing.confirm_import(services, transfer, purpose=shown.results.purpose, seen=shown.seen)

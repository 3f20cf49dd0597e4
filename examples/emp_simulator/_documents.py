"""The invented records that a provider sends: an exchange semester, two universities, very many."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from emrex_gateway import elmo
from emrex_gateway.domain import (
    ECTS,
    AcademicTerm,
    Attachment,
    AttachmentContent,
    AttachmentType,
    Credit,
    Document,
    GradingScheme,
    Identifier,
    Instance,
    Issuer,
    LearningOpportunity,
    LosType,
    PersonIdentifier,
    PersonIdentifierType,
    Report,
    Specification,
    Status,
    UnsignedElmo,
    texts,
)
from emrex_gateway.domain import Learner as ElmoLearner
from examples.emp_simulator._modes import Mode
from examples.emp_simulator._providers import Learner, Provider
from examples.small_pdf import small_pdf

MANY = 5_000
SOMEBODY_ELSE = Learner(
    given_names="Otto", family_name="Anderswo", birth_date=date(1989, 12, 24), esi=""
)
_SCHEME = GradingScheme(
    id="a-to-f",
    descriptions=texts(en="A (excellent) down to E (sufficient); F is a failed attempt."),
)
_TERM = AcademicTerm(
    titles=texts(en="Autumn 2025"), start=date(2025, 8, 18), end=date(2025, 12, 19)
)
_COURSES = (
    ("NUM-301", "Numerical methods", "A", "7.5"),
    ("GEO-115", "Glaciers and climate", "B", "5"),
    ("LIT-204", "Literature of the North", "C", "5"),
    ("ROB-330", "Mobile robots", "B", "10"),
)
_SUMMER = (("LAN-001", "Survival course in the language", "Pass", "2.5"),)


def write(mode: Mode, provider: Provider, learner: Learner) -> UnsignedElmo:
    """Return the unsigned document of a mode."""
    shown = SOMEBODY_ELSE if mode is Mode.OTHER_PERSON else learner
    return elmo.write(_document(mode, provider, shown), readable_copy=False)


def _document(mode: Mode, provider: Provider, learner: Learner) -> Document:
    now = datetime.now(UTC)
    courses = _many() if mode is Mode.LARGE else tuple(_course(*row) for row in _COURSES)
    reports = [_report(provider.name, provider.domain, provider.country, courses, now)]
    if mode is Mode.SEVERAL_REPORTS:
        summer = tuple(_course(*row) for row in _SUMMER)
        other = "Summer Academy of the Isles"
        reports.append(_report(other, f"summer.{provider.domain}", provider.country, summer, now))
    return Document(
        generated_at=now,
        learner=ElmoLearner(
            given_names=learner.given_names,
            family_name=learner.family_name,
            birth_date=learner.birth_date,
            identifiers=(
                (PersonIdentifier(PersonIdentifierType.ESI, learner.esi),) if learner.esi else ()
            ),
        ),
        reports=tuple(reports),
        attachments=(_pdf("EMREX transcript", AttachmentType.EMREX_TRANSCRIPT, provider, learner),),
    )


def _report(
    name: str, domain: str, country: str, courses: tuple[LearningOpportunity, ...], now: datetime
) -> Report:
    semester = LearningOpportunity(
        specification=Specification(
            titles=texts(en="Exchange semester, autumn 2025"),
            type=LosType.MODULE,
            identifiers=(Identifier("local", "EXCHANGE"),),
        ),
        instance=Instance(completed=date(2025, 12, 19)),
        parts=courses,
    )
    issuer = Issuer(
        identifiers=(Identifier("schac", domain),),
        titles=texts(en=name),
        url=f"https://{domain}/",
        country=country,
    )
    return Report(issuer=issuer, opportunities=(semester,), issued_at=now)


def _course(code: str, title: str, grade: str, credits_: str) -> LearningOpportunity:
    return LearningOpportunity(
        specification=Specification(
            titles=texts(en=title),
            type=LosType.COURSE,
            identifiers=(Identifier("local", code),),
        ),
        instance=Instance(
            status=Status.PASSED,
            start=date(2025, 8, 18),
            completed=date(2025, 12, 15),
            term=_TERM,
            grade=grade,
            grading_scheme=_SCHEME,
            credits=(Credit(scheme=ECTS, value=Decimal(credits_)),),
            language="en",
        ),
    )


def _many() -> tuple[LearningOpportunity, ...]:
    return tuple(
        _course(f"C-{number:04}", f"Course number {number}", "ABCDE"[number % 5], "1")
        for number in range(MANY)
    )


def _pdf(title: str, kind: AttachmentType, provider: Provider, learner: Learner) -> Attachment:
    lines = (
        f"{provider.name} (a simulator)",
        title,
        f"{learner.given_names} {learner.family_name}",
        f"Born {learner.birth_date.isoformat()}",
        *(f"{code}  {name}  {grade}  {value} ECTS" for code, name, grade, value in _COURSES),
    )
    return Attachment(
        id="transcript",
        titles=texts(en=title),
        type=kind,
        contents=(AttachmentContent(media_type="application/pdf", data=small_pdf(lines)),),
    )

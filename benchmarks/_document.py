"""An invented document of any number of courses: two issuers, a degree, modules and courses."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from emrex_gateway.domain import (
    ECTS,
    Attachment,
    AttachmentContent,
    AttachmentType,
    Credit,
    Document,
    GradingScheme,
    Identifier,
    Instance,
    Issuer,
    Learner,
    LearningOpportunity,
    Level,
    LosType,
    PersonIdentifier,
    PersonIdentifierType,
    Report,
    Specification,
    texts,
)

AT = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
_SCHEME = GradingScheme(id="scale", descriptions=texts(en="0 to 5, 0 is failed."))
_MODULE_SIZE = 10


def document(courses: int, pdf: bytes = b"") -> Document:
    """Make a document; ``pdf`` becomes its EMREX transcript."""
    degree = LearningOpportunity(
        specification=Specification(
            titles=texts(en="Bachelor of Science", fi="Luonnontieteiden kandidaatti"),
            type=LosType.DEGREE_PROGRAMME,
            identifiers=(Identifier("local", "BSC"),),
        ),
        instance=Instance(completed=date(2025, 6, 1)),
        parts=tuple(_module(n, courses) for n in range(0, courses, _MODULE_SIZE)),
    )
    content = AttachmentContent(media_type="application/pdf", data=pdf, lang="en")
    transcript = Attachment(
        id="transcript",
        contents=(content,),
        titles=texts(en="EMREX transcript"),
        type=AttachmentType.EMREX_TRANSCRIPT,
    )
    return Document(
        generated_at=AT,
        learner=Learner(
            given_names="Maija Helena",
            family_name="Mallikas",
            birth_date=date(1998, 2, 11),
            identifiers=(
                PersonIdentifier(
                    PersonIdentifierType.ESI, "urn:schac:personalUniqueCode:int:esi:a.example:1"
                ),
            ),
        ),
        reports=(Report(issuer=_issuer(), opportunities=(degree,), issued_at=AT),),
        attachments=(transcript,) if pdf else (),
    )


def _issuer() -> Issuer:
    return Issuer(
        identifiers=(Identifier("schac", "a.example"),),
        titles=texts(en="A University", fi="Yliopisto A"),
        url="https://a.example/",
        country="FI",
    )


def _module(first: int, courses: int) -> LearningOpportunity:
    return LearningOpportunity(
        specification=Specification(
            titles=texts(en=f"Module {first // _MODULE_SIZE}"),
            type=LosType.MODULE,
            identifiers=(Identifier("local", f"M{first}"),),
        ),
        instance=Instance(completed=date(2024, 6, 1)),
        parts=tuple(_course(n) for n in range(first, min(first + _MODULE_SIZE, courses))),
    )


def _course(number: int) -> LearningOpportunity:
    return LearningOpportunity(
        specification=Specification(
            titles=texts(en=f"Course {number}: methods and applications", fi=f"Kurssi {number}"),
            type=LosType.COURSE,
            identifiers=(Identifier("local", f"C{number}"),),
            isced_code="0613",
            descriptions=texts(en="Knows the methods, and can choose and apply them. " * 4),
        ),
        instance=Instance(
            completed=date(2023, 1 + number % 12, 1 + number % 28),
            grade=str(1 + number % 5),
            grading_scheme=_SCHEME,
            credits=(Credit(scheme=ECTS, value=Decimal(5)),),
            levels=(Level(type="EQF", value="6"),),
            language="en",
        ),
    )

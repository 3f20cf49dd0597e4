"""Made-up documents for the transcript's tests: a student who has everything, and hostile ones.

All people and institutions here are inventions.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from emrex_gateway.domain import (
    AcademicTerm,
    Attachment,
    AttachmentContent,
    AttachmentType,
    Credit,
    DiplomaSupplement,
    Document,
    Extension,
    GradingScheme,
    Group,
    Identifier,
    Instance,
    Issuer,
    LangString,
    Learner,
    LearningOpportunity,
    Level,
    LosType,
    PersonIdentifier,
    PersonIdentifierType,
    Report,
    ResultDistribution,
    ShortenedGrading,
    Specification,
    Status,
    SupplementSection,
    texts,
)

HELSINKI = timezone(timedelta(hours=2))
GENERATED = datetime(2026, 11, 23, 14, 5, 30, tzinfo=HELSINKI)

LAKESIDE = Issuer(
    identifiers=(Identifier("schac", "lakeside.example"), Identifier("pic", "999912345")),
    titles=texts(en="Lakeside University", fi="Järvenrannan yliopisto", sv="Strandsjö universitet"),
    url="https://www.lakeside.example/",
    country="FI",
)
NORTHERN = Issuer(
    identifiers=(Identifier("schac", "northern.example"), Identifier("erasmus", "SF NORTH01")),
    titles=texts(en="Northern University of Applied Sciences", sv="Norra yrkeshögskolan"),
    url="https://northern.example/",
    country="FI",
)
FIVE_STEPS = GradingScheme(
    id="five-steps",
    descriptions=texts(
        en="Whole grades from 5 (excellent) down to 1 (sufficient); 0 is a failed attempt.",
        fi="Kokonaisarvosanat 5 (erinomainen) – 1 (välttävä); 0 on hylätty.",
    ),
)
PASS_FAIL = GradingScheme(id="pass-fail", descriptions=texts(en="Pass or fail, no further grades."))
AUTUMN = AcademicTerm(
    titles=texts(en="Autumn term 2025", fi="Syyslukukausi 2025"),
    start=date(2025, 8, 1),
    end=date(2025, 12, 31),
)
ARTICLE = Attachment(
    id="att-article",
    titles=texts(en="Article written for the thesis"),
    type=AttachmentType.OTHER,
    descriptions=texts(en="Preprint, with the supervisor's permission."),
    contents=(AttachmentContent(media_type="application/pdf", data=b"%PDF-" * 5000, lang="en"),),
)

LEARNER = Learner(
    given_names="Aino Ilona",
    family_name="Virtanen-Đặng",
    birth_date=date(2001, 2, 28),
    citizenship="FI",
    place_of_birth="Hämeenlinna",
    birth_name="Korhonen",
    alternative_name=LangString("Айно Виртанен", "ru"),
    gender=2,
    identifiers=(
        PersonIdentifier(
            PersonIdentifierType.ESI,
            "urn:schac:personalUniqueCode:int:esi:lakeside.example:x1234567",
        ),
        PersonIdentifier(PersonIdentifierType.NATIONAL, "280201A123X"),
        PersonIdentifier(PersonIdentifierType.NATIONAL_LEARNER, "1.2.246.562.24.00000000017"),
        PersonIdentifier(PersonIdentifierType.LOCAL, "x1234567"),
    ),
)


def ects(value: str | None) -> tuple[Credit, ...]:
    """ECTS credits; ``None`` for an unknown figure."""
    return (Credit(scheme="ects", value=None if value is None else Decimal(value)),)


def course(
    title: str,
    *,
    code: str = "",
    status: Status = Status.PASSED,
    credit: tuple[Credit, ...] = (),
    parts: tuple[LearningOpportunity, ...] = (),
    kind: LosType | None = LosType.COURSE,
    **instance: object,
) -> LearningOpportunity:
    """A node with a title in English and whatever else is given for its instance."""
    return LearningOpportunity(
        specification=Specification(
            titles=texts(en=title),
            type=kind,
            identifiers=(Identifier("local", code),) if code else (),
        ),
        instance=Instance(status=status, credits=credit, **instance),  # type: ignore[arg-type]
        parts=parts,
    )


def _courses() -> tuple[LearningOpportunity, ...]:
    return (
        LearningOpportunity(
            specification=Specification(
                titles=texts(
                    fi="Ohjelmoinnin perusteet", sv="Grunderna i programmering", en="Introduction to Programming"
                ),
                type=LosType.COURSE,
                identifiers=(Identifier("local", "TKT10002"), Identifier("ewp-los-id", "COI/77")),
                isced_code="0613",
                subject_area="11.3",
                url="https://courses.lakeside.example/TKT10002",
                descriptions=texts(en="Variables, control flow, functions, and the habit of testing."),
            ),
            instance=Instance(
                identifiers=(Identifier("local", "S-551"),),
                start=date(2025, 9, 1),
                completed=date(2025, 12, 12),
                term=AUTUMN,
                grade="5",
                grading_scheme=FIVE_STEPS,
                shortened_grading=ShortenedGrading(
                    lower=Decimal("61.5"), equal=Decimal("30"), higher=Decimal("8.5")
                ),
                distribution=ResultDistribution(
                    categories=(("0", 3), ("1-2", 11), ("3-4", 40), ("5", 27)),
                    descriptions=texts(en="All attempts since 2020"),
                ),
                credits=(*ects("5"), Credit(scheme="study points", value=Decimal("5"))),
                levels=(
                    Level(type="EQF", value="6", description="First cycle"),
                    Level(type="FiNQF", value="6"),
                ),
                language="fi",
                engagement_hours=Decimal("133.5"),
                attachments=(ARTICLE,),
                group=Group(
                    type_id="year", type_titles=texts(en="Year of study"), id="1", titles=texts(en="First year")
                ),
            ),
        ),
        course(
            "Discrete Mathematics", code="MAT11003", credit=ects("7.5"), grade="3",
            grading_scheme=FIVE_STEPS, completed=date(2026, 3, 4), language="en",
        ),
        course(
            "Linear Algebra", code="MAT11002", status=Status.FAILED, credit=ects("5"), grade="0",
            grading_scheme=FIVE_STEPS, completed=date(2026, 5, 20), language="en",
        ),
        course(
            "Data Structures", code="TKT20001", status=Status.IN_PROGRESS, credit=ects("10"),
            start=date(2026, 9, 1), language="en",
        ),
        course(
            "Academic Writing", code="KIE00115", credit=ects("3"), grade="Hyväksytty",
            grading_scheme=PASS_FAIL, completed=date(2026, 4, 30), language="sv",
        ),
    )  # fmt: skip


SUPPLEMENT = DiplomaSupplement(
    issue_date=date(2026, 6, 15),
    introduction="This supplement describes the nature, level, context and status of the studies.",
    lang="en",
    sections=(
        SupplementSection(
            number="1",
            title="Holder of the qualification",
            sections=(
                SupplementSection(number="1.1", title="Family name", content="Virtanen-Đặng"),
            ),
        ),
        SupplementSection(
            number="4",
            title="Contents and results",
            content="<p>A three-year programme &amp; a thesis.</p><ul><li>Computing</li><li>Mathematics</li></ul>",
            media_type="text/html",
            additional_information=("Grades are final.",),
        ),
        SupplementSection(
            number="8",
            title="Higher education system",
            content="PHN2Zz4=",
            media_type="image/svg+xml",
        ),
    ),
)


def everything() -> Document:
    """A student with all that the domain can hold, from two institutions."""
    degree = LearningOpportunity(
        specification=Specification(
            titles=texts(en="Bachelor's Programme in Computer Science", fi="Tietojenkäsittelytieteen kandiohjelma"),
            type=LosType.DEGREE_PROGRAMME,
            identifiers=(Identifier("local", "KH50_005"),),
            extensions=(Extension("<x:note xmlns:x='urn:example'>more</x:note>"),),
        ),
        instance=Instance(
            status=Status.IN_PROGRESS,
            start=date(2025, 8, 1),
            levels=(Level(type="EQF", value="6"),),
            diploma_supplement=SUPPLEMENT,
        ),
        parts=(
            course(
                "Basic Studies in Computer Science and Mathematics", code="TKT-1", kind=LosType.MODULE,
                parts=_courses(),
            ),
            course(
                "Minor in Philosophy", code="FIL-25", kind=LosType.MODULE, credit=ects("25"), grade="4",
                grading_scheme=FIVE_STEPS, completed=date(2026, 6, 1),
                parts=(course("Logic"), course("Ethics"), course("Metaphysics")),
            ),
        ),
    )  # fmt: skip
    return Document(
        generated_at=GENERATED,
        learner=LEARNER,
        reports=(
            Report(
                issuer=LAKESIDE,
                opportunities=(degree,),
                issued_at=GENERATED,
                attachments=(
                    Attachment(
                        id="att-certificate",
                        titles=texts(en="Certificate of the Minor"),
                        type=AttachmentType.DIPLOMA,
                        contents=(AttachmentContent(media_type="image/png", data=b"x" * 1200),),
                    ),
                ),
            ),
            Report(
                issuer=NORTHERN,
                opportunities=(
                    course(
                        "Sailing for Beginners",
                        code="SAIL1",
                        credit=ects("2"),
                        completed=date(2024, 7, 1),
                    ),
                ),
                issued_at=datetime(2026, 11, 20, 8, 0, tzinfo=UTC),
            ),
        ),
        attachments=(
            Attachment(
                id="att-mobility",
                titles=texts(en="Letter about the exchange"),
                type=AttachmentType.LETTER_OF_NOMINATION,
                contents=(AttachmentContent(media_type="application/pdf", data=b"%PDF" * 300),),
            ),
        ),
    )


def document_of(
    *opportunities: LearningOpportunity, learner: Learner = LEARNER, issuer: Issuer = LAKESIDE
) -> Document:
    """A document with one report of these studies."""
    report = Report(issuer=issuer, opportunities=opportunities, issued_at=GENERATED)
    return Document(generated_at=GENERATED, learner=learner, reports=(report,))


def sixty_courses() -> Document:
    """The size that SPEED and the decision speak of: three modules of twenty courses."""
    return document_of(*(_module(m, 20) for m in range(3)))


def many_courses(count: int) -> Document:
    """A flat list of so many courses."""
    return document_of(_module(0, count))


def _module(number: int, size: int) -> LearningOpportunity:
    parts = tuple(
        course(
            f"Course {number}-{n} with an ordinary title",
            code=f"C{number}{n:04d}",
            credit=ects("5"),
            grade=str(1 + n % 5),
            grading_scheme=FIVE_STEPS,
            completed=date(2025, 1 + n % 12, 15),
            term=AUTUMN,
            levels=(Level(type="EQF", value="6"),),
            language="en",
        )
        for n in range(size)
    )
    return course(f"Module {number}", code=f"M{number}", kind=LosType.MODULE, parts=parts)


SCRIPTS = {
    "Latin": ("Łukasz Žižek-Đặng Ñandú", "pl"),
    "Vietnamese": ("Nguyễn Thị Phương Thảo", "vi"),
    "Greek": ("Ελένη Παπαδοπούλου", "el"),
    "Cyrillic": ("Юлія Їжакевич", "uk"),
    "Hebrew": ("נועה בן־דוד", "he"),
    "Arabic": ("محمد عبد الرحمن", "ar"),
    "Devanagari": ("अर्चना शर्मा", "hi"),
    "Georgian": ("ქეთევან ბერიძე", "ka"),
    "Armenian": ("Անահիտ Սարգսյան", "hy"),
    "Bengali": ("রবীন্দ্রনাথ", "bn"),
    "Tamil": ("தமிழ்ச்செல்வன்", "ta"),
    "Thai": ("สมชาย ใจดี", "th"),
    "Ethiopic": ("አበበ ቢቂላ", "am"),
    "Chinese": ("欧阳娜娜 歐陽", "zh"),
    "Japanese": ("渡辺 さくら タナカ", "ja"),
    "Korean": ("김민준 한글", "ko"),
}
"""Names in many scripts, invented, with the language to tag them by."""


def many_scripts() -> Document:
    """Courses whose titles are names in every script that the fonts should have."""
    nodes = tuple(
        LearningOpportunity(
            specification=Specification(titles=(LangString(text, lang),)), instance=Instance()
        )
        for text, lang in SCRIPTS.values()
    )
    return document_of(*nodes)


HOSTILE = (
    '#strong[x] *b* _i_ `c` $x^2$ @ref <label> // no comment \\ "quoted" #import "a.typ": *',
    "= Heading\n- item\n+ one\n/ Term: x",
    "</Title><script>alert(1)</script>&amp;",
    "bell\x07 null\x00 escape\x1b[31m",
    "right to left \u202egnp.exe\u202c and \u2066isolated\u2069",
    "emoji 😀 and Mongolian ᠮᠣᠩᠭᠣᠯ",
    "lone \ud800 surrogate, private \ue000, mark \u0301\u0301\u093f without base",
    "W" * 700,
    "ﷺ" * 40,
    "{{ jinja }} %(percent)s {0} ${shell}",
    "object \ufffc and mark \ufeff",
    "שלום (world) 123, עולם",
)
"""Titles that try to be something else than text."""


def hostile() -> Document:
    """Every value is hostile; dates, credits and titles are missing."""
    nodes = [
        LearningOpportunity(
            specification=Specification(
                titles=(LangString(text, "!!"),), identifiers=(Identifier("local", text),)
            ),
            instance=Instance(
                grade=text,
                grading_scheme=GradingScheme(id=text),
                credits=(Credit(scheme=text), Credit(scheme="ects", value=Decimal("1E+3"))),
                levels=(Level(type=text, value=text),),
                language=text,
            ),
        )
        for text in HOSTILE
    ]
    nodes.append(LearningOpportunity(specification=Specification(titles=()), instance=Instance()))
    chain = course("the deepest")
    for level in range(40):
        chain = course(f"level {39 - level}", parts=(chain,))
    learner = Learner(given_names="#emph[Bobby]", family_name="\u202eTables\\")
    issuer = Issuer(identifiers=(), titles=(), url="", country="Narnia")
    return document_of(*nodes, chain, learner=learner, issuer=issuer)

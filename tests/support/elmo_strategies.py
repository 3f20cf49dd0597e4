"""Domain documents to test with: one that uses everything, and Hypothesis strategies for any other.

Not the product: only tests load it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import strategies as st

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
    Recognised,
    Report,
    ResultDistribution,
    ShortenedGrading,
    Specification,
    Status,
    StudyRecord,
    SupplementSection,
    select,
    texts,
)

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))
PDF = b"%PDF-1.7 a stand-in, not a page description"
ISSUER = Issuer(
    identifiers=(
        Identifier("schac", "saimaa.example"),
        Identifier("address", "Rantatie 1, Imatra"),
    ),
    titles=texts(en="Saimaa University", fi="Saimaan yliopisto"),
    url="https://saimaa.example/",
    country="FI",
)
OTHER_ISSUER = Issuer(
    identifiers=(Identifier("schac", "kallavesi.example"),),
    titles=texts(en="Kallavesi University"),
    url="https://kallavesi.example/",
    country="FI",
)


def transcript(id_: str = "transcript", data: bytes = PDF) -> Attachment:
    """Return the readable copy that every document needs."""
    return Attachment(
        id=id_,
        contents=(AttachmentContent(media_type="application/pdf", data=data, lang="en"),),
        titles=texts(en="Transcript"),
        type=AttachmentType.EMREX_TRANSCRIPT,
    )


def learner() -> Learner:
    return Learner(
        given_names="Aino Ilona",
        family_name="Järvinen",
        identifiers=(
            PersonIdentifier(PersonIdentifierType.ESI, "urn:schac:personalUniqueCode:int:esi:x:1"),
            PersonIdentifier(PersonIdentifierType.NATIONAL, "010100-123D"),
            PersonIdentifier(PersonIdentifierType.NATIONAL_LEARNER, "1.2.246.562.24.1"),
            PersonIdentifier(PersonIdentifierType.LOCAL, "s123"),
        ),
        birth_date=date(2000, 1, 1),
        citizenship="FI",
        place_of_birth="Imatra",
        birth_name="Aino Ilona Lampi",
        alternative_name=LangString("Айно Ярвинен", "ru"),
        gender=2,
    )


def record(
    key: str,
    parent: str | None = None,
    *,
    type_: LosType | None = LosType.COURSE,
    ects: str | None = None,
    issuer: Issuer = ISSUER,
    local: str | None = None,
    **changes: object,
) -> StudyRecord:
    """Return a row with little in it; ``changes`` go to its instance."""
    return StudyRecord(
        key=key,
        parent=parent,
        issuer=issuer,
        specification=Specification(
            titles=texts(en=f"Title {key}"),
            type=type_,
            identifiers=(Identifier("local", local or key),),
        ),
        instance=replace(
            Instance(credits=(Credit(scheme="ECTS", value=Decimal(ects)),) if ects else ()),
            **changes,  # type: ignore[arg-type]  # the caller names fields of Instance
        ),
    )


def maximal() -> Document:
    """Return a document that uses every field of the domain model."""
    scheme = GradingScheme(id="fi-0-5", descriptions=texts(en="0 to 5,\n5 is best", fi="0–5"))
    paper = Attachment(
        id="thesis",
        contents=(AttachmentContent(media_type="text/plain", data=b"abstract", lang="fi"),),
        titles=texts(en="Abstract"),
        type=AttachmentType.OTHER,
        descriptions=texts(en="What the thesis says"),
    )
    supplement = DiplomaSupplement(
        issue_date=date(2025, 6, 1),
        introduction="About this supplement",
        version="2018",
        lang="en",
        sections=(
            SupplementSection(
                number="1",
                title="Holder",
                sections=(
                    SupplementSection(number="1.1", title="Name", content="Järvinen"),
                    SupplementSection(
                        number="1.2",
                        title="Remarks",
                        content="<p>a ]]> b</p>",
                        media_type="text/html",
                        additional_information=("See 8.", "And 6.1"),
                        attachments=(paper,),
                    ),
                ),
            ),
        ),
    )
    extension = Extension('<x:note xmlns:x="urn:example:note" level="1"><x:by>host</x:by></x:note>')
    course = LearningOpportunity(
        specification=Specification(
            titles=texts(en="Limnology", fi="Limnologia"),
            type=LosType.COURSE,
            identifiers=(Identifier("local", "LIM1"), Identifier("ewp-los-id", "CR/1")),
            subject_area="07.1",
            isced_code="0521",
            url="https://saimaa.example/lim1",
            descriptions=texts(en="Lakes.\n\nAnd ponds."),
            descriptions_html=texts(en="<p>Lakes.</p><p>And ponds.</p>"),
            extensions=(extension,),
        ),
        instance=Instance(
            status=Status.PASSED,
            identifiers=(Identifier("ewp-loi-id", "CRI/1"),),
            start=date(2024, 9, 2),
            completed=date(2024, 12, 18),
            term=AcademicTerm(
                titles=texts(en="Autumn 2024", fi="Syksy 2024"),
                start=date(2024, 8, 1),
                end=date(2024, 12, 31),
            ),
            grade="5",
            grading_scheme=scheme,
            shortened_grading=ShortenedGrading(
                lower=Decimal("80.5"), equal=Decimal("12"), higher=Decimal("7.5")
            ),
            distribution=ResultDistribution(
                categories=(("0-2", 4), ("3-5", 16)), descriptions=texts(en="This year's course")
            ),
            credits=(
                Credit(scheme="ECTS", value=Decimal("5.0")),
                Credit(scheme="op", value=Decimal("5")),
                Credit(scheme="unknown figure"),
            ),
            levels=(
                Level(type="EQF", value="6", description="First cycle"),
                Level(type="FI-NQF", value="6"),
            ),
            language="fi",
            engagement_hours=Decimal("133.5"),
            attachments=(paper,),
            group=Group(
                type_id="cycle",
                type_titles=texts(en="Cycle"),
                id="basic",
                titles=texts(en="Basic studies"),
                sorting_key="010",
            ),
            extensions=(extension,),
        ),
    )
    degree = LearningOpportunity(
        specification=Specification(
            titles=texts(en="BSc"),
            type=LosType.DEGREE_PROGRAMME,
            identifiers=(Identifier("local", "BSC"),),
        ),
        instance=Instance(completed=date(2025, 5, 30), diploma_supplement=supplement),
        parts=(course,),
    )
    failed = LearningOpportunity(
        specification=Specification(
            titles=texts(en="Ice"), type=LosType.COURSE, identifiers=(Identifier("local", "ICE"),)
        ),
        instance=Instance(status=Status.FAILED, grade="0", grading_scheme=scheme),
    )
    records = Attachment(
        id="records",
        contents=(AttachmentContent(media_type="application/pdf", data=PDF),),
        type=AttachmentType.TRANSCRIPT_OF_RECORDS,
    )
    return Document(
        generated_at=NOW,
        learner=learner(),
        reports=(
            Report(
                issuer=ISSUER,
                opportunities=(degree, failed),
                issued_at=NOW,
                attachments=(records,),
            ),
            Report(
                issuer=OTHER_ISSUER, opportunities=(), issued_at=datetime(2026, 1, 1, tzinfo=UTC)
            ),
        ),
        attachments=(transcript(),),
        extensions=(extension,),
    )


# --- Hypothesis --------------------------------------------------------------------------------

NASTY = st.sampled_from(
    (
        "",
        " ",
        "<b>Ann</b> & Co",
        "]]>",
        "&#x202E;",
        "abc\u202edcb",
        "\u2066x",
        "a\x00b\x07c\ud800d\ufffe",
        "line\r\nline\u2028line\x85",
        "\t tab \n",
        "مريم الزهراء",
        "李小龍",
        "ᚠᚢᚦ \U0001d518\U0001d52b \U0001f469\u200d\U0001f393",
        "Ω" * 300,
        "\u200f\u05e9\u05dc\u05d5\u05dd\u200e",
        "é",
        "-->",
        "<!DOCTYPE x>",
        "javascript:alert(1)",
    )
)
TEXT = st.one_of(NASTY, st.text(max_size=20), st.text(alphabet="abcXYZ åäö", max_size=12))
TAGS = st.one_of(
    st.none(),
    st.sampled_from(
        (
            "en",
            "fi",
            "sv",
            "en-GB",
            "en_GB",
            "zh-Hant-TW",
            "und",
            "",
            "x",
            "1",
            "de-CH-1996",
            "i-a b",
        )
    ),
)
DATES = st.dates(min_value=date(1, 1, 1), max_value=date(9999, 12, 31))
MOMENTS = st.datetimes(
    min_value=datetime(2, 1, 1),  # noqa: DTZ001  # Hypothesis adds the zone
    max_value=datetime(9998, 1, 1),  # noqa: DTZ001  # as above
    timezones=st.sampled_from(
        (UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=1, minutes=39, seconds=49)))
    ),
)
NUMBERS = st.one_of(
    st.none(),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.sampled_from((Decimal("0"), Decimal("5"), Decimal("1E+9"), Decimal("0.000000001"))),
)
LANG_TEXTS = st.lists(st.builds(LangString, TEXT, TAGS), max_size=3).map(tuple)
IDENTIFIERS = st.lists(
    st.builds(Identifier, st.one_of(st.sampled_from(("local", "Local", "schac", "x")), TEXT), TEXT),
    max_size=3,
).map(tuple)
CONTENTS = st.lists(
    st.builds(
        AttachmentContent,
        media_type=st.one_of(st.just("application/pdf"), TEXT),
        data=st.binary(max_size=8),
        lang=TAGS,
    ),
    max_size=2,
).map(tuple)
ATTACHMENTS = st.lists(
    st.builds(
        Attachment,
        id=st.one_of(st.sampled_from(("a", "b")), TEXT),
        contents=CONTENTS,
        titles=LANG_TEXTS,
        type=st.one_of(
            st.none(),
            st.sampled_from(
                [
                    t
                    for t in AttachmentType
                    if t
                    not in {AttachmentType.EMREX_TRANSCRIPT, AttachmentType.TRANSCRIPT_OF_RECORDS}
                ]
            ),
        ),
        descriptions=LANG_TEXTS,
    ),
    max_size=2,
).map(tuple)
EXTENSIONS = st.lists(
    st.sampled_from(
        (
            Extension('<a xmlns="urn:example:a"/>'),
            Extension('<p:a xmlns:p="urn:example:p" p:q="1">x<p:b/>y</p:a>'),
            Extension("<?xml version='1.0'?><a xmlns='urn:example:a' xml:lang='en'>é &amp;</a>"),
        )
    ),
    max_size=1,
).map(tuple)
SHARES = st.decimals(min_value=0, max_value=100, places=1)
SECTIONS = st.recursive(
    st.builds(SupplementSection, number=TEXT, title=TEXT, content=st.one_of(st.none(), TEXT)),
    lambda inner: st.builds(
        SupplementSection,
        number=TEXT,
        title=TEXT,
        content=st.one_of(st.none(), TEXT),
        media_type=st.sampled_from(("text/plain", "text/html", "application/xml", "rubbish")),
        additional_information=st.lists(TEXT, max_size=2).map(tuple),
        attachments=ATTACHMENTS,
        sections=st.lists(inner, max_size=2).map(tuple),
    ),
    max_leaves=4,
)
TERMS = st.builds(
    AcademicTerm, titles=LANG_TEXTS, start=DATES, end=st.sampled_from((date(2024, 7, 31), date.max))
)
SPECIFICATIONS = st.builds(
    Specification,
    titles=LANG_TEXTS,
    type=st.one_of(st.none(), st.sampled_from(LosType)),
    identifiers=IDENTIFIERS,
    subject_area=st.one_of(st.none(), TEXT),
    isced_code=st.one_of(st.none(), TEXT, st.just("0521")),
    url=st.one_of(st.none(), TEXT, st.just("https://x.example/?a=1&b=2")),
    descriptions=LANG_TEXTS,
    descriptions_html=LANG_TEXTS,
    extensions=EXTENSIONS,
)
CREDITS = st.lists(
    st.builds(
        Credit,
        scheme=st.one_of(st.sampled_from(("ects", "ECTS", " Ects ", "op")), TEXT),
        value=NUMBERS,
    ),
    max_size=3,
).map(tuple)
INSTANCES = st.builds(
    Instance,
    status=st.sampled_from(Status),
    identifiers=IDENTIFIERS,
    start=st.one_of(st.none(), DATES),
    completed=st.one_of(st.none(), DATES),
    term=st.one_of(st.none(), TERMS),
    grade=st.one_of(st.none(), TEXT),
    grading_scheme=st.one_of(
        st.none(),
        st.builds(
            GradingScheme,
            id=st.one_of(st.sampled_from(("s", " s", "t")), TEXT),
            descriptions=LANG_TEXTS,
        ),
    ),
    shortened_grading=st.one_of(
        st.none(), st.builds(ShortenedGrading, lower=SHARES, equal=SHARES, higher=SHARES)
    ),
    distribution=st.one_of(
        st.none(),
        st.builds(
            ResultDistribution,
            categories=st.lists(st.tuples(TEXT, st.integers(-1, 10**20)), max_size=2).map(tuple),
            descriptions=LANG_TEXTS,
        ),
    ),
    credits=CREDITS,
    levels=st.lists(st.builds(Level, type=TEXT, value=TEXT, description=TEXT), max_size=2).map(
        tuple
    ),
    language=st.one_of(st.none(), TEXT, st.sampled_from(("fi", "EN", "sv-FI", "swe", "fi, en"))),
    engagement_hours=NUMBERS,
    attachments=ATTACHMENTS,
    group=st.one_of(
        st.none(),
        st.builds(
            Group,
            type_id=TEXT,
            type_titles=LANG_TEXTS,
            id=TEXT,
            titles=LANG_TEXTS,
            sorting_key=st.one_of(st.none(), TEXT),
        ),
    ),
    diploma_supplement=st.one_of(
        st.none(),
        st.builds(
            DiplomaSupplement,
            issue_date=DATES,
            introduction=TEXT,
            version=st.one_of(st.just("2018"), TEXT),
            lang=TAGS,
            sections=st.lists(SECTIONS, max_size=2).map(tuple),
        ),
    ),
    extensions=EXTENSIONS,
)
ISSUERS = st.one_of(
    st.sampled_from((ISSUER, OTHER_ISSUER)),
    st.builds(
        Issuer,
        identifiers=IDENTIFIERS,
        titles=LANG_TEXTS,
        url=st.one_of(TEXT, st.just("www.x.example")),
        country=st.one_of(st.none(), st.sampled_from(("FI", "UK", "XX", "fi"))),
    ),
)
LEARNERS = st.builds(
    Learner,
    given_names=TEXT,
    family_name=TEXT,
    identifiers=st.lists(
        st.builds(PersonIdentifier, st.sampled_from(PersonIdentifierType), TEXT),
        max_size=3,
        unique_by=lambda i: i.type,
    ).map(tuple),
    birth_date=st.one_of(st.none(), DATES),
    citizenship=st.one_of(st.none(), TEXT, st.just("fi")),
    place_of_birth=st.one_of(st.none(), TEXT),
    birth_name=st.one_of(st.none(), TEXT),
    alternative_name=st.one_of(st.none(), st.builds(LangString, TEXT, TAGS)),
    gender=st.one_of(st.none(), st.integers(-1, 10)),
)


@st.composite
def rows(draw: st.DrawFn, most: int = 8) -> tuple[StudyRecord, ...]:
    """Rows whose parents are any key at all: dangling, of another issuer, cyclic, twice."""
    count = draw(st.integers(1, most))
    keys = [f"k{n}" for n in range(count)]
    parents = st.one_of(st.none(), st.sampled_from([*keys, "nowhere"]))
    found = []
    for key in keys:
        found.append(
            StudyRecord(
                key=draw(st.sampled_from([key, key, key, keys[0]])),
                parent=draw(parents),
                issuer=draw(ISSUERS),
                specification=draw(SPECIFICATIONS),
                instance=draw(INSTANCES),
                recognised=draw(
                    st.one_of(
                        st.none(),
                        st.builds(Recognised, source=LANG_TEXTS, on=st.one_of(st.none(), DATES)),
                    )
                ),
            )
        )
    return tuple(found)


@st.composite
def documents(draw: st.DrawFn, most: int = 4) -> Document:
    """What the export makes of any rows and any choice of them, for any learner."""
    listed = draw(rows(most))
    chosen = draw(st.sets(st.sampled_from([r.key for r in listed]), min_size=1))
    return Document(
        generated_at=draw(MOMENTS),
        learner=draw(LEARNERS),
        reports=select(listed, chosen, draw(MOMENTS)),
        attachments=(transcript(draw(TEXT)), *draw(ATTACHMENTS)),
        extensions=draw(EXTENSIONS),
    )

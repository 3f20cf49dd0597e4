"""Single values as providers spell them: mended where there is one way to, left out otherwise."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from elmo_reading import course, file, instance_of, only_study, read, specification_of
from emrex_gateway.domain import (
    AcademicTerm,
    Credit,
    Identifier,
    LangString,
    Level,
    LosType,
    ResultDistribution,
    ShortenedGrading,
    texts,
)


@pytest.mark.parametrize(
    ("said", "day", "warnings"),
    [
        ("2014-11-28", date(2014, 11, 28), ()),
        (" 2014-11-28 ", date(2014, 11, 28), ()),
        ("2014-11-28+02:00", date(2014, 11, 28), ()),
        ("2014-11-28Z", date(2014, 11, 28), ()),
        ("2014-11-28T00:00:00.000+02:00", date(2014, 11, 28), ()),
        ("2014-11-31", None, ("date",)),
        ("28.11.2014", None, ("date",)),
        ("2012 Syksy", None, ("date",)),
        ("", None, ()),
    ],
)
def test_days(said: str, day: date | None, warnings: tuple[str, ...]) -> None:
    """Days with zones are in use in Finland and Denmark; a day keeps its own date."""
    instance, noted = instance_of(f"<date>{said}</date>")
    assert (day, warnings) == (instance.completed, noted)


@pytest.mark.parametrize(
    ("said", "value", "warnings"),
    [
        ("5", "5", ()),
        ("10.000", "10.000", ()),
        ("5.", "5", ()),
        ("7,5", "7.5", ("number-form",)),
        ("+5", "5", ("number-form",)),
        ("-5", None, ("number", "credit")),
        ("1e9", None, ("number", "credit")),
        ("NaN", None, ("number", "credit")),
        ("9" * 40, None, ("number", "credit")),
        ("five", None, ("number", "credit")),
    ],
)
def test_figures(said: str, value: str | None, warnings: tuple[str, ...]) -> None:
    """A figure has digits and one point; what would make sums absurd is no figure."""
    instance, noted = instance_of(f"<credit><scheme>ECTS</scheme><value>{said}</value></credit>")
    expected = Credit(scheme="ECTS", value=None if value is None else Decimal(value))
    assert ((expected,), warnings) == (instance.credits, noted)


def test_credits() -> None:
    """Several schemes, the level that ELMO 1 knows, and what says nothing."""
    instance, noted = instance_of(
        "<credit><scheme>ects</scheme><level>Master</level><value>5</value></credit>"
        "<credit><scheme>op</scheme></credit><credit/>"
        "<credit><value>3</value></credit>"
    )
    assert (
        Credit(scheme="ects", value=Decimal(5), level="Master"),
        Credit(scheme="op"),
        Credit(scheme="unknown", value=Decimal(3)),
    ) == instance.credits
    assert ("credit",) == noted


@pytest.mark.parametrize(
    ("said", "type_", "warnings"),
    [
        ("Degree Programme", LosType.DEGREE_PROGRAMME, ()),
        ("Degree", LosType.DEGREE_PROGRAMME, ()),
        ("COURSE", LosType.COURSE, ()),
        ("Class", LosType.CLASS, ()),
        ("Seminar", None, ("type",)),
    ],
)
def test_types(said: str, type_: LosType | None, warnings: tuple[str, ...]) -> None:
    """Case aside; a type that nobody knows is none."""
    specification, noted = specification_of(f"<type>{said}</type>")
    assert (type_, warnings) == (specification.type, noted)


def test_the_study_itself() -> None:
    """Every field of a LOS."""
    specification, noted = specification_of(
        '<title xml:lang="FI">Limnologia</title><title xml:lang="fi">Järvioppi</title>'
        '<title xml:lang="sv"/><identifier type="local"> LIM1 </identifier>'
        "<identifier>no type</identifier><identifier type='x'/><subjectArea>07.1</subjectArea>"
        "<iscedCode>0521</iscedCode><url>saimaa.example/lim1</url>"
        "<description>Lakes.\r\n\r\nAnd &lt;b&gt;ponds&lt;/b&gt;.</description>"
        '<descriptionHtml xml:lang="en">&lt;p onclick="x()"&gt;Lakes&lt;script&gt;x()&lt;/script&gt;'
        "&lt;/p&gt;</descriptionHtml>"
    )
    assert (LangString("Limnology"), LangString("Limnologia", "fi")) == specification.titles
    assert (Identifier("local", "LIM1"), Identifier("unknown", "no type")) == (
        specification.identifiers
    )
    assert ("07.1", "0521", "https://saimaa.example/lim1") == (
        specification.subject_area, specification.isced_code, specification.url,
    )  # fmt: skip
    assert (LangString("Lakes.\n\nAnd <b>ponds</b>."),) == specification.descriptions
    assert (LangString("<p>Lakes</p>", "en"),) == specification.descriptions_html
    assert ("language-twice",) == noted


def test_the_result_itself() -> None:
    """Every field of a LOI."""
    instance, noted = instance_of(
        '<identifier type="loi">1</identifier><start>2009-09-25</start><academicTerm>'
        '<title xml:lang="en">Autumn</title><start>2009-08-01</start><end>2009-12-31</end>'
        "</academicTerm><resultLabel> 5\n </resultLabel><shortenedGrading><percentageLower>62.3"
        "</percentageLower><percentageEqual>21.8</percentageEqual><percentageHigher>15.9"
        '</percentageHigher></shortenedGrading><resultDistribution><category label="5" count="4"/>'
        '<category label="x" count="-1"/><description>All</description></resultDistribution><level>'
        "<type>EQF</type><description>Sixth</description><value>6</value></level><level><type>EQF"
        "</type></level><languageOfInstruction>EN-gb</languageOfInstruction><engagementHours>133.5"
        "</engagementHours>"
    )
    term = AcademicTerm(titles=texts(en="Autumn"), start=date(2009, 8, 1), end=date(2009, 12, 31))
    assert (date(2009, 9, 25), term, "5", "en", Decimal("133.5")) == (
        instance.start, instance.term, instance.grade, instance.language, instance.engagement_hours,
    )  # fmt: skip
    shares = ShortenedGrading(lower=Decimal("62.3"), equal=Decimal("21.8"), higher=Decimal("15.9"))
    counts = ResultDistribution(categories=(("5", 4),), descriptions=(LangString("All"),))
    assert (shares, counts) == (instance.shortened_grading, instance.distribution)
    assert (Level(type="EQF", value="6", description="Sixth"),) == instance.levels
    assert () == noted


@pytest.mark.parametrize(
    ("piece", "warning"),
    [
        ("<academicTerm><title>F10</title></academicTerm>", "term"),
        ("<languageOfInstruction>fi, en</languageOfInstruction>", "language"),
        ("<languageOfInstruction>eng</languageOfInstruction>", "language"),
        ("<resultLabel>a</resultLabel><resultLabel>b</resultLabel>", "repeated"),
        ("<diplomaSupplement><issueDate>2020-01-01</issueDate></diplomaSupplement>", "supplement"),
        ("<attachments><ref>nowhere</ref></attachments>", "reference"),
        (f"<resultLabel>{'x' * 2000}</resultLabel>", "shortened"),
        ("<level><type>a</type><value>b</value></level>" * 60, "too-many"),
    ],
)
def test_what_is_left_out_is_told(piece: str, warning: str) -> None:
    """Each by its own code, which says nothing about the person."""
    _, noted = instance_of(piece)
    assert (warning,) == noted


def test_markup_inside_a_value_is_its_text() -> None:
    """A title is plain text: elements in it are read through, escaped ones stay as they are."""
    found = read(file(course().replace("Limnology", "<b>Lim</b>no&lt;i&gt;logy<![CDATA[&]]>")))
    assert "Limno<i>logy&" == only_study(found).specification.titles[0].value


def test_a_diploma_supplement() -> None:
    """Sections in sections, markup made harmless, a number where there is none."""
    instance, noted = instance_of(
        '<diplomaSupplement xml:lang="en"><version>2018</version><issueDate>2018-09-07</issueDate>'
        "<introduction>About</introduction><section number='2'><title>Holder</title><section>"
        "<title>Name</title><content type='html'>&lt;b onclick='x'&gt;Ola&lt;/b&gt;&lt;iframe&gt;"
        "</content><additionalInformation>More</additionalInformation></section></section>"
        "</diplomaSupplement>"
    )
    supplement = instance.diploma_supplement
    assert supplement is not None
    (outer,) = supplement.sections
    (inner,) = outer.sections
    assert ("2", "Holder", None, "text/plain") == (
        outer.number, outer.title, outer.content, outer.media_type,
    )  # fmt: skip
    assert ("1", "<b>Ola</b>", "text/html", ("More",)) == (
        inner.number, inner.content, inner.media_type, inner.additional_information,
    )  # fmt: skip
    assert (date(2018, 9, 7), "en", "About") == (
        supplement.issue_date, supplement.lang, supplement.introduction,
    )  # fmt: skip
    assert () == noted


def test_long_texts_end_where_they_were_cut() -> None:
    """A value has a limit, and whoever reads it sees that there was more."""
    instance, _ = instance_of(f"<resultLabel>{'x' * 2000}</resultLabel>")
    specification, _ = specification_of(f"<description>{'y' * 30_000}</description>")
    assert "x" * 999 + "…" == instance.grade
    assert "y" * 19_999 + "…" == specification.descriptions[0].value

"""What ELMO can carry beyond the known shape of a completed credit."""

from __future__ import annotations

import base64
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from emrex_gateway.domain import (
    AcademicTerm,
    AttachmentType,
    Credit,
    DiplomaSupplement,
    Extension,
    Group,
    LangString,
    Level,
    Recognised,
    ResultDistribution,
    ShortenedGrading,
    SupplementSection,
)


def test_everything_that_elmo_can_carry(row: Any, mapped: Any) -> None:
    """Each optional object arrives in the record."""
    pdf = base64.b64encode(b"%PDF-").decode()
    (record,) = mapped(
        row(
            startDate="2020-01-07",
            academicTerm={"name": {"en": "Spring"}, "startDate": "2020-01-01", "endDate": "2020-07-31"},
            levels=[{"type": "FiNQF", "value": 6, "description": "d"}],
            engagementHours="135,5",
            group={"typeId": "g", "typeName": {"en": "Parts"}, "id": "1", "name": {"en": "Basic"}, "sortingKey": 2},
            attachments=[{"id": "a", "type": "DIPLOMA", "name": {"en": "N"}, "content": pdf, "language": "EN"}],
            diplomaSupplement={
                "issueDate": "2020-06-01",
                "language": "en",
                "sections": [
                    {"number": 1, "title": "T", "content": "C", "additionalInformation": "I"},
                    {"number": "2", "title": "U", "sections": [{"number": "2.1", "title": "V"}]},
                ],
            },
            extensions=["<x xmlns='urn:x'/>"],
            targetExtensions="<y xmlns='urn:y'/>",
            recognition={"date": "2020-02-02", "sourceName": "Elsewhere"},
            assessment={
                "grade": {"code": "5"},
                "shortenedGrading": {"lower": "50,5", "equal": 20, "higher": 29.5},
                "resultDistribution": {"categories": [{"label": 5, "count": "3"}], "description": {"en": "All"}},
            },
            url="www.home.example/c1",
            subjectArea="11.1",
            iscedCode="0541",
            descriptionHtml={"en": "<p>x</p>"},
        )
    )  # fmt: skip
    instance, specification = record.instance, record.specification
    assert instance.start == date(2020, 1, 7)
    assert instance.term == AcademicTerm(
        titles=(LangString("Spring", "en"),), start=date(2020, 1, 1), end=date(2020, 7, 31)
    )
    assert instance.levels == (Level(type="FiNQF", value="6", description="d"),)
    assert instance.engagement_hours == Decimal("135.5")
    assert instance.group == Group(
        type_id="g",
        type_titles=(LangString("Parts", "en"),),
        id="1",
        titles=(LangString("Basic", "en"),),
        sorting_key="2",
    )
    (attachment,) = instance.attachments
    assert (attachment.id, attachment.type) == ("a", AttachmentType.DIPLOMA)
    assert attachment.contents[0].data == b"%PDF-"
    assert attachment.contents[0].media_type == "application/pdf"
    assert attachment.contents[0].lang == "en"
    assert instance.diploma_supplement == DiplomaSupplement(
        issue_date=date(2020, 6, 1),
        lang="en",
        sections=(
            SupplementSection(number="1", title="T", content="C", additional_information=("I",)),
            SupplementSection(
                number="2", title="U", sections=(SupplementSection(number="2.1", title="V"),)
            ),
        ),
    )
    assert instance.extensions == (Extension("<x xmlns='urn:x'/>"),)
    assert specification.extensions == (Extension("<y xmlns='urn:y'/>"),)
    assert record.recognised == Recognised(source=(LangString("Elsewhere"),), on=date(2020, 2, 2))
    assert instance.shortened_grading == ShortenedGrading(
        lower=Decimal("50.5"), equal=Decimal(20), higher=Decimal("29.5")
    )
    assert instance.distribution == ResultDistribution(
        categories=(("5", 3),), descriptions=(LangString("All", "en"),)
    )
    assert specification.url == "https://www.home.example/c1"
    assert specification.subject_area == "11.1"
    assert specification.isced_code == "0541"
    assert specification.descriptions_html == (LangString("<p>x</p>", "en"),)


def test_a_degree_programme_has_no_term(row: Any, mapped: Any) -> None:
    """EMREX: the academic term stands on courses."""
    term = {"name": "T", "startDate": "2020-01-01", "endDate": "2020-07-31"}
    (record,) = mapped(row(kind="DEGREE", type=1, academicTerm=term))
    assert record.instance.term is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("academicTerm", {"name": "T", "startDate": "2020-08-01", "endDate": "2020-07-31"}),
        ("academicTerm", {"startDate": "2020-01-01", "endDate": "2020-07-31"}),
        ("levels", [{"type": "EQF", "value": "9"}, {"type": "", "value": "1"}, "x"]),
        ("group", {"id": "1"}),
        ("attachments", [{"id": "a"}, {"content": "AAAA"}, {"id": "a", "content": "no base64!"}]),
        ("attachments", [{"id": "a", "content": "AAAA", "mediaType": "text/html\r\nX: y"}]),
        ("diplomaSupplement", {"issueDate": "2020-01-01"}),
        ("extensions", ["<x/>", "no XML", "<!DOCTYPE x []><x xmlns='urn:x'/>", 7, {}]),
        ("extensions", ["<elmo xmlns='https://github.com/emrex-eu/elmo-schemas/tree/v1'/>"]),
        ("recognition", {"sourceName": ""}),
        ("url", "javascript:alert(1)"),
        ("url", "https://user:pass@home.example/"),
        ("startDate", "2030-01-01"),
        ("minEduGuidanceArea", {"id": 6}),
    ],
)
def test_what_is_incomplete_is_left_out(row: Any, mapped: Any, name: str, value: Any) -> None:
    """Half an optional object is none, and the record does not suffer from it."""
    plain = row(minEduGuidanceArea=None)
    assert mapped(plain) == mapped({**plain, name: value})


@pytest.mark.parametrize(
    "assessment",
    [
        {"shortenedGrading": {"lower": 50, "equal": 20, "higher": 20}},
        {"shortenedGrading": {"lower": 50, "equal": 50}},
        {"resultDistribution": {"categories": []}},
        {"resultDistribution": {"categories": [{"label": "1", "count": 1.5}]}},
        {"resultDistribution": {"categories": [{"label": "1", "count": 1}, {"count": 1}]}},
    ],
)
def test_incomplete_statistics_are_left_out(row: Any, mapped: Any, assessment: Any) -> None:
    """Percentages that do not make 100 and histograms with holes would mislead."""
    (record,) = mapped(row(assessment=assessment))
    assert record.instance.shortened_grading is None
    assert record.instance.distribution is None


def test_a_file_may_be_referred_to(row: Any, mapped: Any) -> None:
    """A second record names the file by its id alone, before or after the first."""
    content = base64.b64encode(b"file").decode()
    first, second = mapped(
        row("a", attachments=[{"id": "f"}]),
        row("b", target="t2", attachments=[{"id": "f", "content": content}, {"id": "f"}]),
    )
    assert first.instance.attachments == second.instance.attachments
    assert len(first.instance.attachments) == 1


def test_their_names_for_things_are_settings(mapped: Any) -> None:
    """``renamed`` fits one object's property, or a property wherever it stands."""
    (record,) = mapped(
        {"avain": 1, "laajuus": "5", "kausi": {"nimi": "T", "alku": "2020-01-01", "loppu": "2020-02-01"}},
        renamed=(
            "completedCreditIdentifier=avain",
            "credit.scope = laajuus",
            "academicTerm=kausi",
            "academicTerm.name=nimi",
            "startDate=alku",
            "academicTerm.endDate=loppu",
        ),
    )  # fmt: skip
    assert record.key == "1"
    assert record.instance.credits == (Credit(scheme="ects", value=Decimal(5)),)
    assert record.instance.term is not None

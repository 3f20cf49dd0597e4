"""Whatever a host system holds and a student chooses: the file satisfies grammar and rules."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from elmo_strategies import documents
from emrex_gateway.domain import (
    DiplomaSupplement,
    Document,
    ElmoVersion,
    GradingScheme,
    Identifier,
    Instance,
    Issuer,
    Learner,
    LearningOpportunity,
    Report,
    Specification,
    SupplementSection,
    texts,
)
from emrex_gateway.elmo import check, write

AT = datetime(2020, 1, 1, tzinfo=UTC)


def _one_course(instance: Instance) -> Document:
    issuer = Issuer(
        identifiers=(Identifier("schac", "a.example"),),
        titles=texts(en="A"),
        url="https://a.example/",
    )
    course = LearningOpportunity(
        specification=Specification(titles=texts(en="Course")), instance=instance
    )
    return Document(
        generated_at=AT,
        learner=Learner(given_names="A", family_name="B"),
        reports=(Report(issuer=issuer, opportunities=(course,), issued_at=AT),),
    )


@pytest.mark.parametrize("version", list(ElmoVersion))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(document=documents())
def test_any_document_is_written_and_clean(version: ElmoVersion, document: Document) -> None:
    """``write`` never refuses what the export can make of rows, and ``check`` agrees with it."""
    written = write(document, version)
    assert () == check(written.xml)
    assert written == write(document, version)
    root = etree.fromstring(written.xml)
    assert {"{https://github.com/emrex-eu/elmo-schemas/tree/v1}elmo"} == {root.tag}
    assert b"ns0:" not in written.xml
    assert b"&#13;" not in written.xml


@pytest.mark.parametrize("version", list(ElmoVersion))
@pytest.mark.parametrize("name", ["0\xa00", " 0\u20090 ", "0\t\n0", "\xa0", ""])
def test_a_schemes_name_is_found_again(version: ElmoVersion, name: str) -> None:
    """Element and attribute spell a name alike, whatever spaces it holds: XML collapses four kinds."""
    described = GradingScheme(id=name, descriptions=texts(en="0 to 5"))
    document = _one_course(Instance(grading_scheme=described))

    root = etree.fromstring(write(document, version, readable_copy=False).xml)

    (reference,) = root.iter("{*}gradingSchemeLocalId")
    (scheme,) = root.iter("{*}gradingScheme")
    assert reference.text == scheme.get("localId")


@pytest.mark.parametrize(
    ("given", "expected"),
    [("2018", "2018"), (" 2007 ", "2007"), ("00000", "2018"), ("٢٠١٨", "2018"), ("", "2018")],
)
def test_a_supplements_version_is_a_year(given: str, expected: str) -> None:
    """What is no year of four digits gives way to the rules in force; it refuses no document."""
    section = SupplementSection(number="1", title="Holder")
    supplement = DiplomaSupplement(issue_date=AT.date(), sections=(section,), version=given)

    root = etree.fromstring(
        write(_one_course(Instance(diploma_supplement=supplement)), readable_copy=False).xml
    )

    assert [expected] == [node.text for node in root.iterfind(".//{*}diplomaSupplement/{*}version")]

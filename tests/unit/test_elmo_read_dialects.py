"""The forms in which providers send ELMO, each as a signed file with a key of ours, and the recorded ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from elmo_reading import NOW, course, file, only_study, read
from emrex_gateway import elmo
from emrex_gateway.domain import (
    AttachmentType,
    Credit,
    Identifier,
    LangString,
    Level,
    LosType,
    PersonIdentifier,
    PersonIdentifierType,
    ReadDocument,
    SignedElmo,
    Status,
    texts,
)
from emrex_gateway.errors import ElmoError
from emrex_gateway.network import unpack_elmo
from emrex_gateway.signing import WEAK, verify

PURL = "http://purl.org/net/elmo"
BEFORE_2016 = f"""<elmo xmlns="{PURL}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<report>
 <learner><identifier type="SSN">010100-123D</identifier><identifier type="no">7</identifier>
  <fullName>Aino Järvinen</fullName><givenNames>Aino</givenNames><familyName>Järvinen</familyName>
  <bday dtf="dd-MM-yyyy">01-02-2000</bday><countryOfBirth>Finland</countryOfBirth></learner>
 <issuer><identifier type="url">www.saimaa.example</identifier>
  <identifier type="Erasmus">SF SAIMAA01</identifier><title xml:lang="fi">Saimaan yliopisto</title></issuer>
 <learningOpportunitySpecification><description/><title xml:lang="fi">Limnologia</title>
  <title xml:lang="en"/><type>Degree</type><url/><qualification/>
  <credit><scheme>ECTS</scheme><value>0</value></credit><level>BACHELOR</level>
  <specifies><learningOpportunityInstance><date dtf="yyyy-MM-dd">2012-10-09</date>
   <start>2012</start><duration interval="semesters">1</duration></learningOpportunityInstance></specifies>
  <hasPart><learningOpportunitySpecification><identifier type="fs">LIM1</identifier>
   <identifier type="nus"/><identifier type="subjectArea">11.3</identifier><title>Lakes</title>
   <type>Module</type><credit><scheme>ECTS</scheme><value>2</value></credit><level/>
   <specifies><learningOpportunityInstance><start dtf="dd.MM.yyyy">01.09.2012</start>
    <result scheme="FI" xml:lang="fi">Hyv</result><gradingScheme/></learningOpportunityInstance></specifies>
  </learningOpportunitySpecification></hasPart>
  <hasPart><learningOpportunitySpecification><title>Ponds</title><credit><scheme>ECTS</scheme>
   <value>3</value></credit></learningOpportunitySpecification></hasPart>
 </learningOpportunitySpecification>
 <issueDate dtf="yyyy-MM-dd">2014-05-08</issueDate>
</report>{{}}</elmo>"""
SECOND = """<report><learner>{}</learner><issuer><title>Other</title></issuer>
<learningOpportunitySpecification><title>Second</title></learningOpportunitySpecification></report>"""


@pytest.mark.parametrize(
    ("namespace", "release", "warnings"),
    [
        (elmo.NAMESPACE, "1.x", ()),
        ("https://github.com/emrex-eu/elmo-schemas/tree/v1.3.0", "1.3.0", ("namespace",)),
        ("http://github.com/emrex-eu/elmo-schemas/tree/v1.6.0/", "1.6.0", ("namespace",)),
        ("", "none", ("namespace",)),
    ],
)
def test_namespaces(namespace: str, release: str, warnings: tuple[str, ...]) -> None:
    """Croatia's names a release, unsigned Danish files have none: the contents are the same."""
    about = '<identifier type="local">L</identifier><type>Course</type>'
    foreign = '<extension><x:y xmlns:x="urn:x">1</x:y></extension>'
    ours = read(file(course(about=about), outside=foreign))
    found = read(file(course(about=about), outside=foreign, namespace=namespace))
    assert ours.document == found.document
    assert ours.problems == found.problems
    assert (release, warnings) == (found.release, found.warnings)


def test_prefixes_are_only_spelling() -> None:
    """``ns0:`` before every name is in use."""
    plain = file(course())
    prefixed = re.sub(r"<(/?)(\w)", r"<\1ns0:\2", plain).replace("xmlns=", "xmlns:ns0=")
    assert read(plain).document == read(prefixed).document


@pytest.mark.parametrize(
    "xml",
    [
        '<elmo xmlns="urn:other"/>',
        '<elmo xmlns="https://github.com/emrex-eu/elmo-schemas/tree/master"/>',
        '<elmo xmlns="https://evil.example/?https://github.com/emrex-eu/elmo-schemas/tree/v1"/>',
    ],
)
def test_what_is_no_elmo_is_refused(xml: str) -> None:
    """A signature that holds does not make a document one of ours."""
    with pytest.raises(ElmoError, match="root"):
        read(xml)


def test_elmo_2_is_known_by_what_only_it_has() -> None:
    """The namespace is that of ELMO 1."""
    named = "<learner><givenNames>A</givenNames><familyName>B</familyName>{}</learner>"
    for piece in (
        "<alternativeName>A B</alternativeName>",
        "<dateOfBirth>2000-01-02</dateOfBirth>",
    ):
        assert "2.0" == read(file(course(), learner=named.format(piece))).release
    assert "1.x" == read(file(course(), learner=named.format("<bday>2000-01-02</bday>"))).release


def test_elmo_1_0() -> None:
    """No status, identifiers of Finland's own, an attachment that is none, ``www.`` for an address."""
    found = read(
        file(
            course("<resultLabel>Hyv</resultLabel>", "<type>Module</type>", status=""),
            learner='<learner><identifier type="SSN">010100-123D</identifier><givenNames>Aino'
            "</givenNames><familyName>Järvinen</familyName><bday>2000-01-02</bday></learner>",
            issuer='<issuer><country>FI</country><identifier type="Erasmus">SF SAIMAA01</identifier>'
            "<title>S</title><url>www.saimaa.example</url></issuer>",
            outside="<attachment><title>A</title><type>Transcript of Records</type><content>A"
            "</content></attachment>",
        )
    )
    (report,) = found.document.reports
    assert ((Identifier("erasmus", "SF SAIMAA01"),), "https://www.saimaa.example") == (
        report.issuer.identifiers, report.issuer.url,
    )  # fmt: skip
    assert Status.PASSED is only_study(found).instance.status
    assert {"attachment", "status-missing"} == set(found.warnings)
    assert (PersonIdentifier(PersonIdentifierType.NATIONAL, "010100-123D"),) == (
        found.document.learner.identifiers
    )


def test_denmark() -> None:
    """Days with zones, a level that is a dash, an issuer without address, types in the XML Schema's namespace."""
    content = (
        '<content xmlns:xs="http://www.w3.org/2001/XMLSchema" xsi:type="xs:string"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">data:application/pdf;base64,'
        "JVBERi0xLjQ=</content>"
    )
    found = read(
        file(
            course(
                "<start>2009-09-25+02:00</start><academicTerm><title>F10</title><start>2010-02-01"
                "+01:00</start><end>2010-08-31+02:00</end></academicTerm><resultLabel>10"
                "</resultLabel><credit><scheme>ECTS</scheme><level>-</level><value>10.000</value>"
                "</credit>",
                status="",
            ),
            issuer='<issuer><country>DK</country><identifier type="local">X</identifier>'
            '<title xml:lang="en">Unknown</title></issuer>',
            outside=f"<attachment><title>en</title><type>EMREX transcript</type>{content}</attachment>",
        )
    )
    instance = only_study(found).instance
    assert (date(2009, 9, 25), "10", (Credit(scheme="ECTS", value=Decimal("10.000")),)) == (
        instance.start, instance.grade, instance.credits,
    )  # fmt: skip
    assert instance.term is not None
    assert (date(2010, 2, 1), date(2010, 8, 31)) == (instance.term.start, instance.term.end)
    (attachment,) = found.document.attachments
    assert AttachmentType.EMREX_TRANSCRIPT is attachment.type
    assert b"%PDF-1.4" == attachment.contents[0].data
    assert {"issuer", "status-missing"} == set(found.warnings)
    assert found.problems


def test_before_2016() -> None:
    """Persons in reports, credits and levels with the study, grades as results, dates in their own formats."""
    found = read(BEFORE_2016.format(""))
    assert "0.x" == found.release
    learner = found.document.learner
    assert ("Aino", "Järvinen", date(2000, 2, 1)) == (
        learner.given_names, learner.family_name, learner.birth_date,
    )  # fmt: skip
    (report,) = found.document.reports
    assert ("https://www.saimaa.example", (Identifier("erasmus", "SF SAIMAA01"),)) == (
        report.issuer.url, report.issuer.identifiers,
    )  # fmt: skip
    assert datetime(2014, 5, 8, tzinfo=UTC) == report.issued_at
    (degree,) = report.opportunities
    first, second = degree.parts
    assert (LosType.DEGREE_PROGRAMME, texts(fi="Limnologia"), date(2012, 10, 9)) == (
        degree.specification.type, degree.specification.titles, degree.instance.completed,
    )  # fmt: skip
    assert (Level(type="level", value="BACHELOR"),) == degree.instance.levels
    assert ("Hyv", date(2012, 9, 1), (Credit(scheme="ECTS", value=Decimal(2)),), "11.3") == (
        first.instance.grade, first.instance.start, first.instance.credits,
        first.specification.subject_area,
    )  # fmt: skip
    assert (Credit(scheme="ECTS", value=Decimal(3)),) == second.instance.credits
    assert {"older-form", "generated-date", "time-zone", "status-missing", "date"} == set(
        found.warnings
    )


def test_a_format_of_dates_in_any_case() -> None:
    """Programs differ in which letters of it are large; a birth date that is lost costs an officer's time."""
    before = '<bday dtf="dd-MM-yyyy">'
    assert before in BEFORE_2016
    for spelt in ("DD-MM-YYYY", "dd-mm-yyyy"):
        xml = BEFORE_2016.format("").replace(before, f'<bday dtf="{spelt}">')
        assert date(2000, 2, 1) == read(xml).document.learner.birth_date


@pytest.mark.parametrize(
    ("learner", "same"),
    [
        pytest.param('<identifier type="SSN">010100-123d</identifier><givenNames>Aino</givenNames>'
                     "<familyName>Jarvinen</familyName>", True, id="same identifier"),
        pytest.param('<identifier type="SSN">020200-999X</identifier><givenNames>Aino</givenNames>'
                     "<familyName>Järvinen</familyName>", False, id="other identifier"),
        pytest.param("<givenNames>Aino</givenNames><familyName>Järvinen</familyName>"
                     "<fullName>Aino Järvinen</fullName><bday>2000-02-01</bday>", True, id="all equal"),
        pytest.param("<givenNames>Aino</givenNames><familyName>Järvinen</familyName>"
                     "<fullName>Aino Järvinen</fullName><bday>2000-02-02</bday>", False, id="other day"),
        pytest.param("", False, id="nobody"),
    ],
)  # fmt: skip
def test_reports_of_another_person_are_left_out(learner: str, same: bool) -> None:
    """Before 2016 each report named its person: what is not this person's goes to nobody."""
    found = read(BEFORE_2016.format(SECOND.format(learner)))
    assert (2 if same else 1) == len(found.document.reports)
    assert same is ("learner-differs" not in found.warnings)


def test_a_whole_name_is_not_divided_by_guessing() -> None:
    """Which part is the family's, only the person knows."""
    xml = BEFORE_2016.format("").replace(
        "<givenNames>Aino</givenNames><familyName>Järvinen</familyName>", ""
    )
    found = read(xml)
    assert ("", "Aino Järvinen") == (
        found.document.learner.given_names, found.document.learner.family_name,
    )  # fmt: skip
    assert "full-name" in found.warnings


def _sample(shared: Path, name: str) -> ReadDocument:
    """Return a recorded file; a signed one is verified with the certificate that came with it."""
    data = (shared / "data" / "elmo" / "samples" / name).read_bytes()
    if not name.endswith(".txt"):
        # What never had a signature, or an invented one, gets ours.
        return read(re.sub(rb"<Signature.*</Signature>", b"", data, flags=re.DOTALL))
    xml = unpack_elmo(data.decode("ascii")).xml
    (certificate,) = re.findall(rb"<X509Certificate>(.*?)</X509Certificate>", xml, re.DOTALL)
    return elmo.read(verify(SignedElmo(xml), [certificate], WEAK, now=NOW), now=NOW)


SAMPLES: Mapping[str, tuple[str, str, list[int], int, set[str]]] = {
    "signed-fi-rsa-sha1.b64gz.txt": (
        "0.x", "Keränen", [18, 22], 0,
        {"older-form", "generated-date", "time-zone", "status-missing", "date"},
    ),
    "signed-dk-rsa-sha1.b64gz.txt": ("1.x", "Hansen", [5], 1, {"issuer", "status-missing"}),
    "fi-kaisa-1.0.xml": ("1.x", "Keränen", [3], 0, {"attachment", "status-missing"}),
    "fi-ncp-my-elmo.xml": ("1.x", "Testaaja", [1], 0, {"issuer"}),
    "official-example.xml": (
        "1.x", "Rygielski", [6], 0, {"attachment", "status-missing", "reference"},
    ),
}  # fmt: skip
"""Release, family name, studies in each report, files, warnings."""


@pytest.mark.needs("shared")
@pytest.mark.parametrize("name", SAMPLES)
def test_recorded_files_are_read(shared: Path, name: str) -> None:
    """Two signed answers of providers in use and three examples: whose, how much, what was mended."""
    found = _sample(shared, name)
    counts = []
    for report in found.document.reports:
        work, count = list(report.opportunities), 0
        while work:
            count += 1
            work.extend(work.pop().parts)
        counts.append(count)
    files = sum(len(a.contents) for a in found.document.attachments)
    assert SAMPLES[name] == (
        found.release, found.document.learner.family_name, counts, files, set(found.warnings),
    )  # fmt: skip


@pytest.mark.needs("shared")
def test_the_recorded_danish_file_in_full(shared: Path) -> None:
    """One study to its last field, and the PDF that came along."""
    found = _sample(shared, "signed-dk-rsa-sha1.b64gz.txt")
    study = found.document.reports[0].opportunities[2]
    assert (LangString("Høst", "en"),) == study.specification.titles
    assert (Identifier("local", "EJK-HØE"),) == study.specification.identifiers
    assert (LosType.COURSE, "7", (Credit(scheme="ECTS", value=Decimal("10.000")),)) == (
        study.specification.type, study.instance.grade, study.instance.credits,
    )  # fmt: skip
    (content,) = found.document.attachments[0].contents
    assert content.data.startswith(b"%PDF-1.4")
    assert content.data.rstrip().endswith(b"%%EOF")
    assert 3 == len(found.identifiers)


@pytest.mark.needs("shared")
def test_every_release_of_the_schema_is_read(shared: Path) -> None:
    """Each official schema's own names of elements are known here, or known to be left out."""
    left_out = {"currentAddress", "ref"}  # an address is nobody's business but the university's
    sources = Path(elmo.__file__).parent.glob("_read*.py")
    code = "".join(source.read_text("utf-8") for source in sources)
    for schema in sorted((shared / "data" / "elmo").glob("v*/schema.xsd")):
        names = set(re.findall(r'element name="(\w+)"', schema.read_text("utf-8")))
        unknown = {name for name in names - left_out if f'"{name}"' not in code}
        assert unknown <= _SPELT, schema.parent.name


_SPELT = {"percentageEqual", "percentageHigher", "percentageLower"}
"""Names that are put together from their endings."""

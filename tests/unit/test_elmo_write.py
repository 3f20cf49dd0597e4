"""What ``write`` makes of each part of the domain model, and what it refuses."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from importlib.resources import files

import pytest
from lxml import etree

from elmo_mutations import everything
from elmo_strategies import ISSUER, NOW, OTHER_ISSUER, learner, maximal, record, transcript
from emrex_gateway.domain import (
    Attachment,
    AttachmentContent,
    AttachmentType,
    Credit,
    DiplomaSupplement,
    Document,
    ElmoVersion,
    Extension,
    GradingScheme,
    Identifier,
    Instance,
    Issuer,
    LangString,
    LearningOpportunity,
    PersonIdentifier,
    PersonIdentifierType,
    Report,
    Specification,
    StudyRecord,
    SupplementSection,
    select,
    texts,
)
from emrex_gateway.elmo import NAMESPACE, check, grammar, write
from emrex_gateway.elmo._codes import COUNTRIES
from emrex_gateway.elmo._tree import MAX_LEVELS
from emrex_gateway.errors import ElmoError

N = {"e": NAMESPACE}
XS = "{http://www.w3.org/2001/XMLSchema}"


def document(*records: StudyRecord, **changes: object) -> Document:
    made = Document(
        generated_at=NOW,
        learner=learner(),
        reports=select(records, {r.key for r in records}, NOW),
        attachments=(transcript(),),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # the caller names fields


def written(made: Document, version: ElmoVersion = ElmoVersion.V1_7) -> etree._Element:
    return etree.fromstring(write(made, version).xml)


def found(root: etree._Element, path: str) -> list[str]:
    """Return the texts (or attribute values) at an XPath."""
    results = root.xpath(path, namespaces=N)
    assert isinstance(results, list)
    return [r if isinstance(r, str) else (getattr(r, "text", None) or "") for r in results]


def schema_names(*names: str) -> tuple[set[str], set[str]]:
    """Return the elements and the attributes that our grammar files declare."""
    elements: set[str] = set()
    attributes: set[str] = set()
    for name in names:
        tree = etree.fromstring((files("emrex_gateway.elmo") / "_grammar" / name).read_bytes())
        elements |= {str(e.get("name")) for e in tree.iter(f"{XS}element") if e.get("name")}
        attributes |= {str(a.get("name")) for a in tree.iter(f"{XS}attribute") if a.get("name")}
    return elements, attributes


SHARED_GRAMMARS = ("common.xsd", "signature.xsd", "address.xsd", "ewp.xsd", "xml.xsd")


@pytest.mark.parametrize(
    ("version", "name"), [(ElmoVersion.V1_7, "elmo1.xsd"), (ElmoVersion.V2_0, "elmo2.xsd")]
)
def test_the_document_with_everything_has_everything(version: ElmoVersion, name: str) -> None:
    """The mutations' seed holds each element and attribute that the grammar declares."""
    elements, attributes = schema_names(name, *SHARED_GRAMMARS)
    seed = everything(version)
    grammar(version).assertValid(seed)
    assert set() == elements - {etree.QName(e).localname for e in seed.iter(etree.Element)}
    used = {etree.QName(a).localname for e in seed.iter(etree.Element) for a in e.attrib}
    assert set() == attributes - used


LEFT_OUT = {
    # of other parties, or of the signer
    *("currentAddress", "Signature", "resultOfRecognition", "gradingSchemeExternalId"),
}


def test_the_writer_uses_every_element_that_the_domain_model_can_fill() -> None:
    """From the maximal document comes every element of ELMO 1.7 but those that others fill."""
    elements, attributes = schema_names("elmo1.xsd", "common.xsd")
    root = written(maximal())
    own = {etree.QName(e).localname for e in root.iter(f"{{{NAMESPACE}}}*")}
    assert elements - own <= LEFT_OUT
    assert set() == attributes - {etree.QName(a).localname for e in root.iter() for a in e.attrib}


def test_the_country_list_is_the_grammars() -> None:
    """The codes that the writer lets through are exactly those that the grammar knows."""
    tree = etree.fromstring(
        (files("emrex_gateway.elmo") / "_grammar" / "countries.xsd").read_bytes()
    )
    assert COUNTRIES == {e.get("value") for e in tree.iter(f"{XS}enumeration")}


def test_the_file_is_compact_utf8_in_the_default_namespace() -> None:
    """Deterministic, no prefixes for ELMO, no white space between elements, nothing after the root."""
    xml = write(maximal()).xml
    assert xml == write(maximal()).xml
    assert xml.startswith(
        b"<?xml version='1.0' encoding='UTF-8'?>\n<elmo xmlns=\"" + NAMESPACE.encode() + b'">'
    )
    assert xml.endswith(b"</elmo>")
    assert b"Schema-instance" not in xml
    root = etree.fromstring(xml)
    assert [] == [e.tag for e in root.iter(f"{{{NAMESPACE}}}*") if (e.tail or "").strip() or e.tail]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("a & b ]]> c", "a & b ]]> c"),
        ("  two\n lines\t", "two lines"),
        ("bell\x07 null\x00", "bell null"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("\u202eevil\u202c name", "evil name"),
        ("\u2067مريم\u2069", "مريم"),
        ("\u200f\u05e9\u05dc\u05d5\u05dd", "\u200f\u05e9\u05dc\u05d5\u05dd"),
        ("नर्\u200dमदा", "नर्\u200dमदा"),
        ("李小龍", "李小龍"),
        ("", ""),
    ],
)
def test_names_arrive_as_they_are_read(given: str, expected: str) -> None:
    """Markup is text, control and overriding characters go, joiners and marks of scripts stay."""
    root = written(document(record("a"), learner=replace(learner(), family_name=given)))
    assert [expected] == found(root, "e:learner/e:familyName")


def test_languages_are_tags_or_left_out() -> None:
    """``xml:lang`` is well-formed BCP 47; an unknown language is not guessed."""
    titles = (
        LangString("a", "en_GB"),
        LangString("b", "und"),
        LangString("c", "not a tag"),
        LangString("d", None),
        LangString("e", "zh-Hant"),
        LangString("", "fi"),
    )
    row = record("x")
    row = replace(row, specification=replace(row.specification, titles=titles))
    root = written(document(row))
    langs = [
        e.get("{http://www.w3.org/XML/1998/namespace}lang")
        for e in root.iterfind(".//e:learningOpportunitySpecification/e:title", N)
    ]
    assert ["en-GB", None, None, None, "zh-Hant"] == langs


@pytest.mark.parametrize(
    ("specification", "expected"),
    [
        (Specification(titles=(), identifiers=(Identifier("local", "LIM1"),)), "LIM1"),
        (Specification(titles=(*texts(en=" "), LangString("\x00"))), "Untitled"),
    ],
)
def test_a_record_without_title_gets_one(specification: Specification, expected: str) -> None:
    """The annotation of ``title``: made from the identifier or the type."""
    row = replace(record("a"), specification=specification)
    assert [expected] == found(
        written(document(row)), ".//e:learningOpportunitySpecification/e:title"
    )


def test_one_language_of_instruction_or_none() -> None:
    """One ISO 639-1 code; what is no such code is left out."""
    for given, expected in [
        ("fi", ["fi"]),
        ("EN", ["en"]),
        ("sv-FI", ["sv"]),
        ("fin", []),
        ("fi, en", []),
    ]:
        root = written(document(record("a", language=given)))
        assert expected == found(root, ".//e:languageOfInstruction")


def test_credits_are_written_as_they_count() -> None:
    """ECTS in lower case, with a figure, once; other schemes as they are; no exponents."""
    credits_ = (
        Credit(scheme="ECTS"),
        Credit(scheme=" Ects", value=Decimal("1E+1")),
        Credit(scheme="ects", value=Decimal(9)),
        Credit(scheme="op", value=Decimal("0.50")),
        Credit(scheme="NaN", value=Decimal("NaN")),
    )
    made = document(record("a"))
    (top,) = made.reports[0].opportunities
    top = replace(top, instance=replace(top.instance, credits=credits_))
    root = written(replace(made, reports=(replace(made.reports[0], opportunities=(top,)),)))
    assert ["ects", "op", "NaN"] == found(root, ".//e:credit/e:scheme")
    assert ["10", "0.50"] == found(root, ".//e:credit/e:value")


def test_dates_carry_their_zone() -> None:
    """Offsets stay; one that XML cannot say becomes UTC; fractions of a second go."""
    odd = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=1, minutes=39, seconds=49)))
    made = document(record("a"), generated_at=NOW.replace(microsecond=5))
    made = replace(made, reports=(replace(made.reports[0], issued_at=odd),))
    root = written(made)
    assert ["2026-03-01T12:30:00+02:00"] == found(root, "e:generatedDate")
    assert ["2026-01-01T10:20:11+00:00"] == found(root, "e:report/e:issueDate")


def test_a_time_without_zone_is_refused() -> None:
    """There is no telling when it was."""
    with pytest.raises(ElmoError, match="time zone"):
        write(document(record("a"), generated_at=datetime(2026, 1, 1)))  # noqa: DTZ001  # the point


def test_grading_schemes_are_described_once_and_told_apart() -> None:
    """One description a scheme; another scheme of the same name gets a name of its own."""
    five = GradingScheme(id="scale", descriptions=texts(en="0 to 5"))
    two = GradingScheme(id=" scale ", descriptions=texts(en="pass or fail"))
    vague = GradingScheme(id="scale")
    root = written(
        document(
            record("v", grading_scheme=vague),
            record("a", grading_scheme=five),
            record("b", grading_scheme=five),
            record("c", grading_scheme=two),
            record("d", grading_scheme=two, issuer=OTHER_ISSUER),
        )
    )
    assert ["scale", "scale", "scale", "scale-2", "scale-2"] == found(
        root, ".//e:gradingSchemeLocalId"
    )
    assert ["scale", "scale-2"] == found(root, "e:report[1]/e:gradingScheme/@localId")
    assert ["pass or fail"] == found(root, "e:report[2]/e:gradingScheme/e:description")


def pdf(id_: str, data: bytes = b"%PDF-1", type_: AttachmentType | None = None) -> Attachment:
    return Attachment(
        id=id_, contents=(AttachmentContent(media_type="application/pdf", data=data),), type=type_
    )


def test_attachments_stand_in_the_report_once_and_are_referred_to() -> None:
    """Two LOIs with one file; another file of the same name; the transcript outside."""
    root = written(
        document(
            record("a", attachments=(pdf("x"), pdf("x"))),
            record("b", attachments=(pdf("x"), pdf("x", b"%PDF-2"))),
        )
    )
    assert ["x", "x", "x-2"] == found(root, ".//e:attachments/e:ref")
    assert ["x", "x-2"] == found(root, "e:report/e:attachment/e:identifier")
    uris = found(root, "e:report/e:attachment/e:content")
    assert [b"%PDF-1", b"%PDF-2"] == [base64.b64decode(u.partition(",")[2]) for u in uris]
    assert ["transcript"] == found(root, "e:attachment/e:identifier[@type='internal']")


def test_a_document_without_readable_copy_is_refused_unless_asked_for() -> None:
    """What leaves has a PDF; a conversion for support may do without."""
    bare = document(record("a"), attachments=())
    with pytest.raises(ElmoError, match="readable-copy"):
        write(bare)
    assert () == check(write(bare, readable_copy=False).xml, readable_copy=False)


@pytest.mark.parametrize(
    "xml",
    [
        "no xml",
        "<a/>",
        "<a xmlns='urn:a'/><b xmlns='urn:b'/>",
        f"<elmo xmlns='{NAMESPACE}'/>",
        f"<a xmlns='urn:a'><elmo xmlns='{NAMESPACE}'/></a>",
        "<a xmlns='urn:a'><b xmlns=''/></a>",
        "<a xmlns='urn:a'><s:Signature xmlns:s='http://www.w3.org/2000/09/xmldsig#'/></a>",
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a xmlns='urn:a'>&x;</a>",
        "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a xmlns='urn:a'/>",
        "<a xmlns='urn:a'><!-- c --></a>",
        "<a xmlns='urn:a'>&undefined;</a>",
        "<a xmlns='urn:a'>\ud800</a>",
        "<a xmlns='urn:a'>" + "<a>" * 40 + "</a>" * 40 + "</a>",
        "<a xmlns='urn:a'>" + "x" * 1_000_001 + "</a>",
    ],
)
def test_extensions_of_any_other_kind_are_refused(xml: str) -> None:
    """One well-formed element of a foreign namespace, nothing that a receiver could take for ELMO."""
    with pytest.raises(ElmoError, match="extension"):
        write(document(record("a"), extensions=(Extension(xml),)))


def test_an_extension_keeps_its_own_namespace_and_loses_schema_hints() -> None:
    """The element arrives as it was, without pointing receivers' parsers at files."""
    xsi = "http://www.w3.org/2001/XMLSchema-instance"
    xml = f"<a xmlns='urn:a' xmlns:i='{xsi}' i:schemaLocation='urn:a file:///a.xsd' b='1'>é</a>"
    root = written(document(record("a"), extensions=(Extension(xml),)))
    (element,) = root.findall("e:extension/{urn:a}a", N)
    assert ({"b": "1"}, "é") == (dict(element.attrib), element.text)


def deep(levels: int) -> tuple[LearningOpportunity, ...]:
    parts: tuple[LearningOpportunity, ...] = ()
    for _ in range(levels):
        parts = (
            LearningOpportunity(
                specification=Specification(titles=texts(en="t")), instance=Instance(), parts=parts
            ),
        )
    return parts


def test_a_tree_that_receivers_could_not_parse_is_refused() -> None:
    """Down to MAX_LEVELS a default libxml2 parser reads the file; beyond, the error says why."""
    report = Report(issuer=ISSUER, opportunities=deep(MAX_LEVELS), issued_at=NOW)
    assert etree.fromstring(write(document(reports=(report,))).xml) is not None
    report = replace(report, opportunities=deep(MAX_LEVELS + 1))
    with pytest.raises(ElmoError, match=f"{MAX_LEVELS} levels"):
        write(document(reports=(report,)))


def test_what_breaks_a_rule_is_refused_without_naming_anybody() -> None:
    """A document that select did not make: two levels of ECTS. The error names rule and place."""
    five = (Credit(scheme="ects", value=Decimal(5)),)
    child = LearningOpportunity(
        specification=Specification(titles=texts(en="Secret Studies")),
        instance=Instance(credits=five),
    )
    parent = replace(child, parts=(child,))
    report = Report(issuer=ISSUER, opportunities=(parent,), issued_at=NOW)
    with pytest.raises(ElmoError, match=r"\[ects\]") as caught:
        write(document(reports=(report,)))
    assert "Secret" not in str(caught.value)


def test_a_document_without_reports_and_a_huge_attachment_are_refused() -> None:
    """The schema wants a report; parsers stop at ten million characters a value."""
    with pytest.raises(ElmoError, match="without reports"):
        write(document())
    with pytest.raises(ElmoError, match="too large"):
        write(document(record("a"), attachments=(transcript(data=b"%PDF-" + b"x" * 8_000_000),)))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("www.x.example", "https://www.x.example"),
        ("javascript:alert(1)", "https://unknown.invalid/"),
        ("", "https://unknown.invalid/"),
        ("ftp://x.example", "https://unknown.invalid/"),
        ("http://x.example/a b", "http://x.example/a%20b"),
    ],
)
def test_an_issuer_always_has_identifier_title_and_address(url: str, expected: str) -> None:
    """Fallback issuers included; the identifier is guessed from the address, as the schema advises."""
    report = Report(
        issuer=Issuer(identifiers=(), titles=(), url=url, country="XX"),
        opportunities=(),
        issued_at=NOW,
    )
    root = written(document(reports=(report,)))
    assert [expected] == found(root, "e:report/e:issuer/e:url")
    assert 1 == len(found(root, "e:report/e:issuer/e:identifier"))
    assert 1 == len(found(root, "e:report/e:issuer/e:title"))
    assert [] == found(root, "e:report/e:issuer/e:country")


def test_elmo_2_differs_where_it_must() -> None:
    """``dateOfBirth``, an obligatory alternative name, an identifier for each LOS."""
    bare = replace(record("a"), specification=Specification(titles=texts(en="A")))
    root = written(document(bare, record("b")), ElmoVersion.V2_0)
    assert (["2000-01-01"], []) == (found(root, "e:learner/e:dateOfBirth"), found(root, "//e:bday"))
    assert ["Айно Ярвинен"] == found(root, "e:learner/e:alternativeName[@xml:lang='ru']")
    los = ".//e:learningOpportunitySpecification/e:identifier"
    assert ["emrex-gateway", "local"] == found(root, f"{los}/@type")
    nameless = replace(learner(), alternative_name=None)
    root = written(document(bare, learner=nameless), ElmoVersion.V2_0)
    assert ["Aino Ilona Järvinen"] == found(root, "e:learner/e:alternativeName[not(@xml:lang)]")


def test_a_supplement_always_has_a_version_and_numbers() -> None:
    """Version, section numbers in the schema's form, markup in CDATA; one without sections is none."""
    sections = (
        SupplementSection(number="A", title="a"),
        SupplementSection(
            number="2",
            title="b",
            content="<p>x</p>",
            media_type="text/html",
            sections=(SupplementSection(number="", title="c"),),
        ),
    )
    supplement = DiplomaSupplement(issue_date=date(2025, 1, 1), sections=sections, version="")
    xml = write(document(record("a", diploma_supplement=supplement))).xml
    root = etree.fromstring(xml)
    assert ["2018"] == found(root, ".//e:diplomaSupplement/e:version")
    assert ["1", "2", "2.1"] == found(root, ".//e:section/@number")
    assert b'<content type="text/html"><![CDATA[<p>x</p>]]></content>' in xml
    empty = replace(supplement, sections=())
    assert [] == found(
        written(document(record("a", diploma_supplement=empty))), "//e:diplomaSupplement"
    )
    nested: tuple[SupplementSection, ...] = ()
    for _ in range(21):
        nested = (SupplementSection(number="1", title="t", sections=nested),)
    with pytest.raises(ElmoError, match="supplement"):
        write(document(record("a", diploma_supplement=replace(supplement, sections=nested))))


def test_markup_descriptions_come_with_plain_ones() -> None:
    """``descriptionHtml`` alone is bad form: its text goes into ``description``."""
    row = record("a")
    html = texts(en="<p>One &amp; two</p><ul><li>three</li></ul><script>four()</script>")
    row = replace(row, specification=replace(row.specification, descriptions_html=html))
    root = written(document(row))
    assert ["One & two\nthree"] == found(root, ".//e:description")
    assert [html[0].value] == found(root, ".//e:descriptionHtml")


def test_learner_identifiers_without_value_are_left_out() -> None:
    """An empty identifier says nothing."""
    person = replace(
        learner(),
        identifiers=(PersonIdentifier(PersonIdentifierType.ESI, " \x00"),),
        gender=5,
        citizenship="Finland",
    )
    root = written(document(record("a"), learner=person))
    assert [] == found(root, "e:learner/e:identifier")
    assert [] == found(root, "e:learner/e:gender")
    assert [] == found(root, "e:learner/e:citizenship")


def test_five_thousand_records_in_one_file() -> None:
    """A large export in one report, all of it checked."""
    rows = [record("top", type_=None)]
    rows += [record(f"{n}", "top", ects="5") for n in range(4999)]
    root = written(document(*rows))
    assert 5000 == len(root.findall(".//e:learningOpportunityInstance", N))
    assert datetime.fromisoformat(found(root, "e:generatedDate")[0]).astimezone(UTC) == NOW

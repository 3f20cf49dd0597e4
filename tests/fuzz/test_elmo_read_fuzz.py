"""Whatever a signature covers, the reader gives a document within its limits or ``ElmoError``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from elmo_mutations import Mutation
from elmo_reading import NOW, read
from elmo_strategies import maximal
from emrex_gateway import elmo
from emrex_gateway.domain import ElmoVersion, Extension, ReadDocument
from emrex_gateway.errors import ElmoError
from emrex_gateway.store._codec import pack, unpack

OTHERS = ("", "http://purl.org/net/elmo", "https://github.com/emrex-eu/elmo-schemas/tree/v1.3.0")
DECEPTIVE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
LONGEST = 100_001

_NAMES = (
    "elmo generatedDate learner citizenship identifier givenNames familyName fullName bday dateOfBirth"
    " alternativeName placeOfBirth birthName gender report issuer country title url issueDate"
    " gradingScheme attachment content type description extension groups groupType group specifies"
    " learningOpportunitySpecification learningOpportunityInstance hasPart subjectArea iscedCode"
    " descriptionHtml start date academicTerm end status gradingSchemeLocalId gradingSchemeExternalId"
    " resultLabel result shortenedGrading percentageLower percentageEqual percentageHigher"
    " resultDistribution category credit scheme level value languageOfInstruction engagementHours"
    " attachments ref grouping diplomaSupplement version introduction section additionalInformation"
    " resultOfRecognition recognitionResult recognitionBasis recognitionReport recognitionMapping mapping"
    " fromMapping toMapping decisionDate unknown"
)
_ATTRIBUTES = "type localId id idref typeref number count label dtf sortingKey"
NAMES = _NAMES.split()
ATTRIBUTES = [*_ATTRIBUTES.split(), "{http://www.w3.org/XML/1998/namespace}lang"]
WORDS = st.sampled_from(
    ["", " ", "a", "internal", "local", "esi", "nationalIdentifier", "s", "t", "ECTS", "5", "-5",
     "1e5", "7,5", "9" * 50, "2020-01-01", "0001-01-01", "9999-12-31T23:59:59-14:00", "2020-13-45",
     "0001-01-01T00:00:00+14:00", "01.02.2020", "dd.MM.yyyy", "yyyy-MM-dd", "passed", "failed",
     "Course", "Degree Programme", "FI", "en", "xx-invalid-tag-", "1", "0521", "text/html", "html",
     "<p onclick=x>y</p>&#x202e;&#0;<script>", "a\u202eb\u0085c\u200f", "😀\ufffe"[:1], "x" * 1500,
     "data:application/pdf;base64,JVBERi0xLjQ=", "data:,x", "data:text/html,%3Cb%3E", "data:;base64,",
     "JVBERi0x" * 20, "javascript:alert(1)", "https://a.example/?q=[", "http://[::1", "www.a.example"]
)  # fmt: skip
TEXTS = st.one_of(
    WORDS, WORDS, st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=20)
)


@st.composite
def trees(draw: st.DrawFn, depth: int = 0) -> etree._Element:
    """Elements of ELMO's names in any order, number and place."""
    name = draw(st.sampled_from(NAMES))
    element = etree.Element(elmo_name(name))
    element.text = draw(TEXTS) or None
    for attribute in draw(st.lists(st.sampled_from(ATTRIBUTES), max_size=2, unique=True)):
        element.set(attribute, draw(TEXTS))
    if depth < 4:
        element.extend(draw(st.lists(trees(depth + 1), max_size=3)))
    return element


def elmo_name(name: str) -> str:
    return f"{{{elmo.NAMESPACE}}}{name}"


@cache
def rich(version: ElmoVersion) -> bytes:
    return elmo.write(maximal(), version).xml


@st.composite
def spoilt(draw: st.DrawFn) -> etree._Element:
    """A document with every element of the model, some of them changed, moved, repeated or gone."""
    root = etree.fromstring(rich(draw(st.sampled_from(list(ElmoVersion)))))
    for _ in range(draw(st.integers(1, 6))):
        every = [e for e in root.iter(etree.Element) if e is not root]
        if every:
            draw(st.sampled_from(CHANGES))(draw(st.sampled_from(every)))
    for element in draw(st.lists(trees(1), max_size=4)):
        places = [root, *root.iter(elmo_name("report"), elmo_name("learningOpportunityInstance"))]
        draw(st.sampled_from(places)).append(element)
    some = [e for e in root.iter(etree.Element) if not len(e)]
    for element in draw(st.lists(st.sampled_from(some), max_size=6)):
        element.text = draw(TEXTS)
    return root


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


def _repeat(element: etree._Element) -> None:
    parent = element.getparent()
    assert parent is not None
    for _ in range(3):
        parent.append(etree.fromstring(etree.tostring(element, with_tail=False)))


def _to_the_top(element: etree._Element) -> None:
    element.getroottree().getroot().append(element)


def _hollow(element: etree._Element) -> None:
    for child in list(element):
        element.remove(child)
    element.text = None


CHANGES: list[Mutation] = [_remove, _repeat, _to_the_top, _hollow]


def values(found: object) -> list[str]:
    """Every text in a value of the domain, except serialised XML and the names of enumerations."""
    texts, work = [], [found]
    while work:
        at = work.pop()
        if isinstance(at, str):
            texts.append(at)
        elif isinstance(at, tuple):
            work.extend(at)
        elif is_dataclass(at) and not isinstance(at, Extension):
            work.extend(getattr(at, field.name) for field in fields(at))
    return texts


def marked_up(found: ReadDocument) -> Iterator[str]:
    """Every text that a page may show as markup."""
    work = [study for report in found.document.reports for study in report.opportunities]
    while work:
        study = work.pop()
        work.extend(study.parts)
        yield from (text.value for text in study.specification.descriptions_html)
        supplement = study.instance.diploma_supplement
        sections = list(supplement.sections) if supplement else []
        while sections:
            section = sections.pop()
            sections.extend(section.sections)
            if section.media_type == "text/html" and section.content:
                yield section.content


def check(found: ReadDocument) -> None:
    """What holds for anything that was read."""
    for text in values(found):
        assert len(text) < LONGEST
        assert not DECEPTIVE.search(text)
    assert set(found.warnings) <= set(elmo.REMARKS)
    assert found.document.generated_at.utcoffset() is not None
    for report in found.document.reports:
        assert report.issued_at.utcoffset() is not None
        assert report.issuer.identifiers
        assert report.issuer.titles
        assert report.issuer.url.startswith(("http://", "https://"))
    assert found == unpack(pack(found), ReadDocument)
    for markup in marked_up(found):
        assert markup == elmo.clean_html(markup)
    with suppress(ElmoError):
        elmo.write(found.document, readable_copy=False)


def check_unless_two(root: etree._Element, xml: bytes) -> None:
    """Only a file with two people in it is refused."""
    if len(root.findall(elmo_name("learner"))) > 1 and b"purl.org" not in xml:
        with pytest.raises(ElmoError, match="two learners"):
            read(xml)
    else:
        check(read(xml))


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(trees(), max_size=5))
def test_elements_in_any_order(pieces: list[etree._Element]) -> None:
    """Only a second learner, or a flood, is refused."""
    root = etree.Element(elmo_name("elmo"), nsmap={None: elmo.NAMESPACE})
    root.extend(pieces)
    check_unless_two(root, etree.tostring(root))


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(spoilt(), st.sampled_from((elmo.NAMESPACE, elmo.NAMESPACE, *OTHERS)))
def test_documents_with_anything_wrong_in_them(root: etree._Element, namespace: str) -> None:
    """In any of the namespaces: read, or refused for having two people in it."""
    xml = etree.tostring(root).decode()
    if namespace != elmo.NAMESPACE:
        declared = f'xmlns="{namespace}"' if namespace else ""
        xml = xml.replace(f'xmlns="{elmo.NAMESPACE}"', declared)
    check_unless_two(root, xml.encode())


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_file_has_a_type(data: bytes) -> None:
    """And what runs in a browser is never called a PDF or a picture of another kind."""
    found = elmo.media_type(data)
    assert re.fullmatch(r"[a-z0-9.+-]+/[a-zA-Z0-9.+-]+", found)
    assert data.startswith(b"%PDF-") is (found == "application/pdf")


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(max_size=200), st.text("<>/=\"' abscriptpomgl&#;:x0", max_size=80)))
def test_any_markup_is_harmless(markup: str) -> None:
    """Cleaning again changes nothing, and nothing that runs is left."""
    cleaned = elmo.clean_html(markup)
    assert not re.search(r"<(?:script|style|iframe|svg|math|img|form)\b", cleaned, re.IGNORECASE)
    assert not re.search(r"<[^>]*\s(?:on\w+|style|src|id|class)=", cleaned, re.IGNORECASE)
    assert not DECEPTIVE.search(cleaned)
    assert cleaned == elmo.clean_html(cleaned)


def test_the_limits_are_those_of_the_reader() -> None:
    """The longest text that is kept is a section of a supplement."""
    long = "x" * 200_000
    supplement = (
        f"<diplomaSupplement><issueDate>2020-01-01</issueDate><section><title>{long}</title>"
        f"<content>{long}</content></section></diplomaSupplement>"
    )
    xml = (
        f'<elmo xmlns="{elmo.NAMESPACE}"><report><learningOpportunitySpecification><specifies>'
        f"<learningOpportunityInstance>{supplement}</learningOpportunityInstance></specifies>"
        "</learningOpportunitySpecification></report></elmo>"
    )
    found = read(xml)
    check(found)
    assert 100_000 == max(map(len, values(found)))
    assert found.document.generated_at == NOW

"""The checker of the annotations' rules: each rule finds the document that breaks it, and only it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from elmo_mutations import everything
from elmo_strategies import PDF, maximal
from emrex_gateway.domain import ElmoVersion
from emrex_gateway.elmo import NAMESPACE, check, write

Break = Callable[[etree._Element], None]
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
LOS, LOI = "learningOpportunitySpecification", "learningOpportunityInstance"


def q(path: str) -> str:
    return "/".join(
        step if step in {".", "..", ""} else f"{{{NAMESPACE}}}{step}" for step in path.split("/")
    )


def one(root: etree._Element, path: str) -> etree._Element:
    """Return the first element at a path anywhere in the document."""
    found = root.find(f".//{q(path)}")
    assert found is not None, path
    return found


def los(root: etree._Element, title: str) -> etree._Element:
    """Return the LOS with an English title."""
    for element in root.iter(q(LOS)):
        if element.findtext(q("title")) == title:
            return element
    raise AssertionError(title)


def loi(root: etree._Element, title: str) -> etree._Element:
    return one(los(root, title), LOI)


def put(parent: etree._Element, xml: str, before: str) -> None:
    """Insert an element where the schema wants it: before the first child of that name."""
    sibling = parent.find(q(before))
    assert sibling is not None
    sibling.addprevious(etree.fromstring(xml.replace(">", f' xmlns="{NAMESPACE}">', 1)))


def drop(path: str) -> Break:
    def apply(root: etree._Element) -> None:
        element = one(root, path)
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)

    return apply


def text(path: str, value: str) -> Break:
    def apply(root: etree._Element) -> None:
        one(root, path).text = value

    return apply


def attribute(path: str, name: str, value: str) -> Break:
    def apply(root: etree._Element) -> None:
        one(root, path).set(name, value)

    return apply


def degree_gets_ects(root: etree._Element) -> None:
    loi(root, "BSc").find(q("status")).addnext(  # type: ignore[union-attr]  # status is always there
        etree.fromstring(
            f'<credit xmlns="{NAMESPACE}"><scheme>ECTS</scheme><value>180</value></credit>'
        )
    )


def ects_twice(root: etree._Element) -> None:
    credit = one(root, "credit")
    credit.addnext(etree.fromstring(etree.tostring(credit)))


def course_in_module_in_course(root: etree._Element) -> None:
    one(los(root, "BSc"), "type").text = "Course"


def wrong_type_below_untyped(root: etree._Element) -> None:
    inner, outer = los(root, "Limnology"), los(root, "BSc")
    one(outer, "type").text = "Class"
    one(inner, "type").text = "Class"


def same_local(root: etree._Element) -> None:
    one(los(root, "Ice"), "identifier").text = "LIM1"


def same_local_without_type(root: etree._Element) -> None:
    same_local(root)
    ice = los(root, "Ice")
    ice.remove(one(ice, "type"))


def same_local_in_a_second_report_of_the_issuer(root: etree._Element) -> None:
    reports = root.findall(q("report"))
    reports[1].replace(
        one(reports[1], "issuer"), etree.fromstring(etree.tostring(one(reports[0], "issuer")))
    )
    copy = etree.fromstring(etree.tostring(los(root, "Ice")))
    one(reports[1], "issueDate").addprevious(copy)
    drop_in(copy, "gradingSchemeLocalId")


def drop_in(element: etree._Element, path: str) -> None:
    found = one(element, path)
    found.getparent().remove(found)  # type: ignore[union-attr]  # found below element


def term_on_degree(root: etree._Element) -> None:
    term = etree.fromstring(etree.tostring(one(root, "academicTerm")))
    one(loi(root, "BSc"), "status").addprevious(term)


def term_above_another(root: etree._Element) -> None:
    term_on_degree(root)
    drop_in(los(root, "BSc"), "type")
    one(loi(root, "BSc"), "academicTerm/start").text = "2023-08-01"


def second_schac(root: etree._Element) -> None:
    put(one(root, "issuer"), '<identifier type="schac">elsewhere.example</identifier>', "title")


def second_national(root: etree._Element) -> None:
    put(one(root, "learner"), '<identifier type="nationalIdentifier">1</identifier>', "givenNames")


def no_pdf(root: etree._Element) -> None:
    for content in root.iter(q("content")):
        if (content.text or "").startswith("data:application/pdf"):
            content.text = "data:text/plain;base64,AAAA"


def no_pdf_for_the_second_report(root: etree._Element) -> None:
    root.remove(root.findall(q("attachment"))[0])


def pdf_in_name_only(root: etree._Element) -> None:
    for content in root.iter(q("content")):
        content.text = "data:application/pdf;base64,AAAA"


def records_outside(root: etree._Element) -> None:
    (outside,) = root.iterchildren(q("attachment"))
    one(outside, "type").text = "Transcript of Records"


def transcript_inside(root: etree._Element) -> None:
    for attachment in one(root, "report").iterchildren(q("attachment")):
        one(attachment, "type").text = "EMREX transcript"


def same_attachment_name(root: etree._Element) -> None:
    for identifier in root.iterfind(f"{q('report/attachment/identifier')}"):
        identifier.text = "thesis"


def two_references(root: etree._Element) -> None:
    signature = everything(ElmoVersion.V1_7)[-1]
    info = signature[0]
    info.append(etree.fromstring(etree.tostring(info[-1]).replace(b' Id="R"', b"")))
    root.append(signature)


BROKEN: tuple[tuple[str, Break], ...] = (
    ("ects", degree_gets_ects),
    ("ects", ects_twice),
    ("ects", drop("credit/value")),
    ("types", course_in_module_in_course),
    ("types", wrong_type_below_untyped),
    ("local", same_local),
    ("local", same_local_without_type),
    ("local", same_local_in_a_second_report_of_the_issuer),
    ("term", term_on_degree),
    ("term", term_above_another),
    ("status", drop("status")),
    ("language", text("languageOfInstruction", "fin")),
    ("language", text("languageOfInstruction", "fi, sv")),
    ("issuer", text("issuer/identifier", " ")),
    ("issuer", attribute("issuer/identifier", "type", "")),
    ("issuer", text("issuer/title", "")),
    ("issuer", text("issuer/url", "")),
    ("issuer", text("issuer/url", "javascript:alert(1)")),
    ("issuer", second_schac),
    ("learner", text("learner/identifier", "")),
    ("learner", attribute("learner/identifier", "type", "ESI")),
    ("learner", second_national),
    ("zone", text("generatedDate", "2026-03-01T12:30:00")),
    ("zone", text("report/issueDate", "2026-03-01T12:30:00")),
    ("supplement", text("diplomaSupplement/version", "")),
    ("attachment-place", transcript_inside),
    ("attachment-place", records_outside),
    ("attachment-content", text("attachment/content", "JVBERi0=")),
    ("attachment-content", text("attachment/content", "data:application/pdf;base64,A")),
    ("attachment-content", text("attachment/content", "data:application/pdf,%PDF")),
    ("readable-copy", no_pdf),
    ("readable-copy", no_pdf_for_the_second_report),
    ("readable-copy", pdf_in_name_only),
    ("reference", text("gradingSchemeLocalId", "other")),
    ("reference", text("attachments/ref", "other")),
    ("reference", attribute("grouping", "idref", "other")),
    ("reference", same_attachment_name),
    ("text", text("familyName", "abc\u202edef")),
    ("text", text("description", "bell \x85")),
    ("text", attribute("groups/groupType/group", "sortingKey", "\u2066x")),
    ("lang", attribute("title", LANG, "und")),
    ("lang", attribute("title", LANG, "x-a")),
    ("signature", two_references),
)


def rules_of(root: etree._Element) -> set[str]:
    return {problem.rule for problem in check(etree.tostring(root, encoding="UTF-8"))}


@pytest.fixture
def sound() -> etree._Element:
    return etree.fromstring(write(maximal()).xml)


def test_the_document_that_is_broken_below_is_sound(sound: etree._Element) -> None:
    """Each rule's test starts from a document without problems."""
    assert set() == rules_of(sound)


@pytest.mark.parametrize(
    ("rule", "apply"), BROKEN, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(BROKEN)]
)
def test_a_broken_rule_is_found(rule: str, apply: Break, sound: etree._Element) -> None:
    """The rule's name is reported; the grammar has nothing to say, as these rules are not in it."""
    apply(sound)
    assert rule in rules_of(sound)
    assert "schema" not in rules_of(sound)


def test_every_rule_is_broken_once() -> None:
    """A rule without a document that breaks it would not be known to work."""
    known = {"ects", "types", "local", "term", "status", "language", "issuer", "learner", "zone"}
    known |= {"supplement", "attachment-place", "attachment-content", "readable-copy"}
    known |= {"reference", "text", "lang", "signature"}
    assert known == {rule for rule, _ in BROKEN}


def test_a_file_in_another_encoding_is_a_problem(sound: etree._Element) -> None:
    """ELMO is UTF-8, declared or by default."""
    latin = etree.tostring(sound, encoding="ISO-8859-1", xml_declaration=True)
    assert "encoding" in {p.rule for p in check(latin)}
    lying = latin.replace(b"ISO-8859-1", b"UTF-8")
    (problem,) = check(lying)
    assert ("xml", "bytes that are not of the declared encoding") == (problem.rule, problem.message)


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"not xml",
        b"<elmo",
        b"<!DOCTYPE elmo [<!ENTITY a 'b'>]><elmo/>",
        b'<!DOCTYPE e SYSTEM "file:///etc/passwd"><e/>',
        b"<elmo/>",
        b'<elmo xmlns="http://purl.org/net/elmo"/>',
        b"<a>" * 300 + b"</a>" * 300,
    ],
)
def test_what_is_no_elmo_file_is_one_problem(xml: bytes) -> None:
    """Nothing raises; one problem says why the file was not even looked at."""
    assert 1 == len(check(xml))


def test_schema_hints_in_a_document_are_not_followed(tmp_path: Path) -> None:
    """A document's ``xsi:schemaLocation`` would make libxml2 open local files: it is ignored."""
    root = etree.fromstring(write(maximal()).xml)
    location = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
    root.set(location, f"urn:example:note {tmp_path}/evil.xsd")
    (tmp_path / "evil.xsd").write_text(
        '<s:schema xmlns:s="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:example:note">'
        '<s:element name="note" type="s:integer"/></s:schema>'
    )
    assert () == check(etree.tostring(root))


def test_messages_name_places_and_no_values(sound: etree._Element) -> None:
    """Problems go into logs: they say where and what, never what a person is called."""
    one(sound, "bday").text = "Järvinen was born"
    one(sound, "learner").append(etree.Element(q("nickname")))
    shown = " ".join(str(problem) for problem in check(etree.tostring(sound)))
    assert "elmo/learner/bday" in shown
    assert "rvinen" not in shown


def test_the_release_is_recognised_by_the_document() -> None:
    """Both releases share a namespace; only ELMO 2 has an alternative name."""
    for version in ElmoVersion:
        assert () == check(write(maximal(), version).xml)
        other = next(v for v in ElmoVersion if v is not version)
        assert "schema" in {p.rule for p in check(write(maximal(), version).xml, other)}


def test_results_of_recognition_are_checked_like_reports() -> None:
    """ELMO 2's recognition reports and results hold studies too: the rules reach them."""
    root = everything(ElmoVersion.V2_0)
    assert "status" in rules_of(root)


def test_pdf_is_recognised_by_its_content() -> None:
    """The stand-in transcript starts as a PDF does, so the tests above mean what they say."""
    assert base64.b64encode(PDF).startswith(b"JVBERi0")

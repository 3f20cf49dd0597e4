"""Rules on everything around the tree of studies: people, issuers, dates, files, references, text."""

from __future__ import annotations

import base64
import re
import string
from collections import Counter
from collections.abc import Iterator

from lxml import etree

from emrex_gateway.domain import language_tag, web_address
from emrex_gateway.elmo._problem import Problem
from emrex_gateway.elmo._tree import (
    NAMESPACE,
    SIGNATURE_NAMESPACE,
    XML_LANG,
    collapse,
    path_of,
    q,
    text_of,
)

_DATA_URI = re.compile(r"data:([A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+);base64,")
_BASE64 = (string.ascii_letters + string.digits + "+/").encode("ascii")
_ZONE = re.compile(r"(Z|[+-]\d\d:\d\d)$")
_YEAR = re.compile("[0-9]{4}")
_DECEPTIVE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_DECEPTIVE_BYTES = {
    # The same in UTF-8, by the byte that each begins with: the engine finds that at once, or that
    # there is none. XML itself has no other control characters below these.
    b"\x7f": re.compile(rb"\x7f"),
    b"\xc2": re.compile(rb"\xc2[\x80-\x9f]"),
    b"\xe2": re.compile(rb"\xe2(?:\x80[\xaa-\xae]|\x81[\xa6-\xa9])"),
}
_ATTRIBUTES = etree.XPath("//@*", smart_strings=False)
_LANGS = etree.XPath("//@xml:lang", smart_strings=False)
_LITERAL_LANG = re.compile(rb'xml:lang(?:="([A-Za-z0-9-]*)")?')
_STATEMENTS = (q("report"), q("recognitionReport"))
_ATTACHMENT, _IDENTIFIER, _CONTENT = q("attachment"), q("identifier"), q("content")
_PREDEFINED_PERSON = {"esi": "esi", "nationalidentifier": "nationalIdentifier"}
_PREDEFINED_ISSUER = frozenset({"schac", "pic", "erasmus"})


def _problem(rule: str, element: etree._Element, message: str) -> Problem:
    return Problem(rule, path_of(element), message, element.sourceline or 0)


def encoding(root: etree._Element) -> Iterator[Problem]:
    """The file is UTF-8: receivers decode it as that before they parse."""
    declared = root.getroottree().docinfo.encoding
    if declared and declared.upper() not in {"UTF-8", "UTF8", "US-ASCII", "ASCII"}:
        yield _problem("encoding", root, "not UTF-8")


def learner_identifiers(root: etree._Element) -> Iterator[Problem]:
    """Identifiers have a type and a value; predefined types are spelt as the schema does; there is
    one primary national identifier (``learner/identifier``)."""
    primary = 0
    for identifier in root.iterfind(f"{q('learner')}/{_IDENTIFIER}"):
        type_ = collapse(identifier.get("type", ""))
        primary += type_ == "nationalIdentifier"
        if not type_ or not text_of(identifier):
            yield _problem("learner", identifier, "an identifier without type or value")
        elif _PREDEFINED_PERSON.get(type_.lower(), type_) != type_:
            yield _problem("learner", identifier, "a predefined type in another spelling")
    if primary > 1:
        yield _problem("learner", root, "two primary national identifiers")


def issuers(root: etree._Element) -> Iterator[Problem]:
    """Each issuer is one institution with identifier, title and address (``report/issuer``)."""
    for issuer in root.iter(q("issuer")):
        identifiers = list(issuer.iterchildren(_IDENTIFIER))
        if not identifiers or any(
            not text_of(i) or not i.get("type", "").strip() for i in identifiers
        ):
            yield _problem("issuer", issuer, "no identifier, or one without type or value")
        titles = list(issuer.iterchildren(q("title")))
        if not titles or not all(text_of(title) for title in titles):
            yield _problem("issuer", issuer, "no title, or an empty one")
        if web_address(text_of(issuer.find(q("url")))) != text_of(issuer.find(q("url"))):
            yield _problem("issuer", issuer, "no http(s) address")
        counts = Counter(i.get("type", "").strip() for i in identifiers)
        if any(counts[type_] > 1 for type_ in _PREDEFINED_ISSUER):
            yield _problem("issuer", issuer, "identifiers of several institutions in one report")


def time_zones(root: etree._Element) -> Iterator[Problem]:
    """``generatedDate`` and a report's ``issueDate`` carry a time zone."""
    stamps = [*root.iterchildren(q("generatedDate"))]
    for statement in root.iter(*_STATEMENTS):
        stamps += statement.iterchildren(q("issueDate"))
    for stamp in stamps:
        if not _ZONE.search(text_of(stamp)):
            yield _problem("zone", stamp, "no time zone")


def supplement_versions(root: etree._Element) -> Iterator[Problem]:
    """A diploma supplement says which year's rules it follows (``DiplomaSupplement/version``)."""
    for supplement in root.iter(q("diplomaSupplement")):
        if not _YEAR.fullmatch(text_of(supplement.find(q("version")))):
            yield _problem("supplement", supplement, "no version")


def attachment_places(root: etree._Element) -> Iterator[Problem]:
    """An EMREX transcript covers all reports and stands outside; a Transcript of Records inside."""
    for attachment in root.iter(_ATTACHMENT):
        outside = attachment.getparent() is root
        type_ = text_of(attachment.find(q("type")))
        if type_ == "EMREX transcript" and not outside:
            yield _problem("attachment-place", attachment, "an EMREX transcript inside a report")
        if type_ == "Transcript of Records" and outside:
            yield _problem(
                "attachment-place", attachment, "a Transcript of Records outside reports"
            )


Files = list[tuple[etree._Element, etree._Element, tuple[str, bytes] | None]]
"""Every content of an attachment: the attachment, the content, and what ``_data`` says of it."""


def read_files(root: etree._Element) -> Files:
    """Look at the contents of all attachments once."""
    return [
        (attachment, content, _data(content))
        for attachment in root.iter(_ATTACHMENT)
        for content in attachment.iterchildren(_CONTENT)
    ]


def attachment_contents(files: Files) -> Iterator[Problem]:
    """``content`` is a data URI of what it says it is (``Attachment/content``)."""
    for _, content, data in files:
        if data is None:
            yield _problem("attachment-content", content, "not a base64 data URI")


def _data(content: etree._Element) -> tuple[str, bytes] | None:
    """Return the media type and the first bytes of a data URI whose base64 is sound to its end."""
    text = "".join((content.text or "").split())
    head = _DATA_URI.match(text)
    if head is None or not text.isascii():
        return None
    body = text[head.end() :].encode("ascii")
    bare = body.rstrip(b"=")
    if len(body) % 4 or len(body) - len(bare) > 2 or bare.translate(None, _BASE64):
        return None
    return head[1].lower(), base64.b64decode(body[:8])


def readable_copy(root: etree._Element, files: Files) -> Iterator[Problem]:
    """The attachments hold a readable version of all crucial data, a PDF (``Attachment``).

    One outside the reports covers them all; otherwise each report needs its own. What a PDF says
    cannot be seen from here.
    """
    holders = {
        attachment.getparent()
        for attachment, _, data in files
        if data is not None and data[0] == "application/pdf" and data[1][:5] == b"%PDF-"
    }
    if root in holders:
        return
    for report in root.iterchildren(q("report")):
        if report not in holders:
            yield _problem("readable-copy", report, "no PDF holds this report in readable form")


def references(root: etree._Element) -> Iterator[Problem]:
    """References lead somewhere: grading schemes, attachments, groups; to one place each."""
    outside = _internal_ids(root)
    groups = {
        (kind.get("id"), group.get("id"))
        for kind in root.iterfind(f"{q('groups')}/{q('groupType')}")
        for group in kind.iterchildren(q("group"))
    }
    for statement in root.iterchildren(q("report")):
        schemes = Counter(
            collapse(s.get("localId", "")) for s in statement.iterchildren(q("gradingScheme"))
        )
        files = _internal_ids(statement) + outside
        if any(count > 1 for count in (*schemes.values(), *files.values())):
            yield _problem("reference", statement, "two things that a reference could mean")
        for reference in statement.iter(q("gradingSchemeLocalId")):
            if text_of(reference) not in schemes:
                yield _problem("reference", reference, "a grading scheme that is not described")
        for reference in statement.iter(q("ref")):
            if text_of(reference) not in files and _is_attachment_reference(reference):
                yield _problem("reference", reference, "an attachment that is not there")
        for reference in statement.iter(q("grouping")):
            if (reference.get("typeref"), reference.get("idref")) not in groups:
                yield _problem("reference", reference, "a group that is not there")


def _is_attachment_reference(reference: etree._Element) -> bool:
    parent = reference.getparent()
    return parent is not None and parent.tag == q("attachments")


def _internal_ids(parent: etree._Element) -> Counter[str]:
    attachments = parent.iterchildren(_ATTACHMENT)
    identifiers = (i for a in attachments for i in a.iterchildren(_IDENTIFIER))
    return Counter(text_of(i) for i in identifiers if i.get("type", "").strip() == "internal")


def values(root: etree._Element, literal: bytes | None = None) -> Iterator[Problem]:
    """Values are plain text: no control characters, none that reorder what is displayed."""
    if (literal is not None and not _deceives(literal)) or not _may_deceive(root):
        return
    for element in root.iter(f"{{{NAMESPACE}}}*"):
        texts = (element.text or "", *map(str, element.attrib.values()))
        if any(_DECEPTIVE.search(text) for text in texts):
            yield _problem("text", element, "control or bidirectional formatting characters")


def _may_deceive(root: etree._Element) -> bool:
    """Whether any text or attribute at all, of foreign elements too, holds such a character."""
    try:
        attributes = "\n".join(_ATTRIBUTES(root))
        text = etree.tostring(root, method="text", encoding="utf-8")
    except (etree.LxmlError, ValueError):  # more than libxml2 puts into one set
        return True
    return _deceives(text) or _deceives(attributes.encode("utf-8", "surrogatepass"))


def _deceives(data: bytes) -> bool:
    return any(
        first in data and pattern.search(data) for first, pattern in _DECEPTIVE_BYTES.items()
    )


def languages(root: etree._Element, literal: bytes | None = None) -> Iterator[Problem]:
    """``xml:lang`` is a BCP 47 tag, and left out where the language is unknown."""
    if literal is not None:
        # The prefix is bound to its namespace for good, and no other may be: all are spelt so.
        # What is spelt with blanks or in single quotes comes out empty, which is no tag.
        found = {tag.decode("ascii") for tag in set(_LITERAL_LANG.findall(literal))}
        if all(language_tag(tag) == tag for tag in found):
            return
    try:
        if all(language_tag(tag) == tag for tag in set(_LANGS(root))):
            return
    except etree.XPathError:  # more than libxml2 puts into one set
        pass
    for element in root.iter(f"{{{NAMESPACE}}}*"):
        tag = element.get(XML_LANG)
        if tag is not None and language_tag(tag) != tag:
            yield _problem("lang", element, "not the tag of a known language")


def one_reference_signed(root: etree._Element) -> Iterator[Problem]:
    """A signature is the root's last child, with one reference, to the whole (``ds:Signature``)."""
    signatures = list(root.iterchildren(f"{{{SIGNATURE_NAMESPACE}}}Signature"))
    for signature in signatures:
        found = signature.findall(f"{{*}}SignedInfo/{{{SIGNATURE_NAMESPACE}}}Reference")
        if len(found) != 1 or found[0].get("URI") != "":
            yield _problem(
                "signature", signature, "not exactly one reference to the whole document"
            )

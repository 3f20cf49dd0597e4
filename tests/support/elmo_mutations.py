"""A document that holds every element and attribute of the grammars, and ways to spoil one.

Not the product: only tests load it.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

from lxml import etree

from elmo_strategies import maximal
from emrex_gateway.domain import ElmoVersion
from emrex_gateway.elmo import NAMESPACE, write

DS = "http://www.w3.org/2000/09/xmldsig#"
POST = "https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1"
EWP = "https://github.com/erasmus-without-paper/ewp-specs-architecture/blob/stable-v1/common-types.xsd"
XML = "http://www.w3.org/XML/1998/namespace"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XS = "http://www.w3.org/2001/XMLSchema"

Mutation = Callable[[etree._Element], None]
"""Spoils one element in place."""

_SIGNATURE = f"""
<ds:Signature xmlns:ds="{DS}" Id="S"><ds:SignedInfo Id="I">
<ds:CanonicalizationMethod Algorithm="urn:c"/>
<ds:SignatureMethod Algorithm="urn:s"><ds:HMACOutputLength>128</ds:HMACOutputLength></ds:SignatureMethod>
<ds:Reference Id="R" URI="" Type="urn:t"><ds:Transforms><ds:Transform Algorithm="urn:e">
<ds:XPath>a</ds:XPath><e xmlns="urn:x"/></ds:Transform></ds:Transforms>
<ds:DigestMethod Algorithm="urn:d"><e xmlns="urn:x"/></ds:DigestMethod>
<ds:DigestValue>AAAA</ds:DigestValue></ds:Reference></ds:SignedInfo>
<ds:SignatureValue Id="V">AAAA</ds:SignatureValue>
<ds:KeyInfo Id="K"><ds:KeyName>k</ds:KeyName>
<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AAAA</ds:Modulus><ds:Exponent>AQAB</ds:Exponent>
</ds:RSAKeyValue></ds:KeyValue>
<ds:KeyValue><ds:DSAKeyValue><ds:P>AAAA</ds:P><ds:Q>AAAA</ds:Q><ds:G>AAAA</ds:G><ds:Y>AAAA</ds:Y>
<ds:J>AAAA</ds:J><ds:Seed>AAAA</ds:Seed><ds:PgenCounter>AAAA</ds:PgenCounter></ds:DSAKeyValue></ds:KeyValue>
<ds:RetrievalMethod URI="u" Type="urn:t"><ds:Transforms><ds:Transform Algorithm="urn:e"/>
</ds:Transforms></ds:RetrievalMethod>
<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>n</ds:X509IssuerName>
<ds:X509SerialNumber>1</ds:X509SerialNumber></ds:X509IssuerSerial><ds:X509SKI>AAAA</ds:X509SKI>
<ds:X509SubjectName>s</ds:X509SubjectName><ds:X509Certificate>AAAA</ds:X509Certificate>
<ds:X509CRL>AAAA</ds:X509CRL><e xmlns="urn:x"/></ds:X509Data>
<ds:PGPData><ds:PGPKeyID>AAAA</ds:PGPKeyID><ds:PGPKeyPacket>AAAA</ds:PGPKeyPacket></ds:PGPData>
<ds:PGPData><ds:PGPKeyPacket>AAAA</ds:PGPKeyPacket><e xmlns="urn:x"/></ds:PGPData>
<ds:SPKIData><ds:SPKISexp>AAAA</ds:SPKISexp><e xmlns="urn:x"/></ds:SPKIData>
<ds:MgmtData>m</ds:MgmtData><e xmlns="urn:x"/></ds:KeyInfo>
<ds:Object Id="O" MimeType="text/plain" Encoding="urn:b"><ds:Manifest Id="M">
<ds:Reference><ds:DigestMethod Algorithm="urn:d"/><ds:DigestValue>AAAA</ds:DigestValue></ds:Reference>
</ds:Manifest></ds:Object>
<ds:Object>text<ds:SignatureProperties Id="P"><ds:SignatureProperty Target="#S" Id="Q">
<e xmlns="urn:x"/></ds:SignatureProperty></ds:SignatureProperties></ds:Object>
</ds:Signature>"""

_ADDRESS = f"""
<currentAddress xmlns="{NAMESPACE}" xmlns:p="{POST}"><p:recipientName>r</p:recipientName>
<p:buildingNumber>1</p:buildingNumber><p:buildingName>b</p:buildingName><p:streetName>s</p:streetName>
<p:unit>u</p:unit><p:floor>2</p:floor><p:postOfficeBox>3</p:postOfficeBox>
<p:deliveryPointCode>d</p:deliveryPointCode><p:postalCode>55100</p:postalCode>
<p:locality>l</p:locality><p:region>r</p:region><p:country>FI</p:country></currentAddress>"""

_KNOWN_FOREIGN = f"""
<extension xmlns="{NAMESPACE}" xml:lang="en" xml:space="preserve" xml:base="urn:b"
 xmlns:p="{POST}" xmlns:w="{EWP}">
<p:street-address><p:addressLine>1</p:addressLine><p:addressLine>2</p:addressLine></p:street-address>
<p:mailing-address><p:country>FI</p:country></p:mailing-address>
<w:admin-email>a@b.c</w:admin-email><w:admin-notes>n</w:admin-notes><w:admin-provider>p</w:admin-provider>
<w:success-user-message xml:lang="en">m</w:success-user-message>
<w:error-response><w:developer-message>d</w:developer-message>
<w:user-message xml:lang="en">u</w:user-message></w:error-response></extension>"""

_RECOGNITION = f"""
<resultOfRecognition xmlns="{NAMESPACE}"><title xml:lang="en">t</title><description>d</description>
<subjectArea>1</subjectArea><iscedCode>01</iscedCode><status>Positive</status>
<decisionDate>2024-01-01</decisionDate>
<recognitionBasis><recognitionReport><issuer><identifier type="schac">x</identifier><title>x</title>
<url>u</url></issuer><learningOpportunitySpecification><identifier type="a">1</identifier><title>t</title>
<specifies><learningOpportunityInstance/></specifies></learningOpportunitySpecification>
<resultOfRecognition><status>Partially Positive</status></resultOfRecognition>
<issueDate>2024-01-01T00:00:00Z</issueDate><gradingScheme localId="g"/><attachment/></recognitionReport>
</recognitionBasis>
<recognitionResult><learningOpportunitySpecification><identifier type="a">1</identifier><title>t</title>
<specifies><learningOpportunityInstance/></specifies></learningOpportunitySpecification></recognitionResult>
<recognitionMapping><mapping><fromMapping><ref>1</ref></fromMapping><toMapping><ref>2</ref></toMapping>
</mapping></recognitionMapping><attachments><ref>a</ref></attachments></resultOfRecognition>"""


def _q(path: str) -> str:
    return "/".join(f"{{{NAMESPACE}}}{step}" for step in path.split("/"))


def _find(root: etree._Element, path: str) -> etree._Element:
    found = root.find(f".//{_q(path)}")
    assert found is not None
    return found


def everything(version: ElmoVersion) -> etree._Element:
    """Return a valid document with each element and attribute that the release's grammar knows."""
    root = etree.fromstring(write(maximal(), version).xml)
    _find(root, "learner/birthName").addnext(etree.fromstring(_ADDRESS))
    _find(root, "specifies").append(etree.fromstring(_KNOWN_FOREIGN))
    _find(root, "attachment").append(etree.fromstring(f'<extension xmlns="{NAMESPACE}"/>'))
    credit = _find(root, "credit/scheme")
    if version is ElmoVersion.V1_7:
        level = etree.Element(_q("level"))
        level.text = "Master"
        credit.addnext(level)
    else:
        external = etree.Element(_q("gradingSchemeExternalId"))
        _find(root, "gradingSchemeLocalId").addnext(external)
        _find(root, "report/issueDate").addprevious(etree.fromstring(_RECOGNITION))
    _find(root, "diplomaSupplement").append(etree.fromstring(_SIGNATURE.replace(' Id="', ' Id="D')))
    root.append(etree.fromstring(_SIGNATURE))
    return root


VALUES = (
    *(
        "",
        " ",
        "garbage",
        "a b",
        " FI ",
        "FI",
        "fi",
        "AX",
        "0",
        "00",
        "-0",
        "1",
        "-1",
        "+1",
        "2",
        "9",
    ),
    *("10", "1.5", ".5", "5.", "1E3", "1,5", "INF", "NaN", "true", "4", "1 2", "\u0661"),
    *(
        "2024-01-01",
        "2024-02-30",
        "2024-01-01Z",
        "2024-01-01+14:00",
        "2024-01-01+15:00",
        "-0001-01-01",
    ),
    *("0000-01-01", "12024-01-01", "24-01-01", "2024-1-1", " 2024-01-01\n", "2024-01-01T00:00:00"),
    *(
        "2024-01-01T24:00:00",
        "2024-01-01T24:00:01",
        "2024-01-01T00:00:60Z",
        "2024-01-01T00:00:00.5Z",
    ),
    *("2024-01-01 00:00:00", "2024-01-01T00:00Z", "passed", " passed ", "PASSED", "in-progress"),
    *(
        "Course",
        "course",
        "Degree  Programme",
        "Degree Programme",
        "EMREX transcript",
        "Other",
        "PhD",
    ),
    *(
        "Positive",
        "Partially Positive",
        "en",
        "en-GB",
        "en_GB",
        "e",
        "abcdefghi",
        "x-",
        "1.2.",
        "....",
    ),
    *(
        "1.a",
        "AAAA",
        "AAA",
        "A=",
        "AA==",
        " A A A A ",
        "AAAA=",
        "http://a b",
        "%zz",
        "a@b.c",
        "@",
        "#a",
    ),
)
_LANGS = ("", "en", "en-US", "en_US", "toolonglanguage", "1")
_ATTRIBUTES = (
    ("unknown", "x"),
    ("type", "x"),
    ("Id", "S"),
    (f"{{{NAMESPACE}}}type", "x"),
    ("{urn:x}y", "x"),
    (f"{{{XML}}}space", "default"),
    (f"{{{XML}}}space", "wrong"),
    (f"{{{XML}}}base", "u"),
    (f"{{{XML}}}id", "a"),
    (f"{{{XSI}}}nil", "true"),
    (f"{{{XSI}}}nil", "false"),
    (f"{{{XSI}}}type", "xs:string"),
    (f"{{{XSI}}}type", "xs:token"),
    (f"{{{XSI}}}type", "xs:NCName"),
    (f"{{{XSI}}}type", "nonsense"),
    *((f"{{{XML}}}lang", lang) for lang in _LANGS),
)


def _drop(element: etree._Element) -> None:
    _parent(element).remove(element)


def _parent(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    assert parent is not None
    return parent


def _twice(element: etree._Element) -> None:
    element.addnext(copy.deepcopy(element))


def _empty(element: etree._Element) -> None:
    for child in list(element):
        element.remove(child)
    element.text = None


def _swap(element: etree._Element) -> None:
    following = element.getnext()
    if following is not None:
        following.addnext(element)


def _to_front(element: etree._Element) -> None:
    _parent(element).insert(0, element)


def _to_end(element: etree._Element) -> None:
    _parent(element).append(element)


def _retag(tag: str) -> Mutation:
    def mutate(element: etree._Element) -> None:
        element.tag = tag

    return mutate


def _rename_in_place(element: etree._Element) -> None:
    element.tag = element.tag.lower() if element.tag != element.tag.lower() else element.tag + "X"


def _own_name_elsewhere(element: etree._Element) -> None:
    element.tag = f"{{urn:elsewhere}}{etree.QName(element).localname}"


def _no_namespace(element: etree._Element) -> None:
    element.tag = etree.QName(element).localname


def _text(value: str) -> Mutation:
    def mutate(element: etree._Element) -> None:
        element.text = value

    return mutate


def _tail(value: str) -> Mutation:
    def mutate(element: etree._Element) -> None:
        element.tail = value

    return mutate


def _child(tag: str, first: bool) -> Mutation:
    def mutate(element: etree._Element) -> None:
        element.insert(0 if first else len(element), etree.Element(tag))

    return mutate


def _attribute(name: str, value: str) -> Mutation:
    def mutate(element: etree._Element) -> None:
        element.set(name, value)

    return mutate


def _without(name: str) -> Mutation:
    def mutate(element: etree._Element) -> None:
        del element.attrib[name]

    return mutate


def _comment(element: etree._Element) -> None:
    element.insert(0, etree.Comment("c"))
    element.append(etree.ProcessingInstruction("p", "i"))


_SHAPES: tuple[Mutation, ...] = (
    *(_twice, _swap, _to_front, _to_end, _empty, _rename_in_place, _own_name_elsewhere),
    *(_no_namespace, _comment, _tail("x"), _tail(" \n "), _drop),
    *(_retag(f"{{{NAMESPACE}}}{name}") for name in ("title", "identifier", "extension", "level")),
    *(_retag(f"{{{DS}}}{name}") for name in ("Signature", "Object", "KeyName")),
    _retag("{urn:x}e"),
    *(
        _child(tag, first)
        for tag in ("e", "{urn:x}e", _q("title"), _q("elmo"), f"{{{DS}}}KeyName", f"{{{POST}}}unit")
        for first in (True, False)
    ),
)
ALL: tuple[Mutation, ...] = (
    *_SHAPES,
    *(_text(value) for value in VALUES),
    *(_attribute(name, value) for name, value in _ATTRIBUTES),
)


def one_by_one(root: etree._Element) -> Iterator[tuple[str, Callable[[], etree._Element]]]:
    """Yield each way to spoil the document at each kind of place: what is done, and what does it.

    The document is copied only when it is asked for: who takes a share makes no more than that.
    Places are of one kind when element and parent have the same names: the grammar says the same.
    """
    kinds: set[tuple[object, object]] = set()
    for place, original in enumerate(list(root.iter(etree.Element))):
        parent = original.getparent()
        kind = (original.tag, None if parent is None else parent.tag)
        if kind in kinds:
            continue
        kinds.add(kind)
        name = etree.QName(original).localname
        for number, mutate in enumerate(ALL):
            if place or mutate not in {_drop, _twice, _swap, _to_front, _to_end}:
                made = partial(spoiled, root, place, mutate)
                yield f"{name} (element {place}), mutation {number}", made
        for attribute in original.attrib:
            for value in (None, *VALUES):
                mutate = _without(attribute) if value is None else _attribute(attribute, value)
                made = partial(spoiled, root, place, mutate)
                yield f"{name}/@{attribute} (element {place}) = {value!r}", made


def spoiled(root: etree._Element, place: int, mutate: Mutation) -> etree._Element:
    mutated = copy.deepcopy(root)
    mutate(_at(mutated, place))
    return mutated


def at_random(root: etree._Element, source: random.Random, most: int = 3) -> etree._Element:
    """Return the document spoiled in up to ``most`` ways at once."""
    mutated = copy.deepcopy(root)
    for _ in range(source.randint(1, most)):
        elements = list(mutated.iter(etree.Element))
        if len(elements) > 1:
            source.choice(ALL)(elements[source.randrange(1, len(elements))])
    return mutated


def _at(root: etree._Element, place: int) -> etree._Element:
    return next(islice(root.iter(etree.Element), place, None))

"""Bytes that two readers may read differently: comments, entities, encodings, namespaces, grammar.

Canonicalization drops comments, so a comment put into a signed value leaves
its signature whole; what a reader makes of the value then is the attack
(CVE-2017-11427 and its kin). Grammar's cases are signed as they are.
"""

from __future__ import annotations

import base64
import gzip
import zlib
from collections.abc import Callable

from emrex_gateway.login.saml._types import Reason
from emrex_gateway.login.saml._xml import parse
from saml_case import (
    ASSERTION,
    BOTH,
    INTRUDER,
    RESPONSE,
    attack,
    deed,
    document,
    drop,
    find,
    insert_xml,
    put,
    swap,
    unset,
    write,
)
from saml_issuer import SAML, SAMLP, XSI, Edit, Element, etree, posted

NAME = RESPONSE.name_id.encode()
START = b"<samlp:Response "
STATEMENT = "a:Assertion/a:AttributeStatement"
VALUE = "a:AttributeStatement/a:Attribute/a:AttributeValue"


def _doctype(declarations: str) -> Callable[[bytes], bytes]:
    return lambda data: f"<!DOCTYPE samlp:Response {declarations}>".encode() + data


def _with_entity(declarations: str, entity: str) -> Callable[[bytes], bytes]:
    """Declare an entity, and use it in the NameID."""

    def edit(data: bytes) -> bytes:
        return _doctype(declarations)(swap(NAME + b"<", f"&{entity};<".encode())(data))

    return edit


def _laughs(depth: int) -> str:
    """Entities of ten of the entity before: ten to the power of ``depth``."""
    lines = ['<!ENTITY e0 "ha">']
    lines += [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, depth + 1)]
    return "[" + "".join(lines) + "]"


def _comments() -> None:
    middle = len(NAME) // 2
    split = swap(NAME + b"<", NAME[:middle] + b"<!-- x -->" + NAME[middle:] + b"<")
    for where, edit in {
        "in the NameID": split,
        "at the NameID's end": swap(NAME + b"</", NAME + b"<!---->.elsewhere.example</"),
        "in an attribute value": swap(b">aino@", b">aino@<!-- x -->"),
        "in the Issuer": swap(b">https://idp.", b">https://<!-- x -->idp."),
        "in the Audience": swap(b"<saml:Audience>", b"<saml:Audience><!-- x -->"),
        "in the digest": swap(b"<ds:DigestValue>", b"<ds:DigestValue><!-- AAAA -->"),
        "in the signature's value": swap(b"<ds:SignatureValue>", b"<ds:SignatureValue><!--x-->"),
        "between two elements": swap(b"<saml:Subject>", b"<!-- x --><saml:Subject>"),
        "before the root": lambda data: b"<!-- x -->" + data,
        "after the root": lambda data: data + b"<!-- x -->",
    }.items():
        attack(f"comment: {where}", Reason.COMMENT, RESPONSE, edit_bytes=edit)
    attack(
        "comment: in the NameID of a signed assertion", Reason.COMMENT, ASSERTION, edit_bytes=split
    )
    for where, edit in {
        "in the NameID": swap(NAME + b"<", NAME[:middle] + b"<?x y?>" + NAME[middle:] + b"<"),
        "in an attribute value": swap(b">aino@", b">aino@<?x?>"),
        "before the root": lambda data: b"<?xml-stylesheet href='x.xsl'?>" + data,
        "after the root": lambda data: data + b"<?x y?>",
        "a declaration after white space": lambda data: b' <?xml version="1.0"?>' + data,
        "two declarations": lambda data: b'<?xml version="1.0"?>' * 2 + data,
    }.items():
        attack(f"instruction: {where}", Reason.PROCESSING_INSTRUCTION, RESPONSE, edit_bytes=edit)
    attack(
        "comment: CDATA adds to the NameID",
        Reason.MALFORMED,
        RESPONSE,
        edit_bytes=swap(NAME + b"<", NAME + b"<![CDATA[x]]><"),
    )
    attack(
        "comment: CDATA holds another NameID",
        Reason.MALFORMED,
        ASSERTION,
        edit_bytes=swap(NAME + b"<", b"<![CDATA[intruder]]><"),
    )


def _entities() -> None:
    for name, edit in {
        "an empty one": _doctype(""),
        "an empty internal one": _doctype("[]"),
        "an entity in the NameID": _with_entity(f'[<!ENTITY who "{NAME.decode()}">]', "who"),
        "another's name in the NameID": _with_entity(f'[<!ENTITY who "{INTRUDER}">]', "who"),
        "a file in the NameID": _with_entity(
            '[<!ENTITY who SYSTEM "file:///etc/hostname">]', "who"
        ),
        "an address in the NameID": _with_entity(
            '[<!ENTITY who SYSTEM "http://127.0.0.1:9/x">]', "who"
        ),
        "an external subset": _doctype('SYSTEM "http://127.0.0.1:9/x.dtd"'),
        "a public identifier": _doctype('PUBLIC "-//x//EN" "http://127.0.0.1:9/x.dtd"'),
        "a parameter entity": _doctype('[<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]'),
        "a parameter entity that declares another": _doctype(
            "[<!ENTITY % p \"<!ENTITY who 'x'>\"> %p;]"
        ),
        "a billion laughs": _with_entity(_laughs(9), "e9"),
        "quadratic growth": _with_entity(
            f'[<!ENTITY e0 "{"x" * 5000}">]', "e0;" + "&e0;" * 50 + "&e0"
        ),
        "an entity in an attribute": lambda data: _doctype('[<!ENTITY v "2.0">]')(
            swap(b'Version="2.0"', b'Version="&v;"')(data)
        ),
        "a default attribute": _doctype('[<!ATTLIST saml:NameID Format CDATA "urn:x">]'),
        "another attribute becomes the ID": _doctype("[<!ATTLIST saml:NameID Format ID #IMPLIED>]"),
        "after a declaration": lambda data: b'<?xml version="1.0"?><!DOCTYPE r>' + data,
        "after white space": lambda data: b"\n\n<!DOCTYPE r>" + data,
        "in the root": swap(b"<samlp:Status>", b"<!DOCTYPE r><samlp:Status>"),
    }.items():
        attack(f"DTD: {name}", Reason.DTD, RESPONSE, edit_bytes=edit)
    for name, edit in {
        "in small letters": lambda data: b"<!doctype r>" + data,
        "an entity that nothing declares": swap(NAME + b"<", b"&who;<"),
    }.items():
        attack(f"DTD: {name}", Reason.MALFORMED, RESPONSE, edit_bytes=edit)


def _text(edit: Callable[[str], str], encoding: str) -> Callable[[bytes], bytes]:
    return lambda data: edit(data.decode()).encode(encoding)


def _declared(encoding: str) -> Callable[[str], str]:
    return lambda text: f'<?xml version="1.0" encoding="{encoding}"?>{text}'


def _encodings() -> None:
    def same(text: str) -> str:
        return text

    for name, edit in {
        "UTF-16 with its mark": _text(same, "utf-16"),
        "UTF-16 without its mark": _text(same, "utf-16-le"),
        "UTF-16, the other order": _text(same, "utf-16-be"),
        "UTF-16, declared": _text(_declared("UTF-16"), "utf-16"),
        "UTF-32": _text(same, "utf-32"),
        "UTF-16 is declared, UTF-8 it is": _text(_declared("UTF-16"), "utf-8"),
        "UTF-7 is declared": _text(_declared("UTF-7"), "utf-8"),
        "UTF-7 is declared and used": _text(
            lambda text: _declared("UTF-7")(
                text.replace("<samlp:Status>", "+ADw-samlp:Status+AD4-")
            ),
            "utf-8",
        ),
        "ASCII is declared": _text(_declared("US-ASCII"), "utf-8"),
        "Latin-1 is declared": _text(_declared("ISO-8859-1"), "utf-8"),
        "Windows-1252 is declared": _text(_declared("windows-1252"), "utf-8"),
        "an unknown one is declared": _text(_declared("x-unknown"), "utf-8"),
        "EBCDIC": _text(_declared("IBM037"), "cp037"),
        "UTF-8 that is none": swap(NAME + b"<", b"\xff\xfe<"),
        "a longer form than needed": swap(NAME + b"<", b"\xc0\xbc<"),
        "half a surrogate pair": swap(NAME + b"<", b"\xed\xa0\x80<"),
        "NUL": swap(NAME + b"<", NAME + b"\0<"),
        "XML 1.1": lambda data: b'<?xml version="1.1"?>' + data,
        "XML 1.1 and its characters": lambda data: (
            b'<?xml version="1.1"?>' + data.replace(NAME, NAME + b"&#1;")
        ),
        "Latin-1 letters": swap(NAME + b"<", b"\xe4iti<"),
    }.items():
        attack(f"encoding: {name}", Reason.ENCODING, RESPONSE, edit_bytes=edit)
    for name, edit in {
        "a reference to NUL": swap(NAME + b"<", NAME + b"&#0;<"),
        "a control character": swap(NAME + b"<", NAME + b"\x01<"),
        "a reference to a control character": swap(NAME + b"<", NAME + b"&#x1;<"),
        "nothing": lambda data: b"",
        "only white space": lambda data: b"  \n ",
        "no XML": lambda data: b"SAMLResponse",
        "cut off": lambda data: data[:-20],
        "more after the end": lambda data: data + b"<x/>",
        "text after the end": lambda data: data + b"x",
        "an attribute twice": swap(b'Version="2.0"', b'Version="2.0" Version="2.0"'),
        "a prefix that nothing binds": swap(START, b"<x:a/>" + START),
        "deep nesting": swap(NAME + b"<", NAME + b"<x>" * 5000 + b"</x>" * 5000 + b"<"),
    }.items():
        attack(f"XML: {name}", Reason.MALFORMED, RESPONSE, edit_bytes=edit)
    for name, inside in {
        "nesting beyond any message's": b"<x>" * 40 + b"</x>" * 40,
        "thousands of elements": b"<x/>" * 6000,
        "many prefixes": b"<x" + b"".join(b' xmlns:p%d="urn:x"' % n for n in range(40)) + b"/>",
    }.items():
        attack(f"XML: {name}", Reason.SIZE, RESPONSE, edit_bytes=swap(NAME + b"<", inside + b"<"))
    attack(
        "XML: a namespace that is no absolute address",
        Reason.MALFORMED,
        RESPONSE,
        edit_bytes=swap(START, START + b'xmlns:rel="relative" '),
    )
    attack(
        "XML: too many attributes",
        Reason.SIZE,
        RESPONSE,
        edit_bytes=swap(START, START + b" ".join(b'a%d="1"' % n for n in range(2000)) + b" "),
    )
    attack(
        "XML: megabytes of white space",
        Reason.SIZE,
        RESPONSE,
        edit_bytes=lambda data: data + b" " * 8_000_000,
    )
    attack(
        "XML: one value of megabytes",
        Reason.SIZE,
        RESPONSE,
        edit_bytes=swap(NAME + b"<", NAME + b"x" * 8_000_000 + b"<"),
    )


def _left_over(data: bytes) -> str:
    """The same bytes by another spelling: the last letter has bits that count for nothing."""
    text = posted(data + b" " * (-len(data) % 3 + 1))
    assert text.endswith("==")
    return text[:-3] + chr(ord(text[-3]) + 1) + "=="


def _fields() -> None:
    def deflate(data: bytes) -> bytes:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        return base64.b64encode(packer.compress(data) + packer.flush())

    for name, field in {
        "letters that are none of base64": lambda d: "%" + posted(d),
        "junk in the middle": lambda d: posted(d)[:100] + "!" + posted(d)[100:],
        "filling in the middle": lambda d: posted(d[:100]) + "==" + posted(d[100:]),
        "cut within a group": lambda d: posted(d).rstrip("=")[:-1] + "=",
        "the alphabet for addresses": lambda d: (
            posted(d + b"\n<!--\xff\xfb-->").replace("/", "_").replace("+", "-")
        ),
        "the XML as it is": lambda d: d.decode(),
        "letters beyond ASCII": lambda d: posted(d) + "ä",
        "deflated": lambda d: deflate(d).decode(),
        "packed by gzip": lambda d: posted(gzip.compress(d)),
        "base64 twice": lambda d: posted(posted(d).encode()),
        "percent-encoded twice": lambda d: posted(d).replace("+", "%2B") + "%3D",
    }.items():
        reason = Reason.MALFORMED if name == "base64 twice" else Reason.ENCODING
        attack(f"field: {name}", reason, RESPONSE, field=field)
    attack(
        "field: bits are left over",
        Reason.ENCODING,
        RESPONSE,
        field=_left_over,
    )
    deed(
        "XML: megabytes, not from a form",
        Reason.SIZE,
        lambda: parse(document(RESPONSE) + b" " * 1_000_000),
        lambda: parse(document(RESPONSE) + b" " * 1_000),
    )
    attack(
        "field: megabytes", Reason.SIZE, RESPONSE, field=lambda d: posted(d) + "AAAA" * 3_000_000
    )


# --- namespaces and grammar: what is signed is what is there -----------------------------


def _renamed(path: str, tag: str) -> Edit:
    def edit(root: Element) -> None:
        find(root, path).tag = tag

    return edit


def _duplicated(path: str) -> Edit:
    def edit(root: Element) -> None:
        found = find(root, path)
        found.addnext(etree.fromstring(etree.tostring(found, with_tail=False)))

    return edit


def _namespaces() -> None:
    saml1 = "urn:oasis:names:tc:SAML:1.0:assertion"
    for name, edit in {
        "an assertion of SAML 1.1": _renamed("a:Assertion", f"{{{saml1}}}Assertion"),
        "an assertion in no namespace": _renamed("a:Assertion", "Assertion"),
        "an assertion in a namespace that ends otherwise": _renamed(
            "a:Assertion", f"{{{SAML}/}}Assertion"
        ),
        "a NameID of the protocol's namespace": _renamed(
            "a:Assertion/a:Subject/a:NameID", f"{{{SAMLP}}}NameID"
        ),
        "a Status of the assertion's namespace": _renamed("p:Status", f"{{{SAML}}}Status"),
        "an Issuer of a foreign namespace": _renamed("a:Issuer", "{urn:x}Issuer"),
        "an ID attribute with a namespace": put("a:Assertion", f"{{{SAML}}}ID", "_other"),
        "xml:id beside ID": put("a:Assertion", "{http://www.w3.org/XML/1998/namespace}id", "_more"),
        "xml:base": put(
            ".", "{http://www.w3.org/XML/1998/namespace}base", "http://elsewhere.example/"
        ),
        "an include": insert_xml(
            "a:Assertion/a:Subject/a:NameID",
            '<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="/etc/hostname" parse="text"/>',
        ),
        "a foreign attribute": put("a:Assertion", "{urn:x}y", "z"),
    }.items():
        attack(f"namespace: {name}", Reason.SCHEMA, RESPONSE, edit_response=edit)
    attack(
        "namespace: the response's is bound to another prefix's name",
        Reason.SCHEMA,
        RESPONSE,
        edit_bytes=lambda data: data.replace(SAMLP.encode(), b"urn:x:protocol"),
    )
    attack(
        "namespace: a prefix is bound anew within the assertion",
        Reason.SCHEMA,
        ASSERTION,
        edit_bytes=swap(b"<saml:NameID ", b'<saml:NameID xmlns:saml="urn:x" '),
    )
    attack(
        "namespace: a default one takes an element over",
        Reason.SCHEMA,
        ASSERTION,
        edit_bytes=swap(b"<saml:Subject>", b'<x xmlns="urn:x"/><saml:Subject>'),
    )
    attack(
        "namespace: the signature's prefix is bound to another",
        Reason.SIGNATURE_SHAPE,
        RESPONSE,
        edit_bytes=swap(b"<ds:SignatureValue>", b'<ds:SignatureValue xmlns:ds="urn:x">'),
    )


def _types() -> None:
    value = "a:Assertion/" + VALUE
    for name, edit in {
        "a NameID says it is a string": put(
            "a:Assertion/a:Subject/a:NameID", f"{{{XSI}}}type", "x"
        ),
        "a Condition of an unknown type": insert_xml(
            "a:Assertion/a:Conditions",
            f'<Condition xmlns="{SAML}" xmlns:xsi="{XSI}" xmlns:x="urn:x" xsi:type="x:Any"/>',
        ),
        "a Statement of an unknown type": insert_xml(
            "a:Assertion",
            f'<Statement xmlns="{SAML}" xmlns:xsi="{XSI}" xmlns:x="urn:x" xsi:type="x:Any"/>',
        ),
        "an assertion that is nil": put("a:Assertion", f"{{{XSI}}}nil", "true"),
        "a NameID that is nil": put("a:Assertion/a:Subject/a:NameID", f"{{{XSI}}}nil", "true"),
        "a value has a schema": put(value, f"{{{XSI}}}schemaLocation", "urn:x http://127.0.0.1:9/"),
        "a schema of the attacker's": put(
            ".", f"{{{XSI}}}schemaLocation", f"{SAMLP} http://127.0.0.1:9/x.xsd"
        ),
    }.items():
        attack(f"type: {name}", Reason.SCHEMA, RESPONSE, edit_response=edit)


def _grammar() -> None:
    for name, edit in {
        "no Version": unset(".", "Version"),
        "no ID": unset("a:Assertion", "ID"),
        "no IssueInstant": unset(".", "IssueInstant"),
        "an ID that is no name": put("a:Assertion", "ID", "1 2"),
        "an empty ID": put("a:Assertion", "ID", ""),
        "no Status": drop("p:Status"),
        "no StatusCode": drop("p:Status/p:StatusCode"),
        "no Issuer in the assertion": drop("a:Assertion/a:Issuer"),
        "two Issuers": _duplicated("a:Issuer"),
        "two Subjects": _duplicated("a:Assertion/a:Subject"),
        "two NameIDs": _duplicated("a:Assertion/a:Subject/a:NameID"),
        "two Conditions": _duplicated("a:Assertion/a:Conditions"),
        "Status after the assertion": lambda root: root.append(find(root, "p:Status")),
        "an unknown element": insert_xml("a:Assertion", "<x/>"),
        "an unknown attribute": put("a:Assertion", "Admin", "true"),
        "an element in a NameID": insert_xml(
            "a:Assertion/a:Subject/a:NameID", f'<NameID xmlns="{SAML}">{INTRUDER}</NameID>'
        ),
        "an element in the Audience": insert_xml(
            "a:Assertion/a:Conditions/a:AudienceRestriction/a:Audience", "<x/>"
        ),
        "text between elements": write("a:Assertion", "text"),
        "an empty AttributeStatement": lambda root: find(root, STATEMENT).clear(),
        "an attribute without a name": unset(f"{STATEMENT}/a:Attribute", "Name"),
        "no Subject confirmation's method": unset(
            "a:Assertion/a:Subject/a:SubjectConfirmation", "Method"
        ),
        "no authentication time": unset("a:Assertion/a:AuthnStatement", "AuthnInstant"),
        "an AuthnStatement without its context": drop(
            "a:Assertion/a:AuthnStatement/a:AuthnContext"
        ),
    }.items():
        attack(f"grammar: {name}", Reason.SCHEMA, RESPONSE, edit_response=edit)
    attack(
        "grammar: a root of another name",
        Reason.SCHEMA,
        RESPONSE,
        edit_response=lambda root: setattr(root, "tag", f"{{{SAMLP}}}LogoutResponse"),
    )
    for name, path in {"the response's": ".", "the assertion's": "a:Assertion"}.items():
        attack(
            f"grammar: Version 1.1, {name}",
            Reason.SCHEMA,
            BOTH,
            edit_response=put(path, "Version", "1.1"),
        )


def _identifiers() -> None:
    """IDs twice: a signature's reference must have one meaning."""
    same = RESPONSE.response_id
    for name, edit in {
        "the assertion has the response's": put("a:Assertion", "ID", same),
        "the signature has the response's": put("ds:Signature", "Id", same),
        "SignedInfo has the response's": put("ds:Signature/ds:SignedInfo", "Id", same),
        "the signature has the assertion's": put("ds:Signature", "Id", RESPONSE.assertion_id),
        "KeyInfo has the response's": put("ds:Signature/ds:KeyInfo", "Id", same),
    }.items():
        attack(f"identifier: {name}", Reason.DUPLICATE_ID, RESPONSE, edit_signed=edit)
    attack(
        "identifier: both have one, before signing",
        Reason.DUPLICATE_ID,
        BOTH,
        assertion_id=same,
    )


_comments()
_entities()
_encodings()
_fields()
_namespaces()
_types()
_grammar()
_identifiers()

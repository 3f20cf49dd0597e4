"""Reading: what a document must be before anybody asks who signed it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

import saml_issuer as idp
from emrex_gateway.login.saml import _xml
from emrex_gateway.login.saml._message import MAX_FIELD, decode_post
from emrex_gateway.login.saml._times import moment
from emrex_gateway.login.saml._types import Reason, Refused
from emrex_gateway.login.saml._xml import (
    MAX_ATTRIBUTES,
    MAX_BYTES,
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_NAMESPACES,
    P,
    parse,
    read_message,
    validate,
)
from saml_schemas import problems


def refusal(function: Callable[..., object], *given: object) -> Reason:
    """Return why a function refuses; the message must quote nothing of what was given."""
    with pytest.raises(Refused) as caught:
        function(*given)
    assert "Virtanen" not in str(caught.value)
    return Reason(caught.value.reason)


def response(edit: Callable[[etree._Element], object]) -> etree._Element:
    """Return an unsigned response's tree after an edit, parsed anew."""
    answer = idp.Answer(signed="none", edit_response=lambda root: edit(root) and None)
    return parse(idp.respond(answer))


# --- the form's field -------------------------------------------------------------------


def test_a_field_is_base64_with_line_breaks() -> None:
    """Old encoders break lines; nothing else is overlooked."""
    document = bytes(range(256))
    assert base64.b64encode(document).decode() != base64.encodebytes(document).decode()
    assert document == decode_post(base64.b64encode(document).decode())
    assert document == decode_post(base64.encodebytes(document).decode().replace("\n", "\r\n"))


@pytest.mark.parametrize(
    "field", ["QUJ", "QUJD=", "QU JD", "QU\tJD", "QUJ-", "QUJ_", "QUJä", "QUI", "QUK=", "=QUJD"]
)
def test_a_field_of_other_letters_is_refused(field: str) -> None:
    """A decoder that leaves letters out would let two readers see two messages."""
    assert Reason.ENCODING == refusal(decode_post, field)


def test_a_field_has_a_limit() -> None:
    """The longest field holds the largest document, and not one group more."""
    largest = base64.b64encode(bytes(MAX_BYTES)).decode()
    assert MAX_FIELD == len(largest)
    assert MAX_BYTES == len(decode_post(largest))
    assert Reason.SIZE == refusal(decode_post, largest + "AAAA")


# --- the parser -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        b"<a/>",
        b"\xef\xbb\xbf<a/>",
        b'<?xml version="1.0"?><a/>',
        b"<?xml version='1.0' encoding='utf-8' standalone='no' ?>\n<a/>\n",
        b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?><a/>',
    ],
)
def test_what_is_read(document: bytes) -> None:
    """UTF-8 with or without a mark or a declaration."""
    assert "a" == parse(document).tag


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ('<?xml version="1.0"?><a/>'.encode("utf-16"), Reason.ENCODING),
        ("<a/>".encode("utf-16-le"), Reason.ENCODING),
        ("<a/>".encode("utf-32-be"), Reason.ENCODING),
        ("<a/>".encode("cp037"), Reason.ENCODING),
        ("<a>ä</a>".encode("latin-1"), Reason.ENCODING),
        (b"<a>\xc3", Reason.ENCODING),
        (b"<a>\xed\xa0\x80</a>", Reason.ENCODING),
        (b"<a>\x00</a>", Reason.ENCODING),
        (b'<?xml version="1.0" encoding="UTF-7"?><a/>', Reason.ENCODING),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>', Reason.ENCODING),
        (b'<?xml version="1.1" encoding="UTF-8"?><a/>', Reason.ENCODING),
        (b"<!DOCTYPE a><a/>", Reason.DTD),
        (b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', Reason.DTD),
        (b"<a><!-- --></a>", Reason.COMMENT),
        (b"<!-- --><a/>", Reason.COMMENT),
        (b"<a/><!-- -->", Reason.COMMENT),
        (b"<a><?b c?></a>", Reason.PROCESSING_INSTRUCTION),
        (b"<?b c?><a/>", Reason.PROCESSING_INSTRUCTION),
        (b'<?xml-stylesheet href="x"?><a/>', Reason.PROCESSING_INSTRUCTION),
        (b' <?xml version="1.0"?><a/>', Reason.PROCESSING_INSTRUCTION),
        (b"<a><![CDATA[x]]></a>", Reason.MALFORMED),
        (b"<a>&e;</a>", Reason.MALFORMED),
        (b"<a>", Reason.MALFORMED),
        (b"", Reason.MALFORMED),
        (b"<a/><a/>", Reason.MALFORMED),
        (b"<a b='1' b='2'/>", Reason.MALFORMED),
        (b"<a xmlns:x='u:u' xmlns:y='u:u' x:b='1' y:b='2'/>", Reason.MALFORMED),
        (b"<x:a/>", Reason.MALFORMED),
        (b"<a>&#0;</a>", Reason.MALFORMED),
        (b"<a>" + b" " * MAX_BYTES + b"</a>", Reason.SIZE),
    ],
)
def test_what_is_not_read(document: bytes, reason: Reason) -> None:
    """Whatever two readers could read as two things is refused, with its own reason."""
    assert reason == refusal(parse, document)


def test_a_large_document_is_checked_in_pieces() -> None:
    """A character that lies across two pieces is one, and half a one at the end is none."""
    text = b"<a>" + b"x" * ((1 << 20) - 4) + "ä".encode() + b"</a>"
    assert "ä" == (parse(text, max_bytes=1 << 21).text or "")[-1]
    with pytest.raises(Refused) as caught:
        parse(text[: (1 << 20)], max_bytes=1 << 21)
    assert Reason.ENCODING == caught.value.reason


@pytest.mark.parametrize(
    ("least", "form"),
    [
        (MAX_ELEMENTS, lambda n: b"<a>" + b"<b/>" * (n - 1) + b"</a>"),
        (MAX_DEPTH, lambda n: b"<a>" * n + b"</a>" * n),
        (MAX_ATTRIBUTES, lambda n: b"<a %s/>" % b" ".join(b"a%d=''" % i for i in range(n))),
        (
            MAX_NAMESPACES,
            lambda n: b"<a %s/>" % b" ".join(b"xmlns:n%d='u:u'" % i for i in range(n)),
        ),
    ],
)
def test_bounds(least: int, form: Callable[[int], bytes]) -> None:
    """What would make canonicalising slow is bounded: the limit itself is let in, one more is not."""
    assert "a" == parse(form(least)).tag
    assert Reason.SIZE == refusal(parse, form(least + 1))


# --- the grammar ------------------------------------------------------------------------


def full() -> idp.Answer:
    """Return an answer with everything that our grammar knows, encrypted things aside."""

    def assertion(root: etree._Element) -> None:
        conditions = root.find("a:Conditions", idp.NS)
        assert conditions is not None
        etree.SubElement(conditions, f"{{{idp.SAML}}}OneTimeUse")
        proxy = etree.SubElement(conditions, f"{{{idp.SAML}}}ProxyRestriction", Count="0")
        etree.SubElement(proxy, f"{{{idp.SAML}}}Audience").text = idp.SP
        statement = root.find("a:AuthnStatement", idp.NS)
        assert statement is not None
        statement.insert(
            0, etree.Element(f"{{{idp.SAML}}}SubjectLocality", Address="192.0.2.1", DNSName="x")
        )
        for number, value in enumerate(root.iter(f"{{{idp.SAML}}}AttributeValue")):
            value.set(f"{{{idp.XSI}}}type", ("xs:string", "xs:anyType")[number % 2])
        first = next(root.iter(f"{{{idp.SAML}}}Attribute"))
        first.set("{urn:oasis:names:tc:SAML:2.0:profiles:attribute:X500}Encoding", "LDAP")
        value = etree.SubElement(first, f"{{{idp.SAML}}}AttributeValue")
        etree.SubElement(value, f"{{{idp.SAML}}}NameID", Format=idp.TRANSIENT).text = "t"
        nil = etree.SubElement(first, f"{{{idp.SAML}}}AttributeValue")
        nil.set(f"{{{idp.XSI}}}nil", "true")

    def whole(root: etree._Element) -> etree._Element:
        extensions = etree.Element(f"{{{idp.SAMLP}}}Extensions")
        etree.SubElement(extensions, "{urn:keycloak:ext:key:1.0}KeyInfo", MessageSigningKeyId="k")
        root.insert(1, extensions)
        text = etree.tostring(root)
        declared = f' xmlns:xs="{idp.XS}" xmlns:xsi="{idp.XSI}"'.encode()
        return etree.fromstring(text.replace(b"<samlp:Response", b"<samlp:Response" + declared, 1))

    return idp.Answer(edit_assertion=assertion, edit_response=whole, authorities=("https://a", "b"))


def test_the_grammar_knows_what_providers_write() -> None:
    """An answer with everything that real providers put into one fits."""
    document = idp.respond(full())
    assert P + "Response" == read_message(document, P + "Response").tag


@pytest.mark.needs("saml-schemas")
@pytest.mark.parametrize(
    "make",
    [
        lambda: idp.respond(full()),
        lambda: idp.respond(idp.Answer(encryption=idp.Encryption())),
        lambda: idp.refusal(idp.Answer(status=("urn:x", "urn:y"), status_message="no")),
        idp.logout_request,
        idp.logout_response,
    ],
)
def test_what_fits_our_grammar_fits_the_official_one(make: Callable[[], bytes]) -> None:
    """Ours is narrower, and not another: OASIS' schemas take what it takes."""
    document = make()
    read_message(document, P + "Response", P + "LogoutRequest", P + "LogoutResponse")
    assert [] == problems(document)


def append(path: str, tag: str, text: str = "") -> Callable[[etree._Element], object]:
    """Return an edit that appends an element to what is at a path."""

    def edit(root: etree._Element) -> None:
        where = root if path == "." else root.find(path, idp.NS)
        assert where is not None
        etree.SubElement(where, tag).text = text

    return edit


def assign(path: str, name: str, value: str) -> Callable[[etree._Element], object]:
    """Return an edit that sets an attribute of what is at a path."""

    def edit(root: etree._Element) -> None:
        where = root if path == "." else root.find(path, idp.NS)
        assert where is not None
        where.set(name, value)

    return edit


@pytest.mark.parametrize(
    "edit",
    [
        append("a:Assertion", f"{{{idp.SAML}}}Advice"),
        append("a:Assertion", f"{{{idp.SAML}}}Statement"),
        append("a:Assertion", f"{{{idp.SAML}}}AuthzDecisionStatement"),
        append("a:Assertion/a:Subject", f"{{{idp.SAML}}}EncryptedID"),
        append("a:Assertion/a:AttributeStatement", f"{{{idp.SAML}}}EncryptedAttribute"),
        append("a:Assertion/a:Conditions", f"{{{idp.SAML}}}Condition"),
        append("a:Assertion/a:Subject/a:NameID", "b"),
        append(".//a:AttributeValue", "b"),
        append(".", f"{{{idp.DS}}}Signature"),
        append(".", f"{{{idp.SAML}}}Issuer"),
        assign(".", "Version", "2.1"),
        assign(".", "ID", "1"),
        assign(".", "ID", "a:b"),
        assign(".", "other", "x"),
        assign(".", "{http://www.w3.org/XML/1998/namespace}id", "x"),
        assign(".", f"{{{idp.XSI}}}schemaLocation", f"{idp.SAMLP} file:///etc/passwd"),
        assign("a:Assertion/a:Subject", f"{{{idp.XSI}}}type", "Subject"),
        assign(".//a:AttributeValue", f"{{{idp.XSI}}}schemaLocation", "u:u file:///x"),
        assign(".//a:AttributeValue", f"{{{idp.XSI}}}nil", "true"),
        assign(".//a:Issuer", f"{{{idp.XSI}}}nil", "true"),
    ],
)
def test_what_the_grammar_refuses(edit: Callable[[etree._Element], object]) -> None:
    """Nothing can be hidden where we do not look, and nothing can speak to the validator."""
    assert Reason.SCHEMA == refusal(validate, response(edit), P + "Response")


def test_only_the_expected_kind_of_document() -> None:
    """A message that is right, but another one, is refused."""
    assert Reason.SCHEMA == refusal(read_message, idp.logout_request(), P + "Response")
    assert Reason.SCHEMA == refusal(read_message, b"<a/>", P + "Response")


@pytest.mark.parametrize(
    "tag", ["ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id", "{u:u}ID"]
)
@pytest.mark.parametrize("value", ["{}", " {} "])
def test_no_two_elements_have_one_id(tag: str, value: str) -> None:
    """However an ID is spelled, in whatever element: each is there once."""

    def edit(root: etree._Element) -> None:
        extensions = etree.Element(f"{{{idp.SAMLP}}}Extensions")
        hidden = etree.SubElement(extensions, "{u:u}hidden")
        hidden.set(tag, value.format(root.get("ID")))
        root.insert(1, extensions)

    assert Reason.DUPLICATE_ID == refusal(validate, response(edit), P + "Response")


def test_validating_leaves_the_tree_as_it_is() -> None:
    """The types of values are taken off a copy: the tree that is read stays what was digested."""
    root = parse(idp.respond(full()))
    before = etree.tostring(root)
    validate(root, P + "Response")
    assert before == etree.tostring(root)


def test_a_tree_of_another_parser_is_refused_as_well() -> None:
    """libxml2's validator gives up on entities; that is a refusal, and nothing else."""
    document = idp.respond().replace(b"t-5f3e9a", b"&e;", 1)
    document = b'<!DOCTYPE x [<!ENTITY e "t">]>' + document
    root = etree.fromstring(document, etree.XMLParser(resolve_entities=False))
    assert Reason.SCHEMA == refusal(validate, root, P + "Response")


def test_no_file_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The grammar's imports come from the package; a working directory's files are not asked."""
    for name in ("assertion.xsd", "signature.xsd"):
        (tmp_path / name).write_text("not a schema")
    monkeypatch.chdir(tmp_path)
    _xml._grammar.cache_clear()
    assert P + "Response" == read_message(idp.respond(), P + "Response").tag


# --- times ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-11-02T09:30:00Z", "2026-11-02T09:30:00+00:00"),
        ("2026-11-02T09:30:00.5Z", "2026-11-02T09:30:00.500000+00:00"),
        ("2026-11-02T09:30:00.1234567Z", "2026-11-02T09:30:00.123456+00:00"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00"),
    ],
)
def test_times(text: str, value: str) -> None:
    """xs:dateTime in UTC, with fractions of a second as .NET and Java write them."""
    assert value == moment(text).isoformat()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-02T09:30:00",
        "2026-11-02T09:30:00+00:00",
        "2026-11-02T11:30:00+02:00",
        "2026-11-02 09:30:00Z",
        "2026-11-02T09:30Z",
        "2026-11-02",
        "20261102T093000Z",
        "2026-13-02T09:30:00Z",
        "2026-02-30T09:30:00Z",
        "2026-11-02T24:01:00Z",
        "2026-11-02T09:30:60Z",
        "2026-11-02T09:30:00.Z",
        "2026-11-02T09:30:00,5Z",
        "12026-11-02T09:30:00Z",
        "-2026-11-02T09:30:00Z",
        "\uff12026-11-02T09:30:00Z",
        " 2026-11-02T09:30:00Z",
        "2026-11-02T09:30:00Z\n",
        "2026-11-02T09:30:00z",
    ],
)
def test_what_is_no_time(text: str) -> None:
    """Each other spelling is refused: a zone that one side overlooks shifts every limit."""
    assert Reason.TIME == refusal(moment, text)

"""Whatever is done to a valid response, what is read is what was signed, and only refusals come out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

import saml_issuer
from emrex_gateway.login.saml._message import decode_post, verified_message
from emrex_gateway.login.saml._response import read_response
from emrex_gateway.login.saml._types import Assertion, Refused
from saml_case import ASSERTION, BOTH, ENCRYPTED, INNER, RESPONSE, SEALED, document, intruder
from saml_issuer import (
    DS,
    SAML,
    SAMLP,
    XENC,
    Answer,
    Element,
    Encryption,
    Logout,
    certificate,
    posted,
    reparsed,
)

BASES: dict[str, Answer] = {
    "response": RESPONSE,
    "assertion": ASSERTION,
    "both": BOTH,
    "encrypted": ENCRYPTED,
    "inner": INNER,
    "sealed": SEALED,
    "CBC": replace(ENCRYPTED, encryption=Encryption(method=saml_issuer.AES128_CBC)),
}
FACTS: dict[str, Assertion] = {
    name: read_response(document(answer), saml_issuer.expected(answer))
    for name, answer in BASES.items()
}
"""What each base says: read once from the genuine one, and checked below against what was made."""

PIECES = [
    b"<!-- -->",
    b"<!DOCTYPE x>",
    b"<?x y?>",
    b"<![CDATA[x]]>",
    b"&#13;",
    b"&lt;",
    b"&x;",
    b"]]>",
    b'ID="_x"',
    b' xmlns:saml="urn:x"',
    b' xsi:type="x"',
    b"<ds:Signature/>",
    b"<saml:NameID>intruder</saml:NameID>",
    b"<saml:AttributeValue>intruder</saml:AttributeValue>",
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"</saml:Assertion>",
    b"#",
]
TAGS = [
    f"{{{SAML}}}Assertion",
    f"{{{SAML}}}EncryptedAssertion",
    f"{{{SAML}}}Advice",
    f"{{{SAML}}}NameID",
    f"{{{SAML}}}AttributeValue",
    f"{{{SAML}}}Attribute",
    f"{{{SAMLP}}}Response",
    f"{{{SAMLP}}}Extensions",
    f"{{{SAMLP}}}StatusDetail",
    f"{{{DS}}}Signature",
    f"{{{DS}}}Object",
    f"{{{DS}}}Transform",
    f"{{{XENC}}}EncryptedKey",
    "Assertion",
    "{urn:x}y",
]
WORDS = st.one_of(
    st.sampled_from(
        [
            "",
            "#",
            f"#{RESPONSE.response_id}",
            f"#{RESPONSE.assertion_id}",
            RESPONSE.response_id,
            RESPONSE.assertion_id,
            "intruder",
            "2.0",
            saml_issuer.EXC,
            saml_issuer.ENVELOPED,
            saml_issuer.SHA1,
            saml_issuer.SP,
            saml_issuer.IDP,
            "2036-01-01T00:00:00Z",
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=12),
)


def judge(data: bytes, base: str) -> None:
    """A response either is refused, or says exactly what the provider signed."""
    try:
        found = read_response(data, saml_issuer.expected(BASES[base]))
    except Refused:
        return
    assert FACTS[base] == found


@pytest.mark.parametrize("base", BASES)
def test_a_base_says_what_it_was_made_to_say(base: str) -> None:
    """The facts that the mutations are held against are those of the answer."""
    answer, facts = BASES[base], FACTS[base]
    assert facts.name_id is not None
    assert (answer.assertion_id, answer.name_id, answer.attributes, answer.session_index) == (
        facts.id,
        facts.name_id.value,
        facts.attributes,
        facts.session_index,
    )


# --- bytes -------------------------------------------------------------------------------


@st.composite
def bytes_changed(draw: st.DrawFn, data: bytes) -> bytes:
    """``data`` with pieces removed, replaced, moved and repeated."""
    changed = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, max(0, len(changed) - 1)))
        end = min(len(changed), start + draw(st.sampled_from([0, 0, 1, 8, 60, 600])))
        piece = draw(
            st.one_of(
                st.binary(max_size=4),
                st.sampled_from(PIECES),
                st.just(bytes(changed[start:end] * 2)),
                st.just(b""),
            )
        )
        at = draw(st.sampled_from([start, changed.find(b">", start) + 1]))
        changed[at : at + end - start] = piece
    return bytes(changed)


@given(st.sampled_from(sorted(BASES)), st.data())
def test_changed_bytes(base: str, data: st.DataObject) -> None:
    """Byte by byte."""
    judge(data.draw(bytes_changed(document(BASES[base]))), base)


# --- trees -------------------------------------------------------------------------------


def _elements(root: Element) -> list[Element]:
    return list(root.iter(etree.Element))


def _move(draw: st.DrawFn, nodes: Sequence[Element]) -> None:
    """An element goes to another place."""
    node, into = draw(st.sampled_from(nodes)), draw(st.sampled_from(nodes))
    if node.getparent() is not None and node is not into and node not in list(into.iterancestors()):
        into.insert(draw(st.integers(0, len(into))), node)


def _copy(draw: st.DrawFn, nodes: Sequence[Element]) -> None:
    """A copy of an element, perhaps another's, goes to another place."""
    node, into = draw(st.sampled_from(nodes)), draw(st.sampled_from(nodes))
    made = intruder(node) if draw(st.booleans()) else copy.deepcopy(node)
    if made.get("ID") and draw(st.booleans()):
        made.set("ID", "_other")
    into.insert(draw(st.integers(0, len(into))), made)


def _remove(draw: st.DrawFn, nodes: Sequence[Element]) -> None:
    node = draw(st.sampled_from(nodes))
    parent = node.getparent()
    if parent is not None:
        parent.remove(node)


def _retag(draw: st.DrawFn, nodes: Sequence[Element]) -> None:
    draw(st.sampled_from(nodes)).tag = draw(st.sampled_from(TAGS))


def _wrap(draw: st.DrawFn, nodes: Sequence[Element]) -> None:
    """An element gets a new one around it."""
    node = draw(st.sampled_from(nodes))
    parent = node.getparent()
    if parent is not None:
        around = etree.Element(draw(st.sampled_from(TAGS)))
        parent.replace(node, around)
        around.append(node)


def _attribute(draw: st.DrawFn, nodes: Sequence[Element]) -> None:
    node = draw(st.sampled_from(nodes))
    names = [*map(str, node.attrib), "ID", "Id", "URI", "Algorithm", "Type"]
    node.set(draw(st.sampled_from(names)), draw(WORDS))


def _unset(draw: st.DrawFn, nodes: Sequence[Element]) -> None:
    node = draw(st.sampled_from([n for n in nodes if n.attrib]))
    del node.attrib[draw(st.sampled_from(list(map(str, node.attrib))))]


def _text(draw: st.DrawFn, nodes: Sequence[Element]) -> None:
    node = draw(st.sampled_from(nodes))
    if draw(st.booleans()):
        node.text = draw(WORDS)
    else:
        node.tail = draw(WORDS)


STEPS: tuple[Callable[[st.DrawFn, Sequence[Element]], None], ...] = (
    _move,
    _copy,
    _remove,
    _retag,
    _wrap,
    _attribute,
    _unset,
    _text,
)


@st.composite
def tree_changed(draw: st.DrawFn, data: bytes) -> bytes:
    """``data`` with elements moved, copied, removed, renamed and wrapped, attributes and texts set."""
    root = reparsed(etree.fromstring(data))
    for _ in range(draw(st.integers(1, 4))):
        draw(st.sampled_from(STEPS))(draw, _elements(root))
    return etree.tostring(root, with_tail=False)


@given(st.sampled_from(sorted(BASES)), st.data())
def test_changed_trees(base: str, data: st.DataObject) -> None:
    """Element by element: moved, copied with another's name, removed, renamed, wrapped."""
    judge(data.draw(tree_changed(document(BASES[base]))), base)


@given(st.data())
def test_changed_trees_within_an_encryption(data: st.DataObject) -> None:
    """The attacker encrypts for us what they changed: only the assertion's own signature stands."""

    def change(root: Element) -> Element:
        return etree.fromstring(data.draw(tree_changed(etree.tostring(root))))

    judge(saml_issuer.respond(replace(INNER, edit_signed_assertion=change)), "inner")


# --- the other entrances -------------------------------------------------------------------


@given(
    st.one_of(
        st.text(max_size=200),
        st.binary(max_size=200).map(posted),
        bytes_changed(posted(document(BOTH)).encode()).map(lambda b: b.decode("latin-1")),
    )
)
def test_any_field(field: str) -> None:
    """A form's field is decoded or refused; what comes out is a response or refused."""
    try:
        data = decode_post(field)
    except Refused:
        return
    judge(data, "both")


LOGOUT = saml_issuer.logout_request(Logout(id="_logout0123456789"))
SIGNED = etree.tostring(verified_message(LOGOUT, [certificate("rsa2048")]), method="c14n")


@given(st.one_of(bytes_changed(LOGOUT), tree_changed(LOGOUT)))
def test_a_changed_logout_request(data: bytes) -> None:
    """A logout by form ends the sessions that were named when it was signed, or none."""
    try:
        root = verified_message(data, [certificate("rsa2048")])
    except Refused:
        return
    assert SIGNED == etree.tostring(root, method="c14n")

"""What an attack on the SAML verifier is: a response, its one manipulation, and the reason to refuse it.

Each case carries its twin: the same answer by the same path without the
manipulation. The twin must be accepted, or the case proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import saml_issuer
from emrex_gateway.login.saml._types import Attribute, Expected, Reason
from saml_issuer import NS, Answer, Edit, Element, Encryption, clone, posted

RESPONSE = Answer(
    signed="response",
    response_id="_response00112233445566778899aabbcc",
    assertion_id="_assertion00112233445566778899aabb",
)
"""The bases: what is signed, and what is encrypted."""
ASSERTION = replace(RESPONSE, signed="assertion")
BOTH = replace(RESPONSE, signed="both")
ENCRYPTED = replace(RESPONSE, encryption=Encryption())
INNER = replace(ENCRYPTED, signed="assertion")
"""Encrypted, and only the assertion within is signed."""
SEALED = replace(ENCRYPTED, signed="both")

INTRUDER = "intruder@elsewhere.example"


@dataclass(frozen=True, slots=True)
class Case:
    """An attack; ``name`` is ``<family>: <what is done>``. ``expected`` is what it is held against."""

    name: str
    reason: Reason
    twin: Answer
    answer: Answer
    expected: Expected
    field: Callable[[bytes], str | bytes] = posted

    @property
    def family(self) -> str:
        """The part of the name before the colon."""
        return self.name.partition(":")[0]


CASES: list[Case] = []


def attack(
    name: str,
    reason: Reason,
    twin: Answer,
    *,
    expect: dict[str, Any] | None = None,
    field: Callable[[bytes], str | bytes] = posted,
    **changes: Any,
) -> None:
    """Add a case: the twin with ``changes``, held against what the twin is, with ``expect``."""
    wanted = replace(saml_issuer.expected(twin), **(expect or {}))
    CASES.append(Case(name, reason, twin, replace(twin, **changes), wanted, field))


@cache
def document(answer: Answer) -> bytes:
    """Return the response to an answer, made once."""
    return saml_issuer.respond(answer)


def find(root: Element, path: str) -> Element:
    """Return the element at a path with the prefixes of ``saml_issuer.NS``; there is one."""
    found = root.find(path, NS)
    assert found is not None, path
    return found


def take(root: Element, path: str) -> Element:
    """Take an element out of the tree and return it."""
    found = find(root, path)
    parent = found.getparent()
    assert parent is not None
    parent.remove(found)
    found.tail = None
    return found


def intruder(element: Element) -> Element:
    """Return a copy that speaks of somebody else, and carries no signature."""
    evil = clone(element)
    for signature in evil.iterfind(".//ds:Signature", NS):
        parent = signature.getparent()
        assert parent is not None
        parent.remove(signature)
    for value in [*evil.iterfind(".//a:NameID", NS), *evil.iterfind(".//a:AttributeValue", NS)]:
        value.text = INTRUDER
    return evil


def edits(*steps: Edit) -> Edit:
    """Do several edits one after the other."""

    def edit(root: Element) -> Element | None:
        for step in steps:
            replaced = step(root)
            root = root if replaced is None else replaced
        return root

    return edit


def drop(path: str) -> Edit:
    """Take what is at a path out."""

    def edit(root: Element) -> None:
        take(root, path)

    return edit


def put(path: str, attribute: str, value: str) -> Edit:
    """Set an attribute of what is at a path (``.`` is the element itself)."""

    def edit(root: Element) -> None:
        find(root, path).set(attribute, value)

    return edit


def unset(path: str, attribute: str) -> Edit:
    """Take an attribute of what is at a path away."""

    def edit(root: Element) -> None:
        del find(root, path).attrib[attribute]

    return edit


def write(path: str, text: str) -> Edit:
    """Replace the text of what is at a path."""

    def edit(root: Element) -> None:
        find(root, path).text = text

    return edit


def swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Replace bytes that must be there, once, in the finished document."""

    def edit(data: bytes) -> bytes:
        assert old in data, old
        return data.replace(old, new, 1)

    return edit


def insert_xml(path: str, text: str, index: int | None = None) -> Edit:
    """Insert an element, given as text, into what is at a path; at its end, or at an index."""

    def edit(root: Element) -> None:
        into = find(root, path)
        into.insert(len(into) if index is None else index, saml_issuer.etree.fromstring(text))

    return edit


def attribute(name: str, *values: str) -> Attribute:
    """Return an attribute with the usual format."""
    return Attribute(name, values, saml_issuer.URI_FORMAT)


@dataclass(frozen=True, slots=True)
class Deed:
    """An attack on another entrance than that of responses: what is done, and the same done right."""

    name: str
    reason: Reason
    act: Callable[[], object]
    twin: Callable[[], object]


DEEDS: list[Deed] = []


def deed(name: str, reason: Reason, act: Callable[[], object], twin: Callable[[], object]) -> None:
    """Add an attack on another entrance."""
    DEEDS.append(Deed(name, reason, act, twin))

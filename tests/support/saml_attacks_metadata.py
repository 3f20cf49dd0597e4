"""Attacks on signed metadata: who says which keys a provider has."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import partial

from emrex_gateway.login.saml._aggregate import Pieces
from emrex_gateway.login.saml._signature import verify_in_place
from emrex_gateway.login.saml._types import Reason
from saml_case import deed
from saml_issuer import (
    DS,
    ENVELOPED,
    EXC,
    NS,
    Element,
    Signing,
    certificate,
    clone,
    complete,
    etree,
    signature_template,
)

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
TAGS = (f"{{{MD}}}EntitiesDescriptor", f"{{{MD}}}EntityDescriptor")
PINNED = (certificate("rsa2048"),)
TEXT = (
    f'<md:EntitiesDescriptor xmlns:md="{MD}" ID="_metadata" validUntil="2026-11-09T00:00:00Z">\n'
    '  <md:EntityDescriptor entityID="https://one.example"/>\n'
    '  <md:EntityDescriptor entityID="https://two.example"/>\n'
    "</md:EntitiesDescriptor>"
)
Change = Callable[[Element], Element | None]


def _same(root: Element) -> None:
    return None


def made(
    change: Change = _same,
    signing: Signing | None = None,
    edit: Callable[[bytes], bytes] = bytes,
    text: str = TEXT,
) -> bytes:
    """Return signed metadata, changed as a tree and as bytes after it was signed."""
    how = signing or Signing()
    root = etree.fromstring(text)
    signature = signature_template(root, how)
    root.insert(0, signature)
    complete(signature, how)
    root = etree.fromstring(etree.tostring(root))
    changed = change(root)
    return edit(etree.tostring(root if changed is None else changed))


def whole(document: bytes, pinned: Sequence[bytes] = PINNED) -> object:
    """Verify metadata as one tree."""
    return verify_in_place(
        etree.fromstring(document, etree.XMLParser(resolve_entities=False)), pinned
    )


def in_pieces(document: bytes, pinned: Sequence[bytes] = PINNED) -> object:
    """Verify metadata piece by piece."""
    return [element.get("entityID") for element in Pieces(io.BytesIO(document), TAGS, pinned)]


def _signature(root: Element) -> Element:
    found = root.find("ds:Signature", NS)
    assert found is not None
    return found


def _added(root: Element) -> None:
    etree.SubElement(root, TAGS[1], entityID="https://evil.example")


def _renamed(root: Element) -> None:
    root[1].set("entityID", "https://evil.example")


def _root_changed(root: Element) -> None:
    root.set("validUntil", "2036-11-09T00:00:00Z")


def _unsigned(root: Element) -> None:
    root.remove(_signature(root))


def _doubled(root: Element) -> None:
    root.append(clone(_signature(root)))


def _wrapped(root: Element) -> Element:
    evil = etree.fromstring(TEXT)
    evil.set("ID", "_evil")
    evil.append(root)
    return evil


def _taken_over(root: Element) -> Element:
    """Another root has the signature, and keeps the signed one within."""
    evil = etree.fromstring(TEXT)
    evil.set("ID", "_evil")
    evil.insert(0, _signature(root))
    evil.append(root)
    return evil


def _hidden(root: Element) -> Element:
    """The signed metadata is an Object in its signature."""
    evil = etree.fromstring(TEXT)
    signature = _signature(root)
    evil.insert(0, signature)
    etree.SubElement(signature, f"{{{DS}}}Object").append(root)
    return evil


def _late(root: Element) -> None:
    root.append(_signature(root))


def _text(root: Element) -> None:
    root[1].tail = "text"


XSLT = '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>'

CASES: dict[str, tuple[Reason, Callable[[], bytes]]] = {
    "unsigned": (Reason.UNSIGNED, lambda: made(_unsigned)),
    "an entity is added": (Reason.DIGEST, lambda: made(_added)),
    "an entity is renamed": (Reason.DIGEST, lambda: made(_renamed)),
    "the root is changed": (Reason.DIGEST, lambda: made(_root_changed)),
    "text is added": (Reason.DIGEST, lambda: made(_text)),
    "two signatures": (Reason.SIGNATURE_SHAPE, lambda: made(_doubled)),
    "wrapped by another root": (Reason.UNSIGNED, lambda: made(_wrapped)),
    "another root takes the signature": (Reason.REFERENCE, lambda: made(_taken_over)),
    "hidden in its signature": (Reason.SIGNATURE_SHAPE, lambda: made(_hidden)),
    "by another key": (Reason.SIGNATURE, lambda: made(signing=Signing(key="rsa2048:attacker"))),
    "by SHA-1": (Reason.ALGORITHM, lambda: made(signing=Signing(method=DS + "rsa-sha1"))),
    "over everything": (Reason.REFERENCE, lambda: made(signing=Signing(uri=""))),
    "canonical with comments": (
        Reason.TRANSFORM,
        lambda: made(signing=Signing(transforms=(ENVELOPED, EXC + "WithComments"))),
    ),
    "an instruction": (
        Reason.PROCESSING_INSTRUCTION,
        lambda: made(edit=lambda data: data.replace(b"\n  <md", b"\n<?x?><md", 1)),
    ),
}
WHOLE: dict[str, tuple[Reason, Callable[[], bytes]]] = {
    "a comment": (
        Reason.COMMENT,
        lambda: made(edit=lambda data: data.replace(b"\n  <md", b"\n  <!-- x --><md", 1)),
    ),
    "a DTD": (Reason.DTD, lambda: made(edit=lambda data: b"<!DOCTYPE x>" + data)),
}


BIG = TEXT.replace(
    "</md:EntitiesDescriptor>",
    '<md:EntityDescriptor entityID="https://more.example"/>\n' * 3000 + "</md:EntitiesDescriptor>",
)
"""More than a parser takes at once: the end is not yet there when the beginning is looked at."""


def _with_instruction(at: str) -> str:
    return TEXT.replace(at, f"<?x y?>{at}", 1)


def _right(door: Callable[[bytes], object]) -> object:
    return door(made())


for _name, (_reason, _made) in {**CASES, **WHOLE}.items():
    deed(
        f"metadata: {_name}",
        # libxmlsec says only that it does not hold.
        Reason.SIGNATURE if _reason is Reason.DIGEST else _reason,
        lambda m=_made: whole(m()),
        partial(_right, whole),
    )
for _name, (_reason, _made) in CASES.items():
    deed(
        f"metadata in pieces: {_name}",
        _reason,
        lambda m=_made: in_pieces(m()),
        partial(_right, in_pieces),
    )
deed(
    "metadata: a pinned key of 1024 bits",
    Reason.ALGORITHM,
    lambda: whole(made(signing=Signing(key="rsa1024")), [certificate("rsa1024")]),
    partial(_right, whole),
)
deed(
    "metadata in pieces: a pinned key of 1024 bits",
    Reason.ALGORITHM,
    lambda: in_pieces(made(signing=Signing(key="rsa1024")), [certificate("rsa1024")]),
    partial(_right, in_pieces),
)
deed(
    "metadata in pieces: the signature comes last",
    Reason.UNSIGNED,
    lambda: in_pieces(made(_late)),
    partial(_right, in_pieces),
)
for _name, _reason, _made in (
    ("two signatures, far apart", Reason.SIGNATURE_SHAPE, lambda: made(_doubled, text=BIG)),
    (
        "an instruction that is signed, between entities",
        Reason.PROCESSING_INSTRUCTION,
        lambda: made(text=_with_instruction("<md:EntityDescriptor")),
    ),
    (
        "an instruction that is signed, in an entity",
        Reason.PROCESSING_INSTRUCTION,
        lambda: made(
            text=TEXT.replace('two.example"/>', 'two.example"><?x y?></md:EntityDescriptor>')
        ),
    ),
    (
        "by a method that we do not take here",
        Reason.ALGORITHM,
        lambda: made(
            signing=Signing(method="http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1")
        ),
    ),
    ("a DTD", Reason.DTD, lambda: b"<!DOCTYPE x>" + made()),
    (
        "nothing in the root",
        Reason.UNSIGNED,
        lambda: TEXT[: TEXT.index(">")].encode() + b"/>",
    ),
    (
        "the root is its own signature",
        Reason.SCHEMA,
        lambda: b'<Signature xmlns="%s"/>' % DS.encode(),
    ),
    (
        "signed metadata in another root",
        Reason.SCHEMA,
        lambda: b"<x>" + made() + b"</x>",
    ),
):
    deed(
        f"metadata in pieces: {_name}",
        _reason,
        lambda m=_made: in_pieces(m()),
        lambda: in_pieces(made(text=BIG)),
    )
deed(
    "metadata in pieces: another root",
    Reason.SCHEMA,
    lambda: in_pieces(b"<x/>"),
    partial(_right, in_pieces),
)
deed(
    "metadata in pieces: the signature's value is no base64",
    Reason.SIGNATURE_SHAPE,
    lambda: in_pieces(
        made(edit=lambda data: data.replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>%"))
    ),
    partial(_right, in_pieces),
)

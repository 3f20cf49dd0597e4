"""Other projects' test responses, brought to our profile so that each fails for its own reason.

Their keys are short, unknown or expired and their signatures SHA-1: a strict
verifier refuses them all, for the wrong reason. So each document is parsed, its
times are moved to ``NOW``, and each of its signatures whose digest held when it
came is made again by our key, with SHA-256 and in the schema's place; one whose
digest did not hold is made again and spoiled again. A document without any
signature is signed as a whole, unless that is its flaw. What the documents say
is otherwise left alone; ``Expected`` is made from what its project expects.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import xmlsec
from lxml import etree

from emrex_gateway.login.saml._types import Expected
from saml_issuer import (
    DS,
    NOW,
    NS,
    Element,
    Encryption,
    Signing,
    certificate,
    complete,
    encrypt,
    instant,
    private_pem,
    signature_template,
)

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
TIMES = (
    "IssueInstant",
    "AuthnInstant",
    "SessionNotOnOrAfter",
    "NotBefore",
    "NotOnOrAfter",
)
_HASHES = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}


def read(file: Path) -> bytes:
    """Return a file's document; most of one project's are base64, whatever their names say."""
    data = file.read_bytes()
    if data.lstrip().startswith(b"<"):
        return data
    try:
        return base64.b64decode(data)
    except binascii.Error:
        return data


def _parsed(document: bytes) -> Element:
    return etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))


@dataclass(frozen=True, slots=True)
class _Signed:
    """A signature as it came: what it is over, and whether its digest holds."""

    parent: Element
    node: Element
    holds: bool


def _holds(parent: Element, node: Element) -> bool:
    """Compute the digest as the signature asks for, by lxml alone; only exclusive C14N is known."""
    reference = node.find("ds:SignedInfo/ds:Reference", NS)
    method = node.find("ds:SignedInfo/ds:Reference/ds:DigestMethod", NS)
    value = node.find("ds:SignedInfo/ds:Reference/ds:DigestValue", NS)
    if reference is None or method is None or value is None:
        return False
    if reference.get("URI", "") not in ("", f"#{parent.get('ID')}"):
        return False
    alone = etree.fromstring(etree.tostring(parent, with_tail=False))
    for signature in alone.iterfind("ds:Signature", NS):
        tail, before = signature.tail or "", signature.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + tail
        signature.tail = None
        alone.remove(signature)
    prefixes = [p.get("PrefixList", "").split() for p in reference.iter("{*}InclusiveNamespaces")]
    octets = etree.tostring(
        alone,
        method="c14n",
        exclusive=True,
        with_comments=False,
        inclusive_ns_prefixes=prefixes[0] if prefixes else None,
    )
    name = method.get("Algorithm", "").rpartition("#")[2]
    made = _HASHES.get(name, hashlib.sha1)(octets).digest()
    return base64.b64encode(made).decode() == "".join((value.text or "").split())


def _signatures(root: Element) -> list[_Signed]:
    """Return the signatures that stand in what they sign, the innermost first."""
    found = []
    for node in root.iter(f"{{{DS}}}Signature"):
        parent = node.getparent()
        if parent is not None and parent.get("ID") is not None:
            found.append(_Signed(parent, node, _holds(parent, node)))
    return sorted(found, key=lambda signed: -len(list(signed.parent.iterancestors())))


def _moved(root: Element) -> None:
    """Move all times by one step, so that the assertion was issued at ``NOW``; UTC with ``Z``."""
    issued = next(
        (a.get("IssueInstant", "") for a in root.iter("{*}Assertion")), root.get("IssueInstant", "")
    )
    step = NOW - _moment(issued) if TIME.fullmatch(issued) else timedelta()
    for node in root.iter(etree.Element):
        for name in TIMES:
            text = node.get(name)
            if text and TIME.fullmatch(text):
                node.set(name, instant(_moment(text) + step))
    root.set("IssueInstant", instant(NOW))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else datetime.fromisoformat(text + "Z")


def _again(signed: _Signed, *, attackers: bool) -> None:
    """Sign anew in the same element, by SHA-256 and our key; the transforms stay as they were."""
    old = signed.node.find("ds:SignedInfo/ds:Reference/ds:Transforms", NS)
    kept = [] if old is None else [etree.tostring(t, with_tail=False).decode() for t in old]
    key = "rsa2048:attacker" if attackers else "rsa2048"
    reference = signed.node.find("ds:SignedInfo/ds:Reference", NS)
    uri = None if reference is None else reference.get("URI")
    own = f"#{signed.parent.get('ID')}"
    how = Signing(
        key=key,
        transforms=tuple(kept) or Signing().transforms,
        uri=None if uri in (None, own) else uri,
    )
    _cut(signed.node)
    made = signature_template(signed.parent, how)
    issuer = signed.parent.find("a:Issuer", NS)
    signed.parent.insert(0 if issuer is None else signed.parent.index(issuer) + 1, made)
    complete(made, how)
    if not signed.holds:
        _spoil(made)


def _spoil(signature: Element) -> None:
    for value in signature.iterfind("ds:SignedInfo/ds:Reference/ds:DigestValue", NS):
        text = value.text or ""
        value.text = ("B" if text.startswith("A") else "A") + text[1:]


def _cut(node: Element) -> None:
    parent, before = node.getparent(), node.getprevious()
    assert parent is not None
    if before is not None:
        before.tail = (before.tail or "") + (node.tail or "")
    node.tail = None
    parent.remove(node)


def _opened(root: Element, key: bytes) -> Element:
    """Return the response with its encrypted assertion in the clear, decrypted by libxmlsec."""
    data = root.find("a:EncryptedAssertion/xenc:EncryptedData", NS)
    if data is None or not key:
        return root
    manager = xmlsec.KeysManager()
    manager.add_key(xmlsec.Key.from_memory(key, xmlsec.KeyFormat.PEM))
    xmlsec.EncryptionContext(manager).decrypt(data)
    text = etree.tostring(root)
    for tag in re.findall(rb"</?(?:\w+:)?EncryptedAssertion[^>]*>", text):
        text = text.replace(tag, b"", 1)
    return etree.fromstring(text)


def _closed(root: Element) -> None:
    """Encrypt the assertion for our key."""
    plain = root.find("a:Assertion", NS)
    assert plain is not None
    root.replace(plain, encrypt(etree.tostring(plain, with_tail=False), Encryption()))


def renewed(
    document: bytes,
    *,
    attackers: bool = False,
    sign: bool = True,
    edits: Sequence[Callable[[Element], None]] = (),
    key: bytes = b"",
    seal: bool = True,
) -> bytes:
    """Return the document at ``NOW`` and signed by our key, as this module's text says.

    ``attackers``: its signatures are an attacker's and stay so. ``edits``
    bring it to our profile before it is signed. ``key`` opens its encrypted
    assertion, which is then encrypted for ours, but for ``seal`` ``False``.
    """
    root = _parsed(document)
    held = {s.parent.get("ID"): s.holds for s in _signatures(root)}
    encrypted = root.find("a:EncryptedAssertion", NS) is not None and bool(key) and seal
    root = _opened(root, key)
    signatures = [
        replace(s, holds=held.get(s.parent.get("ID"), s.holds)) for s in _signatures(root)
    ]
    _moved(root)
    for edit in edits:
        edit(root)
    for signed in signatures:
        if signed.parent is root and encrypted:
            _closed(root)
        if signed.parent is root or signed.parent.getroottree().getroot() is root:
            _again(signed, attackers=attackers)
    if encrypted and root.find("a:Assertion", NS) is not None:
        _closed(root)
    if not signatures and sign and root.get("ID"):
        place_signature(root)
    return etree.tostring(root)


def place_signature(root: Element) -> None:
    """Sign a document that nobody had signed."""
    made = signature_template(root, Signing())
    issuer = root.find("a:Issuer", NS)
    root.insert(0 if issuer is None else root.index(issuer) + 1, made)
    complete(made, Signing())


def expected(entity_id: str, acs_url: str, provider: str, request_id: str) -> Expected:
    """Return what a project's own settings expect, at ``NOW`` and of our key."""
    return Expected(
        entity_id=entity_id,
        acs_url=acs_url,
        provider=provider,
        certificates=(certificate("rsa2048"),),
        request_id=request_id,
        now=NOW,
        decryption_keys=(private_pem("rsa2048:sp"),),
    )

"""Looking at a signature for support. Nothing that this says makes a document trustworthy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from emrex_gateway.domain import SignatureFacts, SignedElmo
from emrex_gateway.errors import SignatureError
from emrex_gateway.signing._certificates import Certificate, read_certificates
from emrex_gateway.signing._parse import parse
from emrex_gateway.signing._policy import CANONICALIZATIONS, DIGESTS, DS, SIGNATURES, STRICT, Policy
from emrex_gateway.signing._shape import (
    claimed_certificates,
    digest_holds,
    digested_bytes,
    read_shape,
    signatures,
)
from emrex_gateway.signing._verify import holds, verify

_NOT_WHOLE = frozenset(
    [
        "coverage",
        "several-signatures",
        "references",
        "external-reference",
        "xpath",
        "xslt",
        "transform",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What can be said of a document's signature.

    ``facts`` is there when the signature holds for a given certificate under
    the policy; otherwise ``reason`` and ``message`` say why it does not.
    ``signer`` and what follows come from KeyInfo: claims, not facts.
    ``listed`` is None when no certificate was given; ``holds_for_claimed``
    says whether the signature is at least that of the claimed certificate.
    ``covers_whole`` is None where there is nothing to say it of; ``intact``
    says whether the contents still have the signed digest.
    """

    facts: SignatureFacts | None
    reason: str | None
    message: str | None
    signatures: int = 0
    signature_method: str | None = None
    digest_method: str | None = None
    canonicalization: str | None = None
    covers_whole: bool | None = None
    intact: bool | None = None
    signer: str | None = None
    issuer: str | None = None
    fingerprint: str | None = None
    key: str | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    listed: bool | None = None
    holds_for_claimed: bool | None = None


def inspect(
    document: SignedElmo,
    certificates: Sequence[bytes],
    policy: Policy = STRICT,
    *,
    now: datetime | None = None,
) -> Inspection:
    """Say who signed, how, and whether it holds. Never raises for the document's sake."""
    facts: SignatureFacts | None = None
    reason = message = None
    try:
        facts = verify(document, certificates, policy, now=now).facts
    except SignatureError as error:
        reason, message = error.reason, str(error)
    try:
        tree = parse(document.xml)
    except SignatureError as error:
        return Inspection(facts=None, reason=error.reason, message=str(error))
    found = signatures(tree)
    claimed = _claimed(found[0]) if found else None
    covers, intact, by_claimed = _coverage(tree, claimed)
    node = found[0] if found else None
    given = {c.fingerprint for data in certificates for c in read_certificates(data)}
    return Inspection(
        facts=facts,
        reason=reason,
        message=message,
        signatures=len(found),
        signature_method=_algorithm(node, "SignatureMethod"),
        digest_method=_algorithm(node, "DigestMethod"),
        canonicalization=_algorithm(node, "CanonicalizationMethod"),
        covers_whole=covers,
        intact=intact,
        signer=claimed.subject if claimed else None,
        issuer=claimed.issuer if claimed else None,
        fingerprint=claimed.fingerprint if claimed else None,
        key=claimed.strength if claimed else None,
        not_before=claimed.not_before if claimed else None,
        not_after=claimed.not_after if claimed else None,
        listed=claimed.fingerprint in given if claimed and given else None,
        holds_for_claimed=by_claimed,
    )


def _coverage(
    tree: etree._ElementTree, claimed: Certificate | None
) -> tuple[bool | None, bool | None, bool | None]:
    """Whether the signature covers the whole, is intact, and is by the claimed certificate."""
    if not signatures(tree):
        return None, None, None
    try:
        shape = read_shape(tree)
    except SignatureError as error:
        return (False if error.reason in _NOT_WHOLE else None), None, None
    by_claimed = None
    known = shape.signature_method in SIGNATURES and shape.digest_method in DIGESTS
    if known and claimed and claimed.kind == SIGNATURES[shape.signature_method][0]:
        by_claimed = holds(shape.node, claimed)
    try:
        intact = digest_holds(digested_bytes(tree, shape), shape) if known else None
    except SignatureError:
        intact = False
    return True, intact, by_claimed


def _claimed(signature: etree._Element) -> Certificate | None:
    return next(claimed_certificates(signature), None)


def _algorithm(signature: etree._Element | None, element: str) -> str | None:
    node = None if signature is None else signature.find(f".//{{{DS}}}{element}")
    uri = None if node is None else node.get("Algorithm")
    if not uri:
        return None
    if uri in SIGNATURES:
        return "-".join(SIGNATURES[uri])
    return DIGESTS.get(uri) or CANONICALIZATIONS.get(uri) or f"unknown ({uri[:120]!r})"

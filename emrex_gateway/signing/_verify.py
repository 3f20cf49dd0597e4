"""Verifying: the only way from a ``SignedElmo`` to a ``VerifiedElmo``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice

import xmlsec
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from emrex_gateway.domain import SignatureFacts, SignedElmo, VerifiedElmo
from emrex_gateway.domain._elmo import _WITNESS
from emrex_gateway.errors import SignatureError
from emrex_gateway.signing._certificates import Certificate, read_certificates
from emrex_gateway.signing._direct import direct_signer, public_key
from emrex_gateway.signing._parse import parse
from emrex_gateway.signing._policy import (
    CANONICALIZATIONS,
    DIGESTS,
    SIGNATURES,
    STRICT,
    Policy,
    check_algorithms,
)
from emrex_gateway.signing._shape import (
    Shape,
    claimed_certificates,
    digest_holds,
    digested_bytes,
    read_shape,
)

MAX_CERTIFICATES = 1000
"""The most certificates that are looked at for one document: all that the registries list, and have listed."""

_MOST_TRIED = 20
_TRIED_BYTES = 128 * 1024 * 1024
"""What libxmlsec digests at most, over again for each certificate, when a signature is not of the usual form."""
_MOST_CLAIMED = 5
_SHORT_KEY = "the key is short"
_TOO_SHORT = "the given certificate's key is too short for this policy"


def verify(
    document: SignedElmo,
    certificates: Sequence[bytes],
    policy: Policy = STRICT,
    *,
    now: datetime | None = None,
) -> VerifiedElmo:
    """Return the bytes that a signature by one of ``certificates`` covers: the whole document.

    ``certificates`` are PEM, DER or bare base64, those that the registry
    lists for the provider (several during a key rollover); what the document
    itself says in KeyInfo is never trusted. A certificate's dates only make a
    warning: providers are accepted by the list. ``now`` is for these dates.

    The bytes that come back are the canonical form that was digested, without
    the signature and without comments: nothing else can be read later.

    Raises ``SignatureError``; ``reason`` is one of

    - parsing: ``size``, ``encoding``, ``dtd``, ``malformed``, ``depth``
    - which signature: ``unsigned``, ``several-signatures``, ``root``
    - what it covers: ``coverage`` (a part, or wrapped), ``references``,
      ``external-reference``, ``xpath``, ``xslt``, ``transform``
    - its form: ``shape``, ``object``
    - algorithms: ``hmac``, ``sha1``, ``algorithm``
    - keys: ``no-certificate`` (none given that can be read), ``weak-key``,
      ``certificate`` (SignatureValue is not by a given certificate's key)
    - contents: ``digest`` (changed after it was signed)
    """
    tree = parse(document.xml)
    shape = read_shape(tree)
    warnings = check_algorithms(shape.signature_method, shape.digest_method, policy)
    kind = SIGNATURES[shape.signature_method][0]
    given = read_all(certificates)
    trusted = usable(given, kind, policy)
    # Both before digested_bytes, which takes the signature out of the tree.
    signer = _signer(shape, trusted, len(document.xml))
    weak = signer is None and _signer(shape, _short(given, kind, policy), len(document.xml))
    octets = digested_bytes(tree, shape)
    if not digest_holds(octets, shape):
        raise SignatureError("the document was changed after it was signed", "digest")
    if weak:
        raise SignatureError(_TOO_SHORT, "weak-key")
    if signer is None:
        raise SignatureError(
            "the signature was not made with a given certificate's key", "certificate"
        )
    return VerifiedElmo(
        octets,
        facts(shape, signer, (*warnings, *cautions(signer, now or datetime.now(UTC)))),
        witness=_WITNESS,
    )


def _signer(shape: Shape, given: Sequence[Certificate], size: int) -> Certificate | None:
    """Return the certificate whose key made the signature.

    Most signatures have the form that needs no canonicaliser; the others libxmlsec verifies as a whole.
    """
    ordered = _likeliest_first(given, shape.node)
    if (found := direct_signer(shape, ordered)) is not None:
        return found
    tried = ordered[: min(_MOST_TRIED, max(2, _TRIED_BYTES // size))]
    return next((c for c in tried if holds(shape.node, c)), None)


def _likeliest_first(
    trusted: Sequence[Certificate], signature: etree._Element
) -> Sequence[Certificate]:
    """Put those first whose key the document says it was signed with: a hint, so that few are tried."""
    if len(trusted) < 2:
        return trusted
    keys = {c.spki for c in islice(claimed_certificates(signature), _MOST_CLAIMED)}
    return sorted(trusted, key=lambda one: one.spki not in keys)


def read_all(given: Iterable[bytes]) -> tuple[Certificate, ...]:
    """Read the given certificates, each once. Raises ``SignatureError`` (``no-certificate``)."""
    found = {c.fingerprint: c for data in given for c in read_certificates(data)}
    if not found:
        raise SignatureError("no certificate was given that can be read", "no-certificate")
    return tuple(found.values())[:MAX_CERTIFICATES]


def usable(given: Sequence[Certificate], kind: str, policy: Policy) -> list[Certificate]:
    """Those of the certificates whose key is of the kind that signed, and strong enough.

    Raises ``SignatureError``: ``certificate`` when none has that kind of key,
    ``weak-key`` when those that have are too short.
    """
    fitting = [c for c in given if c.kind == kind]
    if not fitting:
        raise SignatureError("no given certificate has the kind of key that signed", "certificate")
    strong = [c for c in fitting if _is_strong(c, policy)]
    if not strong:
        raise SignatureError(_TOO_SHORT, "weak-key")
    return strong


def _short(given: Sequence[Certificate], kind: str, policy: Policy) -> list[Certificate]:
    """Those whose key is of the kind that signed, and too short: to say so, never to trust them."""
    return [c for c in given if c.kind == kind and not _is_strong(c, policy)]


def _is_strong(certificate: Certificate, policy: Policy) -> bool:
    least = policy.min_rsa_bits if certificate.kind == "rsa" else 256
    return _bits(certificate) >= least


def holds(node: etree._Element, certificate: Certificate) -> bool:
    """Let libxmlsec tell whether the signature at ``node`` is by the certificate's key.

    The node must have passed ``read_shape``.
    """
    context = xmlsec.SignatureContext()
    # With a key set, libxmlsec does not look into KeyInfo at all.
    context.key = public_key(certificate.spki)
    try:
        context.verify(node)
    except xmlsec.Error:
        return False
    return True


def facts(shape: Shape, signer: Certificate, warnings: tuple[str, ...]) -> SignatureFacts:
    """What a signature was made with."""
    return SignatureFacts(
        subject=signer.subject,
        fingerprint=signer.fingerprint,
        not_before=signer.not_before,
        not_after=signer.not_after,
        signature_method="-".join(SIGNATURES[shape.signature_method]),
        digest_method=DIGESTS[shape.digest_method],
        canonicalization=CANONICALIZATIONS[shape.canonicalization],
        warnings=warnings,
    )


def _bits(certificate: Certificate) -> int:
    key = certificate.key
    return key.key_size if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) else 0


def cautions(signer: Certificate, now: datetime) -> tuple[str, ...]:
    """What to say beside a signature that holds."""
    found = []
    if now < signer.not_before:
        found.append(f"the certificate is not valid before {signer.not_before.date()}")
    if now > signer.not_after:
        found.append(f"the certificate expired on {signer.not_after.date()}")
    if isinstance(signer.key, rsa.RSAPublicKey) and signer.key.key_size < 2048:
        found.append(f"{_SHORT_KEY}: RSA of {signer.key.key_size} bits")
    return tuple(found)


def is_weak(facts: SignatureFacts) -> tuple[bool, bool]:
    """Say whether a signature holds only under a policy for old providers: SHA-1 in it, a short key."""
    sha1 = facts.signature_method.endswith("sha1") or facts.digest_method == "sha1"
    return sha1, any(warning.startswith(_SHORT_KEY) for warning in facts.warnings)

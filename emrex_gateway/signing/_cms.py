"""The CMS signature in a PDF, in the one form that PAdES asks for and that we make.

Detached, one signer, with signed attributes: the content's type, its digest,
and the signer's certificate by its digest (ETSI EN 319 142-1, RFC 5652,
RFC 5035). Everything else is refused. Which certificate is trusted is the
caller's business: what stands in the signature is a claim.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

# tsp: it teaches cms the attribute that names the signer's certificate
from asn1crypto import cms, tsp
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm

from emrex_gateway.errors import SignatureError
from emrex_gateway.signing._certificates import Certificate, read_claimed

HASHES: Final[dict[str, HashAlgorithm]] = {
    "sha256": SHA256(),
    "sha384": SHA384(),
    "sha512": SHA512(),
}
"""Hashes by the names that ``hash_for`` gives."""

_KINDS: Final = {"rsassa_pkcs1v15": "rsa", "ecdsa": "ecdsa"}
_MAX_CERTIFICATES: Final = 20
_SET: Final = b"\x31"
assert tsp.SigningCertificateV2


@dataclass(frozen=True, slots=True, kw_only=True)
class Cms:
    """A signature that has the form. ``named`` is the digest of the signer's certificate in it."""

    kind: str
    hash_name: str
    digest: bytes
    value: bytes = field(repr=False)
    signed: bytes = field(repr=False)
    named: bytes
    named_hash: str
    certificate: Certificate | None

    def digests(self, pieces: Sequence[bytes | memoryview]) -> bool:
        """Whether the content is what was signed."""
        hashed = hashlib.new(self.hash_name)
        for piece in pieces:
            hashed.update(piece)
        return hashed.digest() == self.digest

    def is_by(self, certificate: Certificate) -> bool:
        """Whether the certificate's key made the signature.

        The signature must name that certificate, or hold the one that it names
        for the same key: a certificate is renewed, and its key stays.
        """
        named = hashlib.new(self.named_hash, certificate.der).digest() == self.named
        renewed = self.certificate is not None and self.certificate.spki == certificate.spki
        if not named and not renewed:
            return False
        key, hash_ = certificate.key, HASHES[self.hash_name]
        try:
            if isinstance(key, rsa.RSAPublicKey) and self.kind == "rsa":
                key.verify(self.value, self.signed, padding.PKCS1v15(), hash_)
                return True
            if isinstance(key, ec.EllipticCurvePublicKey) and self.kind == "ecdsa":
                key.verify(self.value, self.signed, ec.ECDSA(hash_))
                return True
        except InvalidSignature:
            return False
        return False


def read_cms(der: bytes) -> Cms:
    """Read a signature. Raises ``SignatureError`` (``shape``, ``algorithm``)."""
    try:
        return _read(der)
    except SignatureError:
        raise
    except Exception:  # asn1crypto parses when asked: anything may come from anywhere
        raise SignatureError("the PDF's signature cannot be read", "shape") from None


def _read(der: bytes) -> Cms:
    content = cms.ContentInfo.load(der)  # what follows is the padding of its place
    _must(content["content_type"].native == "signed_data")
    signed = content["content"]
    _must(signed["encap_content_info"]["content_type"].native == "data")
    _must(signed["encap_content_info"]["content"].native is None)
    _must(len(signed["signer_infos"]) == 1)
    info = signed["signer_infos"][0]
    hash_name = info["digest_algorithm"]["algorithm"].native
    method = info["signature_algorithm"]
    kind = _KINDS.get(method.signature_algo, "")
    if hash_name not in HASHES or not kind or _hash_of(method, hash_name) != hash_name:
        raise SignatureError("the PDF's signature is not RSA or ECDSA with SHA-2", "algorithm")
    attributes = _attributes(info["signed_attrs"])
    _must(attributes["content_type"].native == "data")
    named = attributes["signing_certificate_v2"]["certs"][0]
    named_hash = named["hash_algorithm"]["algorithm"].native
    _must(named_hash in HASHES)
    digest = named["cert_hash"].native
    return Cms(
        kind=kind,
        hash_name=hash_name,
        digest=attributes["message_digest"].native,
        value=info["signature"].native,
        # signed as a SET OF, whatever tag it has in its place (RFC 5652, section 5.4)
        signed=_SET + info["signed_attrs"].dump()[1:],
        named=digest,
        named_hash=named_hash,
        certificate=_claimed(signed["certificates"], named_hash, digest),
    )


def _hash_of(method: Any, hash_name: str) -> str:
    """The hash in the signature's method; plain RSA leaves it to the digest's own."""
    if method["algorithm"].native == "rsassa_pkcs1v15":
        return hash_name
    return str(method.hash_algo)


def _attributes(given: Any) -> dict[str, Any]:
    """The signed attributes, each once and with one value."""
    found: dict[str, Any] = {}
    for attribute in given:
        name = attribute["type"].native
        _must(name not in found and len(attribute["values"]) == 1)
        found[name] = attribute["values"][0]
    return found


def _claimed(given: Any, hash_name: str, digest: bytes) -> Certificate | None:
    for choice in list(given)[:_MAX_CERTIFICATES]:
        der = choice.chosen.dump()
        if choice.name == "certificate" and hashlib.new(hash_name, der).digest() == digest:
            return read_claimed(der)
    return None


def _must(holds: bool) -> None:
    if not holds:
        raise SignatureError("the PDF's signature has another form than PAdES", "shape")

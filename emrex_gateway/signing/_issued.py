"""A certificate as it comes from a certificate authority: what it says, and whether it will do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7

from emrex_gateway.domain import AccessPoint
from emrex_gateway.errors import ConfigError, SigningError
from emrex_gateway.ports import Secrets
from emrex_gateway.signing._certificates import MAX_BYTES, Certificate, read_certificates
from emrex_gateway.signing._keys import CURVES, MIN_RSA_BITS, read_own_certificates
from emrex_gateway.signing._references import is_inline

FIELD: Final = "certificate"


def N_(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


MAX_CHAIN: Final = 10
_PKCS7 = re.compile(r"-----BEGIN PKCS7-----")
_OLD_HASHES: Final = frozenset({"md5", "sha1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """What a certificate says. ``old_hash`` names the hash that its issuer signed it with, when too old.

    ``strength`` is such as ``RSA 3072``, ``bits`` the length of an RSA key, 0
    for others; ``usable_kind`` whether the gateway signs with such a key.
    """

    pem: str = field(repr=False)
    subject: str
    issuer: str
    fingerprint: str
    not_before: datetime
    not_after: datetime
    strength: str
    bits: int
    usable_kind: bool
    self_signed: bool
    authority: bool
    signs: bool
    old_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A certificate that was found good: PEM of it and its chain in order, and what to say of it.

    ``warnings`` are short codes: ``self-signed``, ``order`` (the chain was
    put in order), ``no-chain``.
    """

    pem: str = field(repr=False)
    facts: CertificateFacts
    chain: tuple[CertificateFacts, ...]
    warnings: tuple[str, ...]


def leaf(pem: str) -> str:
    """Return the first certificate of a PEM text: the key's own. Raises ``ConfigError``."""
    return certificate_facts(pem).pem


@lru_cache(maxsize=256)
def certificate_facts(pem: str) -> CertificateFacts:
    """Say what the first certificate of a PEM text is. Raises ``ConfigError`` when there is none."""
    found = read_certificates(pem.encode("utf-8", "replace"))
    if not found:
        raise ConfigError("there is no certificate in it that can be read", FIELD)
    return _facts(found[0])


def read_facts(
    access_point: AccessPoint, secrets: Secrets | None = None
) -> CertificateFacts | None:
    """Say what an access point's certificate is; ``None`` when it has none, or it cannot be read here.

    One that is a reference is read only with ``secrets``, and where this
    process may.
    """
    if not is_inline(access_point.certificate) and secrets is None:
        return None
    try:
        # An inline one resolves nothing.
        found = read_own_certificates(access_point, secrets or _no_secrets)
    except SigningError:
        return None
    return _facts(found[0])


def check_issued(data: bytes, public_key: str, now: datetime) -> Issued:
    """Check what a certificate authority sent for a key: PEM or DER, with its chain, or PKCS #7.

    ``public_key`` is PEM. Raises ``ConfigError`` (field ``certificate``) with
    one sentence that names what is wrong: no certificate at all, one of
    another key, expired or not valid yet, of an authority, not for
    signatures, too short, signed with an old hash, or a chain that does not
    belong to it.
    """
    given = _read(data)
    own = [one for one in given if one.spki.decode() == public_key]
    if not own:
        others = ", ".join(sorted({one.subject[:100] for one in given})[:3])
        raise ConfigError(
            f"the certificate does not fit this key: it is of another one ({others})."
            " Send this key's signing request to the certificate authority",
            FIELD,
            words=N_(
                "The certificate does not fit this key: it is of another one (%(others)s). Send this"
                " key's signing request to the certificate authority."
            ),
            values={"others": others},
        )
    mine = max(own, key=lambda one: one.not_after)
    facts = _facts(mine)
    if problem := _problem(facts, now):
        values = {
            "day": _day(facts.not_before if now < facts.not_before else facts.not_after),
            "strength": facts.strength,
            "hash": facts.old_hash.upper(),
        }
        raise ConfigError(problem % values, FIELD, words=_sentence(problem), values=values)
    rest = [one for one in given if one.fingerprint != mine.fingerprint]
    chain = _chain(mine, rest)
    warnings = []
    if facts.self_signed:
        warnings.append("self-signed")
    elif len(chain) == 1:
        warnings.append("no-chain")
    if [one.fingerprint for one in given] != [one.fingerprint for one in chain]:
        warnings.append("order")
    return Issued(
        pem="".join(one.pem.decode("ascii") for one in chain),
        facts=facts,
        chain=tuple(_facts(one) for one in chain[1:]),
        warnings=tuple(warnings),
    )


def _problem(facts: CertificateFacts, now: datetime) -> str:
    """The first thing that makes a certificate useless, with places for values; empty when nothing does."""
    rules = (
        (now > facts.not_after, _EXPIRED),
        (now < facts.not_before, _EARLY),
        (facts.authority, _AUTHORITY),
        (not facts.signs, _USAGE),
        (not facts.usable_kind, _WEAK),
        (bool(facts.old_hash), _OLD_HASH),
    )
    return next((sentence for wrong, sentence in rules if wrong), "")


def _sentence(text: str) -> str:
    """The same as a sentence; it is among the texts for translation below."""
    return _SENTENCES[text]


_EXPIRED: Final = "the certificate has expired: it was valid until %(day)s"
_EARLY: Final = "the certificate is not valid yet: install it from %(day)s on"
_AUTHORITY: Final = (
    "the certificate is one of a certificate authority (CA:TRUE); the key needs one of its own,"
    " for signatures"
)
_USAGE: Final = (
    "the certificate may not be used for signatures: its key usage lacks digitalSignature"
)
_WEAK: Final = (
    "the certificate's key will not do: %(strength)s; RSA of 2048 bits or more, or EC on P-256,"
    " P-384 or P-521, is needed"
)
_OLD_HASH: Final = (
    "the certificate was signed with %(hash)s, which can be forged: ask for one that is signed with"
    " SHA-256"
)
_SENTENCES: Final = {
    _EXPIRED: N_("The certificate has expired: it was valid until %(day)s."),
    _EARLY: N_("The certificate is not valid yet: install it from %(day)s on."),
    _AUTHORITY: N_(
        "The certificate is one of a certificate authority (CA:TRUE); the key needs one of its own,"
        " for signatures."
    ),
    _USAGE: N_(
        "The certificate may not be used for signatures: its key usage lacks digitalSignature."
    ),
    _WEAK: N_(
        "The certificate's key will not do: %(strength)s; RSA of 2048 bits or more, or EC on P-256,"
        " P-384 or P-521, is needed."
    ),
    _OLD_HASH: N_(
        "The certificate was signed with %(hash)s, which can be forged: ask for one that is signed"
        " with SHA-256."
    ),
}


def _read(data: bytes) -> tuple[Certificate, ...]:
    text = data[: MAX_BYTES + 1].decode("ascii", "replace")
    if len(data) > MAX_BYTES:
        raise ConfigError(f"this is larger than {MAX_BYTES} bytes: no certificate is", FIELD)
    if "PRIVATE KEY" in text:
        raise ConfigError(
            "there is a private key in it, which was not kept. A private key must never leave"
            " where it was made: take that one as known to others, and order a new key here",
            FIELD,
            words=N_(
                "There is a private key in it, which was not kept. A private key must never leave where"
                " it was made: take that one as known to others, and order a new key here."
            ),
        )
    if "CERTIFICATE REQUEST" in text:
        raise ConfigError(
            "this is a signing request: send it to a certificate authority, and put here the"
            " certificate that comes back",
            FIELD,
            words=N_(
                "This is a signing request: send it to a certificate authority, and put here the"
                " certificate that comes back."
            ),
        )
    found = _bundle(data, text) or read_certificates(data)
    if not found:
        raise ConfigError(
            "this is not a certificate: neither PEM nor DER of X.509",
            FIELD,
            words=N_("This is not a certificate: neither PEM nor DER of X.509."),
        )
    if len(found) > MAX_CHAIN:
        raise ConfigError(f"these are more than {MAX_CHAIN} certificates", FIELD)
    return tuple({one.fingerprint: one for one in found}.values())


def _bundle(data: bytes, text: str) -> tuple[Certificate, ...]:
    """Read PKCS #7, as some authorities send a certificate with its chain."""
    try:
        if _PKCS7.search(text):
            inside = pkcs7.load_pem_pkcs7_certificates(data)
        elif data[:1] == b"\x30" and not read_certificates(data):
            inside = pkcs7.load_der_pkcs7_certificates(data)
        else:
            return ()
    except (ValueError, UnsupportedAlgorithm):
        return ()
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415 - rarely

    return tuple(c for one in inside for c in read_certificates(one.public_bytes(Encoding.DER)))


def _chain(mine: Certificate, rest: Sequence[Certificate]) -> list[Certificate]:
    """Order the certificates, each signed by the next one; all of them must belong."""
    chain, left = [mine], list(rest)
    while left:
        above = next((one for one in left if _signed_by(chain[-1], one)), None)
        if above is None:
            names = ", ".join(one.subject[:100] for one in left)
            raise ConfigError(
                f"the chain does not belong to the certificate: nothing in it was issued by {names}."
                " Leave that out, or add the one in between",
                FIELD,
                words=N_(
                    "The chain does not belong to the certificate: nothing in it was issued by"
                    " %(names)s. Leave that out, or add the one in between."
                ),
                values={"names": names},
            )
        chain.append(above)
        left.remove(above)
    return chain


def _signed_by(below: Certificate, above: Certificate) -> bool:
    try:
        x509.load_der_x509_certificate(below.der).verify_directly_issued_by(
            x509.load_der_x509_certificate(above.der)
        )
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _facts(certificate: Certificate) -> CertificateFacts:
    read = x509.load_der_x509_certificate(certificate.der)
    key = certificate.key
    bits = key.key_size if isinstance(key, rsa.RSAPublicKey) else 0
    curve = isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in CURVES
    return CertificateFacts(
        pem=certificate.pem.decode("ascii"),
        subject=certificate.subject,
        issuer=certificate.issuer,
        fingerprint=certificate.fingerprint,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        strength=certificate.strength,
        bits=bits,
        usable_kind=curve or bits >= MIN_RSA_BITS,
        self_signed=certificate.subject == certificate.issuer
        and _signed_by(certificate, certificate),
        authority=_authority(read),
        signs=_signs(read),
        old_hash=_old_hash(read),
    )


def _authority(read: x509.Certificate) -> bool:
    try:
        found = read.extensions.get_extension_for_class(x509.BasicConstraints)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return found.value.ca


def _signs(read: x509.Certificate) -> bool:
    """Whether key usage, where it stands, lets the key sign documents."""
    try:
        usage = read.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return True
    return usage.digital_signature or usage.content_commitment


def _old_hash(read: x509.Certificate) -> str:
    try:
        name = read.signature_hash_algorithm.name if read.signature_hash_algorithm else ""
    except UnsupportedAlgorithm:
        return ""
    return name if name in _OLD_HASHES else ""


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _no_secrets(reference: str) -> str:
    raise ConfigError("no reference is resolved here")

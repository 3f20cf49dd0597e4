"""Algorithms by their URIs, and which of them a policy accepts.

The URIs are those of XML Signature 1.1 (section 6) and RFC 6931. Only what a
list here names is ever given to libxmlsec.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from emrex_gateway.errors import SignatureError

DS: Final = "http://www.w3.org/2000/09/xmldsig#"
ENVELOPED: Final = DS + "enveloped-signature"
C14N: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
C14N_11: Final = "http://www.w3.org/2006/12/xml-c14n11"
EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"

CANONICALIZATIONS: Final = {C14N: "c14n", C14N_11: "c14n11", EXCLUSIVE: "exc-c14n"}
"""Without comments only: with comments, a text that a comment splits reads differently elsewhere."""

DIGESTS: Final = {
    DS + "sha1": "sha1",
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}

_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
SIGNATURES: Final = {
    DS + "rsa-sha1": ("rsa", "sha1"),
    _MORE + "rsa-sha256": ("rsa", "sha256"),
    _MORE + "rsa-sha384": ("rsa", "sha384"),
    _MORE + "rsa-sha512": ("rsa", "sha512"),
    _MORE + "ecdsa-sha1": ("ecdsa", "sha1"),
    _MORE + "ecdsa-sha256": ("ecdsa", "sha256"),
    _MORE + "ecdsa-sha384": ("ecdsa", "sha384"),
    _MORE + "ecdsa-sha512": ("ecdsa", "sha512"),
}
"""The kind of key and the hash, by URI."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What is accepted besides SHA-256 and up with RSA of 2048 bits and up, or ECDSA.

    ``sha1``: SHA-1 in the signature or the digest. ``short_rsa``: RSA keys
    from 1024 to 2047 bits. Both are for providers that an administrator
    lists; what they let through is named in ``SignatureFacts.warnings``.
    """

    sha1: bool = False
    short_rsa: bool = False

    @property
    def min_rsa_bits(self) -> int:
        """The shortest RSA modulus that is accepted, in bits."""
        return 1024 if self.short_rsa else 2048


STRICT: Final = Policy()
"""What the gateway writes, and what it accepts unless told otherwise."""

WEAK: Final = Policy(sha1=True, short_rsa=True)
"""For the older providers that EMREX still has: SHA-1 and RSA from 1024 bits."""


def check_algorithms(method: str, digest: str, policy: Policy) -> tuple[str, ...]:
    """Return warnings for what the policy tolerates.

    Raises ``SignatureError`` with the reason ``hmac``, ``algorithm`` or ``sha1``.
    """
    if "hmac" in method.lower():
        raise SignatureError(
            "the signature method is a keyed hash (HMAC): anybody who has the certificate could make it",
            "hmac",
        )
    if method not in SIGNATURES:
        raise SignatureError(
            "the signature method is not one of RSA or ECDSA with SHA", "algorithm"
        )
    if digest not in DIGESTS:
        raise SignatureError(
            "the digest method is not one of SHA-256, SHA-384, SHA-512", "algorithm"
        )
    warnings = []
    if SIGNATURES[method][1] == "sha1":
        warnings.append("signed with SHA-1, which can be forged")
    if DIGESTS[digest] == "sha1":
        warnings.append("digested with SHA-1, which can be forged")
    if warnings and not policy.sha1:
        raise SignatureError("the signature uses SHA-1, which this policy does not accept", "sha1")
    return tuple(warnings)

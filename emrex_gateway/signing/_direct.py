"""The signature's value, compared with what must have been signed, written out here.

A signature in the form that we write, and most providers do, covers a SignedInfo whose canonical
form is known beforehand, down to the digest in it. It is written out here from what was read and
checked, not taken from the document: when the trusted key signed *these* bytes, it signed this
digest under these algorithms, however the document spells its own SignedInfo. That needs no
canonicaliser, so it also judges the one that our signers use, and libxmlsec need not digest the
document once more. Every other client does take it from the document, so that has to say the same:
what is spelt otherwise, or inherits anything, is left to libxmlsec as a whole.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import xmlsec
from lxml import etree

from emrex_gateway.signing._certificates import Certificate
from emrex_gateway.signing._policy import C14N, DS, ENVELOPED, SIGNATURES
from emrex_gateway.signing._shape import Shape

_XML: Final = "{http://www.w3.org/XML/1998/namespace}"

METHODS: Final = {
    ("rsa", "sha256"): xmlsec.constants.TransformRsaSha256,
    ("ecdsa", "sha256"): xmlsec.constants.TransformEcdsaSha256,
    ("ecdsa", "sha384"): xmlsec.constants.TransformEcdsaSha384,
    ("ecdsa", "sha512"): xmlsec.constants.TransformEcdsaSha512,
}
"""libxmlsec's names by the kind of key and the hash: those that we sign with."""


def direct_signer(shape: Shape, certificates: Sequence[Certificate]) -> Certificate | None:
    """Return the first certificate whose key signed the canonical SignedInfo of our form with this digest.

    ``None`` says nothing yet: the signature may have another form. A certificate costs one check
    of a signature, however large the document is.
    """
    method = METHODS.get(SIGNATURES[shape.signature_method])
    if method is None or shape.canonicalization != C14N or shape.reference_canonicalization != C14N:
        return None
    try:
        value = base64.b64decode("".join((shape.node[1].text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    expected = _canonical(shape)
    if not _spells(shape.node, expected):
        return None
    return next((c for c in certificates if _signed(expected, method, value, c)), None)


def _signed(expected: bytes, method: Any, value: bytes, certificate: Certificate) -> bool:
    context = xmlsec.SignatureContext()
    context.key = public_key(certificate.spki)
    try:
        context.verify_binary(expected, method, value)
    except xmlsec.Error:
        return False
    return True


@lru_cache(maxsize=1024)
def public_key(spki: bytes) -> xmlsec.Key:
    """libxmlsec's form of a public key in PEM, kept: to read one takes longer than to verify with it.

    A context takes a copy of what it is given, so contexts share nothing.
    """
    return xmlsec.Key.from_memory(spki, xmlsec.constants.KeyDataFormatPem)


def _spells(signature: etree._Element, expected: bytes) -> bool:
    """Tell whether the document's SignedInfo, wherever it is canonicalised, comes to these bytes.

    Nothing but its own namespace is in scope, and no ``xml:`` attribute stands above it: then
    inclusive and exclusive canonical form are one, and lxml's of a subtree is right.
    """
    info = signature[0]
    if info.nsmap != {None: DS}:
        return False
    above = (name for element in signature.iterancestors() for name in element.attrib)
    if any(str(name).startswith(_XML) for name in (*above, *signature.attrib)):
        return False
    own: bytes = etree.tostring(info, method="c14n", exclusive=True)
    return own == expected


def _canonical(shape: Shape) -> bytes:
    """Canonical XML 1.0 of a SignedInfo with its namespace as the default one, and nothing inherited.

    No URI in it needs escaping: all are constants of ``_policy``.
    """
    digest = base64.b64encode(shape.digest).decode("ascii")
    return "".join(
        (
            f'<SignedInfo xmlns="{DS}">',
            _empty("CanonicalizationMethod", C14N),
            _empty("SignatureMethod", shape.signature_method),
            '<Reference URI="">',
            f"<Transforms>{_empty('Transform', ENVELOPED)}</Transforms>",
            _empty("DigestMethod", shape.digest_method),
            f"<DigestValue>{digest}</DigestValue>",
            "</Reference></SignedInfo>",
        )
    ).encode("ascii")


def _empty(name: str, algorithm: str) -> str:
    return f'<{name} Algorithm="{algorithm}"></{name}>'

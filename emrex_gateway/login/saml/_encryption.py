"""Opening an EncryptedAssertion, with ``cryptography``: plain bytes come out, no tree is changed.

libxmlsec would put what it decrypts into the tree, and follow a CipherReference.
Here nothing is fetched, and the plain bytes pass the same parser and grammar as
every message.

Sources: SAML 2.0 Core, sections 2.3.4 and 6; XML Encryption 1.1.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final
from xml.sax.saxutils import quoteattr

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree

from emrex_gateway.login.saml._types import Reason, Refused
from emrex_gateway.login.saml._xml import DS, A, parse, validate

_XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
_XENC11: Final = "http://www.w3.org/2009/xmlenc11#"
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_X: Final = f"{{{_XENC}}}"

MAX_KEYS: Final = 4
"""The most EncryptedKeys in a message: each is tried with each key of ours, at a millisecond."""

_OAEP: Final = f"{_XENC}rsa-oaep-mgf1p"
_OAEP11: Final = f"{_XENC11}rsa-oaep"
_DIGESTS: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    "http://www.w3.org/2000/09/xmldsig#sha1": hashes.SHA1,
    f"{_XENC}sha256": hashes.SHA256,
    f"{_MORE}sha384": hashes.SHA384,
    f"{_XENC}sha512": hashes.SHA512,
}
"""OAEP's digests. SHA-1 does no harm there, and is what most providers use."""
_MASKS: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    f"{_XENC11}mgf1sha1": hashes.SHA1,
    f"{_XENC11}mgf1sha256": hashes.SHA256,
    f"{_XENC11}mgf1sha384": hashes.SHA384,
    f"{_XENC11}mgf1sha512": hashes.SHA512,
}


def _open_gcm(key: bytes, data: bytes) -> bytes:
    return AESGCM(key).decrypt(data[:12], data[12:], None)


def _open_cbc(key: bytes, data: bytes) -> bytes:
    decryptor = Cipher(algorithms.AES(key), modes.CBC(data[:16])).decryptor()
    padded = decryptor.update(data[16:]) + decryptor.finalize()
    # XML Encryption fills with anything; the last byte says how much (section 5.2).
    fill = padded[-1] if padded else 0
    if not 1 <= fill <= 16:
        raise ValueError("padding")
    return padded[:-fill]


_GCM: Final = {f"{_XENC11}aes{bits}-gcm": bits // 8 for bits in (128, 192, 256)}
_CBC: Final = {f"{_XENC}aes{bits}-cbc": bits // 8 for bits in (128, 192, 256)}
_KEY_SIZES: Final = _GCM | _CBC
"""The ciphers that are accepted, and their keys' length in bytes."""


def decrypted(
    encrypted: etree._Element, keys: Sequence[bytes], *, authentic: bool
) -> etree._Element:
    """Return the Assertion within an EncryptedAssertion, the only child of a root made for it.

    ``keys`` are our private keys, PEM; each is tried (SAML2Int SP38).
    ``authentic`` says that a verified signature covers the EncryptedAssertion:
    only then may the cipher be one that does not protect itself (AES-CBC).

    Raises ``Refused``: ``ENCRYPTION_SHAPE``, ``ALGORITHM``, and for everything
    that depends on what is inside, ``DECRYPTION`` with one message.
    """
    method, data, wrapped = _parts(encrypted)
    if method not in _KEY_SIZES:
        raise Refused(Reason.ALGORITHM, "the cipher is neither AES-GCM nor AES-CBC")
    if method not in _GCM and not authentic:
        raise Refused(Reason.ALGORITHM, "the cipher is AES-CBC, and no signature protects it")
    unwraps = [_unwrapping(node) for node in wrapped]
    for unwrap in unwraps:
        for key in map(_private_key, keys):
            plain = _attempt(unwrap, key, method, data)
            if plain is not None:
                return _assertion(plain, encrypted)
    raise _failed()


def _failed() -> Refused:
    return Refused(Reason.DECRYPTION, "the assertion cannot be decrypted")


def _parts(encrypted: etree._Element) -> tuple[str, bytes, list[etree._Element]]:
    """Return the cipher, the ciphertext, and the EncryptedKeys, within KeyInfo or beside it."""
    found = encrypted.findall(_X + "EncryptedData")
    if len(found) != 1:
        raise Refused(Reason.ENCRYPTION_SHAPE, "there is not one EncryptedData")
    if found[0].get("Type", f"{_XENC}Element") != f"{_XENC}Element":
        raise Refused(Reason.ENCRYPTION_SHAPE, "what is encrypted is no element")
    inside = f"{DS}KeyInfo/{_X}EncryptedKey"
    wrapped = [*found[0].iterfind(inside), *encrypted.iterfind(_X + "EncryptedKey")]
    if not 1 <= len(wrapped) <= MAX_KEYS:
        raise Refused(Reason.ENCRYPTION_SHAPE, f"there are not one to {MAX_KEYS} EncryptedKeys")
    return _method(found[0])[0], _cipher_value(found[0]), wrapped


def _method(node: etree._Element) -> tuple[str, etree._Element]:
    methods = node.findall(_X + "EncryptionMethod")
    if len(methods) != 1:
        raise Refused(Reason.ENCRYPTION_SHAPE, "there is not one EncryptionMethod")
    return methods[0].get("Algorithm", ""), methods[0]


def _cipher_value(node: etree._Element) -> bytes:
    values = node.findall(f"{_X}CipherData/{_X}CipherValue")
    if len(values) != 1 or len(values[0]):
        raise Refused(Reason.ENCRYPTION_SHAPE, "there is not one CipherValue")
    try:
        return base64.b64decode("".join((values[0].text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise Refused(Reason.ENCRYPTION_SHAPE, "a CipherValue is not base64") from None


def _unwrapping(node: etree._Element) -> Callable[[rsa.RSAPrivateKey], bytes]:
    """Return what an EncryptedKey's content key is got with: RSA-OAEP."""
    transport, method = _method(node)
    if transport not in (_OAEP, _OAEP11):
        raise Refused(Reason.ALGORITHM, "the key is not encrypted with RSA-OAEP")
    if method.find(_X + "OAEPparams") is not None:
        raise Refused(Reason.ENCRYPTION_SHAPE, "RSA-OAEP has a label")
    digest = _named(method, DS + "DigestMethod", _DIGESTS)
    # The older method knows but MGF1 with SHA-1 (XML Encryption 1.1, 5.5.2).
    mask = _named(method, f"{{{_XENC11}}}MGF", _MASKS) if transport == _OAEP11 else hashes.SHA1
    scheme = padding.OAEP(padding.MGF1(mask()), digest(), None)
    value = _cipher_value(node)
    return lambda key: key.decrypt(value, scheme)


def _named(
    method: etree._Element, tag: str, known: dict[str, type[hashes.HashAlgorithm]]
) -> type[hashes.HashAlgorithm]:
    """Return the hash that a parameter names; SHA-1 when there is none."""
    parameter = method.find(tag)
    if parameter is None:
        return hashes.SHA1
    found = known.get(parameter.get("Algorithm", ""))
    if found is None:
        raise Refused(Reason.ALGORITHM, "RSA-OAEP is with a hash that is not accepted")
    return found


def _attempt(
    unwrap: Callable[[rsa.RSAPrivateKey], bytes],
    key: rsa.RSAPrivateKey,
    method: str,
    data: bytes,
) -> bytes | None:
    try:
        content_key = unwrap(key)
        if len(content_key) != _KEY_SIZES[method]:
            return None
        return _open_gcm(content_key, data) if method in _GCM else _open_cbc(content_key, data)
    except (ValueError, InvalidTag):
        return None


@lru_cache(maxsize=64)
def _private_key(pem: bytes) -> rsa.RSAPrivateKey:
    """Read a key of ours. Raises ``Refused`` (``CONFIGURATION``)."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Refused(Reason.CONFIGURATION, "a decryption key of ours cannot be read") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise Refused(Reason.CONFIGURATION, "a decryption key of ours is not an RSA key")
    return key


def _assertion(plain: bytes, encrypted: etree._Element) -> etree._Element:
    """Parse what was decrypted with the namespaces that are in scope where it was.

    XML Encryption puts the element back into its place (section 4.4), so providers may leave out
    what is declared around it.
    """
    scope = " ".join(
        f"xmlns{':' if prefix else ''}{prefix or ''}={quoteattr(uri)}"
        for prefix, uri in encrypted.nsmap.items()
    )
    try:
        root = parse(b"<context %s>%s</context>" % (scope.encode(), plain))
        (assertion,) = root
        validate(assertion, A + "Assertion")
    except (Refused, ValueError):
        raise _failed() from None
    if root.text or assertion.tail:
        raise _failed()
    return assertion

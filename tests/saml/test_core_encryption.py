"""Encryption: what is opened, with which keys, and that its failures all look the same."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import pytest
import xmlsec
from lxml import etree

import saml_issuer as idp
from emrex_gateway.login.saml._encryption import MAX_KEYS, decrypted
from emrex_gateway.login.saml._types import Reason, Refused
from saml_edits import NAMES, at, gone, twice
from saml_issuer import XENC, XENC11, Encryption

KEY = idp.private_pem("rsa2048:sp")
OTHER = idp.private_pem("rsa2048:old")
ANSWER = idp.Answer()
METHODS = [f"{XENC11}aes{bits}-gcm" for bits in (128, 192, 256)] + [
    f"{XENC}aes{bits}-cbc" for bits in (128, 192, 256)
]


def plain() -> bytes:
    """Return an assertion's bytes, complete in itself."""
    return etree.tostring(idp.assertion(ANSWER))


def encrypted(content: bytes | None = None, how: Encryption | None = None) -> etree._Element:
    """Return an EncryptedAssertion."""
    return idp.encrypt(plain() if content is None else content, how)


def opened(node: etree._Element, *, authentic: bool = True) -> str | None:
    """Return the decrypted assertion's ID."""
    return decrypted(node, [KEY], authentic=authentic).get("ID")


def refusal(node: etree._Element, *, authentic: bool = True) -> Reason:
    """Return why it is not opened."""
    with pytest.raises(Refused) as caught:
        decrypted(node, [KEY], authentic=authentic)
    return Reason(caught.value.reason)


def by_libxmlsec(method: xmlsec.constants.__Transform, *, oaep: bool = True) -> etree._Element:
    """Return the assertion encrypted by libxmlsec: others' way to write the same thing."""
    holder = etree.Element(f"{{{idp.SAML}}}EncryptedAssertion")
    holder.append(idp.assertion(ANSWER))
    template = xmlsec.template.encrypted_data_create(
        holder, method, type=xmlsec.constants.TypeEncElement, ns="xenc"
    )
    xmlsec.template.encrypted_data_ensure_cipher_value(template)
    info = xmlsec.template.encrypted_data_ensure_key_info(template, ns="ds")
    transport = xmlsec.constants.TransformRsaOaep if oaep else xmlsec.constants.TransformRsaPkcs1
    wrapped = xmlsec.template.add_encrypted_key(info, transport)
    xmlsec.template.encrypted_data_ensure_cipher_value(wrapped)
    manager = xmlsec.KeysManager()
    manager.add_key(
        xmlsec.Key.from_memory(idp.certificate("rsa2048:sp"), xmlsec.constants.KeyDataFormatCertDer)
    )
    context = xmlsec.EncryptionContext(manager)
    bits = int(method.name.partition("-")[0].removeprefix("aes"))
    context.key = xmlsec.Key.generate(
        xmlsec.constants.KeyDataAes, bits, xmlsec.constants.KeyDataTypeSession
    )
    context.encrypt_xml(template, holder[0])
    return idp.reparsed(holder)


@pytest.mark.parametrize(
    "method",
    [
        xmlsec.constants.TransformAes128Gcm,
        xmlsec.constants.TransformAes192Gcm,
        xmlsec.constants.TransformAes256Gcm,
        xmlsec.constants.TransformAes128Cbc,
        xmlsec.constants.TransformAes192Cbc,
        xmlsec.constants.TransformAes256Cbc,
    ],
)
def test_what_libxmlsec_encrypts_is_opened(method: xmlsec.constants.__Transform) -> None:
    """Each cipher, as another implementation writes it."""
    assert ANSWER.assertion_id == opened(by_libxmlsec(method))


def test_rsa_1_5_is_refused() -> None:
    """Its errors can be told apart, which gives the plain text away piece by piece."""
    method = xmlsec.constants.TransformAes128Gcm
    assert Reason.ALGORITHM == refusal(by_libxmlsec(method, oaep=False))


@pytest.mark.parametrize(
    "how",
    [
        Encryption(),
        Encryption(beside=True),
        Encryption(digest=idp.SHA256),
        Encryption(digest=idp.SHA512),
        Encryption(transport=idp.OAEP11),
        Encryption(transport=idp.OAEP11, digest=idp.SHA256, mgf=idp.MGF1_SHA256),
        Encryption(method=idp.AES256_CBC),
    ],
)
def test_each_way_to_hand_over_the_key(how: Encryption) -> None:
    """The EncryptedKey within or beside, both methods of RSA-OAEP, their digests and masks."""
    assert ANSWER.assertion_id == opened(encrypted(how=how))


def test_each_of_our_keys_is_tried() -> None:
    """During a rollover both keys are published; providers take either."""
    node = encrypted()
    assert ANSWER.assertion_id == decrypted(node, [OTHER, KEY], authentic=False).get("ID")


def test_several_recipients() -> None:
    """A message for several of us holds a key for each; those of others are passed over."""
    node = encrypted(how=Encryption(session_key=bytes(16)))
    foreign = encrypted(how=Encryption(key="rsa2048:stranger", session_key=bytes(16), beside=True))
    key = foreign.find("x:EncryptedKey", NAMES)
    assert key is not None
    info = node.find("x:EncryptedData/ds:KeyInfo", NAMES)
    assert info is not None
    for _ in range(MAX_KEYS - 1):
        info.insert(0, copy.deepcopy(key))
    assert ANSWER.assertion_id == opened(node)
    node.append(key)
    assert Reason.ENCRYPTION_SHAPE == refusal(node)


@pytest.mark.parametrize("method", METHODS)
def test_cbc_needs_a_signature_around_it(method: str) -> None:
    """AES-CBC does not notice changes: only what a verified signature covers is opened with it."""
    size = int(method.partition("#aes")[2][:3]) // 8
    node = encrypted(how=Encryption(method=method, session_key=bytes(size)))
    assert ANSWER.assertion_id == opened(node)
    if "cbc" in method:
        assert Reason.ALGORITHM == refusal(node, authentic=False)
    else:
        assert ANSWER.assertion_id == opened(node, authentic=False)


def test_what_is_declared_around_it_counts() -> None:
    """Providers that encrypt a part of a document leave out what the whole declares."""
    declared = f' xmlns:saml="{idp.SAML}"'.encode()
    assert declared in plain()
    around = etree.fromstring(f'<saml:r xmlns:saml="{idp.SAML}" xmlns="u:u&amp;v"/>')
    around.append(encrypted(plain().replace(declared, b"")))
    assert ANSWER.assertion_id == opened(around[0])
    assert Reason.DECRYPTION == refusal(
        etree.fromstring(
            etree.tostring(encrypted(plain().replace(declared, b"")))
            .replace(b"<saml:", b"<q:")
            .replace(b"</saml:", b"</q:")
            .replace(b"xmlns:saml", b"xmlns:q")
        )
    )


def cut(data: bytes) -> bytes:
    """Take the last byte away."""
    return data[:-1]


def flip(data: bytes) -> bytes:
    """Change the last byte."""
    return data[:-1] + bytes([data[-1] ^ 0xFF])


def relabelled() -> etree._Element:
    """Return what is wrapped with SHA-1's mask and says SHA-256's."""
    made = encrypted(how=Encryption(transport=idp.OAEP11, digest=idp.SHA256))
    method = made.find(".//x:EncryptedKey/x:EncryptionMethod", NAMES)
    assert method is not None
    etree.SubElement(method, f"{{{XENC11}}}MGF", Algorithm=idp.MGF1_SHA256)
    return made


@pytest.mark.parametrize(
    "node",
    [
        lambda: encrypted(how=Encryption(key="rsa2048:stranger")),
        lambda: encrypted(how=Encryption(wrapped=b"short")),
        lambda: encrypted(how=Encryption(wrapped=b"")),
        lambda: encrypted(how=Encryption(session_key=bytes(32))),
        relabelled,
        lambda: encrypted(how=Encryption(edit=flip)),
        lambda: encrypted(how=Encryption(edit=cut)),
        lambda: encrypted(how=Encryption(edit=lambda d: d[:20])),
        lambda: encrypted(how=Encryption(edit=lambda d: b"")),
        lambda: encrypted(how=Encryption(method=idp.AES128_CBC, edit=flip)),
        lambda: encrypted(how=Encryption(method=idp.AES128_CBC, edit=cut)),
        lambda: encrypted(how=Encryption(method=idp.AES128_CBC, edit=lambda d: d[:16])),
        lambda: encrypted(how=Encryption(method=idp.AES128_CBC, edit=lambda d: b"")),
        lambda: encrypted(b""),
        lambda: encrypted(b"\xff"),
        lambda: encrypted(plain()[:-1]),
        lambda: encrypted(plain() * 2),
        lambda: encrypted(b"x" + plain()),
        lambda: encrypted(plain() + b"x"),
        lambda: encrypted(plain() + b"</context>"),
        lambda: encrypted(b"</context><context>" + plain()),
        lambda: encrypted(b'<?xml version="1.0"?>' + plain()),
        lambda: encrypted(b"<!DOCTYPE a>" + plain()),
        lambda: encrypted(plain() + b"<!-- -->"),
        lambda: encrypted(etree.tostring(idp.response(ANSWER))),
        lambda: encrypted(etree.tostring(encrypted())),
        lambda: encrypted(plain().replace(b"<saml:Subject>", b"<saml:Subject><x/>")),
    ],
)
def test_all_failures_look_alike(node: Callable[[], etree._Element]) -> None:
    """Whatever is wrong inside: one reason, one message, no cause. Nested encryption is among it."""
    with pytest.raises(Refused) as caught:
        decrypted(node(), [OTHER, KEY], authentic=True)
    assert ("saml-decryption", "the assertion cannot be decrypted", None) == (
        caught.value.reason,
        str(caught.value),
        caught.value.__cause__,
    )


def test_no_key_of_ours() -> None:
    """Without a key nothing can be opened, and it looks like every other failure."""
    with pytest.raises(Refused) as caught:
        decrypted(encrypted(), (), authentic=True)
    assert Reason.DECRYPTION == caught.value.reason


@pytest.mark.parametrize("key", [b"no key", idp.private_pem("p256"), b""])
def test_an_unusable_key_of_ours_is_our_fault(key: bytes) -> None:
    """The administrator hears of it; the provider did nothing wrong."""
    with pytest.raises(Refused) as caught:
        decrypted(encrypted(), [key], authentic=True)
    assert Reason.CONFIGURATION == caught.value.reason


DATA = "x:EncryptedData"
WRAPPED = f"{DATA}/ds:KeyInfo/x:EncryptedKey"


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (at(DATA, gone), Reason.ENCRYPTION_SHAPE),
        (at(DATA, twice), Reason.ENCRYPTION_SHAPE),
        (at(DATA, lambda e: e.set("Type", f"{XENC}Content")), Reason.ENCRYPTION_SHAPE),
        (at(f"{DATA}/ds:KeyInfo", gone), Reason.ENCRYPTION_SHAPE),
        (at(f"{DATA}/x:EncryptionMethod", gone), Reason.ENCRYPTION_SHAPE),
        (at(f"{DATA}/x:EncryptionMethod", twice), Reason.ENCRYPTION_SHAPE),
        (at(f"{DATA}/x:CipherData", gone), Reason.ENCRYPTION_SHAPE),
        (at(f"{DATA}/x:CipherData", twice), Reason.ENCRYPTION_SHAPE),
        (
            at(f"{DATA}/x:CipherData/x:CipherValue", lambda e: etree.SubElement(e, "x")),
            Reason.ENCRYPTION_SHAPE,
        ),
        (
            at(f"{DATA}/x:CipherData/x:CipherValue", lambda e: setattr(e, "text", "ä")),
            Reason.ENCRYPTION_SHAPE,
        ),
        (
            at(
                f"{DATA}/x:CipherData/x:CipherValue",
                lambda e: setattr(e, "tag", f"{{{XENC}}}CipherReference"),
            ),
            Reason.ENCRYPTION_SHAPE,
        ),
        (at(f"{WRAPPED}/x:EncryptionMethod", gone), Reason.ENCRYPTION_SHAPE),
        (
            at(
                f"{WRAPPED}/x:EncryptionMethod",
                lambda e: etree.SubElement(e, f"{{{XENC}}}OAEPparams"),
            ),
            Reason.ENCRYPTION_SHAPE,
        ),
        (at(f"{WRAPPED}/x:CipherData", gone), Reason.ENCRYPTION_SHAPE),
        (
            at(f"{DATA}/x:EncryptionMethod", lambda e: e.set("Algorithm", f"{XENC}tripledes-cbc")),
            Reason.ALGORITHM,
        ),
        (at(f"{DATA}/x:EncryptionMethod", lambda e: e.attrib.clear()), Reason.ALGORITHM),
        (
            at(f"{WRAPPED}/x:EncryptionMethod", lambda e: e.set("Algorithm", f"{XENC}kw-aes128")),
            Reason.ALGORITHM,
        ),
        (
            at(
                f"{WRAPPED}/x:EncryptionMethod/ds:DigestMethod",
                lambda e: e.set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#md5"),
            ),
            Reason.ALGORITHM,
        ),
    ],
)
def test_each_other_shape_is_refused(
    edit: Callable[[etree._Element], None], reason: Reason
) -> None:
    """What anybody can see in the message has its own reasons; nothing is decrypted before."""
    node = encrypted()
    edit(node)
    assert reason == refusal(node)


def test_older_oaep_has_one_mask() -> None:
    """The method of XML Encryption 1.0 knows MGF1 with SHA-1 only: an MGF beside it says nothing."""
    node = encrypted(how=replace(Encryption(), digest=idp.SHA256))
    method = node.find(f"{WRAPPED}/x:EncryptionMethod", NAMES)
    assert method is not None
    etree.SubElement(method, f"{{{XENC11}}}MGF", Algorithm=idp.MGF1_SHA256)
    assert ANSWER.assertion_id == opened(node)

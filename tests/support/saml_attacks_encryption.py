"""Encryption: whoever knows our certificate can encrypt, so it proves nothing; and its errors must tell nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from emrex_gateway.login.saml._types import Reason
from saml_case import (
    ENCRYPTED,
    INNER,
    INTRUDER,
    RESPONSE,
    SEALED,
    attack,
    drop,
    edits,
    find,
    insert_xml,
    intruder,
    put,
    take,
    write,
)
from saml_issuer import (
    AES128_CBC,
    AES256_CBC,
    AES256_GCM,
    DS,
    MORE,
    OAEP11,
    RSA15,
    SAMLP,
    SHA256,
    XENC,
    XENC11,
    Edit,
    Element,
    Encryption,
    Signing,
    clone,
    encrypt,
    etree,
    private_pem,
    sign,
)

DATA = "a:EncryptedAssertion/xenc:EncryptedData"
KEY = f"{DATA}/ds:KeyInfo/xenc:EncryptedKey"
CBC = Encryption(method=AES128_CBC)


def _flip(at: int) -> Callable[[bytes], bytes]:
    def edit(data: bytes) -> bytes:
        changed = bytearray(data)
        changed[at] ^= 1
        return bytes(changed)

    return edit


def _in_another(content: Callable[[Element], bytes]) -> Edit:
    """Put something else into the encryption than the assertion; the response is signed after that."""

    def edit(root: Element) -> None:
        plain = find(root, "a:Assertion")
        root.replace(plain, encrypt(content(plain), Encryption()))

    return edit


def _contents() -> None:
    """In a signed response, an encrypted something."""
    plain = replace(ENCRYPTED, encryption=None)
    keys = {"decryption_keys": (private_pem("rsa2048:sp"),)}
    contents: dict[str, Callable[[Element], bytes]] = {
        "nothing": lambda a: b"",
        "text": lambda a: b"hello",
        "half an assertion": lambda a: etree.tostring(a)[:200],
        "text and an assertion": lambda a: b"x" + etree.tostring(a),
        "an assertion and text": lambda a: etree.tostring(a) + b"x",
        "two assertions": lambda a: etree.tostring(a) + etree.tostring(intruder(a)),
        "a NameID": lambda a: etree.tostring(find(a, "a:Subject/a:NameID")),
        "a response around it": lambda a: (
            f'<Response xmlns="{SAMLP}">'.encode() + etree.tostring(a) + b"</Response>"
        ),
        "an encrypted assertion": lambda a: etree.tostring(encrypt(etree.tostring(a))),
        "encrypted data": lambda a: etree.tostring(encrypt(etree.tostring(a))[0]),
        "an assertion after a DTD": lambda a: b"<!DOCTYPE x>" + etree.tostring(a),
        "an assertion with an entity of a file": lambda a: (
            b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
            + etree.tostring(a).replace(b"t-5f3e9a", b"&e;")
        ),
        "an assertion with a comment": lambda a: etree.tostring(a).replace(
            b"t-5f", b"t-<!-- -->5f"
        ),
        "an assertion with an instruction": lambda a: etree.tostring(a).replace(
            b"t-5f", b"t-<?x?>5f"
        ),
        "an assertion in UTF-16": lambda a: etree.tostring(a, encoding="unicode").encode("utf-16"),
        "an assertion of Latin-1": lambda a: (
            b'<?xml version="1.0" encoding="ISO-8859-1"?>' + etree.tostring(a)
        ),
        "an assertion against the grammar": lambda a: etree.tostring(a).replace(
            b'Version="2.0"', b'Version="9"'
        ),
        "megabytes": lambda a: etree.tostring(a).replace(b"t-5f3e9a", b"x" * 6_000_000),
    }
    for name, content in contents.items():
        reason = Reason.SIZE if name == "megabytes" else Reason.DECRYPTION
        attack(
            f"encryption: within is {name}",
            reason,
            plain,
            expect=keys,
            edit_response=_in_another(content),
        )


def _broken() -> None:
    """What an oracle would be made of: all end alike."""
    for where, base in {"signed without": ENCRYPTED, "signed within": INNER}.items():
        for name, how in {
            "for another's key": Encryption(key="rsa2048:somebody"),
            "the tag is changed": Encryption(edit=_flip(-1)),
            "the ciphertext is changed": Encryption(edit=_flip(40)),
            "the nonce is changed": Encryption(edit=_flip(0)),
            "the ciphertext is cut": Encryption(edit=lambda data: data[:-40]),
            "there is only a nonce": Encryption(edit=lambda data: data[:12]),
            "the wrapped key is junk": Encryption(wrapped=b"\1" * 256),
            "the wrapped key is short": Encryption(wrapped=b"\1" * 100),
            "the wrapped key is nothing": Encryption(wrapped=b""),
            "a key of 128 bits for AES-256": _sized(AES256_GCM, 16),
            "a key of 256 bits for AES-128": _sized(Encryption().method, 32),
        }.items():
            attack(f"encryption: {name}, {where}", Reason.DECRYPTION, base, encryption=how)
    attack(
        "encryption: we have no key left",
        Reason.DECRYPTION,
        ENCRYPTED,
        expect={"decryption_keys": ()},
    )
    for name, ours in {"junk": b"junk", "on a curve": private_pem("p256:sp")}.items():
        attack(
            f"encryption: our own key is {name}",
            Reason.CONFIGURATION,
            ENCRYPTED,
            expect={"decryption_keys": (ours,)},
        )
    base = replace(ENCRYPTED, encryption=CBC)
    for name, edit in {
        "the padding is changed": _flip(-17),
        "the last block is changed": _flip(-1),
        "the start is changed": _flip(3),
        "a block is cut off": lambda data: data[:-16],
        "half a block is cut off": lambda data: data[:-8],
    }.items():
        attack(
            f"encryption: CBC, {name}",
            Reason.DECRYPTION,
            base,
            encryption=replace(CBC, edit=edit),
        )
        attack(
            f"encryption: CBC without a signature around it, {name}",
            Reason.ALGORITHM,
            INNER,
            encryption=replace(CBC, edit=edit),
        )
    for name, method in {"128": AES128_CBC, "256": AES256_CBC}.items():
        attack(
            f"encryption: CBC {name} without a signature around it",
            Reason.ALGORITHM,
            INNER,
            encryption=Encryption(method=method),
        )
    attack(
        "encryption: CBC, and the signature around it is the attacker's",
        Reason.SIGNATURE,
        replace(SEALED, encryption=CBC),
        response_signing=Signing(key="rsa2048:attacker"),
    )
    attack(
        "encryption: CBC, and the signature around it is dropped",
        Reason.ALGORITHM,
        replace(SEALED, encryption=CBC),
        expect={},
        edit_signed=drop("ds:Signature"),
    )


def _sized(method: str, size: int) -> Encryption:
    """An honest GCM ciphertext by a key of another size than the method says."""
    return Encryption(method=method, session_key=b"k" * size)


def _algorithms() -> None:
    attack(
        "encryption: the key by RSA 1.5",
        Reason.ALGORITHM,
        ENCRYPTED,
        encryption=Encryption(transport=RSA15),
    )
    attack(
        "encryption: the key by RSA 1.5, signed within",
        Reason.ALGORITHM,
        INNER,
        encryption=Encryption(transport=RSA15),
    )
    for name, method in {
        "triple DES": XENC + "tripledes-cbc",
        "an unknown method": "urn:x",
        "no method": "",
        "a key wrap": XENC + "kw-aes128",
        "a transport": OAEP11,
        "ARCFOUR": MORE + "arcfour",
    }.items():
        attack(
            f"encryption: the content by {name}",
            Reason.ALGORITHM,
            ENCRYPTED,
            edit_response=put(f"{DATA}/xenc:EncryptionMethod", "Algorithm", method),
        )
    for name, method in {
        "a shared key": XENC + "kw-aes128",
        "an unknown transport": "urn:x",
        "the content's method": Encryption().method,
    }.items():
        attack(
            f"encryption: the key by {name}",
            Reason.ALGORITHM,
            ENCRYPTED,
            edit_response=put(f"{KEY}/xenc:EncryptionMethod", "Algorithm", method),
        )
    attack(
        "encryption: OAEP with MD5",
        Reason.ALGORITHM,
        ENCRYPTED,
        edit_response=put(
            f"{KEY}/xenc:EncryptionMethod/ds:DigestMethod", "Algorithm", MORE + "md5"
        ),
    )
    attack(
        "encryption: OAEP with an unknown mask",
        Reason.ALGORITHM,
        replace(ENCRYPTED, encryption=Encryption(transport=OAEP11, mgf=XENC11 + "mgf1sha1")),
        edit_response=put(f"{KEY}/xenc:EncryptionMethod/{{{XENC11}}}MGF", "Algorithm", "urn:x"),
    )
    attack(
        "encryption: OAEP's digest is another than it was made with",
        Reason.DECRYPTION,
        ENCRYPTED,
        edit_response=put(f"{KEY}/xenc:EncryptionMethod/ds:DigestMethod", "Algorithm", SHA256),
    )


def _again(path: str) -> Edit:
    def edit(root: Element) -> None:
        found = find(root, path)
        found.addnext(clone(found))

    return edit


def _reference(root: Element) -> None:
    data = find(root, f"{DATA}/xenc:CipherData")
    data.clear()
    etree.SubElement(data, f"{{{XENC}}}CipherReference", URI="http://elsewhere.example/x")


def _encrypted_name(root: Element) -> None:
    subject = find(root, "a:Subject")
    name = take(root, "a:Subject/a:NameID")
    subject.insert(0, encrypt(etree.tostring(name), Encryption(), "ID"))


def _encrypted_attribute(root: Element) -> None:
    path = "a:AttributeStatement/a:Attribute"
    found = find(root, path)
    statement = find(root, "a:AttributeStatement")
    statement.replace(found, encrypt(etree.tostring(found), Encryption(), "Attribute"))


def _shape() -> None:
    key_info = f"{DATA}/ds:KeyInfo"
    for name, edit, reason in (
        ("five EncryptedKeys", edits(*[_again(KEY)] * 4), Reason.ENCRYPTION_SHAPE),
        ("no EncryptedKey", drop(KEY), Reason.ENCRYPTION_SHAPE),
        ("no KeyInfo", drop(key_info), Reason.ENCRYPTION_SHAPE),
        ("only a key's name", _only_a_name, Reason.ENCRYPTION_SHAPE),
        ("the content is elsewhere", _reference, Reason.ENCRYPTION_SHAPE),
        ("the key is elsewhere", _retrieval, Reason.ENCRYPTION_SHAPE),
        ("Type says content", put(DATA, "Type", XENC + "Content"), Reason.ENCRYPTION_SHAPE),
        (
            "CipherValue has an element",
            insert_xml(f"{DATA}/xenc:CipherData/xenc:CipherValue", "<x>AAAA</x>"),
            Reason.ENCRYPTION_SHAPE,
        ),
        (
            "OAEP has a label",
            insert_xml(
                f"{KEY}/xenc:EncryptionMethod", f'<OAEPparams xmlns="{XENC}">AAAA</OAEPparams>'
            ),
            Reason.ENCRYPTION_SHAPE,
        ),
        ("no method", drop(f"{DATA}/xenc:EncryptionMethod"), Reason.ENCRYPTION_SHAPE),
        ("no method of the key", drop(f"{KEY}/xenc:EncryptionMethod"), Reason.ENCRYPTION_SHAPE),
        ("no CipherData", drop(f"{DATA}/xenc:CipherData"), Reason.ENCRYPTION_SHAPE),
        ("no EncryptedData", drop(DATA), Reason.ENCRYPTION_SHAPE),
        ("two EncryptedData", _again(DATA), Reason.ENCRYPTION_SHAPE),
        (
            "CipherValue is no base64",
            write(f"{DATA}/xenc:CipherData/xenc:CipherValue", "%"),
            Reason.ENCRYPTION_SHAPE,
        ),
    ):
        attack(f"encryption: {name}", reason, ENCRYPTED, edit_response=edit)
    keys = {"decryption_keys": (private_pem("rsa2048:sp"),)}
    attack(
        "encryption: the NameID is encrypted",
        Reason.SCHEMA,
        RESPONSE,
        expect=keys,
        edit_assertion=_encrypted_name,
    )
    attack(
        "encryption: an attribute is encrypted",
        Reason.SCHEMA,
        RESPONSE,
        expect=keys,
        edit_assertion=_encrypted_attribute,
    )
    attack(
        "encryption: the assertion within has the response's ID",
        Reason.DUPLICATE_ID,
        ENCRYPTED,
        assertion_id=ENCRYPTED.response_id,
    )
    attack(
        "encryption: two encrypted assertions",
        Reason.ASSERTIONS,
        ENCRYPTED,
        edit_response=_again("a:EncryptedAssertion"),
    )
    attack(
        "encryption: an encrypted and a plain assertion",
        Reason.ASSERTIONS,
        replace(ENCRYPTED, encryption=None),
        expect=keys,
        edit_response=_plain_and_encrypted,
    )
    attack(
        "encryption: the response's signature is dropped, another's assertion is encrypted for us",
        Reason.UNSIGNED,
        SEALED,
        signed="none",
        name_id=INTRUDER,
    )
    attack(
        "encryption: another's assertion, signed by the attacker, encrypted for us",
        Reason.SIGNATURE,
        INNER,
        signing=Signing(key="rsa2048:attacker"),
        name_id=INTRUDER,
    )
    attack(
        "encryption: the genuine assertion for another service, encrypted anew for us",
        Reason.AUDIENCE,
        SEALED,
        audience="https://other.example/sp",
        signed="both",
    )
    attack(
        "encryption: the decrypted signature is over another ID",
        Reason.REFERENCE,
        INNER,
        signed="none",
        edit_signed_assertion=_signed_over_another,
    )
    attack(
        "encryption: the whole response is encrypted",
        Reason.SCHEMA,
        ENCRYPTED,
        edit_signed=lambda root: encrypt(etree.tostring(root), Encryption())[0],
    )


def _signed_over_another(root: Element) -> None:
    """The assertion is signed well, then its ID is another."""
    sign(root, Signing())
    root.set("ID", "_another00112233445566778899aabb")


def _only_a_name(root: Element) -> None:
    info = find(root, f"{DATA}/ds:KeyInfo")
    info.clear()
    etree.SubElement(info, f"{{{DS}}}KeyName").text = "key"


def _retrieval(root: Element) -> None:
    info = find(root, f"{DATA}/ds:KeyInfo")
    info.clear()
    etree.SubElement(info, f"{{{DS}}}RetrievalMethod", URI="http://elsewhere.example/key")


def _plain_and_encrypted(root: Element) -> None:
    plain = find(root, "a:Assertion")
    evil = intruder(plain)
    evil.set("ID", "_evil00112233445566778899aabbccddee")
    root.append(encrypt(etree.tostring(evil), Encryption()))


_contents()
_broken()
_algorithms()
_shape()

"""Signatures that are missing, in the wrong place, over something else, or made with the wrong means.

Where it can be, the message is really signed so: with a verifier that takes
the algorithm or the transform, the signature holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from emrex_gateway.login.saml._types import Reason
from saml_case import (
    ASSERTION,
    BOTH,
    ENCRYPTED,
    INNER,
    INTRUDER,
    RESPONSE,
    SEALED,
    attack,
    document,
    drop,
    edits,
    find,
    insert_xml,
    put,
    take,
    unset,
    write,
)
from saml_issuer import (
    DS,
    ENVELOPED,
    EXC,
    MORE,
    SAML,
    SAMLP,
    SHA1,
    SHA256,
    Edit,
    Element,
    Signing,
    certificate,
    clone,
    etree,
    place,
    private_key,
    sign,
    x509_data,
)

SIGNED_INFO = "ds:Signature/ds:SignedInfo"
REFERENCE = f"{SIGNED_INFO}/ds:Reference"
TRANSFORMS = f"{REFERENCE}/ds:Transforms"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
C14N11 = "http://www.w3.org/2006/12/xml-c14n11"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
FILTER = "http://www.w3.org/2002/06/xmldsig-filter2"
XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"

# --- exclusion --------------------------------------------------------------------------


def _moved(into: str, wrapper: str = "") -> Edit:
    """Take the root's signature to another place."""

    def edit(root: Element) -> None:
        signature = take(root, "ds:Signature")
        target = find(root, into)
        if wrapper:
            target = etree.SubElement(target, wrapper)
        target.append(signature)

    return edit


def _to_assertion(root: Element) -> None:
    place(find(root, "a:Assertion"), take(root, "ds:Signature"))


def _doubled(root: Element) -> None:
    signature = find(root, "ds:Signature")
    signature.addnext(clone(signature))


def _before_issuer(root: Element) -> None:
    root.insert(0, take(root, "ds:Signature"))


def _second_by_attacker(root: Element) -> None:
    """A genuine signature, and before it the attacker's, over the same element."""
    genuine = clone(find(root, "ds:Signature"))
    take(root, "ds:Signature")
    attacker = sign(root, Signing(key="rsa2048:attacker"))
    attacker.addnext(genuine)


def _over(path: str) -> Edit:
    """Sign the root, but with a reference to another element of it."""

    def edit(root: Element) -> None:
        how = Signing(uri="#" + find(root, path).get("ID", ""))
        sign(root, how)

    return edit


def _of_another(path: str = "ds:Signature") -> Edit:
    """Bring the signature of an older genuine message by the same provider."""

    def edit(root: Element) -> None:
        old = etree.fromstring(document(replace(RESPONSE, name_id="t-old")))
        root.replace(find(root, path), find(old, "ds:Signature"))

    return edit


def _emptied(root: Element) -> None:
    signature = find(root, "ds:Signature")
    signature.clear()


def _twice(path: str) -> Edit:
    def edit(root: Element) -> None:
        found = find(root, path)
        found.addnext(clone(found))

    return edit


def _exclusion() -> None:
    for what, base in {
        "the response's": RESPONSE,
        "of an encrypted response, the response's": ENCRYPTED,
    }.items():
        attack(
            f"exclusion: {what} signature is gone",
            Reason.UNSIGNED,
            base,
            edit_signed=drop("ds:Signature"),
        )
    attack(
        "exclusion: the encrypted assertion's signature is gone",
        Reason.UNSIGNED,
        INNER,
        edit_signed_assertion=drop("ds:Signature"),
    )
    attack(
        "exclusion: the signature is empty", Reason.SIGNATURE_SHAPE, RESPONSE, edit_signed=_emptied
    )
    empty = {
        "SignatureValue": Reason.SIGNATURE,
        "SignedInfo/ds:Reference/ds:DigestValue": Reason.DIGEST,
    }
    for part, reason in empty.items():
        attack(
            f"exclusion: {part.rpartition(':')[2]} is empty",
            reason,
            RESPONSE,
            edit_signed=write(f"ds:Signature/ds:{part}", ""),
        )
    for part in ("SignatureValue", "SignedInfo", "SignedInfo/ds:Reference"):
        attack(
            f"exclusion: {part.rpartition(':')[2]} is gone",
            Reason.SIGNATURE_SHAPE,
            RESPONSE,
            edit_signed=drop(f"ds:Signature/ds:{part}"),
        )
        attack(
            f"exclusion: {part.rpartition(':')[2]} is there twice",
            Reason.SIGNATURE_SHAPE,
            RESPONSE,
            edit_signed=_twice(f"ds:Signature/ds:{part}"),
        )
    for name, edit, reason in (
        ("two of the same", _doubled, Reason.SIGNATURE_SHAPE),
        ("the attacker's beside the provider's", _second_by_attacker, Reason.SIGNATURE_SHAPE),
        ("before the Issuer", _before_issuer, Reason.SCHEMA),
        ("at the end", _moved("."), Reason.SCHEMA),
        ("in the Status", _moved("p:Status"), Reason.SCHEMA),
        ("in StatusDetail", _moved("p:Status", f"{{{SAMLP}}}StatusDetail"), Reason.UNSIGNED),
    ):
        attack(f"exclusion: the response's signature: {name}", reason, RESPONSE, edit_signed=edit)
    attack(
        "exclusion: the response's signature is the assertion's",
        Reason.REFERENCE,
        RESPONSE,
        edit_signed=_to_assertion,
    )
    attack(
        "exclusion: the response's signature is over its assertion's ID, made so by the provider",
        Reason.REFERENCE,
        RESPONSE,
        signed="none",
        edit_signed=_over("a:Assertion"),
    )
    attack(
        "exclusion: the signature of another response",
        Reason.DIGEST,
        RESPONSE,
        edit_signed=_of_another(),
    )
    for path in ("p:Status", "a:Assertion/a:Subject"):
        attack(
            f"exclusion: the response's signature is over its {path.rpartition(':')[2]}, marked with an ID",
            Reason.SCHEMA,
            RESPONSE,
            signed="none",
            edit_signed=edits(put(path, "ID", "_elsewhere"), _over(path)),
        )


# --- what was signed is not what is there -----------------------------------------------


def _tampered() -> None:
    name_id = "a:Assertion/a:Subject/a:NameID"
    for where, base in {"response": RESPONSE, "assertion": ASSERTION, "both": BOTH}.items():
        attack(
            f"tampering: another NameID, signed: {where}",
            Reason.DIGEST,
            base,
            edit_signed=write(name_id, INTRUDER),
        )
    attack(
        "tampering: another attribute value",
        Reason.DIGEST,
        ASSERTION,
        edit_signed=write(
            "a:Assertion/a:AttributeStatement/a:Attribute/a:AttributeValue", INTRUDER
        ),
    )
    attack(
        "tampering: in a signed response the assertion's signature does not hold",
        Reason.DIGEST,
        BOTH,
        edit_response=write(name_id, INTRUDER),
    )
    attack(
        "tampering: around a signed assertion the response's signature does not hold",
        Reason.DIGEST,
        BOTH,
        edit_signed=put(".", "IssueInstant", "2026-11-02T09:30:01Z"),
    )
    attack(
        "tampering: in a signed and encrypted response the assertion's signature does not hold",
        Reason.DIGEST,
        SEALED,
        edit_signed_assertion=write("a:Subject/a:NameID", INTRUDER),
    )
    attack(
        "tampering: the digest fits the change, the signature is over the old one",
        Reason.SIGNATURE,
        RESPONSE,
        edit_signed=_digest_of_the_change,
    )
    attack(
        "tampering: the signature's value is another's",
        Reason.SIGNATURE,
        RESPONSE,
        edit_signed=_value_of_another,
    )
    attack(
        "tampering: the signature's value is no base64",
        Reason.SIGNATURE,
        RESPONSE,
        edit_signed=write("ds:Signature/ds:SignatureValue", "%%%%"),
    )
    attack(
        "tampering: the signature's value has an element",
        Reason.SIGNATURE_SHAPE,
        RESPONSE,
        edit_signed=insert_xml("ds:Signature/ds:SignatureValue", f'<x xmlns="{DS}">AAAA</x>'),
    )
    attack(
        "tampering: the digest is no base64",
        Reason.SIGNATURE_SHAPE,
        RESPONSE,
        edit_signed=write(f"{REFERENCE}/ds:DigestValue", "%%%%"),
    )
    attack(
        "tampering: the digest has text of the attacker's in an element of it",
        Reason.SIGNATURE_SHAPE,
        RESPONSE,
        edit_signed=insert_xml(f"{REFERENCE}/ds:DigestValue", f'<x xmlns="{DS}">AAAA</x>'),
    )


def _digest_of_the_change(root: Element) -> None:
    value = find(root, "ds:Signature/ds:SignatureValue").text or ""
    take(root, "ds:Signature")
    find(root, "a:Assertion/a:Subject/a:NameID").text = INTRUDER
    sign(root, Signing(key="rsa2048:attacker", key_info=x509_data("rsa2048")))
    find(root, "ds:Signature/ds:SignatureValue").text = value


def _value_of_another(root: Element) -> None:
    old = etree.fromstring(document(replace(RESPONSE, name_id="t-old")))
    path = "ds:Signature/ds:SignatureValue"
    find(root, path).text = find(old, path).text


# --- keys and algorithms ----------------------------------------------------------------


def _public(key: str, encoding: Encoding, form: PublicFormat) -> bytes:
    return private_key(key).public_key().public_bytes(encoding, form)


def _weak(name: str, reason: Reason, **signing: object) -> None:
    """Really signed so: the response, and the assertion."""
    how = replace(RESPONSE.signing, **signing)  # type: ignore[arg-type]  # by name
    attack(f"algorithm: {name}", reason, RESPONSE, signing=how)
    attack(f"algorithm: {name}, the assertion", reason, ASSERTION, signing=how)


def _keys() -> None:
    attack(
        "key: the attacker's, its certificate in KeyInfo",
        Reason.SIGNATURE,
        RESPONSE,
        signing=Signing(key="rsa2048:attacker"),
    )
    attack(
        "key: the attacker's, the provider's certificate in KeyInfo",
        Reason.SIGNATURE,
        RESPONSE,
        signing=Signing(key="rsa2048:attacker", key_info=x509_data("rsa2048")),
    )
    attack(
        "key: the attacker's, no KeyInfo",
        Reason.SIGNATURE,
        ASSERTION,
        signing=Signing(key="rsa2048:attacker", key_info=""),
    )
    attack(
        "key: the attacker's, of another kind than the provider's",
        Reason.SIGNATURE,
        RESPONSE,
        signing=Signing(key="p256:attacker"),
    )
    attack(
        "key: the attacker's RSA key where the provider's is on a curve",
        Reason.SIGNATURE,
        replace(RESPONSE, signing=Signing(key="p256")),
        signing=Signing(key="rsa2048:attacker"),
    )
    attack(
        "key: the provider has none left",
        Reason.SIGNATURE,
        RESPONSE,
        expect={"certificates": ()},
    )
    attack(
        "key: of 1024 bits",
        Reason.ALGORITHM,
        RESPONSE,
        signing=Signing(key="rsa1024"),
        expect={"certificates": (certificate("rsa1024"),)},
    )
    attack(
        "key: the response's is the attacker's, the assertion's the provider's",
        Reason.SIGNATURE,
        BOTH,
        response_signing=Signing(key="rsa2048:attacker"),
    )
    attack(
        "key: the assertion's is the attacker's, the response's the provider's",
        Reason.SIGNATURE,
        BOTH,
        signing=Signing(key="rsa2048:attacker"),
        response_signing=Signing(),
    )


def _algorithms() -> None:
    for name, method in {
        "RSA with SHA-1": DS + "rsa-sha1",
        "RSA with MD5": MORE + "rsa-md5",
        "RSA with RIPEMD-160": MORE + "rsa-ripemd160",
        "RSA with SHA-224": MORE + "rsa-sha224",
    }.items():
        _weak(name, Reason.ALGORITHM, method=method)
    for name, digest in {
        "a digest by SHA-1": SHA1,
        "a digest by MD5": MORE + "md5",
        "a digest by SHA-224": MORE + "sha224",
        "a digest by RIPEMD-160": "http://www.w3.org/2001/04/xmlenc#ripemd160",
    }.items():
        _weak(name, Reason.ALGORITHM, digest=digest)
    curve = replace(RESPONSE, signing=Signing(key="p256"))
    attack(
        "algorithm: ECDSA with SHA-1",
        Reason.ALGORITHM,
        curve,
        signing=Signing(key="p256", method=MORE + "ecdsa-sha1"),
    )
    hmac = MORE + "hmac-sha256"
    secrets = {
        "the provider's certificate as DER": certificate("rsa2048"),
        "the provider's public key as PEM": _public(
            "rsa2048", Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        ),
        "the provider's public key as DER": _public(
            "rsa2048", Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        ),
        "a secret in KeyInfo": b"known to everybody",
    }
    for name, secret in secrets.items():
        _weak(f"HMAC with {name}", Reason.ALGORITHM, method=hmac, secret=secret)
    short = "<ds:HMACOutputLength>80</ds:HMACOutputLength>"
    _weak("HMAC cut short", Reason.SIGNATURE_SHAPE, method=hmac, secret=b"0" * 32, in_method=short)
    for name, uri in {
        "none": "none",
        "an unknown one": "https://elsewhere.example/alg",
        "DSA": DS + "dsa-sha1",
        "DSA with SHA-256": "http://www.w3.org/2009/xmldsig11#dsa-sha256",
        "the method's name in capitals": (MORE + "RSA-SHA256"),
        "a method's name with a space": f" {MORE}rsa-sha256",
        "a digest's name as method": SHA256,
    }.items():
        attack(
            f"algorithm: the method renamed to {name}",
            Reason.ALGORITHM,
            RESPONSE,
            edit_signed=put(f"{SIGNED_INFO}/ds:SignatureMethod", "Algorithm", uri),
        )
    attack(
        "algorithm: no method named",
        Reason.ALGORITHM,
        RESPONSE,
        edit_signed=unset(f"{SIGNED_INFO}/ds:SignatureMethod", "Algorithm"),
    )
    attack(
        "algorithm: HMACOutputLength beside RSA",
        Reason.SIGNATURE_SHAPE,
        RESPONSE,
        edit_signed=insert_xml(
            f"{SIGNED_INFO}/ds:SignatureMethod",
            f'<HMACOutputLength xmlns="{DS}">0</HMACOutputLength>',
        ),
    )
    attack(
        "algorithm: another one of the good ones than it was signed with",
        Reason.SIGNATURE,
        RESPONSE,
        edit_signed=put(f"{SIGNED_INFO}/ds:SignatureMethod", "Algorithm", MORE + "rsa-sha512"),
    )
    for name, method in {
        "inclusive": C14N,
        "inclusive with comments": C14N + "#WithComments",
        "inclusive, 1.1": C14N11,
        "exclusive with comments": EXC + "WithComments",
    }.items():
        _weak(f"SignedInfo's canonicalization {name}", Reason.ALGORITHM, canonicalization=method)


# --- references and transforms ----------------------------------------------------------


def _references() -> None:
    own = RESPONSE.response_id
    for name, uri in {
        "empty": "",
        "the whole document by XPointer": "#xpointer(/)",
        "the ID by XPointer": f"#xpointer(id('{own}'))",
    }.items():
        attack(f"reference: {name}", Reason.REFERENCE, RESPONSE, signing=Signing(uri=uri))
    for name, uri in {
        "nothing after the hash sign": "#",
        "a file": "file:///etc/hostname",
        "an address": "http://elsewhere.example/response.xml",
        "the ID without the hash sign": own,
        "the ID with more after it": f"#{own}x",
        "the ID percent-encoded": "#%5F" + own.removeprefix("_"),
        "an ID that nothing has": "#_nothing",
        "the assertion's ID": "#" + RESPONSE.assertion_id,
    }.items():
        attack(
            f"reference: {name}",
            Reason.REFERENCE,
            RESPONSE,
            edit_signed=put(REFERENCE, "URI", uri),
        )
    attack("reference: no URI", Reason.REFERENCE, RESPONSE, edit_signed=unset(REFERENCE, "URI"))
    second = (
        f'<ds:Reference URI="#{RESPONSE.assertion_id}"><ds:Transforms>'
        f'<ds:Transform Algorithm="{EXC}"/></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue/></ds:Reference>'
    )
    attack(
        "reference: a second one, to the assertion",
        Reason.SIGNATURE_SHAPE,
        RESPONSE,
        signing=Signing(more_references=second),
    )
    attack(
        "reference: its Type says Manifest, afterwards",
        Reason.SIGNATURE,
        RESPONSE,
        edit_signed=put(REFERENCE, "Type", DS + "Manifest"),
    )
    attack(
        "reference: an Object in the signature that nothing references",
        Reason.SIGNATURE_SHAPE,
        RESPONSE,
        signing=Signing(objects="<ds:Object>x</ds:Object>"),
    )
    attack(
        "reference: an Object with a Manifest",
        Reason.SIGNATURE_SHAPE,
        RESPONSE,
        signing=Signing(
            objects=f'<ds:Object><ds:Manifest><ds:Reference URI="#{own}">'
            f'<ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue>AAAA</ds:DigestValue>'
            "</ds:Reference></ds:Manifest></ds:Object>"
        ),
    )


def _transform(algorithm: str, inside: str = "") -> str:
    return f'<ds:Transform Algorithm="{algorithm}">{inside}</ds:Transform>'


SHEET = (
    '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
    '<xsl:template match="/"><nothing/></xsl:template></xsl:stylesheet>'
)
NOT_THE_NAME = f'<ds:XPath xmlns:saml="{SAML}">not(ancestor-or-self::saml:NameID)</ds:XPath>'
NOTHING = "<ds:XPath>false()</ds:XPath>"
SUBTRACT = (
    f'<f:XPath xmlns:f="{FILTER}" xmlns:saml="{SAML}" Filter="subtract">//saml:Subject</f:XPath>'
)


def _rewrite(change: Callable[[Element], None]) -> Edit:
    """Change the transforms of a signature that was made with the usual ones."""

    def edit(root: Element) -> None:
        change(find(root, TRANSFORMS))

    return edit


def _swap(transforms: Element) -> None:
    transforms.append(transforms[0])


def _transforms() -> None:
    signed = {
        "a stylesheet": (ENVELOPED, _transform(XSLT, SHEET)),
        "a stylesheet, then canonical": (ENVELOPED, _transform(XSLT, SHEET), EXC),
        "XPath leaves the NameID out": (ENVELOPED, _transform(XPATH, NOT_THE_NAME), EXC),
        "XPath leaves everything out": (ENVELOPED, _transform(XPATH, NOTHING), EXC),
        "XPath Filter 2 leaves the Subject out": (ENVELOPED, _transform(FILTER, SUBTRACT), EXC),
        "enveloped twice": (ENVELOPED, ENVELOPED, EXC),
        "exclusive twice": (ENVELOPED, EXC, EXC),
        "inclusive": (ENVELOPED, C14N),
        "inclusive 1.1": (ENVELOPED, C14N11),
        "exclusive with comments": (ENVELOPED, EXC + "WithComments"),
        "inclusive, then exclusive": (ENVELOPED, C14N, EXC),
        "enveloped only": (ENVELOPED,),
        "exclusive only": (EXC,),
        "a child in the enveloped one": (_transform(ENVELOPED, "<ds:x/>"), EXC),
    }
    for name, transforms in signed.items():
        attack(
            f"transform: {name}", Reason.TRANSFORM, RESPONSE, signing=Signing(transforms=transforms)
        )
    attack(
        "transform: none at all",
        Reason.SIGNATURE_SHAPE,
        RESPONSE,
        signing=Signing(transforms=()),
    )
    attack(
        "transform: an XPath in the exclusive one",
        Reason.TRANSFORM,
        RESPONSE,
        edit_signed=insert_xml(
            f"{TRANSFORMS}/ds:Transform[2]", f'<XPath xmlns="{DS}">false()</XPath>'
        ),
    )
    attack("transform: in the wrong order", Reason.TRANSFORM, RESPONSE, edit_signed=_rewrite(_swap))
    for name, number, uri in (
        ("base64 in place of exclusive", 1, DS + "base64"),
        ("decryption in place of enveloped", 0, "http://www.w3.org/2002/07/decrypt#XML"),
        ("an unknown one", 1, "https://elsewhere.example/transform"),
        ("the attachments' of web services", 1, "http://docs.oasis-open.org/wss#STR-Transform"),
    ):
        attack(
            f"transform: {name}",
            Reason.TRANSFORM,
            RESPONSE,
            edit_signed=put(f"{TRANSFORMS}/ds:Transform[{number + 1}]", "Algorithm", uri),
        )
    attack(
        "transform: a stylesheet, the assertion",
        Reason.TRANSFORM,
        ASSERTION,
        signing=Signing(transforms=(ENVELOPED, _transform(XSLT, SHEET))),
    )
    attack(
        "transform: XPath leaves the NameID out, in an encrypted assertion",
        Reason.TRANSFORM,
        INNER,
        signing=Signing(transforms=(ENVELOPED, _transform(XPATH, NOT_THE_NAME), EXC)),
    )
    for name, prefixes, reason in (
        ("a default namespace", "#default", Reason.SIGNATURE),
        ("one that is in scope", "saml", Reason.DIGEST),
        ("a hundred", " ".join(f"n{i}" for i in range(100)), Reason.SIGNATURE),
    ):
        listed = f'<e:InclusiveNamespaces xmlns:e="{EXC}" PrefixList="{prefixes}"/>'
        attack(
            f"transform: a list of prefixes changed afterwards to {name}",
            reason,
            RESPONSE,
            edit_signed=insert_xml(f"{TRANSFORMS}/ds:Transform[2]", listed),
        )


_exclusion()
_tampered()
_keys()
_algorithms()
_references()
_transforms()

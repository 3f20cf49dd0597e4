"""What looks odd and is none the less to be accepted, saying exactly what was signed.

They keep the verifier from being strict about the wrong things: another
signer's habits, what has no meaning for us, and what a signature protects.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from saml_case import (
    ASSERTION,
    BOTH,
    ENCRYPTED,
    INNER,
    RESPONSE,
    SEALED,
    edits,
    find,
    insert_xml,
    put,
    swap,
    unset,
    write,
)
from saml_issuer import (
    AES128_CBC,
    AES256_CBC,
    AES256_GCM,
    DS,
    ENVELOPED,
    EXC,
    MGF1_SHA256,
    MORE,
    NOW,
    OAEP11,
    SAML,
    SHA256,
    SHA384,
    SHA512,
    XENC,
    XENC11,
    XSI,
    Answer,
    Edit,
    Element,
    Encryption,
    Signing,
    clone,
    etree,
    instant,
)

DATA = "a:EncryptedAssertion/xenc:EncryptedData"
KEY = f"{DATA}/ds:KeyInfo/xenc:EncryptedKey"
VALUE = "a:AttributeStatement/a:Attribute/a:AttributeValue"
PSS = "http://www.w3.org/2007/05/xmldsig-more#"


def _again(path: str) -> Edit:
    def edit(root: Element) -> None:
        found = find(root, path)
        found.addnext(clone(found))

    return edit


def _beside(root: Element) -> None:
    """The EncryptedKey stands after the EncryptedData, as older providers put it."""
    key = find(root, KEY)
    find(root, "a:EncryptedAssertion").append(key)


def _key_size(root: Element) -> None:
    method = find(root, f"{DATA}/xenc:EncryptionMethod")
    etree.SubElement(method, f"{{{XENC}}}KeySize").text = "8"


def _prefixes(prefixes: str) -> Signing:
    listed = f'<e:InclusiveNamespaces xmlns:e="{EXC}" PrefixList="{prefixes}"/>'
    transform = f'<ds:Transform Algorithm="{EXC}">{listed}</ds:Transform>'
    return Signing(transforms=(ENVELOPED, transform))


def _typed(kind: str) -> Edit:
    """An AttributeValue with a type, as most providers write it."""

    def edit(root: Element) -> None:
        old = find(root, VALUE)
        xs = "http://www.w3.org/2001/XMLSchema"
        new = etree.Element(old.tag, nsmap={"xs": xs, "xsi": XSI})
        new.set(f"{{{XSI}}}type", kind)
        new.text = old.text
        parent = old.getparent()
        assert parent is not None
        parent.replace(old, new)

    return edit


def _by_other_prefixes(root: Element) -> Element:
    text = etree.tostring(root).decode()
    text = text.replace("<saml:", "<").replace("</saml:", "</").replace("xmlns:saml=", "xmlns=")
    return etree.fromstring(text)


def _line_after_it(root: Element) -> None:
    root.tail = "\n"


def _indented(root: Element) -> None:
    etree.indent(root)


ANSWERS: dict[str, Answer] = {
    "signed: response": RESPONSE,
    "signed: assertion": ASSERTION,
    "signed: both": BOTH,
    "encrypted: response signed": ENCRYPTED,
    "encrypted: assertion signed": INNER,
    "encrypted: both signed": SEALED,
    **{
        f"algorithm: {key} {method.rpartition('#')[2]}": replace(
            BOTH, signing=Signing(key=key, method=method, digest=digest)
        )
        for key, method, digest in (
            ("rsa2048", MORE + "rsa-sha384", SHA384),
            ("rsa2048", MORE + "rsa-sha512", SHA512),
            ("rsa3072", MORE + "rsa-sha256", SHA256),
            ("rsa2048", PSS + "sha256-rsa-MGF1", SHA256),
            ("p256", MORE + "ecdsa-sha256", SHA256),
            ("p256", MORE + "ecdsa-sha512", SHA512),
            ("p384", MORE + "ecdsa-sha384", SHA384),
            ("p521", MORE + "ecdsa-sha512", SHA512),
        )
    },
    **{
        f"cipher: {method.rpartition('#')[2]}": replace(
            ENCRYPTED, encryption=Encryption(method=method)
        )
        for method in (AES256_GCM, AES128_CBC, AES256_CBC)
    },
    "cipher: CBC under two signatures": replace(SEALED, encryption=Encryption(method=AES128_CBC)),
    "cipher: OAEP with SHA-256": replace(ENCRYPTED, encryption=Encryption(digest=SHA256)),
    "cipher: OAEP with SHA-512 and a mask": replace(
        ENCRYPTED, encryption=Encryption(transport=OAEP11, digest=SHA512, mgf=MGF1_SHA256)
    ),
    "cipher: OAEP of 1.1 without parameters": replace(
        ENCRYPTED, encryption=Encryption(transport=OAEP11, mgf=XENC11 + "mgf1sha1")
    ),
    "cipher: the key stands beside": replace(ENCRYPTED, encryption=Encryption(beside=True)),
    "cipher: the key is moved beside": replace(ENCRYPTED, edit_response=_beside),
    "cipher: the same key twice": replace(ENCRYPTED, edit_response=_again(KEY)),
    "cipher: no Type": replace(ENCRYPTED, edit_response=unset(DATA, "Type")),
    "cipher: a KeySize that is ignored": replace(ENCRYPTED, edit_response=_key_size),
    "signature: no KeyInfo": replace(BOTH, signing=Signing(key_info="")),
    "signature: KeyInfo names the attacker's place, and is ignored": replace(
        RESPONSE,
        edit_signed=insert_xml(
            "ds:Signature/ds:KeyInfo",
            f'<RetrievalMethod xmlns="{DS}" URI="http://127.0.0.1:9/key"/>',
        ),
    ),
    "signature: a list of prefixes": replace(BOTH, signing=_prefixes("xs xsi saml #default")),
    "signature: an empty list of prefixes": replace(BOTH, signing=_prefixes("")),
    "signature: its own Id": replace(RESPONSE, edit_signed=put("ds:Signature", "Id", "_own")),
    "text: indentation": replace(
        BOTH, edit_assertion=_indented, edit_signed_assertion=_line_after_it
    ),
    "text: other prefixes": replace(ASSERTION, edit_assertion=_by_other_prefixes),
    "text: a mark before it": replace(RESPONSE, edit_bytes=lambda data: b"\xef\xbb\xbf" + data),
    "text: a declaration": replace(
        RESPONSE,
        edit_bytes=lambda data: b'<?xml version="1.0" encoding="utf-8" standalone="no"?>\n' + data,
    ),
    "text: a letter as a reference": replace(
        RESPONSE, edit_bytes=swap(b">t-5f", b">&#116;-5&#x66;")
    ),
    "text: white space after the end": replace(RESPONSE, edit_bytes=lambda data: data + b"\n \n"),
    "value: a string": replace(RESPONSE, edit_assertion=_typed("xs:string")),
    "value: it says it is a number": replace(RESPONSE, edit_assertion=_typed("xs:integer")),
    "value: white space around it": replace(RESPONSE, edit_assertion=write(VALUE, "\n  Aino\n ")),
    "name: none": replace(RESPONSE, name_id=""),
    "issuer: its Format is an entity's": replace(
        ASSERTION,
        edit_assertion=put(
            "a:Issuer", "Format", "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
        ),
    ),
    "issuer: white space around it": replace(
        RESPONSE, edit_assertion=write("a:Issuer", f"\n {RESPONSE.provider} \n")
    ),
    "audience: ours and another": replace(
        RESPONSE,
        edit_assertion=insert_xml(
            "a:Conditions/a:AudienceRestriction",
            f'<Audience xmlns="{SAML}">https://other.example/sp</Audience>',
            0,
        ),
    ),
    "audience: twice restricted to us": replace(
        RESPONSE, edit_assertion=_again("a:Conditions/a:AudienceRestriction")
    ),
    "conditions: once only": replace(
        RESPONSE, edit_assertion=insert_xml("a:Conditions", f'<OneTimeUse xmlns="{SAML}"/>')
    ),
    "conditions: no further proxies": replace(
        RESPONSE,
        edit_assertion=insert_xml("a:Conditions", f'<ProxyRestriction xmlns="{SAML}" Count="0"/>'),
    ),
    "conditions: no times of their own": replace(
        RESPONSE,
        edit_assertion=edits(
            unset("a:Conditions", "NotBefore"), unset("a:Conditions", "NotOnOrAfter")
        ),
    ),
    "time: just within the skew": replace(
        RESPONSE,
        edit_assertion=edits(
            put("a:Conditions", "NotBefore", instant(NOW + timedelta(minutes=3))),
            put(".", "IssueInstant", instant(NOW + timedelta(minutes=3))),
        ),
    ),
    "time: over by less than the skew": replace(
        RESPONSE,
        lifetime=timedelta(minutes=-2, seconds=-59),
        edit_assertion=unset("a:Conditions", "NotBefore"),
    ),
    "time: parts of a second": replace(
        RESPONSE, edit_assertion=put(".", "IssueInstant", "2026-11-02T09:30:00.1234567Z")
    ),
    "destination: none around a signed assertion": replace(ASSERTION, destination=""),
    "subject: an address that we do not look at": replace(
        RESPONSE,
        edit_assertion=put(
            "a:Subject/a:SubjectConfirmation/a:SubjectConfirmationData", "Address", "192.0.2.7"
        ),
    ),
    "authorities: two of them": replace(
        RESPONSE, authorities=("https://proxy.example/idp", "https://home.example/idp")
    ),
    "session: no index, no end": replace(RESPONSE, session_index="", session_lifetime=None),
    "attributes: none": replace(RESPONSE, attributes=()),
}
"""Name to answer; each is held against ``saml_issuer.expected`` of it."""

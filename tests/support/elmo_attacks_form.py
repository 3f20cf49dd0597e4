"""The signature's own form: parts that are missing, doubled, moved or disguised."""

from __future__ import annotations

import re

from elmo_case import DOCUMENT, attack, genuine, signature, swap, swap_piece
from signing_material import DS

_VALUE = "<SignatureValue>.*</SignatureValue>"
_INFO = "<SignedInfo>.*</SignedInfo>"


def _part(pattern: str) -> str:
    found = re.search(pattern, signature(), re.S)
    assert found
    return found[0]


def _split(name: str, mark: str) -> bytes:
    """Put a mark into the middle of an element's text: readers then see two different values."""
    found = re.search(rf"<{name}>([^<]*)</{name}>", signature())
    assert found
    text = found[1]
    return swap(text, f"{text[:10]}{mark}{text[10:]}")


for _name, _make in {
    "a comment in the digest": lambda: _split("DigestValue", "<!---->"),
    "a comment in the value": lambda: _split("SignatureValue", "<!-- -->"),
    "a comment in the certificate": lambda: _split("X509Certificate", "<!-- -->"),
    "a comment in SignedInfo": lambda: swap("<SignedInfo>", "<SignedInfo><!-- -->"),
    "a comment beside SignedInfo": lambda: swap("<SignedInfo>", "<!-- --><SignedInfo>"),
    "an instruction in the value": lambda: _split("SignatureValue", "<?a b?>"),
    "an instruction in SignedInfo": lambda: swap("</SignedInfo>", "<?a b?></SignedInfo>"),
    "two SignedInfo": lambda: swap("<SignedInfo>", _part(_INFO) + "<SignedInfo>"),
    "an empty SignedInfo first": lambda: swap("<SignedInfo>", "<SignedInfo/><SignedInfo>"),
    "two values": lambda: swap("<SignatureValue>", "<SignatureValue/><SignatureValue>"),
    "two KeyInfo": lambda: swap("<KeyInfo>", "<KeyInfo/><KeyInfo>"),
    "no SignedInfo": lambda: swap_piece(_INFO, ""),
    "no value": lambda: swap_piece(_VALUE, ""),
    "an empty signature": lambda: swap(signature(), f'<Signature xmlns="{DS}"/>'),
    "the value first": lambda: swap(
        signature(),
        signature()
        .replace(_part(_VALUE), "")
        .replace("<SignedInfo>", _part(_VALUE) + "<SignedInfo>"),
    ),
    "KeyInfo first": lambda: swap(
        signature(),
        signature()
        .replace(_part("<KeyInfo>.*</KeyInfo>"), "")
        .replace("<SignedInfo>", _part("<KeyInfo>.*</KeyInfo>") + "<SignedInfo>"),
    ),
    "something unknown in the signature": lambda: swap("<KeyInfo>", "<Anything/><KeyInfo>"),
    "something unknown in SignedInfo": lambda: swap("<Reference", "<Anything/><Reference"),
    "something unknown in the reference": lambda: swap("<DigestMethod", "<Anything/><DigestMethod"),
    "SignedInfo of another namespace": lambda: swap("<SignedInfo>", '<SignedInfo xmlns="urn:x">'),
    "no canonicalisation method": lambda: swap_piece("<CanonicalizationMethod[^>]*/>", ""),
    "no signature method": lambda: swap_piece("<SignatureMethod[^>]*/>", ""),
    "two digest values": lambda: swap("<DigestValue>", "<DigestValue/><DigestValue>"),
    "no digest method": lambda: swap_piece("<DigestMethod[^>]*/>", ""),
    "no digest value": lambda: swap_piece("<DigestValue>.*</DigestValue>", ""),
    "a digest that is no base64": lambda: swap_piece("<DigestValue>", "<DigestValue>*"),
    "a digest in hexadecimal": lambda: swap_piece(
        "<DigestValue>.*</DigestValue>", "<DigestValue>" + "zz" * 31 + "</DigestValue>"
    ),
    "transforms after the digest": lambda: swap(
        signature(),
        signature()
        .replace(_part("<Transforms>.*</Transforms>"), "")
        .replace("</Reference>", _part("<Transforms>.*</Transforms>") + "</Reference>"),
    ),
}.items():
    attack(f"form: {_name}", "shape", _make)

for _name, _make in {
    "none at all": lambda: DOCUMENT,
    "of no namespace": lambda: swap(f'<Signature xmlns="{DS}"', '<Signature xmlns=""'),
    "of a namespace that looks alike": lambda: genuine().replace(DS.encode(), DS[:-1].encode()),
    "in small letters": lambda: (
        genuine().replace(b"Signature ", b"signature ").replace(b"</Signature>", b"</signature>")
    ),
    "in a comment": lambda: swap(signature(), f"<!--{signature()}-->"),
    "as text": lambda: swap(signature(), f"<![CDATA[{signature()}]]>"),
    "in an instruction": lambda: swap(signature(), f"<?sign {signature()}?>"),
    "only announced": lambda: swap(signature(), f'<KeyInfo xmlns="{DS}"/>'),
}.items():
    attack(f"a signature: {_name}", "unsigned", _make)

for _name, _change in {
    "a better grade": ("<resultLabel>1<", "<resultLabel>5<"),
    "another person": (">Virtanen<", ">Mallikas<"),
    "another birth date": ("2001-02-28", "2002-02-28"),
    "more credits": ("<value>5<", "<value>50<"),
    "a failed course that is passed": ("<status>passed<", "<status>failed<"),
    "another language of a title": ('xml:lang="en"', 'xml:lang="fi"'),
    "a blank in a name": (">Aino<", ">Aino <"),
    "a look-alike letter": (">Aino<", ">\u0410ino<"),
    "a composed letter taken apart": ("Campus University", "Campus Universit\u0079\u0301"),
    "a course more": (
        "<issueDate>",
        "<learningOpportunitySpecification><title>Law</title></learningOpportunitySpecification>"
        "<issueDate>",
    ),
    "an attachment more": ("<report>", "<attachment/><report>"),
    "an attribute more": ("<report>", '<report a="b">'),
    "a namespace more": ("<elmo ", '<elmo xmlns:x="urn:x" '),
    "an instruction more": ("<report>", "<?a b?><report>"),
    "an instruction before it": ("<elmo ", "<?xml-stylesheet href='x'?><elmo "),
    "a line end more": ("</report>\n", "</report>\n\n"),
    "text after the signature": ("</Signature>", "</Signature>forged"),
    "a reader's include": (
        "<report>",
        '<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/><report>',
    ),
    "the report twice": ("</report>", "</report><report/>"),
}.items():
    attack(f"changed: {_name}", "digest", lambda change=_change: swap(*change))
attack(
    "changed: the course taken out",
    "digest",
    lambda: swap_piece(
        "<learningOpportunitySpecification>.*</learningOpportunitySpecification>", ""
    ),
)
attack(
    "changed: the digest as well",
    "digest",
    lambda: swap_piece("<DigestValue>.*</DigestValue>", f"<DigestValue>{'A' * 43}=</DigestValue>"),
)

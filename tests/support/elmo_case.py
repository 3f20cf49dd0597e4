"""What the attacks on signed ELMO files are made of: a genuine file, its forged twin, and tools to cut and sew.

``attack`` registers a maker under a name with the reason for which its file must be refused. ``fools``
names the ordinary mistakes with which a verifier would believe it (``ordinary``): a case that fools one
is a real forgery, not a file that was broken anyhow.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

import xmlsec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from emrex_gateway.examining import MOST_MARKS, Examined, examine
from emrex_gateway.signing import STRICT, Policy
from signing_material import DS, ELMO, NOW, certificate, foreign_sign, private_key

LIMIT = 2 * 1024 * 1024
"""What a file may unpack to here, in bytes: small, so that bombs are small, too."""

NAME = "Virtanen"
FORGED_NAME = "Väärentäjä"
DOCUMENT = f"""<elmo xmlns="{ELMO}">
<generatedDate>2026-03-01T12:00:00+02:00</generatedDate>
<learner><bday>2001-02-28</bday><givenNames>Aino</givenNames><familyName>{NAME}</familyName></learner>
<report><issuer><country>FI</country><identifier type="schac">campus.example</identifier>
<title xml:lang="en">Campus University</title><url>https://campus.example/</url></issuer>
<learningOpportunitySpecification><title xml:lang="en">Linear algebra</title>
<specifies><learningOpportunityInstance><date>2025-05-01</date><status>passed</status>
<resultLabel>1</resultLabel><credit><scheme>ects</scheme><value>5</value></credit>
</learningOpportunityInstance></specifies></learningOpportunitySpecification>
<issueDate>2026-03-01T12:00:00+02:00</issueDate></report>
</elmo>"""
"""A file as a provider makes it: one person, one course with a poor grade."""

FORGED = DOCUMENT.replace(NAME, FORGED_NAME).replace("<resultLabel>1<", "<resultLabel>5<")
"""Somebody else, with a better grade."""

Maker = Callable[[], bytes | str]


@dataclass(frozen=True)
class Attack:
    """A file that must be refused for ``reason``, whoever is trusted by ``trusted`` under ``policy``."""

    name: str
    reason: str
    make: Maker = field(repr=False)
    trusted: tuple[str, ...]
    policy: Policy
    fools: tuple[str, ...]
    family: str

    def file(self) -> bytes:
        """The file's bytes."""
        made = self.make()
        return made.encode() if isinstance(made, str) else made

    def examined(self) -> Examined:
        """What the installation says of it, as of any file that somebody brings."""
        return examine(
            self.file(),
            [certificate(kind) for kind in self.trusted],
            policy=self.policy,
            limit=LIMIT,
            most_marks=MOST_MARKS,
            now=NOW,
        )


CASES: list[Attack] = []
_family = [""]


def begin_family(name: str) -> None:
    """Say whose the next attacks are."""
    _family.append(name)


def attack(
    name: str,
    reason: str,
    make: Maker,
    *,
    trusted: Sequence[str] = ("rsa2048",),
    policy: Policy = STRICT,
    fools: Sequence[str] = (),
) -> None:
    """Register an attack."""
    CASES.append(Attack(name, reason, make, tuple(trusted), policy, tuple(fools), _family[-1]))


@cache
def genuine() -> bytes:
    """The file, signed with the trusted key as this project and most providers do."""
    return foreign_sign(DOCUMENT.encode())


def signature(xml: bytes | None = None) -> str:
    """The signature of a file, as it stands in it."""
    found = re.search(r"<Signature .*</Signature>", (xml or genuine()).decode(), re.S)
    assert found
    return found[0]


def bare(xml: bytes | None = None) -> str:
    """A file without its declaration and its signature."""
    text = (xml or genuine()).decode()
    return text[text.index("<elmo") :].replace(signature(xml), "")


def within(outer: str, inner: str, before: str = "</elmo>") -> bytes:
    """Put markup into a document, before the last occurrence of other markup."""
    start, mark, end = outer.rpartition(before)
    assert mark
    return f"{start}{inner}{mark}{end}".encode()


def swap(old: str | bytes, new: str | bytes, xml: bytes | None = None) -> bytes:
    """Replace the first occurrence; it must be there."""
    old, new = (text.encode() if isinstance(text, str) else text for text in (old, new))
    before = xml or genuine()
    assert old in before, old
    return before.replace(old, new, 1)


def swap_piece(pattern: str, new: str, xml: bytes | None = None) -> bytes:
    """Replace what a regular expression finds first; it must be there."""
    before = xml or genuine()
    found = re.search(pattern.encode(), before, re.S)
    assert found, pattern
    return before.replace(found[0], new.encode(), 1)


def sewn(build: Callable[[etree._Element], None], document: str = DOCUMENT) -> bytes:
    """Build a tree, and write it."""
    root = etree.fromstring(document.encode())
    build(root)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def public_pem(kind: str = "rsa2048") -> bytes:
    """What anybody has of the trusted key."""
    return (
        private_key(kind).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )


def _first(tree: etree._ElementTree) -> etree._Element | None:
    return next(tree.iter(f"{{{DS}}}Signature"), None)


def _last(tree: etree._ElementTree) -> etree._Element | None:
    return ([None, *tree.iter(f"{{{DS}}}Signature")])[-1]


def _holds(node: etree._Element | None, key: xmlsec.Key | None) -> bool:
    if node is None or key is None:
        return False
    context = xmlsec.SignatureContext()
    context.key = key
    try:
        context.verify(node)
    except xmlsec.Error:
        return False
    return True


def _trusted_key(attack: Attack) -> xmlsec.Key:
    return xmlsec.Key.from_memory(public_pem(attack.trusted[0]), xmlsec.constants.KeyDataFormatPem)


def _own_key(node: etree._Element | None) -> xmlsec.Key | None:
    text = None if node is None else node.findtext(f".//{{{DS}}}X509Certificate")
    if text is None:
        return None
    der = base64.b64decode("".join(text.split()))
    return xmlsec.Key.from_memory(der, xmlsec.constants.KeyDataFormatCertDer)


def ordinary(attack: Attack, mistake: str) -> bool:
    """Whether a verifier with an ordinary mistake believes an attack.

    ``first``: looks for a signature anywhere, takes the first, checks it with the trusted key, and
    then reads the document. ``last``: as it, the last. ``KeyInfo``: checks with the certificate
    that stands in the signature.
    """
    root = etree.fromstring(attack.file(), etree.XMLParser(resolve_entities=False, huge_tree=True))
    xmlsec.tree.add_ids(root, ["Id", "ID", "id"])
    tree = root.getroottree()
    if mistake == "first":
        return _holds(_first(tree), _trusted_key(attack))
    if mistake == "last":
        return _holds(_last(tree), _trusted_key(attack))
    assert mistake == "KeyInfo"
    return _holds(_first(tree), _own_key(_first(tree)))

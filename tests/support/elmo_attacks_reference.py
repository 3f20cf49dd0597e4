"""What a signature asks to be fetched, run or left out: references, transforms, and canonical forms."""

from __future__ import annotations

from elmo_case import DOCUMENT, attack, swap, swap_piece
from signing_material import DS, ENC, foreign_sign

C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
C14N_11 = "http://www.w3.org/2006/12/xml-c14n11"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
FILTER = "http://www.w3.org/2002/06/xmldsig-filter2"
XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"

# --- references that point elsewhere ----------------------------------------------------------

for _uri in (
    "file:///etc/passwd",
    "http://127.0.0.1:1/elmo.xml",
    "https://campus.example/elmo.xml",
    "ftp://127.0.0.1/x",
    "elmo.xml",
    "../elmo.xml",
    "/etc/hostname",
    "//campus.example/x",
    "?",
    "?a#b",
    " ",
    ".",
    "data:text/xml,%3Celmo/%3E",
    "jar:file:/x!/y",
    "cid:elmo",
    "urn:elmo",
    "other.xml#a",
):
    attack(
        f"a reference to {_uri!r}",
        "external-reference",
        lambda uri=_uri: swap('URI=""', f'URI="{uri}"'),
    )

_MORE = (
    f'<P:Reference URI="{{}}"><P:Transforms><P:Transform Algorithm="{DS}enveloped-signature"/>'
    f'</P:Transforms><P:DigestMethod Algorithm="{ENC}sha256"/><P:DigestValue/></P:Reference>'
)
attack(
    "a second reference to the whole",
    "references",
    lambda: foreign_sign(DOCUMENT.encode(), extra_reference=_MORE.format("")),
    fools=("first",),
)
attack(
    "a second reference to a part",
    "references",
    lambda: foreign_sign(
        DOCUMENT.replace("<report>", '<report xml:id="a">').encode(),
        extra_reference=_MORE.format("#a"),
    ),
    fools=("first",),
)
attack(
    "a second reference to a file",
    "references",
    lambda: swap("</Reference>", '</Reference><Reference URI="file:///etc/passwd"/>'),
)
attack("no reference", "references", lambda: swap_piece("<Reference.*</Reference>", ""))
attack(
    "a hundred references",
    "references",
    lambda: swap("</Reference>", "</Reference>" + '<Reference URI=""/>' * 99),
)
attack(
    "a manifest instead of the document",
    "coverage",
    lambda: swap('<Reference URI=""', f'<Reference Type="{DS}Manifest" URI="#m"'),
)

# --- transforms -------------------------------------------------------------------------------


def _t(algorithm: str, inner: str = "") -> str:
    return f'<P:Transform Algorithm="{algorithm}">{inner}</P:Transform>'


ENVELOPED = _t(DS + "enveloped-signature")


def _xpath(expression: str) -> str:
    return _t(XPATH, f"<P:XPath>{expression}</P:XPath>")


def _filter(kind: str, expression: str) -> str:
    return _t(FILTER, f'<XPath xmlns="{FILTER}" Filter="{kind}">{expression}</XPath>')


_STYLE = (
    '<s:stylesheet version="1.0" xmlns:s="http://www.w3.org/1999/XSL/Transform">'
    '<s:template match="/">{}</s:template></s:stylesheet>'
)
_ONLY_LEARNER = "ancestor-or-self::*[local-name()='learner']"
_NO_GRADES = "not(ancestor-or-self::*[local-name()='resultLabel']) and not(ancestor-or-self::*[local-name()='Signature'])"


def _signed(transforms: str, *changes: tuple[str, str]) -> bytes:
    """Genuinely signed under these transforms; then what they leave out was changed."""
    made = foreign_sign(DOCUMENT.encode(), transforms=transforms)
    for old, new in changes:
        made = swap(old, new, made)
    return made


def _put(transforms: str) -> bytes:
    """The genuine file, its transforms replaced: what libxmlsec would not sign by itself."""
    return swap_piece(
        "<Transforms>.*</Transforms>",
        f"<Transforms>{transforms}</Transforms>".replace("P:", ""),
    )


_GRADE = ("<resultLabel>1<", "<resultLabel>5<")
_PERSON = (">Aino<", ">Toini<")
for _name, _transforms, _change in (
    ("an XPath that leaves the grades out", ENVELOPED + _xpath(_NO_GRADES), _GRADE),
    ("an XPath that covers the person only", _xpath(_ONLY_LEARNER), _GRADE),
    ("an XPath in the place of enveloped-signature", _xpath(_NO_GRADES), _GRADE),
    ("a filter that subtracts the learner", ENVELOPED + _filter("subtract", "//*[local-name()='learner']"), _PERSON),
    ("a filter that intersects with one report", ENVELOPED + _filter("intersect", "//*[local-name()='report']"), _PERSON),
    ("an XPath that covers nothing", _xpath("false()"), _GRADE),
):  # fmt: skip
    attack(
        _name,
        "xpath",
        lambda transforms=_transforms, change=_change: _signed(transforms, change),
        fools=("first",),
    )
attack(
    "an XPath that covers everything",
    "xpath",
    lambda: _signed(ENVELOPED + _xpath("true()")),
    fools=("first",),
)
attack(
    "an XPath hidden in a transform of another name",
    "xpath",
    lambda: _put(_t(DS + "enveloped-signature", "<P:XPath>false()</P:XPath>")),
)
attack(
    "an XPointer transform",
    "xpath",
    lambda: _put(ENVELOPED + _t("http://www.w3.org/TR/2001/WD-xptr-20010108")),
)
for _name, _inner in {
    "that writes another document": "<elmo>forged</elmo>",
    "that copies": '<s:copy-of select="/"/>',
    "that reads a file": "<s:copy-of select=\"document('file:///etc/passwd')\"/>",
    "that asks an address": "<s:copy-of select=\"document('http://127.0.0.1:1/')\"/>",
    "that never ends": '<s:apply-templates select="/"/>',
}.items():
    attack(
        f"an XSLT {_name}",
        "xslt",
        lambda inner=_inner: _put(ENVELOPED + _t(XSLT, _STYLE.format(inner))),
    )
attack("an XSLT first", "xslt", lambda: _put(_t(XSLT, _STYLE.format("x")) + ENVELOPED))
attack("an XSLT and an XPath", "xslt", lambda: _put(_t(XSLT) + _xpath("true()")))

for _name, _transforms in {
    "no transform": "",
    "base64": ENVELOPED + _t(DS + "base64"),
    "base64 alone": _t(DS + "base64"),
    "decryption": ENVELOPED + _t("http://www.w3.org/2002/07/decrypt#XML"),
    "a security token": ENVELOPED
    + _t("http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform"),
    "an unknown one": ENVELOPED + _t("urn:none"),
    "an unknown one alone": _t("urn:none"),
    "one without an algorithm": ENVELOPED + "<P:Transform/>",
    "enveloped-signature twice": ENVELOPED + ENVELOPED,
    "canonical form alone": _t(C14N),
    "canonical form first": _t(C14N) + ENVELOPED,
    "canonical form twice": ENVELOPED + _t(EXCLUSIVE) + _t(C14N),
    "exclusive canonical form with comments": ENVELOPED + _t(EXCLUSIVE + "WithComments"),
    "canonical form with comments": ENVELOPED + _t(C14N + "#WithComments"),
    "canonical form 1.1 with comments": ENVELOPED + _t(C14N_11 + "#WithComments"),
    "prefixes for an inclusive form": ENVELOPED
    + _t(C14N, f'<InclusiveNamespaces xmlns="{EXCLUSIVE}" PrefixList="a"/>'),
    "two lists of prefixes": ENVELOPED
    + _t(EXCLUSIVE, f'<InclusiveNamespaces xmlns="{EXCLUSIVE}"/>' * 2),
    "something else in a canonical form": ENVELOPED + _t(EXCLUSIVE, "<P:Anything/>"),
    "something in enveloped-signature": _t(DS + "enveloped-signature", "<P:Anything/>"),
    "a transform of another namespace": f'{ENVELOPED}<Transform xmlns="urn:x" Algorithm="{C14N}"/>',
}.items():  # fmt: skip
    attack(f"transforms: {_name}", "transform", lambda transforms=_transforms: _put(transforms))
attack(
    "no Transforms element",
    "transform",
    lambda: swap_piece("<Transforms>.*</Transforms>", ""),
)
attack(
    "comments are signed, too, and split a name",
    "transform",
    lambda: _signed(ENVELOPED + _t(C14N + "#WithComments")),
    fools=("first",),
)

"""Wrapping: what was genuinely signed is kept, and something else stands where a reader looks."""

from __future__ import annotations

from elmo_case import (
    DOCUMENT,
    FORGED,
    attack,
    bare,
    genuine,
    signature,
    swap,
    within,
)
from signing_material import DS, ELMO, foreign_sign

REPORT = f"{{{ELMO}}}report"
LEARNER = f"{{{ELMO}}}learner"


def _whole() -> str:
    text = genuine().decode()
    return text[text.index("<elmo") :]


def _in_a_part(where: str) -> bytes:
    """Signed as a whole, with the signature inside a part: readers that look into parts differ."""
    return foreign_sign(DOCUMENT.encode(), where=where)


def _by_id(attribute: str, uri: str, at: str = "<report>") -> bytes:
    """A part with an identifier is signed; the rest, forged later, is not."""
    marked = DOCUMENT.replace(at, at[:-1] + f' {attribute}="a">')
    signed = foreign_sign(marked.encode())
    return swap('URI=""', f'URI="{uri}"', signed)


def _signed_part(forge: bool = True) -> bytes:
    """A signature over the report alone, which libxmlsec itself made; then the person was changed."""
    # libxmlsec finds an identifier only where it was told of it
    marked = DOCUMENT.replace("<report>", '<report xml:id="r">')
    signed = foreign_sign(marked.encode(), uri='URI="#r"')
    return swap("Virtanen", "Toinen", signed) if forge else signed


def _object(inner: str, extra: str = "") -> str:
    return signature().replace("</Signature>", f"<Object{extra}>{inner}</Object></Signature>")


_ATTACHED = "<attachment><type>Other</type><content>{}</content></attachment>"

for _name, _made in {
    "the genuine file in an extension": lambda: within(
        FORGED, f"<extension>{_whole()}</extension>"
    ),
    "the genuine file as the first child": lambda: FORGED.replace(
        "<generatedDate>", _whole() + "<generatedDate>", 1
    ).encode(),
    "the genuine file in a report's extension": lambda: within(
        FORGED, f"<extension>{_whole()}</extension>", "</report>"
    ),
    "the genuine file as an attachment": lambda: within(FORGED, _ATTACHED.format(_whole())),
    "the genuine file in a course's description": lambda: within(
        FORGED, f"<descriptionHtml>{_whole()}</descriptionHtml>", "<specifies>"
    ),
    "the genuine file in an elmo element of another namespace": lambda: (
        f'<elmo xmlns="urn:other">{FORGED}{_whole()}</elmo>'
    ),
    "an elmo in an elmo": lambda: f'<elmo xmlns="{ELMO}">{_whole()}</elmo>',
}.items():
    attack(_name, "coverage", _made)

attack(
    "the genuine file in the forged one's signature",
    "several-signatures",
    lambda: within(
        FORGED,
        signature().replace("</Signature>", f"<Object>{_whole()}</Object></Signature>"),
    ),
)
attack(
    "the signature beside what it signed, in a forged file",
    "digest",
    lambda: within(FORGED, f"<extension>{bare()}</extension>{signature()}"),
)
attack("the signature moved to a forged file", "digest", lambda: within(FORGED, signature()))
attack(
    "the signed content in the signature's Object",
    "object",
    lambda: within(FORGED, _object(bare())),
)
attack(
    "a forged file in the Object of the genuine signature",
    "object",
    lambda: swap("</Signature>", f"<Object>{FORGED}</Object></Signature>"),
    fools=("first",),
)
attack(
    "an Object with an identifier that nothing refers to",
    "object",
    lambda: swap("</Signature>", '<Object Id="o"/></Signature>'),
    fools=("first",),
)
attack(
    "the signature is the root and contains the forged file",
    "coverage",
    lambda: _object(FORGED).encode(),
)
attack(
    "both files beside each other under another root",
    "root",
    lambda: f"<elmos>{FORGED}{bare()}{signature()}</elmos>",
)
attack(
    "the genuine file under another root",
    "root",
    lambda: f"<envelope>{_whole()}</envelope>",
)
attack(
    "a signed document of another kind",
    "root",
    lambda: foreign_sign(b'<invoice xmlns="urn:invoice"><sum>5</sum></invoice>'),
    fools=("first",),
)
for _place, _where in {"a report": REPORT, "the learner": LEARNER}.items():
    attack(
        f"the signature stands in {_place}",
        "coverage",
        lambda where=_where: _in_a_part(where),
        fools=("first",),
    )

# --- two signatures: which of them would be meant? -------------------------------------------

_EVIL = "rsa2048-evil"
attack(
    "a second signature by somebody else, last",
    "several-signatures",
    lambda: foreign_sign(genuine(), _EVIL),
)
attack(
    "a second signature by somebody else, first",
    "several-signatures",
    lambda: within(foreign_sign(FORGED.encode(), _EVIL).decode().partition("?>")[2], signature()),
)
attack("the same signature twice", "several-signatures", lambda: within(_whole(), signature()))
attack(
    "a second signature over the first, both by the trusted key",
    "several-signatures",
    lambda: foreign_sign(genuine()),
    fools=("last",),
)
for _hidden, _into in {
    "in an attachment": _ATTACHED.format("{}"),
    "in an extension": "<extension>{}</extension>",
    "in another signature's KeyInfo": f'<Signature xmlns="{DS}"><KeyInfo>{{}}</KeyInfo></Signature>',
    "in a comment's neighbour": "<!-- -->{}",
}.items():
    attack(
        f"another signature {_hidden}",
        "several-signatures",
        lambda into=_into: swap("<report>", into.format(signature()) + "<report>"),
    )

# --- a signature over a part ------------------------------------------------------------------

attack(
    "the report alone is signed, the person was changed",
    "coverage",
    _signed_part,
    fools=("first",),
)
attack(
    "the report alone is signed, nothing was changed",
    "coverage",
    lambda: _signed_part(False),
    fools=("first",),
)
for _attribute, _uri in (
    ("Id", "#a"),
    ("ID", "#a"),
    ("xml:id", "#a"),
    ("Id", "#xpointer(id('a'))"),
    ("Id", "#xpointer(/)"),
    ("Id", "#xpointer(/*/report[1])"),
    ("Id", "#element(/1/3)"),
    ("Id", "#"),
    ("Id", "#A"),
    ("Id", "# a"),
):
    attack(
        f"a reference to {_uri} of {_attribute}",
        "coverage",
        lambda attribute=_attribute, uri=_uri: _by_id(attribute, uri),
    )
attack(
    "a reference to the root by its identifier",
    "coverage",
    lambda: _by_id("xml:id", "#a", f'<elmo xmlns="{ELMO}">'),
)
attack("a reference without an address", "coverage", lambda: swap(' URI=""', ""))
attack(
    "two parts with one identifier",
    "coverage",
    lambda: swap(
        "<report", '<report xml:id="r"><x/></report><report', swap('xml:id="r"', "", _signed_part())
    ),
)

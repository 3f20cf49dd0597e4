"""Signature wrapping: the signed element is kept so that its signature holds, another one is read.

XSW1 to XSW8 are those of "On Breaking SAML: Be Whoever You Want to Be"
(Somorovsky and others, 2012), as tools have numbered them since; the others
put the signed original wherever a schema or a lenient reader lets it be.
"""

from __future__ import annotations

from collections.abc import Callable

from emrex_gateway.login.saml._types import Reason
from saml_case import ASSERTION, BOTH, INNER, RESPONSE, attack, find, intruder, take
from saml_issuer import (
    DS,
    SAML,
    SAMLP,
    XENC,
    Edit,
    Element,
    Encryption,
    Signing,
    clone,
    encrypt,
    etree,
    place,
    private_pem,
    sign,
)

Hide = Callable[[Element, Element], None]
"""Hides the second element, the original, in or beside the first, the intruder."""


def _beside(offset: int) -> Hide:
    def hide(evil: Element, original: Element) -> None:
        parent = evil.getparent()
        assert parent is not None
        parent.insert(parent.index(evil) + offset, original)

    return hide


def _within(path: str, *wrappers: str, index: int | None = None) -> Hide:
    """Put the original into what is at ``path`` of the intruder, within new elements."""

    def hide(evil: Element, original: Element) -> None:
        into = find(evil, path)
        for number, wrapper in enumerate(wrappers):
            made = etree.Element(wrapper)
            into.insert(index if index is not None and number == 0 else len(into), made)
            into = made
        if index is not None and not wrappers:
            into.insert(index, original)
        else:
            into.append(original)

    return hide


def _outside(hide: Hide) -> Hide:
    """Hide it relative to the response that holds the intruder."""

    def outer(evil: Element, original: Element) -> None:
        parent = evil.getparent()
        assert parent is not None
        hide(parent, original)

    return outer


def _a(tag: str) -> str:
    return f"{{{SAML}}}{tag}"


def _p(tag: str) -> str:
    return f"{{{SAMLP}}}{tag}"


def _ds(tag: str) -> str:
    return f"{{{DS}}}{tag}"


ELEMENT = f"{{{XENC}}}EncryptedData"
EXTENSIONS = _within(".", _p("Extensions"), index=1)
DETAIL = _within("p:Status", _p("StatusDetail"))
OBJECT = _within("ds:Signature", _ds("Object"))
PROPERTY = _within("ds:Signature", _ds("Object"), _ds("SignatureProperties"))
KEY_INFO = _within("ds:Signature/ds:KeyInfo")
SIGNATURE = _within("ds:Signature")

IN_ASSERTION: dict[str, tuple[Hide, Reason]] = {
    "its first child": (_within(".", index=0), Reason.SCHEMA),
    "its last child": (_within("."), Reason.SCHEMA),
    "its Advice": (_within(".", _a("Advice"), index=3), Reason.SCHEMA),
    "its SubjectConfirmationData": (
        _within("a:Subject/a:SubjectConfirmation/a:SubjectConfirmationData"),
        Reason.SCHEMA,
    ),
    "its AttributeValue": (
        _within("a:AttributeStatement/a:Attribute/a:AttributeValue"),
        Reason.SCHEMA,
    ),
    "its NameID": (_within("a:Subject/a:NameID"), Reason.SCHEMA),
    "its Issuer": (_within("a:Issuer"), Reason.SCHEMA),
    "its Audience": (_within("a:Conditions/a:AudienceRestriction/a:Audience"), Reason.SCHEMA),
    "its Conditions": (_within("a:Conditions"), Reason.SCHEMA),
    "its AuthnContextDecl": (
        _within("a:AuthnStatement/a:AuthnContext", _a("AuthnContextDecl")),
        Reason.SCHEMA,
    ),
    "its Evidence": (
        _within(".", _a("AuthzDecisionStatement"), _a("Evidence")),
        Reason.SCHEMA,
    ),
}
"""Where in an intruding assertion the original is hidden; the reason when nothing else is wrong."""
IN_RESPONSE: dict[str, tuple[Hide, Reason]] = {
    "before it": (_outside(_within(".", index=2)), Reason.ASSERTIONS),
    "after it": (_beside(1), Reason.ASSERTIONS),
    "Extensions": (_outside(EXTENSIONS), Reason.ASSERTIONS),
    "StatusDetail": (_outside(DETAIL), Reason.ASSERTIONS),
    "StatusMessage": (_outside(_within("p:Status", _p("StatusMessage"))), Reason.SCHEMA),
    "EncryptedAssertion": (_outside(_within(".", _a("EncryptedAssertion"))), Reason.ASSERTIONS),
}
IN_SIGNATURE: dict[str, tuple[Hide, Reason]] = {
    "its signature's Object": (OBJECT, Reason.ASSERTIONS),
    "its signature's SignatureProperties": (PROPERTY, Reason.ASSERTIONS),
    "its signature's KeyInfo": (KEY_INFO, Reason.ASSERTIONS),
    "its signature itself": (SIGNATURE, Reason.ASSERTIONS),
}

EVIL_ID = "_evil00112233445566778899aabbccddee"


def wrap_assertion(hide: Hide, *, same_id: bool, moved: bool) -> Edit:
    """Put an intruding assertion where the signed one was, and hide that.

    ``moved``: the intruder takes the signature over, else it stays with the original.
    """

    def edit(root: Element) -> None:
        original = find(root, "a:Assertion")
        evil = intruder(original)
        if not same_id:
            evil.set("ID", EVIL_ID)
        if moved:
            place(evil, take(original, "ds:Signature"))
        root.replace(original, evil)
        hide(evil, original)

    return edit


def wrap_response(hide: Hide, *, same_id: bool, moved: bool) -> Edit:
    """Put an intruding response around the signed one."""

    def edit(root: Element) -> Element:
        evil = intruder(root)
        if not same_id:
            evil.set("ID", EVIL_ID)
            find(evil, "a:Assertion").set("ID", EVIL_ID + "a")
        if moved:
            place(evil, take(root, "ds:Signature"))
        hide(evil, root)
        return evil

    return edit


PUBLISHED = {
    ("response", "its signature itself", False, True): "XSW1, ",
    ("response", "its first child", False, True): "XSW2, ",
    ("assertion", "before it", False, False): "XSW3, ",
    ("assertion", "its last child", False, False): "XSW4, ",
    ("assertion", "after it", False, True): "XSW5, ",
    ("assertion", "its signature itself", False, True): "XSW6, ",
    ("assertion", "Extensions", True, False): "XSW7, ",
    ("assertion", "its signature's Object", True, True): "XSW8, ",
}


def _reason(place_: Reason, *, same_id: bool) -> Reason:
    """The schema is checked first, then IDs, then the rest."""
    if place_ is Reason.SCHEMA:
        return place_
    return Reason.DUPLICATE_ID if same_id else place_


def _name(what: str, where: str, *, same_id: bool, moved: bool) -> str:
    known = PUBLISHED.get((what, where, same_id, moved), "")
    ids = "one ID" if same_id else "a new ID"
    signature = "the intruder takes the signature" if moved else "the original keeps its signature"
    return f"wrapping: {known}{what} hidden in {where}, {ids}, {signature}"


def _wrapped_assertions() -> None:
    for where, (hide, refused) in (IN_ASSERTION | IN_RESPONSE).items():
        for same_id in (False, True):
            for moved in (False, True):
                attack(
                    _name("assertion", where, same_id=same_id, moved=moved),
                    _reason(refused, same_id=same_id),
                    ASSERTION,
                    edit_signed=wrap_assertion(hide, same_id=same_id, moved=moved),
                )
    for where, (hide, refused) in IN_SIGNATURE.items():
        for same_id in (False, True):
            attack(
                _name("assertion", where, same_id=same_id, moved=True),
                _reason(refused, same_id=same_id),
                ASSERTION,
                edit_signed=wrap_assertion(hide, same_id=same_id, moved=True),
            )


def _wrapped_responses() -> None:
    places: dict[str, tuple[Hide, Reason]] = {
        "its first child": (_within(".", index=0), Reason.SCHEMA),
        "its last child": (_within("."), Reason.SCHEMA),
        "Extensions": (EXTENSIONS, Reason.SCHEMA),
        "StatusDetail": (DETAIL, Reason.ASSERTIONS),
        "its assertion's Advice": (
            _within("a:Assertion", _a("Advice"), index=3),
            Reason.SCHEMA,
        ),
        "its assertion's AttributeValue": (
            _within("a:Assertion/a:AttributeStatement/a:Attribute/a:AttributeValue"),
            Reason.SCHEMA,
        ),
    }
    for where, (hide, refused) in places.items():
        for same_id in (False, True):
            for moved in (False, True):
                # The signature that moved refers to the response within.
                by_reference = moved and refused is Reason.ASSERTIONS
                reason = Reason.REFERENCE if by_reference else refused
                attack(
                    _name("response", where, same_id=same_id, moved=moved),
                    _reason(reason, same_id=same_id),
                    RESPONSE,
                    edit_signed=wrap_response(hide, same_id=same_id, moved=moved),
                )
    for where, (hide, _) in IN_SIGNATURE.items():
        refused = Reason.REFERENCE if hide is KEY_INFO else Reason.SIGNATURE_SHAPE
        attack(
            _name("response", where, same_id=False, moved=True),
            refused,
            RESPONSE,
            edit_signed=wrap_response(hide, same_id=False, moved=True),
        )


def _new_assertion(root: Element) -> Element:
    evil = intruder(find(root, "a:Assertion"))
    evil.set("ID", EVIL_ID)
    return evil


def _joined(at: int) -> Edit:
    """Both are signed; an intruder joins the signed assertion."""

    def edit(root: Element) -> None:
        root.insert(at, _new_assertion(root))

    return edit


def _signed_by_attacker(root: Element) -> None:
    evil = _new_assertion(root)
    root.insert(root.index(find(root, "a:Assertion")), evil)
    sign(evil, Signing(key="rsa2048:attacker"))


def _replaced_by_attackers(root: Element) -> None:
    evil = _new_assertion(root)
    root.replace(find(root, "a:Assertion"), evil)
    sign(evil, Signing(key="rsa2048:attacker"))


def _encrypted_intruder(root: Element) -> None:
    """Whoever knows our certificate can encrypt for us."""
    root.append(encrypt(etree.tostring(_new_assertion(root)), Encryption()))


def _only_encrypted_intruder(root: Element) -> None:
    evil = encrypt(etree.tostring(_new_assertion(root)), Encryption())
    root.replace(find(root, "a:Assertion"), evil)


def _encrypted_wrapping(*, keeps_id: bool) -> Edit:
    """Within the encryption the signed assertion is wrapped by another one."""

    def edit(original: Element) -> Element:
        evil = intruder(original)
        if not keeps_id:
            evil.set("ID", EVIL_ID)
        advice = etree.Element(_a("Advice"))
        evil.insert(3, advice)
        advice.append(original)
        return evil

    return edit


def _signature_as_root(root: Element) -> Element:
    signature = take(root, "ds:Signature")
    etree.SubElement(signature, _ds("Object")).append(root)
    return signature


def _nested_response(root: Element) -> Element:
    outer = etree.Element(_p("ArtifactResponse"), dict(root.attrib))
    outer.set("ID", EVIL_ID)
    outer.append(clone(find(root, "a:Issuer")))
    outer.append(clone(find(root, "p:Status")))
    outer.append(root)
    return outer


def _envelope(root: Element) -> Element:
    soap = "http://schemas.xmlsoap.org/soap/envelope/"
    outer = etree.Element(f"{{{soap}}}Envelope")
    etree.SubElement(outer, f"{{{soap}}}Body").append(root)
    return outer


def _assertion_as_root(root: Element) -> Element:
    return clone(find(root, "a:Assertion"))


def _others() -> None:
    attack(
        "wrapping: the response's signature is kept, an intruder comes before the signed one",
        Reason.DIGEST,
        BOTH,
        edit_signed=_joined(3),
    )
    attack(
        "wrapping: the response's signature is kept, an intruder comes last",
        Reason.DIGEST,
        BOTH,
        edit_signed=_joined(4),
    )
    attack(
        "wrapping: the intruder is signed by the attacker and comes first",
        Reason.ASSERTIONS,
        ASSERTION,
        edit_signed=_signed_by_attacker,
    )
    attack(
        "wrapping: the intruder is signed by the attacker, its certificate within",
        Reason.SIGNATURE,
        ASSERTION,
        edit_signed=_replaced_by_attackers,
    )
    attack(
        "wrapping: an encrypted intruder beside the signed assertion",
        Reason.ASSERTIONS,
        ASSERTION,
        expect={"decryption_keys": (private_pem("rsa2048:sp"),)},
        edit_signed=_encrypted_intruder,
    )
    attack(
        "wrapping: an encrypted intruder in the place of the signed assertion",
        Reason.UNSIGNED,
        ASSERTION,
        expect={"decryption_keys": (private_pem("rsa2048:sp"),)},
        edit_signed=_only_encrypted_intruder,
    )
    for keeps in (False, True):
        ids = "one ID" if keeps else "a new ID"
        attack(
            f"wrapping: the signed assertion is in the Advice of an encrypted one, {ids}",
            Reason.DECRYPTION,
            INNER,
            edit_signed_assertion=_encrypted_wrapping(keeps_id=keeps),
        )
    for name, edit in {
        "the signature is the root, the response its Object": _signature_as_root,
        "the response is in an ArtifactResponse": _nested_response,
        "the response is in a SOAP envelope": _envelope,
    }.items():
        attack(f"wrapping: {name}", Reason.SCHEMA, RESPONSE, edit_signed=edit)
    attack(
        "wrapping: the assertion is the root",
        Reason.SCHEMA,
        ASSERTION,
        edit_signed=_assertion_as_root,
    )
    attack(
        "wrapping: two responses, the first one unsigned",
        Reason.MALFORMED,
        RESPONSE,
        edit_bytes=lambda data: etree.tostring(intruder(etree.fromstring(data))) + data,
    )


_wrapped_assertions()
_wrapped_responses()
_others()

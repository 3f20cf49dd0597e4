"""Attacks on logout, in both bindings and both directions: who may end whose sessions."""

from __future__ import annotations

import base64
import tempfile
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache, partial
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from emrex_gateway.login.saml import SamlLogin
from emrex_gateway.login.saml._logout import logout_request_id
from emrex_gateway.login.saml._ourselves import OwnKeys
from emrex_gateway.login.saml._redirect import read_redirect, signed_redirect
from emrex_gateway.login.saml._types import Reason
from saml_case import BOTH, deed, document, drop, edits, find, insert_xml, put, unset, write
from saml_issuer import (
    DS,
    IDP,
    MORE,
    NOW,
    SAMLP,
    Edit,
    Element,
    Logout,
    Signing,
    certificate,
    clone,
    deflated,
    etree,
    instant,
    logout_request,
    logout_response,
    posted,
    private_key,
)
from saml_party import PROVIDER, Party, entity, party

OTHER = "https://other.example/idp"
WEAK = "https://weak.example/idp"
CURVED = "https://curved.example/idp"
RELAY = "transfer-000001.0123456789abcdef"
LOGOUT = Logout(id="_logout00112233445566778899aabbcc")
UNSIGNED = replace(LOGOUT, signing=None)
ANSWER = replace(UNSIGNED, in_response_to=logout_request_id(IDP, RELAY))
"""An answer to the request that went out with ``RELAY``."""

_folder = tempfile.TemporaryDirectory()


@cache
def ours() -> Party:
    """The service provider, made once: nothing here writes. ``OTHER`` is known and not let in."""
    made = party(Path(_folder.name), lasting=True)
    made.index(entity(), entity(OTHER, keys=("rsa2048:other",)))
    return made


@cache
def login() -> SamlLogin:
    """The door to the service provider of ``ours``."""
    return SamlLogin(ours().settings, ours().secrets, ours().clock, ours().store)


# --- the two bindings -------------------------------------------------------------------

_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
Fields = Callable[[dict[str, str]], dict[str, str]]


def query(
    message: bytes,
    *,
    kind: str = "SAMLRequest",
    relay: str = RELAY,
    key: str = "rsa2048",
    method: str = "",
    packed: str | None = None,
    before: Fields = dict,
    after: Fields = dict,
) -> bytes:
    """Return a signed query, its fields edited before and after it is signed."""
    signer = private_key(key)
    kinds = "rsa" if isinstance(signer, rsa.RSAPrivateKey) else "ecdsa"
    method = method or f"{MORE}{kinds}-sha256"
    fields = before(
        {
            kind: deflated(message) if packed is None else packed,
            "RelayState": relay,
            "SigAlg": method,
        }
    )
    octets = urllib.parse.urlencode(fields).encode()
    hash_ = _HASHES.get(method.rpartition("-")[2], hashes.SHA256())
    if isinstance(signer, rsa.RSAPrivateKey):
        value = signer.sign(octets, padding.PKCS1v15(), hash_)
    else:
        value = signer.sign(octets, ec.ECDSA(hash_))
    signed = after({**fields, "Signature": base64.b64encode(value).decode()})
    return urllib.parse.urlencode(signed).encode()


def by_redirect(sent: bytes) -> object:
    """Bring a LogoutRequest in a query."""
    return login().accept_logout("demo", method="GET", query=sent)


def answered(sent: bytes) -> object:
    """Bring a LogoutResponse in a query."""
    return login().logout_answer("demo", method="GET", query=sent)


def by_post(message: bytes) -> object:
    """Bring a LogoutRequest in a form."""
    return login().accept_logout(
        "demo", method="POST", form={"SAMLRequest": posted(message), "RelayState": RELAY}
    )


def _right() -> object:
    return by_redirect(query(logout_request(UNSIGNED)))


def _right_answer() -> object:
    return answered(query(logout_response(ANSWER), kind="SAMLResponse"))


def _right_post() -> object:
    return by_post(logout_request(LOGOUT))


def _without(name: str) -> Fields:
    return lambda fields: {k: v for k, v in fields.items() if k != name}


def _with(name: str, value: str) -> Fields:
    return lambda fields: {**fields, name: value}


# --- the query ---------------------------------------------------------------------------


def _queries() -> None:
    message = logout_request(UNSIGNED)
    signed = partial(query, message)
    cases: dict[str, tuple[Reason, Callable[[], bytes]]] = {
        "no signature": (Reason.UNSIGNED, lambda: signed(after=_without("Signature"))),
        "no algorithm": (Reason.UNSIGNED, lambda: signed(after=_without("SigAlg"))),
        "an empty signature": (Reason.SIGNATURE, lambda: signed(after=_with("Signature", ""))),
        "a signature that is no base64": (
            Reason.ENCODING,
            lambda: signed(after=_with("Signature", "%%%")),
        ),
        "SHA-1": (Reason.ALGORITHM, lambda: signed(method=DS + "rsa-sha1")),
        "an unknown algorithm": (Reason.ALGORITHM, lambda: signed(method="urn:x-sha256")),
        "no algorithm's name": (Reason.ALGORITHM, lambda: signed(method=" ")),
        "an algorithm of curves by an RSA key": (
            Reason.SIGNATURE,
            lambda: signed(method=MORE + "ecdsa-sha256"),
        ),
        "another's key": (Reason.SIGNATURE, lambda: signed(key="rsa2048:attacker")),
        "a key on a curve that is not the provider's": (
            Reason.SIGNATURE,
            lambda: signed(key="p256:attacker"),
        ),
        "the RelayState is changed": (
            Reason.SIGNATURE,
            lambda: signed(after=_with("RelayState", "other")),
        ),
        "the RelayState is gone": (Reason.SIGNATURE, lambda: signed(after=_without("RelayState"))),
        "the RelayState came later": (
            Reason.SIGNATURE,
            lambda: signed(before=_without("RelayState"), after=_with("RelayState", RELAY)),
        ),
        "the RelayState is long": (Reason.RELAY_STATE, lambda: signed(relay="x" * 81)),
        "the algorithm is changed to another good one": (
            Reason.SIGNATURE,
            lambda: signed(after=_with("SigAlg", MORE + "rsa-sha512")),
        ),
        "the message is changed": (
            Reason.SIGNATURE,
            lambda: signed(after=_with("SAMLRequest", deflated(message.replace(b"t-5f", b"t-6f")))),
        ),
        "a second message": (
            Reason.MALFORMED,
            lambda: signed() + b"&SAMLRequest=" + deflated(message).encode(),
        ),
        "a second message first, spelled oddly": (
            Reason.MALFORMED,
            lambda: b"SAML%52equest=x&" + signed(),
        ),
        "the message's name is spelled oddly": (
            Reason.MALFORMED,
            lambda: signed().replace(b"SAMLRequest=", b"SAML%52equest="),
        ),
        "a response as well": (Reason.MALFORMED, lambda: signed() + b"&SAMLResponse=x"),
        "no message": (Reason.MALFORMED, lambda: signed(after=_without("SAMLRequest"))),
        "another packing": (Reason.ENCODING, lambda: signed() + b"&SAMLEncoding=urn:x"),
        "not packed": (Reason.ENCODING, lambda: signed(packed=posted(message))),
        "no base64": (Reason.ENCODING, lambda: signed(packed="%%%")),
        "cut off": (Reason.ENCODING, lambda: signed(packed=deflated(message)[:-20])),
        "more behind it": (
            Reason.ENCODING,
            lambda: signed(packed=posted(base64.b64decode(deflated(message)) + b"x")),
        ),
        "a bomb": (Reason.SIZE, lambda: signed(packed=deflated(message + b" " * 10_000_000))),
        "a long query": (Reason.SIZE, lambda: signed() + b"&x=" + b"y" * 20_000),
        "letters that are no UTF-8": (
            Reason.ENCODING,
            lambda: signed().replace(b"RelayState=", b"RelayState=%FF"),
        ),
    }
    for name, (reason, made) in cases.items():
        deed(f"logout by redirect: {name}", reason, lambda made=made: by_redirect(made()), _right)
    for name, entity_id, key, known in (
        ("a key of 1024 bits", WEAK, "rsa1024", "rsa1024"),
        ("a key on a curve that we do not take", CURVED, "k256", "k256"),
        ("another's key on the same curve", CURVED, "p256:attacker", "p256"),
    ):
        deed(
            f"logout by redirect: {name}",
            Reason.SIGNATURE,
            partial(_of_provider, entity_id, key, known),
            partial(_of_provider, entity_id, *_STRONG[known]),
        )


_STRONG = {"rsa1024": ("rsa2048", "rsa2048"), "p256": ("p256", "p256"), "k256": ("p256", "p256")}


def _of_provider(entity_id: str, key: str, known: str) -> object:
    """A right request by a provider of which ``known`` is the key in the metadata."""
    message = logout_request(replace(UNSIGNED, issuer=entity_id))
    read_redirect(query(message, key=key), "SAMLRequest").verify([certificate(known)])
    return entity_id


# --- what the message says ---------------------------------------------------------------


def _at(minutes: float) -> str:
    return instant(NOW + timedelta(minutes=minutes))


def _said() -> None:
    """Signed well, in a query; and what holds for the other direction as well."""
    both: dict[str, tuple[Reason, Edit]] = {
        "another Issuer, unknown": (Reason.PROVIDER, write("a:Issuer", "https://nobody.example")),
        "another Issuer that the institution does not let in": (
            Reason.PROVIDER,
            write("a:Issuer", OTHER),
        ),
        "no Issuer": (Reason.ISSUER, drop("a:Issuer")),
        "an Issuer that is a mail address": (Reason.ISSUER, put("a:Issuer", "Format", "urn:x")),
        "another Destination": (
            Reason.DESTINATION,
            put(".", "Destination", "https://other.example/slo"),
        ),
        "no Destination": (Reason.DESTINATION, unset(".", "Destination")),
        "an old one": (Reason.TIME, put(".", "IssueInstant", _at(-14))),
        "one of the future": (Reason.TIME, put(".", "IssueInstant", _at(4))),
        "another version": (Reason.SCHEMA, put(".", "Version", "1.1")),
        "no Version": (Reason.SCHEMA, unset(".", "Version")),
        "no time": (Reason.SCHEMA, unset(".", "IssueInstant")),
        "a time that is none": (Reason.SCHEMA, put(".", "IssueInstant", "today")),
        "an unknown element": (Reason.SCHEMA, insert_xml(".", "<x/>")),
        "a name of another kind": (
            Reason.SCHEMA,
            lambda root: setattr(root, "tag", f"{{{SAMLP}}}ManageNameIDRequest"),
        ),
    }
    for name, (reason, edit) in both.items():
        request, answer = replace(UNSIGNED, edit=edit), replace(ANSWER, edit=edit)
        deed(
            f"logout request: {name}",
            reason,
            lambda request=request: by_redirect(query(logout_request(request))),
            _right,
        )
        deed(
            f"logout answer: {name}",
            reason,
            lambda answer=answer: answered(query(logout_response(answer), kind="SAMLResponse")),
            _right_answer,
        )
    requests: dict[str, tuple[Reason, Edit]] = {
        "it is over": (Reason.TIME, put(".", "NotOnOrAfter", _at(-3))),
        "nobody is named": (Reason.SCHEMA, drop("a:NameID")),
        "an empty name": (Reason.SCHEMA, write("a:NameID", "")),
        "two names": (Reason.SCHEMA, _twice("a:NameID")),
        "no ID": (Reason.SCHEMA, unset(".", "ID")),
        "an ID that is no name": (Reason.SCHEMA, put(".", "ID", "1 2")),
        "an ID of kilobytes": (Reason.SCHEMA, put(".", "ID", "_" + "x" * 2000)),
        "too many sessions": (Reason.SIZE, edits(*[_twice("p:SessionIndex")] * 20)),
    }
    for name, (reason, edit) in requests.items():
        request = replace(UNSIGNED, edit=edit)
        deed(
            f"logout request: {name}",
            reason,
            lambda request=request: by_redirect(query(logout_request(request))),
            _right,
        )
    deed(
        "logout request: it is an answer",
        Reason.SCHEMA,
        lambda: by_redirect(query(logout_response(ANSWER))),
        _right,
    )
    deed(
        "logout answer: it is a request",
        Reason.SCHEMA,
        lambda: answered(query(logout_request(UNSIGNED), kind="SAMLResponse")),
        _right_answer,
    )
    deed(
        "logout answer: to another request",
        Reason.IN_RESPONSE_TO,
        lambda: answered(
            query(logout_response(replace(ANSWER, in_response_to="_x")), kind="SAMLResponse")
        ),
        _right_answer,
    )
    deed(
        "logout answer: to the request of another browser",
        Reason.IN_RESPONSE_TO,
        lambda: answered(query(logout_response(ANSWER), kind="SAMLResponse", relay="other.1")),
        _right_answer,
    )
    deed(
        "logout answer: the RelayState is long",
        Reason.RELAY_STATE,
        lambda: answered(
            query(
                logout_response(replace(ANSWER, in_response_to=logout_request_id(IDP, "x" * 81))),
                kind="SAMLResponse",
                relay="x" * 81,
            )
        ),
        lambda: answered(
            query(
                logout_response(replace(ANSWER, in_response_to=logout_request_id(IDP, "x" * 80))),
                kind="SAMLResponse",
                relay="x" * 80,
            )
        ),
    )
    deed(
        "logout answer: to none",
        Reason.IN_RESPONSE_TO,
        lambda: answered(
            query(logout_response(replace(ANSWER, in_response_to="")), kind="SAMLResponse")
        ),
        _right_answer,
    )


def _twice(path: str) -> Edit:
    def edit(root: Element) -> None:
        found = find(root, path)
        found.addnext(clone(found))

    return edit


# --- by a form ---------------------------------------------------------------------------


def _wrapped(root: Element) -> Element:
    """Another request around the signed one."""
    evil = clone(root)
    evil.remove(find(evil, "ds:Signature"))
    evil.set("ID", "_evil")
    find(evil, "a:NameID").text = "t-victim"
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    evil.insert(1, extensions)
    extensions.append(root)
    return evil


def _posts() -> None:
    comment = posted(logout_request(LOGOUT).replace(b">t-5f", b">t-<!---->5f"))
    cases: dict[str, tuple[Reason, Logout]] = {
        "unsigned": (Reason.UNSIGNED, UNSIGNED),
        "by another key": (Reason.SIGNATURE, replace(LOGOUT, signing=Signing(key="rsa2048:other"))),
        "another name afterwards": (
            Reason.DIGEST,
            replace(LOGOUT, edit_signed=write("a:NameID", "t-victim")),
        ),
        "SHA-1": (Reason.ALGORITHM, replace(LOGOUT, signing=Signing(method=DS + "rsa-sha1"))),
        "wrapped": (Reason.SCHEMA, replace(LOGOUT, edit_signed=_wrapped)),
        "the signature is over everything": (
            Reason.REFERENCE,
            replace(LOGOUT, signing=Signing(uri="")),
        ),
        "another Destination": (
            Reason.DESTINATION,
            replace(LOGOUT, destination="https://x.example"),
        ),
        "a provider that is not let in, with its own key": (
            Reason.PROVIDER,
            replace(LOGOUT, issuer=OTHER, signing=Signing(key="rsa2048:other")),
        ),
    }
    for name, (reason, logout) in cases.items():
        deed(
            f"logout by form: {name}",
            reason,
            lambda logout=logout: by_post(logout_request(logout)),
            _right_post,
        )
    deed(
        "logout by form: a comment in the name",
        Reason.COMMENT,
        lambda: login().accept_logout("demo", method="POST", form={"SAMLRequest": comment}),
        _right_post,
    )
    deed(
        "logout by form: at an institution without a service provider",
        Reason.CONFIGURATION,
        lambda: login().accept_logout(
            "nowhere", method="POST", form={"SAMLRequest": posted(logout_request(LOGOUT))}
        ),
        _right_post,
    )
    deed(
        "logout: our own RelayState is too long",
        Reason.RELAY_STATE,
        lambda: _sent("x" * 81),
        lambda: _sent("x" * 80),
    )
    deed(
        "logout by form: nothing",
        Reason.MALFORMED,
        lambda: login().accept_logout("demo", method="POST", form={}),
        _right_post,
    )
    deed(
        "logout by form: a login's response",
        Reason.SCHEMA,
        lambda: login().accept_logout(
            "demo", method="POST", form={"SAMLRequest": posted(_a_response())}
        ),
        _right_post,
    )


def _sent(relay: str) -> str:
    """Our own request, signed."""
    (key,) = OwnKeys(ours().secrets, ours().clock).of(PROVIDER)
    return signed_redirect("https://idp.example", "SAMLRequest", b"<x/>", relay, key)


def _a_response() -> bytes:
    return document(BOTH)


_queries()
_said()
_posts()

"""Genuine messages in another context than they were made for: all signed well, none to be accepted here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from emrex_gateway.login.saml._types import Reason
from saml_case import (
    ASSERTION,
    BOTH,
    ENCRYPTED,
    RESPONSE,
    SEALED,
    attack,
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
    ACS,
    IDP,
    NOW,
    SAML,
    SAMLP,
    SP,
    Edit,
    Element,
    Signing,
    certificate,
    clone,
    instant,
    protected_assertion,
    reparsed,
)

OTHER_IDP = "https://idp.elsewhere.example/saml"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
CONFIRMATION = "a:Subject/a:SubjectConfirmation"
DATA = f"{CONFIRMATION}/a:SubjectConfirmationData"
CONDITIONS = "a:Conditions"
RESTRICTION = f"{CONDITIONS}/a:AudienceRestriction"
STATEMENT = "a:AuthnStatement"


def _at(minutes: float) -> str:
    return instant(NOW + timedelta(minutes=minutes))


def _audiences() -> None:
    for name, audience in {
        "another service": "https://other.example/sp",
        "one with a slash more": SP + "/",
        "one that begins like ours": SP + "2",
        "ours without its end": SP[:-4],
        "ours in capitals": SP.upper(),
        "two in one element": f"{SP} https://other.example/sp",
    }.items():
        attack(f"audience: {name}", Reason.AUDIENCE, RESPONSE, audience=audience)
        if name == "another service":
            for how, base in {"assertion": ASSERTION, "encrypted": ENCRYPTED}.items():
                attack(f"audience: {name}, {how}", Reason.AUDIENCE, base, audience=audience)
    two = f'<AudienceRestriction xmlns="{SAML}"><Audience>urn:x</Audience></AudienceRestriction>'
    for name, edit, reason in (
        ("no restriction", drop(RESTRICTION), Reason.AUDIENCE),
        ("no Conditions", drop(CONDITIONS), Reason.CONDITIONS),
        ("empty", write(f"{RESTRICTION}/a:Audience", ""), Reason.AUDIENCE),
        ("a restriction without an audience", drop(f"{RESTRICTION}/a:Audience"), Reason.SCHEMA),
        ("a second restriction to another", insert_xml(CONDITIONS, two), Reason.AUDIENCE),
        ("a first restriction to another", insert_xml(CONDITIONS, two, 0), Reason.AUDIENCE),
    ):
        attack(f"audience: {name}", reason, RESPONSE, edit_assertion=edit)


def _addresses() -> None:
    for name, address in {
        "another": "https://other.example/acs",
        "another institution's": ACS.replace("demo", "other"),
        "with a slash more": ACS + "/",
        "with a query": ACS + "?x",
        "in capitals": ACS.upper(),
        "without TLS": ACS.replace("https", "http"),
        "another port": ACS.replace(".example", ".example:444"),
    }.items():
        attack(
            f"recipient: {name}",
            Reason.RECIPIENT,
            RESPONSE,
            edit_assertion=put(DATA, "Recipient", address),
        )
        attack(f"destination: {name}", Reason.DESTINATION, RESPONSE, destination=address)
    attack("recipient: none", Reason.RECIPIENT, RESPONSE, edit_assertion=unset(DATA, "Recipient"))
    attack(
        "recipient: empty", Reason.RECIPIENT, RESPONSE, edit_assertion=put(DATA, "Recipient", "")
    )
    for what, base in {"response": RESPONSE, "both": BOTH, "encrypted": SEALED}.items():
        attack(
            f"destination: none although it is signed, {what}",
            Reason.DESTINATION,
            base,
            destination="",
        )
    attack(
        "destination: empty",
        Reason.DESTINATION,
        RESPONSE,
        edit_response=put(".", "Destination", ""),
    )
    attack(
        "destination: another, changed around a signed assertion",
        Reason.DESTINATION,
        ASSERTION,
        edit_signed=put(".", "Destination", "https://other.example/acs"),
    )
    attack(
        "recipient: the whole response was for another service",
        Reason.DESTINATION,
        BOTH,
        acs_url="https://other.example/acs",
        audience="https://other.example/sp",
    )


def _requests() -> None:
    other = "_another_request"
    for what, base in {"response": RESPONSE, "assertion": ASSERTION, "sealed": SEALED}.items():
        attack(f"request: another one, {what}", Reason.IN_RESPONSE_TO, base, request_id=other)
        attack(
            f"request: another one now waits here, {what}",
            Reason.IN_RESPONSE_TO,
            base,
            expect={"request_id": other},
        )
    for name, edit in {
        "another in the response": put(".", "InResponseTo", other),
        "none in the response": unset(".", "InResponseTo"),
    }.items():
        attack(f"request: {name}", Reason.IN_RESPONSE_TO, RESPONSE, edit_response=edit)
        attack(
            f"request: {name}, around a signed assertion",
            Reason.IN_RESPONSE_TO,
            ASSERTION,
            edit_signed=edit,
        )
    for name, edit in {
        "another in the confirmation": put(DATA, "InResponseTo", other),
        "none in the confirmation": unset(DATA, "InResponseTo"),
    }.items():
        attack(f"request: {name}", Reason.IN_RESPONSE_TO, RESPONSE, edit_assertion=edit)
    attack(
        "request: a genuine assertion of another request in a response to this one",
        Reason.IN_RESPONSE_TO,
        ASSERTION,
        request_id=other,
        edit_signed=put(".", "InResponseTo", RESPONSE.request_id),
    )
    attack("request: unsolicited", Reason.IN_RESPONSE_TO, RESPONSE, request_id="")
    attack(
        "request: unsolicited, and none waits here",
        Reason.IN_RESPONSE_TO,
        RESPONSE,
        request_id="",
        expect={"request_id": ""},
    )
    attack(
        "request: in small letters",
        Reason.IN_RESPONSE_TO,
        replace(RESPONSE, request_id="_Request"),
        request_id="_request",
    )


def _issuers() -> None:
    for what, base in {"response": RESPONSE, "assertion": ASSERTION, "both": BOTH}.items():
        attack(
            f"issuer: another provider with the same key, {what}",
            Reason.ISSUER,
            base,
            provider=OTHER_IDP,
        )
        attack(
            f"issuer: another provider with its own key, {what}",
            Reason.ISSUER if what == "assertion" else Reason.SIGNATURE,
            base,
            provider=OTHER_IDP,
            signing=Signing(key="rsa2048:other"),
        )
    attack(
        "issuer: the request went to another provider that has the same key",
        Reason.ISSUER,
        RESPONSE,
        expect={"provider": OTHER_IDP},
    )
    attack(
        "issuer: the request went to another provider",
        Reason.SIGNATURE,
        RESPONSE,
        expect={"provider": OTHER_IDP, "certificates": (certificate("rsa2048:other"),)},
    )
    inner = "a:Issuer"
    for name, text in {
        "another": OTHER_IDP,
        "with a slash more": IDP + "/",
        "in capitals": IDP.upper(),
        "empty": "",
    }.items():
        attack(
            f"issuer: the response's is {name}",
            Reason.ISSUER,
            RESPONSE,
            edit_response=write("a:Issuer", text),
        )
        attack(
            f"issuer: the assertion's is {name}",
            Reason.ISSUER,
            RESPONSE,
            edit_assertion=write(inner, text),
        )
    attack("issuer: the response has none", Reason.ISSUER, RESPONSE, edit_response=drop("a:Issuer"))
    attack(
        "issuer: another around a signed assertion",
        Reason.ISSUER,
        ASSERTION,
        edit_signed=write("a:Issuer", OTHER_IDP),
    )
    formatted = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
    attack(
        "issuer: the response's is a mail address by its Format",
        Reason.ISSUER,
        RESPONSE,
        edit_response=put("a:Issuer", "Format", formatted),
    )
    attack(
        "issuer: the assertion's is a mail address by its Format",
        Reason.ISSUER,
        RESPONSE,
        edit_assertion=put(inner, "Format", formatted),
    )


def _times() -> None:
    for name, edit in {
        "Conditions are over": edits(
            put(CONDITIONS, "NotBefore", _at(-20)), put(CONDITIONS, "NotOnOrAfter", _at(-4))
        ),
        "Conditions are over by a second more than the skew": put(
            CONDITIONS, "NotOnOrAfter", _at(-3)
        ),
        "Conditions begin later": put(CONDITIONS, "NotBefore", _at(4)),
        "the confirmation is over": put(DATA, "NotOnOrAfter", _at(-4)),
        "the confirmation is over by the skew": put(DATA, "NotOnOrAfter", _at(-3)),
        "the assertion was issued later": put(".", "IssueInstant", _at(4)),
        "the authentication was later": put(STATEMENT, "AuthnInstant", _at(4)),
    }.items():
        attack(f"time: {name}", Reason.TIME, RESPONSE, edit_assertion=edit)
    attack(
        "time: Conditions end before they begin",
        Reason.CONDITIONS,
        RESPONSE,
        edit_assertion=edits(
            put(CONDITIONS, "NotBefore", _at(2)), put(CONDITIONS, "NotOnOrAfter", _at(1))
        ),
    )
    attack(
        "time: the response was issued later",
        Reason.TIME,
        RESPONSE,
        edit_response=put(".", "IssueInstant", _at(4)),
    )
    for what, base in {"response": RESPONSE, "assertion": ASSERTION, "sealed": SEALED}.items():
        for name, moment in {
            "an hour later": 60,
            "a year later": 525_600,
            "an hour earlier": -60,
        }.items():
            attack(
                f"time: the whole, {name}, {what}",
                Reason.TIME,
                base,
                expect={"now": NOW + timedelta(minutes=moment)},
            )
    attack(
        "time: issued two hours ago, and good for a day by what it says",
        Reason.TIME,
        replace(RESPONSE, lifetime=timedelta(days=1)),
        expect={"now": NOW + timedelta(hours=2)},
    )
    attack(
        "time: the session is over",
        Reason.SESSION_OVER,
        RESPONSE,
        session_lifetime=timedelta(minutes=-4),
    )
    attack(
        "time: the session is over by the skew",
        Reason.SESSION_OVER,
        RESPONSE,
        session_lifetime=timedelta(minutes=-3),
    )
    for name, text in {
        "without a zone": "2026-11-02T09:35:00",
        "no day of the calendar": "2026-02-30T09:35:00Z",
        "that is no time": "tomorrow",
        "empty": "",
        "of the year 10000": "10000-01-01T00:00:00Z",
        "before our era": "-0001-01-01T00:00:00Z",
    }.items():
        attack(
            f"time: one {name}",
            Reason.TIME,
            RESPONSE,
            edit_assertion=put(CONDITIONS, "NotOnOrAfter", text),
        )


def _split(root: Element) -> None:
    """Two confirmations: one has the right address, the other the right request."""
    first = find(root, CONFIRMATION)
    second = clone(first)
    find(first, "a:SubjectConfirmationData").set("InResponseTo", "_another")
    find(second, "a:SubjectConfirmationData").set("Recipient", "https://other.example/acs")
    first.addnext(second)


def _confirmations() -> None:
    method = "urn:oasis:names:tc:SAML:2.0:cm:"
    for name, edit in {
        "holder of key": put(CONFIRMATION, "Method", method + "holder-of-key"),
        "sender vouches": put(CONFIRMATION, "Method", method + "sender-vouches"),
        "bearer of SAML 1": put(CONFIRMATION, "Method", "urn:oasis:names:tc:SAML:1.0:cm:bearer"),
        "an empty method": put(CONFIRMATION, "Method", ""),
        "none": drop(CONFIRMATION),
        "without data": drop(DATA),
        "with a beginning": put(DATA, "NotBefore", _at(-1)),
        "no Subject": drop("a:Subject"),
    }.items():
        attack(f"confirmation: {name}", Reason.CONFIRMATION, RESPONSE, edit_assertion=edit)
    attack(
        "time: the confirmation has no end",
        Reason.TIME,
        RESPONSE,
        edit_assertion=unset(DATA, "NotOnOrAfter"),
    )
    attack(
        "confirmation: two, each right in half",
        Reason.CONFIRMATION,
        RESPONSE,
        edit_assertion=_split,
    )


def _again(path: str, **changes: str) -> Edit:
    def edit(root: Element) -> None:
        found = find(root, path)
        second = clone(found)
        for name, value in changes.items():
            second.set(name, value)
        found.addnext(second)

    return edit


def _statements() -> None:
    attack(
        "statement: no authentication",
        Reason.AUTHENTICATION,
        RESPONSE,
        edit_assertion=drop(STATEMENT),
    )
    attack(
        "statement: two authentications",
        Reason.AUTHENTICATION,
        RESPONSE,
        edit_assertion=_again(STATEMENT, SessionIndex="s-other"),
    )
    wanted = ("https://refeds.org/profile/mfa",)
    attack(
        "statement: another context than the required",
        Reason.CONTEXT,
        replace(RESPONSE, context=wanted[0]),
        context=RESPONSE.context,
        expect={"contexts": wanted},
    )
    attack(
        "statement: the required context's name with more",
        Reason.CONTEXT,
        replace(RESPONSE, context=wanted[0]),
        context=wanted[0] + "x",
        expect={"contexts": wanted},
    )
    attack(
        "assertions: the one there is stands in Extensions",
        Reason.ASSERTIONS,
        RESPONSE,
        edit_response=_to_extensions,
    )
    attack("assertions: none", Reason.ASSERTIONS, RESPONSE, edit_response=drop("a:Assertion"))
    attack(
        "assertions: two signed ones",
        Reason.ASSERTIONS,
        ASSERTION,
        edit_signed=_with_a_second,
    )
    attack(
        "assertions: two in a signed response",
        Reason.ASSERTIONS,
        RESPONSE,
        edit_response=_again("a:Assertion", ID="_second00112233445566778899aabb"),
    )
    attack(
        "assertions: two encrypted, the same",
        Reason.ASSERTIONS,
        ENCRYPTED,
        edit_response=_again("a:EncryptedAssertion"),
    )


def _to_extensions(root: Element) -> None:
    found = take(root, "a:Assertion")
    extensions = insert_xml(".", f'<Extensions xmlns="{SAMLP}"/>', 1)
    extensions(root)
    root[1].append(found)


def _with_a_second(root: Element) -> None:
    second = replace(ASSERTION, assertion_id="_second00112233445566778899aabb", name_id="t-second")
    root.append(reparsed(protected_assertion(second)))


def _statuses() -> None:
    cases: dict[str, tuple[tuple[str, ...], Reason]] = {
        "Responder": (("Responder",), Reason.STATUS),
        "Requester": (("Requester",), Reason.STATUS),
        "VersionMismatch": (("VersionMismatch",), Reason.STATUS),
        "AuthnFailed": (("Responder", "AuthnFailed"), Reason.DENIED),
        "RequestDenied": (("Responder", "RequestDenied"), Reason.DENIED),
        "Success below Responder": (("Responder", "Success"), Reason.STATUS),
        "success in small letters": (("success",), Reason.STATUS),
        "Success with more": (("Success2",), Reason.STATUS),
    }
    for name, (codes, reason) in cases.items():
        attack(
            f"status: {name}, with an assertion",
            reason,
            RESPONSE,
            status=tuple(STATUS + code for code in codes),
        )
    attack("status: an unknown one, with an assertion", Reason.STATUS, RESPONSE, status=("urn:x",))
    attack(
        "status: a failure around a signed assertion",
        Reason.STATUS,
        ASSERTION,
        status=(STATUS + "Responder",),
    )
    attack(
        "status: an empty one",
        Reason.STATUS,
        RESPONSE,
        status=("",),
        edit_response=put("p:Status/p:StatusCode", "Value", ""),
    )


def _all(*steps: Callable[[], None]) -> None:
    for step in steps:
        step()


_all(_audiences, _addresses, _requests, _issuers, _times, _confirmations, _statements, _statuses)

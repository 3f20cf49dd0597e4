"""What a verified assertion says, and whether it says it to us, of this request, at this time.

Sources: SAML 2.0 Core, section 2; Profiles, sections 4.1.4.2 and 4.1.4.3.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from lxml import etree

from emrex_gateway.login.saml._names import ENTITY_FORMAT
from emrex_gateway.login.saml._times import moment
from emrex_gateway.login.saml._types import Assertion, Attribute, Expected, NameId, Reason, Refused
from emrex_gateway.login.saml._xml import XSI, A

ASSERTION: Final = A + "Assertion"
BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"

MAX_AGE: Final = timedelta(hours=1)
"""For how long after it was issued a message is taken at most, whatever it says itself."""


def read_assertion(assertion: etree._Element, expected: Expected) -> Assertion:
    """Return what an assertion says. It must come from bytes that a verified signature covers.

    Raises ``Refused``: ``ISSUER``, ``TIME``, ``CONFIRMATION``, ``RECIPIENT``,
    ``IN_RESPONSE_TO``, ``CONDITIONS``, ``AUDIENCE``, ``AUTHENTICATION``,
    ``SESSION_OVER``, ``CONTEXT``.
    """
    check_issuer(assertion, expected)
    check_issued(assertion, expected)
    data = _confirmation(assertion, expected)
    _check_conditions(assertion, expected)
    statement = _authentication(assertion, expected)
    context = f"{A}AuthnContext/{A}"
    session_ends_at = statement.get("SessionNotOnOrAfter")
    last = min(moment(data.get("NotOnOrAfter", "")), _issued(assertion) + MAX_AGE)
    return Assertion(
        id=assertion.get("ID", ""),
        issuer=expected.provider,
        name_id=_name_id(assertion),
        attributes=_attributes(assertion),
        authn_instant=moment(statement.get("AuthnInstant", "")),
        authn_context=_text(statement.find(context + "AuthnContextClassRef")),
        authorities=tuple(map(_text, statement.iterfind(context + "AuthenticatingAuthority"))),
        session_index=statement.get("SessionIndex", ""),
        session_ends_at=None if session_ends_at is None else moment(session_ends_at),
        replay_until=last + expected.skew,
    )


def check_issuer(element: etree._Element, expected: Expected) -> None:
    """See that a response or an assertion is from the provider that the request went to."""
    issuer = element.find(A + "Issuer")
    if issuer is None:
        raise Refused(Reason.ISSUER, "the response does not say who issued it")
    if issuer.get("Format", ENTITY_FORMAT) != ENTITY_FORMAT:
        raise Refused(Reason.ISSUER, "the issuer is not named by its entity id")
    if _text(issuer) != expected.provider:
        raise Refused(Reason.ISSUER, "the issuer is not the provider that was asked")


def check_issued(element: etree._Element, expected: Expected) -> None:
    """See that a response or an assertion was made just now."""
    issued = _issued(element)
    if issued > expected.now + expected.skew:
        raise Refused(Reason.TIME, "the message is from the future")
    if issued <= expected.now - expected.skew - MAX_AGE:
        raise Refused(Reason.TIME, "the message is too old")


def _issued(element: etree._Element) -> datetime:
    return moment(element.get("IssueInstant", ""))


def _text(element: etree._Element | None) -> str:
    return "" if element is None else (element.text or "").strip(" \t\r\n")


def _confirmation(assertion: etree._Element, expected: Expected) -> etree._Element:
    """Return the data of the one bearer confirmation, after seeing that it is for us and this request."""
    found = assertion.findall(f"{A}Subject/{A}SubjectConfirmation")
    if len(found) != 1:
        raise Refused(Reason.CONFIRMATION, "there is not one confirmation of the subject")
    if found[0].get("Method") != BEARER:
        raise Refused(Reason.CONFIRMATION, "the subject is not confirmed by bearing the assertion")
    data = found[0].find(A + "SubjectConfirmationData")
    if data is None:
        raise Refused(Reason.CONFIRMATION, "the confirmation has no data")
    if data.get("Recipient") != expected.acs_url:
        raise Refused(Reason.RECIPIENT, "the assertion is for another address")
    if data.get("InResponseTo") != expected.request_id:
        raise Refused(Reason.IN_RESPONSE_TO, "the assertion is to another request, or to none")
    if "NotBefore" in data.attrib:
        raise Refused(Reason.CONFIRMATION, "a bearer's confirmation may not begin later")
    if moment(data.get("NotOnOrAfter", "")) <= expected.now - expected.skew:
        raise Refused(Reason.TIME, "the assertion's time to be delivered is over")
    return data


def _check_conditions(assertion: etree._Element, expected: Expected) -> None:
    """See that the assertion counts now, and for us.

    The grammar knows no other conditions than these, OneTimeUse (no assertion
    counts twice here) and ProxyRestriction (we assert nothing on).
    """
    conditions = assertion.find(A + "Conditions")
    if conditions is None:
        raise Refused(Reason.CONDITIONS, "the assertion has no conditions")
    begins, ends = conditions.get("NotBefore"), conditions.get("NotOnOrAfter")
    if begins is not None and moment(begins) > expected.now + expected.skew:
        raise Refused(Reason.TIME, "the assertion does not count yet")
    if ends is not None and moment(ends) <= expected.now - expected.skew:
        raise Refused(Reason.TIME, "the assertion does not count any more")
    if begins is not None and ends is not None and moment(begins) >= moment(ends):
        raise Refused(Reason.CONDITIONS, "the assertion's time ends before it begins")
    restrictions = conditions.findall(A + "AudienceRestriction")
    if not restrictions:
        raise Refused(Reason.AUDIENCE, "the assertion does not say whom it is for")
    for restriction in restrictions:
        if expected.entity_id not in map(_text, restriction):
            raise Refused(Reason.AUDIENCE, "the assertion is for others")


def _authentication(assertion: etree._Element, expected: Expected) -> etree._Element:
    """Return the one authentication statement, after seeing that it holds now and is enough."""
    found = assertion.findall(A + "AuthnStatement")
    if len(found) != 1:
        raise Refused(Reason.AUTHENTICATION, "there is not one authentication statement")
    statement = found[0]
    if moment(statement.get("AuthnInstant", "")) > expected.now + expected.skew:
        raise Refused(Reason.TIME, "the person will log in in the future")
    ends = statement.get("SessionNotOnOrAfter")
    if ends is not None and moment(ends) <= expected.now - expected.skew:
        raise Refused(Reason.SESSION_OVER, "the provider's session is over")
    context = _text(statement.find(f"{A}AuthnContext/{A}AuthnContextClassRef"))
    if expected.contexts and context not in expected.contexts:
        raise Refused(Reason.CONTEXT, "the person did not log in in a way that is required")
    return statement


def _name_id(assertion: etree._Element) -> NameId | None:
    node = assertion.find(f"{A}Subject/{A}NameID")
    if node is None or not node.text:
        return None
    return NameId(
        value=node.text,
        format=node.get("Format", ""),
        name_qualifier=node.get("NameQualifier", ""),
        sp_name_qualifier=node.get("SPNameQualifier", ""),
    )


def _attributes(assertion: etree._Element) -> tuple[Attribute, ...]:
    return tuple(
        Attribute(
            name=node.get("Name", ""),
            values=tuple(filter(None, map(_value, node.iterfind(A + "AttributeValue")))),
            name_format=node.get("NameFormat", ""),
            friendly_name=node.get("FriendlyName", ""),
        )
        for node in assertion.iterfind(f"{A}AttributeStatement/{A}Attribute")
    )


def _value(node: etree._Element) -> str:
    """Return a value's text, or that of the NameID within (eduPersonTargetedID); empty when nil."""
    if node.get(XSI + "nil") in ("true", "1"):
        return ""
    return _text(node[0]) if len(node) else _text(node)

"""Single logout: the messages of both directions (SAML 2.0 Core section 3.7, Profiles section 4.4)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from lxml import etree

from emrex_gateway.login.saml._names import (
    ENTITY_FORMAT,
    MESSAGE_NAMESPACES,
    SAML,
    SAMLP,
    STATUS,
    UNSPECIFIED_FORMAT,
    add,
    instant,
    message,
    new_id,
)
from emrex_gateway.login.saml._ourselves import Ourselves
from emrex_gateway.login.saml._types import SKEW, NameId, Provider, Reason, Refused
from emrex_gateway.ports import LogoutNotice, Once

MAX_AGE = timedelta(minutes=10)
"""How old a provider's logout message may be."""

MAX_INDEXES = 20
_MAX_ID = 1024
_REQUEST_LIFETIME = timedelta(minutes=5)
_REASON = "urn:oasis:names:tc:SAML:2.0:logout:user"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRequested:
    """A provider ends its person's sessions: do what each notice says, then send the browser on.

    The request's ``once`` stands in the first notice. ``answer_url`` is the
    address of our signed LogoutResponse, empty when the provider takes none.
    """

    notices: tuple[LogoutNotice, ...] = field(repr=False)
    answer_url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutAnswered:
    """A provider's answer to our own request. ``state`` is what ``Login.logout`` was given.

    ``complete`` is False when the provider could not end all that it knows of;
    our session had ended before we asked.
    """

    state: str = field(repr=False)
    provider: str
    complete: bool


def subject_of(us: Ourselves, provider: str, name_id: NameId | None) -> str:
    """Write a name identifier in the one form that is compared; ``""`` when there is none.

    Our entity id is part of it: the same person at another institution's
    service provider is another matter. Qualifiers that name the two parties
    mean the same as none (Core, 8.3.7).
    """
    if name_id is None:
        return ""
    qualifier = "" if name_id.name_qualifier == provider else name_id.name_qualifier
    ours = "" if name_id.sp_name_qualifier == us.entity_id else name_id.sp_name_qualifier
    form = name_id.format or UNSPECIFIED_FORMAT
    return "\0".join((us.entity_id, form, qualifier, ours, name_id.value))


def kept_for_logout(provider: str, name_id: NameId | None, session_index: str) -> dict[str, str]:
    """Return what ``logout_request`` needs later; empty without a name identifier."""
    if name_id is None:
        return {}
    return {
        "provider": provider,
        "name_id": name_id.value,
        "format": name_id.format,
        "name_qualifier": name_id.name_qualifier,
        "sp_name_qualifier": name_id.sp_name_qualifier,
        "session_index": session_index,
    }


def logout_request_id(provider: str, state: str) -> str:
    """Derive our request's ID from its RelayState, whose random part nobody can guess.

    So the answer can be held against both without a row; another provider's
    answer does not fit.
    """
    return "l" + hashlib.sha256(f"{provider}\0{state}".encode()).hexdigest()[:40]


def logout_request(
    us: Ourselves, provider: Provider, kept: Mapping[str, str], *, state: str, now: datetime
) -> bytes:
    """Write our LogoutRequest: the name identifier exactly as the provider gave it."""
    id_ = logout_request_id(provider.entity_id, state)
    root = message("LogoutRequest", id_, now, provider.logout_url, us.entity_id)
    root.set("NotOnOrAfter", instant(now + _REQUEST_LIFETIME))
    root.set("Reason", _REASON)
    names = {
        "NameQualifier": kept["name_qualifier"],
        "SPNameQualifier": kept["sp_name_qualifier"],
        "Format": kept["format"],
    }
    add(root, SAML, "NameID", kept["name_id"], {k: v for k, v in names.items() if v})
    if kept["session_index"]:
        add(root, SAMLP, "SessionIndex", kept["session_index"])
    return etree.tostring(root)


def logout_response(
    us: Ourselves, provider: Provider, *, in_response_to: str, now: datetime
) -> bytes:
    """Write our answer: the sessions here are over, whether there were any or not."""
    address = provider.logout_response_url
    root = message("LogoutResponse", new_id(), now, address, us.entity_id)
    root.set("InResponseTo", in_response_to)
    add(add(root, SAMLP, "Status"), SAMLP, "StatusCode", None, {"Value": STATUS + "Success"})
    return etree.tostring(root)


def issuer_of(root: etree._Element) -> str:
    """Return who says to have sent a message. Raises ``Refused``."""
    issuers = root.findall("saml:Issuer", MESSAGE_NAMESPACES)
    if len(issuers) != 1 or issuers[0].get("Format", ENTITY_FORMAT) != ENTITY_FORMAT:
        raise Refused(Reason.ISSUER, "the message does not say which entity sent it")
    return issuers[0].text or ""


def read_request(
    root: etree._Element, us: Ourselves, provider: str, *, now: datetime
) -> tuple[str, tuple[LogoutNotice, ...]]:
    """Read a verified LogoutRequest; return its ID and what it ends. Raises ``Refused``."""
    check_message(root, "LogoutRequest", us, provider, now=now)
    if (until := root.get("NotOnOrAfter")) is not None and now >= _moment(until) + SKEW:
        raise Refused(Reason.TIME, "the logout request is over")
    id_ = root.get("ID", "")
    # depth: the grammar wants an ID; nothing may be used up under an empty one.
    if not 0 < len(id_) <= _MAX_ID:
        raise Refused(Reason.SCHEMA, "the logout request has no usable ID")
    subject = subject_of(us, provider, _name_id(root))
    indexes = [index.text or "" for index in root.findall("samlp:SessionIndex", MESSAGE_NAMESPACES)]
    if len(indexes) > MAX_INDEXES:
        raise Refused(Reason.SIZE, "the logout request names too many sessions")
    once = Once("saml-logout", f"{provider}\0{id_}", now + MAX_AGE + 2 * SKEW)
    notices = tuple(
        LogoutNotice(provider=provider, subject=subject, sid=sid, once=() if number else (once,))
        for number, sid in enumerate(indexes or [""])
    )
    return id_, notices


def read_answer(
    root: etree._Element, us: Ourselves, provider: str, relay: str, *, now: datetime
) -> bool:
    """Read a verified LogoutResponse to our request; return whether all sessions ended.

    Raises ``Refused``.
    """
    check_message(root, "LogoutResponse", us, provider, now=now)
    if root.get("InResponseTo") != logout_request_id(provider, relay):
        raise Refused(Reason.IN_RESPONSE_TO, "the answer is to another request")
    codes = [
        c.get("Value") for c in root.findall("samlp:Status//samlp:StatusCode", MESSAGE_NAMESPACES)
    ]
    return codes == [STATUS + "Success"]


def check_message(
    root: etree._Element, name: str, us: Ourselves, provider: str, *, now: datetime
) -> None:
    """Check what both messages have: kind, version, sender, receiver, age. Raises ``Refused``."""
    # depth: the grammar knows no other version.
    if root.tag != f"{{{SAMLP}}}{name}" or root.get("Version") != "2.0":
        raise Refused(Reason.SCHEMA, f"the message is not a {name}")
    # depth: the keys were looked up by this very name; here it is read from what is signed.
    if issuer_of(root) != provider:
        raise Refused(Reason.ISSUER, "the message is from another provider than its signature")
    # A signed message must say whom it is for (Bindings, 3.4.5.2 and 3.5.5.2).
    if root.get("Destination") != us.slo_url:
        raise Refused(Reason.DESTINATION, "the message is for another address")
    issued = _moment(root.get("IssueInstant", ""))
    if not now - MAX_AGE - SKEW <= issued <= now + SKEW:
        raise Refused(Reason.TIME, "the message is too old, or from the future")


def _name_id(root: etree._Element) -> NameId:
    """Return the request's name identifier; an encrypted one does not get past the grammar."""
    found = root.findall("saml:NameID", MESSAGE_NAMESPACES)
    # depth: the grammar wants exactly one.
    if len(found) != 1 or not found[0].text:
        raise Refused(Reason.SCHEMA, "the logout request names nobody in the clear")
    return NameId(
        found[0].text,
        found[0].get("Format", ""),
        found[0].get("NameQualifier", ""),
        found[0].get("SPNameQualifier", ""),
    )


def _moment(text: str) -> datetime:
    """Read an xs:dateTime; without a zone it is UTC (Core, 1.3.3)."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(Reason.SCHEMA, "a time cannot be read") from None

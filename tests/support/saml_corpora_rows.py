"""Every response of the shared corpora: what comes out, why, and what was changed besides keys and times."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path

from lxml import etree

import saml_corpora
from emrex_gateway.login.saml._types import Expected, Reason
from saml_issuer import NOW, NS, SAML, SAMLP, Element, instant

US = "https://gateway.example/sp"
REQUEST = "_request"


# --- edits, before anything is signed ------------------------------------------------------


def _audience(root: Element) -> None:
    """node-saml's say no audience, or another: say ours."""
    for conditions in root.iter(f"{{{SAML}}}Conditions"):
        restriction = conditions.find("a:AudienceRestriction", NS)
        if restriction is None:
            restriction = etree.SubElement(conditions, f"{{{SAML}}}AudienceRestriction")
        for audience in restriction.findall("a:Audience", NS):
            restriction.remove(audience)
        etree.SubElement(restriction, f"{{{SAML}}}Audience").text = US


def _without_advice(root: Element) -> None:
    for advice in list(root.iter(f"{{{SAML}}}Advice")):
        parent = advice.getparent()
        assert parent is not None
        parent.remove(advice)


def _issuer(root: Element) -> None:
    """The response names no issuer: let it name the assertion's."""
    found = root.find("a:Assertion/a:Issuer", NS)
    if root.find("a:Issuer", NS) is None and found is not None:
        made = etree.Element(f"{{{SAML}}}Issuer")
        made.text = found.text
        root.insert(0, made)


def _requested(root: Element) -> None:
    """It was unsolicited: let it answer a request."""
    root.set("InResponseTo", REQUEST)
    for data in root.iter(f"{{{SAML}}}SubjectConfirmationData"):
        data.set("InResponseTo", REQUEST)


def _status(root: Element) -> None:
    if root.find("p:Status", NS) is None:
        made = etree.Element(f"{{{SAMLP}}}Status")
        value = "urn:oasis:names:tc:SAML:2.0:status:Success"
        etree.SubElement(made, f"{{{SAMLP}}}StatusCode", Value=value)
        assertion = root.find("a:Assertion", NS)
        assert assertion is not None
        root.insert(root.index(assertion), made)


def _session_over(root: Element) -> None:
    """The session's end, years ago, is years after the issue: let it be before that as well."""
    for statement in root.iter(f"{{{SAML}}}AuthnStatement"):
        statement.set("SessionNotOnOrAfter", instant(NOW - timedelta(days=1)))


def _recipient(root: Element) -> None:
    """The confirmation's data name no recipient, or another spelling of the destination."""
    for data in root.iter(f"{{{SAML}}}SubjectConfirmationData"):
        data.set("Recipient", root.get("Destination", ""))


# --- the table ---------------------------------------------------------------------------

Edit = Callable[[Element], None]


@dataclass(frozen=True, slots=True)
class Row:
    """What comes out, why when it is not plain, and what was changed besides keys and times.

    ``wanted`` replaces what is read from the document as what its project
    expects. ``later`` is how long after the re-timed moment it is judged.
    """

    outcome: str
    why: str = ""
    edits: tuple[Edit, ...] = ()
    wanted: tuple[tuple[str, str], ...] = ()
    sign: bool = True
    attackers: bool = False
    later: timedelta = timedelta()


OK = "accepted"
_NODE = (_audience,)
_BARE = (_without_advice, _audience)
_ADVICE = "an assertion within an assertion is not in our profile: exactly one"
_OPENED = "decrypted by its project's key, encrypted again for ours"
_DAMAGED = "its own digest did not hold: the file was edited or made pretty after it was signed"
_OURS = "it had no signature: we sign the response"
_PITBULK = "https://pitbulk.no-ip.org/newonelogin/demo1/"
_STUFF = "http://stuff.com/endpoints/"


def _node(folder: str, outcome: str, advice_as_it_is: bool = False) -> dict[str, Row]:
    """Return the rows of node-saml's files that come in both folders under one name."""
    rows: dict[str, Row] = {}
    for name in (
        "response.root-signed.assertion-signed",
        "response.root-signed.assertion-unsigned",
        "response.root-unsigned.assertion-signed",
    ):
        rows[f"{folder}/{name}.xml"] = Row(outcome, edits=_NODE)
    for name in (
        "root-signed.assertion-signed.1advice-signed",
        "root-signed.assertion-signed.1advice-unsigned",
        "root-signed.assertion-signed.2advice-signed",
        "root-signed.assertion-signed.2advice-unsigned",
        "root-signed.assertion-unsigned.1advice-unsigned",
        "root-signed.assertion-unsigned.2advice-unsigned",
        "root-unsigned.assertion-signed.1advice-signed",
        "root-unsigned.assertion-signed.1advice-unsigned",
    ):
        file = f"{folder}/response.{name}.xml"
        rows[file] = (
            Row(Reason.SCHEMA, _ADVICE, edits=_NODE)
            if advice_as_it_is
            else Row(outcome, "without its Advice", edits=_BARE)
        )
    return rows


NODE: dict[str, Row] = {
    **_node("valid", OK),
    "valid/response.root-signed.assertion-unsigned-13.xml": Row(OK, edits=_NODE),
    "valid/response.root-signed.assertion-unsigned-13-signature.xml": Row(OK, edits=_NODE),
    "valid/response.root-signed.assertion-unsigned-xd.xml": Row(OK, edits=_NODE),
    "valid/response.root-signed.assertion-unsigned-xd-signature.xml": Row(OK, edits=_NODE),
    "valid/response.root-signed.assertion-unsigned-encrypted.xml": Row(
        Reason.DECRYPTION, "not to be brought to our profile: its key is not among the data"
    ),
    **_node("invalid", Reason.DIGEST),
    "invalid/response.root-signed.assertion-invalidly-signed.xml": Row(
        Reason.DIGEST, "the assertion's", edits=_NODE
    ),
    "invalid/response.root-signed.assertion-invalidly-signed-encrypted.xml": Row(
        Reason.DECRYPTION, "not to be brought to our profile: its key is not among the data"
    ),
    "invalid/response.root-resigned-by-attacker-assertion-unsigned-attackers-cert-at-keyinfo.xml": Row(
        Reason.SIGNATURE, edits=_NODE, attackers=True
    ),
    "invalid/response.root-signed-transforms.assertion-unsigned.xml": Row(
        Reason.TRANSFORM, edits=_NODE
    ),
    "invalid/response.root-unsigned.assertion-signed-transforms.xml": Row(
        Reason.TRANSFORM, edits=_NODE
    ),
    "invalid/response.root-unsigned.assertion-unsigned.xml": Row(
        Reason.UNSIGNED, edits=_NODE, sign=False
    ),
    "invalid/response.root-unsigned.assertion-unsigned.1advice-unsigned.xml": Row(
        Reason.UNSIGNED, "without its Advice", edits=_BARE, sign=False
    ),
    "invalid/response.root-unsigned.assertion-unsigned.2advice-unsigned.xml": Row(
        Reason.UNSIGNED, "without its Advice", edits=_BARE, sign=False
    ),
    "invalid/response.root-signed.multiple-root-elements.xml": Row(
        Reason.MALFORMED, "nothing to sign: brought as it is"
    ),
}
AS_THEY_ARE: dict[str, Row] = {
    name: row
    for folder, outcome in (("valid", OK), ("invalid", Reason.DIGEST))
    for name, row in _node(folder, outcome, advice_as_it_is=True).items()
    if "advice" in name
}
"""The same files with their Advice: refused for that alone."""

PYTHON: dict[str, Row] = {
    "adfs_response.xml.base64": Row(Reason.DIGEST, _DAMAGED),
    "decrypted_valid_encrypted_assertion.xml": Row(OK, _OURS, edits=(_recipient,)),
    "double_signed_encrypted_assertion.xml.base64": Row(
        Reason.ISSUER, _OPENED + "; it names two issuers"
    ),
    "double_signed_encrypted_assertion2.xml.base64": Row(OK, _OPENED),
    "double_signed_response.xml.base64": Row(OK),
    "double_signed_response2.xml.base64": Row(OK),
    "expired_response.xml.base64": Row(Reason.TIME, _OURS, later=timedelta(days=1)),
    "no_audience.xml.base64": Row(Reason.AUDIENCE, _OURS),
    "open_saml_response.xml": Row(Reason.DIGEST, _DAMAGED),
    "pretty_decrypted_valid_encrypted_assertion.xml": Row(OK, _OURS, edits=(_recipient,)),
    "pretty_signed_message_response.xml": Row(Reason.DIGEST, _DAMAGED),
    "response1.xml.base64": Row(Reason.DIGEST, _DAMAGED, edits=(_issuer, _requested)),
    "response1_with_duplicate_attributes.xml.base64": Row(
        Reason.DIGEST, _DAMAGED, edits=(_issuer, _requested)
    ),
    "response1_with_friendlyname.xml.base64": Row(
        OK, "it named no issuer, no request", edits=(_issuer, _requested)
    ),
    "response2.xml.base64": Row(Reason.DIGEST, _DAMAGED, edits=(_requested, _recipient)),
    "response3.xml.base64": Row(Reason.DIGEST, _DAMAGED),
    "response4.xml.base64": Row(Reason.ASSERTIONS, "two assertions", edits=(_requested,)),
    "response5.xml.base64": Row(Reason.DIGEST, _DAMAGED, edits=(_requested, _recipient)),
    "response_encrypted_nameid.xml.base64": Row(Reason.SCHEMA, "an encrypted NameID"),
    "response_node_text_attack.xml.base64": Row(Reason.COMMENT, edits=(_issuer, _requested)),
    "response_with_ampersands.xml": Row(Reason.DIGEST, _DAMAGED, edits=(_requested,)),
    "response_with_ampersands.xml.base64": Row(Reason.ASSERTIONS, "two", edits=(_requested,)),
    "response_with_nested_nameid_values.xml.base64": Row(
        Reason.DIGEST, _DAMAGED, edits=(_issuer, _requested)
    ),
    "response_without_assertion_reference_uri.xml.base64": Row(
        Reason.REFERENCE, "a reference to everything"
    ),
    "response_without_reference_uri.xml.base64": Row(Reason.REFERENCE, "a reference to everything"),
    "signed_assertion_response.xml.base64": Row(OK),
    "signed_assertion_response2.xml.base64": Row(OK),
    "signed_encrypted_assertion.xml.base64": Row(OK, _OPENED, edits=(_recipient,)),
    "signed_encrypted_assertion2.xml.base64": Row(OK, _OPENED),
    "signed_message_encrypted_assertion.xml.base64": Row(
        Reason.ISSUER, _OPENED + "; it names two issuers"
    ),
    "signed_message_encrypted_assertion2.xml.base64": Row(OK, _OPENED),
    "signed_message_response.xml.base64": Row(OK),
    "signed_message_response2.xml.base64": Row(
        Reason.DECRYPTION, _OPENED + "; within is an encrypted NameID"
    ),
    "simple_saml_php.xml": Row(Reason.DIGEST, _DAMAGED),
    "unsigned_assertion.xml.base64": Row(
        Reason.MALFORMED, "nothing to sign: a piece of XML, brought as it is"
    ),
    "unsigned_response.xml.base64": Row(OK, _OURS),
    "unsigned_response_with_miliseconds.xm.base64": Row(OK, _OURS),
    "valid_encrypted_assertion.xml.base64": Row(OK, _OPENED, edits=(_recipient,)),
    "valid_encrypted_assertion_encrypted_nameid.xml.base64": Row(
        Reason.DECRYPTION, _OPENED + "; within is an encrypted NameID"
    ),
    "valid_response.xml.base64": Row(OK),
    "valid_response2.xml.base64": Row(OK),
    "valid_response_with_namequalifier.xml.base64": Row(OK),
    "valid_response_without_inresponseto.xml.base64": Row(
        Reason.IN_RESPONSE_TO, "nothing unsolicited is in our profile"
    ),
    "valid_unsigned_response.xml": Row(OK, _OURS),
    "valid_unsigned_response.xml.base64": Row(OK, _OURS),
    "wrapped_response_2.xml.base64": Row(Reason.SCHEMA, "metadata in the response"),
    "invalids/bad_reference.xml.base64": Row(Reason.DIGEST),
    "invalids/duplicated_attributes.xml.base64": Row(
        OK, "SAML lets a name come twice: both values are read"
    ),
    "invalids/empty_destination.xml.base64": Row(
        Reason.DESTINATION, wanted=(("acs_url", _PITBULK + "index.php?acs"),)
    ),
    "invalids/empty_nameid.xml.base64": Row(OK, "no NameID is required (SAML2Int SP13)"),
    "invalids/encrypted_attrs.xml.base64": Row(Reason.SCHEMA, "encrypted attributes"),
    "invalids/encrypted_nameID_without_EncMethod.xml.base64": Row(Reason.SCHEMA),
    "invalids/encrypted_nameID_without_keyinfo.xml.base64": Row(Reason.SCHEMA),
    "invalids/invalid_audience.xml.base64": Row(
        Reason.AUDIENCE, wanted=(("entity_id", _STUFF + "metadata.php"),)
    ),
    "invalids/invalid_issuer_assertion.xml.base64": Row(Reason.ISSUER),
    "invalids/invalid_issuer_message.xml.base64": Row(Reason.ISSUER),
    "invalids/invalid_sessionindex.xml.base64": Row(Reason.SESSION_OVER, edits=(_session_over,)),
    "invalids/invalid_subjectconfirmation_inresponse.xml.base64": Row(Reason.IN_RESPONSE_TO),
    "invalids/invalid_subjectconfirmation_nb.xml.base64": Row(
        Reason.CONFIRMATION, "a bearer's confirmation has no beginning"
    ),
    "invalids/invalid_subjectconfirmation_noa.xml.base64": Row(Reason.TIME),
    "invalids/invalid_subjectconfirmation_recipient.xml.base64": Row(Reason.RECIPIENT),
    "invalids/multiple_assertions.xml.base64": Row(Reason.ASSERTIONS, edits=(_issuer, _requested)),
    "invalids/no_authnstatement.xml.base64": Row(Reason.AUTHENTICATION),
    "invalids/no_conditions.xml.base64": Row(Reason.CONDITIONS),
    "invalids/no_id.xml.base64": Row(Reason.SCHEMA),
    "invalids/no_issuer_assertion.xml.base64": Row(Reason.SCHEMA),
    "invalids/no_issuer_response.xml.base64": Row(Reason.ISSUER),
    "invalids/no_key.xml.base64": Row(Reason.DIGEST, _DAMAGED),
    "invalids/no_nameid.xml.base64": Row(OK, "no NameID is required (SAML2Int SP13)"),
    "invalids/no_saml2.xml.base64": Row(Reason.SCHEMA, "SAML 1.1"),
    "invalids/no_signature.xml.base64": Row(Reason.UNSIGNED, sign=False),
    "invalids/no_status.xml.base64": Row(Reason.SCHEMA),
    "invalids/no_status_code.xml.base64": Row(Reason.SCHEMA),
    "invalids/no_subjectconfirmation_data.xml.base64": Row(Reason.CONFIRMATION),
    "invalids/no_subjectconfirmation_method.xml.base64": Row(Reason.CONFIRMATION),
    "invalids/not_after_failed.xml.base64": Row(
        Reason.TIME, "and it had no Status", edits=(_status,), later=timedelta(days=1)
    ),
    "invalids/not_before_failed.xml.base64": Row(
        Reason.TIME, "and it had no Status", edits=(_status,)
    ),
    "invalids/response_encrypted_attrs.xml.base64": Row(Reason.SCHEMA, "encrypted attributes"),
    "invalids/signature_wrapping_attack.xml.base64": Row(Reason.SCHEMA),
    "invalids/signature_wrapping_attack2.xml.base64": Row(Reason.SCHEMA),
    "invalids/signed_assertion_response.xml.base64": Row(Reason.DIGEST, _DAMAGED),
    "invalids/status_code_responder.xml.base64": Row(Reason.STATUS),
    "invalids/status_code_responer_and_msg.xml.base64": Row(Reason.STATUS),
    "invalids/wrong_spnamequalifier.xml.base64": Row(
        OK, "a NameID's qualifiers are only compared with themselves, for logout"
    ),
}

NODE_FOLDER, PYTHON_FOLDER = "node-saml/signatures/", "python3-saml/responses/"
ROWS: dict[str, Row] = {
    **{NODE_FOLDER + name: row for name, row in NODE.items()},
    **{PYTHON_FOLDER + name: row for name, row in PYTHON.items()},
}


@cache
def _python_key(shared: Path) -> bytes:
    """Return python3-saml's own test key, as PEM."""
    settings = shared / "data" / "saml" / "python3-saml" / "settings" / "settings7.json"
    text = json.loads(settings.read_text())["sp"]["privateKey"]
    lines = "\n".join(textwrap.wrap("".join(text.split()), 64))
    return f"-----BEGIN RSA PRIVATE KEY-----\n{lines}\n-----END RSA PRIVATE KEY-----\n".encode()


def _expected(document: bytes, row: Row) -> Expected:
    """What the document's project expects: what the document says, but for its flaw."""
    try:
        root = etree.fromstring(document)
    except etree.XMLSyntaxError:
        return saml_corpora.expected(US, US, US, REQUEST)
    audience = next(root.iter(f"{{{SAML}}}Audience"), None)
    issuer = next(root.iter(f"{{{SAML}}}Issuer"), None)
    found = saml_corpora.expected(
        US if audience is None else audience.text or "",
        root.get("Destination", ""),
        "" if issuer is None else (issuer.text or "").strip(),
        root.get("InResponseTo") or REQUEST,
    )
    return replace(found, now=found.now + row.later, **dict(row.wanted))  # type: ignore[arg-type]  # by name


def brought(shared: Path, name: str, row: Row) -> tuple[bytes, Expected]:
    """Return a file's document in our profile, and what it is held against."""
    data = saml_corpora.read(shared / "data" / "saml" / name)
    key = _python_key(shared) if name.startswith(PYTHON_FOLDER) else b""
    try:
        document = saml_corpora.renewed(
            data, attackers=row.attackers, sign=row.sign, edits=row.edits, key=key
        )
        # What is expected is read in the clear.
        clear = saml_corpora.renewed(data, edits=row.edits, sign=False, key=key, seal=False)
    except etree.XMLSyntaxError:
        return data, _expected(data, row)
    return document, _expected(clear, row)

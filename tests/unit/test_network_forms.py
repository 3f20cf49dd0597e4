"""The forms of a request and a reply."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from werkzeug.datastructures import MultiDict

from emrex_gateway.domain import ReturnCode, SignedElmo
from emrex_gateway.errors import BadReturnAddress, EnvelopeError, GatewayError, PeerError
from emrex_gateway.network import MAX_LENGTH, pack, parse_request, reply_fields, unpack

ASKED = {"sessionId": "abc-123", "returnUrl": "https://client.example/return"}
DOCUMENT = SignedElmo(b"<elmo/>")


# --- the request -----------------------------------------------------------------------------


def test_a_request_has_the_specifications_defaults() -> None:
    """Pick courses: yes. Failed and unfinished ones: no."""
    assert {
        "session_id": "abc-123",
        "return_url": "https://client.example/return",
        "pick_courses": True,
        "not_passed_courses": False,
    } == asdict(parse_request(ASKED))


@pytest.mark.parametrize(
    ("text", "pick", "failed"),
    [
        ("true", True, True),
        ("TRUE", True, True),
        (" True ", True, True),
        ("false", False, False),
        ("False", False, False),
        ("", True, False),
        ("yes", True, False),
        ("1", True, False),
        ("0", True, False),
        ("truefalse", True, False),
    ],
)
def test_the_flags_are_read_in_any_case(text: str, pick: bool, failed: bool) -> None:
    """True and false in any case; anything else is the default."""
    asked = parse_request({**ASKED, "allowToPickCourses": text, "allowNotPassedCourses": text})
    assert (pick, failed) == (asked.pick_courses, asked.not_passed_courses)


@pytest.mark.parametrize(
    "session_id",
    ["x", "a" * 36, "a" * 255, "{6F9619FF-8B86-D011-B42D-00CF4FC964FF}", " a b ", "ä日", "'\"<>&"],
)
def test_session_ids_come_back_unchanged(session_id: str) -> None:
    """The specification says 32 characters, a client in use sends 36; blanks belong to it."""
    request = parse_request({**ASKED, "sessionId": session_id})
    fields = reply_fields(session_id=request.session_id, code=ReturnCode.CANCEL)
    assert session_id == fields["sessionId"]


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ({"sessionId": ""}, PeerError, "session id .* is missing"),
        ({"sessionId": "  "}, PeerError, "session id .* is missing"),
        ({"sessionId": "a" * 256}, PeerError, "longer than 255"),
        ({"sessionId": "a\nb"}, PeerError, "control characters"),
        ({"sessionId": "a\x00"}, PeerError, "control characters"),
        ({"sessionId": "a\u2028"}, PeerError, "control characters"),
        ({"sessionId": "a\ud800"}, PeerError, "control characters"),
        ({"returnUrl": ""}, BadReturnAddress, "no return address"),
        ({"returnUrl": "https://a/" + "x" * MAX_LENGTH}, BadReturnAddress, "longer than 2000"),
    ],
)
def test_bad_requests(change: dict[str, str], error: type[GatewayError], sentence: str) -> None:
    """Each for its own reason, none with the value in the message."""
    with pytest.raises(error, match=sentence):
        parse_request({**ASKED, **change})


def test_missing_fields() -> None:
    """Somebody opened the address by hand."""
    with pytest.raises(BadReturnAddress):
        parse_request({"sessionId": "x"})
    with pytest.raises(PeerError):
        parse_request({"returnUrl": "https://client.example/"})


def test_unknown_fields_are_ignored() -> None:
    """More parameters may come."""
    assert parse_request(ASKED) == parse_request({**ASKED, "lang": "pl", "sessionid": "other"})


def test_a_field_that_comes_twice() -> None:
    """The same twice is one; two different ones are refused, as proxies choose differently."""
    twice = MultiDict([*ASKED.items(), ("sessionId", "abc-123")])
    assert "abc-123" == parse_request(twice).session_id
    for name in ("sessionId", "returnUrl", "allowToPickCourses"):
        both = MultiDict([*ASKED.items(), (name, "true"), (name, "false")])
        with pytest.raises(PeerError, match=f"says {name} twice"):
            parse_request(both)


# --- the reply that goes ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "newer", "expected"),
    [
        (ReturnCode.NO_RESULTS, False, "NCP_NO_RESULTS"),
        (ReturnCode.CANCEL, False, "NCP_CANCEL"),
        (ReturnCode.ERROR, False, "NCP_ERROR"),
        (ReturnCode.NO_RESULTS, True, "EMP_NO_RESULTS"),
        (ReturnCode.CANCEL, True, "EMP_CANCEL"),
        (ReturnCode.ERROR, True, "EMP_ERROR"),
    ],
)
def test_replies_without_a_document(code: ReturnCode, newer: bool, expected: str) -> None:
    """The document's field is there and empty: older clients read it without asking."""
    assert {
        "sessionId": "s",
        "returnCode": expected,
        "returnMessage": "why",
        "elmo": "",
    } == reply_fields(session_id="s", code=code, message="why", newer_codes=newer)


def test_a_reply_with_a_document() -> None:
    """OK, and the packed document; both families of codes."""
    fields = reply_fields(session_id="s", code=ReturnCode.OK, elmo=DOCUMENT)
    assert ("NCP_OK", pack(DOCUMENT)) == (fields["returnCode"], fields["elmo"])
    newer = reply_fields(session_id="s", code=ReturnCode.OK, elmo=DOCUMENT, newer_codes=True)
    assert newer["returnCode"] == "EMP_OK"


def test_a_document_goes_with_ok_and_only_with_it() -> None:
    """Anything else would be a mistake of ours."""
    with pytest.raises(ValueError, match="goes with the return code OK"):
        reply_fields(session_id="s", code=ReturnCode.CANCEL, elmo=DOCUMENT)
    with pytest.raises(ValueError, match="goes with the return code OK"):
        reply_fields(session_id="s", code=ReturnCode.OK)


# --- the reply that comes --------------------------------------------------------------------


@pytest.mark.parametrize("family", ["NCP_", "EMP_", "ncp_", "Emp_"])
@pytest.mark.parametrize("code", list(ReturnCode))
def test_both_families_of_codes_in_any_case(family: str, code: ReturnCode) -> None:
    """Older and newer names, in any case, with blanks around."""
    text = f" {family}{code.name}" if family[0].isupper() else f"{family}{code.name.lower()} "
    assert code is unpack({"sessionId": "s", "returnCode": text}).return_code


@pytest.mark.parametrize(
    "text", ["", "OK", "XYZ_OK", "NCP_", "NCP_OKAY", "NCP_OK_", "NCP OK", "_OK"]
)
def test_unknown_codes_are_refused(text: str) -> None:
    """What a provider means must not be guessed."""
    with pytest.raises(EnvelopeError, match="no return code that is known"):
        unpack({"sessionId": "s", "returnCode": text})


def test_what_we_send_can_be_read() -> None:
    """Our own reply through our own reader."""
    fields = reply_fields(session_id="s", code=ReturnCode.OK, message="Hyvä", elmo=DOCUMENT)
    reply = unpack({**fields, "extra": "ignored"})
    assert ("s", ReturnCode.OK, "Hyvä", DOCUMENT) == (
        reply.session_id,
        reply.return_code,
        reply.message,
        reply.elmo,
    )


def test_message_and_document_may_be_missing() -> None:
    """Missing, empty, or blank: no document, even with OK."""
    for elmo in ({}, {"elmo": ""}, {"elmo": " \n"}):
        reply = unpack({"sessionId": "s", "returnCode": "NCP_OK", **elmo})
        assert ("", None) == (reply.message, reply.elmo)


def test_a_document_with_another_code_is_not_looked_at() -> None:
    """Not even when it is broken."""
    assert None is unpack({"sessionId": "s", "returnCode": "NCP_ERROR", "elmo": "%%%"}).elmo


@pytest.mark.parametrize("session_id", ["", " ", "a" * 256, "a\x07"])
def test_a_reply_needs_a_session_id(session_id: str) -> None:
    """A reply's transfer is found by it."""
    with pytest.raises(EnvelopeError, match="session id"):
        unpack({"sessionId": session_id, "returnCode": "NCP_OK"})


def test_messages_are_made_harmless() -> None:
    """Text for a person: bounded, one paragraph, no characters that act."""
    message = unpack(
        {
            "sessionId": "s",
            "returnCode": "EMP_ERROR",
            "returnMessage": "a\x1b[1m\u202eb\r\n\nc" * 900,
        }
    ).message
    assert message.startswith("a [1m b c")
    assert len(message) <= 2000
    assert message.isprintable()


def test_the_limit_reaches_the_document() -> None:
    """Given to ``unpack``, kept by the packing."""
    fields = {"sessionId": "s", "returnCode": "NCP_OK", "elmo": pack(SignedElmo(b"<" * 1000))}
    with pytest.raises(EnvelopeError, match="more than 999 bytes"):
        unpack(fields, limit=999)


def test_a_reply_shows_nothing_of_a_person() -> None:
    """Logs and traces print objects: neither the session id, the message nor the document shows."""
    fields = reply_fields(session_id="secret", code=ReturnCode.OK, message="Maija", elmo=DOCUMENT)
    shown = repr(unpack(fields))
    assert "secret" not in shown
    assert "Maija" not in shown
    assert "elmo/" not in shown

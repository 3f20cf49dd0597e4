"""What a log line may say."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from emrex_gateway import log
from emrex_gateway.errors import AdapterError, ConfigError


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Logging to a buffer, as JSON; puts everything back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    buffer = io.StringIO()
    log.configure(json=True, stream=buffer)
    yield buffer
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()
    log.end_request()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """The lines so far."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


SECRETS = {
    "a Finnish identity code": "010190-123A",
    "one of this century": "010105A123B",
    "one of the new signs": "010105Y123B",
    "a Swedish number": "19900101-1234",
    "a Swedish number without a century": "900101-1234",
    "one without a sign": "199001011234",
    "a Norwegian number": "010190 12345",
    "a learner number": "1.2.246.562.24.10000000001",
    "a European Student Identifier": "urn:schac:personalUniqueCode:int:esi:example.fi:123",
    "a mail address": "first.last@students.example.fi",
    "a token": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "a database's password": "postgresql://emrex:hunter2@db/emrex",
    "Redis' password": "redis://:hunter2@127.0.0.1/0",
    "a header": "Authorization: Bearer abcdefghijk",
    "a code": "GET /callback?code=SplxlOBeZQQYbYS6WxSbIA&x=1",
    "a state": "GET /callback?x=1&state=af0ifjsldkj",
    "a session": "sessionId=abc123def",
    "a private key": "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----",
}
FRAGMENTS = (
    *("010190-123A", "010105", "1990", "900101", "12345", "10000000001", "int:esi", "first.last"),
    *("eyJ", "hunter2", "abcdefghijk", "Splx", "af0i", "abc123", "MIIE"),
)


@pytest.mark.parametrize("what", SECRETS)
@pytest.mark.parametrize("how", ["message", "argument", "field", "list", "mapping", "structlog"])
def test_what_looks_personal_is_taken_out(stream: io.StringIO, what: str, how: str) -> None:
    """Identifiers, addresses, tokens and keys do not reach the log, wherever in a line they stand."""
    secret = SECRETS[what]
    logger = logging.getLogger("somebody.elses")
    if how == "message":
        logger.warning(f"they said {secret} there")
    elif how == "argument":
        logger.warning("they said %s there", secret)
    else:
        value = {"list": [secret], "mapping": {"a": {"b": secret}}}.get(how, secret)
        structlog.get_logger("ours").warning("said", what=value)

    (line,) = lines(stream)
    line.pop("timestamp")  # its microseconds may look like anything
    text = json.dumps(line, ensure_ascii=False)
    assert [] == [fragment for fragment in FRAGMENTS if fragment in text]


@pytest.mark.parametrize(
    "harmless",
    [
        "2026-03-01T12:00:00.123456+00:00",
        "127.0.0.1:52733",
        "swept: 12 sent again, 0 given up",
        "https://emrex.example.org/emrex/example/emp",
        "fetch-3kT0v_x-9aLQb2",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "1.3.6.1.4.1.5923.1.1.1.6",
    ],
)
def test_what_operators_need_stays(stream: io.StringIO, harmless: str) -> None:
    """Times, ports, counts, addresses and fingerprints are readable."""
    logging.getLogger("x").warning("%s", harmless)

    assert [harmless] == [line["event"] for line in lines(stream)]


@pytest.mark.parametrize("name", ["given_names", "Birth_Date", "password", "id_token", "subject"])
def test_private_fields_are_never_printed(stream: io.StringIO, name: str) -> None:
    """A field whose name says that it is private is not printed, whatever it holds."""
    structlog.get_logger().warning("x", **{name: "Maija"}, deep={name: ["Maija"]})

    (line,) = lines(stream)
    assert (log.REDACTED, {name: log.REDACTED}) == (line[name], line["deep"])


@pytest.mark.parametrize("through", ["logging", "structlog", "cause"])
def test_an_exception_says_where_and_not_what(stream: io.StringIO, through: str) -> None:
    """A foreign exception's text, which may quote a record, stays out; kind and place stay in."""
    try:
        try:
            int("Maija Mallikas")
        except ValueError as error:
            if through != "cause":
                raise
            raise AdapterError("the adapter example answered with rubbish") from error
    except Exception:
        logger = structlog.get_logger() if through == "structlog" else logging.getLogger("x")
        logger.exception("it broke")

    (line,) = lines(stream)
    assert "Maija" not in stream.getvalue()
    assert "Traceback" not in stream.getvalue()
    assert "ValueError at " in line["exception"]
    assert "test_an_exception_says_where_and_not_what" in line["exception"]
    if through == "cause":
        assert "AdapterError: the adapter example answered with rubbish" in line["exception"]


def test_a_line_stays_one_line(stream: io.StringIO) -> None:
    """Line breaks and directions in a value cannot forge another line."""
    log.configure(json=False, stream=stream)
    logging.getLogger("x").warning("a\n2026-01-01 [info] forged \u202e \x1b[31m")

    assert 1 == len(stream.getvalue().splitlines())
    assert "\x1b[31m" not in stream.getvalue()


def test_lines_of_a_request_carry_its_id(stream: io.StringIO) -> None:
    """A harmless id from outside is taken, another is replaced, and the next request starts anew."""
    given = log.begin_request("abcdef-123456")
    log.bind(reference="REF-1")
    logging.getLogger("x").warning("one")
    made = log.begin_request("evil\nid")
    logging.getLogger("x").warning("two")
    log.end_request()
    logging.getLogger("x").warning("three")

    one, two, three = lines(stream)
    assert ("abcdef-123456", "abcdef-123456", "REF-1") == (given, one["request"], one["reference"])
    assert made == two["request"] != "evil\nid"
    assert "reference" not in two
    assert "request" not in three


def test_long_values_are_cut(stream: io.StringIO) -> None:
    """Nobody fills the disk with one line, nor the processor with its redaction."""
    logging.getLogger("x").warning("%s", "1" * 5_000_000)

    assert log.MAX_LENGTH + 500 > len(stream.getvalue())


def test_our_own_errors_keep_their_text() -> None:
    """Our errors are written for administrators: an uncaught one is told with its text."""
    told = log.describe(ConfigError("the setting public_url is missing"))

    assert "ConfigError: the setting public_url is missing at nowhere" == told

"""Logging: structured lines without personal data.

``configure`` is called by processes of our own (stand-alone server, worker,
commands), never by the extension: a host's logging is the host's. Everything
that uses the standard library's ``logging`` goes through the same steps.

Redaction is the second line of defence; the first is that nobody passes names,
identifiers or contents to a logger. An exception is logged as its kind and
where it happened; only our own errors, whose texts are written for
administrators, keep their text.
"""

from __future__ import annotations

import logging
import re
import secrets
import sys
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any, TextIO, TypeGuard

import structlog

from emrex_gateway.errors import GatewayError
from emrex_gateway.settings import Settings

MAX_LENGTH = 2000
MAX_FRAMES = 12
REDACTED = "[redacted]"

PRIVATE_NAMES = frozenset(
    {
        "access_token",
        "api_key",
        "assertion",
        "authorization",
        "birth_date",
        "birth_name",
        "client_secret",
        "code",
        "cookie",
        "elmo",
        "email",
        "esi",
        "family_name",
        "first_name",
        "given_names",
        "host_key",
        "id_token",
        "identifier",
        "identifiers",
        "jti",
        "key",
        "last_name",
        "learner",
        "learner_number",
        "mail",
        "name",
        "names",
        "national_identifier",
        "nonce",
        "passwd",
        "password",
        "refresh_token",
        "samlresponse",
        "secret",
        "session_id",
        "set-cookie",
        "student",
        "sub",
        "subject",
        "token",
    }
)
"""Fields that are never printed, whatever they hold."""

_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    # Finland: DDMMYY, a sign for the century (Government decree 690/2022), number, check character
    ("identity code", re.compile(r"(?<!\w)\d{6}[-+A-FU-Y]\d{3}[0-9A-Y](?!\w)", re.IGNORECASE)),
    # Sweden, Norway, Denmark, Iceland and others: a birth date with a number behind it
    ("identity code", re.compile(r"(?<![\w.-])(?:19|20)?\d{6}[-+ ]\d{4,5}(?![\w-])")),
    ("identity code", re.compile(r"(?<![\w.-])(?:19|20)\d{2}[01]\d[0-3]\d{5}(?![\w.])")),
    # Finland: learner numbers are OIDs below 1.2.246.562.24 (and .98, .196)
    ("learner number", re.compile(r"1\.2\.246\.562\.\d+\.\d{5,}(?:\.\d+)*")),
    # European Student Identifier: urn:schac:personalUniqueCode:int:esi:<scope>:<code>
    (
        "student identifier",
        re.compile(r"urn:(?:mace:[\w.]+:)?schac:personalUniqueCode:\S+", re.IGNORECASE),
    ),
    ("mail address", re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")),
    ("token", re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*){1,4}")),
    (
        "private key",
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END[^-]*-----|\Z)", re.DOTALL),
    ),
)
_CREDENTIALS = re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)")
_BEARER = re.compile(r"\b(Bearer|Basic|DPoP)\s+[\w.~+/=-]{6,}", re.IGNORECASE)
_PARAMETER = re.compile(
    r"([?&;\s\"']|^)((?:[\w-]*(?:token|secret|password|code|state|nonce|assertion|sessionid|elmo))=)[^&\s\"';]+",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def configure(
    settings: Settings | None = None,
    *,
    json: bool | None = None,
    level: str = "INFO",
    stream: TextIO | None = None,
) -> None:
    """Send all logging of this process, ours and the libraries', to ``stream`` (standard error).

    Lines are JSON objects; on a terminal, or with ``json=False``, readable text.
    """
    stream = stream or sys.stderr
    if json is None:
        json = not (stream.isatty() or (settings is not None and settings.demo))
    steps: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        exceptions,
        redact,
    ]
    structlog.configure(
        processors=[*steps, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=steps,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(True)
    for noisy in ("httpx", "httpcore", "urllib3", "alembic", "fontTools"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def is_request_id(text: object) -> TypeGuard[str]:
    """Tell whether a text may stand in our lines as a request's id: short and harmless."""
    return isinstance(text, str) and re.fullmatch(r"[\w-]{8,64}", text, re.ASCII) is not None


def begin_request(request_id: str | None = None) -> str:
    """Start a request or job: every line until the next one carries its id, which is returned.

    An id from outside is taken only when it is short and harmless.
    """
    if not is_request_id(request_id):
        request_id = secrets.token_hex(8)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=request_id)
    return request_id


def fields() -> dict[str, Any]:
    """Return the fields of the running request or job; ``bind(**fields())`` sets them again."""
    return dict(structlog.contextvars.get_contextvars())


def request_id() -> str:
    """Return the id of the running request, job or command; empty outside of any."""
    return str(structlog.contextvars.get_contextvars().get("request", ""))


def bind(**fields: str | int | bool) -> None:
    """Add fields to the lines of the running request or job, such as ``transfer="ABC-123"``."""
    structlog.contextvars.bind_contextvars(**fields)


def end_request() -> None:
    """Forget the request's or job's fields."""
    structlog.contextvars.clear_contextvars()


def redact(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The structlog step that takes out what looks personal or secret."""
    for name, value in event.items():
        if not name.startswith("_") and name not in ("timestamp", "level", "logger"):
            event[name] = _clean(name, value)
    return event


def exceptions(
    logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """The structlog step that turns ``exc_info`` into kinds and places, without foreign texts."""
    info = event.pop("exc_info", None)
    record = event.get("_record")
    if isinstance(record, logging.LogRecord):
        # The formatter would append the standard traceback, texts included.
        info = info or record.exc_info
        record.exc_info = record.exc_text = None
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["exception"] = describe(error)
    event.pop("stack_info", None)
    return event


def describe(error: BaseException) -> str:
    """Return an exception's kind and place, and its causes'; the text of our own errors only."""
    parts: list[str] = []
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen and len(parts) < 5:
        seen.add(id(at))
        text = f": {at}" if isinstance(at, GatewayError) else ""
        parts.append(f"{type(at).__name__}{text} at {_places(at.__traceback__)}")
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return " < ".join(parts)


def redact_text(text: str) -> str:
    """Return the text without what looks like an identifier, an address, a token or a key."""
    text = text[:MAX_LENGTH] + "…" if len(text) > MAX_LENGTH else text
    for what, pattern in _PATTERNS:
        text = pattern.sub(f"[{what}]", text)
    text = _CREDENTIALS.sub(REDACTED, text)
    text = _BEARER.sub(rf"\1 {REDACTED}", text)
    text = _PARAMETER.sub(rf"\1\2{REDACTED}", text)
    return _CONTROL.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def _clean(name: str, value: Any, depth: int = 0) -> Any:
    if name.lower() in PRIVATE_NAMES or depth > 3:
        return REDACTED
    if isinstance(value, Mapping):
        return {str(k): _clean(str(k), v, depth + 1) for k, v in list(value.items())[:50]}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", one, depth + 1) for one in list(value)[:50]]
    return _plain(value)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes):
        return f"[{len(value)} bytes]"
    return redact_text(str(value))


def _places(trace: TracebackType | None) -> str:
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        module = trace.tb_frame.f_globals.get("__name__", "?")
        places.append(f"{module}:{code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " > ".join(places[-MAX_FRAMES:]) or "nowhere"

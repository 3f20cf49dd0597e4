"""Single values as ELMO spells them, and the pieces of XML that hold them.

``None``, or an empty piece, where there is nothing fit to write. A document is put together from
strings: that takes a third of the time of building a tree, and ``check`` parses the result anyway.
They are spelt as Canonical XML 1.0 spells them (no empty-element tags, attributes of an element in
the order of their names, its escapes and no others), so that what is signed need not be parsed and
spelt anew for it; only extensions and CDATA are left as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from emrex_gateway.domain import LangString, language_tag, plain, token
from emrex_gateway.elmo._codes import COUNTRIES, LANGUAGES
from emrex_gateway.errors import ElmoError

_COUNTRY_ALIASES = {"UK": "GB", "EL": "GR"}
_ISCED = re.compile(r"\d{2,4}")
_WIDEST_OFFSET = timedelta(hours=14)


def escaped(text: str) -> str:
    """Return cleaned text as it stands between two tags."""
    if "&" in text or "<" in text or ">" in text:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text


def leaf(name: str, text: str, attributes: str = "") -> str:
    """Return an element with text in it; the text has been cleaned, the attributes are XML."""
    return f"<{name}{attributes}>{escaped(text)}</{name}>"


def attribute(name: str, value: str) -> str:
    """Return an attribute with a blank before it; the value has been cleaned."""
    quoted = value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return f' {name}="{quoted}"'


def optional(name: str, text: str | None) -> str:
    """Return an ``xs:token``, or nothing when there is nothing in it."""
    cleaned = token(text) if text else ""
    return f"<{name}>{escaped(cleaned)}</{name}>" if cleaned else ""


def phrases(name: str, texts: Iterable[LangString]) -> str:
    """Return single-line texts with their languages, or nothing."""
    return _texts(name, texts, token)


def prose(name: str, texts: Iterable[LangString]) -> str:
    """Return texts that may have several lines, or nothing."""
    return _texts(name, texts, plain)


def _texts(name: str, texts: Iterable[LangString], clean: Callable[[str], str]) -> str:
    if not texts:
        return ""
    pieces = [
        leaf(name, value, f' xml:lang="{tag}"' if (tag := language_tag(t.lang)) else "")
        for t in texts
        if (value := clean(t.value))
    ]
    return pieces[0] if len(pieces) == 1 else "".join(dict.fromkeys(pieces))


def language(lang: str | None) -> str:
    """Return the attribute with a language, or nothing where it is not known."""
    tag = language_tag(lang)
    return f' xml:lang="{tag}"' if tag else ""


def country(code: str | None) -> str | None:
    """Return a country code that the schema knows."""
    upper = token(code or "").upper()
    upper = _COUNTRY_ALIASES.get(upper, upper)
    return upper if upper in COUNTRIES else None


def instruction_language(code: str | None) -> str | None:
    """Return one ISO 639-1 code; the subtags of a longer tag are dropped."""
    primary = token(code or "").lower().replace("_", "-").partition("-")[0]
    return primary if primary in LANGUAGES else None


def isced(code: str | None) -> str | None:
    """Return an ISCED-F 2013 code: broad, narrow or detailed."""
    cleaned = token(code or "")
    return cleaned if _ISCED.fullmatch(cleaned) else None


def decimal(value: Decimal | None) -> str | None:
    """Return an ``xs:decimal``: no exponent; ``None`` for what is not a number."""
    if value is None or not value.is_finite() or abs(value.adjusted()) > 30:
        return None
    return f"{value:f}"


def moment(value: datetime) -> str:
    """Return an ``xs:dateTime`` with its zone, to the second.

    Raises ``ElmoError`` for a time without zone: there is no telling when it was.
    """
    offset = value.utcoffset()
    if offset is None:
        raise ElmoError("a date and time without time zone")
    if offset % timedelta(minutes=1) or abs(offset) > _WIDEST_OFFSET:
        value = value.astimezone(UTC)
    return value.isoformat(timespec="seconds")

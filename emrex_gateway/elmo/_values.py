"""Single values as ELMO spells them; ``None`` where there is nothing fit to write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from lxml import etree

from emrex_gateway.domain import LangString, language_tag, plain, token
from emrex_gateway.elmo._codes import COUNTRIES, LANGUAGES
from emrex_gateway.elmo._tree import XML_LANG, q
from emrex_gateway.errors import ElmoError

_COUNTRY_ALIASES = {"UK": "GB", "EL": "GR"}
_ISCED = re.compile(r"\d{2,4}")
_WIDEST_OFFSET = timedelta(hours=14)


def add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    """Append an element; its text has been cleaned."""
    element = etree.SubElement(parent, q(name))
    if text:
        element.text = text
    return element


def add_token(parent: etree._Element, name: str, text: str | None) -> None:
    """Append an ``xs:token``, unless there is nothing in it."""
    cleaned = token(text or "")
    if cleaned:
        add(parent, name, cleaned)


def add_phrases(parent: etree._Element, name: str, texts: Iterable[LangString]) -> int:
    """Append single-line texts with their languages; return how many."""
    return _add_texts(parent, name, texts, token)


def add_prose(parent: etree._Element, name: str, texts: Iterable[LangString]) -> int:
    """Append texts that may have several lines; return how many."""
    return _add_texts(parent, name, texts, plain)


def _add_texts(
    parent: etree._Element, name: str, texts: Iterable[LangString], clean: Callable[[str], str]
) -> int:
    cleaned = (LangString(clean(t.value), language_tag(t.lang)) for t in texts)
    distinct = dict.fromkeys(t for t in cleaned if t.value)
    for text in distinct:
        add_language(add(parent, name, text.value), text.lang)
    return len(distinct)


def add_language(element: etree._Element, lang: str | None) -> None:
    """Say an element's language, when it is known."""
    tag = language_tag(lang)
    if tag:
        element.set(XML_LANG, tag)


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

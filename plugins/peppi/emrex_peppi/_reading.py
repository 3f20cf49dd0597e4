"""Reads values out of decoded JSON whose shapes nobody promised. Pure; nothing here raises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from emrex_gateway.domain import LangString, Texts
from emrex_peppi._fields import actual_names
from emrex_peppi._settings import PeppiSettings

NOTHING: Final[Mapping[str, Any]] = {}
"""The values of a row that is absent: one object, so that it can be known by its identity."""

TEXT_LIMIT = 20_000
"""Characters of one text that are kept; the rest is cut with an ellipsis."""

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_VALUE_KEY = re.compile(r"value([A-Z][a-z]{1,2})")
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:$|[T ])")
_FINNISH_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_EPOCH = re.compile(r"-?\d{9,15}")
_OTHER_SHAPES = frozenset({"values", "value", "text"})
_LARGEST = 10**9
"""No figure of a study record comes near."""
_LONGEST_TAG = 100
_EARLIEST, _LATEST = date(1880, 1, 1), date(2200, 1, 1)


@dataclass(frozen=True, slots=True)
class Reading:
    """How the system at hand writes: its names, time zone and odd codes."""

    names: Mapping[tuple[str, str], str]
    by_kind: Mapping[str, Mapping[str, str]]
    zone: ZoneInfo
    no_languages: frozenset[str]
    failing_grades: frozenset[str]

    @classmethod
    def of(cls, settings: PeppiSettings) -> Reading:
        """Take what reading needs out of the settings."""
        names = actual_names(settings.renamed)
        by_kind: dict[str, dict[str, str]] = {}
        for (kind, name), actual in names.items():
            by_kind.setdefault(kind, {})[name] = actual
        return cls(
            names=names,
            by_kind=by_kind,
            zone=ZoneInfo(settings.timezone),
            no_languages=frozenset(settings.no_languages),
            failing_grades=frozenset(g.upper() for g in settings.failing_grades),
        )


class Row:
    """One JSON object; ``kind`` says which of ours it is, so that its names can be looked up.

    A false row has nothing in it. A plain class: a listing makes tens of thousands of them.
    """

    __slots__ = ("_names", "reading", "values")

    def __init__(self, kind: str, values: Mapping[str, Any], reading: Reading) -> None:
        self._names = reading.by_kind[kind]
        self.values = values
        self.reading = reading

    def __bool__(self) -> bool:
        return bool(self.values)

    def raw(self, name: str) -> Any:
        """The value as decoded, ``None`` when absent. ``KeyError`` for a name that we don't list."""
        return self.values.get(self._names[name])

    def text(self, name: str, limit: int = TEXT_LIMIT) -> str | None:
        """A string or a number as clean text; ``None`` for anything else and for blanks."""
        value = self.values.get(self._names[name])
        if type(value) is str and len(value) <= limit and value.isprintable():
            return value.strip() or None  # as ``plain_text`` would
        return None if value is None else plain_text(value, limit)

    def texts(self, name: str) -> Texts:
        """A localised text in any of the shapes in use."""
        value = self.values.get(self._names[name])
        return () if value is None else localised(value)

    def decimal(self, name: str) -> Decimal | None:
        """A number that is not negative, written in whatever way."""
        return plain_decimal(self.raw(name))

    def integer(self, name: str) -> int | None:
        """A whole number, written in whatever way."""
        raw = self.raw(name)
        if type(raw) is int and 0 <= raw < _LARGEST:
            return raw
        value = plain_decimal(raw)
        return int(value) if value is not None and value == value.to_integral_value() else None

    def flag(self, name: str) -> bool | None:
        """``true`` or ``false``, ``None`` for anything else."""
        value = self.raw(name)
        return value if isinstance(value, bool) else None

    def day(self, name: str) -> date | None:
        """A date in ISO form, Finnish form, or as a moment in epoch milliseconds."""
        value = self.values.get(self._names[name])
        return None if value is None else plain_date(value, self.reading.zone)

    def row(self, name: str, kind: str) -> Row:
        """An object inside this one; an empty one when absent."""
        value = self.values.get(self._names[name])
        return Row(kind, value if isinstance(value, dict) else NOTHING, self.reading)

    def rows(self, name: str, kind: str) -> tuple[Row, ...]:
        """The objects of a list inside this one; what is no object is passed over."""
        value = self.raw(name)
        if not isinstance(value, list):
            return ()
        return tuple(Row(kind, item, self.reading) for item in value if isinstance(item, dict))

    def strings(self, name: str) -> tuple[str, ...]:
        """The texts of a list inside this one, or the one text that stands in its place."""
        value = self.raw(name)
        if value is None:
            return ()
        items = value if isinstance(value, list) else [value]
        return tuple(text for item in items if (text := plain_text(item)) is not None)


def plain_text(value: Any, limit: int = TEXT_LIMIT) -> str | None:
    """Make text without characters that XML 1.0 forbids (section 2.2, Char), not blank, not endless."""
    if value is None or value is True or value is False:
        return None
    if isinstance(value, Decimal):
        value = _figure(value)
    elif isinstance(value, int):
        value = str(value)
    if not isinstance(value, str):
        return None
    # Nothing that is forbidden is printable, and most texts are nothing else.
    cleaned = (value if value.isprintable() else _FORBIDDEN.sub("", value)).strip()
    if len(cleaned) > limit:
        cleaned = cleaned[: limit - 1] + "…"
    return cleaned or None


def localised(value: Any) -> Texts:
    """Read ``{"valueFi": …}``, ``{"values": {"fi": …}}``, ``{"fi": …}``, a list of pairs, or a string.

    A language that the source does not name stays unknown; the first value of
    a language counts.
    """
    if value is None:
        return ()
    if type(value) is dict and _OTHER_SHAPES.isdisjoint(value):
        return _by_language(value)
    found: dict[str | None, str] = {}
    for lang, item in _pairs(value):
        if isinstance(item, str) and lang not in found:
            text = plain_text(item)
            if text is not None:
                found[lang] = text
    return tuple([LangString(text, lang) for lang, text in found.items()])


def _by_language(value: dict[str, Any]) -> Texts:
    """Read an object whose names say the languages: what systems send, so without detours."""
    found: dict[str, str] = {}
    for key, item in value.items():
        if type(item) is not str:
            continue
        tag = _tag_in_key(key) if len(key) <= _LONGEST_TAG else None
        if tag is None or tag in found:
            continue
        plain = len(item) <= TEXT_LIMIT and item.isprintable()
        if text := item.strip() if plain else plain_text(item):
            found[tag] = text
    return tuple([LangString(text, tag) for tag, text in found.items()])


def _pairs(value: Any) -> list[tuple[str | None, Any]]:
    if isinstance(value, list):
        return [pair for item in value if not isinstance(item, list) for pair in _pairs(item)]
    if not isinstance(value, dict):
        return [(None, value)]
    if isinstance(value.get("values"), (dict, list)):
        inner = value["values"]
        return [] if "values" in inner else _pairs(inner)
    if "value" in value or "text" in value:
        tag = value.get("lang") or value.get("language") or value.get("locale")
        return [(language_tag(tag), value.get("value") or value.get("text"))]
    pairs: list[tuple[str | None, Any]] = []
    for key, item in value.items():
        tag = _tag_in_key(key) if len(key) <= _LONGEST_TAG else None
        if tag:
            pairs.append((tag, item))
    return pairs


@lru_cache(maxsize=256)  # a listing has a handful of them, thousands of times
def _tag_in_key(key: str) -> str | None:
    named = _VALUE_KEY.fullmatch(key)
    return language_tag(named.group(1) if named else key)


def language_tag(value: Any) -> str | None:
    """Return a BCP 47 tag with its language in small letters, or ``None``."""
    if not isinstance(value, str) or len(value) > _LONGEST_TAG:
        return None
    return _tag(value)


@lru_cache(maxsize=256)
def _tag(value: str) -> str | None:
    if not _LANGUAGE.fullmatch(value.strip()):
        return None
    language, _, rest = value.strip().replace("_", "-").partition("-")
    return f"{language.lower()}-{rest}" if rest else language.lower()


def plain_decimal(value: Any) -> Decimal | None:
    """Read ``5``, ``"5.0"``, ``"5,0"``, ``"1 000,5"`` or ``"5 op"``; ``None`` for all else."""
    if type(value) is int and 0 <= value < _LARGEST:
        return Decimal(value)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, str)):
        return None
    if isinstance(value, str):
        value = re.sub(r"[\s\u00a0]", "", value[:40]).removesuffix("op").replace(",", ".")
        if not re.fullmatch(r"\+?\d{1,12}(\.\d{1,12})?", value):
            return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    if not number.is_finite() or not 0 <= number < _LARGEST or number.adjusted() < -9:
        return Decimal(0) if number.is_finite() and number.is_zero() else None
    return Decimal(_figure(number))


def _figure(number: Decimal) -> str:
    """Write a figure without exponent and without zeros at its end: ``5``, ``2.5``."""
    if not number.is_finite() or abs(number.adjusted()) > 30:
        return ""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain_date(value: Any, zone: ZoneInfo) -> date | None:
    """Read ``2024-05-31``, with a time and perhaps an offset, ``31.5.2024``, or epoch milliseconds.

    A moment becomes the date that it was in ``zone``; a time without an offset
    is local there already.
    """
    if value is None:
        return None
    try:
        day = _date(value, zone)
    except (ValueError, OverflowError):
        return None
    return day if day is not None and _EARLIEST <= day < _LATEST else None


def _date(value: Any, zone: ZoneInfo) -> date | None:
    if isinstance(value, str):
        if len(value) == len("2024-05-31") and value[4] == value[7] == "-":
            return date.fromisoformat(value)
        value = value.strip()
        if _ISO_DATE.match(value):
            moment = datetime.fromisoformat(value)
            return moment.astimezone(zone).date() if moment.tzinfo else moment.date()
        if finnish := _FINNISH_DATE.fullmatch(value):
            day, month, year = map(int, finnish.groups())
            return date(year, month, day)
        value = int(value) if _EPOCH.fullmatch(value) else None
    if isinstance(value, Decimal) and value.is_finite() and abs(value) < 10**15:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    # Not fromtimestamp: it refuses moments before 1970 on some systems.
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value)
    return moment.astimezone(zone).date()

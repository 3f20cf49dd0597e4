"""What a plugin's settings are, for a form: kinds, texts, defaults and limits, read from its dataclass.

A field's metadata may say ``label``, ``help`` and ``group`` (a text, or texts
by language), ``unit`` (a short text such as ``s``), ``choices`` (texts by
value), ``secret`` (a reference stands in the database) and ``advanced`` (most
people leave it alone).
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from emrex_gateway.errors import ConfigError
from emrex_gateway.ports import AdapterPlugin

Words = Mapping[str, str]
"""A text by language; under the empty string the one for all others."""

MAX_DEPTH = 4
_SEVERAL = (tuple, list, set, frozenset, Collection)


class FieldKind(StrEnum):
    """How a setting is asked for."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    CHOICE = "choice"
    CHOICES = "choices"
    """Any number of listed values."""
    LINES = "lines"
    """Several values, one a line."""
    PAIRS = "pairs"
    """Names with values, ``name = value`` on each line."""
    SECRET = "secret"  # noqa: S105 (the kind's name)
    """A reference to a secret, never the secret."""
    JSON = "json"
    """Anything else, written as JSON."""


_KINDS: Mapping[Any, FieldKind] = {
    bool: FieldKind.FLAG,
    int: FieldKind.INTEGER,
    float: FieldKind.NUMBER,
    Decimal: FieldKind.NUMBER,
    **dict.fromkeys((str, date, datetime, time, timedelta, UUID), FieldKind.TEXT),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldInfo:
    """One setting. ``name`` has dots for what stands in a nested dataclass: ``paging.size``.

    ``type`` is what a value is checked against. ``default`` is in the form in
    which settings are stored; ``required`` says that there is none.
    ``optional`` fields may be ``None``. ``choices`` are pairs of a value and
    its words. ``least`` and ``most`` are the ends of a number's range.
    """

    name: str
    kind: FieldKind
    type: Any
    label: Words
    help: Words
    group: Words
    unit: str = ""
    default: Any = None
    required: bool = False
    optional: bool = False
    advanced: bool = False
    choices: tuple[tuple[Any, Words], ...] = ()
    least: float | None = None
    most: float | None = None

    @property
    def path(self) -> tuple[str, ...]:
        """Where its value stands in the settings."""
        return tuple(self.name.split("."))


def describe(plugin: AdapterPlugin[Any]) -> tuple[FieldInfo, ...]:
    """Return the plugin's settings in their order; nested dataclasses are flattened.

    Raises ``ConfigError`` when the type's annotations cannot be read.
    """
    return tuple(_fields(plugin.name, plugin.settings_type, "", {}, False))


def words(value: Any) -> Words:
    """Return a text, or texts by language, as texts by language."""
    if isinstance(value, str):
        return {"": value} if value else {}
    if isinstance(value, Mapping):
        return {str(tag): str(text) for tag, text in value.items() if text}
    return {}


def said(texts: Words, language: str) -> str:
    """Return a text in a language, else in English, else in any."""
    order = (language, language.partition("-")[0], "", "en")
    found = next((texts[tag] for tag in order if texts.get(tag)), None)
    return found or next(iter(texts.values()), "")


def _fields(
    plugin: str, owner: type[Any], prefix: str, group: Words, optional: bool
) -> Iterator[FieldInfo]:
    try:
        hints = get_type_hints(owner, include_extras=True)
    except Exception as error:
        raise ConfigError(
            f"the settings of {plugin} cannot be described: {type(error).__name__}"
        ) from None
    for field in dataclasses.fields(owner):
        if not field.init:
            continue
        type_, may_be_none, _ = _bare(hints[field.name])
        inner = _nested(type_, prefix)
        if inner is not None and not field.metadata.get("secret"):
            heading = words(field.metadata.get("label")) or {"": _spoken(field.name)}
            below = f"{prefix}{field.name}."
            yield from _fields(plugin, inner, below, heading, optional or may_be_none)
        else:
            made = _field(field, hints[field.name], optional)
            yield dataclasses.replace(made, name=prefix + field.name, group=made.group or group)


def _field(field: dataclasses.Field[Any], type_: Any, within_optional: bool) -> FieldInfo:
    bare, may_be_none, (least, most) = _bare(type_)
    default, required = _default(field)
    metadata = field.metadata
    kind, choices = _kind(bare, metadata.get("choices") or {})
    if metadata.get("secret"):
        kind, choices = FieldKind.SECRET, ()
    return FieldInfo(
        name=field.name,
        kind=kind,
        type=type_,
        label=words(metadata.get("label")) or {"": _spoken(field.name)},
        help=words(metadata.get("help")),
        group=words(metadata.get("group")),
        unit=str(metadata.get("unit") or ""),
        default=default,
        required=required and not within_optional,
        optional=may_be_none or within_optional,
        advanced=bool(metadata.get("advanced")) and not required,
        choices=choices,
        least=least,
        most=most,
    )


def _kind(type_: Any, texts: Mapping[Any, Any]) -> tuple[FieldKind, tuple[tuple[Any, Words], ...]]:
    origin, arguments = get_origin(type_), get_args(type_)
    item = _bare(arguments[0])[0] if _is_several(origin, arguments) else None
    if values := _values(type_) or _values(item):
        named = tuple((value, words(texts.get(value)) or {"": str(value)}) for value in values)
        return (FieldKind.CHOICE if item is None else FieldKind.CHOICES), named
    if item in _KINDS and item is not bool:
        return FieldKind.LINES, ()
    if _is_mapping(origin) and len(arguments) == 2:
        name, value = (_bare(argument)[0] for argument in arguments)
        if name is str and value in _KINDS:
            return FieldKind.PAIRS, ()
    return _KINDS.get(type_, FieldKind.JSON) if isinstance(type_, type) else FieldKind.JSON, ()


def _values(type_: Any) -> tuple[Any, ...]:
    """The values of an enumeration or a ``Literal``, as they are stored; empty for other types."""
    if get_origin(type_) is Literal:
        return get_args(type_)
    if isinstance(type_, type) and issubclass(type_, Enum):
        return tuple(member.value for member in type_)
    return ()


def _is_several(origin: Any, arguments: tuple[Any, ...]) -> bool:
    if not (isinstance(origin, type) and issubclass(origin, _SEVERAL)) or not arguments:
        return False
    if issubclass(origin, Mapping):
        return False
    return origin is not tuple or (len(arguments) == 2 and arguments[1] is Ellipsis)


def _is_mapping(origin: Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _nested(type_: Any, prefix: str) -> type[Any] | None:
    if (
        isinstance(type_, type)
        and dataclasses.is_dataclass(type_)
        and prefix.count(".") < MAX_DEPTH
    ):
        return type_
    return None


def _bare(type_: Any) -> tuple[Any, bool, tuple[float | None, float | None]]:
    """Return a type without ``None`` and annotations, whether it had ``None``, and its limits."""
    may_be_none, least, most = False, None, None
    while True:
        if get_origin(type_) is Annotated:
            type_, *notes = get_args(type_)
            for note in notes:
                if isinstance(note, msgspec.Meta):
                    least = note.ge if note.ge is not None else least
                    most = note.le if note.le is not None else most
        elif get_origin(type_) in (Union, types.UnionType):
            others = [one for one in get_args(type_) if one is not types.NoneType]
            if len(others) != 1 or len(others) == len(get_args(type_)):
                return type_, may_be_none or len(others) < len(get_args(type_)), (least, most)
            may_be_none, type_ = True, others[0]
        else:
            return type_, may_be_none, (least, most)


def _default(field: dataclasses.Field[Any]) -> tuple[Any, bool]:
    if field.default is not dataclasses.MISSING:
        value = field.default
    elif field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    else:
        return None, True
    return msgspec.to_builtins(value), False


def _spoken(name: str) -> str:
    """A name in the program's spelling as words: for plugins that say nothing better."""
    return name.replace("_", " ").strip().capitalize()

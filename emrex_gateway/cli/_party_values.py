"""``NAME=VALUE`` for login methods, federations, service providers: what a value is follows from its field."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import click

from emrex_gateway import administering
from emrex_gateway.cli._said import printable
from emrex_gateway.domain import LangString
from emrex_gateway.errors import ConfigError

_YES = {"yes": True, "true": True, "no": False, "false": False}


def kinds_of(type_: type) -> dict[str, str]:
    """Return what each field of a dataclass takes: ``text``, ``list``, ``table``, ``yes``, ``number`` or ``json``."""
    return {name: _kind(hint) for name, hint in get_type_hints(type_).items()}


def assigned(
    values: Mapping[str, Any], said: Mapping[str, str], kinds: Mapping[str, str]
) -> dict[str, Any]:
    """Return the values with what was said over them; an empty value takes one away.

    A list's values are parted by line breaks, or written as JSON; what stands in
    a table is named with a dot: ``names.en``. Raises ``ConfigError``.
    """
    found = dict(values)
    for name, text in said.items():
        head, _dot, rest = name.partition(".")
        if kinds.get(head) == "table" and rest:
            table = {key: value for key, value in (found.get(head) or {}).items() if key != rest}
            found[head] = table | ({rest: text} if text else {})
        elif name not in kinds:
            raise ConfigError(f"there is no setting {name[:80]!r}", name)
        elif not text:
            found.pop(name, None)
        else:
            found[name] = _value(name, kinds[name], text)
    return found


def from_file(path: Path | None) -> dict[str, Any]:
    """Read a TOML file with fields. Raises ``ConfigError``."""
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None


def echo_row(row: object, as_json: bool) -> None:
    """Print a row, one ``NAME=VALUE`` a line, as ``set`` takes it back."""
    if as_json:
        click.echo(json.dumps(administering.values_of(row), indent=2, ensure_ascii=False))
        return
    values = administering.values_of(row)
    settings = values.pop("settings", {})
    for name, value in {**values, **settings}.items():
        if isinstance(value, Mapping):
            for part, text in value.items():
                click.echo(f"{name}.{part}={printable(str(text))}")
        elif isinstance(value, list):
            click.echo(f"{name}={json.dumps(value, ensure_ascii=False)}")
        elif isinstance(value, bool):
            click.echo(f"{name}={'yes' if value else 'no'}")
        elif value not in (None, ""):
            click.echo(f"{name}={printable(str(value))}")


def _value(name: str, kind: str, text: str) -> Any:
    if kind == "yes":
        if text.lower() not in _YES:
            raise ConfigError(f"{name}: write yes or no", name)
        return _YES[text.lower()]
    if kind == "number":
        if not text.isdigit():
            raise ConfigError(f"{name}: write a whole number", name)
        return int(text)
    if kind in ("list", "table", "json") and text.startswith(("[", "{")):
        try:
            return json.loads(text)
        except ValueError:
            raise ConfigError(f"{name}: this is not JSON", name) from None
    if kind == "list":
        return [line.strip() for line in text.splitlines() if line.strip()]
    if kind in ("table", "json"):
        raise ConfigError(f"{name}: write it as JSON, or by parts: {name}.<part>=…", name)
    return text


def _kind(hint: Any) -> str:
    arguments = [one for one in get_args(hint) if one is not NoneType]
    if get_origin(hint) in (UnionType, Union) and len(arguments) == 1:
        return _kind(arguments[0])
    if hint in (bool, int):
        return "yes" if hint is bool else "number"
    origin = get_origin(hint)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "table"
    if origin in (tuple, frozenset):
        if arguments[0] is LangString:
            return "table"
        return (
            "list" if isinstance(arguments[0], type) and issubclass(arguments[0], str) else "json"
        )
    return "text"

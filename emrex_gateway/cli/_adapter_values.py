"""An adapter's settings as commands read and print them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import click

from emrex_gateway.adapters import FieldInfo, FieldKind, said, value_at, with_value
from emrex_gateway.cli._said import printable
from emrex_gateway.errors import ConfigError

_LANGUAGE = "en"


def show_settings(fields: tuple[FieldInfo, ...], as_json: bool) -> None:
    """Print a plugin's settings: name, kind, default, help."""
    rows = [
        {
            "name": info.name,
            "kind": info.kind.value,
            "required": info.required,
            "default": info.default,
            "unit": info.unit,
            "label": said(info.label, _LANGUAGE),
            "help": said(info.help, _LANGUAGE),
        }
        for info in fields
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False, default=str))
        return
    for row in rows:
        default = "needed" if row["required"] else json.dumps(row["default"], default=str)
        parts = (row["name"], row["kind"], default, row["help"])
        click.echo("\t".join(printable(str(part)) for part in parts))


def changed(
    fields: tuple[FieldInfo, ...], values: dict[str, Any], given: tuple[str, ...]
) -> dict[str, Any]:
    """The values with those of the command over them. Raises ``ConfigError``."""
    known = {info.name: info for info in fields}
    for one in given:
        name, equals, text = one.partition("=")
        if name not in known:
            raise ConfigError(f"there is no setting {name!r}; `adapter plugins` lists them")
        path = known[name].path
        if not equals:
            values = _without(values, path)
        else:
            values = with_value(values, path, _value(known[name], text))
    return values


def _value(info: FieldInfo, text: str) -> Any:
    if info.kind in (FieldKind.TEXT, FieldKind.SECRET):
        return text
    if info.kind is FieldKind.CHOICE:
        return next((value for value, _words in info.choices if str(value) == text), text)
    try:
        return json.loads(text)
    except ValueError:
        return text.splitlines() if info.kind in (FieldKind.LINES, FieldKind.CHOICES) else text


def _without(values: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    if value_at(values, path) is None:
        return values
    name, *rest = path
    if rest:
        return {**values, name: _without(dict(values[name]), tuple(rest))}
    return {key: value for key, value in values.items() if key != name}


def read_settings(file: Path | None) -> dict[str, Any]:
    """Read settings from a TOML file. Raises ``ConfigError``."""
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise ConfigError("the file with settings cannot be read as TOML") from None

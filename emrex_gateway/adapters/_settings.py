"""A plugin's settings: from the row's mapping to its frozen dataclass.

Every error says which setting and why: its ``field`` is ``settings.<name>``,
the name a form's field has (``adapters.describe``).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from emrex_gateway.adapters._describe import FieldInfo, FieldKind, describe
from emrex_gateway.errors import ConfigError
from emrex_gateway.ports import AdapterPlugin, Secrets

SCHEMES = ("env:", "file:")
PREFIX = "settings."

_PATH = re.compile(r"^(?P<why>.*?) - at `\$(?P<path>[^`]*)`$", re.DOTALL)
_MISSING = re.compile(r"^Object missing required field `(?P<name>\w+)`")


def check_settings(plugin: AdapterPlugin[Any], values: Mapping[str, Any]) -> Any:
    """Return the settings with references in place of secrets, for checks without the secrets.

    Raises ``ConfigError`` for an unknown or missing name, a value of the wrong
    type, and a secret that is written out instead of referred to.
    """
    known = {field.name for field in dataclasses.fields(plugin.settings_type)}
    if unknown := sorted(set(values) - known):
        raise ConfigError(
            f"unknown settings of {plugin.name}: {', '.join(unknown)}", PREFIX + unknown[0]
        )
    for path in _secrets(plugin):
        value = value_at(values, path)
        if value in (None, ""):
            continue
        if not isinstance(value, str) or not value.startswith(SCHEMES):
            name = ".".join(path)
            raise ConfigError(
                f"the setting {name} of {plugin.name} is a secret: refer to it by env: or file:",
                PREFIX + name,
            )
    return _convert(plugin, values)


def check_each(plugin: AdapterPlugin[Any], values: Mapping[str, Any]) -> tuple[ConfigError, ...]:
    """Return everything that is wrong, not only the first: each field by itself, then the whole."""
    found: dict[str, ConfigError] = {}
    for info in describe(plugin):
        value = value_at(values, info.path)
        if value is None:
            continue
        if problem := _problem(plugin, info, value):
            found[info.name] = problem
    if not found:
        try:
            check_settings(plugin, values)
        except ConfigError as error:
            found[error.field] = error
    return tuple(found.values())


def make_settings(plugin: AdapterPlugin[Any], values: Mapping[str, Any], secrets: Secrets) -> Any:
    """Return the settings with their secrets resolved. Raises ``ConfigError``."""
    check_settings(plugin, values)
    resolved: Mapping[str, Any] = values
    for path in _secrets(plugin):
        if reference := value_at(values, path):
            try:
                secret = secrets(reference)
            except ConfigError as error:
                raise ConfigError(str(error), PREFIX + ".".join(path)) from None
            resolved = with_value(resolved, path, secret)
    return _convert(plugin, resolved)


def secret_references(plugin: AdapterPlugin[Any], values: Mapping[str, Any]) -> dict[str, str]:
    """Return the references among the values, by the field's name (``settings.<name>``)."""
    found = {path: value_at(values, path) for path in _secrets(plugin)}
    return {PREFIX + ".".join(path): value for path, value in found.items() if value}


def value_at(values: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """Return what stands at a path of names, ``None`` when nothing does."""
    at: Any = values
    for name in path:
        if not isinstance(at, Mapping) or name not in at:
            return None
        at = at[name]
    return at


def with_value(values: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Return the values with another one at a path of names."""
    name, *rest = path
    inner = values.get(name)
    if rest:
        inner = inner if isinstance(inner, Mapping) else {}
        value = with_value(inner, tuple(rest), value)
    return {**values, name: value}


def _secrets(plugin: AdapterPlugin[Any]) -> tuple[tuple[str, ...], ...]:
    return tuple(info.path for info in describe(plugin) if info.kind is FieldKind.SECRET)


def _problem(plugin: AdapterPlugin[Any], info: FieldInfo, value: Any) -> ConfigError | None:
    where = PREFIX + info.name
    if info.kind is FieldKind.SECRET:
        if value and not (isinstance(value, str) and value.startswith(SCHEMES)):
            return ConfigError(
                f"the setting {info.name} of {plugin.name} is a secret:"
                " refer to it by env: or file:",
                where,
            )
        return None
    try:
        msgspec.convert(value, info.type)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        why = _PATH.sub(r"\g<why>", str(error))
        return ConfigError(f"{info.name}: {why}", where)
    except ConfigError as error:
        return ConfigError(str(error), where)
    return None


def _convert(plugin: AdapterPlugin[Any], values: Mapping[str, Any]) -> Any:
    try:
        converted = msgspec.convert(dict(values), plugin.settings_type)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        raise ConfigError(
            f"the settings of {plugin.name} do not fit: {error}", _field_of(str(error))
        ) from None
    except ConfigError as error:  # the plugin's own checks; it may have named its field
        names = {info.name for info in describe(plugin)}
        field = PREFIX + error.field if error.field in names else error.field
        raise ConfigError(str(error), field, words=error.words, values=error.values) from None
    # msgspec passes over names that a nested dataclass does not know; a typo there is an error too.
    if unknown := sorted(_unknown(converted, values, "")):
        raise ConfigError(
            f"unknown settings of {plugin.name}: {', '.join(unknown)}", PREFIX + unknown[0]
        )
    return converted


def _field_of(message: str) -> str:
    """Return the field that msgspec's message is about: ``- at `$.paging.size` ``, or a missing one."""
    found = _PATH.match(message)
    path = found["path"] if found else ""
    names = [name for name in re.findall(r"\.(\w+)", path.partition("[")[0]) if name]
    if missing := _MISSING.match(message):
        names.append(missing["name"])
    return PREFIX + ".".join(names) if names else ""


def _unknown(converted: Any, given: Any, path: str) -> list[str]:
    if dataclasses.is_dataclass(converted) and isinstance(given, Mapping):
        names = {field.name for field in dataclasses.fields(converted)}
        found = [f"{path}{name}" for name in given if name not in names]
        for name in names & set(given):
            found += _unknown(getattr(converted, name), given[name], f"{path}{name}.")
        return found
    if isinstance(converted, Mapping) and isinstance(given, Mapping):
        pairs = [(converted[key], given[key], key) for key in converted if key in given]
        return [name for one, other, key in pairs for name in _unknown(one, other, f"{path}{key}.")]
    if isinstance(converted, list | tuple) and isinstance(given, list | tuple):
        pairs = [
            (one, other, i) for i, (one, other) in enumerate(zip(converted, given, strict=False))
        ]
        return [name for one, other, i in pairs for name in _unknown(one, other, f"{path}{i}.")]
    return []

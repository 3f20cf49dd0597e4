"""A plugin's settings: from the row's mapping to its frozen dataclass."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import msgspec

from emrex_gateway.errors import ConfigError
from emrex_gateway.ports import AdapterPlugin, Secrets

SCHEMES = ("env:", "file:")


def check_settings(plugin: AdapterPlugin[Any], values: Mapping[str, Any]) -> Any:
    """Return the settings with references in place of secrets, for checks without the secrets.

    Raises ``ConfigError`` for an unknown or missing name, a value of the wrong
    type, and a secret that is written out instead of referred to.
    """
    known = {field.name for field in dataclasses.fields(plugin.settings_type)}
    if unknown := sorted(set(values) - known):
        raise ConfigError(f"unknown settings of {plugin.name}: {', '.join(unknown)}")
    for name in _secret_names(plugin):
        value = values.get(name)
        if value in (None, ""):
            continue
        if not isinstance(value, str) or not value.startswith(SCHEMES):
            raise ConfigError(
                f"the setting {name} of {plugin.name} is a secret: refer to it by env: or file:"
            )
    return _convert(plugin, values)


def make_settings(plugin: AdapterPlugin[Any], values: Mapping[str, Any], secrets: Secrets) -> Any:
    """Return the settings with their secrets resolved. Raises ``ConfigError``."""
    check_settings(plugin, values)
    resolved = dict(values)
    for name in _secret_names(plugin):
        if reference := values.get(name):
            resolved[name] = secrets(reference)
    return _convert(plugin, resolved)


def _secret_names(plugin: AdapterPlugin[Any]) -> tuple[str, ...]:
    fields = dataclasses.fields(plugin.settings_type)
    return tuple(field.name for field in fields if field.metadata.get("secret"))


def _convert(plugin: AdapterPlugin[Any], values: Mapping[str, Any]) -> Any:
    try:
        converted = msgspec.convert(dict(values), plugin.settings_type)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        raise ConfigError(f"the settings of {plugin.name} do not fit: {error}") from None
    # msgspec passes over names that a nested dataclass does not know; a typo there is an error too.
    if unknown := sorted(_unknown(converted, values, "")):
        raise ConfigError(f"unknown settings of {plugin.name}: {', '.join(unknown)}")
    return converted


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

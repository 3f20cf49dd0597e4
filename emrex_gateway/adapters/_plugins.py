"""Entry points of the group ``emrex_gateway.adapters``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from emrex_gateway.errors import ConfigError
from emrex_gateway.ports import ADAPTER_API_VERSION, AdapterPlugin

GROUP = "emrex_gateway.adapters"


def plugins() -> Mapping[str, AdapterPlugin[Any]]:
    """Return all installed plugins by name.

    Raises ``ConfigError`` for the first that cannot be used, and for two of one name.
    """
    return {name: plugin(name) for name in sorted({point.name for point in _points()})}


def plugin(name: str) -> AdapterPlugin[Any]:
    """Return one plugin; the others are not even imported.

    Raises ``ConfigError`` when it is not installed, installed twice, cannot be
    imported, was written for another version of the contract, or breaks it.
    """
    found = {_identity(point): point for point in _points() if point.name == name}
    if not found:
        raise ConfigError(f"the adapter {name!r} is not installed")
    if len(found) > 1:
        owners = ", ".join(sorted(owner for owner, _ in found))
        raise ConfigError(f"the adapter {name!r} is offered by several packages: {owners}")
    (point,) = found.values()
    try:
        loaded = point.load()
    except Exception as error:
        raise ConfigError(
            f"the adapter {name!r} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    return _checked(name, loaded)


def _checked(name: str, loaded: Any) -> AdapterPlugin[Any]:
    version = getattr(loaded, "api_version", None)
    if version != ADAPTER_API_VERSION:
        raise ConfigError(
            f"the adapter {name!r} was written for version {version} of the plugin contract,"
            f" this gateway has {ADAPTER_API_VERSION}"
        )
    if getattr(loaded, "name", None) != name:
        raise ConfigError(f"the adapter {name!r} calls itself {getattr(loaded, 'name', None)!r}")
    settings_type = getattr(loaded, "settings_type", None)
    if not (isinstance(settings_type, type) and dataclasses.is_dataclass(settings_type)):
        raise ConfigError(f"the adapter {name!r} has no dataclass as settings_type")
    if not callable(getattr(loaded, "open", None)):
        raise ConfigError(f"the adapter {name!r} cannot be opened")
    checked: AdapterPlugin[Any] = loaded
    return checked


def _points() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=GROUP))


def _identity(point: EntryPoint) -> tuple[str, str]:
    """One distribution that is found twice on the path is still one."""
    return (point.dist.name if point.dist else "unknown"), point.value

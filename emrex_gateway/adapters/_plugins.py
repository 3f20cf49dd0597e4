"""Entry points of the group ``emrex_gateway.adapters``."""

from __future__ import annotations

import dataclasses
import logging
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from emrex_gateway.errors import ConfigError
from emrex_gateway.ports import ADAPTER_API_VERSION, AdapterPlugin

log = logging.getLogger(__name__)

GROUP = "emrex_gateway.adapters"
LOOK_AGAIN = 5
"""Seconds after which an installed plugin is seen, whatever the folder's time says."""
CAPABILITIES = ("records", "convert")
"""What a plugin can do: read a student's records, and map a recorded answer."""

_told: set[tuple[str, str]] = set()
_PLACE = re.compile(r"(?:[A-Za-z]:)?[\\/][^\s'\"(),]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A plugin as it is installed: usable, or with what is wrong in one line.

    ``capabilities`` are those that it states, else all that this version of
    the contract has.
    """

    name: str
    distribution: str
    version: str
    api_version: int | None = None
    capabilities: tuple[str, ...] = ()
    plugin: AdapterPlugin[Any] | None = dataclasses.field(default=None, repr=False)
    problem: str = ""


def installed() -> tuple[Installed, ...]:
    """Return every installed plugin by name, broken ones with their problem. Never raises for a plugin."""
    found = {(point.name, *_identity(point)): point for point in _points()}
    return tuple(_look(found[identity]) for identity in sorted(found))


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
        raise ConfigError(f"the adapter {name!r} is not installed", "adapter")
    if len(found) > 1:
        owners = ", ".join(sorted(owner for owner, _ in found))
        raise ConfigError(
            f"the adapter {name!r} is offered by several packages: {owners}", "adapter"
        )
    (point,) = found.values()
    try:
        return _checked(name, point.load())
    except ConfigError:
        raise
    # SystemExit too: a module that ends the program when it is imported must not end ours.
    except (Exception, SystemExit) as error:
        if (name, str(error)) not in _told:
            _told.add((name, str(error)))  # once a process: pages look at plugins again and again
            log.warning("the adapter %s cannot be imported", name, exc_info=True)
        raise ConfigError(
            f"the adapter {name!r} cannot be imported: {_reason(error)}", "adapter"
        ) from error


def _look(point: EntryPoint) -> Installed:
    plain = Installed(
        name=point.name,
        distribution=point.dist.name if point.dist else "unknown",
        version=point.dist.version if point.dist else "",
    )
    try:
        loaded = plugin(point.name)
    except ConfigError as error:
        return dataclasses.replace(plain, problem=str(error))
    stated = getattr(loaded, "capabilities", CAPABILITIES)
    return dataclasses.replace(
        plain,
        api_version=loaded.api_version,
        capabilities=tuple(str(one) for one in stated),
        plugin=loaded,
    )


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


def _reason(error: BaseException) -> str:
    """The error's kind and first line, without places of this machine: it is shown on a page."""
    line = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {_PLACE.sub('…', line)[:200]}".rstrip(": ")


def _points() -> tuple[EntryPoint, ...]:
    """The group's entry points; looked for anew when something was installed, and every few seconds.

    Python reads a file of every installed package for them (20 ms among 150), and each fetch and
    each page that knows a plugin asks. The folder changes when an installation begins; what it
    writes later is seen with the next look.
    """
    return _on(tuple(map(_changed, sys.path)), int(time.monotonic()) // LOOK_AGAIN)


@lru_cache(maxsize=4)
def _on(_path: tuple[tuple[str, int], ...], _when: int) -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=GROUP))


def _changed(place: str) -> tuple[str, int]:
    """When a folder's list of files last changed, which is also what Python's own search goes by."""
    try:
        return place, Path(place).stat().st_mtime_ns
    except OSError:
        return place, 0


def _identity(point: EntryPoint) -> tuple[str, str]:
    """One distribution that is found twice on the path is still one."""
    return (point.dist.name if point.dist else "unknown"), point.value

"""How an institution's pages look, and what it states of their accessibility: what may stand there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from emrex_gateway.administering._values import N_, check_contact, check_texts, check_url
from emrex_gateway.domain import Accessibility, Assessment, Conformance, is_colour
from emrex_gateway.errors import ConfigError

_SHORT = 4
_EARLIEST = date(2000, 1, 1)


def check_colour(value: str, where: str) -> str:
    """Return a colour as ``#rrggbb``; ``#abc`` is written out. Raises ``ConfigError``.

    Any colour may be had: the pages darken or lighten it where it could not be
    read (``domain.palette``).
    """
    colour = value.strip().lower()
    if len(colour) == _SHORT and colour.startswith("#"):
        colour = "#" + "".join(2 * digit for digit in colour[1:])
    if colour and not is_colour(colour):
        raise ConfigError(
            f"{where}: colour is not written as #rrggbb",
            "colour",
            words=N_("Write the colour as # and six hexadecimal digits, such as #0b4f9e."),
        )
    return colour


def check_accessibility(told: Accessibility, where: str) -> Accessibility:
    """Return the statement as it is kept. Raises ``ConfigError`` for the first thing that is wrong."""
    for name, values in (
        ("accessibility.law", told.law),
        ("accessibility.gaps", told.gaps),
        ("accessibility.authority", told.authority),
        ("accessibility.authority_url", told.authority_url),
    ):
        check_texts(values, where, name=name, empty=True)
    for one in told.authority_url:
        check_url(one.value, where, http=False, name="accessibility.authority_url")
    if told.contact:
        check_contact(told.contact, where, "accessibility.contact")
    _days(told, where)
    if told.conformance in (Conformance.PARTIAL, Conformance.NONE) and not told.gaps:
        raise ConfigError(
            f"{where}: accessibility.gaps must say what is not accessible",
            "accessibility.gaps",
            words=N_("Say what is not accessible, why, and what there is instead."),
        )
    return told


def _days(told: Accessibility, where: str) -> None:
    for name in ("prepared", "reviewed"):
        day = getattr(told, name)
        if day is not None and day < _EARLIEST:
            raise ConfigError(
                f"{where}: accessibility.{name} is no day of this century",
                f"accessibility.{name}",
                words=N_("Write a day of this century."),
            )
    if told.prepared and told.reviewed and told.reviewed < told.prepared:
        raise ConfigError(
            f"{where}: accessibility.reviewed is before accessibility.prepared",
            "accessibility.reviewed",
            words=N_("It cannot have been reviewed before it was prepared."),
        )


def accessibility_with(told: Accessibility, name: str, value: str) -> Accessibility:
    """Return the statement with one setting that is no text in a language, given as a command takes it.

    Raises ``ConfigError`` for a value that cannot be, ``KeyError`` for another name.
    """
    readers: dict[str, Callable[[str], Any]] = {
        "conformance": Conformance,
        "assessment": Assessment,
        "contact": str,
        "prepared": _day,
        "reviewed": _day,
    }
    read = readers[name]
    try:
        changes = {name: read(value)}
    except ValueError:
        known = {"conformance": "full, partial, none", "assessment": "self, third-party"}
        wanted = known.get(name, "a day such as 2026-09-30")
        raise ConfigError(f"accessibility.{name} is none of: {wanted}") from None
    return replace(told, **changes)


def _day(value: str) -> date | None:
    return date.fromisoformat(value) if value else None

"""Settings as commands take them, ``NAME=VALUE``: the names are those of the trail and of ``show``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from enum import Enum
from typing import Any, TypeVar

import click

from emrex_gateway import administering, bootstrap, log
from emrex_gateway.domain import (
    Accessibility,
    AccessPoint,
    ElmoVersion,
    Institution,
    LangString,
    LearnerDetail,
    PersonIdentifierType,
    Texts,
)
from emrex_gateway.errors import ConfigError, GatewayError
from emrex_gateway.services import Services
from emrex_gateway.settings import load

E = TypeVar("E", bound=Enum)
Row = TypeVar("Row")
Setter = Callable[[str], Any]
_YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


@contextmanager
def opened() -> Iterator[Services]:
    """The services of the configured installation; our own errors end as one line and status 1."""
    try:
        settings = load()
        log.configure(settings, level="WARNING")
        yield bootstrap.services(settings)
    except GatewayError as error:
        raise click.ClickException(str(error)) from None


def pairs(arguments: tuple[str, ...]) -> dict[str, str]:
    """Read ``NAME=VALUE``; raises ``click.UsageError``."""
    found: dict[str, str] = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals or not name:
            raise click.UsageError(f"write NAME=VALUE, not {argument!r}")
        found[name] = value
    return found


def institution_with(one: Institution, said: Mapping[str, str]) -> Institution:
    """Return the institution with those settings; an empty value takes one away."""
    for name, value in said.items():
        head, _dot, rest = name.partition(".")
        if head == "names" and rest:
            one = replace(one, names=_text(one.names, rest, value))
        elif head == "codes" and rest:
            codes = {type_: code for type_, code in one.codes.items() if type_ != rest}
            one = replace(one, codes=codes | ({rest: value} if value else {}))
        elif head == "privacy" and rest:
            one = replace(one, privacy=_privacy(one.privacy, rest, value))
        elif head == "accessibility" and rest:
            one = replace(one, accessibility=_accessibility(one.accessibility, rest, value))
        elif head == "matching" and rest in ("same", "different"):
            one = replace(one, matching=administering.matching_with(one.matching, rest, value))
        elif head == "release" and rest in _RELEASE:
            one = replace(one, release=replace(one.release, **{rest: _RELEASE[rest](value)}))
        elif name == "languages":
            one = replace(one, languages=tuple(value.replace(",", " ").split()))
        elif name in ("country", "domain", "url", "support", "address", "logo", "colour"):
            changes: dict[str, Any] = {name: value}
            one = replace(one, **changes)
        else:
            raise _unknown(name)
    return one


def access_point_with(one: AccessPoint, said: Mapping[str, str]) -> AccessPoint:
    """Return the access point with those settings; an empty value takes one away."""
    for name, value in said.items():
        head, _dot, rest = name.partition(".")
        if head == "names" and rest:
            one = replace(one, names=_text(one.names, rest, value))
        elif name in _POINT:
            changes: dict[str, Any] = {name: _POINT[name](value)}
            one = replace(one, **changes)
        else:
            raise _unknown(name)
    return one


def echo(fields: Mapping[str, str], as_json: bool) -> None:
    """Print settings, one a line."""
    if as_json:
        click.echo(json.dumps(dict(fields), indent=2, ensure_ascii=False))
        return
    for name, value in fields.items():
        click.echo(f"{name}={printable(value)}")


def printable(text: str) -> str:
    """One line without control characters: what people wrote must not steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def _privacy(privacy: Any, rest: str, value: str) -> Any:
    kind, _dot, language = rest.partition(".")
    if kind == "contact" and not language:
        return replace(privacy, contact=value)
    if kind in ("controller", "notice", "url") and language:
        return replace(privacy, **{kind: _text(getattr(privacy, kind), language, value)})
    raise _unknown(f"privacy.{rest}")


def _accessibility(told: Accessibility, rest: str, value: str) -> Accessibility:
    kind, _dot, language = rest.partition(".")
    if kind in ("law", "gaps", "authority", "authority_url") and language:
        changes: dict[str, Any] = {kind: _text(getattr(told, kind), language, value)}
        return replace(told, **changes)
    try:
        return administering.accessibility_with(told, rest, value)
    except KeyError:
        raise _unknown(f"accessibility.{rest}") from None


def _text(values: Texts, language: str, value: str) -> Texts:
    others = tuple(one for one in values if one.lang != language)
    return (*others, LangString(value, language)) if value else others


def _many(value: str) -> list[str]:
    return [one.strip() for one in value.split(",") if one.strip()]


def _some(kind: type[E]) -> Callable[[str], frozenset[E]]:
    def read(value: str) -> frozenset[E]:
        known = {str(one.value): one for one in kind}
        wanted = _many(value)
        if unknown := [one for one in wanted if one not in known]:
            raise ConfigError(f"{unknown[0]!r} is none of {', '.join(sorted(known))}")
        return frozenset(known[one] for one in wanted)

    return read


def _yes(value: str) -> bool:
    if value.lower() not in _YES:
        raise ConfigError(f"write yes or no, not {value[:40]!r}")
    return _YES[value.lower()]


def _version(value: str) -> ElmoVersion:
    try:
        return ElmoVersion(value)
    except ValueError:
        raise ConfigError(f"there is no version {value[:40]!r} of ELMO here") from None


_RELEASE: Mapping[str, Setter] = {
    "released": _some(PersonIdentifierType),
    "restricted": _some(PersonIdentifierType),
    "restricted_hosts": lambda value: frozenset(_many(value.lower())),
    "details": _some(LearnerDetail),
}
_POINT: Mapping[str, Setter] = {
    "key": str,
    "certificate": str,
    "countrywide": _yes,
    "newer_codes": _yes,
    "transcript_per_issuer": _yes,
    "elmo_version": _version,
    "allowed_hosts": lambda value: frozenset(_many(value.lower())),
    "institutions": lambda value: tuple(one.strip() for one in value.split(";") if one.strip()),
}


def _unknown(name: str) -> ConfigError:
    return ConfigError(f"there is no setting {name[:80]!r}")

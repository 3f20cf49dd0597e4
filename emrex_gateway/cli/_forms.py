"""The forms that values of the institutions' file have; each check raises with one clear line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from emrex_gateway.domain import Texts, texts
from emrex_gateway.errors import ConfigError

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9-]{1,63}\Z")
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*\Z")
COUNTRY = re.compile(r"[A-Z]{2}\Z")
URI = re.compile(r"(?=.{1,1024}\Z)[A-Za-z][A-Za-z0-9+.-]*:[!-~]+\Z")
"""What an entity id or a category may be (SAML 2.0 Metadata, 2.2.1: at most 1024 characters)."""
EMAIL = re.compile(r"(?=.{3,254}\Z)[^\s@<>\"]{1,64}@[A-Za-z0-9.-]+\Z")
MAX_TEXT = 2000


def match(pattern: re.Pattern[str], value: str, where: str, name: str) -> None:
    """Raise unless the value has that form."""
    if not pattern.match(value):
        raise ConfigError(f"{where}: {name} {value[:80]!r} does not have the right form")


def once(what: str, names: Iterable[str]) -> None:
    """Raise when a name stands twice."""
    for name, count in Counter(names).items():
        if count > 1:
            raise ConfigError(f"the {what} {name!r} stands {count} times in the file")


def read_texts(
    values: Mapping[str, str], where: str, *, name: str = "names", empty: bool = False
) -> Texts:
    """Return texts by language; at least one, unless ``empty``."""
    good = all(0 < len(value) <= MAX_TEXT for value in values.values())
    if not good or not (values or empty):
        raise ConfigError(f"{where}: {name} must hold a text for each of its languages")
    for language in values:
        match(LANGUAGE, language, where, "language")
    return texts(**values)


def read_hosts(values: Iterable[str], where: str) -> frozenset[str]:
    """Return host names in lower case."""
    hosts = frozenset(value.lower() for value in values)
    for host in hosts:
        match(HOST, host, where, "host")
    return hosts


def check_url(value: str, where: str, *, http: bool, name: str = "url") -> None:
    """Raise unless the value is an https address, or an http one where that is allowed."""
    try:
        parts = urlsplit(value)
        schemes = ("https", "http") if http else ("https",)
        good = parts.scheme in schemes and parts.hostname and not parts.username
    except ValueError:
        good = False
    if not good or len(value) > MAX_TEXT:
        raise ConfigError(f"{where}: {name} is not an absolute address that people can open")

"""What both registries say of a data access point, in one shape, and the limits on what they may say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from emrex_gateway.domain import LangString, Texts, provider_key
from emrex_gateway.network._registries import is_listed_address

MAX_PROVIDERS: Final = 2000
MAX_INSTITUTIONS: Final = 5000
"""Of one provider; further ones are left out."""
MAX_LISTED_CERTIFICATES: Final = 20
"""Of one provider; an entry with more is left out: nobody rolls over so many keys."""
MAX_CERTIFICATE_TEXT: Final = 20_000
MAX_NAME: Final = 300
MAX_URL: Final = 1000
_COUNTRY = re.compile(r"[A-Z]{2}\Z")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*\Z")
_OTHER_CODES: Final = {"UK": "GB", "EL": "GR"}
"""The European Union's own codes, by ISO 3166-1's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPoint:
    """One entry of a registry that can be used.

    ``certificates`` are texts as listed (PEM, or base64 of DER), each for
    ``signing.certificate_facts``; a text may hold several certificates.
    ``single_fetch`` is the country's, where the list says it.
    """

    url: str
    country: str
    names: Texts = ()
    acronym: str = ""
    institutions: tuple[str, ...] = ()
    certificates: tuple[str, ...] = field(default=(), repr=False)
    single_fetch: bool = False


@dataclass(frozen=True, slots=True)
class RegistryList:
    """A whole registry. ``skipped`` counts entries that break a rule or a limit; null ones are none."""

    points: tuple[ListedPoint, ...]
    skipped: int = 0


def plain(value: object, most: int = MAX_NAME) -> str:
    """One line of printable text, at most so long; ``""`` for anything but text."""
    if not isinstance(value, str):
        return ""
    line = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    return line[:most].rstrip()


def country_code(value: object) -> str:
    """An ISO 3166-1 code in capitals; ``""`` for what is none."""
    code = value.strip().upper() if isinstance(value, str) else ""
    code = _OTHER_CODES.get(code, code)
    return code if _COUNTRY.match(code) else ""


def language_tag(value: object) -> str | None:
    """A tag as in ``xml:lang``; ``None`` where the source does not say, or says nonsense."""
    return value if isinstance(value, str) and _LANGUAGE.match(value) else None


def usable(point: ListedPoint, *, loopback: bool) -> bool:
    """Whether a student can be sent to an entry's address, and its limits hold."""
    return (
        len(point.url) <= MAX_URL
        and is_listed_address(point.url, loopback=loopback)
        and _reads_one_way(point.url)
        and bool(point.country)
        and len(point.certificates) <= MAX_LISTED_CERTIFICATES
        and all(len(text) <= MAX_CERTIFICATE_TEXT for text in point.certificates)
    )


def _reads_one_way(url: str) -> bool:
    """Whether browsers and we read the same host: they take a backslash for a slash, and drop tabs."""
    if "\\" in url or not url.isprintable():
        return False
    try:
        provider_key(url)
    except ValueError:
        return False
    return True


def several_names(values: Iterable[tuple[object, str | None]]) -> Texts:
    """Names with their languages, the first in each."""
    found: dict[str | None, LangString] = {}
    for value, lang in values:
        if (name := plain(value)) and lang not in found:
            found[lang] = LangString(name, lang)
    return tuple(found.values())


def listed_institutions(values: Iterable[object]) -> tuple[str, ...]:
    """Institutions' names or schac domains, each once."""
    names = dict.fromkeys(name for value in values if (name := plain(value)))
    return tuple(names)[:MAX_INSTITUTIONS]

"""Codes of institutions: which forms they have, and in which one they are kept.

PIC: the European Commission's participant number, nine digits. Erasmus code: a
country's prefix filled up to three places, letters of the town, two or three
digits, such as ``SF HELSINK01`` or ``A  WIEN01``; people lose one of two blanks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from babel import Locale

from emrex_gateway.administering._values import N_
from emrex_gateway.errors import ConfigError

ERASMUS, PIC, ADDRESS, SCHAC = "erasmus", "pic", "address", "schac"
MAX_CODES = 30
MAX_CODE = 200

_PIC = re.compile(r"[0-9]{9}\Z")
_ERASMUS = re.compile(
    r"(?P<country>[A-Z]{1,3})(?P<gap> *)(?P<town>[A-Z][A-Z'.-]{1,6}[0-9]{2,3})\Z", re.ASCII
)
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,63}\Z", re.ASCII)
_PREFIXES = {
    "A": "AT", "B": "BE", "D": "DE", "E": "ES", "F": "FR", "G": "GR", "I": "IT", "N": "NO",
    "P": "PT", "S": "SE", "SF": "FI", "IRL": "IE", "LUX": "LU", "UK": "GB",
}  # fmt: skip
"""Prefixes that are not the country's ISO 3166 code; every other one is."""
_NO_COUNTRY = frozenset(
    {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
)
"""What CLDR calls a territory and ISO 3166 does not list."""


@cache
def countries() -> frozenset[str]:
    """ISO 3166-1 alpha-2 codes, and ``XK``, which everybody writes for Kosovo."""
    codes = {str(code) for code in Locale("en").territories}
    return frozenset(code for code in codes if len(code) == 2 and code.isalpha()) - _NO_COUNTRY


def country_of_erasmus(code: str) -> str:
    """Return the country that an Erasmus code's prefix means, empty for none."""
    prefix = code[:3].strip()
    country = _PREFIXES.get(prefix, prefix)
    return country if country in countries() else ""


def country_of_domain(domain: str) -> str:
    """Return the country that a domain's ending means, empty for none."""
    ending = domain.rpartition(".")[2].upper()
    country = {"UK": "GB"}.get(ending, ending)
    return country if country in countries() else ""


def check_country(value: str, where: str) -> None:
    """Raise ``ConfigError`` unless it is a country's code."""
    if value not in countries():
        raise ConfigError(
            f"{where}: country {value[:80]!r} does not have the right form",
            "country",
            words=N_("Choose a country."),
        )


def check_codes(codes: Mapping[str, str], where: str) -> dict[str, str]:
    """Return the codes as they are kept. Raises ``ConfigError`` for the first that is wrong."""
    if len(codes) > MAX_CODES:
        raise ConfigError(
            f"{where}: at most {MAX_CODES} codes",
            "codes",
            words=N_("There are too many codes."),
        )
    return {type_: _checked(type_, value, where) for type_, value in codes.items()}


def _checked(type_: str, value: str, where: str) -> str:
    value = " ".join(value.split()) if type_ != ERASMUS else value.strip()
    if type_ == SCHAC:
        raise ConfigError(
            f"{where}: the schac code is the domain, write it there",
            "codes",
            words=N_("The SCHAC code is the domain: write it in its own field."),
        )
    if not _TYPE.match(type_):
        raise ConfigError(
            f"{where}: codes has a type {type_[:80]!r} that does not have the right form",
            "codes",
            words=N_("Write a code's type with letters, digits and hyphens, such as national."),
        )
    if type_ == PIC and not _PIC.match(value):
        raise ConfigError(
            f"{where}: the PIC {value[:80]!r} does not have nine digits",
            "codes.pic",
            words=N_("A PIC has nine digits, such as 999903840."),
        )
    if type_ == ERASMUS:
        return _erasmus(value, where)
    if not 0 < len(value) <= MAX_CODE or not value.isprintable():
        raise ConfigError(
            f"{where}: the code {type_} must have 1 to {MAX_CODE} characters",
            "codes",
            words=N_("A code has 1 to %(most)d characters."),
            values={"most": MAX_CODE},
        )
    return value


def _erasmus(value: str, where: str) -> str:
    found = _ERASMUS.match(value.upper())
    if found and not found["gap"] and len(found["country"]) < 3:
        found = None  # without a blank the prefix has all three places, such as IRL or LUX
    if not found or not country_of_erasmus(found["country"]):
        raise ConfigError(
            f"{where}: the Erasmus code {value[:80]!r} does not have the right form",
            "codes.erasmus",
            words=N_(
                "An Erasmus code has the country's letters, a blank, letters of the town and two "
                "or three digits, such as SF HELSINK01."
            ),
        )
    return f"{found['country']:<3}{found['town']}"

"""Reading EMREG, the network's JSON list of countries and of data access points there.

Facts of what is in use: ``emps`` was called ``ncps`` before; entries can be
``null``; ``singleFetch`` of a country is a boolean, the text "true", or missing;
``pubKey`` is one certificate in PEM, or several after one another.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from emrex_gateway.errors import RegistryError
from emrex_gateway.network._listed import (
    MAX_PROVIDERS,
    ListedPoint,
    RegistryList,
    country_code,
    language_tag,
    listed_institutions,
    plain,
    several_names,
    usable,
)

EMREG_MAX_BYTES: Final = 8 * 1024 * 1024
_POINTS = ("emps", "ncps")
_ARMOUR = re.compile(r"-----BEGIN [A-Z0-9 ]+-----.*?-----END [A-Z0-9 ]+-----", re.S)


def read_emreg(data: bytes, *, loopback: bool = False) -> RegistryList:
    """Read the list. ``loopback`` lets http addresses on this machine pass, for demonstrations.

    An entry that cannot be used is left out and counted; what cannot be read
    of one (a name, a certificate's text) is left out of it. Raises
    ``RegistryError`` when the whole is no such list.
    """
    if len(data) > EMREG_MAX_BYTES:
        raise RegistryError(f"the list is larger than {EMREG_MAX_BYTES} bytes", "too-large")
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError):
        raise RegistryError("the list is not JSON", "format") from None
    if not isinstance(whole, dict) or not any(isinstance(whole.get(n), list) for n in _POINTS):
        raise RegistryError("the JSON has no list of emps (or ncps)", "format")
    # Some keep the older key beside the newer one for older readers: the same entries, then.
    entries = [one for name in _POINTS for one in _list(whole.get(name)) if one is not None]
    if len(entries) > MAX_PROVIDERS * len(_POINTS):
        raise RegistryError(f"the list has more than {MAX_PROVIDERS} entries", "too-large")
    single = _single_fetch(whole.get("countries"))
    read = [_point(one, single) for one in entries]
    points = [point for point in read if point and usable(point, loopback=loopback)]
    if len({point.url for point in points}) > MAX_PROVIDERS:
        raise RegistryError(f"the list has more than {MAX_PROVIDERS} providers", "too-large")
    return RegistryList(tuple(points), len(entries) - len(points))


def _single_fetch(countries: object) -> frozenset[str]:
    """Countries that one fetch covers. One that says both yes and no is asked again: nothing is lost then."""
    said: dict[str, bool] = {}
    for one in _list(countries):
        if isinstance(one, dict) and (code := country_code(one.get("countryCode"))):
            said[code] = said.get(code, True) and _is_true(one.get("singleFetch"))
    return frozenset(code for code, single in said.items() if single)


def _is_true(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def _point(entry: object, single: frozenset[str]) -> ListedPoint | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("url"), str):
        return None
    country = country_code(entry.get("countryCode"))
    return ListedPoint(
        url=entry["url"].strip(),
        country=country,
        names=_names(entry.get("name")),
        acronym=plain(entry.get("acronym")),
        institutions=listed_institutions(_list(entry.get("institutions"))),
        certificates=_certificates(entry.get("pubKey")),
        single_fetch=country in single,
    )


def _names(value: object) -> Any:
    if isinstance(value, dict):
        return several_names((text, language_tag(tag)) for tag, text in value.items())
    return several_names([(value, None)])


def _certificates(value: object) -> tuple[str, ...]:
    """The certificates' texts: those in armour each for itself, else the whole, for a bare base64."""
    found: list[str] = []
    for text in _list(value) or [value]:
        if not isinstance(text, str) or not text.strip():
            continue
        # A line break that went through two encoders stands there as two characters.
        mended = text.replace("\\r", "").replace("\\n", "\n")
        found += _ARMOUR.findall(mended) or [mended.strip()]
    return tuple(dict.fromkeys(found))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []

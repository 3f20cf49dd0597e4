"""Identity providers as the discovery page lists them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from emrex_gateway.domain import LangString, Texts
from emrex_gateway.web._context import services
from emrex_gateway.web._languages import language


@dataclass(frozen=True, slots=True, kw_only=True)
class University:
    """One line of the list. ``other`` is its name in another language, ``domain`` one of its scopes.

    ``initial`` stands where there is no picture: the domain's, for half of all names begin with
    "University".
    """

    key: str
    entity_id: str
    name: LangString
    other: LangString | None
    domain: str
    initial: str
    has_logo: bool


def university(
    *,
    key: str,
    entity_id: str,
    names: Texts,
    scopes: tuple[str, ...],
    has_logo: bool,
    words: str = "",
) -> University:
    """Make a line; of several other names and scopes the one that was searched for is shown."""
    host = _host(entity_id)
    named = [text for text in names if text.value.strip()]
    name = _best(named) or LangString(scopes[0] if scopes else host or entity_id)
    others = [text for text in named if fold(text.value) != fold(name.value)]
    domain = _fitting(scopes, words) or next(iter(scopes), host)
    return University(
        key=key,
        entity_id=entity_id,
        name=name,
        other=next((t for t in others if _fits(t.value, words)), _best(others)),
        domain=domain if domain != name.value else "",
        initial=next((c.upper() for c in domain + name.value if c.isalnum()), "?"),
        has_logo=has_logo,
    )


def fold(text: str) -> str:
    """The text without case and diacritics, to compare by."""
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in split if not unicodedata.combining(c))


def _best(named: Iterable[LangString]) -> LangString | None:
    """The text in the reader's language, else in another of the pages', else the first."""
    available = tuple(named)
    for wanted in (language(), *services().settings.languages):
        for text in available:
            if (text.lang or "").lower().partition("-")[0] == wanted:
                return text
    return available[0] if available else None


def _fitting(candidates: Iterable[str], words: str) -> str:
    return next((one for one in candidates if _fits(one, words)), "")


def _fits(text: str, words: str) -> bool:
    folded = fold(text)
    return bool(words) and all(word in folded for word in fold(words).split())


def _host(entity_id: str) -> str:
    try:
        return urlsplit(entity_id).hostname or ""
    except ValueError:
        return ""

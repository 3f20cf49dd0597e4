"""The list of institutions: searched, a page at a time, each with its state at a glance."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from emrex_gateway.domain import Actor, Institution, Permission, best_text
from emrex_gateway.ports import Switched
from emrex_gateway.services import Services

PAGE = 50
MAX_SEARCH = 100


@dataclass(frozen=True, slots=True)
class Listed:
    """An institution in the list. ``name`` is the one in the reader's language."""

    institution: Institution
    name: str
    switched: Switched


@dataclass(frozen=True, slots=True)
class InstitutionList:
    """One page of those that fit. ``found`` is how many fit in all, ``pages`` how many pages that is."""

    rows: tuple[Listed, ...]
    found: int
    page: int
    pages: int


def list_institutions(
    services: Services,
    actor: Actor,
    *,
    search: str = "",
    page: int = 1,
    languages: Sequence[str] = (),
    size: int = PAGE,
) -> InstitutionList:
    """Return the institutions that the actor may see, by name; a fixed number of queries, whatever their number.

    ``search`` is words that must all occur in slug, domain, names or codes,
    without regard to case and diacritics.
    """
    words = _folded(search[:MAX_SEARCH]).split()
    with services.store.read() as uow:
        mine = [
            (one, best_text(one.names, languages, one.slug))
            for one in uow.config.institutions()
            if actor.may(Permission.SEE_SETTINGS, one.slug) and _fits(one, words)
        ]
        mine.sort(key=lambda pair: (_folded(pair[1]), pair[0].slug))
        pages = max(1, -(-len(mine) // size))
        page = min(max(1, page), pages)
        shown = mine[(page - 1) * size : page * size]
        counts = uow.config.switched([one.slug for one, _ in shown]) if shown else {}
    rows = tuple(Listed(one, name, counts[one.slug]) for one, name in shown)
    return InstitutionList(rows=rows, found=len(mine), page=page, pages=pages)


def _fits(one: Institution, words: Sequence[str]) -> bool:
    if not words:
        return True
    parts = (one.slug, one.domain, *(n.value for n in one.names), *one.codes.values())
    text = _folded(" ".join(parts))
    return all(word in text for word in words)


def _folded(text: str) -> str:
    """Small letters without diacritics."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c))

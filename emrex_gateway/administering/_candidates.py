"""What a list of institutions says of each, wherever the list came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from emrex_gateway.domain import LangString, Texts, language_tag

MAX_ROWS = 20_000
"""The most institutions that one list may hold."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know of a row: a text for ``gettext`` with the values for its places."""

    words: str
    values: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.words % self.values


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One row of a list; what is empty is not said, and leaves what is known alone.

    ``former`` are domains that the institution had before: by them a known one
    is found again. ``values`` are the remaining settings by their names in
    ``fields_of``, such as ``support`` and ``privacy.contact``; ``texts`` those
    in languages, such as ``privacy.notice``.
    """

    line: int
    slug: str = ""
    domain: str = ""
    former: tuple[str, ...] = ()
    names: Texts = ()
    country: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, Texts] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


def plain_tag(tag: str | None) -> str:
    """Return a language's tag as it is kept here, its language in small letters; empty for none."""
    found = language_tag(tag) or ""
    language, hyphen, rest = found.partition("-")
    return language.lower() + hyphen + rest


def matching(candidates: Iterable[Candidate], wanted: Iterable[str]) -> tuple[Candidate, ...]:
    """Return those whose domain is one of ``wanted`` or ends in it; all, when nothing is wanted."""
    endings = tuple(one.strip().lower().lstrip(".") for one in wanted if one.strip(" ."))
    return tuple(
        one
        for one in candidates
        if not endings
        or any(one.domain == ending or one.domain.endswith(f".{ending}") for ending in endings)
    )


def merged(old: Texts, new: Texts) -> Texts:
    """Return the old texts with the new ones in their languages' places; others stay, more come last."""
    by_language = {one.lang: one.value for one in (*old, *new)}
    return tuple(LangString(value, lang) for lang, value in by_language.items())

"""Text with a language, as ELMO's ``xml:lang`` carries it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LangString:
    """One value in one language.

    ``lang`` is a BCP 47 tag such as ``"fi"``; ``None`` when the source does not
    say, in which case ``xml:lang`` is omitted and not guessed.
    """

    value: str
    lang: str | None = None


Texts = tuple[LangString, ...]
"""The same text in several languages, at most one value a language."""


def texts(**by_language: str | None) -> Texts:
    """Make ``Texts`` from keyword arguments; empty values are left out.

    >>> texts(en="Biology", fi=None)
    (LangString(value='Biology', lang='en'),)
    """
    return tuple(LangString(value, lang) for lang, value in by_language.items() if value)


def best_of(values: Iterable[LangString], languages: Iterable[str]) -> LangString | None:
    """Return the text in the first of ``languages`` that there is, else the first that is not empty.

    A language matches by its primary subtag: ``"en"`` takes ``"en-GB"``.
    """
    available = tuple(values)
    for wanted in languages:
        for text in available:
            if text.lang and text.lang.lower().partition("-")[0] == wanted.lower():
                return text
    return next((text for text in available if text.value), None)


def best_text(values: Iterable[LangString], languages: Iterable[str], default: str = "") -> str:
    """Return the value of ``best_of``, or ``default`` where there is none."""
    found = best_of(values, languages)
    return default if found is None else found.value

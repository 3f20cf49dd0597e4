"""Names as people type them: without case, diacritics, another script's letters, punctuation.

``anyascii`` transliterates; what it leaves to us is Unicode's several forms of
one letter, and that Germans and Nordic people write ``ö`` as ``oe`` where a
keyboard lacks it.
"""

from __future__ import annotations

import unicodedata

from anyascii import anyascii

VERSION = "1"
"""Raise it when folding changes: rows that were folded otherwise are then written anew."""

MAX_QUERY = 200
"""The most characters of a query that are looked at."""

MAX_WORDS = 8
"""... and the most words."""

_GONE = dict.fromkeys(map(ord, "'`"))
_SPACE = dict.fromkeys([*map(ord, '-/,;()[]{}<>|"*!?~^'), *range(32), 127], " ")
_SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})


def fold(text: str) -> str:
    """Return the text in lower-case ASCII, its words parted by single spaces."""
    if not text.isascii():
        text = anyascii(unicodedata.normalize("NFKC", text).casefold())
    return " ".join(text.lower().translate(_GONE | _SPACE).split())


def spellings(text: str) -> tuple[str, ...]:
    """Return the folded text, and how it is spelt out where letters have a spelling (``ö``: ``oe``)."""
    folded = fold(text)
    if text.isascii():
        return (folded,)
    spelt = fold(unicodedata.normalize("NFKC", text).casefold().translate(_SPELT))
    return (folded,) if spelt == folded else (folded, spelt)


def words(query: str) -> tuple[str, ...]:
    """Return a query's folded words, at most ``MAX_WORDS``; dots and colons around them do not count."""
    found = (word.strip(".:") for word in fold(query[:MAX_QUERY]).split())
    return tuple(word for word in found if word)[:MAX_WORDS]

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

_APART = frozenset('-/,;()[]{}<>|"*!?~^')
_GONE = frozenset("'`")
_ENDS = ".:"
"""What counts inside a word (a host's name) but not around it (an abbreviation)."""
_SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})


class _Letters(dict[int, str]):
    """What each character becomes, found out at its first use: ``str.translate`` then runs in C."""

    def __missing__(self, code: int) -> str:
        found = "".join(map(_letter, anyascii(chr(code)).lower()))
        if code <= 0xFFFF:  # a limit, as queries come from anybody
            self[code] = found
        return found


def _letter(character: str) -> str:
    if character in _GONE:
        return ""
    return " " if character in _APART or not character.isprintable() else character


_LETTERS = _Letters()


def fold(text: str) -> str:
    """Return the text in lower-case ASCII, its words parted by single spaces."""
    return _ascii(_plain(text))


def spellings(text: str) -> tuple[str, ...]:
    """Return the folded text, and how it is spelt out where letters have a spelling (``ö``: ``oe``)."""
    plain = _plain(text)
    if (spelt := plain.translate(_SPELT)) == plain:
        return (_ascii(plain),)
    return _ascii(plain), _ascii(spelt)


def words(query: str) -> tuple[str, ...]:
    """Return a query's folded words, at most ``MAX_WORDS``."""
    return tuple(fold(query[:MAX_QUERY]).split())[:MAX_WORDS]


def _plain(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


def _ascii(plain: str) -> str:
    words = (word.strip(_ENDS) for word in plain.translate(_LETTERS).split())
    return " ".join(filter(None, words))

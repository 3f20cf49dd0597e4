"""Lists of words, written as people read them."""

from __future__ import annotations


def listed(words: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(words.split())

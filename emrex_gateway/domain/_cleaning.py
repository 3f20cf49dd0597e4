"""Text as it may stand in an ELMO file: what XML cannot carry and what deceives a reader goes.

Sources: XML 1.0 section 2.2 (characters), XML Schema part 2 (``xs:token``), BCP 47 /
RFC 5646 section 2.1 (language tags), Unicode UAX 9 (explicit bidirectional formatting).
"""

from __future__ import annotations

import re
from functools import lru_cache

_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_UNFIT = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # controls; XML forbids the first, nobody needs the rest
    "\u202a-\u202e\u2066-\u2069"  # embeddings, overrides, isolates: they reorder what follows them
    "\ufeff\ufff9-\ufffb"  # byte order mark, interlinear annotation
    "\ud800-\udfff"  # lone surrogates: not encodable
    "\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    + "]"
)
_WHITESPACE = re.compile("[ \t\n\r]+")

_TAG = re.compile(
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})"
    r"(?:-[a-z]{4})?"
    r"(?:-(?:[a-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"
    r"(?:-[a-wy-z0-9](?:-[a-z0-9]{2,8})+)*"
    r"(?:-x(?:-[a-z0-9]{1,8})+)?",
    re.IGNORECASE,
)
_LONGEST_KEPT = 35
"""Characters of a tag that is remembered (RFC 5646, section 4.4.1, expects no longer ones)."""
_NO_LANGUAGE = frozenset({"und", "mul", "zxx", "mis"})


def plain(text: str) -> str:
    """Return text for a multi-line value: line feeds only, nothing that XML cannot carry.

    Control characters, lone surrogates and noncharacters are removed. So are the explicit
    bidirectional formatting characters, with which a name can display as another one; the marks
    that right-to-left text needs (LRM, RLM, ALM) and the joiners stay. Markup is left as it is:
    it is text, and the writer escapes it.
    """
    # Nothing of what follows is printable; most texts are, or their lines are.
    if text.isprintable() or all(line.isprintable() for line in text.split("\n")):
        return text.strip()
    return _UNFIT.sub("", _BREAKS.sub("\n", text)).strip()


def token(text: str) -> str:
    """Return text for an ``xs:token``: ``plain``, with each run of white space as one space."""
    if text.isprintable() and "  " not in text:
        return text.strip()
    cleaned = plain(text)
    if "  " not in cleaned and cleaned.isprintable():
        return cleaned
    return _WHITESPACE.sub(" ", cleaned)


def language_tag(tag: str | None) -> str | None:
    """Return a well-formed BCP 47 tag, or ``None`` when the language is not known.

    ``en_GB`` becomes ``en-GB``; ``und``, ``mul`` and their like say that there is no
    language to name, so they become ``None``.
    """
    if not tag:
        return None
    return _known_tag(tag) if len(tag) <= _LONGEST_KEPT else _read_tag(tag)


def _read_tag(tag: str) -> str | None:
    candidate = tag.strip().replace("_", "-")
    if not _TAG.fullmatch(candidate) or candidate.partition("-")[0].lower() in _NO_LANGUAGE:
        return None
    return candidate


_known_tag = lru_cache(maxsize=1024)(_read_tag)
"""A listing has a handful of tags, thousands of times."""

"""Text from records, made fit to be set: every character either has a glyph or shows its code point.

Nothing is dropped. A character that no font has, that is invisible and could
reorder or hide its neighbours (controls, bidirectional overrides), or that an
archivable PDF must not hold, appears as ``[U+1F600]`` and is reported.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from emrex_gateway.transcript._fonts import MAIN_FAMILY, FontSet
from emrex_gateway.transcript._labels import labels

_LINE_BREAKS = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?=$|[-_])")
_IGNORABLE = frozenset(
    {0xAD, 0x34F, 0x61C, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060}
    | set(range(0xFE00, 0xFE10))
)
"""Invisible by design and harmless: set even where a font lacks them."""
_NEVER = frozenset({0xFEFF, 0xFFFC, *range(0x202A, 0x202F), *range(0x2066, 0x206A)})
"""Byte order mark (PDF/A forbids mapping to it), object placeholder, bidirectional overrides."""
_NEVER_CATEGORIES = frozenset({"Cc", "Cs", "Co"})
_NOT_SIMPLE = frozenset(chr(point) for point in _NEVER | _IGNORABLE)
_UNBROKEN = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
"""Scripts whose lines break without spaces anyway."""
_MOST_MARKS = 16
"""A letter with its marks and joiners; no writing system comes near. PDF bounds one glyph's text."""
WIDE, TERM, CREDITS, GRADE = 23.0, 7.2, 5.4, 8.1
"""Widths of the table's columns in em of their letters: the narrowest indented first, and the others."""

LIMIT = 20_000
"""Characters shown of one value. Typst's time grows with the square of an endless word's length."""

Value = str | dict[str, Any]
"""What the template's ``put`` takes: plain text, or a mapping: ``s`` pieces, ``l`` language or
null, ``r`` right to left. Most values are plain, and a string costs typst far less."""


def plain(value: Value) -> str:
    """A value's text."""
    return value if isinstance(value, str) else "".join(value["s"])


def runs_right_to_left(value: Value) -> bool:
    """Whether a value needs a line of its own that starts at the right."""
    return not isinstance(value, str) and bool(value["r"])


class Glyphs:
    """Prepares text for one rendering; remembers in ``missing`` what could not be shown.

    ``families`` are the fonts that the text needs besides the main one.
    """

    def __init__(self, fonts: FontSet, language: str, *, only_main: bool = False) -> None:
        self._fonts = fonts
        self._simple = fonts.letters - _NOT_SIMPLE
        self._combines = not only_main
        self._advances = fonts.advances
        self._language = language
        self._cut = labels(language)["cut"]
        self.missing: set[str] = set()
        self.families: set[str] = set()

    def value(self, text: str, lang: str | None = None, *, width: float = WIDE) -> Value:
        """A value of the records for the template; ``width`` is that of its column.

        What is longer than ``LIMIT`` ends with a remark that the ELMO file has the rest.
        """
        shown = self.show(text[: LIMIT + 1])
        if len(shown) > LIMIT:
            shown = f"{shown[:LIMIT]} {self._cut}"
        found = _LANGUAGE.match(lang.lower()) if lang else None
        code = found.group() if found and found.group() != self._language else None
        pieces = self._pieces(shown, width) if len(shown) > width else [shown]
        from_right = not shown.isascii() and _is_right_to_left(text)
        if code is None and not from_right and len(pieces) < 2:
            return shown
        return {"s": pieces, "l": code, "r": from_right}

    def show(self, text: str) -> str:
        """The same text with line breaks as ``\\n`` and unshowable characters spelled out."""
        if self._simple.issuperset(text):
            return text
        text = _LINE_BREAKS.sub("\n", text).replace("\t", " ")
        return "\n".join(map(self._line, text.split("\n")))

    def _line(self, line: str) -> str:
        """As ``show``, for one line: cut into clusters only where a letter may need it."""
        if self._simple.issuperset(line):
            return line
        return "".join(map(self._cluster, _clusters(line)))

    def _pieces(self, text: str, width: float) -> list[str]:
        """Cut words that no line can hold into short pieces, between which a line may end.

        Cut here and joined by empty boxes in the template, so that what a reader
        copies from the PDF has no extra characters in it.
        """
        if max(map(len, text.split()), default=0) <= width:
            return [text]
        pieces: list[str] = []
        end = 0
        for match in re.finditer(rf"[^\s{_UNBROKEN}]{{{int(width) + 1},}}", text):
            word = match.group()
            if sum(self._advances.get(char, 1.0) for char in word) > width:
                pieces += [text[end : match.start()], *_cut(word)]
                end = match.end()
        pieces.append(text[end:])
        return [piece for piece in pieces if piece]

    def _cluster(self, cluster: str) -> str:
        """A base and its marks: one font must have them all, or they do not fit together."""
        if cluster in self._simple:
            return cluster
        if len(cluster) > _MOST_MARKS:
            rest = "".join(map(self._spell, cluster[_MOST_MARKS:]))
            return self._cluster(cluster[:_MOST_MARKS]) + rest
        needed = {ord(c) for c in unicodedata.normalize("NFC", cluster)} - _IGNORABLE
        if self._combines and not any(map(_is_never, cluster)) and self._one_font_has(needed):
            return cluster
        base, marks = cluster[0], cluster[1:]
        shown_base = base if self._is_alone_showable(base) else self._spell(base)
        return shown_base + "".join(map(self._spell, marks))

    def _one_font_has(self, points: set[int]) -> bool:
        """Whether one of the fonts in use has them all; notes which."""
        if not self._combines:
            return points <= self._fonts.coverage[MAIN_FAMILY]
        family = self._fonts.family_of(points)
        if family is not None:
            self.families.add(family)
        return family is not None

    def _is_alone_showable(self, char: str) -> bool:
        return not _is_never(char) and not _joins(char) and self._one_font_has({ord(char)})

    def _spell(self, char: str) -> str:
        self.missing.add(char)
        return f"[U+{ord(char):04X}]"


def _is_never(char: str) -> bool:
    return ord(char) in _NEVER or unicodedata.category(char) in _NEVER_CATEGORIES


def _joins(char: str) -> bool:
    return unicodedata.category(char)[0] == "M" or ord(char) in _IGNORABLE


def _clusters(text: str) -> Iterator[str]:
    """Split text into bases with the marks and joiners that follow them."""
    start = 0
    for position in range(1, len(text)):
        if not _joins(text[position]):
            yield text[start:position]
            start = position
    if text:
        yield text[start:]


def _cut(word: str) -> Iterator[str]:
    """Pieces of three letters or a little more, never between a letter and its marks."""
    pending = ""
    for cluster in _clusters(word):
        pending += cluster
        if len(pending) >= 3:
            yield pending
            pending = ""
    yield pending


def _is_right_to_left(text: str) -> bool:
    """Whether the first letter with a direction runs from right to left (UAX #9, rule P2)."""
    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction in {"L", "R", "AL"}:
            return direction != "L"
    return False


class _PlainText(HTMLParser):
    """Keeps the text of markup, a line a block; scripts and styles are no text."""

    _BLOCKS = frozenset(
        {"p", "br", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol"}
    )
    _SILENT = frozenset({"script", "style"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in self._SILENT
        if tag in self._BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in self._SILENT))
        if tag in self._BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(re.sub(r"\s+", " ", data))


def text_of_html(markup: str) -> str:
    """The readable text of untrusted markup, for ``descriptionHtml`` and supplements."""
    parser = _PlainText()
    parser.feed(markup)
    parser.close()
    lines = (line.strip() for line in "".join(parser.parts).split("\n"))
    return "\n".join(line for line in lines if line)

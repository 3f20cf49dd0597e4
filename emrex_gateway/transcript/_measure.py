"""How high a row of the table will be, so that typst need not find out by setting it twice.

Setting every row of unknown height costs typst a third of a transcript. Where a
row's text is plain, of the main font and cut at spaces alone, its lines are
counted here with that font's own widths. Typst may break lines at more places
than at spaces, so it never needs more lines than are counted; where anything is
unusual there is no answer, and typst measures as ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from emrex_gateway.transcript._text import Value, plain

MM = 72 / 25.4
INSET = 1.5
"""Millimetres around a cell's text; the template's ``inset``."""
STEP = 3.5
"""Millimetres by which a level of the tree is indented."""
STUDIES, WHEN, CREDITS, GRADE = 104.0, 24.0, 20.0, 30.0
"""Widths of the columns in millimetres; the template's ``columns``, the first being the rest of A4."""
BODY, TERM, SMALL = 9.0, 8.0, 7.5
"""Sizes of text in points: titles and figures; terms; what stands below a title."""

_CAP_HEIGHT = 0.714
"""Of Noto Sans, in em: a line's height as typst counts it, from the baseline up."""
_LEADING = 4.5
"""Points between lines: half of ``BODY``."""
_BOLD = 1.1
"""Bold letters are at most this much wider, in sum over a word."""
_CARE = 1.01
"""For rounding, and for the few pairs of letters that kerning draws apart."""

Part = tuple[Value, float]
"""A text that starts on a line of its own, and its size in points."""


class Ruler:
    """Measures with the widths of one font's letters, given in em."""

    def __init__(self, advances: Mapping[str, float]) -> None:
        self._advances = advances

    def height(self, cells: Sequence[tuple[float, Sequence[Part]]], bold: bool) -> float | None:
        """Points that a row takes, or ``None`` where typst must see for itself.

        :param cells: for each cell its column's width less indents, in millimetres, and its parts.
        :param bold: whether the first part of the first cell is bold.
        """
        tallest = 0.0
        for width, parts in cells:
            room = (width - 2 * INSET) * MM / _CARE
            tall = -_LEADING
            for value, size in parts:
                narrow = _BOLD if bold and not tallest and tall < 0 else 1.0
                lines = self._lines(value, room / size / narrow)
                if lines is None:
                    return None
                tall += lines * (size * _CAP_HEIGHT + _LEADING)
            tallest = max(tallest, tall)
        return round(tallest + 2 * INSET * MM, 2)

    def _lines(self, value: Value, room: float) -> int | None:
        """Lines that a text fills at most in ``room`` em."""
        if not isinstance(value, str) and (len(value["s"]) != 1 or value["r"]):
            return None
        text = plain(value)
        if not self._advances.keys() >= set(text) - {"\n"}:
            return None
        count, space = 0, self._advances[" "]
        for line in text.split("\n"):
            count += 1
            if sum(map(self._advances.__getitem__, line)) <= room:
                continue
            filled = -space
            for word in line.split(" "):
                width = sum(map(self._advances.__getitem__, word))
                if width > room:
                    return None
                filled += space + width
                if filled > room:
                    count += 1
                    filled = width
        return count

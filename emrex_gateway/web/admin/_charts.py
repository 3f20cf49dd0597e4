"""Bar charts as SVG: made here, coloured by classes, named for those who do not see them.

No style and no script stands in them, as the Content-Security-Policy wants; a
table with the same numbers stands beside each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH = 480
LABEL = 150
NUMBER = 96
ROW = 30
BAR = 20
MAX_ROWS = 36
MAX_LABEL = 17


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar: its class, its size, and what it is for whoever points at it."""

    kind: str
    size: float
    name: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of parts, with the text at its end."""

    label: str
    parts: tuple[Part, ...]
    text: str

    @property
    def size(self) -> float:
        """All parts together."""
        return sum(part.size for part in self.parts)


def chart(name: str, title: str, about: str, bars: Sequence[Bar]) -> Markup:
    """Return a chart with a bar for each of the first ``MAX_ROWS``; ``name`` makes its ids unique."""
    shown = bars[:MAX_ROWS]
    most = max((bar.size for bar in shown), default=0) or 1
    scale = (WIDTH - LABEL - NUMBER) / most
    height = ROW * len(shown) + 8
    rows = [_row(bar, 4 + number * ROW, scale) for number, bar in enumerate(shown)]
    return Markup(
        '<svg class="chart" role="img" xmlns="http://www.w3.org/2000/svg"'
        ' viewBox="0 0 {width} {height}" aria-labelledby="{name}-title {name}-about">'
        '<title id="{name}-title">{title}</title><desc id="{name}-about">{about}</desc>'
        '<line class="axis" x1="{label}" x2="{label}" y1="0" y2="{height}"/>{rows}</svg>'
    ).format(
        width=WIDTH,
        height=height,
        name=name,
        title=title,
        about=about,
        label=LABEL,
        rows=Markup("").join(rows),
    )


def _row(bar: Bar, top: int, scale: float) -> Markup:
    label = bar.label if len(bar.label) <= MAX_LABEL else bar.label[: MAX_LABEL - 1] + "…"
    middle = top + BAR / 2
    pieces = [
        Markup(
            '<text class="label" x="{x}" y="{y}" text-anchor="end" dominant-baseline="central">{text}</text>'
        ).format(x=LABEL - 8, y=f"{middle:g}", text=label)
    ]
    left = float(LABEL)
    for part in bar.parts:
        if part.size <= 0:
            continue
        width = part.size * scale
        pieces.append(
            Markup(
                '<rect class="part {kind}" x="{x}" y="{y}" width="{width}" height="{height}">'
                "<title>{name}</title></rect>"
            ).format(
                kind=part.kind,
                x=f"{left:.1f}",
                y=top,
                width=f"{max(width, 1):.1f}",
                height=BAR,
                name=f"{bar.label}: {part.name}",
            )
        )
        left += width
    pieces.append(
        Markup(
            '<text class="figure" x="{x}" y="{y}" dominant-baseline="central">{text}</text>'
        ).format(x=f"{left + 6:.1f}", y=f"{middle:g}", text=escape(bar.text))
    )
    return Markup("").join(pieces)

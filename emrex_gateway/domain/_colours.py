"""An institution's colour, made readable: links and buttons have the contrast that WCAG 2.2 asks for.

Contrast is that of WCAG 2.2 (relative luminance of sRGB); 4.5:1 is its
success criterion 1.4.3 for text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ENOUGH = 4.5
"""The least contrast of text."""

GROUNDS = {
    False: ("#ffffff", "#f3f6fa"),
    True: ("#14181d", "#1d242c", "#1a2027"),
}
"""What links may stand on, by whether the page is dark; as in the pages' style sheet."""

_COLOUR = re.compile(r"#[0-9a-f]{6}\Z")
_ON = ("#ffffff", "#0b1622")
_STEPS = 100
_WASH = 0.1


@dataclass(frozen=True, slots=True)
class Shade:
    """A colour for links and buttons on one kind of page, what is written upon it, and a quiet ground."""

    accent: str
    on_accent: str
    wash: str


@dataclass(frozen=True, slots=True)
class Palette:
    """What is made of one colour: ``changed`` tells which modes could not take it as it is."""

    colour: str
    light: Shade
    dark: Shade

    @property
    def changed(self) -> tuple[str, ...]:
        """``"light"``, ``"dark"``, both or none."""
        shades = {"light": self.light, "dark": self.dark}
        return tuple(name for name, shade in shades.items() if shade.accent != self.colour)


def is_colour(text: str) -> bool:
    """Whether it is written as ``#rrggbb`` in small letters."""
    return bool(_COLOUR.match(text))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def palette(colour: str) -> Palette:
    """Make the shades of ``#rrggbb``. Raises ``ValueError`` for anything else.

    A colour that is too light for a light page is darkened, step by step, until
    it stands out from every ground and something can be read upon it; lightened
    for a dark page. One that is good already stays as it is.
    """
    if not is_colour(colour):
        raise ValueError("a colour is written as #rrggbb")
    return Palette(colour=colour, light=_shade(colour, dark=False), dark=_shade(colour, dark=True))


def _shade(colour: str, *, dark: bool) -> Shade:
    end = "#ffffff" if dark else "#000000"
    for step in range(_STEPS + 1):
        accent = _mixed(colour, end, step / _STEPS)
        on = max(_ON, key=lambda text: contrast(text, accent))
        wash = _mixed(GROUNDS[dark][0], accent, _WASH)
        grounds = (*GROUNDS[dark], wash, on)
        if min(contrast(accent, ground) for ground in grounds) >= ENOUGH:
            return Shade(accent=accent, on_accent=on, wash=wash)
    raise AssertionError("black on white and white on black have a contrast of 21")


def _mixed(one: str, other: str, share: float) -> str:
    pairs = zip(_parts(one), _parts(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)

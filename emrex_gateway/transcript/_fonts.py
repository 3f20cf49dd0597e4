"""The fonts that the transcript is set in, and which characters each of them has.

Never the system's: the same document looks the same, byte for byte, on every
machine. They come as two locked wheels that carry nothing but Noto fonts under
the SIL Open Font License. The wheels' Python code is never imported, only their
files are read, and a document is given only the families that it needs: a font
that typst has opened stays in memory.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import typst
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # it ships no types

from emrex_gateway.errors import ConfigError

MAIN_FAMILY = "Noto Sans"
"""Latin, Greek, Cyrillic, Vietnamese: without it there is no transcript."""

_SCRIPTS = "manimgx_fonts"
"""Noto Sans and its companions for 21 other scripts, a file each with all weights."""
_HAN = "noto_cjk_sans_jp_regular"
"""Chinese, Japanese, Korean: 16 MB, opened for the first document that needs it, and kept."""
_LEFT_OUT = ("NotoSans-Italic", "NotoEmoji")
_SUFFIXES = {".ttf", ".otf"}


@dataclass(frozen=True, slots=True)
class FontSet:
    """What typst and the text preparation need to know of the fonts.

    ``coverage`` holds the code points of each family but the Han font's, the main
    family first. ``advances`` are the widths of its letters at the regular
    weight, in em; ``letters`` those of its characters that stand by themselves.
    """

    coverage: Mapping[str, frozenset[int]]
    advances: Mapping[str, float]
    letters: frozenset[str]

    def family_of(self, points: Collection[int]) -> str | None:
        """The first family that has all of these code points."""
        for family, has in self.coverage.items():
            if has.issuperset(points):
                return family
        if _may_be_han(points):
            for family, has in _han_coverage().items():
                if has.issuperset(points):
                    return family
        return None

    def ordered(self, families: Set[str]) -> tuple[str, ...]:
        """These families in the order in which typst shall try them, the main one first."""
        known = [family for family in self.coverage if family in families or family == MAIN_FAMILY]
        # The largest set goes last, so that its Latin letters never mix with the others'.
        return (*known, *sorted(families - self.coverage.keys()))

    def opened(self, families: Set[str]) -> typst.Fonts:
        """Typst's handle of the folders with these families; files are read when used."""
        return _opened(not self.coverage.keys() >= families)


@cache
def load_fonts() -> FontSet:
    """Find the fonts and read their character maps; about 0.1 s, once a process.

    The optional wheel of Chinese, Japanese and Korean widens what can be shown, and nothing else.

    :raises ConfigError: when the fonts' wheel is not installed.
    """
    files = list(_files(_SCRIPTS))
    coverage = _coverage(files)
    if MAIN_FAMILY not in coverage:
        raise ConfigError("the transcript's fonts are not installed: manimgx-fonts")
    families = sorted(coverage, key=lambda name: (name != MAIN_FAMILY, name))
    main = coverage[MAIN_FAMILY]
    _opened(False)
    return FontSet(
        coverage={name: coverage[name] for name in families},
        advances=_advances(file for file in files if file.name.startswith("NotoSans[")),
        letters=frozenset(
            chr(point) for point in main if unicodedata.category(chr(point))[0] in "LNPSZ"
        ),
    )


def _may_be_han(points: Collection[int]) -> bool:
    """Whether one of them is in the blocks that the Han font can add to the others'.

    Those begin with Hangul and leave the pictographs out; looking costs 35 MB.
    """
    return any(0x1100 <= point < 0x1F300 or point >= 0x20000 for point in points)


@cache
def _han_coverage() -> dict[str, frozenset[int]]:
    return _coverage(_files(_HAN))


@cache
def _opened(han: bool) -> typst.Fonts:
    packages = (_SCRIPTS, _HAN) if han else (_SCRIPTS,)
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=sorted({str(file.parent) for name in packages for file in _files(name)}),
    )


def _files(package: str) -> Iterator[Path]:
    """Every font file of a wheel, if it is installed, but those that we never use."""
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(Path(folder).rglob("*")):
            if path.suffix in _SUFFIXES and not path.name.startswith(_LEFT_OUT):
                yield path


def _coverage(files: Iterable[Path]) -> dict[str, frozenset[int]]:
    """Code points by family name."""
    found: dict[str, set[int]] = {}
    for file in files:
        with TTFont(file, lazy=True) as font:
            names = font["name"]
            family = names.getDebugName(16) or names.getDebugName(1) or file.stem
            found.setdefault(family, set()).update(font.getBestCmap() or {})
    return {family: frozenset(points) for family, points in found.items()}


def _advances(files: Iterable[Path]) -> dict[str, float]:
    """Widths of the letters at the regular weight, in em."""
    widths: dict[str, float] = {}
    for file in files:
        with TTFont(file, lazy=True) as font:
            metrics, em = font["hmtx"], font["head"].unitsPerEm
            cmap = font.getBestCmap() or {}
            widths |= {chr(point): metrics[glyph][0] / em for point, glyph in cmap.items()}
    return widths

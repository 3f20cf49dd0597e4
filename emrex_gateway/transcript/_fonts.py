"""The fonts that the transcript is set in, and which characters each of them has.

Never the system's: the same document looks the same, byte for byte, on every
machine. Most come as locked wheels that carry nothing but fonts under the SIL
Open Font License; Armenian and Georgian, which no such wheel has, lie beside
this file. The wheels' Python code is never imported, only their files are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import typst
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # it ships no types

from emrex_gateway.errors import ConfigError

MAIN_FAMILY = "Noto Sans"
"""Latin, Greek, Cyrillic, Vietnamese: without it there is no transcript."""

_PACKAGES = (
    "fontpkg_noto_sans",
    "justmytype_intl_rtl",
    "justmytype_intl_south_asia",
    "justmytype_intl_sea",
    "justmytype_intl_africa",
    "noto_cjk_sans_jp_regular",
)
_OWN = Path(__file__).with_name("_fonts_ofl")
_SUFFIXES = {".ttf", ".otf"}


@dataclass(frozen=True, slots=True)
class FontSet:
    """What typst and the text preparation need to know of the fonts.

    ``families`` are in the order in which typst tries them; ``coverage`` holds
    the code points of each, in the same order. ``advances`` are the widths of
    the first family's letters, in em.
    """

    fonts: typst.Fonts
    families: tuple[str, ...]
    coverage: tuple[frozenset[int], ...]
    advances: Mapping[str, float]

    @property
    def main(self) -> frozenset[int]:
        """Code points of the family that is tried first."""
        return self.coverage[0]


@cache
def load_fonts() -> FontSet:
    """Find the fonts and read their character maps; about 0.5 s, once a process.

    A missing optional wheel narrows what can be shown, and nothing else.

    :raises ConfigError: when the main font is not installed.
    """
    files = sorted(_font_files(), key=lambda path: path.name)
    by_family: dict[str, set[int]] = {}
    for file in files:
        family, points = _describe(file)
        by_family.setdefault(family, set()).update(points)
    if MAIN_FAMILY not in by_family:
        raise ConfigError("the transcript's main font is not installed: fontpkg-noto-sans")
    # The largest set goes last, so that its Latin letters never mix with the others'.
    families = sorted(by_family, key=lambda name: (name != MAIN_FAMILY, "CJK" in name, name))
    return FontSet(
        fonts=typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=sorted({str(file.parent) for file in files}),
        ),
        families=tuple(families),
        coverage=tuple(frozenset(by_family[name]) for name in families),
        advances=_advances(file for file in files if file.name.startswith("NotoSans[")),
    )


def _font_files() -> Iterator[Path]:
    """Every font file of the wheels that are installed, and our own."""
    folders = [_OWN]
    for package in _PACKAGES:
        spec = find_spec(package)
        if spec is not None and spec.submodule_search_locations:
            folders.append(Path(spec.submodule_search_locations[0]))
    for folder in folders:
        yield from (path for path in folder.rglob("*") if path.suffix in _SUFFIXES)


def _describe(file: Path) -> tuple[str, frozenset[int]]:
    """Family name and code points of one font file."""
    with TTFont(file, lazy=True) as font:
        names = font["name"]
        family = names.getDebugName(16) or names.getDebugName(1) or file.stem
        return family, frozenset(font.getBestCmap() or {})


def _advances(files: Iterable[Path]) -> dict[str, float]:
    """Widths of the letters at the regular weight, in em."""
    widths: dict[str, float] = {}
    for file in files:
        with TTFont(file, lazy=True) as font:
            metrics, em = font["hmtx"], font["head"].unitsPerEm
            cmap = font.getBestCmap() or {}
            widths |= {chr(point): metrics[glyph][0] / em for point, glyph in cmap.items()}
    return widths

"""What is made of an institution's colour can be read, and so can the style sheet's own colours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emrex_gateway.domain import palette
from emrex_gateway.domain._colours import ENOUGH, GROUNDS, contrast
from emrex_gateway.web import _library

SHEET = Path(_library.__file__).parent / "static" / "emrex.css"
TEXT = ("ink", "soft", "accent", "warn", "good", "note")
GROUND = ("paper", "wash", "raised")
OWN_GROUND = {
    "accent": "accent-wash",
    "warn": "warn-wash",
    "good": "good-wash",
    "note": "note-wash",
}

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def tokens(dark: bool) -> dict[str, str]:
    """The colours that ``emrex.css`` gives its names, for one kind of page."""
    text = SHEET.read_text("utf-8")
    light, night = re.findall(r":root \{\n +(?:color-scheme[^\n]*\n +)?(--ink[^}]*)\}", text)[:2]
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light))
    return found | (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", night)) if dark else {})


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#000000", "#ffffff", 21.0), ("#767676", "#ffffff", 4.54), ("#ff0000", "#ffffff", 4.0)],
)
def test_contrast_is_that_of_wcag(one: str, other: str, expected: float) -> None:
    """Known pairs: the darkest, the lightest grey that AA allows on white, red that it does not."""
    assert expected == pytest.approx(contrast(one, other), abs=0.005)
    assert contrast(one, other) == contrast(other, one)


@given(colours)
def test_any_colour_can_be_read_in_both_modes(colour: str) -> None:
    """Links on each ground, and what is written on buttons, have a contrast of 4.5:1 at least."""
    made = palette(colour)
    for shade, dark in ((made.light, False), (made.dark, True)):
        pairs = [(shade.accent, ground) for ground in (*GROUNDS[dark], shade.wash, shade.on_accent)]
        assert [] == [pair for pair in pairs if contrast(*pair) < ENOUGH]
        assert (shade.accent != colour) is (("dark" if dark else "light") in made.changed)


def test_a_good_colour_stays_and_a_bad_one_keeps_its_hue() -> None:
    """Dark blue stays on light pages; yellow becomes a dark yellow there and stays on dark ones."""
    blue, yellow = palette("#0b4f9e"), palette("#ffe600")

    assert ("#0b4f9e", ("dark",)) == (blue.light.accent, blue.changed)
    assert ("#ffe600", ("light",)) == (yellow.dark.accent, yellow.changed)
    red, green, rest = (int(yellow.light.accent[i : i + 2], 16) for i in (1, 3, 5))
    assert red >= green > rest == 0


@pytest.mark.parametrize(
    "colour", ["", "red", "#FFF", "#12345", "#1234567", "#GG0000", "#123456\n"]
)
def test_only_written_out_colours(colour: str) -> None:
    """Anything but ``#rrggbb`` is refused: it goes into a style sheet."""
    with pytest.raises(ValueError, match="#rrggbb"):
        palette(colour)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_style_sheets_own_colours_can_be_read(dark: bool) -> None:
    """Each text colour on each ground that it stands on, buttons included, in both modes."""
    have = tokens(dark)
    pairs = [(text, ground) for text in TEXT for ground in GROUND]
    pairs += OWN_GROUND.items()
    pairs += [("ink", ground) for ground in OWN_GROUND.values()]
    pairs += [("on-accent", "accent"), ("paper", "warn")]

    assert [] == [pair for pair in pairs if contrast(*(have[one] for one in pair)) < ENOUGH]
    assert contrast(have["edge"], have["paper"]) >= 3  # borders of fields: WCAG 2.2, 1.4.11


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_grounds_are_those_of_the_style_sheet(dark: bool) -> None:
    """An institution's colour is measured against what it stands on."""
    have = tokens(dark)

    assert {have[ground] for ground in GROUND} == set(GROUNDS[dark])


def test_the_library_comes_in_a_layer_without_pictures() -> None:
    """Every rule of ours wins over it, dark colours need no script, and the policy refuses nothing of it."""
    sheet = _library.sheet().decode()

    assert sheet.startswith("@layer library{")
    assert "Licensed under MIT" in sheet
    assert [] == re.findall(
        r"url\((?!#)|@import|@charset|sourceMappingURL|\[data-bs-theme=dark\]\{", sheet
    )
    dark = re.findall(r"@media \(prefers-color-scheme:dark\)\{:root\{([^{}]*)\}\}", sheet)
    assert "--bs-body-bg" in dark[0]
    assert sheet.count("{") == sheet.count("}")
    for component in (
        ".btn",
        ".alert",
        ".card",
        ".list-group",
        ".badge",
        ".form-control",
        ".table",
    ):
        assert re.search(re.escape(component) + r"[,{]", sheet), component

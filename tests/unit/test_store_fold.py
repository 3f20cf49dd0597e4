"""Names as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emrex_gateway.store import _fold

TABLE = {
    "Åbo Akademi": ("abo akademi", "aabo akademi"),
    "Universität Göttingen": ("universitat gottingen", "universitaet goettingen"),
    "Universita\u0308t": ("universitat", "universitaet"),  # decomposed
    "Høgskolen i Tromsø": ("hogskolen i tromso", "hoegskolen i tromsoe"),
    "Politechnika Łódzka": ("politechnika lodzka",),
    "Große Straße": ("grosse strasse",),
    "GROSSE STRAẞE": ("grosse strasse",),
    "École supérieure": ("ecole superieure",),
    "Háskóli Íslands, Þórshöfn, Æðey": (
        "haskoli islands thorshofn aedey",
        "haskoli islands thorshoefn aedey",
    ),
    "Московский университет": ("moskovskiy universitet",),
    "Πανεπιστήμιο Αθηνών": ("panepistimio athinon",),
    "İstanbul Üniversitesi": ("istanbul universitesi", "istanbul ueniversitesi"),
    "東京大学": ("dongjingdaxue",),
    "Uniwersytet Mikołaja Kopernika - UMK": ("uniwersytet mikolaja kopernika umk",),
    "St. John’s (King's) College": ("st johns kings college",),
    "ﬁlosoﬁ": ("filosofi",),
    "uni.example.org": ("uni.example.org",),
    "a\x00b\tc\u200bd": ("a b cd",),
    "50%_of": ("50%_of",),
    "half \ud800 a pair": ("half a pair",),
    " \u0301 ": ("",),
}


@pytest.mark.parametrize(("text", "expected"), TABLE.items())
def test_a_name_is_folded(text: str, expected: tuple[str, ...]) -> None:
    """Case, diacritics, other scripts and punctuation go; ö is also spelt oe."""
    assert expected == _fold.spellings(text)
    assert expected[0] == _fold.fold(text)


@pytest.mark.parametrize("text", TABLE)
def test_folding_again_changes_nothing(text: str) -> None:
    """What is folded is in its last form, in ASCII."""
    folded = _fold.fold(text)

    assert folded == _fold.fold(folded)
    assert folded.isascii()


def test_a_query_has_limits() -> None:
    """Beyond 200 characters and 8 words nothing is looked at."""
    assert ("a", "b", "c", "d", "e", "f", "g", "h") == _fold.words("a b c d e f g h i j")
    assert ("x" * 200,) == _fold.words("x" * 5000)
    assert () == _fold.words(" ... ' - ")


@given(st.text(st.characters(exclude_categories=()), max_size=300))
def test_any_text_is_folded_to_words(text: str) -> None:
    """Whatever comes, half a surrogate pair included: ASCII words, in which nothing parts rows or names."""
    folded = _fold.fold(text)

    assert folded.isascii()
    assert folded.split() == folded.split(" ") or not folded
    assert folded.isprintable()
    assert len(_fold.words(text)) <= _fold.MAX_WORDS
    assert _fold.spellings(text)[0] == folded

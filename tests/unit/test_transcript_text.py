"""Text for the transcript: all of it is shown, and nothing in it can hide or command."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emrex_gateway.domain import AttachmentType, LosType, PersonIdentifierType, Status
from emrex_gateway.transcript._fonts import load_fonts
from emrex_gateway.transcript._labels import _CATALOGUE, LANGUAGES, labels, supported
from emrex_gateway.transcript._text import (
    CREDITS,
    GRADE,
    TERM,
    WIDE,
    Glyphs,
    plain,
    runs_right_to_left,
    text_of_html,
)
from sample_documents import SCRIPTS

ANY_TEXT = st.text(st.characters(codec=None), max_size=60)


def _glyphs() -> Glyphs:
    return Glyphs(load_fonts(), "en")


@pytest.mark.parametrize("script", SCRIPTS)
def test_names_in_common_scripts_pass_unchanged(script: str) -> None:
    """The installed fonts cover the scripts that names in Europe's universities are written in."""
    glyphs = _glyphs()
    text, _ = SCRIPTS[script]

    assert text == glyphs.show(text)
    assert set() == glyphs.missing


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a😀b", "a[U+1F600]b"),
        ("a\x00b\x1bc", "a[U+0000]b[U+001B]c"),
        ("evil\u202egpj.exe", "evil[U+202E]gpj.exe"),
        ("\ud800", "[U+D800]"),
        ("\ue000", "[U+E000]"),
        ("x\ufeffy", "x[U+FEFF]y"),
        ("tab\tline\r\nnext\u2028last", "tab line\nnext\nlast"),
        ("e\u0301 stays", "e\u0301 stays"),
        ("co\u00adoperate\u200d", "co\u00adoperate\u200d"),
        ("", ""),
    ],
)
def test_what_cannot_be_shown_is_spelled_out(text: str, shown: str) -> None:
    """No character is dropped: its code point stands for it, line breaks stay line breaks."""
    assert shown == _glyphs().show(text)


@given(ANY_TEXT)
def test_shown_text_holds_nothing_unshowable(text: str) -> None:
    """Whatever comes in, what goes out has a glyph for each character and no invisible power."""
    shown = _glyphs().show(text)
    fonts = load_fonts()

    assert [] == [
        char
        for char in shown
        if char != "\n"
        and (
            unicodedata.category(char) in {"Cc", "Cs", "Co"}
            or 0x202A <= ord(char) <= 0x202E
            or 0x2066 <= ord(char) <= 0x2069
        )
    ]
    assert all(
        char == "\n"
        or fonts.family_of(set(map(ord, unicodedata.normalize("NFC", char)))) is not None
        or unicodedata.category(char) in {"Cf", "Mn"}
        for char in shown
    )


@given(ANY_TEXT)
def test_showing_twice_changes_nothing(text: str) -> None:
    """What was made fit stays as it is."""
    shown = _glyphs().show(text)

    assert shown == _glyphs().show(shown)


@given(ANY_TEXT)
def test_missing_names_exactly_what_was_spelled_out(text: str) -> None:
    """The report of unshowable characters is a subset of the text, and empty when it is unchanged."""
    glyphs = _glyphs()
    shown = glyphs.show(text)

    assert glyphs.missing <= set(text)
    assert all(f"[U+{ord(char):04X}]" in shown for char in glyphs.missing)


@given(ANY_TEXT, st.sampled_from([WIDE, CREDITS]))
def test_pieces_are_the_text_and_no_piece_is_endless(text: str, width: float) -> None:
    """Cutting long words adds and loses nothing; what is left in a piece fits a line or has spaces."""
    value = _glyphs().value(text * 3, width=width)

    assert _glyphs().show(text * 3) == plain(value)


def test_words_that_fit_their_column_stay_whole() -> None:
    """Ordinary grades and terms are not divided where a line ends."""
    glyphs = _glyphs()

    assert "Hyväksytty" == glyphs.value("Hyväksytty", width=GRADE)
    assert "Syyslukukausi 2025" == glyphs.value("Syyslukukausi 2025", width=TERM)
    assert 1 < len(glyphs.value("WWWWWWWWW", width=GRADE)["s"])


def test_a_long_word_is_cut_into_short_pieces() -> None:
    """A word that no line can hold offers places to break."""
    assert 4 > max(len(piece) for piece in _glyphs().value("x" * 500)["s"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [("abc אבג", False), ("(123) אבג abc", True), ("محمد", True), ("12", False)],
)
def test_direction_follows_the_first_letter(text: str, expected: bool) -> None:
    """The base direction of a value is that of its first strong character (UAX 9, P2 and P3)."""
    assert expected == runs_right_to_left(_glyphs().value(text))


@pytest.mark.parametrize(
    ("tag", "expected"),
    [("sv-FI", "sv"), ("FI", "fi"), ("en-GB", None), (None, None), ("!!", None), ("finnish", None)],
)
def test_only_language_codes_reach_the_template(tag: str | None, expected: str | None) -> None:
    """Typst takes two or three letters; anything else would end the rendering."""
    value = _glyphs().value("x", tag)

    assert ("x" if expected is None else {"s": ["x"], "l": expected, "r": False}) == value


def test_markup_becomes_its_text() -> None:
    """Untrusted HTML is read for its text alone."""
    html = "<p>One &amp; two</p><script>alert(1)</script><ul><li>three</li></ul><b>four"

    assert "One & two\nthree\nfour" == text_of_html(html)


@pytest.mark.parametrize("key", sorted(_CATALOGUE))
def test_every_label_is_written_in_every_language(key: str) -> None:
    """No language falls back silently, and placeholders agree."""
    words = _CATALOGUE[key]

    assert len(LANGUAGES) == len([word for word in words if word.strip()])
    assert 1 == len({word.count("{type}") for word in words})


def test_every_type_of_the_domain_has_a_word() -> None:
    """Types, statuses and identifiers are shown in words."""
    known = labels("en")
    wanted = (
        [f"type.{t}" for t in LosType]
        + [f"status.{s}" for s in Status]
        + [f"file.{t}" for t in AttachmentType]
        + [f"person.{t}" for t in PersonIdentifierType]
    )

    assert [] == [key for key in wanted if key not in known]


@pytest.mark.parametrize(
    ("tag", "expected"), [("fi-FI", "fi"), ("SV_se", "sv"), ("de", "en"), ("", "en"), ("en", "en")]
)
def test_an_unknown_language_is_english(tag: str, expected: str) -> None:
    """A transcript is always written, in a language that its readers have."""
    assert expected == supported(tag)

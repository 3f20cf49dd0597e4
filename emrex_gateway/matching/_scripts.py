"""Other scripts in Latin letters: each as the passports of its countries write it, nearly."""

from __future__ import annotations

import re
import unicodedata

from anyascii import anyascii

_GREEK = (
    ("ου", "ou"), ("ευ", "ev"), ("αυ", "av"), ("ηυ", "iv"), ("γγ", "ng"), ("γχ", "nch"),  # noqa: RUF001 - other letters are the subject
    ("ντ", "nt"), ("τζ", "tz"), ("η", "i"), ("υ", "y"), ("χ", "ch"), ("ψ", "ps"), ("ξ", "x"),  # noqa: RUF001 - other letters are the subject
    ("θ", "th"), ("φ", "f"), ("β", "v"), ("ω", "o"),
)  # fmt: skip


def latin(text: str, script: str) -> tuple[str, ...]:
    """Return how a word of another script is written in Latin letters, the most usual way first."""
    match script:
        case "cyrillic":
            return _cyrillic(text)
        case "greek":
            return (_greek(text),)
        case "kana":
            return (_kana(text),)
        case "abjad":
            return _abjad(text)
        case _:
            return (_letters(anyascii(text)),)


def _abjad(text: str) -> tuple[str, ...]:
    long = text.replace("ا", "a")  # noqa: RUF001 - other letters are the subject
    # One Hebrew letter is two sounds, and the dot that tells is not written.
    return tuple(dict.fromkeys(_letters(anyascii(long.replace("ש", s))) for s in ("s", "sh")))


_ONE_LETTER = str.maketrans("أإآٱىیئکةؤךםןףץ", "اااايييكهوכמנפצ", "ءـ")


def written(text: str) -> str:
    """Return an Arabic or Hebrew word without what is often left out, every long vowel kept: they tell names apart."""
    bare = (c for c in text.translate(_ONE_LETTER) if unicodedata.category(c)[0] != "M")
    return "".join(bare)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())


def _cyrillic(text: str) -> tuple[str, ...]:
    # A hard sign between consonants is a vowel in Bulgarian and mute before a vowel in Russian.
    text = re.sub(r"ъ(?=[бвгджзклмнпрстфхцчшщ])", "а", text)  # noqa: RUF001 - other letters are the subject
    usual = _letters(anyascii(text))
    southern = usual
    for long, short in (("sh", "s"), ("ch", "c"), ("zh", "z"), ("dj", "d")):
        southern = southern.replace(long, short)
    return tuple(dict.fromkeys((usual, southern)))


def _greek(text: str) -> str:
    plain = "".join(
        c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c)[0] != "M"
    )
    plain = re.sub(r"^μπ", "b", plain)
    plain = re.sub(r"^γκ", "g", plain)
    for greek, roman in _GREEK:
        plain = plain.replace(greek, roman)
    return _letters(anyascii(plain))


def _kana(text: str) -> str:
    """Return the syllables by their names; a small letter joins the one before it, a small tu doubles the next."""
    said, doubled = "", False
    for character in text:
        name = unicodedata.name(character, "")
        if doubled and "LETTER" in name:
            said, doubled = said + name.split(" ")[-1][0].lower(), False
        if "LETTER SMALL TU" in name:
            doubled = True
        elif "PROLONGED" in name:
            said += said[-1:]
        elif "SMALL" in name:
            said = said[:-1] + name.split(" ")[-1].lower()
        elif "LETTER" in name:
            said += name.split(" ")[-1].lower()
        else:
            said += _letters(anyascii(character))
    return said

"""What two romanisations of one word have in common, tradition by tradition.

Each function gives the forms of a word under which every usual romanisation of
one original meets, and two originals do not, as far as that can be had. They
are asked only where there is evidence for the tradition: between two spellings
of Latin letters, Meyer and Meier are two families.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import StrEnum


class Tradition(StrEnum):
    """How a name came into Latin letters."""

    CYRILLIC = "cyrillic"
    GREEK = "greek"
    ARABIC = "arabic"
    CHINESE = "chinese"
    JAPANESE = "japanese"
    KOREAN = "korean"
    INDIC = "indic"
    VIETNAMESE = "vietnamese"
    """Written in Latin letters, with marks that tell words apart."""
    MARKED = "marked"
    """Vietnamese with its marks in both records: a word without any has none."""


_Rules = tuple[tuple[re.Pattern[str], str], ...]


def _rules(*pairs: tuple[str, str]) -> _Rules:
    return tuple((re.compile(pattern), to) for pattern, to in pairs)


def _apply(rules: _Rules, word: str, doubled: str = ".") -> str:
    """Apply rules in their order and write ``doubled`` letters once."""
    for pattern, to in rules:
        word = pattern.sub(to, word)
    return re.sub(rf"({doubled})\1+", r"\1", word)


# Capitals stand for sounds that take several letters: S for the hissing ones, C for ch as in church.
_CYRILLIC = _rules(
    ("schtsch|shch|szcz|stsch", "S"),
    ("tsch|tch|cz", "C"),
    ("sch|sh|sz|zh", "S"),
    ("ich$|ic$", "iC"),
    ("ck", "k"),
)
_CYRILLIC_REST = _rules(
    ("tz|ts", "c"),
    ("kh|gh|g|h", "h"),
    ("x", "ks"),
    ("w", "v"),
    ("ph|ff", "f"),
    ("th", "t"),
    ("q", "k"),
    ("ou", "u"),
    ("^[yij]+(?=e)", ""),
    ("(?<=.)[yj]+o", "e"),
    ("[yj]+e|i+e(?!$)", "e"),  # Mario, Marie, and Mari are three
    ("[yij]+", "i"),
)


def _cyrillic(word: str) -> set[str]:
    word = _apply(_CYRILLIC, word)
    # "ch" is the sound of church in English and of loch in German, Polish and Czech.
    return {_apply(_CYRILLIC_REST, word.replace("ch", sound)) for sound in ("C", "h")}


_GREEK = _rules(
    ("e[uf](?=[aeiouvgdzlmnr])", "ev"),
    ("a[uf](?=[aeiouvgdzlmnr])", "av"),
    ("tz", "c"),
    ("kh|ch|h", "X"),
    ("ph", "f"),
    ("tX|th", "t"),
    ("gk|ng|gg", "g"),
    ("mp|mb", "b"),
    ("nt", "d"),
    ("x|ks", "K"),
    ("c(?![eiy])|k", "k"),
    ("ou|oo", "u"),
    ("ei|oi|ee", "i"),
    ("ai", "e"),
    ("[yj]", "i"),
    ("ides$", "idis"),
    ("akes$", "akis"),
    ("w", "o"),
)

_ARABIC = _rules(
    ("^abd[aeou]+[l]?", "abd"),
    ("kh", "x"),
    ("gh", "G"),
    ("sh|ch", "S"),
    ("th", "t"),
    ("dh", "d"),
    ("dj", "j"),
    ("[qc]", "k"),
    ("ph", "f"),
    ("ou|oo|u|o", "u"),
    ("ee|ii|ie", "i"),
    ("[ea][iy](?![aeiou])", "A"),
    ("aw|au|ao", "W"),
    ("y(?![aeiou])", "i"),
    ("aa", "a"),
    ("(?<=.)ah$", "a"),
    ("(?<=.{3})[aeu]d+ine?$", "udin"),
)
_LONG_FIRST = re.compile("[^aeiou]?a[^aeiou]e[^aeiou]")
_SHORT_FIRST = re.compile("[^aeiou]a[^aeiou]a[^aeiou]")
_OPEN = re.compile("[^aeiou]e[^aeiou](a|e[^aeiou])")
_TWO_VOWELS = re.compile("([^aeiou]+)(aa?)([^aeiou]+)(i|ee|ii)([^aeiou]+)")


def _arabic(word: str) -> set[str]:
    said = _apply(_ARABIC, word)
    # A written e is a short a (Meryem and Maryam are one name). It is none in short words with open
    # syllables: Lena and Lana, Beren and Baran are two names; nor in words like Samer: Samar is another.
    forms = {said}
    if not (_LONG_FIRST.match(said) or _OPEN.fullmatch(said)):
        forms.add(re.sub("(?<=.)e(?=.)", "a", said))
    if (shape := _TWO_VOWELS.fullmatch(word)) is None:
        return forms
    # Qasim is written for Qaasim and for Qaseem, which are two.
    lengths = {(True, False): "=", (False, True): "-"}.get(
        (shape[2] == "aa", shape[4] != "i"), "=-"
    )
    return {form + length for form in forms for length in lengths}


_WADE_GILES = _rules(
    ("hs", "x"),
    ("tz|ts", "z"),
    ("^ch(?=[iu][^n]|in|i$)", "j"),
    ("^ch", "zh"),
    ("^k", "g"),
    ("^p", "b"),
    ("^t", "d"),
    ("^j", "r"),
    ("ien$", "ian"),
    ("ung$", "ong"),
    ("ieh$", "ie"),
    ("ih$", "i"),
)
_PINYIN = _rules(("(?<=[ln])(yu|v|ue$)", "u"))


_WADE_GILES_SIGNS = re.compile("hs|^tz|^ts|ien$|ieh$|ih$")


def wade_giles(words: tuple[str, ...]) -> bool:
    """Whether a Chinese name is in the older romanisation; one word that shows it tells for all."""
    return any(_WADE_GILES_SIGNS.search(word) for word in words)


def pinyin(word: str) -> str:
    """Return a word of the older romanisation in the present one. The marks for aspiration are lost."""
    return _apply(_WADE_GILES, word)


_JAPANESE = _rules(
    ("sh(?=[aueo])", "sy"),
    ("ch(?=[aueo])", "ty"),
    ("dj|j(?=[aueo])", "zy"),
    ("shi", "si"),
    ("chi", "ti"),
    ("ji|di", "zi"),
    ("tsu", "tu"),
    ("fu", "hu"),
    ("m(?=[bpm])", "n"),
    ("ou|oo|oh(?![aeiou])", "o"),
    ("uu|uh(?![aeiou])", "u"),
)

_KOREAN_FAMILIES = {
    "park": "bak", "pak": "bak", "lee": "i", "yi": "i", "rhee": "i", "ri": "i", "choi": "coe",
    "choe": "coe", "lim": "im", "rim": "im", "yim": "im", "yoo": "yu", "ryu": "yu", "you": "yu",
    "noh": "no", "roh": "no", "shin": "sin", "ahn": "an", "suh": "seo", "paik": "baek",
    "cho": "jo", "joh": "jo", "oh": "o", "koo": "gu", "ku": "gu", "woo": "u",
}  # fmt: skip
_KOREAN = _rules(
    ("oo", "u"),
    ("ee|ui", "i"),
    ("ou", "u"),
    ("eong", "ung"),
    ("hyeon", "hyun"),
    ("ch", "c"),
    ("sh", "s"),
    ("k", "g"),
    ("(?<=[aeiou])h$", ""),
)


def _korean(word: str) -> set[str]:
    return {_apply(_KOREAN, _KOREAN_FAMILIES.get(word, word))}


_INDIC = _rules(
    ("x", "ks"),
    ("ee", "i"),
    ("oo", "u"),
    ("ou|au|ow", "o"),
    ("y(?![aeiou])", "i"),
    ("sh", "s"),
    ("w", "v"),
    ("ph", "f"),
    ("(?<=[bcdgjkt])h", ""),
    ("aa", "a"),
)

_FOLDS: dict[Tradition, Callable[[str], set[str]]] = {
    Tradition.CYRILLIC: _cyrillic,
    Tradition.GREEK: lambda word: {_apply(_GREEK, word)},
    Tradition.ARABIC: _arabic,
    Tradition.CHINESE: lambda word: {_apply(_PINYIN, word)},
    # A doubled consonant is a syllable of its own there.
    Tradition.JAPANESE: lambda word: {_apply(_JAPANESE, word, "[aiueo]")},
    Tradition.KOREAN: _korean,
    Tradition.INDIC: lambda word: {_apply(_INDIC, word)},
    Tradition.VIETNAMESE: lambda word: {word},
    Tradition.MARKED: lambda word: {word},
}


def sounds(word: str, tradition: Tradition) -> frozenset[str]:
    """Return the forms of a word in letters from a to z under which its romanisations meet."""
    return frozenset(_FOLDS[tradition](word))


_Sound = tuple[str, bool]
"""Letters that may stand for a sound, and whether it may be left out."""


def _read(sounds_: Iterable[_Sound], letters: str, more: str = "") -> bool:
    """Whether letters can be read as a row of sounds, with any number of ``more`` at their end.

    A regular expression would try all ways of leaving out: a file's names are a stranger's.
    """
    reached = {0}
    for chosen, optional in sounds_:
        there = {at + 1 for at in reached if letters[at : at + 1] and letters[at] in chosen}
        reached = reached | there if optional else there
    return any(not letters[at:].strip(more) if more else at == len(letters) for at in reached)


_VOWELS = {"a": "a", "e": "ya", "i": "ya", "u": "wa", "A": "y", "W": "w"}
_CONSONANTS = {"g": "jGkg", "j": "jG", "z": "zd", "p": "pb", "v": "wfb"}


def abjad_reads(letters: str, romanised: str) -> bool:
    """Whether a word in letters without short vowels, romanised letter by letter, can be read like that."""
    written = letters
    for pattern, to in (
        ("kh", "x"),
        ("gh", "G"),
        ("sh", "S"),
        ("th", "t"),
        ("dh", "d"),
        ("q", "k"),
    ):
        written = written.replace(pattern, to)
    written = re.sub(r"(.)\1+", r"\1", written)
    said = _apply(_ARABIC, romanised)
    body, more = (said[:-1], "ahty") if said.endswith(("a", "e")) else (said, "")
    row = [(_VOWELS.get(c) or _CONSONANTS.get(c, c), c in _VOWELS) for c in body]
    # A long vowel is written: Samer has one, and Samar has none.
    first = body.find("a")
    if _LONG_FIRST.fullmatch(said):
        row[first] = ("a", False)
    elif _SHORT_FIRST.fullmatch(said):
        del row[first]
    forms = (written, written.removeprefix("al"), written.removeprefix("l"))
    return any(_read(row, form, more) for form in forms)


def indic_reads(letters: str, romanised: str) -> bool:
    """Whether a word in Indic letters, whose short a is not written, can be read like that.

    A last a must be on both sides: it tells Amit from Amita. After two
    consonants it is spoken though it is not written, as in Krishna.
    """
    written, said = (
        re.sub("mh$|ngh?$", "N", _apply(_INDIC, word)) for word in (letters, romanised)
    )
    row = [(c, c in "aeh") for c in said]
    if said.endswith("a"):
        row[-1] = ("a", re.search("[^aeiou]{2}a$", said) is not None)
    return any(_read(row, form) for form in (written, written.replace("h", "")))

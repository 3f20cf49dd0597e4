"""Parts of names: what a record holds, cut into words whose spellings can be compared."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from anyascii import anyascii

from emrex_gateway.matching._listed import listed
from emrex_gateway.matching._scripts import latin

LONGEST = 200
MOST = 12
"""Characters and words of one field that are looked at: names in files from elsewhere have no limit."""


class Script(StrEnum):
    """What a word is written in, as far as comparing needs to know."""

    LATIN = "latin"
    CYRILLIC = "cyrillic"
    GREEK = "greek"
    ABJAD = "abjad"
    """Arabic and Hebrew letters: short vowels are not written."""
    HAN = "han"
    """Chinese characters; how they are read depends on the language."""
    KANA = "kana"
    HANGUL = "hangul"
    INDIC = "indic"
    OTHER = "other"


_SCRIPTS = {
    "LATIN": Script.LATIN,
    "CYRILLIC": Script.CYRILLIC,
    "GREEK": Script.GREEK,
    "ARABIC": Script.ABJAD,
    "HEBREW": Script.ABJAD,
    "CJK": Script.HAN,
    "HIRAGANA": Script.KANA,
    "KATAKANA": Script.KANA,
    "KATAKANA-HIRAGANA": Script.KANA,
    "HANGUL": Script.HANGUL,
    "DEVANAGARI": Script.INDIC,
    "BENGALI": Script.INDIC,
    "GUJARATI": Script.INDIC,
    "GURMUKHI": Script.INDIC,
    "TAMIL": Script.INDIC,
    "TELUGU": Script.INDIC,
    "KANNADA": Script.INDIC,
    "MALAYALAM": Script.INDIC,
}

PARTICLES = listed(
    "de da do dos das del della delle degli dei di du des la le les lo los las von van vom der den dem "
    "zu zum zur ten ter te af av of al el ul ur bin ibn ben bint ould y e i und freiherr freifrau "
    "graf gräfin ritter baron"
)
"""Words that join a name or show a rank: written, left out, or grown together with what follows."""

_TITLES = listed("dr prof mr mrs ms mag ing dipl phd msc bsc jr sr ba ma md mgr bc doc")
_SPLIT = re.compile(r"[\s\-‐-―_./,;:()\[\]\"“”]+")  # noqa: RUF001 - other letters are the subject
_MUTE = re.compile(r"['’‘`´ʼʹʻ′]")  # noqa: RUF001 - other letters are the subject


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a name.

    ``text`` is composed and without case, ``plain`` its letters from a to z,
    ``spellings`` all the ways in which its letters are written without marks
    (ä as ``a`` and as ``ae``).
    """

    text: str
    script: Script
    plain: str
    spellings: frozenset[str]

    @property
    def particle(self) -> bool:
        """Whether it may be left out."""
        return self.text in PARTICLES

    @property
    def initial(self) -> bool:
        """Whether it stands for a longer word."""
        return len(self.text) == 1 and self.script in {
            Script.LATIN,
            Script.CYRILLIC,
            Script.GREEK,
        }


def tokens(name: str) -> tuple[Token, ...]:
    """Return the words of a field. Titles are dropped, broken encodings mended."""
    name = mended(name[:LONGEST]).replace("ª", "ª ")
    name = re.sub(r"(?i)\bm\.?ª", "maria", name)
    name = unicodedata.normalize("NFKC", name)
    parts = [_MUTE.sub("", part) for part in _SPLIT.split(name)]
    dotted = {part.lower() for part in re.findall(r"\b(\w+)\.", name)}
    words = [part.casefold() for part in parts if any(c.isalpha() for c in part)]
    kept = [word for word in words if not (word in _TITLES and word in dotted)]
    return tuple(token(word) for word in kept[:MOST])


def mended(text: str) -> str:
    """Undo UTF-8 that somebody read as a Western code page, where the whole text allows it."""
    for codec in ("cp1252", "latin-1"):
        try:
            again = text.encode(codec).decode("utf-8")
        except UnicodeError:
            continue
        if again != text:
            return again
    return text


def token(text: str) -> Token:
    """Return a word, given in lower case."""
    text = "".join(
        c
        for c in unicodedata.normalize("NFC", text)
        if c.isalpha() or unicodedata.category(c)[0] == "M"
    )
    script = _script(text)
    if script is Script.LATIN:
        spellings = _spellings(text)
        return Token(text, script, _letters(latin_plain(text)), spellings)
    forms = latin(text, script)
    return Token(text, script, forms[0], frozenset(forms))


def joined(parts: tuple[Token, ...]) -> Token:
    """Return several words as one."""
    if len(parts) == 1:
        return parts[0]
    if len({part.script for part in parts}) == 1:
        return token("".join(part.text for part in parts))
    plain = "".join(part.plain for part in parts)
    return Token(plain, Script.LATIN, plain, frozenset({plain}))


def _script(text: str) -> Script:
    for character in text:
        name = unicodedata.name(character, "").split(" ")[0]
        if name in _SCRIPTS:
            return _SCRIPTS[name]
    return Script.OTHER if any(c.isalpha() for c in text) else Script.LATIN


_PLAIN = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ı": "i",  # noqa: RUF001 - other letters are the subject
        "ə": "a",
    }
)
_SPELLED = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "å": "aa",
        "ø": "oe",
        "đ": "dj",
        "ð": "dh",
        "ő": "oe",
        "ű": "ue",
    }
)
_HISSED = str.maketrans(
    {"š": "sh", "č": "ch", "ž": "zh", "ć": "c", "đ": "dj", "ş": "sh", "ș": "sh"}
)


def latin_plain(text: str) -> str:
    """Return Latin letters without their marks."""
    text = unicodedata.normalize("NFD", text.translate(_PLAIN))
    return "".join(c for c in text if unicodedata.category(c)[0] != "M")


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", anyascii(text).lower())


def _spellings(text: str) -> frozenset[str]:
    every = {text, text.translate(_SPELLED), text.translate(_HISSED)}
    plain = {_letters(latin_plain(form)) for form in every}
    return frozenset(plain | {form.replace("ij", "y") for form in plain})


def marks_differ(first: Token, second: Token, *, strict: bool) -> bool:
    """Whether two words with the same letters bear marks that exclude each other: ``ù`` and ``ư``.

    A mark on one side only is a mark that the other left out; not so when
    ``strict``, where the other side is known to write them.
    """
    ours, theirs = _marked(first.text), _marked(second.text)
    if len(ours) != len(theirs):
        return False
    for (letter, mark), (other, another) in zip(ours, theirs, strict=True):
        if letter != other or mark == another:
            continue
        if strict or (mark and another and frozenset(mark + another) not in _CONFUSED):
            return True
    return False


_CONFUSED = frozenset(
    {
        frozenset("\u030b\u0302"),  # the Hungarian long umlaut where a code page has none
        frozenset("\u030b\u0303"),
        frozenset("\u030b\u0308"),
        frozenset("\u0326\u0327"),  # the Romanian comma and the cedilla
        frozenset("\u030c\u0306"),
    }
)


def _marked(text: str) -> list[tuple[str, str]]:
    """Return the letters with the marks of each; ``đ`` and its like count as marked."""
    found: list[tuple[str, str]] = []
    for character in unicodedata.normalize("NFD", text):
        if unicodedata.category(character)[0] == "M":
            if found:
                letter, mark = found[-1]
                found[-1] = (letter, mark + character)
        elif character in "øłđ":
            found.append(({"ø": "o", "ł": "l", "đ": "d"}[character], "\u0335"))
        else:
            found.append(("i" if character == "ı" else character, ""))  # noqa: RUF001 - other letters are the subject
    return found

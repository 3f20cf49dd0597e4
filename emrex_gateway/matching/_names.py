"""How like two people's names are, however they are ordered, joined, or written down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from emrex_gateway.matching._given_names import GIVEN_NAMES
from emrex_gateway.matching._sounds import Tradition, pinyin, wade_giles
from emrex_gateway.matching._tokens import Script, Token, tokens
from emrex_gateway.matching._traditions import (
    CHINESE_FAMILIES,
    JAPANESE_FAMILIES,
    KOREAN_FAMILIES,
    VIETNAMESE_FAMILIES,
    traditions,
)
from emrex_gateway.matching._words import EQUAL, FORM, LIKE, SPELLED, Judge, Row, in_order


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A person's names as one record has them, in words. ``birth`` is the family name at birth."""

    given: tuple[Token, ...] = field(repr=False)
    family: tuple[Token, ...] = field(repr=False)
    birth: tuple[Token, ...] = field(default=(), repr=False)
    other: tuple[Token, ...] = field(default=(), repr=False)

    @property
    def words(self) -> tuple[Token, ...]:
        """Return every word."""
        return (*self.given, *self.family, *self.birth, *self.other)


@dataclass(frozen=True, slots=True)
class Compared:
    """What comparing names gave: a score from 0 to 100, and why it is not more."""

    score: float
    reasons: tuple[str, ...] = ()


def named(given: str, family: str, birth: str | None, other: str | None) -> Named:
    """Read a person's names. A comma in one field alone says that the family name stands first."""
    if "," in given + family and not (given.strip() and family.strip()):
        family, given = (given or family).split(",", 1)
    person = Named(
        given=tokens(given),
        family=tokens(family),
        birth=tokens(birth or ""),
        other=tokens(other or ""),
    )
    words = tuple(part.plain for part in (*person.given, *person.family))
    if Tradition.CHINESE in traditions(person.words, ()) and wade_giles(words):
        return replace(person, given=_in_pinyin(person.given), family=_in_pinyin(person.family))
    return person


def _in_pinyin(parts: tuple[Token, ...]) -> tuple[Token, ...]:
    return tuple(
        replace(part, text=said, plain=said, spellings=frozenset({said}))
        for part in parts
        for said in [pinyin(part.plain)]
    )


def compare(ours: Named, theirs: Named, countries: tuple[str | None, ...] = ()) -> Compared:
    """Return how like two people's names are: the best of what their forms allow."""
    judge = Judge(traditions(ours.words, theirs.words, countries))
    found = [
        Compared(max(0.0, compared.score - cost), (*compared.reasons, *reasons))
        for one, cost_one, why_one in _forms(ours)
        for two, cost_two, why_two in _forms(theirs)
        if not (why_one and why_two)
        for compared in _pair(one, two, judge)
        for cost, reasons in [(cost_one + cost_two, (*why_one, *why_two))]
    ]
    return max(found, key=lambda compared: compared.score, default=Compared(0.0))


def _forms(person: Named) -> Iterator[tuple[Named, float, tuple[str, ...]]]:
    """Go through the names that one record gives a person, with what each costs and why."""
    yield person, 0.0, ()
    if person.birth:
        given_too = any(part.text == first.text for part in person.birth for first in person.given)
        birth = person.birth
        if given_too and len(birth) > 1:  # some systems write the whole name at birth
            birth = tuple(p for p in birth if all(p.text != g.text for g in person.given))
        yield replace(person, family=birth), 1.0, ("birth-name",)
        yield replace(person, family=(*person.family, *birth)), 1.0, ("birth-name",)
        yield replace(person, family=(*birth, *person.family)), 1.0, ("birth-name",)
    if person.other:
        yield Named(given=(), family=person.other), 0.0, ("other-script",)


def _pair(ours: Named, theirs: Named, judge: Judge) -> Iterator[Compared]:
    if ours.given and ours.family and theirs.given and theirs.family:
        yield _by_field(ours, theirs, judge)
        yield _exchanged(ours, theirs, judge)
    yield from _run_together(ours, theirs, judge)


def _by_field(ours: Named, theirs: Named, judge: Judge) -> Compared:
    """Compare given names with given names, the family name with the family name."""
    vietnamese = _vietnamese(ours, theirs)
    given = _given_row(ours.given, theirs.given, vietnamese, judge)
    family = _family(ours.family, theirs.family, judge)
    if vietnamese and family.left_out and _last_differs(ours.family, theirs.family, judge):
        family = replace(
            family, score=min(family.score, 85.0)
        )  # where fields are exchanged in both
    if given.score <= LIKE and family.score <= LIKE and _latvian(ours, theirs):
        return Compared(FORM, ("name-form",))
    return _together(given, family)


def _given_row(
    ours: tuple[Token, ...], theirs: tuple[Token, ...], vietnamese: bool, judge: Judge
) -> Row:
    row = in_order(ours, theirs, judge)
    if row.score < EQUAL or any(part.particle for part in (*ours, *theirs)):
        whole = judge.like(judge.joined(ours), judge.joined(theirs)) >= SPELLED
    else:
        whole = True
    if whole:
        return row
    # Ming is no short form of Xiao Ming: each syllable belongs to the one name.
    syllables = all(_ONE_SYLLABLE.fullmatch(part.plain) for part in (*ours, *theirs))
    one_name = syllables and len(ours) != len(theirs) and judge.shown & _SYLLABIC
    # And Lan is none of Lan Anh: what comes before the last word may be left out there.
    last = vietnamese and _last_differs(ours, theirs, judge)
    return replace(row, score=min(row.score, 85.0)) if one_name or last else row


def _last_differs(ours: tuple[Token, ...], theirs: tuple[Token, ...], judge: Judge) -> bool:
    return judge.like(ours[-1], theirs[-1]) < SPELLED


def _vietnamese(*people: Named) -> bool:
    """Whether somebody may have a Vietnamese family name, with its marks or without."""
    return any(
        part.spellings & VIETNAMESE_FAMILIES
        for person in people
        for part in person.words
        if not part.particle or person.family == (part,)
    )


_SYLLABIC = frozenset({Tradition.CHINESE, Tradition.KOREAN})


def _latvian(ours: Named, theirs: Named) -> bool:
    """Whether one record bears the Latvian ending in both names: Aleksandrs Ivanovs, Aleksandr Ivanov."""
    (given, family), (other, another) = (
        ("".join(p.plain for p in who.given), "".join(p.plain for p in who.family))
        for who in (ours, theirs)
    )
    return (given, family) == (f"{other}s", f"{another}s") or (
        (other, another) == (f"{given}s", f"{family}s")
    )


def _together(given: Row, family: Row) -> Compared:
    if given.score >= LIKE + 1 and family.score >= LIKE + 1:
        lost = (EQUAL - given.score) + (EQUAL - family.score)
        return Compared(EQUAL - lost, _details(given, family))
    # A family name changes with marriage, a given name hardly: twins share the family name.
    low, high = (0.9, 0.1) if given.score < family.score else (0.6, 0.4)
    score = min(LIKE, low * given.score + high * family.score)
    reasons = []
    if given.score <= LIKE:
        reasons.append("given-names-differ" if given.score < 70 else "given-names-close")
    if family.score <= LIKE:
        reasons.append("family-names-differ" if family.score < 70 else "family-names-close")
    return Compared(score, tuple(reasons))


def _details(given: Row, family: Row) -> tuple[str, ...]:
    reasons = []
    if given.left_out or family.left_out:
        reasons.append("part-missing")
    if given.initials or family.initials:
        reasons.append("initials")
    if SPELLED in (given.worst, family.worst):
        reasons.append("spelling")
    if FORM in (given.worst, family.worst):
        reasons.append("name-form")
    return tuple(reasons)


def _family(ours: tuple[Token, ...], theirs: tuple[Token, ...], judge: Judge) -> Row:
    row = in_order(ours, theirs, judge)
    if row.score >= FORM:
        return row
    for one, two in ((ours, theirs), (theirs, ours)):
        if any(_one_family(a, b, judge) for a in _gendered(one) for b in _gendered(two)):
            return Row(FORM, FORM, 1)
    turned = in_order(ours, theirs[::-1], judge) if len(theirs) > 1 else row
    if turned.score > row.score:  # García López and López García are two families
        return replace(turned, score=min(turned.score, 85.0))
    return row


def _one_family(ours: str, theirs: str, judge: Judge) -> bool:
    return judge.like(_word(ours), _word(theirs)) >= SPELLED


def _word(text: str) -> Token:
    return tokens(text)[0]


_MASCULINE = (
    (re.compile(r"(s|c|dz)(ka|kaia|kaya|kaja)$"), r"\1ki"),
    (re.compile(r"(s|c|dz)k(ii|iy|y|yi|yy|ij)$"), r"\1ki"),
    (re.compile(r"([oe]v)a$"), r"\1"),
    (re.compile(r"([yi]n)a$"), r"\1"),
    (re.compile(r"(.{3}[^aeiouy])ova$"), r"\1"),
    (re.compile(r"(.{3})ou$"), r"\1os"),
)


def _gendered(family: tuple[Token, ...]) -> set[str]:
    """Return a family name in the forms that men and women of one family bear."""
    words = [part for part in family if not part.particle]
    if len(words) != 1 or words[0].script not in {Script.LATIN, Script.CYRILLIC, Script.GREEK}:
        return set()
    word = words[0]
    forms = {word.plain}
    for pattern, to in _MASCULINE:
        changed = pattern.sub(to, word.plain)
        if changed != word.plain:
            forms.add(changed)
    if word.text.endswith("á"):  # the Czech adjective: Černá, Černý
        forms.add(word.plain[:-1] + "y")
    return forms


def _exchanged(ours: Named, theirs: Named, judge: Judge) -> Compared:
    """Compare as if one record had the two fields the wrong way round."""
    vietnamese = _vietnamese(ours, theirs)
    given = _given_row(ours.given, theirs.family, vietnamese, judge)
    family = _given_row(ours.family, theirs.given, vietnamese, judge)
    # Which of the two is the given name is what one record has wrong, and nobody knows which record.
    straight = max(_together(given, family), _together(family, given), key=lambda said: said.score)
    if straight.score <= LIKE:
        return Compared(straight.score - 10, ("order", *straight.reasons))
    if _clear(ours) or _clear(_turned(theirs)):
        return Compared(straight.score - 1, ("order", *straight.reasons))
    return Compared(80.0, ("order-unsure",))


def _turned(person: Named) -> Named:
    return replace(person, given=person.family, family=person.given)


_FAMILY = re.compile(
    r".{2}(nen|la|sson|sen|dottir|strom|stroem|berg|lund|qvist|quist|gren|stad|land|gard|haugen|sky|ski|"
    r"ska|wicz|czyk|enko|chuk|czuk|[oe]v|[oe]va|ovic|evic|ovich|evich|escu|eanu|oglu|poulos|idis|akis|"
    r"mann|meyer|mayer|maier|stein|hoff|bach|feld|stra|sma|inga|etti|elli|ucci|ini|eira|ez|es|"
    r"moto|mura|yama|kawa|gawa|shita|hashi|guchi|saki|bayashi|shima|matsu|ukas|ankas|evicius|aite|"
    r"iene|yte|ute|ins|ina|ieks|adze|shvili|yan|ian)$"
)


def _clear(person: Named) -> bool:
    """Whether the family name is none that could be a given name."""
    family = [part for part in person.family if not part.particle] or list(person.family)
    given = [part for part in person.given if not part.particle]
    if not family or not given:
        return False
    known = any(_given(part) for part in given)
    if not known and _eastern_order(given, family):
        return True
    if any(_given(part) for part in family):
        return False
    return known or all(_FAMILY.search(part.plain) for part in family)


def _given(part: Token) -> bool:
    return bool(part.spellings & GIVEN_NAMES)


_ONE_SYLLABLE = re.compile(r"[^aeiouy]*[aeiouy]+[^aeiouy]{0,2}")


def _eastern_order(given: list[Token], family: list[Token]) -> bool:
    """Whether a short family name of the East stands beside a given name of two syllables or more."""
    said = "".join(part.plain for part in given)
    return (
        len(family) == 1
        and bool(family[0].spellings & _EASTERN_FAMILIES)
        and _ONE_SYLLABLE.fullmatch(said) is None
    )


_EASTERN_FAMILIES = CHINESE_FAMILIES | KOREAN_FAMILIES | VIETNAMESE_FAMILIES | JAPANESE_FAMILIES


def _run_together(ours: Named, theirs: Named, judge: Judge) -> Iterator[Compared]:
    """Compare whole names, for records that cut them elsewhere or not at all."""
    for one, first in _whole(ours):
        for two, second in _whole(theirs):
            row = in_order(one, two, judge)
            enough = row.equal >= 2 or (row.worst >= FORM and len(one) == len(two) == 1)
            # Whoever has both names in both records has all of them in both.
            halves = ours.given and ours.family and theirs.given and theirs.family
            if row.worst < FORM or not enough or row.left_out > (0 if halves else 1):
                continue
            if row.left_out and _vietnamese(ours, theirs):  # Lan, or Lan Anh?
                yield Compared(80.0, ("cut-elsewhere", "part-missing"))
                continue
            syllables = len(one) != len(two) and judge.shown & _SYLLABIC
            if syllables and judge.like(judge.joined(one), judge.joined(two)) < SPELLED:
                continue  # Le is a name there and no particle
            if first == second:
                yield Compared(min(96.0, row.score - 1), ("cut-elsewhere",))
            elif one[0].script in _FAMILY_FIRST or _clear(ours) or _clear(theirs):
                yield Compared(min(95.0, row.score - 1), ("order", "cut-elsewhere"))


_FAMILY_FIRST = {Script.HAN, Script.HANGUL, Script.KANA}


def _whole(person: Named) -> Iterator[tuple[tuple[Token, ...], bool]]:
    yield (*person.given, *person.family), True
    if person.given and person.family:
        yield (*person.family, *person.given), False

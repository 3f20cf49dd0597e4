"""How like two words are, and two rows of words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rapidfuzz.distance import OSA, JaroWinkler

from emrex_gateway.matching._forms import familiar, one_name
from emrex_gateway.matching._given_names import ALWAYS_LATIN
from emrex_gateway.matching._scripts import written
from emrex_gateway.matching._sounds import Tradition, abjad_reads, indic_reads, sounds
from emrex_gateway.matching._tokens import Script, Token, joined, marks_differ

EQUAL = 100.0
SPELLED = 98.0
"""One original in two romanisations, for which there is evidence."""
FORM = 95.0
"""Two official forms of one name: of two states, or of women and men of one family."""
FAMILIAR = 80.0
"""A familiar form of the other name."""
INITIAL = 94.0
MARKED = 84.0
"""The same letters under marks that exclude each other."""
LIKE = 89.0
"""The most that likeness alone gives."""
UNREADABLE = 75.0
"""Chinese characters on one side whose reading is not the other's: Japanese, Korean, a dialect."""
LEFT_OUT = 3.0
"""What each word costs that one side has and the other has not."""

Traditions = frozenset[Tradition]


def likeness(first: Token, second: Token, shown: Traditions) -> float:
    """Return how like two words are, from 0 to 100."""
    if first.text == second.text:
        return EQUAL
    if first.initial != second.initial:
        return INITIAL if first.plain[:1] == second.plain[:1] else 0.0
    if first.script is second.script and first.script is not Script.LATIN:
        return _one_script(first, second)
    if first.spellings & second.spellings:
        bare = first.text.isascii() or second.text.isascii()
        strict = Tradition.MARKED in shown or (Tradition.VIETNAMESE in shown and not bare)
        return MARKED if marks_differ(first, second, strict=strict) else EQUAL
    return SPELLED if _sound_alike(first, second, shown) else _otherwise(first, second)


def _otherwise(first: Token, second: Token) -> float:
    """Compare two words that are not one word written twice."""
    if (form := _form(first, second)) is not None:
        return form
    if Script.HAN in (first.script, second.script):
        return UNREADABLE
    return _alike(first.plain, second.plain)


def _one_script(first: Token, second: Token) -> float:
    """Compare two words as their own script has them: there nothing was romanised."""
    if first.script is Script.ABJAD:
        ours, theirs = written(first.text), written(second.text)
        return EQUAL if ours == theirs else _alike(ours, theirs)
    # Latin letters leave out what tells Thai and Korean names apart.
    if first.plain != second.plain or first.script in (Script.HANGUL, Script.OTHER):
        return _alike(first.text, second.text)
    return MARKED if first.script is Script.HAN else EQUAL


_READS = {Script.ABJAD: abjad_reads, Script.INDIC: indic_reads}


def _sound_alike(first: Token, second: Token, shown: Traditions) -> bool:
    for native, other in ((first, second), (second, first)):
        reads = _READS.get(native.script)
        if reads is not None and native.script is not other.script:
            return any(reads(form, other.plain) for form in native.spellings)
    if first.plain in ALWAYS_LATIN and second.plain in ALWAYS_LATIN:
        return False  # a family name from elsewhere does not make Lena of Luna
    return any(
        sounds(ours, tradition) & sounds(theirs, tradition)
        for tradition in shown
        for ours in first.spellings
        for theirs in second.spellings
    )


def _form(first: Token, second: Token) -> float | None:
    both = [(one, two) for one in first.spellings for two in second.spellings]
    if any(one_name(one, two) for one, two in both):
        return FORM
    return FAMILIAR if any(familiar(one, two) for one, two in both) else None


def _alike(first: str, second: str) -> float:
    edits = OSA.normalized_similarity(first, second)
    start = JaroWinkler.normalized_similarity(first, second)
    return min(LIKE, 100 * (0.7 * edits + 0.3 * start))


@dataclass(frozen=True, slots=True)
class Row:
    """What laying two rows of words side by side gave.

    ``score`` goes from 0 to 100; ``worst`` is the least like pair, ``equal``
    how many pairs are one word, ``left_out`` how many words one side lacks.
    """

    score: float
    worst: float = 0.0
    equal: int = 0
    left_out: int = 0
    initials: int = 0


@dataclass(frozen=True, slots=True)
class _Way:
    cost: float = 0.0
    pairs: tuple[float, ...] = ()
    left_out: int = 0


class Judge:
    """How like words of two people are, each pair judged once. It lives as long as one comparison:
    nothing of a person stays in memory."""

    def __init__(self, shown: Traditions) -> None:
        self.shown = shown
        self._like: dict[tuple[Token, Token], float] = {}
        self._joined: dict[tuple[Token, ...], Token] = {}

    def like(self, first: Token, second: Token) -> float:
        """Return how like two words are, from 0 to 100."""
        found = self._like.get((first, second))
        if found is None:
            found = self._like[first, second] = likeness(first, second, self.shown)
        return found

    def joined(self, parts: tuple[Token, ...]) -> Token:
        """Return several words as one."""
        found = self._joined.get(parts)
        if found is None:
            found = self._joined[parts] = joined(parts)
        return found


def in_order(ours: tuple[Token, ...], theirs: tuple[Token, ...], judge: Judge) -> Row:
    """Lay two rows side by side: words meet in order, grown together or apart; one side may lack some.

    Words that are left over on both sides meet each other: they contradict.
    """
    if not ours or not theirs:
        return Row(0.0)
    if judge.like(judge.joined(ours), judge.joined(theirs)) == EQUAL:
        return Row(EQUAL, EQUAL, min(len(ours), len(theirs)))
    beside = _Beside(ours, theirs, judge)
    ways = [way for lacking in (0, 1) if (way := beside.best(lacking)) is not None]
    way = min(ways, key=lambda way: way.cost)
    pairs = way.pairs
    if not pairs:
        return Row(0.0)
    full = [pair for pair in pairs if pair != INITIAL]
    worst = min(pairs)
    # One word that contradicts says more than the others that agree.
    score = (sum(pairs) / len(pairs) + worst) / 2 - LEFT_OUT * way.left_out
    if worst < LIKE + 1:
        score = min(score, LIKE if worst >= MARKED else 85.0)
    if not full:
        score = min(score, 80.0)
    equal = sum(pair >= FORM for pair in pairs)
    return Row(max(0.0, score), worst, equal, way.left_out, len(pairs) - len(full))


@dataclass(frozen=True, slots=True)
class _Beside:
    """Two rows of words, to be laid side by side word by word."""

    ours: tuple[Token, ...]
    theirs: tuple[Token, ...]
    judge: Judge

    def best(self, lacking: int) -> _Way | None:
        """Return the cheapest way in which side ``lacking`` (0 or 1) alone may miss words."""
        table: dict[tuple[int, int], _Way] = {(0, 0): _Way()}
        for i in range(len(self.ours) + 1):
            for j in range(len(self.theirs) + 1):
                if (way := table.get((i, j))) is None:
                    continue
                for step, there in (*self._missed(i, j, way, lacking), *self._met(i, j, way)):
                    if there not in table or step.cost < table[there].cost:
                        table[there] = step
        return table.get((len(self.ours), len(self.theirs)))

    def _missed(
        self, i: int, j: int, way: _Way, lacking: int
    ) -> Iterator[tuple[_Way, tuple[int, int]]]:
        """Go on by one word that the other side has not: dearer than a particle, cheaper than a clash."""
        for side, row, place, there in (
            (1, self.ours, i, (i + 1, j)),
            (0, self.theirs, j, (i, j + 1)),
        ):
            if place < len(row) and (row[place].particle or side == lacking):
                lost = 0 if row[place].particle else 1
                yield _Way(way.cost + (6.0 * lost or 0.1), way.pairs, way.left_out + lost), there

    def _met(self, i: int, j: int, way: _Way) -> Iterator[tuple[_Way, tuple[int, int]]]:
        """Go on by words that meet, several on one side where they have grown together."""
        for m, n in ((1, 1), (1, 2), (2, 1), (1, 3), (3, 1)):
            if i + m > len(self.ours) or j + n > len(self.theirs):
                continue
            one = self.judge.joined(self.ours[i : i + m])
            two = self.judge.joined(self.theirs[j : j + n])
            like = self.judge.like(one, two)
            if (m, n) == (1, 1) or like >= SPELLED:
                met = _Way(way.cost + 100 - like, (*way.pairs, like), way.left_out)
                yield met, (i + m, j + n)

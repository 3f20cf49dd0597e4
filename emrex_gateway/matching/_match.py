"""The same person? Identifiers first, then the birth date, then the names."""

from __future__ import annotations

from datetime import date

from emrex_gateway.domain import Identifier, Learner, Match, Matching, Sameness, Student
from emrex_gateway.matching._identifiers import Shared, shared
from emrex_gateway.matching._names import Compared, compare, named

_MAN, _WOMAN = 1, 2

REASONS = frozenset(
    {
        *("identifier", "identifiers-differ"),
        *("birth-date", "birth-date-close", "birth-date-missing", "birth-date-differs"),
        *("names-equal", "names-agree", "names-close", "names-differ"),
        *("given-names-close", "given-names-differ", "family-names-close", "family-names-differ"),
        *("part-missing", "initials", "spelling", "name-form", "birth-name", "other-script"),
        *("order", "order-unsure", "cut-elsewhere", "gender-differs"),
    }
)
"""Every code that ``Match.reasons`` may hold."""


def match(
    student: Student,
    learner: Learner,
    identifiers: tuple[Identifier, ...],
    thresholds: Matching,
) -> Match:
    """Decide whether the learner of a verified document is the student who asked for it.

    A shared identifier decides. Without one, equal birth dates and names that
    score ``thresholds.same`` or more are the same person, names below
    ``thresholds.different`` another one; between them, and wherever the records
    contradict each other, an officer decides. ``identifiers`` are all those of
    the document, whatever their types.
    """
    names = compare(
        named(student.given_names, student.family_name, student.birth_name, _alternative(student)),
        named(learner.given_names, learner.family_name, learner.birth_name, _alternative(learner)),
        (student.citizenship, learner.citizenship),
    )
    birth, born = _birth(student.birth_date, learner.birth_date)
    found = shared(student, learner, identifiers)
    decided = _by_identifier(found, names, born, thresholds)
    if decided is not None:
        return decided
    reasons = [born, _said(names, thresholds), *names.reasons]
    most = birth
    if {student.gender, learner.gender} == {_MAN, _WOMAN}:
        most = min(most, _ASK)
        reasons.append("gender-differs")
    if found is Shared.DIFFERENT:
        reasons.insert(0, "identifiers-differ")
        most = min(most, _ASK)
    sameness = _sameness(names.score if birth else 0.0, thresholds)
    if sameness is Sameness.SAME and most == _ASK:
        sameness = Sameness.DOUBTFUL  # and never another person, however high that limit is
    return Match(
        sameness=sameness,
        score=round(min(names.score, most), 1),
        reasons=tuple(dict.fromkeys(reasons)),
    )


_ASK = 88.0
"""The most without a birth date, or where something contradicts: an officer decides."""


def _by_identifier(found: Shared, names: Compared, born: str, thresholds: Matching) -> Match | None:
    if found not in (Shared.SAME, Shared.LIKELY):
        return None
    # Whoever refuses nobody has an officer for what is unlike: an identifier must not go round that.
    unlike = names.score < max(thresholds.different, Matching().different)
    contradicted = born == "birth-date-differs"
    confirmed = born == "birth-date"
    reasons = ("identifier", born, _said(names, thresholds))
    # An identifier is what a provider says, so something else must say the same. Another country may
    # give the same number: there names must not speak against it, and without a date they must agree.
    wrong = unlike and not confirmed
    if found is Shared.LIKELY:
        unsure = not confirmed and names.score < thresholds.same
        wrong = unlike or contradicted or unsure
    if wrong:
        return Match(sameness=Sameness.DOUBTFUL, score=round(names.score, 1), reasons=reasons)
    return Match(sameness=Sameness.SAME, score=100.0, reasons=reasons)


def _birth(ours: date | None, theirs: date | None) -> tuple[float, str]:
    """Return the most that the birth dates allow, and what they say."""
    if ours is None or theirs is None:
        return _ASK, "birth-date-missing"
    if ours == theirs:
        return 100.0, "birth-date"
    if _mistyped(ours, theirs):
        return _ASK, "birth-date-close"
    return 0.0, "birth-date-differs"


def _mistyped(ours: date, theirs: date) -> bool:
    """Whether one date is the other with day and month exchanged, or with one figure wrong."""
    if (ours.year, ours.month, ours.day) == (theirs.year, theirs.day, theirs.month):
        return True
    pairs = zip(ours.isoformat(), theirs.isoformat(), strict=True)
    return sum(one != two for one, two in pairs) == 1


def _said(names: Compared, thresholds: Matching) -> str:
    if names.score >= 99:
        return "names-equal"
    if names.score >= thresholds.same:
        return "names-agree"
    return "names-close" if names.score >= thresholds.different else "names-differ"


def _sameness(score: float, thresholds: Matching) -> Sameness:
    if score >= thresholds.same:
        return Sameness.SAME
    return Sameness.DIFFERENT if score < thresholds.different else Sameness.DOUBTFUL


def _alternative(person: Student | Learner) -> str | None:
    return person.alternative_name.value if person.alternative_name else None

"""What an officer reads of an import: the two people side by side, and why somebody has to look."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext as later
from flask_babel.speaklater import LazyString

from emrex_gateway import signing
from emrex_gateway.domain import Identifier, Learner, PersonIdentifier, Received, Student
from emrex_gateway.importing import Drawer, OfficerCase, RefusalReason
from emrex_gateway.web._languages import day

REASONS: Mapping[str, LazyString] = {
    "identifier": later("Both records have the same identifier."),
    "identifiers-differ": later(
        "Both records have an identifier of the same kind from the same institution, and the two differ."
    ),
    "birth-date": later("The birth dates are the same."),
    "birth-date-close": later(
        "The birth dates differ in one figure, or day and month are exchanged."
    ),
    "birth-date-missing": later("A birth date is missing."),
    "birth-date-differs": later("The birth dates differ."),
    "names-equal": later("The names are the same."),
    "names-agree": later("The names agree, though they are written in different ways."),
    "names-close": later("The names are alike, but not so much that they must be one person's."),
    "names-differ": later("The names differ."),
    "given-names-close": later("The given names are alike, as those of twins can be."),
    "given-names-differ": later("The given names differ."),
    "family-names-close": later("The family names are alike."),
    "family-names-differ": later(
        "The family names differ. A marriage may be the reason, where neither record tells of it."
    ),
    "part-missing": later("One record has further names that the other leaves out."),
    "initials": later("A name is only an initial."),
    "spelling": later("A name is written in Latin letters in two ways."),
    "name-form": later("A name has two forms, as of women and men, or of two countries."),
    "birth-name": later("The name at birth was compared."),
    "other-script": later("The name in another form or script was compared."),
    "order": later("Given names and family name are exchanged."),
    "order-unsure": later(
        "Given name and family name are exchanged, and either could be a given name: "
        "this may be one person or two."
    ),
    "cut-elsewhere": later("The records divide the name in different places."),
    "gender-differs": later("The genders differ."),
}
"""By the codes of ``matching.REASONS``; a test compares the two."""

REFUSALS: Mapping[RefusalReason, LazyString] = {
    RefusalReason.OTHER_PERSON: later("These are another person's records."),
    RefusalReason.UNPROVEN: later(
        "It cannot be told whose records these are. The student has to show something, "
        "such as proof of a change of name."
    ),
    RefusalReason.ELSEWHERE: later("Such records are handed in another way."),
    RefusalReason.OTHER: later("Another reason, written below."),
}

DRAWERS: Mapping[Drawer, LazyString] = {
    Drawer.DOUBTFUL: later("To decide"),
    Drawer.STUCK: later("Not taken by the host system"),
    Drawer.UNDER_WAY: later("Being handed over"),
    Drawer.DONE: later("Done"),
}


def reasons(codes: Iterable[str]) -> list[LazyString]:
    """Why a match is as it is, the weightiest first; a code that nobody knows any more says nothing."""
    return [REASONS[code] for code in codes if code in REASONS]


@dataclass(frozen=True, slots=True)
class Cell:
    """What one file says of the person, and whether it is what is known here: ``same``, ``differs`` or nothing."""

    text: str
    sign: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is known of a person: here, and in each of the files."""

    label: str
    known: str
    cells: tuple[Cell, ...]


def side_by_side(case: OfficerCase) -> tuple[Line, ...]:
    """The student beside the learner of each file; lines that nobody fills are left out."""
    if case.student is None:
        return ()
    known = _told(case.student, case.student.identifiers, ())
    said = [
        _told(
            one.read.document.learner, one.read.document.learner.identifiers, one.read.identifiers
        )
        for one in case.sources
    ]
    return tuple(
        Line(
            label,
            known[label],
            tuple(Cell(a[label], _sign(label, known[label], a[label])) for a in said),
        )
        for label in known
        if known[label] or any(one[label] for one in said)
    )


def cautions(source: Received) -> list[str]:
    """What to be careful of in a signature that holds only because this provider is allowed weak ones."""
    sha1, short = signing.is_weak(source.facts)
    found = []
    if sha1:
        found.append(
            _(
                "It was signed with SHA-1, an old method that experts can forge today. "
                "Your institution accepts it from this provider."
            )
        )
    if short:
        found.append(
            _(
                "Its key is too short for today: somebody with much computing power could imitate it. "
                "Your institution accepts it from this provider."
            )
        )
    if not source.facts.not_before <= source.received_at <= source.facts.not_after:
        found.append(_("The provider's certificate was not valid on the day the records came."))
    return found


def _told(
    person: Student | Learner,
    identifiers: tuple[PersonIdentifier, ...],
    others: tuple[Identifier, ...],
) -> dict[str, str]:
    genders = {1: _("male"), 2: _("female"), 9: _("not applicable")}
    every = [*((i.type.value, i.value) for i in identifiers), *((i.type, i.value) for i in others)]
    return {
        _("Given names"): person.given_names,
        _("Family name"): person.family_name,
        _("Name at birth"): person.birth_name or "",
        _("Name in another form"): person.alternative_name.value if person.alternative_name else "",
        _("Date of birth"): day(person.birth_date) if person.birth_date else "",
        _("Place of birth"): person.place_of_birth or "",
        _("Citizenship"): person.citizenship or "",
        _("Gender"): genders.get(person.gender or 0, ""),
        _("Identifiers"): "\n".join(dict.fromkeys(f"{type_}: {value}" for type_, value in every)),
    }


def _sign(label: str, known: str, said: str) -> str:
    """Whether two texts are the same as far as anybody sees at once; the matcher looks closer.

    What is the same but for marks gets no sign, and neither do identifiers that
    differ: everybody has several.
    """
    if not known or not said:
        return ""
    if set(known.casefold().split("\n")) & set(said.casefold().split("\n")):
        return "same"
    several = label == _("Identifiers")
    return "" if several or _bare(known) == _bare(said) else "differs"


def _bare(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if c.isalnum())

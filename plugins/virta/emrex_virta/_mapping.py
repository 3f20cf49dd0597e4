"""VIRTA's data to the gateway's records and student. Pure functions; VIRTA's quirks end here.

What depends on the student's choice (credits under credits, types under types,
places of chosen courses) is not settled here but in ``emrex_gateway.domain.select``.
Keys of attainments do not leave: some institutions build them from personal data.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import cache

from emrex_gateway.domain import (
    ECTS,
    Credit,
    Identifier,
    Instance,
    Institution,
    Issuer,
    LangString,
    LosType,
    Recognised,
    Specification,
    StudyRecord,
    Texts,
    best_text,
)
from emrex_virta import _codes, _grades, _institutions
from emrex_virta._answer import Attainment, Person
from emrex_virta._rows import Row, rows
from emrex_virta._tree import forest

CREDIT_WEEKS = "opintoviikko"
"""Credit scheme of studies before 2005. A week is not a fixed number of ECTS credits."""

_THESIS = {"en": "Thesis.", "fi": "Opinnäytetyö.", "sv": "Lärdomsprov."}
_LANGUAGES = ("en", "fi", "sv")


def records(
    persons: Sequence[Person],
    institution: Institution,
    *,
    organisations: Collection[str] = (),
    fallback_url: str = "",
) -> tuple[StudyRecord, ...]:
    """Map everything that counts, in the answer's order.

    ``organisations`` limits the granting institutions; empty means all.
    """
    found = rows(persons)
    dropped = {
        position
        for position, row in enumerate(found.rows)
        if row.attainment.kind not in _codes.COUNTED
        or (organisations and row.attainment.grantor not in organisations)
    }
    tree = forest(found.parts, [row.attainment.right for row in found.rows], dropped)

    @cache
    def issuer(code: str) -> Issuer:
        return _institutions.issuer(code, institution, fallback_url or institution.url)

    mapped = []
    for position, row in enumerate(found.rows):
        if position in dropped:
            continue
        parent = tree.parent[position]
        also = [_title(found.rows[other]) for other in tree.others[position]]
        mapped.append(
            StudyRecord(
                key=row.key,
                parent=None if parent is None else found.rows[parent].key,
                issuer=issuer(row.attainment.grantor),
                specification=_specification(row, tree.has_parts[position], also),
                instance=_instance(row),
                recognised=_recognised(row.attainment),
            )
        )
    return tuple(mapped)


def _specification(row: Row, has_parts: bool, also: Sequence[str]) -> Specification:
    attainment = row.attainment
    identifiers = [Identifier("local", attainment.code)] if attainment.code else []
    fields = attainment.fields
    if attainment.kind == _codes.DEGREE:
        type_ = LosType.DEGREE_PROGRAMME
        if attainment.education_code:
            identifiers.append(Identifier("koulutuskoodi", attainment.education_code))
        right = _codes.right_of(attainment, row.rights)
        if not fields and right is not None:
            fields = right.fields
    else:
        type_ = LosType.MODULE if has_parts else LosType.COURSE
    return Specification(
        titles=_titles(attainment),
        type=type_,
        identifiers=tuple(identifiers),
        isced_code=_codes.isced(fields),
        descriptions=_descriptions(attainment, also),
    )


def _instance(row: Row) -> Instance:
    attainment = row.attainment
    grade, scheme, status = _grades.graded(attainment.grade, attainment.grantor)
    right = _codes.right_of(attainment, row.rights)
    return Instance(
        status=status,
        completed=attainment.completed,
        grade=grade,
        grading_scheme=scheme,
        credits=_credits(attainment),
        levels=_codes.levels(attainment, right),
        language=attainment.language,
    )


def _credits(attainment: Attainment) -> tuple[Credit, ...]:
    """Keep each figure in its own scheme; a zero beside the other scheme's figure is a filler."""
    ects, weeks = attainment.ects, attainment.weeks
    found = []
    if ects is not None and (ects or not weeks):
        found.append(Credit(scheme=ECTS, value=ects))
    if weeks:
        found.append(Credit(scheme=CREDIT_WEEKS, value=weeks))
    return tuple(found)


def _titles(attainment: Attainment) -> Texts:
    """Every name in its language, the best known language first; without any, the code."""
    return attainment.names or (LangString(attainment.code or attainment.key or "–"),)


def _title(row: Row) -> str:
    return best_text(_titles(row.attainment), _LANGUAGES)


def _descriptions(attainment: Attainment, also: Sequence[str]) -> Texts:
    """Public notes, that it is a thesis, and parents that the tree has no place for."""
    by_language: dict[str | None, list[str]] = defaultdict(list)
    if attainment.thesis:
        for language, text in _THESIS.items():
            by_language[language].append(text)
    for note in attainment.notes:
        by_language[note.lang].append(note.value)
    if also:
        by_language["en"].append(f"Also part of: {'; '.join(also)}.")
    return tuple(LangString("\n".join(lines), language) for language, lines in by_language.items())


def _recognised(attainment: Attainment) -> Recognised | None:
    sources = [code for code in attainment.sources if code != attainment.grantor]
    if attainment.recognised is None and not sources:
        return None
    return Recognised(source=_joined(sources), on=attainment.recognised)


def _joined(codes: Iterable[str]) -> Texts:
    """Name institutions in each language in which at least one of them has a name."""
    named = [_institutions.names(code) for code in codes]
    languages = [lang for lang in _LANGUAGES if any(t.lang == lang for n in named for t in n)]
    return tuple(
        LangString(", ".join(best_text(n, (lang, *_LANGUAGES)) for n in named), lang)
        for lang in languages
    )

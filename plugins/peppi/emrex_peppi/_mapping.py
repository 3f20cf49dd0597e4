"""Completed credits to study records. Pure: what a system sends in, what ELMO can carry out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from emrex_gateway.domain import (
    ECTS,
    AcademicTerm,
    Credit,
    Identifier,
    Instance,
    Institution,
    LangString,
    Level,
    LosType,
    Specification,
    Status,
    StudyRecord,
    Texts,
)
from emrex_peppi import _extras, _grades
from emrex_peppi._issuers import Issuers, web_address
from emrex_peppi._reading import Reading, Row, language_tag
from emrex_peppi._settings import PeppiSettings
from emrex_peppi._transactions import Credit as Completed
from emrex_peppi._transactions import last_states
from emrex_peppi._tree import parents

_NOT_COUNTED: Final = 3
_DEGREE: Final = 1
_TITLE_LIMIT: Final = 2_000

_TYPES = {
    "DEGREE": LosType.DEGREE_PROGRAMME,
    "STUDY_MODULE": LosType.MODULE,
    "COURSE_UNIT": LosType.COURSE,
}
_INSIDE_COURSES = ("REALISATION", "ASSESSMENT_ITEM")

_ISCED_BROAD = ("01", "02", "02", "03", "04", "05", "06", "07", "08", "09", "09", "10")
"""ISCED-F broad fields by VIRTA's ``ohjausala`` 1 to 12."""

_EQF_BY_RIGHT = {"1": "6", "2": "6", "3": "7", "4": "7", "6": "8", "7": "8"}
_MEDICAL_LICENTIATE: Final = "772102"

_LANGUAGES = {
    "fin": "fi",
    "swe": "sv",
    "eng": "en",
    "sme": "se",
    "est": "et",
    "rus": "ru",
    "deu": "de",
    "ger": "de",
    "fra": "fr",
    "fre": "fr",
    "spa": "es",
    "ita": "it",
}


def records(
    institution: Institution,
    settings: PeppiSettings,
    credits_: Sequence[Mapping[str, Any]],
    study_rights: Sequence[Mapping[str, Any]] = (),
) -> tuple[StudyRecord, ...]:
    """Map one student's completed credits, all pages together, in the listing's order.

    Superseded and removed credits, credits that are not counted (``type`` 3)
    and those without an attempt are left out; their parts move up to the
    nearest whole that stays.
    """
    reading = Reading.of(settings)
    rows = [Row("credit", values, reading) for values in credits_]
    live = last_states([Completed.of(row, position) for position, row in enumerate(rows)])
    above = parents(live)
    assessments = _grades.Assessments()
    graded = {credit.position: assessments.of(credit.row) for credit in live}
    statuses = {credit.position: _status(credit, graded[credit.position]) for credit in live}
    kept = {credit.position: credit for credit in live if statuses[credit.position] is not None}
    mapper = _Mapper(institution, settings, reading, list(kept.values()), study_rights)
    wholes = {_lift(position, above, kept) for position in kept}
    keys = _keys(kept)
    found: list[StudyRecord] = []
    for position, credit in kept.items():
        parent = _lift(position, above, kept)
        type_ = _type(credit, kept.get(parent) if parent is not None else None, position in wholes)
        whole = None if parent is None else keys[parent]
        status = statuses[position] or Status.IN_PROGRESS
        found.append(
            mapper.record(
                credit, graded[position], keys[position], whole, type_=type_, status=status
            )
        )
    return tuple(found)


def _status(credit: Completed, graded: _grades.Graded) -> Status | None:
    """What the credit says of passing; ``None`` where nothing counts or was attempted."""
    if credit.row.integer("type") == _NOT_COUNTED:
        return None
    return _grades.status(credit.row, graded)


def _lift(position: int, above: Mapping[int, int], kept: Mapping[int, Completed]) -> int | None:
    parent = above.get(position)
    while parent is not None and parent not in kept:
        parent = above.get(parent)
    return parent


def _keys(kept: Mapping[int, Completed]) -> dict[int, str]:
    """The credits' own identifiers; where one is missing, what was studied and when."""
    taken = {credit.identifier for credit in kept.values()}
    keys: dict[int, str] = {}
    for position, credit in kept.items():
        key = credit.identifier
        if not key:
            base = ":".join((*credit.target, credit.code, str(credit.completed or "")))
            key, number = base, 1
            while key in taken:
                number += 1
                key = f"{base}:{number}"
            taken.add(key)
        keys[position] = key
    return keys


def _type(credit: Completed, parent: Completed | None, whole: bool) -> LosType:
    if credit.row.integer("type") == _DEGREE:
        return LosType.DEGREE_PROGRAMME
    word = credit.target[0]
    if word in _TYPES:
        return _TYPES[word]
    if word in _INSIDE_COURSES and parent is not None and parent.target[0] == "COURSE_UNIT":
        return LosType.CLASS
    return LosType.MODULE if whole else LosType.COURSE


class _Mapper:
    def __init__(
        self,
        institution: Institution,
        settings: PeppiSettings,
        reading: Reading,
        credits_: Sequence[Completed],
        study_rights: Sequence[Mapping[str, Any]],
    ) -> None:
        rows = [credit.row for credit in credits_]
        self._issuers = Issuers(
            institution,
            settings.own_codes,
            (row.row("organisationResponsibleForCompletion", "organisation") for row in rows),
            settings.fallback_url,
        )
        self._attachments = _extras.Attachments(rows)
        self._terms: dict[str, AcademicTerm | None] = {}
        self._languages: dict[str, str | None] = {}
        self._levels_of: dict[str, tuple[Level, ...]] = {}
        rights = [Row("studyRight", values, reading) for values in study_rights]
        self._eqf = {row.text("id", 200): level for row in rights if (level := _eqf_level(row))}

    def record(
        self,
        credit: Completed,
        graded: _grades.Graded,
        key: str,
        parent: str | None,
        *,
        type_: LosType,
        status: Status,
    ) -> StudyRecord:
        row = credit.row
        return StudyRecord(
            key=key,
            parent=parent,
            issuer=self._issuers.of(
                row.row("organisationResponsibleForCompletion", "organisation")
            ),
            specification=_specification(credit, graded, type_),
            instance=self._instance(credit, graded, type_, status),
            recognised=_extras.recognised(row),
        )

    def _instance(
        self, credit: Completed, graded: _grades.Graded, type_: LosType, status: Status
    ) -> Instance:
        row = credit.row
        degree = type_ is LosType.DEGREE_PROGRAMME
        start = row.day("startDate")
        late = start is not None and credit.completed is not None and start > credit.completed
        return Instance(
            status=status,
            identifiers=(Identifier("local", credit.identifier),) if credit.identifier else (),
            start=None if late else start,
            completed=credit.completed,
            term=None if degree else self._term(row),
            grade=graded.grade,
            grading_scheme=graded.scheme,
            shortened_grading=graded.shortened,
            distribution=graded.distribution,
            credits=_credits(row),
            levels=self._levels(row, degree),
            language=self._language(row),
            engagement_hours=row.decimal("engagementHours"),
            attachments=self._attachments.of(row),
            group=_extras.group(row),
            diploma_supplement=_extras.supplement(row, self._attachments),
            extensions=_extras.extensions(row, "extensions"),
        )

    def _term(self, row: Row) -> AcademicTerm | None:
        """The row's term; rows repeat theirs word for word, so each is read once."""
        raw = row.raw("academicTerm")
        if raw is None:
            return None
        spelt = repr(raw)
        if spelt not in self._terms:
            self._terms[spelt] = _extras.term(row)
        return self._terms[spelt]

    def _listed_levels(self, row: Row) -> tuple[Level, ...]:
        raw = row.raw("levels")
        if raw is None:
            return ()
        spelt = repr(raw)
        if spelt not in self._levels_of:
            self._levels_of[spelt] = _extras.levels(row)
        return self._levels_of[spelt]

    def _language(self, row: Row) -> str | None:
        raw = row.raw("languagesOfCompletion")
        if raw is None:
            return None
        spelt = repr(raw)
        if spelt not in self._languages:
            self._languages[spelt] = _language(row)
        return self._languages[spelt]

    def _levels(self, row: Row, degree: bool) -> tuple[Level, ...]:
        levels = self._listed_levels(row)
        if not degree:
            return levels
        eqf = self._eqf.get(row.text("studyRightId", 200))
        if eqf and not any(level.type == "EQF" for level in levels):
            levels = (Level(type="EQF", value=eqf), *levels)
        return levels


def _specification(credit: Completed, graded: _grades.Graded, type_: LosType) -> Specification:
    row = credit.row
    titles = _titles(credit)
    code = _code(credit.code, titles)
    return Specification(
        titles=titles,
        type=type_,
        identifiers=(Identifier("local", code),) if code else (),
        subject_area=row.text("subjectArea", 50),
        isced_code=_isced(row),
        url=web_address(row.text("url", 2_000)),
        descriptions=_descriptions(row, graded),
        descriptions_html=row.texts("descriptionHtml"),
        extensions=_extras.extensions(row, "targetExtensions"),
    )


def _titles(credit: Completed) -> Texts:
    titles = credit.row.texts("completedCreditName")
    if titles:
        return tuple([t if _is_title(t.value) else _in_one_line(t) for t in titles])
    named = credit.code or credit.target[1] or credit.identifier
    return (LangString(named),) if named else (LangString("Untitled", "en"),)


def _is_title(text: str) -> bool:
    """Whether a stripped text has one line and single blanks already, as nearly all have."""
    return len(text) <= _TITLE_LIMIT and "  " not in text and text.isprintable()


def _in_one_line(text: LangString) -> LangString:
    return LangString(" ".join(text.value.split())[:_TITLE_LIMIT], text.lang)


def _code(code: str, titles: Texts) -> str:
    """The readable code; Peppi also writes "CODE Name"."""
    first, _, rest = code.partition(" ")
    return first if rest and any(rest.strip() == title.value for title in titles) else code


def _descriptions(row: Row, graded: _grades.Graded) -> Texts:
    """Objectives, content and the note for the transcript, a paragraph each, by language."""
    objective = row.texts("completedCreditObjective")
    more = (*row.texts("completedCreditContent"), *graded.notes)
    if not more and not graded.ects_grade:
        return objective
    parts: dict[str | None, list[str]] = {}
    for text in (*objective, *more):
        parts.setdefault(text.lang, []).append(text.value)
    if graded.ects_grade:
        parts.setdefault("en", []).append(f"ECTS grade: {graded.ects_grade}")
    return tuple(LangString("\n\n".join(values), lang) for lang, values in parts.items())


def _credits(row: Row) -> tuple[Credit, ...]:
    """The scope in the scheme that the system names, ECTS by default; never converted."""
    value = row.decimal("scope")
    if value is None:
        return ()
    scheme = row.text("creditScheme", 50) or ECTS
    return (Credit(scheme=ECTS if scheme.lower() in (ECTS, "op") else scheme, value=value),)


def _isced(row: Row) -> str | None:
    exact = row.text("iscedCode", 10) or ""
    if re.fullmatch(r"\d{2,4}", exact):
        return exact
    area = row.integer("minEduGuidanceArea")
    return _ISCED_BROAD[area - 1] if area is not None and 1 <= area <= len(_ISCED_BROAD) else None


def _language(row: Row) -> str | None:
    """The one language of completion as ISO 639-1; ``None`` for several or none."""
    named = {code.strip() for code in row.strings("languagesOfCompletion")}
    tags = {language_tag(code) for code in named - row.reading.no_languages}
    primary = {(tag or "").partition("-")[0] for tag in tags}
    languages = {_LANGUAGES.get(code, code) for code in primary}
    only = languages.pop() if len(languages) == 1 else ""
    return only if len(only) == 2 and only.isascii() and only.islower() else None


def _eqf_level(right: Row) -> str | None:
    if right.text("educationCode", 20) == _MEDICAL_LICENTIATE:
        return "7"
    return _EQF_BY_RIGHT.get(right.text("type", 20) or "")

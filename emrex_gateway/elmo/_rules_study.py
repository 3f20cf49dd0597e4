"""Rules on the tree of studies: credits, types, identifiers, terms, status, language."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from emrex_gateway.elmo._codes import LANGUAGES
from emrex_gateway.elmo._problem import Problem
from emrex_gateway.elmo._tree import path_of, q, text_of

_LOS = q("learningOpportunitySpecification")
_LOI = f"{q('specifies')}/{q('learningOpportunityInstance')}"
_TYPE, _IDENTIFIER, _CREDIT = q("type"), q("identifier"), q("credit")
_TERM, _PART = q("academicTerm"), q("hasPart")
_STATEMENTS = (q("report"), q("recognitionReport"))

_CHILD_TYPES = {
    "Degree Programme": {"Degree Programme", "Module", "Course"},
    "Module": {"Course"},
    "Course": {"Class"},
    "Class": set[str](),
}


@dataclass(slots=True)
class _Study:
    """A LOS: its parent's, its type, and its LOI (``None`` only where the grammar has objected)."""

    element: etree._Element
    parent: _Study | None
    type: str
    instance: etree._Element | None


@dataclass(slots=True)
class _Statement:
    """What one issuer states in one place: a report, or in ELMO 2 a recognition's basis."""

    issuer: frozenset[tuple[str, str]]
    studies: list[_Study]


Statements = list[_Statement]


def _problem(rule: str, study: _Study, message: str) -> Problem:
    return Problem(rule, path_of(study.element), message, study.element.sourceline or 0)


def read(root: etree._Element) -> Statements:
    """Return all studies of a document by statement, each study after its parent."""
    return [
        _Statement(_issuer_key(statement), _studies(statement))
        for statement in root.iter(*_STATEMENTS)
    ]


def _studies(statement: etree._Element) -> list[_Study]:
    """Return a statement's LOSs; the results of its recognitions count as tops."""
    tops = [*statement.iterchildren(_LOS)]
    tops += statement.iterfind(f"{q('resultOfRecognition')}/{q('recognitionResult')}/{_LOS}")
    found: list[_Study] = []
    work: list[tuple[etree._Element, _Study | None]] = [(top, None) for top in reversed(tops)]
    while work:
        element, parent = work.pop()
        type_ = text_of(element.find(_TYPE))
        study = _Study(element, parent, type_, element.find(_LOI))
        found.append(study)
        parts = [
            (los, study) for part in element.iterchildren(_PART) for los in part.iterchildren(_LOS)
        ]
        work.extend(reversed(parts))
    return found


def _issuer_key(statement: etree._Element) -> frozenset[tuple[str, str]]:
    """Return what tells issuers apart: their identifiers, postal address aside."""
    identifiers = statement.iterfind(f"{q('issuer')}/{_IDENTIFIER}")
    pairs = [(i.get("type", "").strip(), text_of(i).casefold()) for i in identifiers]
    return frozenset(pair for pair in pairs if pair[0] != "address") or frozenset(pairs)


def ects_on_one_level(statements: Statements) -> Iterator[Problem]:
    """A node with ECTS credits has no ancestor and no descendant with any (``credit``).

    ECTS credits have a figure, and a node has one of them (``credit/scheme``).
    """
    for studies in (statement.studies for statement in statements):
        above: dict[int, bool] = {}
        for study in studies:
            figures = _ects_figures(study)
            covered = study.parent is not None and above[id(study.parent)]
            above[id(study)] = covered or bool(figures)
            if figures and covered:
                yield _problem("ects", study, "ECTS credits below a node that has ECTS credits")
            if "" in figures:
                yield _problem("ects", study, "ECTS credits without a figure")
            if len(figures) > 1:
                yield _problem("ects", study, "ECTS credits twice")


def _ects_figures(study: _Study) -> list[str]:
    instance = study.instance
    if instance is None:
        return []
    return [
        text_of(credit.find(q("value")))
        for credit in instance.iterchildren(_CREDIT)
        if text_of(credit.find(q("scheme"))).lower() == "ects"
    ]


def types_by_depth(statements: Statements) -> Iterator[Problem]:
    """A type's nearest typed ancestor may contain it (``learningOpportunitySpecification/type``)."""
    for studies in (statement.studies for statement in statements):
        enclosing: dict[int, str] = {}
        for study in studies:
            outer = enclosing[id(study.parent)] if study.parent else ""
            enclosing[id(study)] = study.type if study.type in _CHILD_TYPES else outer
            if study.type in _CHILD_TYPES and outer and study.type not in _CHILD_TYPES[outer]:
                yield _problem("types", study, f"a {study.type} inside a {outer}")


def local_identifiers(statements: Statements) -> Iterator[Problem]:
    """``local`` identifiers are unique per issuer and type; without a type, unique by themselves."""
    by_issuer: defaultdict[frozenset[tuple[str, str]], list[_Study]] = defaultdict(list)
    for statement in statements:
        by_issuer[statement.issuer].extend(statement.studies)
    for studies in by_issuer.values():
        typed: Counter[tuple[str, str]] = Counter()
        overall: Counter[str] = Counter()
        for study in studies:
            for value in _locals(study):
                typed[study.type, value] += 1
                overall[value] += 1
        for study in studies:
            for value in _locals(study):
                count = typed[study.type, value] if study.type else overall[value]
                if count > 1:
                    yield _problem("local", study, "a local identifier that another node has too")


def _locals(study: _Study) -> list[str]:
    identifiers = study.element.iterchildren(_IDENTIFIER)
    return [text_of(i) for i in identifiers if i.get("type", "").strip() == "local"]


def terms(statements: Statements) -> Iterator[Problem]:
    """``academicTerm`` is for what took place in one term: courses, never programmes."""
    for studies in (statement.studies for statement in statements):
        below: defaultdict[int, set[str]] = defaultdict(set)
        for study in reversed(studies):
            instance = study.instance
            term = instance.find(_TERM) if instance is not None else None
            mine = _term_key(term)
            if mine and study.type in {"Degree Programme", "Module"}:
                yield _problem("term", study, f"an academic term on a {study.type}")
            if mine and below[id(study)] - {mine}:
                yield _problem("term", study, "an academic term above another term")
            if study.parent is not None:
                inherited = {mine, *below.pop(id(study), ())} - {""}
                below[id(study.parent)] |= set(sorted(inherited)[:2])


def _term_key(term: etree._Element | None) -> str:
    if term is None:
        return ""
    return "|".join(text_of(child) for child in term)


def statuses(statements: Statements) -> Iterator[Problem]:
    """``status`` is always written: leaving it out means passed only for old files."""
    for studies in (statement.studies for statement in statements):
        for study in studies:
            instance = study.instance
            if instance is not None and not text_of(instance.find(q("status"))):
                yield _problem("status", study, "no status")


def languages_of_instruction(statements: Statements) -> Iterator[Problem]:
    """``languageOfInstruction`` is one ISO 639-1 code."""
    for studies in (statement.studies for statement in statements):
        for study in studies:
            instance = study.instance
            language = instance.find(q("languageOfInstruction")) if instance is not None else None
            if language is not None and text_of(language) not in LANGUAGES:
                yield _problem("language", study, "the language is not one ISO 639-1 code")

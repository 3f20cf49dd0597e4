"""Rules on the tree of studies: credits, types, identifiers, terms, status, language."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from emrex_gateway.domain import ECTS
from emrex_gateway.elmo._codes import LANGUAGES
from emrex_gateway.elmo._problem import Problem
from emrex_gateway.elmo._tree import path_of, q, text_of

_LOS = q("learningOpportunitySpecification")
_SPECIFIES, _LOI = q("specifies"), q("learningOpportunityInstance")
_TYPE, _IDENTIFIER, _CREDIT = q("type"), q("identifier"), q("credit")
_SCHEME, _VALUE = q("scheme"), q("value")
_TERM, _PART = q("academicTerm"), q("hasPart")
_STATUS, _LANGUAGE = q("status"), q("languageOfInstruction")
_STATEMENTS = (q("report"), q("recognitionReport"))

_CHILD_TYPES = {
    "Degree Programme": {"Degree Programme", "Module", "Course"},
    "Module": {"Course"},
    "Course": {"Class"},
    "Class": set[str](),
}


@dataclass(slots=True)
class _Study:
    """A LOS and its LOI, with what the rules ask of them, read in one pass over their children.

    ``ects`` holds the figures of its ECTS credits, ``local`` its ``local`` identifiers; ``term``,
    ``status`` and ``language`` are ``None`` where the element (or, against the grammar, the LOI)
    is missing. Of elements that the grammar allows once, the first counts.
    """

    element: etree._Element
    parent: _Study | None
    type: str = ""
    local: tuple[str, ...] = ()
    has_instance: bool = False
    ects: tuple[str, ...] = ()
    term: str = ""
    status: str | None = None
    language: str | None = None


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
        study = _Study(element, parent)
        found.append(study)
        work.extend((los, study) for los in reversed(_read_specification(study)))
    return found


def _read_specification(study: _Study) -> list[etree._Element]:
    """Fill in what the LOS says; return the LOSs of its parts."""
    parts: list[etree._Element] = []
    type_: str | None = None
    for child in study.element:  # asking for some names costs more than passing over the others
        tag = child.tag
        if tag == _PART:
            parts += [los for los in child if los.tag == _LOS]
        elif tag == _IDENTIFIER:
            if child.get("type", "").strip() == "local":
                study.local += (text_of(child),)
        elif tag == _SPECIFIES:
            for instance in child:
                if instance.tag == _LOI and not study.has_instance:
                    study.has_instance = True
                    _read_instance(study, instance)
        elif tag == _TYPE and type_ is None:
            type_ = study.type = text_of(child)
    return parts


def _read_instance(study: _Study, instance: etree._Element) -> None:
    """Fill in what the LOI says."""
    term: etree._Element | None = None
    for child in instance:
        tag = child.tag
        if tag == _CREDIT:
            scheme, value = _credit(child)
            if scheme.lower() == ECTS:
                study.ects += (value,)
        elif tag == _TERM:
            if term is None:
                term = child
                study.term = "|".join(text_of(part) for part in child)
        elif tag == _STATUS:
            if study.status is None:
                study.status = text_of(child)
        elif tag == _LANGUAGE and study.language is None:
            study.language = text_of(child)


def _credit(credit: etree._Element) -> tuple[str, str]:
    """Return a credit's scheme and value, empty where they are missing."""
    found = {part.tag: text_of(part) for part in reversed(credit)}  # of two the first counts
    return found.get(_SCHEME, ""), found.get(_VALUE, "")


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
            figures = study.ects
            covered = study.parent is not None and above[id(study.parent)]
            above[id(study)] = covered or bool(figures)
            if figures and covered:
                yield _problem("ects", study, "ECTS credits below a node that has ECTS credits")
            if "" in figures:
                yield _problem("ects", study, "ECTS credits without a figure")
            if len(figures) > 1:
                yield _problem("ects", study, "ECTS credits twice")


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
            for value in study.local:
                typed[study.type, value] += 1
                overall[value] += 1
        for study in studies:
            for value in study.local:
                count = typed[study.type, value] if study.type else overall[value]
                if count > 1:
                    yield _problem("local", study, "a local identifier that another node has too")


def terms(statements: Statements) -> Iterator[Problem]:
    """``academicTerm`` is for what took place in one term: courses, never programmes."""
    for studies in (statement.studies for statement in statements):
        below: dict[int, set[str]] = {}  # of what differs, two are enough to know
        for study in reversed(studies):
            mine, inner = study.term, below.pop(id(study), None)
            if mine and study.type in {"Degree Programme", "Module"}:
                yield _problem("term", study, f"an academic term on a {study.type}")
            if mine and inner and inner != {mine}:
                yield _problem("term", study, "an academic term above another term")
            if study.parent is not None and (mine or inner):
                above = below.setdefault(id(study.parent), set())
                if len(above) < 2 and inner:
                    above.update(inner)
                if len(above) < 2 and mine:
                    above.add(mine)


def statuses(statements: Statements) -> Iterator[Problem]:
    """``status`` is always written: leaving it out means passed only for old files."""
    for studies in (statement.studies for statement in statements):
        for study in studies:
            if study.has_instance and not study.status:
                yield _problem("status", study, "no status")


def languages_of_instruction(statements: Statements) -> Iterator[Problem]:
    """``languageOfInstruction`` is one ISO 639-1 code."""
    for studies in (statement.studies for statement in statements):
        for study in studies:
            if study.language is not None and study.language not in LANGUAGES:
                yield _problem("language", study, "the language is not one ISO 639-1 code")

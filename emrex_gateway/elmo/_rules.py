"""The rules that the official schema states only in its annotations, on a parsed document.

They know nothing of how a document was made: ``write`` runs them on its own output, and they
hold for files from anywhere. Each rule is a function from the root, or from the
studies or the attached files in it, to the problems that it finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from lxml import etree

from emrex_gateway.elmo import _rules_document as document
from emrex_gateway.elmo import _rules_study as study
from emrex_gateway.elmo._problem import Problem

_DOCUMENT: tuple[Callable[[etree._Element], Iterator[Problem]], ...] = (
    document.encoding,
    document.learner_identifiers,
    document.issuers,
    document.time_zones,
    document.supplement_versions,
    document.attachment_places,
    document.references,
    document.one_reference_signed,
)
_TEXTS: tuple[Callable[[etree._Element, bytes | None], Iterator[Problem]], ...] = (
    document.values,
    document.languages,
)
_STUDIES: tuple[Callable[[study.Statements], Iterator[Problem]], ...] = (
    study.ects_on_one_level,
    study.types_by_depth,
    study.local_identifiers,
    study.terms,
    study.statuses,
    study.languages_of_instruction,
)


def rule_problems(
    root: etree._Element,
    literal: bytes | None = None,
    *,
    readable_copy: bool = True,
    most: int | None = None,
) -> tuple[Problem, ...]:
    """Return the problems that all rules find, rule by rule.

    ``literal`` is what was parsed if it says everything literally (``_tree.is_literal``): rules
    on single characters look there whether they have to look any further. ``most`` is how many
    problems each rule may name: naming a place counts its siblings, and a stranger's file can break
    a rule in each of them.
    """
    statements, files = study.read(root), document.read_files(root)
    found = (
        *(rule(root) for rule in _DOCUMENT),
        *(rule(root, literal) for rule in _TEXTS),
        document.attachment_contents(files),
        *((document.readable_copy(root, files),) if readable_copy else ()),
        *(rule(statements) for rule in _STUDIES),
    )
    return tuple(problem for problems in found for problem in islice(problems, most))

"""The rules that hold for what a student chose: types, credits, terms, local identifiers.

Each rule is one pass over an issuer's nodes, in which every node stands after its parent; a
pass from the end therefore sees children first. What a rule takes from a field goes into the
description, so that no reader loses it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from emrex_gateway.domain._cleaning import token
from emrex_gateway.domain._records import (
    ECTS,
    AcademicTerm,
    Credit,
    Identifier,
    Instance,
    LosType,
    Specification,
    Status,
    StudyRecord,
)
from emrex_gateway.domain._texts import LangString, Texts, best_text

_TITLE_LANGUAGES = ("en", "fi", "sv")
_TITLE_LENGTH = 200
_LOCAL = "local"
_AMBIGUOUS_LOCAL = "code"
"""Custom type under which a ``local`` identifier goes on that does not tell nodes apart."""

_MAY_CONTAIN: dict[LosType, frozenset[LosType]] = {
    LosType.DEGREE_PROGRAMME: frozenset({LosType.DEGREE_PROGRAMME, LosType.MODULE, LosType.COURSE}),
    LosType.MODULE: frozenset({LosType.COURSE}),
    LosType.COURSE: frozenset({LosType.CLASS}),
    LosType.CLASS: frozenset(),
}
_SPANS_TERMS = frozenset({LosType.DEGREE_PROGRAMME, LosType.MODULE})


@dataclass(slots=True, eq=False)
class Node:
    """A chosen row on its way into a report. ``skipped`` names what stood between it and ``parent``."""

    record: StudyRecord
    parent: Node | None
    skipped: tuple[str, ...]
    parts: list[Node] = field(default_factory=list)
    type: LosType | None = None
    enclosing: LosType | None = None
    credits: tuple[Credit, ...] = ()
    term: AcademicTerm | None = None
    identifiers: tuple[Identifier, ...] = ()
    notes: list[str] = field(default_factory=list)


def title_of(record: StudyRecord) -> str:
    """Return a row's title in the best language, for a sentence about another row."""
    specification = record.specification
    title = token(best_text(specification.titles, _TITLE_LANGUAGES))
    if not title and specification.identifiers:
        title = token(specification.identifiers[0].value)
    if not title:
        title = specification.type.value if specification.type else "untitled"
    return title if len(title) <= _TITLE_LENGTH else title[: _TITLE_LENGTH - 1] + "…"


def apply_rules(nodes: Sequence[Node]) -> None:
    """Settle type, credits, term, identifiers and notes of all nodes of one issuer."""
    for node in nodes:
        _describe_origin(node)
        _settle_type(node)
    settle_credits(nodes)
    _settle_terms(nodes)
    _settle_identifiers(nodes)


def finished(node: Node) -> tuple[Specification, Instance]:
    """Return the row's specification and instance as the rules left them: mostly untouched."""
    specification, instance = node.record.specification, node.record.instance
    if (
        node.notes
        or node.type is not specification.type
        or node.identifiers != specification.identifiers
    ):
        specification = replace(
            specification,
            type=node.type,
            identifiers=node.identifiers,
            descriptions=_described(specification.descriptions, node.notes),
        )
    if node.credits != instance.credits or node.term is not instance.term:
        instance = replace(instance, credits=node.credits, term=node.term)
    return specification, instance


def _describe_origin(node: Node) -> None:
    if node.skipped:
        node.notes.append(f"Part of: {' / '.join(node.skipped)}.")
    recognised = node.record.recognised
    if recognised is not None:
        source = token(best_text(recognised.source, _TITLE_LANGUAGES))
        origin = f"completed at {source}" if source else "completed elsewhere"
        when = f", recognised on {recognised.on.isoformat()}" if recognised.on else ""
        node.notes.append(f"Recognised studies: {origin}{when}.")


def _settle_type(node: Node) -> None:
    """Keep the type where the nearest typed ancestor may contain it; ``enclosing`` is for the parts."""
    outer = node.parent.enclosing if node.parent else None
    wanted = node.record.specification.type
    node.type = wanted if outer is None or wanted in _MAY_CONTAIN[outer] else None
    node.enclosing = node.type or outer


def ects_of(credits_: Sequence[Credit]) -> Decimal | None:
    """Return the first ECTS figure, or ``None``; the scheme's case does not matter."""
    for credit in credits_:
        if token(credit.scheme).lower() == ECTS and credit.value is not None:
            return credit.value if credit.value.is_finite() else None
    return None


def settle_credits(nodes: Sequence[Node]) -> None:
    """Leave ECTS credits with no ancestor and no descendant that has any.

    The lowest figure stays, as it says most. Credits that nobody was awarded (a failed or
    unfinished row, or none at all) yield to awarded ones, above or below: a failed course does
    not take a degree's credits away.
    """
    figures = {id(node): ects_of(node.record.instance.credits) for node in nodes}
    awarded_below: set[int] = set()
    any_below: set[int] = set()
    for node in reversed(nodes):
        if node.parent is not None:
            mine, above = id(node), id(node.parent)
            if _awarded(node, figures[mine]) or mine in awarded_below:
                awarded_below.add(above)
            if figures[mine] is not None or mine in any_below:
                any_below.add(above)
    under_awarded: set[int] = set()
    for node in nodes:
        mine, figure = id(node), figures[id(node)]
        awarded = _awarded(node, figure)
        covered = node.parent is not None and id(node.parent) in under_awarded
        below = awarded_below if awarded else any_below
        keeps = figure is not None and mine not in below and (awarded or not covered)
        if covered or (keeps and awarded):
            under_awarded.add(mine)
        _write_credits(node, figure, keeps=keeps, awarded=awarded)


def _awarded(node: Node, figure: Decimal | None) -> bool:
    return figure is not None and figure > 0 and node.record.instance.status is Status.PASSED


def _write_credits(node: Node, figure: Decimal | None, *, keeps: bool, awarded: bool) -> None:
    credits_ = node.record.instance.credits
    others = tuple(c for c in credits_ if token(c.scheme).lower() != ECTS)
    if keeps:
        node.credits = (Credit(scheme=ECTS, value=figure), *others)
        return
    node.credits = others
    if figure:
        amount = f"{figure:f}"
        amount = amount.rstrip("0").rstrip(".") if "." in amount else amount
        where = "credits are given with its parts" if awarded else "not awarded"
        node.notes.append(f"Extent: {amount} ECTS credits ({where}).")


def _settle_terms(nodes: Sequence[Node]) -> None:
    """Keep the academic term of what took place in one: not of programmes, modules, or anything
    with parts in another term."""
    below: dict[int, set[AcademicTerm]] = {}
    for node in reversed(nodes):
        term = node.record.instance.term
        terms = below.pop(id(node), set())
        single = term is not None and terms <= {term}
        node.term = term if single and node.record.specification.type not in _SPANS_TERMS else None
        if node.parent is not None:
            if term is not None:
                terms.add(term)
            # Two different terms below say as much as many: the set stays small.
            above = below.setdefault(id(node.parent), set())
            above.update(list(terms)[: max(0, 2 - len(above))])


def _settle_identifiers(nodes: Sequence[Node]) -> None:
    """Leave ``local`` identifiers only where they are unique among the issuer's nodes of a type.

    A node without type needs one that no node at all shares. Elsewhere the value goes on under
    a custom type, which promises nothing.
    """
    cleaned = {id(node): _cleaned(node.record.specification.identifiers) for node in nodes}
    by_type: Counter[tuple[LosType | None, str]] = Counter()
    overall: Counter[str] = Counter()
    for node in nodes:
        for identifier in cleaned[id(node)]:
            if identifier.type == _LOCAL:
                by_type[node.type, identifier.value] += 1
                overall[identifier.value] += 1
    for node in nodes:
        kept: dict[Identifier, None] = {}
        for identifier in cleaned[id(node)]:
            value = identifier.value
            count = by_type[node.type, value] if node.type else overall[value]
            ambiguous = identifier.type == _LOCAL and count > 1
            kept[Identifier(_AMBIGUOUS_LOCAL, value) if ambiguous else identifier] = None
        node.identifiers = tuple(kept)


def _cleaned(identifiers: Sequence[Identifier]) -> tuple[Identifier, ...]:
    tokens = ((token(i.type), token(i.value)) for i in identifiers)
    named = ((_LOCAL if t.lower() == _LOCAL else t, v) for t, v in tokens)
    return tuple(dict.fromkeys(Identifier(t, v) for t, v in named if t and v))


def _described(descriptions: Texts, notes: Sequence[str]) -> Texts:
    """Add notes to the English description, or as one."""
    if not notes:
        return descriptions
    text = "\n".join(notes)
    for position, own in enumerate(descriptions):
        if own.lang == "en" and own.value.strip():
            joined = LangString(f"{own.value}\n\n{text}", "en")
            return (*descriptions[:position], joined, *descriptions[position + 1 :])
    return (*descriptions, LangString(text, "en"))

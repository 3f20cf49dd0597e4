"""A decision on recognition, as rows of what was brought and what it counts as."""

from __future__ import annotations

from typing import Any

from emrex_gateway.domain import Decision, Issuer, LearningOpportunity
from emrex_gateway.transcript._text import Value
from emrex_gateway.transcript._view import Fact, Words, names_of

MADE_UP = "recognised-"
"""How identifiers begin that stand for no code of the institution's."""


def decision_view(decision: Decision, words: Words) -> dict[str, Any]:
    """Everything of one decision, for the template's ``decision-part``."""
    targets = dict(decision.mapping)
    results = {local(one): one for one in decision.results}
    facts: list[Fact] = [
        (words["decision"], words.own(words.label("decision", decision.status.value)))
    ]
    if decision.decided_on is not None:
        facts.append((words["decision.on"], words.own(words.long_date(decision.decided_on))))
    return {
        "facts": facts,
        "texts": words.all_of(decision.descriptions),
        "rows": [
            {
                "from": _side(one, words, basis.issuer),
                "to": _result(results.get(targets.get(local(one), "")), words),
            }
            for basis in decision.basis
            for one in basis.opportunities
        ],
    }


def local(one: LearningOpportunity) -> str:
    """By what a decision's mapping names a study."""
    found = (i.value for i in one.specification.identifiers if i.type == "local")
    return next(found, "")


def _result(one: LearningOpportunity | None, words: Words) -> dict[str, Any]:
    if one is None:
        return {"title": words.own(words["decision.nothing"]), "below": [], "strong": False}
    return _side(one, words, None)


def _side(one: LearningOpportunity, words: Words, issuer: Issuer | None) -> dict[str, Any]:
    what, achieved = one.specification, one.instance
    below: list[Value] = []
    if issuer is not None:
        below.append(names_of(issuer, words)[0])
    else:
        code = local(one)
        below += [] if code.startswith(MADE_UP) else [words.value(code)]
    below += (words.credit(credit) for credit in achieved.credits)
    if achieved.status.value != "passed":
        below.append(words.own(words.label("status", achieved.status.value)))
    below += words.all_of(what.descriptions)
    return {"title": words.one_of(what.titles, words["no_title"]), "below": below, "strong": True}

"""The audit trail's vocabulary is complete and closed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import emrex_gateway
from emrex_gateway import audit

PACKAGE = Path(emrex_gateway.__file__).parent


def test_every_event_says_what_it_may_say() -> None:
    """An event without a list of facts cannot be added by accident, nor one without an explanation."""
    assert set(audit.Event) == set(audit.FACTS)
    source = ast.parse((PACKAGE / "audit.py").read_text("utf-8"))
    (events,) = [n for n in source.body if isinstance(n, ast.ClassDef) and n.name == "Event"]
    explained = [type(node).__name__ for node in events.body[1:]]
    assert ["Assign", "Expr"] * len(audit.Event) == explained


def _records() -> Iterator[tuple[str, ast.Call]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        if "store" in file.parts or "testing" in file.parts or file.name == "audit.py":
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "record"
                and "audit" in ast.unparse(node.func.value)
            ):
                yield f"{file.name}:{node.lineno}", node


def test_the_code_records_listed_events_with_listed_facts_only() -> None:
    """Every place that writes to the trail names an event of the list, and no fact but its own.

    A place that gets its event as an argument may use only facts that every
    event with that fact allows; ``error`` and ``reason`` are such codes.
    """
    events = {event.value for event in audit.Event}
    wrong, seen = [], 0
    for place, call in _records():
        seen += 1
        facts = {k.arg for k in call.keywords if k.arg} - {"transfer"}
        first = call.args[0]
        if isinstance(first, ast.Constant):
            if first.value not in events or facts - audit.FACTS[audit.Event(first.value)]:
                wrong.append((place, first.value, sorted(facts)))
        elif isinstance(first, ast.Name) and first.id == "uow":
            continue  # audit.record checks by itself
        elif facts - {"error", "reason"}:
            wrong.append((place, ast.unparse(first), sorted(facts)))

    assert [] == wrong
    assert seen > 10


@pytest.mark.parametrize(
    ("event", "facts"), [("login.succeeded", {"name": "x"}), ("something.else", {})]
)
def test_an_unlisted_event_or_fact_is_refused(event: str, facts: dict[str, str]) -> None:
    """What the list does not hold is not recorded."""
    with pytest.raises(ValueError, match=r"something\.else|no fact name"):
        audit.check(event, facts)

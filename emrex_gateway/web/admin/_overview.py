"""What an institution's overview tells: step by step, from its data to a working export.

An area adds its steps with ``@section(order)``: a function that reads what it
needs in the page's transaction and yields a ``Step`` for each thing to do. The
steps stand in this order: data 10, access points 20, adapters 30, keys 40,
logins 50, joining 60; what is no step to an export comes after 100.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from emrex_gateway.domain import Actor, Institution
from emrex_gateway.ports import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that an institution needs, and how it stands.

    ``state`` is a short sentence, ``todo`` what to do next in words that make
    sense on a link (empty when there is nothing), ``address`` where. ``problem``
    says that something that was done does not work.
    """

    title: str
    address: str
    state: str
    done: bool
    todo: str = ""
    problem: bool = False


Section = Callable[[UnitOfWork, Institution, Actor], Iterable[Step]]
SECTIONS: dict[int, list[Section]] = {}
"""By order. Filled while the areas are imported, and read only from then on."""


def section(order: int) -> Callable[[Section], Section]:
    """Register a function that yields an area's steps."""

    def register(made: Section) -> Section:
        SECTIONS.setdefault(order, []).append(made)
        return made

    return register


def steps(uow: UnitOfWork, institution: Institution, actor: Actor) -> list[tuple[int, Step]]:
    """Return all steps with their order."""
    return [
        (order, step)
        for order in sorted(SECTIONS)
        for made in SECTIONS[order]
        for step in made(uow, institution, actor)
    ]

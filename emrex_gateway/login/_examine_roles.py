"""What became of a value at a login for administrators: roles count there, students' identifiers do not."""

from __future__ import annotations

from dataclasses import replace

from emrex_gateway.domain import Identity, LoginMethod
from emrex_gateway.ports import Fate, Stated, Value


def with_roles(
    method: LoginMethod, stated: tuple[Stated, ...], identity: Identity
) -> tuple[Stated, ...]:
    """Tell of each value whether the role rules look at it; for a students' method, ``stated`` as it is."""
    if not method.for_administrators:
        return stated
    counts = identity.entitlements | identity.groups | identity.accounts
    return tuple(
        replace(one, values=tuple(_judged(value, counts) for value in one.values)) for one in stated
    )


def _judged(value: Value, counts: frozenset[str]) -> Value:
    if value.text in counts:
        return Value(value.text, Fate.ROLE)
    if value.type:
        return Value(value.text, Fate.UNUSED)
    return value

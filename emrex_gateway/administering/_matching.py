"""When records that come home are a student's own: what an institution may set."""

from __future__ import annotations

import math
from dataclasses import replace

from emrex_gateway.administering._values import N_
from emrex_gateway.domain import LEAST_SAME, Matching
from emrex_gateway.errors import ConfigError


def check_matching(told: Matching, where: str) -> Matching:
    """Return the thresholds. Raises ``ConfigError`` for the first that cannot be."""
    same, different = float(told.same), float(told.different)
    if not (math.isfinite(same) and LEAST_SAME <= same <= 100):
        raise ConfigError(
            f"{where}: matching.same must be from {LEAST_SAME:g} to 100",
            "matching.same",
            words=N_("From %(least)d to 100: below, likeness alone would make one person of two."),
            values={"least": int(LEAST_SAME)},
        )
    if not (math.isfinite(different) and 0 <= different <= same):
        raise ConfigError(
            f"{where}: matching.different must be from 0 to matching.same",
            "matching.different",
            words=N_("From 0 to the number above."),
        )
    return Matching(same=same, different=different)


def matching_with(told: Matching, name: str, value: str) -> Matching:
    """Return the thresholds with one of them as a command takes it; empty: the usual one.

    Raises ``ConfigError`` for what is no number, ``KeyError`` for another name.
    """
    usual = {"same": Matching().same, "different": Matching().different}[name]
    try:
        number = float(value) if value else usual
    except ValueError:
        raise ConfigError(f"matching.{name} is no number", f"matching.{name}") from None
    return replace(told, same=number) if name == "same" else replace(told, different=number)

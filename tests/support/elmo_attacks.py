"""All attacks on signed ELMO files and copies, family by family; ``CASES`` holds them."""

from __future__ import annotations

import importlib
from collections import Counter

from elmo_case import CASES, Attack, begin_family, genuine, ordinary

FAMILIES = ("wrapping", "reference", "form", "keys", "reading", "pdf")

for _family in FAMILIES:
    begin_family(_family)
    importlib.import_module(f"elmo_attacks_{_family}")

assert max(Counter(case.name for case in CASES).values()) == 1, "two attacks have one name"

__all__ = ["CASES", "FAMILIES", "Attack", "genuine", "ordinary"]

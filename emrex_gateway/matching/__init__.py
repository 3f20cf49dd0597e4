"""Whether the learner of a document is the person who asked for it."""

from emrex_gateway.matching._match import REASONS, match

__all__ = ["REASONS", "match"]

"""Whether the learner of a document is the person who asked for it."""

from emrex_gateway.matching._match import match

__all__ = ["match"]

"""ELMO files: writing them out of the domain model, and checking any of them.

``write`` makes an unsigned document that satisfies our grammar and every rule that the official
schema states only in its annotations; ``check`` says what is wrong with one. ``code`` is the short
digest of one that is printed on its transcript.
"""

from emrex_gateway.elmo._check import check
from emrex_gateway.elmo._code import code, code_of, read_code
from emrex_gateway.elmo._facts import Facts, facts
from emrex_gateway.elmo._problem import Problem
from emrex_gateway.elmo._schema import grammar
from emrex_gateway.elmo._tree import NAMESPACE
from emrex_gateway.elmo._write import write

__all__ = [
    "NAMESPACE",
    "Facts",
    "Problem",
    "check",
    "code",
    "code_of",
    "facts",
    "grammar",
    "read_code",
    "write",
]

"""ELMO files: writing them out of the domain model, reading them into it, checking any of them.

``write`` makes an unsigned document that satisfies our grammar and every rule that the official
schema states only in its annotations; ``check`` says what is wrong with one. ``read`` takes only what
``signing.verify`` made. ``code`` is the short digest of a file that is printed on its transcript; ``begin`` and
``finish`` write a file whose transcripts carry it.
"""

from emrex_gateway.elmo._begin import Begun, begin, finish, stand_in
from emrex_gateway.elmo._check import check
from emrex_gateway.elmo._code import code, read_code
from emrex_gateway.elmo._content_type import media_type
from emrex_gateway.elmo._facts import Facts, facts
from emrex_gateway.elmo._markup import clean_html
from emrex_gateway.elmo._notes import REMARKS
from emrex_gateway.elmo._problem import Problem
from emrex_gateway.elmo._read import read
from emrex_gateway.elmo._schema import grammar
from emrex_gateway.elmo._tree import NAMESPACE
from emrex_gateway.elmo._write import write

__all__ = [
    "NAMESPACE",
    "REMARKS",
    "Begun",
    "Facts",
    "Problem",
    "begin",
    "check",
    "clean_html",
    "code",
    "facts",
    "finish",
    "grammar",
    "media_type",
    "read",
    "read_code",
    "stand_in",
    "write",
]

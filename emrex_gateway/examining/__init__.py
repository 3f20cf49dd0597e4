"""Checking a file that somebody holds: an ELMO file, or the signed copy of a transcript.

``examine`` needs no database: the command line uses it with certificates from
files. ``certificates_of`` says which ones an institution's files are checked
with. ``check`` says more: whose signature it is, by whom it is or was listed
(``known_here``), what to be careful of, and the records; ``answer`` is that as
the interface for programs gives it.
"""

from emrex_gateway.examining._answer import answer
from emrex_gateway.examining._certificates import certificates_of
from emrex_gateway.examining._check import Caution, Checked, Verdict, check
from emrex_gateway.examining._examine import (
    MOST_MARKS,
    Examined,
    Kind,
    Typed,
    compare_code,
    examine,
)
from emrex_gateway.examining._known import Known, Signatory, Standing, known_here, known_of

__all__ = [
    "MOST_MARKS",
    "Caution",
    "Checked",
    "Examined",
    "Kind",
    "Known",
    "Signatory",
    "Standing",
    "Typed",
    "Verdict",
    "answer",
    "certificates_of",
    "check",
    "compare_code",
    "examine",
    "known_here",
    "known_of",
]

"""Checking a file that somebody holds: an ELMO file, or the signed copy of a transcript.

``examine`` needs no database: the command line uses it with certificates from
files. ``certificates_of`` says which ones an institution's files are checked with.
"""

from emrex_gateway.examining._certificates import certificates_of
from emrex_gateway.examining._examine import (
    MOST_MARKS,
    Examined,
    Kind,
    Typed,
    compare_code,
    examine,
)

__all__ = ["MOST_MARKS", "Examined", "Kind", "Typed", "certificates_of", "compare_code", "examine"]

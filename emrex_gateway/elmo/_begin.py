"""A file in two steps, for transcripts that carry the code of the file that they are part of.

The code leaves attachments out (``_code``), so the file is written once, with a
stand-in for each transcript, and its code read; then the transcripts take
their stand-ins' places, and the whole is checked as ``write`` checks it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

from emrex_gateway.domain import Document, ElmoVersion, UnsignedElmo
from emrex_gateway.elmo._code import code
from emrex_gateway.elmo._tree import MAX_TEXT
from emrex_gateway.elmo._write import pieces, sound
from emrex_gateway.errors import ElmoError


@dataclass(frozen=True, slots=True)
class Begun:
    """A file without its transcripts: ``code`` is the one that it will have with them."""

    text: str = field(repr=False)
    version: ElmoVersion
    code: str


def stand_in(number: int) -> bytes:
    """Return the content that stands for the transcript of that number, in one document."""
    return b"%%PDF-emrex-stand-in-%d\n" % number


def begin(document: Document, version: ElmoVersion = ElmoVersion.V1_7) -> Begun:
    """Write a document whose transcripts are stand-ins. Nothing is checked but what cannot be spelled.

    Raises ``ElmoError`` for that.
    """
    if not document.reports:
        raise ElmoError("a document without reports")
    text = "".join(pieces(document, version))
    return Begun(text, version, code(text.encode("utf-8")))


def finish(begun: Begun, transcripts: Mapping[int, bytes]) -> UnsignedElmo:
    """Put the transcripts into the places of their stand-ins, by number, and check the whole.

    Raises ``ElmoError`` as ``write`` does, for a transcript that is too large
    for common parsers, and when a stand-in does not stand there exactly once.
    """
    text = begun.text
    for number, transcript in transcripts.items():
        parts = text.split(_encoded(stand_in(number)))
        if len(parts) != 2:
            raise ElmoError("a transcript's place is not to be found")
        if len(transcript) * 4 // 3 + 300 > MAX_TEXT:
            raise ElmoError("a transcript is too large for common parsers")
        text = _encoded(transcript).join(parts)
    return sound(text.encode("utf-8"), begun.version)


def _encoded(content: bytes) -> str:
    """As a data URI has it, to its very end: no other content begins so and goes on."""
    return f"data:application/pdf;base64,{base64.b64encode(content).decode('ascii')}<"

"""From plain data to a PDF, through typst."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import typst

from emrex_gateway.errors import GatewayError
from emrex_gateway.transcript._fonts import FontSet

STANDARDS: Final[list[typst.PDFStandard]] = ["a-3a", "ua-1"]
"""Archivable, with room for the ELMO file, and accessible. PDF/A-4 is PDF 2.0 and excludes UA-1."""

ATTACHED_NAME: Final = "emrex-elmo.xml"
"""The embedded file's name."""

_GENERATIONS = 12
"""Typst forgets what ten compilations in a row did not use."""


class RefusedText(GatewayError):
    """Typst refused a text: a letter without a glyph, or beyond what the standards allow."""


class ForkedTooLate(GatewayError):
    """This process was forked after typst had run: its threads are gone, and a call would hang."""


_users: set[int] = set()
"""Processes, of this one and its ancestors, in which typst has run."""


def _claim() -> None:
    """Note that typst runs here.

    :raises ForkedTooLate: when it has run in the process that this one was forked from.
    """
    _users.add(os.getpid())
    if len(_users) > 1:
        raise ForkedTooLate("typst ran before the fork: render in workers only, preload() before")


@cache
def _template() -> bytes:
    return (Path(__file__).with_name("_template") / "transcript.typ").read_bytes()


def compile_pdf(
    data: Mapping[str, Any], fonts: FontSet, created: datetime, attached: bytes | None = None
) -> bytes:
    """Set ``data`` with the template. Same arguments, same bytes.

    The data travel as JSON in an input of the compiler and are never part of
    the markup, so nothing in them can be a command. A compiler of its own a
    document costs microseconds and keeps no person's data.

    :param attached: a file to embed, UTF-8; the PDF is made from it (``AFRelationship`` Source).
    :raises ValueError: when ``attached`` is not UTF-8.
    :raises RefusedText: when something passed our check and not typst's.
    :raises ForkedTooLate: in a child of a process that has rendered.
    """
    _claim()
    families = frozenset(data["families"])
    packed = msgspec.json.encode({**data, "families": fonts.ordered(families)}).decode()
    inputs = {"data": packed}
    if attached is not None:
        inputs |= {"attached": attached.decode("utf-8"), "attached-name": ATTACHED_NAME}
    opened = fonts.opened(families)
    try:
        pdf = _compiler(opened, inputs).compile(
            _template(),
            format="pdf",
            pdf_standards=STANDARDS,
            timestamp=math.floor(created.timestamp()),
        )
    except typst.TypstError:
        # Without its context: typst quotes the text, which is personal data.
        raise RefusedText("typst refused the transcript") from None
    finally:
        _forget(opened)
    if not isinstance(pdf, bytes):
        raise TypeError("typst returned no PDF")
    return pdf


def _compiler(fonts: typst.Fonts, inputs: dict[str, str]) -> typst.Compiler:
    return typst.Compiler(font_paths=fonts, ignore_system_fonts=True, sys_inputs=inputs)


def _forget(fonts: typst.Fonts) -> None:
    """Make typst drop what it remembers, by empty compilations: its cache has no other handle.

    About 1 ms. Without it a process that renders documents of 60 records grows by
    100 MB, and one of 2,000 records by more, and each keeps ten people's data.
    """
    empty = _compiler(fonts, {})
    for _ in range(_GENERATIONS):
        empty.compile(b"", format="svg", timestamp=0)

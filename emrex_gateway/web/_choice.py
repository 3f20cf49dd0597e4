"""What is chosen from, as an address asks to look at it, and what a form or a script changes of it.

A record is named by its position in the forest, which is the same as long as
the transfer lasts. Every change is made to the choice as it is kept, not as a
page showed it: records that a page does not show stay as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from flask import request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.exceptions import BadRequest

from emrex_gateway.domain import Credit, StudyRecord
from emrex_gateway.web import _figures, _filters, _rows, _runs
from emrex_gateway.web._filters import Filters
from emrex_gateway.web._languages import count

MAX_NODE = 16
"""The most characters of the name of a part of the tree."""


class Among(Protocol):
    """What is chosen among, whichever way the records go."""

    @property
    def records(self) -> tuple[StudyRecord, ...]:
        """Those that may be chosen."""

    @property
    def chosen(self) -> tuple[str, ...]:
        """Keys of those that are."""

    @property
    def fixed(self) -> bool:
        """Whether it is all or nothing."""

    @property
    def sums(self) -> tuple[Credit, ...]:
        """What the chosen ones add up to, a sum a scheme."""


@dataclass(frozen=True, slots=True)
class Choosing:
    """A transfer's records in order, and which of them are looked at."""

    opened: Among = field(repr=False)
    forest: _rows.Forest
    filters: Filters
    matching: tuple[bool, ...]

    @property
    def chosen(self) -> set[int]:
        """The positions that are chosen."""
        keys = frozenset(self.opened.chosen)
        return {at for at, record in enumerate(self.forest.records) if record.key in keys}

    @property
    def looked_at(self) -> set[int]:
        """The positions that are looked at."""
        return {at for at, fits in enumerate(self.matching) if fits}

    @property
    def fixed(self) -> bool:
        """Whether it is all or nothing."""
        return self.opened.fixed

    def keys(self, positions: Iterable[int]) -> set[str]:
        """The keys of the records at these positions."""
        return {self.forest.records[at].key for at in positions}


def choosing(opened: Among) -> Choosing:
    """What the request's address asks to look at."""
    forest = _rows.forest(opened.records)
    filters = _filters.read(request.args, forest)
    return Choosing(opened, forest, filters, _filters.matching(forest, filters))


def state(page: Choosing) -> dict[str, str]:
    """What is chosen, as runs, and in words with its credits; and what of it is out of sight."""
    chosen = page.chosen
    words = [
        _(
            "%(chosen)s of %(all)s records chosen",
            chosen=count(len(chosen)),
            all=count(len(page.forest.records)),
        )
    ]
    write = _figures.writer()
    words += [write.credit(one) for one in page.opened.sums]
    away = sum(1 for at in chosen if not page.matching[at])
    return {
        "chosen": _runs.write(chosen),
        "status": " · ".join(words),
        "away": ngettext(
            "%(number)s chosen record is hidden by the search. It stays chosen.",
            "%(number)s chosen records are hidden by the search. They stay chosen.",
            away,
            number=count(away),
        )
        if away
        else "",
    }


def ticked(page: Choosing) -> set[int]:
    """What is chosen after a form that showed some of the records, ticked or not.

    Raises ``BadRequest`` for positions that are none.
    """
    shown = _positions(page, request.form.getlist("shown"))
    kept = page.chosen - shown
    return changed(page, kept | _positions(page, request.form.getlist("record")))


def changed(page: Choosing, chosen: Collection[int]) -> set[int]:
    """What is chosen after what a script took and dropped. Raises ``BadRequest``."""
    taken = _positions(page, request.form.getlist("take"))
    dropped = _positions(page, request.form.getlist("drop"))
    return {*chosen, *taken} - dropped


def after(page: Choosing, chosen: set[int], action: str) -> set[int]:
    """What is chosen after a pressed button, which acts on what is looked at.

    Raises ``BadRequest`` for what is no button of the page.
    """
    verb, _colon, argument = action.partition(":")
    if verb in ("preview", "keep", "filter", "clear", "open"):
        return chosen
    if verb in ("all", "none"):
        meant = page.looked_at
    elif verb in ("take", "drop"):
        meant = page.looked_at.intersection(_extent(page, argument))
    else:
        raise BadRequest("action")
    return chosen | meant if verb in ("all", "take") else chosen - meant


def _extent(page: Choosing, argument: str) -> range:
    """A branch by its position, or an institution by ``g`` and its number."""
    forest = page.forest
    if argument.startswith("g"):
        group = forest.groups[_number(argument[1:], len(forest.groups))]
        return range(group.start, group.end)
    at = _number(argument, len(forest.records))
    return range(at, forest.ends[at])


def _number(text: str, size: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8 and int(text) < size):
        raise BadRequest("record")
    return int(text)


def _positions(page: Choosing, texts: list[str]) -> set[int]:
    try:
        return _runs.read(texts, len(page.forest.records))
    except ValueError:
        raise BadRequest("record") from None

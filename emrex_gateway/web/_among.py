"""The page with records as a tree, for whoever chooses among them: on the way out, and on the way in."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import jsonify, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from emrex_gateway.domain import Transfer
from emrex_gateway.web import _choice, _figures, _filters, _lines, _rows, _runs
from emrex_gateway.web._choice import Among

AmongT = TypeVar("AmongT", bound=Among)
Decide = Callable[[AmongT], Collection[str]]
"""From what is chosen among now to the keys that are chosen from now on."""

_PLACE = re.compile(r"[grc]?[0-9]{1,7}", re.ASCII)
"""What a button may name: a record's position, or a part of the tree."""

_END_OF_LIST = Markup("</ul></details></li>")


@dataclass(frozen=True, slots=True)
class Place:
    """Endpoints of one such page: itself, its closed branches, its script's changes, and what is next."""

    page: str
    branch: str
    changes: str
    then: str

    def address(self, at: Transfer, endpoint: str = "") -> str:
        """The page's address for a transfer, or that of another of its endpoints."""
        return url_for(endpoint or self.page, slug=at.access_point, transfer_id=at.id)


def show(template: str, place: Place, at: Transfer, opened: Among, **more: Any) -> str:
    """The page as the request's address asks to see it; ``more`` is the template's own."""
    page = _choice.choosing(opened)
    open_at = request.args.get("open", "")[: _choice.MAX_NODE]
    picture = _lines.Picture(page.forest, opened.chosen, page.matching, open_at)
    parts = picture.parts()
    return render_template(
        template,
        page=page,
        offered=_filters.offered(page.forest),
        parts=parts,
        found=sum(page.matching),
        shown=_shown(line for part in parts for line in part.lines),
        scope=_runs.write(page.looked_at),
        empty=request.args.get("empty") == "1",
        branch_address=place.address(at, place.branch),
        changes_address=place.address(at, place.changes),
        language_words=_figures.language_words,
        write=_figures.writer(),
        end_of_list=_END_OF_LIST,
        **_choice.state(page),
        **more,
    )


def show_branch(opened: Among) -> str:
    """What is inside of a closed part of the tree, for the page's script to put there."""
    page = _choice.choosing(opened)
    picture = _lines.Picture(page.forest, opened.chosen, page.matching)
    try:
        lines = picture.branch(request.args.get("node", "")[: _choice.MAX_NODE])
    except LookupError:
        raise NotFound from None
    return render_template(
        "emrex/_branch.html",
        page=page,
        lines=lines,
        shown=_shown(lines),
        write=_figures.writer(),
        end_of_list=_END_OF_LIST,
    )


def submitted(place: Place, at: Transfer, change: Callable[[Decide[AmongT]], AmongT]) -> Response:
    """Keep what a form ticked; then mark a branch or everything, or go on. ``change`` does it."""
    action = request.form.get("action", "preview")

    def decide(opened: AmongT) -> Collection[str]:
        page = _choice.choosing(opened)
        return page.keys(_choice.after(page, _choice.ticked(page), action))

    opened = change(decide)
    if action == "preview" and opened.chosen:
        return redirect(place.address(at, place.then), code=303)
    return redirect(_after(place.address(at), action, opened), code=303)


def changed(change: Callable[[Decide[AmongT]], AmongT]) -> Response:
    """Keep what a script says was ticked and unticked, and say what is chosen now (JSON)."""
    looked_at: list[_choice.Choosing] = []

    def decide(opened: AmongT) -> Collection[str]:
        looked_at.append(page := _choice.choosing(opened))
        return page.keys(_choice.changed(page, page.chosen))

    opened = change(decide)
    # the records are the same: only what is chosen of them is new
    page = replace(looked_at[0], opened=opened) if looked_at else _choice.choosing(opened)
    return jsonify(_choice.state(page))


def _after(page: str, action: str, opened: Among) -> str:
    """The address to go on reading at after a button: the same filters, the same place."""
    verb, _, argument = action.partition(":")
    if argument and not _PLACE.fullmatch(argument):  # a header must not end within, nor be endless
        argument = ""
    if verb == "clear":
        return page
    if verb == "filter":
        return _here(page, _filters.read(request.form, _rows.forest(opened.records)).query)
    kept = {name: request.args[name] for name in (*_filters.FIELDS, "open") if name in request.args}
    if verb == "preview":
        kept["empty"] = "1"
    if verb == "open":
        kept["open"] = argument
        return f"{_here(page, kept)}#{argument}"
    anchor = "" if not argument else argument if argument.startswith("g") else f"r{argument}"
    return _here(page, kept) + (f"#{anchor}" if anchor else "")


def _here(page: str, asked: Mapping[str, str]) -> str:
    return f"{page}?{urlencode(asked)}" if asked else page


def _shown(lines: Iterable[_lines.Line]) -> str:
    """Runs of the records that stand on the page with a box to tick."""
    return _runs.write([line.at for line in lines if line.record is not None and line.looked_at])

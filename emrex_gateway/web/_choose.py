"""The page with the records as a tree, where the student chooses."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from urllib.parse import urlencode

from flask import jsonify, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from emrex_gateway import exporting
from emrex_gateway.domain import Transfer
from emrex_gateway.exporting import Contents
from emrex_gateway.web import _choice, _context, _figures, _filters, _lines, _rows, _runs
from emrex_gateway.web._context import require_form_token, services
from emrex_gateway.web._steps import elsewhere, go_on, page_of
from emrex_gateway.web._student import student

_PLACE = re.compile(r"[grc]?[0-9]{1,7}", re.ASCII)
"""What a button may name: a record's position, or a part of the tree."""

_END_OF_LIST = Markup("</ul></details></li>")


@student.get("/<slug>/t/<transfer_id>/select")
def choose(slug: str, transfer_id: str) -> Response | str:
    """The records as a tree of checkboxes."""
    if (away := elsewhere("student.choose")) is not None:
        return away
    page = _choice.choosing(exporting.contents(services(), _context.transfer()))
    opened = request.args.get("open", "")[: _choice.MAX_NODE]
    picture = _lines.Picture(page.forest, page.opened.choice.chosen, page.matching, opened)
    parts = picture.parts()
    return render_template(
        "emrex/select.html",
        page=page,
        offered=_filters.offered(page.forest),
        parts=parts,
        found=sum(page.matching),
        shown=_shown(line for part in parts for line in part.lines),
        scope=_runs.write(page.looked_at),
        empty=request.args.get("empty") == "1",
        language_words=_figures.language_words,
        write=_figures.writer(),
        end_of_list=_END_OF_LIST,
        **_choice.state(page),
    )


@student.get("/<slug>/t/<transfer_id>/select/branch")
def branch(slug: str, transfer_id: str) -> Response | str:
    """What is inside of a closed part of the tree, for the page's script to put there."""
    if (away := elsewhere("student.choose")) is not None:
        return away
    page = _choice.choosing(exporting.contents(services(), _context.transfer()))
    picture = _lines.Picture(page.forest, page.opened.choice.chosen, page.matching)
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


@student.post("/<slug>/t/<transfer_id>/select")
def change(slug: str, transfer_id: str) -> Response:
    """Keep what is ticked; then mark a branch or everything, or go on to the preview."""
    require_form_token()
    at = _context.transfer()
    if page_of(at) != "student.choose":
        return go_on(at, late=True)
    action = request.form.get("action", "preview")

    def decide(opened: Contents) -> Collection[str]:
        page = _choice.choosing(opened)
        return page.keys(_choice.after(page, _choice.ticked(page), action))

    opened = exporting.change_choice(services(), at, decide)
    if action == "preview" and opened.choice.chosen:
        address = url_for("student.look", slug=at.access_point, transfer_id=at.id)
        return redirect(address, code=303)
    return redirect(_after(at, action, opened), code=303)


@student.post("/<slug>/t/<transfer_id>/select/changes")
def keep(slug: str, transfer_id: str) -> Response:
    """Keep what a script says was ticked and unticked, and say what is chosen now (JSON)."""
    require_form_token()
    at = _context.transfer()
    if page_of(at) != "student.choose":
        return go_on(at, late=True)

    looked_at: list[_choice.Choosing] = []

    def decide(opened: Contents) -> Collection[str]:
        looked_at.append(page := _choice.choosing(opened))
        return page.keys(_choice.changed(page, page.chosen))

    opened = exporting.change_choice(services(), at, decide)
    # the records are the same: only what is chosen of them is new
    page = replace(looked_at[0], opened=opened) if looked_at else _choice.choosing(opened)
    return jsonify(_choice.state(page))


def _after(at: Transfer, action: str, opened: Contents) -> str:
    """The address to go on reading at after a button: the same filters, the same place."""
    verb, _, argument = action.partition(":")
    if argument and not _PLACE.fullmatch(argument):  # a header must not end within, nor be endless
        argument = ""
    if verb == "clear":
        return _here(at, {})
    if verb == "filter":
        return _here(at, _filters.read(request.form, _rows.forest(opened.records)).query)
    kept = {name: request.args[name] for name in (*_filters.FIELDS, "open") if name in request.args}
    if verb == "preview":
        kept["empty"] = "1"
    if verb == "open":
        kept["open"] = argument
        return f"{_here(at, kept)}#{argument}"
    anchor = "" if not argument else argument if argument.startswith("g") else f"r{argument}"
    return _here(at, kept) + (f"#{anchor}" if anchor else "")


def _here(at: Transfer, asked: Mapping[str, str]) -> str:
    address = url_for("student.choose", slug=at.access_point, transfer_id=at.id)
    return f"{address}?{urlencode(asked)}" if asked else address


def _shown(lines: Iterable[_lines.Line]) -> str:
    """Runs of the records that stand on the page with a box to tick."""
    return _runs.write([line.at for line in lines if line.record is not None and line.looked_at])

"""Importing institutions: a file, then what it would add and change, then doing it.

Between the second and the third step the list travels in the page's form: it
holds what the file said, and everything is checked again when it comes back.
"""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from contextlib import closing

import msgspec
from flask import Blueprint, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response
from wtforms import FileField, SelectField

from emrex_gateway import administering
from emrex_gateway.administering import Candidate, ImportRow, RowKind
from emrex_gateway.domain import Permission
from emrex_gateway.errors import ConfigError, EditConflict
from emrex_gateway.web._context import services
from emrex_gateway.web.admin._forms import AdminForm, LinesField, told
from emrex_gateway.web.admin._frame import actor, allowed, area
from emrex_gateway.web.admin._institution_form import countries
from emrex_gateway.web.admin._notices import say

imports: Blueprint = area("imports", __name__)

MAX_UPLOAD = 64 * 1024 * 1024
MAX_FORM = 8 * 1024 * 1024
MAX_LIST = 64 * 1024 * 1024
"""The most that a list weighs unpacked, between preview and import."""
MAX_SHOWN = 300
"""The most rows at a time: they are written in one short transaction."""

_DONE = say("import.done", _l("The institutions are imported."))
_NOTHING = say("import.nothing", _l("Nothing was chosen, so nothing was changed."))


class UploadForm(AdminForm):
    """The list, and what of it."""

    file = FileField(
        _l("The list"),
        description=_l("A table (CSV, UTF-8), or the catalogue of Erasmus Without Paper (XML)."),
        render_kw={"required": True, "accept": ".csv,.xml,text/csv,text/xml,application/xml"},
    )
    only = LinesField(
        _l("Only these"),
        description=_l(
            "Domains or their endings, one a line, such as example.edu or fi. Empty: all of them."
        ),
        render_kw={"rows": 3},
    )
    country = SelectField(
        _l("Country of new institutions"),
        description=_l(
            "The catalogue names no countries. Without a choice they are taken from Erasmus codes "
            "and from the domains' endings."
        ),
        choices=lambda: countries(_("as it seems")),
    )


@imports.before_request
def allow_large() -> None:
    """A catalogue weighs more than a form may; only somebody who may import may send one."""
    found = g.get("emrex_actor")
    if found is not None and found.everywhere(Permission.RUN):
        request.max_content_length = MAX_UPLOAD + MAX_FORM
        request.max_form_memory_size = MAX_FORM


@imports.route("/institutions/import", methods=["GET", "POST"])
@allowed(Permission.RUN)
def upload() -> str:
    """Ask for the list; with one, show what would happen. Nothing is written here."""
    form = UploadForm(request.form if request.method == "POST" else None)
    if request.method == "POST" and form.validate():
        try:
            candidates = _read(form)
        except ConfigError as error:
            form.blame(error)
        else:
            return _preview(candidates, form.country.data or "")
    return render_template("emrex/admin/import.html", form=form)


@imports.post("/institutions/import/done")
@allowed(Permission.RUN)
def write() -> Response | tuple[str, int]:
    """Import what was ticked, all or nothing."""
    candidates = _unpack(request.form.get("list", ""))
    country = request.form.get("country", "")[:2]
    chosen = {
        slug: version
        for slug, _colon, version in (one.partition(":") for one in request.form.getlist("row"))
    }
    try:
        written = administering.import_institutions(
            services(), actor(), candidates, country=country, chosen=chosen
        )
    except (EditConflict, ConfigError) as error:
        return _preview(candidates, country, late=isinstance(error, EditConflict)), 409
    done = _DONE if written else _NOTHING
    return redirect(url_for("admin_institutions.overview", done=done), code=303)


def _read(form: UploadForm) -> tuple[Candidate, ...]:
    sent = request.files.get("file")
    data = b""
    if sent is not None:
        with closing(sent.stream) as stream:  # a large one lies in a temporary file
            data = stream.read(MAX_UPLOAD + 1)
    if not data:
        raise ConfigError("no file came", "file", words=_("Choose a file first."))
    read = administering.read_list(data, default_language=services().settings.languages[0])
    candidates = administering.matching(read, form.only.data or ())
    if not candidates:
        raise ConfigError(
            "no institution fits", "only", words=_("No institution in the list has such a domain.")
        )
    if len(candidates) > MAX_SHOWN:
        raise ConfigError(
            "too many institutions",
            "only",
            words=_(
                "These are %(num)d institutions. Choose fewer at a time, by their domains' endings."
            ),
            values={"num": len(candidates)},
        )
    return candidates


def _preview(candidates: tuple[Candidate, ...], country: str, *, late: bool = False) -> str:
    rows = administering.plan_import(services(), actor(), candidates, country=country)
    by_kind: dict[RowKind, list[ImportRow]] = {kind: [] for kind in RowKind}
    for row in rows:
        by_kind[row.kind].append(row)
    return render_template(
        "emrex/admin/import_preview.html",
        new=by_kind[RowKind.NEW],
        changed=by_kind[RowKind.CHANGED],
        same=by_kind[RowKind.SAME],
        wrong=by_kind[RowKind.WRONG],
        packed=_pack(candidates),
        country=country,
        late=late,
        told=told,
    )


def _pack(candidates: tuple[Candidate, ...]) -> str:
    return b64encode(zlib.compress(msgspec.json.encode(candidates), 6)).decode("ascii")


def _unpack(text: str) -> tuple[Candidate, ...]:
    """Read the list back from the form. Raises ``BadRequest`` for what no page of ours made."""
    try:
        inflater = zlib.decompressobj()
        data = inflater.decompress(b64decode(text.encode("ascii"), validate=True), MAX_LIST)
        if inflater.eof:
            found = msgspec.json.decode(data, type=tuple[Candidate, ...])
            if len(found) <= MAX_SHOWN:
                return found
    except (ValueError, zlib.error, msgspec.MsgspecError):
        pass
    raise BadRequest("the list")

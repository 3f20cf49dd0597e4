"""A person sees what is kept of them here, takes it along, and has it destroyed.

They log in by the ways that students of the institution have; the cookie of the
short visit that follows is sent to these pages only. An access point or an
institution that is switched off still answers here: what is kept of people
stays theirs.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import msgspec
from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from emrex_gateway import exporting, importing, visiting
from emrex_gateway.domain import AccessPoint, Identity, LoginFailure, LoginMethod, OwnVisit
from emrex_gateway.errors import LoginError, NoSuchAccessPoint, SessionOver, TransferNotFound
from emrex_gateway.ports import LoggedIn
from emrex_gateway.web import _context, _failures, _purposes, _sentences, _visits
from emrex_gateway.web._context import absolute, services
from emrex_gateway.web._masked import fits, masked

own = Blueprint("own", __name__)

COOKIE = "emrex-own"


@own.context_processor
def _words() -> dict[str, Any]:
    return {
        "own_token": _token,
        "sentence": _sentences.sentence,
        "state_words": _sentences.state_words,
        "outcome_words": _sentences.outcome_words,
        "contents_words": _sentences.contents_words,
        "recognition_words": _purposes.recognition_words,
        "refusal_words": _purposes.refusal_words,
    }


@own.get("/<slug>/my-data")
def start(slug: str) -> Response | str:
    """What this is and the ways to log in; for somebody who is here, what is kept of them."""
    point = point_at(slug)
    over = ""
    try:
        visit = visit_here(point)
    except SessionOver as error:
        over = error.reason
    else:
        transfers = exporting.own_transfers(services(), visit)
        return render_template(
            "emrex/my_data.html",
            point=point,
            visit=visit,
            transfers=transfers,
            now=services().clock(),
            rulings=importing.rulings(services(), [one.transfer for one in transfers]),
        )
    failed = request.args.get("failed", "")[:64]
    page = make_response(
        render_template(
            "emrex/my_data_login.html",
            point=point,
            methods=_methods(point),
            over=over,
            problem=_failures.explain(LoginFailure(reason=failed)).happened if failed else "",
            minutes=services().settings.own_data_lifetime // 60,
        )
    )
    return _forget(page, slug) if request.cookies.get(COOKIE) else page


@own.get("/<slug>/my-data/login/<method_id>")
def away(slug: str, method_id: str) -> Response | str:
    """Send the browser to a provider, or ask the application around us who is there."""
    point = point_at(slug)
    method = next((m for m in _methods(point) if m.id == method_id), None)
    if method is None:
        raise NotFound
    if method.kind == "host":
        return _as_host_user(point, method)
    try:
        return _visits.begin(
            f"{visiting.MY_DATA} {slug}",
            method,
            callback_url=absolute("own.callback", slug=slug),
            cookie_path=_path(slug),
            provider=request.args.get("provider"),
        )
    except LoginError as error:
        return _where(point, method) if error.reason == "choose" else _failed(slug, error)


@own.get("/<slug>/my-data/callback")
def callback(slug: str) -> Response:
    """An OpenID provider's answer."""
    return _visits.answered(absolute("own.callback", slug=slug), _path(slug))


@own.get("/<slug>/my-data/t/<transfer_id>")
def contents(slug: str, transfer_id: str) -> str | Response:
    """Everything that is kept with one transfer, for reading."""
    point = point_at(slug)
    try:
        visit = visit_here(point)
    except SessionOver:
        return to_start(slug)
    own_one = one_of(visit, transfer_id)
    return render_template(
        "emrex/my_data_contents.html",
        point=point,
        one=own_one,
        contents=exporting.own_contents(services(), visit, transfer_id, importing.tell_own),
    )


@own.get("/<slug>/my-data/t/<transfer_id>/<any('elmo.xml', 'transcript.pdf'):name>")
def file(slug: str, transfer_id: str, name: str) -> Response:
    """One of the two files that were signed, while they are kept."""
    try:
        visit = visit_here(point_at(slug))
    except SessionOver:
        return to_start(slug)
    try:
        found = exporting.own_files(services(), visit, transfer_id)
    except TransferNotFound:
        raise NotFound from None
    if found is None:
        raise NotFound
    if name == "elmo.xml":
        return saved_file(found.elmo, "application/xml", "emrex-elmo.xml")
    return saved_file(found.pdf, "application/pdf", "emrex-transcript.pdf")


@own.get("/<slug>/my-data/download")
def download(slug: str) -> Response:
    """All of it as JSON."""
    try:
        visit = visit_here(point_at(slug))
    except SessionOver:
        return to_start(slug)
    made = exporting.own_export(services(), visit, importing.tell_own)
    data = msgspec.json.format(msgspec.json.encode(made), indent=2)
    return saved_file(data, "application/json", "emrex-my-data.json")


@own.route("/<slug>/my-data/delete", methods=["GET", "POST"])
def delete(slug: str) -> Response | str:
    """What a deletion does, said before; then it is done."""
    point = point_at(slug)
    try:
        visit = visit_here(point)
    except SessionOver:
        return to_start(slug)
    if request.method == "POST":
        require_own_token()
        done = exporting.erase(services(), visit)
        exporting.end_own_visit(services(), request.cookies.get(COOKIE))
        address = url_for("own.deleted", slug=slug, number=done.transfers)
        return _forget(make_response(redirect(address, code=303)), slug)
    transfers = exporting.own_transfers(services(), visit)
    return render_template("emrex/my_data_delete.html", point=point, transfers=transfers)


@own.get("/<slug>/my-data/deleted")
def deleted(slug: str) -> str:
    """After a deletion."""
    return render_template(
        "emrex/my_data_deleted.html",
        point=point_at(slug),
        number=request.args.get("number", 0, int),
    )


@own.post("/<slug>/my-data/leave")
def leave(slug: str) -> Response:
    """Log out of these pages."""
    require_own_token()
    exporting.end_own_visit(services(), request.cookies.get(COOKIE))
    return _forget(to_start(slug), slug)


def _finished(purpose: str, who: LoggedIn) -> Response:
    return _enter(point_at(purpose.partition(" ")[2]), who.identity)


def _enter(point: AccessPoint, identity: Identity) -> Response:
    secret = exporting.begin_own_visit(
        services(), point.institution, identity, method=identity.method
    )
    settings = services().settings
    response = to_start(point.slug)
    response.set_cookie(
        COOKIE,
        secret,
        max_age=settings.own_data_lifetime,
        path=f"{request.script_root}{_path(point.slug)}",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="Lax",
    )
    return response


def _answer_failed(purpose: str, error: LoginError) -> Response:
    """Back to the ways to log in; without a purpose the address in hand says where."""
    slug = purpose.partition(" ")[2] or (request.view_args or {}).get("slug", "")
    return _failed(slug, error)


_visits.RETURNS[visiting.MY_DATA] = _visits.Return(_finished, _answer_failed)


def _failed(slug: str, error: LoginError) -> Response:
    return redirect(url_for("own.start", slug=slug, failed=error.reason), code=303)


def _as_host_user(point: AccessPoint, method: LoginMethod) -> Response:
    host = _context.context().host
    if host is None:
        raise NotFound
    identity = host.identity(request.environ)
    if identity is not None:
        return _enter(point, identity)
    here = url_for("own.away", slug=point.slug, method_id=method.id)
    return redirect(host.login_url(here), code=303)


def _where(point: AccessPoint, method: LoginMethod) -> str:
    """Several providers may know the person: which one?"""
    words = " ".join(request.args.get("q", "")[:100].split())
    with services().store.read() as uow:
        hits, number = uow.entities.search(visiting.providers_of(method), words, limit=30)
    return render_template(
        "emrex/my_data_where.html",
        point=point,
        method=method,
        hits=hits,
        number=number,
        words=words,
    )


def point_at(slug: str) -> AccessPoint:
    """The access point of the address. Raises ``NoSuchAccessPoint``."""
    if "emrex_own_point" not in g:
        with services().store.read() as uow:
            g.emrex_own_point = uow.config.access_point(slug)
    found = g.emrex_own_point
    if not isinstance(found, AccessPoint):
        raise NoSuchAccessPoint("no such data access point")
    return found


def _methods(point: AccessPoint) -> list[LoginMethod]:
    """The enabled ways to log in that can be begun here; a launch begins in the host's own pages."""
    with services().store.read() as uow:
        methods = uow.config.login_methods(point.institution)
    return [
        method
        for method in methods
        if method.enabled
        and not method.for_administrators
        and (
            method.kind in services().logins
            or (method.kind == "host" and _context.context().host is not None)
        )
    ]


def visit_here(point: AccessPoint) -> OwnVisit:
    """Who is logged in here. Raises ``SessionOver``."""
    return exporting.own_visit(services(), point.institution, request.cookies.get(COOKIE))


def one_of(visit: OwnVisit, transfer_id: str) -> exporting.OwnTransfer:
    """One of the person's own transfers. Raises ``NotFound``."""
    for one in exporting.own_transfers(services(), visit):
        if one.transfer.id == transfer_id:
            return one
    raise NotFound


def _token() -> str:
    return masked(_unmasked())


def _unmasked() -> bytes:
    secret = request.cookies.get(COOKIE, "")
    return hmac.new(secret.encode(), b"own form", hashlib.sha256).digest()


def require_own_token() -> None:
    """Refuse a form post that no page of theirs made. Raises ``BadRequest``."""
    sent = request.form.get("token", "")
    if not request.cookies.get(COOKIE) or not fits(sent, _unmasked()):
        raise BadRequest("form token")


def to_start(slug: str) -> Response:
    """Back to the first page, where to log in."""
    return make_response(redirect(url_for("own.start", slug=slug), code=303))


def _forget(response: Response, slug: str) -> Response:
    response.delete_cookie(
        COOKIE,
        path=f"{request.script_root}{_path(slug)}",
        secure=services().settings.secure_cookies,
        httponly=True,
        samesite="Lax",
    )
    return response


def _path(slug: str) -> str:
    return f"/{slug}/my-data"


def saved_file(data: bytes, media_type: str, name: str) -> Response:
    """A file of ours to be saved."""
    response = Response(data, mimetype=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response

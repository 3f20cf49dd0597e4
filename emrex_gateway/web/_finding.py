"""The student finds their home university: our search page, its pictures, an external discovery service.

The page is a form and a list of links: it works without scripts, and asks
nobody but us for anything. The service's side follows the Identity Provider
Discovery Service Protocol (OASIS sstc-saml-idp-discovery, section 2.4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from flask import (
    Blueprint,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from emrex_gateway import exporting
from emrex_gateway.domain import (
    LoginMethod,
    MetadataKind,
    ProviderFilter,
    Transfer,
    logo_key,
)
from emrex_gateway.errors import LoginError, TransferNotFound
from emrex_gateway.login import SamlSettings, settings_of
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.web import _context, _headers
from emrex_gateway.web._context import absolute, institution, require_form_token, services
from emrex_gateway.web._remembered import (
    MAX_ENTITY_ID,
    choices_made,
    forget_choices,
    remember_choice,
    remember_waiting,
    waiting,
)
from emrex_gateway.web._steps import no_login_here
from emrex_gateway.web._universities import University, university

__all__ = ["away", "choose", "finding", "remember_choice"]

finding = Blueprint("finding", __name__)

PER_PAGE = 20
MAX_WORDS = 100
"""The most characters of a search; the field takes no more either."""

_MAX_PAGE = 9999
_TOTALS = "emrex_gateway_totals"
_TOTALS_LIFETIME = timedelta(minutes=1)
_LOGO_SECONDS = 86_400
_NO_LOGO_SECONDS = 60
_KEY = re.compile(r"[0-9a-f]{32}\Z")
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"})
_PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""A drawing (SVG) that somebody opens by itself runs nothing and loads nothing."""
_NO_PICTURE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40" fill="#57606a">'
    b'<path d="M20 8 33 15v2H7v-2zM7 29h26v3H7zM10 19h4v8h-4zm8 0h4v8h-4zm8 0h4v8h-4z"/></svg>'
)
"""A house with columns, our own drawing: browsers show it although the answer is 404."""


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a search: ``fitting`` universities of ``all``, page ``page`` of ``pages``."""

    universities: tuple[University, ...]
    fitting: int
    all: int
    page: int
    pages: int


def choose(at: Transfer, method: LoginMethod) -> Response:
    """Send the browser to where the person chooses a provider: our page, or the external service."""
    settings = _settings(method)
    if settings.discovery:
        with services().store.read() as uow:
            response = make_response(redirect(away(uow, method, settings), code=303))
        return remember_waiting(response, at, method)
    return redirect(_where(at.access_point, at.id, method.id), code=303)


def away(uow: UnitOfWork, method: LoginMethod, settings: SamlSettings) -> str:
    """Return the external discovery service's address with our question.

    The return address is exactly the one in our metadata, without a query:
    services compare it whole.
    """
    institution = method.institution
    ours = uow.config.service_provider(institution)
    question = {
        "entityID": (ours and ours.entity_id) or absolute("sp.metadata", institution=institution),
        "return": absolute("finding.discovered", institution=institution),
        "returnIDParam": "entityID",
    }
    return f"{settings.discovery}{'&' if '?' in settings.discovery else '?'}{urlencode(question)}"


@finding.get("/<slug>/t/<transfer_id>/login/<method_id>/where")
def where(slug: str, transfer_id: str, method_id: str) -> Response | str:
    """Search among the providers that the institution lets in; the last choices stand first."""
    if (elsewhere := no_login_here()) is not None:
        return elsewhere
    method = exporting.login_method(services(), _context.transfer(), method_id)
    let_in = _settings(method).where
    words = " ".join(request.args.get("q", "")[:MAX_WORDS].split())
    with services().store.read() as uow:
        found = _search(uow, let_in, words, _page_number())
        last = _last_choices(uow, let_in) if not words and found.page == 1 else ()
    return render_template(
        "emrex/where.html",
        method=method,
        words=words,
        found=found,
        last=last,
        unknown=request.args.get("unknown") == "1",
        max_words=MAX_WORDS,
    )


@finding.post("/<slug>/t/<transfer_id>/login/<method_id>/forget")
def forget(slug: str, transfer_id: str, method_id: str) -> Response:
    """Forget the last choices."""
    require_form_token()
    return forget_choices(make_response(redirect(_where(slug, transfer_id, method_id), code=303)))


@finding.get("/sp/<institution>/discovered")
def discovered(institution: str) -> Response:
    """The external service's answer: begin the login there, or say what is wrong with it.

    It may say anything, and anybody may send a browser here: only the login
    that this browser waits for goes on, at a provider that may be chosen.
    """
    waits = waiting()
    if waits is None:
        raise TransferNotFound("no discovery service was asked for this browser")
    slug, transfer_id = waits.slug, waits.transfer_id
    entity_id = request.args.get("entityID", "")
    with services().store.read() as uow:
        point = uow.config.access_point(slug)
        method = uow.config.login_method(waits.method_id)
        if point is None or method is None or not method.enabled:
            raise TransferNotFound("what the discovery service was asked for is gone")
        if not institution == point.institution == method.institution:
            raise TransferNotFound("the discovery service was asked for another institution")
        possible = _may_be_chosen(uow, _settings(method).where, entity_id)
    if not entity_id:
        back = url_for("login.methods", slug=slug, transfer_id=transfer_id, chosen="none")
        return redirect(back, code=303)
    if not possible:
        return redirect(_where(slug, transfer_id, method.id, unknown="1"), code=303)
    start = url_for(
        "login.start",
        slug=slug,
        transfer_id=transfer_id,
        method_id=method.id,
        provider=entity_id,
    )
    return redirect(start, code=303)


@finding.get("/<slug>/logo/<key>")
def logo(slug: str, key: str) -> Response:
    """A provider's picture from our own address; one that is not here yet is fetched by a job.

    Nothing is counted against the address: a page of the list asks for twenty,
    and a job that waits already is not queued again.
    """
    home = institution(slug)
    if home is None or not _KEY.match(key) or request.args:
        raise NotFound
    with services().store.read() as uow:
        picture = uow.entities.logo(key)
        own = bool(home.logo) and key == logo_key(home)
        wanted = uow.entities.logo_missing(key) if own else uow.entities.logo_wanted(key)
    if wanted:
        services().queue.send("logo", key)
    if picture is None or picture.media_type not in _PICTURES:
        _headers.public(_NO_LOGO_SECONDS, _PICTURE_POLICY)
        return Response(_NO_PICTURE, status=404, content_type="image/svg+xml")
    _headers.public(_LOGO_SECONDS, _PICTURE_POLICY)
    response = Response(picture.content, content_type=picture.media_type)
    response.add_etag()
    return response.make_conditional(request)


def _search(uow: UnitOfWork, let_in: ProviderFilter, words: str, page: int) -> Found:
    """One page of hits; a page past the end is the last one."""
    hits, fitting = uow.entities.search(let_in, words, limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
    pages = max(1, -(-fitting // PER_PAGE))
    if page > pages:
        return _search(uow, let_in, words, pages)
    everybody = _number_of_all(uow, let_in) if words else fitting
    lines = tuple(
        university(
            key=hit.key,
            entity_id=hit.entity_id,
            names=hit.names,
            scopes=hit.scopes,
            has_logo=hit.has_logo,
            words=words,
        )
        for hit in hits
    )
    return Found(lines, fitting, everybody, page, pages)


@finding.record
def _init(state: BlueprintSetupState) -> None:
    state.app.extensions[_TOTALS] = {}


def _number_of_all(uow: UnitOfWork, let_in: ProviderFilter) -> int:
    """How many there are to choose from, counted once a minute and process: it costs as much as a search."""
    totals: dict[ProviderFilter, tuple[datetime, int]] = current_app.extensions[_TOTALS]
    now = services().clock()
    until, number = totals.get(let_in, (now, 0))
    if until <= now:
        number = uow.entities.search(let_in, "", limit=1)[1]
        kept = {one: value for one, value in list(totals.items()) if now < value[0]}
        current_app.extensions[_TOTALS] = {**kept, let_in: (now + _TOTALS_LIFETIME, number)}
    return number


def _last_choices(uow: UnitOfWork, let_in: ProviderFilter) -> tuple[University, ...]:
    """What this browser chose before and may choose here, now."""
    kept = (uow.entities.get(one, let_in.federations) for one in choices_made())
    return tuple(
        university(
            key=entity.key,
            entity_id=entity.entity_id,
            names=entity.names,
            scopes=entity.scopes,
            has_logo=bool(entity.logo),
        )
        for entity in kept
        if entity is not None and not entity.hidden and let_in.lets_in(entity)
    )


def _may_be_chosen(uow: UnitOfWork, let_in: ProviderFilter, entity_id: str) -> bool:
    """Whether a login may be begun there.

    A query server's entities are in the index only after somebody used them:
    the login itself asks for a missing one, and refuses what must not be.
    """
    if not 0 < len(entity_id) <= MAX_ENTITY_ID:
        return False
    entity = uow.entities.get(entity_id, let_in.federations)
    if entity is not None:
        return not entity.hidden and let_in.lets_in(entity)
    named = (uow.config.federation(one) for one in let_in.federations)
    return any(one and one.enabled and one.kind is MetadataKind.MDQ for one in named)


def _settings(method: LoginMethod) -> SamlSettings:
    settings = settings_of(method) if method.kind == "saml" else None
    if not isinstance(settings, SamlSettings):
        raise LoginError("this login method has no providers to choose from", "method")
    return settings


def _where(slug: str, transfer_id: str, method_id: str, unknown: str | None = None) -> str:
    return url_for(
        "finding.where",
        slug=slug,
        transfer_id=transfer_id,
        method_id=method_id,
        unknown=unknown,
    )


def _page_number() -> int:
    asked = request.args.get("page", "1")
    return min(max(int(asked), 1), _MAX_PAGE) if re.fullmatch(r"[0-9]{1,6}", asked) else 1

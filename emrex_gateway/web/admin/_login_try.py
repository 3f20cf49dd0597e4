"""A login method, tried: an administrator logs in as a student would and sees what arrived.

The answer comes from the provider's page to the address that students' answers
come to; the administrator's own cookie is not sent there. What binds it is the
cookie of this one login (``visiting``). The page with the person's data is made
in that answer and stored nowhere.
"""

from __future__ import annotations

import logging

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound, TooManyRequests
from werkzeug.wrappers import Response

from emrex_gateway import administering, visiting
from emrex_gateway.domain import LoginMethod, Permission, ProviderFilter
from emrex_gateway.errors import ConfigError, LoginError
from emrex_gateway.login import SamlSettings, settings_of
from emrex_gateway.ports import Examined, Hit, LoggedIn
from emrex_gateway.web import _visits
from emrex_gateway.web._context import absolute, context, services
from emrex_gateway.web._finding import MAX_WORDS
from emrex_gateway.web.admin import _login_words as words
from emrex_gateway.web.admin._frame import actor, allowed
from emrex_gateway.web.admin._logins import _institution, _state, logins

_SEE, _CHANGE = Permission.SEE_SETTINGS, Permission.CHANGE_SETTINGS
_SHOWN = 30
_log = logging.getLogger(__name__)

__all__ = ["logins"]


@logins.get("/i/<institution>/logins/m/<id_>/try")
@allowed(_CHANGE)
def try_(institution: str, id_: str) -> str:
    """What will happen, and for several universities: which one."""
    return _page(institution, id_, failed=words.failed(request.args.get("failed", "")))


@logins.get("/i/<institution>/logins/m/<id_>/try/away")
@allowed(_CHANGE)
def away(institution: str, id_: str) -> Response | str:
    """Send the browser to the provider. A GET: a POST of ours never redirects to another origin."""
    method = _state(institution, id_).method
    if method.kind == "host":
        return _host(method)
    place = _callback(method)
    try:
        return _visits.begin(
            f"{visiting.TRY} {institution} {id_} {actor().account}",
            method,
            callback_url=place[0],
            cookie_path=place[1],
            provider=request.args.get("provider"),
        )
    except LoginError as error:
        return _page(institution, id_, failed=_why(error))
    except TooManyRequests:
        return _page(institution, id_, failed=words.failed("throttled"))


@logins.route("/i/<institution>/logins/m/<id_>/providers", methods=["GET", "POST"])
@allowed(_CHANGE)
def providers(institution: str, id_: str) -> Response | str:
    """Search the index, and choose who is let in, who never, and whose national identifiers count."""
    method = _state(institution, id_).method
    if method.kind != "saml":
        raise NotFound
    query = " ".join(request.values.get("q", "")[:MAX_WORDS].split())
    if request.method == "POST":
        choice, _sep, entity_id = request.form.get("choice", "").partition(" ")
        changed = _chosen(method, choice, entity_id)
        version = request.form.get("version")
        administering.save_login_method(services(), actor(), changed, version=version)
        here = url_for(".providers", institution=institution, id_=id_, q=query or None)
        return redirect(here, code=303)
    settings = _saml(method)
    everything = ProviderFilter(federations=settings.where.federations)
    hits, number = _search(everything, query)
    return render_template(
        "emrex/admin/login_providers.html",
        owner=_institution(institution),
        method=method,
        settings=settings,
        hits=hits,
        number=number,
        query=query,
        version=administering.version_of(method),
        choices=lambda entity_id: _choices(settings, entity_id),
        words=words,
    )


def _page(institution: str, id_: str, failed: str = "") -> str:
    method = _state(institution, id_).method
    query = " ".join(request.args.get("q", "")[:MAX_WORDS].split())
    hits: tuple[Hit, ...] = ()
    search = False
    impossible = ""
    try:
        settings = settings_of(method)
        if isinstance(settings, SamlSettings) and len(settings.where.providers) != 1:
            search = True
            hits, _number = _search(settings.where, query)
    except ConfigError as error:
        impossible = str(error)
    if method.kind == "host" and context().host is None:
        impossible = _("This gateway stands alone: there is no host application to ask.")
    if method.kind == "launch":
        impossible = _("Begin at the host system: only its page can launch.")
    return render_template(
        "emrex/admin/login_try.html",
        owner=_institution(institution),
        method=method,
        callback=_callback(method)[0] if method.kind == "oidc" else "",
        search=search and not impossible,
        query=query,
        hits=hits,
        possible=not impossible,
        impossible=impossible,
        failed=failed,
        words=words,
    )


def _callback(method: LoginMethod) -> tuple[str, str]:
    """The address that the provider answers to, and its path: that of students, who log in there."""
    if not method.for_administrators:
        with services().store.read() as uow:
            points = [p for p in uow.config.access_points() if p.institution == method.institution]
        if points:
            slug = min(points, key=lambda point: (not point.enabled, point.slug)).slug
            return absolute("login.callback", slug=slug), f"/{slug}/callback"
    return absolute("admin_login.callback"), "/admin/login"


def _search(where: ProviderFilter, query: str) -> tuple[tuple[Hit, ...], int]:
    with services().store.read() as uow:
        return uow.entities.search(where, query, limit=_SHOWN)


def _saml(method: LoginMethod) -> SamlSettings:
    settings = settings_of(method)
    if not isinstance(settings, SamlSettings):
        raise NotFound
    return settings


_LISTS = {
    "only": ("providers", True),
    "not-only": ("providers", False),
    "never": ("excluded", True),
    "not-never": ("excluded", False),
    "national": ("national_identifiers", True),
    "not-national": ("national_identifiers", False),
}
"""What a choice does: to which setting, and whether it adds or takes away."""


def _choices(settings: SamlSettings, entity_id: str) -> list[tuple[str, str, bool]]:
    """The buttons beside a provider: code, text, whether it makes sense now."""
    only, never = entity_id in settings.where.providers, entity_id in settings.where.excluded
    national = entity_id in settings.national_identifiers
    return [
        ("only", _("Let in this one, and no others but those chosen"), not only and not never),
        ("not-only", _("Take off the list"), only),
        ("never", _("Never let in"), not never and not only),
        ("not-never", _("Let in again"), never),
        ("national", _("Its national identity numbers count"), not national),
        ("not-national", _("Its national identity numbers do not count"), national),
    ]


def _chosen(method: LoginMethod, choice: str, entity_id: str) -> LoginMethod:
    if choice not in _LISTS or not entity_id:
        raise NotFound
    setting, add = _LISTS[choice]
    kept = [one for one in method.settings.get(setting, ()) if one != entity_id]
    changed = {**method.settings, setting: [*kept, entity_id] if add else kept}
    if not changed[setting]:
        del changed[setting]
    values = administering.values_of(method) | {"settings": changed}
    part = administering.read_part(administering.LoginMethodPart, values, f"{method.id!r}")
    return part.check()


def _host(method: LoginMethod) -> Response | str:
    """The host's user of this very request."""
    host = context().host
    identity = host.identity(request.environ) if host else None
    if host is None or identity is None:
        return _page(method.institution, method.id, failed=words.failed("host"))
    found = Examined(provider=identity.provider, stated=(), identity=identity)
    return _shown(actor().account, method, found)


def _examined(purpose: str, method: LoginMethod, found: Examined) -> Response:
    account = purpose.split(" ", 3)[3]
    return Response(_shown(account, method, found), mimetype="text/html")


def _shown(account: str, method: LoginMethod, found: Examined) -> str:
    administering.note_try(services(), account, method, found.provider, found.reason)
    return render_template(
        "emrex/admin/login_tried.html",
        method=method,
        found=found,
        fates=words.fates(),
        words=words,
    )


def _failed(purpose: str, error: LoginError) -> Response:
    """Back to where the try began, with the reason's code; its details are in the log."""
    _log.info("a login that was tried did not work: %s (%s)", error, error.reason)
    _word, _sep, rest = purpose.partition(" ")
    if not rest:
        return redirect(url_for("admin_home.start"), code=303)
    institution, id_, account = rest.split(" ", 2)
    with services().store.read() as uow:
        method = uow.config.login_method(id_)
    if method is not None:
        administering.note_try(services(), account, method, "", error.reason)
    address = url_for("admin_logins.try_", institution=institution, id_=id_, failed=error.reason)
    return redirect(address, code=303)


def _why(error: LoginError) -> str:
    text = words.failed(error.reason)
    return f"{text} ({error})"


def _never(purpose: str, who: LoggedIn) -> Response:
    """A try logs nobody in."""
    raise NotFound


_visits.RETURNS[visiting.TRY] = _visits.Return(_never, _failed, _examined)

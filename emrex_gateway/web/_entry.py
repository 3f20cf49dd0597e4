"""Where transfers begin: a client's request, the host's button, a signed launch.

Each of these may be a cross-site POST, which carries no Lax cookie: it reads
no cookie, stores a row, sets the transfer's own cookie and answers 303.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, current_app, make_response, redirect, request, url_for
from werkzeug.exceptions import UnsupportedMediaType
from werkzeug.wrappers import Response

from emrex_gateway import administering, audit, exporting, network
from emrex_gateway.audit import Event
from emrex_gateway.domain import Direction, LoginMethod
from emrex_gateway.errors import GatewayError, LaunchError, PeerError
from emrex_gateway.login import accept_launch
from emrex_gateway.ports import Launch
from emrex_gateway.web._context import absolute, remember, services
from emrex_gateway.web._limits import count_entry

entry = Blueprint("entry", __name__)


@entry.route("/<slug>/emp", methods=["GET", "POST"])
def emp(slug: str) -> Response:
    """A client's request. POST by the specification; GET is in use too."""
    count_entry(current_app)
    require_urlencoded()
    made = services()
    point = exporting.access_point(made, slug)
    try:
        asked = network.parse_request(request.form if request.method == "POST" else request.args)
        ours = administering.is_self_test_url(made.settings, asked.return_url)
        host = network.check_return_url(
            asked.return_url,
            http_on_loopback=made.settings.http_on_loopback,
            allowed_hosts=frozenset() if ours else point.allowed_hosts,
        )
    except PeerError as error:
        refused(Event.ENTRY_REFUSED, type(error).__name__)
        raise
    direction = Direction.SELF_TEST if ours else Direction.EXPORT
    return begun(exporting.enter(made, slug, asked, host, direction=direction))


@entry.route("/<slug>/export", methods=["GET", "POST"])
def export(slug: str) -> Response:
    """The host's button: the same selection, then a download."""
    count_entry(current_app)
    exporting.access_point(services(), slug)
    return begun(exporting.enter_from_host(services(), slug))


@entry.post("/<slug>/launch")
def launch(slug: str) -> Response:
    """A signed launch by a host that is not a Flask application; see ``docs/launch.md``."""
    count_entry(current_app)
    require_urlencoded()
    point = exporting.access_point(services(), slug)
    with services().store.read() as uow:
        methods = uow.config.login_methods(point.institution)
    try:
        method, accepted = accept(methods, absolute("entry.launch", slug=slug))
        launched = exporting.launch(services(), slug, accepted, method.id)
    except GatewayError as error:
        refused(Event.LAUNCH_REFUSED, getattr(error, "reason", type(error).__name__))
        raise
    return led_to_person(slug, launched)


def led_to_person(slug: str, launched: exporting.Launched) -> Response:
    """Ask whoever posted a launch whether it is they."""
    address = url_for(
        "login.person", slug=slug, transfer_id=launched.transfer_id, launch=launched.ticket
    )
    response = make_response(redirect(address, code=303))
    return remember(response, launched.entered) if launched.entered else response


def accept(methods: Iterable[LoginMethod], audience: str) -> tuple[LoginMethod, Launch]:
    """Try the posted token against each launching host of the institution; the last refusal stands.

    ``audience`` is the address that it has to be for.
    """
    token = request.form.get("token", "")
    refusal: GatewayError = LaunchError("this institution accepts no launches")
    for method in (one for one in methods if one.kind == "launch" and one.enabled):
        try:
            return method, accept_launch(
                method,
                token,
                audience=audience,
                now=services().clock(),
            )
        except (LaunchError, PeerError) as error:
            refusal = error
    raise refusal


def begun(entered: exporting.Entered) -> Response:
    at = entered.transfer
    address = url_for("login.methods", slug=at.access_point, transfer_id=at.id)
    return remember(make_response(redirect(address, code=303)), entered)


def require_urlencoded() -> None:
    if request.method == "POST" and request.mimetype != "application/x-www-form-urlencoded":
        raise UnsupportedMediaType


def refused(event: Event, reason: str) -> None:
    with services().store.begin() as uow:
        audit.record(uow, event, reason=reason)

"""Where an import begins: the host's button "Import from EMREX", or a signed launch for it."""

from __future__ import annotations

from flask import current_app, request
from werkzeug.wrappers import Response

from emrex_gateway import importing
from emrex_gateway.audit import Event
from emrex_gateway.errors import GatewayError
from emrex_gateway.web._context import absolute, services
from emrex_gateway.web._entry import (
    accept,
    begun,
    entry,
    led_to_person,
    refused,
    require_urlencoded,
)
from emrex_gateway.web._limits import count_entry


@entry.route("/<slug>/import", methods=["GET", "POST"])
def import_(slug: str) -> Response:
    """Begin an import. A POST with a ``token`` is a launch: its audience is this address."""
    count_entry(current_app)
    require_urlencoded()
    point = importing.receiving_point(services(), slug)
    if request.method == "GET" or "token" not in request.form:
        return begun(importing.enter(services(), slug))
    with services().store.read() as uow:
        methods = uow.config.login_methods(point.institution)
    try:
        method, accepted = accept(methods, absolute("entry.import_", slug=slug))
        launched = importing.enter_launched(services(), slug, accepted, method.id)
    except GatewayError as error:
        refused(Event.LAUNCH_REFUSED, getattr(error, "reason", type(error).__name__))
        raise
    return led_to_person(slug, launched)

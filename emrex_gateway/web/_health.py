"""Whether the gateway lives and can work, for load balancers; its metrics, for those who have the token."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from emrex_gateway import administering, operations
from emrex_gateway.errors import GatewayError
from emrex_gateway.operations import Expiry
from emrex_gateway.services import Services
from emrex_gateway.web._context import services

health = Blueprint("health", __name__)

_TEXT = "text/plain; charset=utf-8"


@health.get("/healthz")
@health.get("/health/live")
def live() -> tuple[str, int]:
    """The process answers."""
    return "live\n", 200


@health.get("/health/ready")
def ready() -> tuple[str, int]:
    """The database answers and its tables fit. Redis may be gone: transfers wait for it."""
    try:
        services().store.ping()
    except GatewayError:
        return "database\n", 503
    return "ready\n", 200


@health.get("/readyz")
def readyz() -> Response:
    """As ``/health/ready``, part by part. Redis and workers are told of, and fail nothing."""
    parts = operations.look(services())
    lines = [f"{part.name}: {part.state}" for part in parts]
    if operations.ready(parts):
        return Response("\n".join(["ready", *lines]) + "\n", 200, content_type=_TEXT)
    return Response("\n".join(["not ready", *lines]) + "\n", 503, content_type=_TEXT)


@health.get("/metrics")
def metrics() -> Response:
    """Prometheus' page, for the bearer of ``metrics_token``; without that setting there is none."""
    made = services()
    if not made.settings.metrics_token:
        raise NotFound
    wanted = made.secrets(made.settings.metrics_token).strip()
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    fits = hmac.compare_digest(sent.strip().encode("utf-8", "replace"), wanted.encode())
    if not wanted or scheme.lower() != "bearer" or not fits:
        answer = Response("a bearer token is needed\n", 401, content_type=_TEXT)
        answer.headers["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return answer
    operations.counters.flush(made.store)
    page = operations.metrics(made, _expiries(made))
    return Response(page, 200, content_type=operations.CONTENT_TYPE)


def _expiries(made: Services) -> list[Expiry]:
    """When the certificates end of access points and service providers, where they can be read here."""
    found = []
    try:
        with made.store.read() as uow:
            points = administering.certificate_expiries(uow, made.clock(), made.secrets)
        for one in points:
            if one.not_after is not None:
                what = "signing" if one.signs else "published"
                found.append(Expiry(what, one.access_point, one.fingerprint, one.not_after))
        for key in administering.service_key_states(made):
            if key.facts is not None:
                what = "service-provider"
                facts = key.facts
                found.append(Expiry(what, key.institution, facts.fingerprint, facts.not_after))
    except GatewayError:
        return found  # the page says by itself that the database is away
    return found

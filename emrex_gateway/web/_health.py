"""Whether the gateway lives and can work, for load balancers and monitoring."""

from __future__ import annotations

from flask import Blueprint

from emrex_gateway.errors import GatewayError
from emrex_gateway.web._context import services

health = Blueprint("health", __name__)


@health.get("/health/live")
def live() -> tuple[str, int]:
    """The process answers."""
    return "live\n", 200


@health.get("/health/ready")
def ready() -> tuple[str, int]:
    """The database answers and its tables are current. Redis may be gone: transfers wait for it."""
    try:
        services().store.ping()
    except GatewayError:
        return "database\n", 503
    return "ready\n", 200

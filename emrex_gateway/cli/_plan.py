"""What an institutions' file says, and whether its parts fit each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from emrex_gateway import login
from emrex_gateway.administering._values import once
from emrex_gateway.domain import (
    AccessPoint,
    AdapterBinding,
    Federation,
    Institution,
    KnownClient,
    LoginMethod,
    ServiceProvider,
)
from emrex_gateway.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that the file says, checked."""

    institutions: tuple[Institution, ...]
    federations: tuple[Federation, ...]
    service_providers: tuple[ServiceProvider, ...]
    access_points: tuple[AccessPoint, ...]
    bindings: tuple[AdapterBinding, ...]
    login_methods: tuple[LoginMethod, ...]
    known_clients: tuple[KnownClient, ...]
    institutions_keep: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By slug: the settings that the file leaves as they are."""
    access_points_keep: Mapping[str, frozenset[str]] = field(default_factory=dict)


def check_references(plan: Plan) -> None:
    """Raise ``ConfigError`` for a name that stands twice, or one that nothing in the file has."""
    known = {institution.slug for institution in plan.institutions}
    once("institution", (one.slug for one in plan.institutions))
    once("federation", (one.slug for one in plan.federations))
    once("service provider", (one.institution for one in plan.service_providers))
    once("entity id", (one.entity_id for one in plan.service_providers if one.entity_id))
    once("access point", (one.slug for one in plan.access_points))
    once("adapter", (one.id for one in plan.bindings))
    once("login method", (one.id for one in plan.login_methods))
    rows: list[tuple[str, ServiceProvider | AccessPoint | AdapterBinding | LoginMethod]] = [
        *((f"service provider {one.institution!r}", one) for one in plan.service_providers),
        *((f"access point {one.slug!r}", one) for one in plan.access_points),
        *((f"adapter {one.id!r}", one) for one in plan.bindings),
        *((f"login method {one.id!r}", one) for one in plan.login_methods),
    ]
    for where, row in rows:
        if row.institution not in known:
            raise ConfigError(f"{where}: there is no institution {row.institution!r} in the file")
    for method in plan.login_methods:
        _check_parties(plan, method)


def _check_parties(plan: Plan, method: LoginMethod) -> None:
    """A login through federations needs them, and a service provider to be in them."""
    settings = login.settings_of(method)
    if not isinstance(settings, login.SamlSettings):
        return
    where = f"login method {method.id!r}"
    known = {federation.slug for federation in plan.federations}
    if missing := sorted(settings.where.federations - known):
        raise ConfigError(f"{where}: there is no federation {missing[0]!r} in the file")
    if method.institution not in {one.institution for one in plan.service_providers}:
        raise ConfigError(
            f"{where}: the institution {method.institution!r} has no service provider in the file"
        )

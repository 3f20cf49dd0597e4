"""What ``check-config`` says of the network's lists, and of institutions that receive records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from emrex_gateway import directory
from emrex_gateway.directory import RegistryLine
from emrex_gateway.errors import ConfigError
from emrex_gateway.services import Services

Check = Callable[[], str]


def registry_checks(services: Services) -> Iterator[tuple[str, Check]]:
    """Yield a check for each list in use, and for each institution whose students could be sent nowhere."""
    for line in directory.registries(services):
        if line.used:
            yield f"list {line.source}", partial(_list, line)
    with services.store.read() as uow:
        clients = [one for one in uow.config.institutions() if one.client and one.enabled]
    for institution in clients:
        yield f"providers for {institution.slug}", partial(_providers, services, institution.slug)


def _list(line: RegistryLine) -> str:
    problem = f": {line.state.problem}" if line.state.problem else ""
    if line.age is None:
        raise ConfigError(f"it was never fetched{problem} (emrex-gateway registry refresh)")
    minutes = int(line.age.total_seconds() // 60)
    if line.old:
        raise ConfigError(f"the copy is {minutes // 60} hours old{problem}")
    return f"{line.state.providers} providers, confirmed {minutes} minutes ago"


def _providers(services: Services, institution: str) -> str:
    found = directory.providers(services, institution)
    if not found:
        raise ConfigError(
            "its students can be sent nowhere: set emreg_url or ewp_catalogue_url, or add a provider"
        )
    flagged = sum(1 for line in directory.provider_lines(services, institution) if line.flags)
    countries = len({one.country for one in found})
    return f"{len(found)} in {countries} countries, {flagged} to look at"

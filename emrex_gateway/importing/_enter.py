"""An import begins: at the host's button, or by a signed launch."""

from __future__ import annotations

from emrex_gateway import exporting
from emrex_gateway.domain import AccessPoint, Direction
from emrex_gateway.exporting import Entered, Launched
from emrex_gateway.ports import Launch
from emrex_gateway.services import Services


def receiving_point(services: Services, slug: str) -> AccessPoint:
    """Return an access point whose institution receives records.

    Raises ``NoSuchAccessPoint`` and ``SwitchedOff``. The point itself need not
    be on: an institution that only receives leaves it off.
    """
    with services.store.read() as uow:
        return exporting.receiving(uow, slug)


def enter(services: Services, slug: str) -> Entered:
    """Begin an import for whoever pressed the button; who they are, the login says."""
    return exporting.enter_from_host(services, slug, direction=Direction.IMPORT)


def enter_launched(services: Services, slug: str, accepted: Launch, method: str) -> Launched:
    """As ``enter`` for a person whom the host names; see ``exporting.launch``."""
    return exporting.launch(services, slug, accepted, method, direction=Direction.IMPORT)

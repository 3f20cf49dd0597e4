"""The installation as those who run it see it: maintenance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from emrex_gateway.domain._texts import Texts


class MaintenanceMode(StrEnum):
    """Whom maintenance turns away."""

    OFF = "off"
    DRAIN = "drain"
    """Nobody new comes in; transfers that are under way may end."""
    CLOSED = "closed"
    """No page for students is served at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """Whether students are turned away, until when (as far as is known), and what they are told.

    ``texts`` is empty for the standard words.
    """

    mode: MaintenanceMode = MaintenanceMode.OFF
    until: datetime | None = None
    texts: Texts = ()

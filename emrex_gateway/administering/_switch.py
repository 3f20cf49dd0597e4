"""Switching on and off: the institution, its client, each of its access points."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from emrex_gateway.administering._institutions import put_institution
from emrex_gateway.administering._points import check_access_point, put_access_point
from emrex_gateway.administering._rights import require
from emrex_gateway.domain import Actor, Permission
from emrex_gateway.errors import ConfigError
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services


class Switch(StrEnum):
    """What of an institution is switched on and off by itself."""

    INSTITUTION = "institution"
    """All of it: while it is off, none of its access points begins anything or lets anybody log in."""
    CLIENT = "client"
    """That it receives records too."""
    ACCESS_POINT = "access-point"


def switch(services: Services, actor: Actor, what: Switch, key: str, on: bool) -> bool:
    """Switch an institution, its client or (``key`` being its slug) an access point on or off.

    Returns whether that changed anything. Raises ``ConfigError`` for what does
    not exist or cannot be switched on yet, and ``NotAllowed``.
    """
    with services.store.begin() as uow:
        uow.config.hold()
        if what is Switch.ACCESS_POINT:
            return _access_point(uow, actor, key, on)
        require(actor, Permission.CHANGE_SETTINGS, key)
        before = uow.config.institution(key)
        if what is Switch.CLIENT:
            return put_institution(uow, actor, before, replace(before, client=on))
        return put_institution(uow, actor, before, replace(before, enabled=on))


def _access_point(uow: UnitOfWork, actor: Actor, slug: str, on: bool) -> bool:
    before = uow.config.access_point(slug)
    if before is None:
        raise ConfigError(f"there is no access point {slug!r}")
    require(actor, Permission.CHANGE_SETTINGS, before.institution)
    after = replace(before, enabled=on)
    # What is switched off may have been unfit for long: nobody asks it now.
    return put_access_point(uow, actor, before, check_access_point(after) if on else after)

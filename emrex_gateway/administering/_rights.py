"""Who may do what: asked before every change, whoever calls."""

from __future__ import annotations

import os

from emrex_gateway.domain import Actor, AdminRole, Grant, Permission
from emrex_gateway.errors import NotAllowed


def require(actor: Actor, permission: Permission, institution: str | None = None) -> None:
    """Raise ``NotAllowed`` unless the actor may do that at the institution (``None``: everywhere).

    A change that concerns no single institution needs the permission
    everywhere.
    """
    allowed = (
        actor.everywhere(permission) if institution is None else actor.may(permission, institution)
    )
    if not allowed:
        raise NotAllowed(f"this needs the permission {permission.value}")


def shell_actor() -> Actor:
    """Whoever runs a command: they can read the settings file, so they are an operator."""
    return Actor(
        account=f"shell:{os.geteuid()}", grants=frozenset({Grant(AdminRole.OPERATOR)}), name="shell"
    )

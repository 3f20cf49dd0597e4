"""Who may name a secret: a reference makes this installation read a file or variable, anybody's among them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any

from emrex_gateway.administering._values import N_
from emrex_gateway.domain import Actor, Permission
from emrex_gateway.errors import ConfigError
from emrex_gateway.secrets import is_reference
from emrex_gateway.services import Services


def require_references(
    services: Services,
    actor: Actor,
    institution: str,
    before: Mapping[str, Collection[str]],
    after: Mapping[str, Collection[str]],
) -> None:
    """See that new references are somebody's to name; both mappings go by field.

    An operator may name any. Whoever looks after an institution may keep those
    that are there, and name files in ``<institution_secrets>/<institution>``:
    with any other they could send another institution's secret, or the
    database's, to a provider of their own. Raises ``ConfigError`` at the field.
    """
    if actor.everywhere(Permission.RUN):
        return
    known = {reference for several in before.values() for reference in several}
    for field, references in after.items():
        for reference in references:
            if reference not in known and not _own(services, institution, reference):
                raise ConfigError(
                    f"only an operator may name this secret in {field}",
                    field,
                    words=_words(services),
                    values={"place": f"file:{own_place(services, institution)}/…"},
                )


def references_in(settings: Mapping[str, Any], names: Collection[str]) -> dict[str, list[str]]:
    """Return the references among an institution's settings, by field ``settings.<name>``."""
    return {
        f"settings.{name}": [settings[name]]
        for name in names
        if isinstance(settings.get(name), str) and is_reference(settings[name])
    }


def own_place(services: Services, institution: str) -> str:
    """Return the folder with the secrets that an institution may name itself; empty when there is none."""
    base = services.settings.institution_secrets
    return f"{base.rstrip('/')}/{institution}" if base else ""


def _own(services: Services, institution: str, reference: str) -> bool:
    place = own_place(services, institution)
    scheme, _, name = reference.partition(":")
    if not place or scheme != "file":
        return False
    path = PurePosixPath(name)
    return ".." not in path.parts and path.is_relative_to(place) and path != PurePosixPath(place)


def _words(services: Services) -> str:
    if services.settings.institution_secrets:
        return N_("Only an operator may name this one. You may name files in %(place)s.")
    return N_(
        "Only an operator may name a secret that is not in use here. Ask one to fill this in."
    )

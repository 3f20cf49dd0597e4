"""What an administrator sets for a login method of the kind ``saml``, checked once and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from emrex_gateway.domain import ProviderFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlSettings:
    """Which identity providers may log people in, and what must come from them.

    ``where`` filters the providers. ``discovery`` is the address of an external
    discovery service (Identity Provider Discovery protocol); empty means our
    own page. ``attributes`` adds to or replaces ``ATTRIBUTES``: an attribute's
    ``urn:oid:`` name (or another) to a rule's name. ``required`` names what of
    ``ATTRIBUTES`` must come. ``national_identifiers`` lists the entity ids
    whose national identifiers count; ``assurance`` the levels of which the
    person must have one; ``home_organizations`` the only ones let in (lower
    case). ``contexts`` become the RequestedAuthnContext (SP07: only where an
    institution requires it). ``force_authn`` asks for a fresh login.
    """

    where: ProviderFilter
    discovery: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    national_identifiers: frozenset[str] = frozenset()
    assurance: frozenset[str] = frozenset()
    home_organizations: frozenset[str] = frozenset()
    contexts: tuple[str, ...] = ()
    force_authn: bool = False

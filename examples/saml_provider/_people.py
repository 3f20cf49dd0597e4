"""Who may log in at the simulator, and how it is set up."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from examples.saml_provider._messages import KeyPair

SCOPE = "home.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person who can log in; ``attributes`` by friendly name (see ``_messages.NAMES``)."""

    user: str
    password: str = field(repr=False)
    attributes: Mapping[str, tuple[str, ...]] = field(repr=False)

    def accepts(self, password: str) -> bool:
        """Tell whether the password is this person's."""
        return secrets.compare_digest(self.password.encode(), password.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlProviderConfig:
    """``url`` is the simulator's address, no slash at the end; ``service_provider`` that of
    the metadata of the one service provider that it serves. ``federation_keys`` sign the
    made-up federation's metadata, which a real provider would not have in its hands."""

    url: str
    keys: KeyPair
    service_provider: str
    people: tuple[Person, ...]
    federation_keys: KeyPair
    scope: str = SCOPE

    @property
    def entity_id(self) -> str:
        """The provider's name: the address of its metadata."""
        return f"{self.url}/metadata"

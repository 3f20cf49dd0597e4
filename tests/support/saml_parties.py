"""The gateway, SimpleSAMLphp and pysaml2's provider as members of one federation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pysaml2_idp
import simplesamlphp
from browsers import served
from pysaml2_idp import Pysaml2Idp
from saml_aggregate import Aggregate
from saml_people import FINNISH, USERS
from saml_student import SamlStudent
from saml_world import SamlWorld, saml_world
from simplesamlphp import Sends, SimpleSaml

ELM, OAK = "Elm University", "Oak University"
"""What SimpleSAMLphp and pysaml2's provider are called in the federation's metadata."""


@dataclass
class Parties:
    """All that take part in a login. ``elm`` is SimpleSAMLphp, ``oak`` pysaml2's provider."""

    world: SamlWorld
    elm: SimpleSaml
    oak: Pysaml2Idp
    aggregate: Aggregate

    def student(self) -> SamlStudent:
        """Return a browser that nobody has used."""
        return SamlStudent(self.world)

    def publish(self) -> None:
        """Let both providers read our metadata as it is now."""
        self.elm.accept(self.world.metadata())
        self.oak.accept(self.world.metadata())

    def send(self, sends: Sends) -> None:
        """Let both providers protect their responses in that way."""
        self.elm.send(sends)
        self.oak.sends = sends


@contextmanager
def parties(folder: Path, **parts: Any) -> Iterator[Parties]:
    """Run everybody until the context ends; ``parts`` replace the gateway's services."""
    with (
        simplesamlphp.running(
            folder / "elm",
            {**USERS, "aino": FINNISH},
            names={"en": ELM, "fi": "Jalavan yliopisto"},
            scopes=SCOPES,
        ) as elm,
        pysaml2_idp.running(
            folder / "oak", USERS, names={"en": OAK, "sv": "Ekens universitet"}, scopes=SCOPES
        ) as oak,
        saml_world(folder, **parts) as world,
    ):
        aggregate = Aggregate(lambda: [elm.metadata(), oak.metadata()])
        with served(aggregate.app(), "127.0.0.1") as address:
            aggregate.url = f"{address}/metadata.xml"
            made = Parties(world, elm, oak, aggregate)
            made.publish()
            world.join(aggregate)
            yield made


SCOPES = ("campus.example",)

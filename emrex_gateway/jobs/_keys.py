"""Which access points can sign."""

from __future__ import annotations

from dataclasses import dataclass

from emrex_gateway.errors import ConfigError, SigningError, StoreUnavailable
from emrex_gateway.ports import Signers
from emrex_gateway.services import Services


@dataclass(frozen=True, slots=True)
class KeyProblem:
    """Why an access point cannot sign now."""

    access_point: str
    problem: str


def check_keys(services: Services, signers: Signers) -> tuple[KeyProblem, ...]:
    """Load the key of every enabled access point; return those that are missing or unfit."""
    try:
        with services.store.begin() as uow:
            points = uow.config.access_points()
    except StoreUnavailable:
        return ()
    problems = []
    for point in points:
        if not point.enabled:
            continue
        try:
            signers.signer(point)
        except (SigningError, ConfigError) as error:
            problems.append(KeyProblem(point.slug, str(error)))
    return tuple(problems)

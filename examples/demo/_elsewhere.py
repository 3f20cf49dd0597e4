"""The simulated providers in other countries, and what both registries list for the import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from examples.emp_simulator import SimulatorConfig
    from examples.registry_simulator import Listed

# The launcher needs the table alone: what signs and serves is imported by the parties.
# ruff: noqa: PLC0415


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A university of a simulated provider; ``country`` is a code and a name."""

    slug: str
    name: str
    country: tuple[str, str]
    single_fetch: bool = False
    newer_codes: bool = False


_ESTONIA = ("EE", "Estonia")
ELSEWHERE = (
    # Three of a country where one fetch does not cover all: one import may collect from each.
    Elsewhere("kalda", "University of Kalda", _ESTONIA),
    Elsewhere("tamme", "Tamme Technical University", _ESTONIA, newer_codes=True),
    Elsewhere("meri", "Meri Maritime Academy", _ESTONIA),
    Elsewhere("skog", "Skogså University", ("SE", "Sweden"), single_fetch=True),
)


def simulator(keys: Path, url: str) -> SimulatorConfig:
    """The simulator's configuration; ``keys`` holds each provider's key and certificate."""
    from examples.emp_simulator import Learner, Provider, SimulatorConfig

    return SimulatorConfig(
        public_url=url,
        providers=tuple(
            Provider(
                slug=one.slug,
                name=one.name,
                country=one.country[0],
                country_name=one.country[1],
                domain=f"{one.slug}.example",
                single_fetch=one.single_fetch,
                newer_codes=one.newer_codes,
                key=(keys / f"{one.slug}.key").read_text("ascii"),
                certificate=(keys / f"{one.slug}.pem").read_text("ascii"),
            )
            for one in ELSEWHERE
        ),
        learner=Learner(given_names="Maija", family_name="Mallikas", birth_date=date(1998, 2, 11)),
    )


def listed(keys: Path, url: str, entries: Mapping[str, str]) -> tuple[Listed, ...]:
    """Every data access point of the demonstration: some in both lists, some in one."""
    from emrex_gateway.network import PointEntry
    from examples.emp_simulator import entry
    from examples.registry_simulator import Listed

    config = simulator(keys, url)
    others = {provider.slug: entry(config, provider) for provider in config.providers}

    finland = ("FI", "Finland")

    def own(point: str, name: str, country: tuple[str, str]) -> PointEntry:
        return PointEntry(
            url=entries[point],
            name=name,
            acronym=point.upper(),
            country=country[0],
            country_name=country[1],
            # Neither of Finland's two knows what the other one has.
            single_fetch=country != finland,
            institutions=(name,),
            certificates=((keys / f"{point}.pem").read_text("ascii"),),
        )

    return (
        Listed(entry=own("abroad", "Abroad University", ("NO", "Norway")), ewp=True),
        Listed(entry=own("campus", "Campus University", finland)),
        Listed(entry=own("virta", "VIRTA, national data (Finland)", finland)),
        Listed(entry=others["kalda"], ewp=True, older=True),
        Listed(entry=others["tamme"]),
        Listed(entry=others["meri"], emreg=False, ewp=True, older=True),
        Listed(entry=others["skog"]),
    )

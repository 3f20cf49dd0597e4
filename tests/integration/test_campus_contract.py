"""The plugin contract of the Peppi adapter, against the simulator's services on a real socket."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from emrex_gateway.domain import (
    Identity,
    Institution,
    PersonIdentifier,
    PersonIdentifierType,
    texts,
)
from emrex_gateway.testing import (
    AdapterCase,
    AdapterContract,
    Situation,
    Trouble,
    serve,
    troubled_system,
)
from emrex_peppi import PeppiSettings, plugin
from examples.campus import DOMAIN, NAMES, NATIONAL_CODE, make_app
from examples.campus._accounts import identity
from examples.campus._people import people

KEY = "campus-key-for-tests"
MAIJA = people()["1001"]


class TestPeppiAgainstCampus(AdapterContract):
    """Every rule of the contract."""

    @pytest.fixture
    def case(self) -> Iterator[AdapterCase]:
        with serve(make_app({"CAMPUS_API_KEY": KEY})) as campus, troubled_system() as troubles:
            working = PeppiSettings(base_url=campus.url, api_key=KEY)

            def situation(address: str, retry_after: float | None = None) -> Situation:
                settings = PeppiSettings(
                    base_url=address,
                    api_key=KEY,
                    connect_timeout=0.5,
                    read_timeout=0.5,
                    total_timeout=1.0,
                    max_answer_bytes=3_000_000,
                )
                return Situation(settings, retry_after=retry_after)

            yield AdapterCase(
                plugin=plugin,
                institution=Institution(
                    slug="campus",
                    names=texts(**NAMES),
                    country="FI",
                    domain=DOMAIN,
                    url=f"https://{DOMAIN}/",
                    codes={"oppilaitosnumero": NATIONAL_CODE},
                ),
                working=working,
                known=identity("maija", MAIJA),
                unknown=Identity(
                    method="oidc",
                    provider="p",
                    subject="ukjent-person",
                    identifiers=(
                        PersonIdentifier(PersonIdentifierType.ESI, "esi:ukjent:77", "p"),
                        PersonIdentifier(PersonIdentifierType.LOCAL, "K7777777", "p"),
                    ),
                    given_names="Ukjent",
                    family_name="Ingenmann",
                ),
                troubles={
                    Trouble.DOWN: situation(troubles.down),
                    Trouble.SLOW: situation(troubles.slow),
                    Trouble.DRIPPING: situation(troubles.dripping),
                    Trouble.BUSY: situation(troubles.busy, troubles.retry_after),
                    Trouble.RUBBISH: situation(troubles.rubbish),
                    Trouble.ENDLESS: situation(troubles.endless),
                    Trouble.REFUSES: situation(troubles.refusing),
                },
                connections_open=campus.connections_open,
                recorded=json.dumps(
                    {"students": [MAIJA.student], "completedCredits": list(MAIJA.credits)}
                ).encode(),
                recorded_empty=(b'{"students": []}', b'{"completedCredits": []}'),
                unmappable=(
                    b'{"status": "error", "message": "Siiri 010190-4473"}',
                    b'{"students": "010190-4473"}',
                ),
                secrets=(KEY,),
            )

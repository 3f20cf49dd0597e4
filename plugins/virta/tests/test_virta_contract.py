"""The VIRTA plugin keeps the adapter contract, against the simulator and a troubled system."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emrex_gateway.domain import Identity, Institution, PersonIdentifier, PersonIdentifierType
from emrex_gateway.testing import (
    AdapterCase,
    AdapterContract,
    Situation,
    Trouble,
    serve,
    troubled_system,
)
from emrex_virta import plugin
from examples.virta_simulator import DEMO_CREDENTIALS, DEMO_STUDENTS, PATH, make_app
from virta_answers import answer, person, row

SECRET = "correct-horse-battery"


class TestVirta(AdapterContract):
    """Every rule of the contract."""

    @pytest.fixture
    def case(self, institution: Institution) -> Iterator[AdapterCase]:
        student = DEMO_STUDENTS[0]
        credentials = type(DEMO_CREDENTIALS)(system="testi", caller="testaaja", secret=SECRET)
        known = Identity(
            method="oidc",
            provider="https://login.example",
            subject="subject-of-aino",
            identifiers=(
                PersonIdentifier(PersonIdentifierType.NATIONAL, "131052-998Z"),
                PersonIdentifier(PersonIdentifierType.NATIONAL_LEARNER, student.learner_number),
            ),
            given_names=student.given_names,
            family_name=student.family_name,
            birth_date=student.birth_date,
        )
        unknown = Identity(
            method="oidc",
            provider="https://login.example",
            subject="subject-of-nobody",
            identifiers=(
                PersonIdentifier(PersonIdentifierType.NATIONAL, "010101-999X"),
                PersonIdentifier(
                    PersonIdentifierType.NATIONAL_LEARNER, "1.2.246.562.24.99999999999"
                ),
            ),
            given_names="Eino",
            family_name="Tuntematon",
        )
        with serve(make_app(credentials=credentials)) as served, troubled_system() as system:
            settings = plugin.settings_type(
                url=served.url + PATH, system="testi", caller="testaaja", secret=SECRET
            )

            def at(url: str) -> Situation:
                return Situation(
                    plugin.settings_type(
                        url=url,
                        system="testi",
                        caller="testaaja",
                        secret=SECRET,
                        connect_timeout=1.0,
                        read_timeout=0.5,
                        total_timeout=1.0,
                        max_answer_bytes=3_000_000,
                    )
                )

            yield AdapterCase(
                plugin=plugin,
                institution=institution,
                working=settings,
                known=known,
                unknown=unknown,
                troubles={
                    Trouble.DOWN: at(system.down),
                    Trouble.SLOW: at(system.slow),
                    Trouble.DRIPPING: at(system.dripping),
                    Trouble.BUSY: Situation(
                        at(system.busy).settings, retry_after=system.retry_after
                    ),
                    Trouble.RUBBISH: at(system.rubbish),
                    Trouble.ENDLESS: at(system.endless),
                    Trouble.REFUSES: at(system.refusing),
                },
                connections_open=served.connections_open,
                recorded=answer(person(row("1", parts=("2",)), row("2"))),
                recorded_empty=[answer()],
                unmappable=[b"<html/>", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
                secrets=(SECRET,),
            )

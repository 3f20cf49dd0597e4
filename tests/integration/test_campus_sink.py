"""The contract of sinks, kept by the Peppi adapter against the simulator's services on a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from emrex_gateway.domain import Institution, Receipt, Student, texts
from emrex_gateway.testing import (
    SinkCase,
    SinkContract,
    Situation,
    Trouble,
    TroubledSystem,
    serve,
    troubled_system,
)
from emrex_peppi import PeppiSettings, plugin
from examples.campus import DOMAIN, NAMES, NATIONAL_CODE, make_app
from examples.campus._accounts import identity
from examples.campus._applications import Application, Applications, Decision, key_of
from examples.campus._people import people

KEY = "campus-key-for-tests"
CAMPUS = Institution(
    slug="campus",
    names=texts(**NAMES),
    country="FI",
    domain=DOMAIN,
    url=f"https://{DOMAIN}/",
    codes={"oppilaitosnumero": NATIONAL_CODE},
)


@pytest.fixture(scope="module")
def troubles() -> Iterator[TroubledSystem]:
    """A system that is never well; nothing in it changes."""
    with troubled_system() as system:
        yield system


class TestPeppiSinkAgainstCampus(SinkContract):
    """Every rule of the contract."""

    @pytest.fixture
    def case(self, troubles: TroubledSystem) -> Iterator[SinkCase]:
        app = make_app({"CAMPUS_API_KEY": KEY})
        held: Applications = app.extensions["campus_applications"]

        def original(receipt: Receipt) -> bytes:
            files = _application(held, receipt).files
            return next(file.data for file in files if file.kind == "ELMO")

        def decide(receipt: Receipt, accepted: int) -> None:
            studies = _application(held, receipt).studies
            decisions = {
                key_of(study): Decision(accepted=at < accepted, name="Here", scope="5")
                for at, study in enumerate(studies)
            }
            held.decide(int(receipt.id), decisions, "", date(2026, 11, 24))

        def situation(address: str, retry_after: float | None = None) -> Situation:
            settings = PeppiSettings(
                base_url=address,
                api_key=KEY,
                connect_timeout=0.2,
                read_timeout=0.2,
                total_timeout=0.4,
                max_answer_bytes=3_000_000,
            )
            return Situation(settings, retry_after=retry_after)

        with serve(app) as campus:
            working = PeppiSettings(base_url=campus.url, api_key=KEY)
            yield SinkCase(
                plugin=plugin,
                institution=CAMPUS,
                working=working,
                student=_maija(working),
                stored=lambda: len(held.all()),
                original=original,
                decide=decide,
                lose_answer=lambda: app.extensions["campus_faults"].set(
                    "lost", path="applications", times=1
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
                secrets=(KEY,),
            )


def _application(held: Applications, receipt: Receipt) -> Application:
    found = held.get(int(receipt.id))
    assert found is not None
    return found


def _maija(settings: PeppiSettings) -> Student:
    with plugin.open(CAMPUS, settings) as adapter:
        assert adapter.source is not None
        return adapter.source.find_student(identity("maija", people()["1001"]))

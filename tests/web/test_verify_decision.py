"""A signed decision on recognition, dropped onto the page that checks files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from elmo_strategies import transcript
from emrex_gateway import elmo
from emrex_gateway.domain import (
    Credit,
    ElmoVersion,
    Identifier,
    Issuer,
    Learner,
    RecognisedStudy,
    Recognition,
    RecognitionState,
    texts,
)
from emrex_gateway.importing._decision import decision_document
from gateway_world import Browser, World, make_world
from verify_world import form

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FIVE = (Credit(scheme="ects", value=Decimal(5)),)
FJORDHAVN = Issuer(
    identifiers=(Identifier("schac", "fjordhavn.example"),),
    titles=texts(en="University of Fjordhavn"),
    url="https://fjordhavn.example/",
)
FOUND = Recognition(
    state=RecognitionState.PARTIALLY_ACCEPTED,
    decided_on=date(2026, 11, 24),
    remark=texts(en="Welcome home"),
    studies=(
        RecognisedStudy(
            titles=texts(en="Fjords"),
            issuer=FJORDHAVN,
            brought=FIVE,
            counted_as=texts(en="Human geography"),
            code="GEO-1",
            credits=FIVE,
        ),
        RecognisedStudy(titles=texts(en="<b>Skis</b>"), issuer=FJORDHAVN, accepted=False),
    ),
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def signed(world: World, found: Recognition = FOUND) -> bytes:
    """A decision, signed by the access point."""
    with world.services.store.read() as uow:
        point = uow.config.access_point("campus")
        institution = uow.config.institution("campus")
    assert point is not None
    learner = Learner(given_names="Siiri", family_name="Järvi", birth_date=date(1999, 4, 30))
    made = decision_document(found, learner, institution, NOW)
    unsigned = elmo.write(replace(made, attachments=(transcript(),)), ElmoVersion.V2_0)
    return world.signers.signer(point).sign(unsigned).xml


def checked(world: World, found: Recognition = FOUND) -> Browser:
    """Have one checked on the access point's page."""
    return world.browser().post("/emrex/campus/verify", **form(signed(world, found)))


def test_what_was_decided_is_told(world: World) -> None:
    """Whose, when, what was brought and what it counts as; markup in titles is text."""
    page = checked(world)
    (shown,) = page.page.xpath("//*[@data-step='decided']")
    text = " ".join(shown.text_content().split())
    for word in ("Campus University", "Recognised in part", "Nov 24, 2026", "Welcome home"):
        assert word in text
    fjords, skis = (" ".join(row.text_content().split()) for row in shown.xpath(".//li"))
    assert fjords.startswith("Fjords")
    assert "GEO-1" in fjords
    assert "from-1" not in fjords
    assert "University of Fjordhavn" in fjords
    assert "Counts as: Human geography" in fjords
    assert skis.startswith("<b>Skis</b>")
    assert "Does not count there." in skis


def test_endless_decisions_are_cut(world: World) -> None:
    """The page says that the file has more."""
    page = checked(world, replace(FOUND, studies=FOUND.studies[:1] * 1002))
    (shown,) = page.page.xpath("//*[@data-step='decided']")
    assert 1000 == len(shown.xpath(".//li"))
    assert "The rest is in the file." in shown.text_content()


def test_programs_are_told_the_same(world: World) -> None:
    """With both ends of each mapping among the records of its basis and of its results."""
    answer = world.app.test_client().post(
        "/emrex/api/verify", data=signed(world), content_type="application/octet-stream"
    )
    schemas = world.app.test_client().get("/emrex/api/openapi.json").get_json()["components"]
    schema = {"$ref": "#/components/schemas/Answer", "components": schemas}
    Draft202012Validator(schema).validate(answer.get_json())
    (report,) = answer.get_json()["document"]["reports"]
    (decision,) = report["decisions"]
    assert ("Partially Positive", "2026-11-24") == (decision["status"], decision["decided_on"])
    assert [{"from": "from-1", "to": "GEO-1"}] == decision["mapping"]
    assert ["Fjords", "<b>Skis</b>"] == [
        one["titles"][0]["value"] for basis in decision["basis"] for one in basis["records"]
    ]
    assert ["GEO-1"] == [one["identifiers"][0]["value"] for one in decision["results"]]

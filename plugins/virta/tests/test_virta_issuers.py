"""Who granted a record, and whose it is."""

from __future__ import annotations

from datetime import date

import pytest

from emrex_gateway.domain import (
    Identifier,
    Institution,
)
from emrex_gateway.errors import AmbiguousStudent
from emrex_virta import plugin
from virta_answers import answer, person, row
from virta_world import Map, virta_settings


@pytest.mark.parametrize(
    "code", ["41", "42", "63", "64", "65", "66", "UK", "UM", "XX", "99999", "", "x y"]
)
def test_groups_and_unknown_codes_get_an_issuer(mapped: Map, code: str) -> None:
    """With an identifier, a title and an address, whatever stands there."""
    (record,) = mapped(person(row(grantor=code)))
    assert (Identifier("oppilaitosnumero", code or "XX"),) == record.issuer.identifiers
    assert record.issuer.titles
    assert "https://www.testi.example/" == record.issuer.url
    assert (None if code in ("UK", "UM", "XX", "") else "FI") == record.issuer.country


def test_the_fallback_address_is_a_setting(mapped: Map) -> None:
    """An institution may have a page that explains such issuers."""
    (record,) = mapped(person(row(grantor="UK")), fallback_url="https://emrex.example/issuers")
    assert "https://emrex.example/issuers" == record.issuer.url


def test_a_former_institution_keeps_its_name(mapped: Map) -> None:
    """It granted the record then; its number tells it from what it became."""
    (record,) = mapped(person(row(grantor="01915")))
    assert "Tampere University of Technology" == record.issuer.titles[0].value
    assert (Identifier("oppilaitosnumero", "01915"),) == record.issuer.identifiers
    assert "https://www.tuni.fi/" == record.issuer.url


def test_the_institution_itself_knows_best(institution: Institution) -> None:
    """Its own record wins for its own number."""
    own = Institution(
        slug="x",
        names=institution.names,
        country="FI",
        domain="oma.example",
        url="https://oma.example/",
        codes={"oppilaitosnumero": "10122"},
    )
    settings = virta_settings("https://virta.example")
    _, (record,) = plugin.convert(own, settings, answer(person(row(grantor="10122"))))
    assert institution.names == record.issuer.titles
    assert Identifier("schac", "oma.example") in record.issuer.identifiers


def test_no_two_institutions_share_a_domain(mapped: Map) -> None:
    """A schac identifier is one institution's; names have no language twice and no digits."""
    codes = [f"{n:05}" for n in (*range(1700, 2700), *range(10000, 10150))]
    records = mapped(*(person(row(code, grantor=code), key=code) for code in codes))
    schacs = [i.value for r in records for i in r.issuer.identifiers if i.type == "schac"]
    assert len(set(schacs)) == len(schacs)
    assert 37 == len(schacs)
    for record in records:
        if any(i.type == "schac" for i in record.issuer.identifiers):
            assert not any(c.isdigit() for t in record.issuer.titles for c in t.value)
            assert {"en"} <= {t.lang for t in record.issuer.titles}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("131052-308T", date(1952, 10, 13)),
        ("131052+308T", date(1852, 10, 13)),
        ("010203A9995", date(2003, 2, 1)),
        ("010203f9995", date(2003, 2, 1)),
        ("010203U999X", date(1903, 2, 1)),
        ("310299-1234", None),
        ("010203G9995", None),
        ("", None),
        ("131052", None),
    ],
)
def test_birth_dates(institution: Institution, code: str, expected: date | None) -> None:
    """All century signs; codes of test environments too; nonsense is unknown."""
    body = answer(person(row(), who=f"<v:Henkilotunnus>{code}</v:Henkilotunnus>"))
    student, _ = plugin.convert(institution, virta_settings("https://virta.example"), body)
    assert expected == student.birth_date


def _who(code: str = "", number: str = "") -> str:
    first = f"<v:Henkilotunnus>{code}</v:Henkilotunnus>" if code else ""
    second = f"<v:KansallinenOppijanumero>{number}</v:KansallinenOppijanumero>" if number else ""
    return first + second


def test_blocks_of_one_person(mapped: Map) -> None:
    """A shared code or number makes them one, through a chain; a block without either belongs."""
    blocks = [_who("131052-308T", "1"), _who("131052-308t"), _who("010101-999X", "1"), _who()]
    persons = [person(row(str(i)), who=who, key=str(i)) for i, who in enumerate(blocks)]
    assert 4 == len(mapped(*persons))
    apart = [_who("131052-308T"), _who(number="1")]
    persons = [person(row(str(i)), who=who, key=str(i)) for i, who in enumerate(apart)]
    assert 2 == len(mapped(*persons))


@pytest.mark.parametrize(
    "blocks",
    [
        (_who("131052-308T"), _who("010101-999X")),
        (_who(number="1"), _who(number="2")),
        (_who("131052-308T", "1"), _who(number="2")),
        (_who("131052-308T"), _who(number="1"), _who(number="2")),
    ],
)
def test_blocks_of_two_people(mapped: Map, blocks: tuple[str, ...]) -> None:
    """Nothing in common: somebody else's records would leave. Refused."""
    persons = [person(row(str(i)), who=who, key=str(i)) for i, who in enumerate(blocks)]
    with pytest.raises(AmbiguousStudent):
        mapped(*persons)

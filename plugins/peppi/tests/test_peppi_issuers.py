"""Which institution granted a credit."""

from __future__ import annotations

from typing import Any

import pytest

from emrex_gateway.domain import (
    Identifier,
)


def test_their_own_institution_by_default(row: Any, mapped: Any) -> None:
    """Nobody named, the own domain, or one of the own codes: the institution itself."""
    organisations = (
        None,
        {},
        {"hei": "HOME.example"},
        {"organisationTkCode": "90001"},
        {"organisationTkCode": 90000},
    )
    records = mapped(
        *(
            row(n, target=str(n), organisationResponsibleForCompletion=organisation)
            for n, organisation in enumerate(organisations)
        ),
        own_codes=("90000",),
    )
    issuers = {r.issuer for r in records}
    assert len(issuers) == 1
    assert issuers.pop().identifiers == (
        Identifier("schac", "home.example"),
        Identifier("oppilaitosnumero", "90001"),
    )


def test_one_issuer_however_it_is_described(row: Any, mapped: Any) -> None:
    """Rows that name an institution by its code alone join those that describe it."""
    full = {
        "organisationTkCode": "90002",
        "hei": "other.example",
        "pic": 999,
        "erasmusCode": "SF OTHER01",
        "organisationName": {"valueFi": "Toinen"},
        "url": "https://www.other.example/",
    }
    first, second = mapped(
        row("a", organisationResponsibleForCompletion={"organisationTkCode": "90002"}),
        row("b", target="t2", organisationResponsibleForCompletion=full),
    )
    assert first.issuer == second.issuer
    assert first.issuer.identifiers == (
        Identifier("schac", "other.example"),
        Identifier("pic", "999"),
        Identifier("erasmus", "SF OTHER01"),
        Identifier("oppilaitosnumero", "90002"),
    )
    assert (first.issuer.country, first.issuer.url) == ("FI", "https://www.other.example/")


@pytest.mark.parametrize(
    ("organisation", "title", "url", "country"),
    [
        ({"organisationTkCode": "UM"}, "Institution UM", "https://home.example/", None),
        ({"organisationTkCode": "12345"}, "Institution 12345", "https://home.example/", "FI"),
        ({"hei": "x.example"}, "Institution x.example", "https://x.example/", None),
        ({"organisationName": {"sv": "Namn"}, "countryCode": "se"}, "Namn", "https://home.example/", "SE"),
        ({"erasmusOrganisationName": "Erasmus", "pic": 1, "url": "ftp://x"}, "Erasmus", "https://home.example/", None),
    ],
)  # fmt: skip
def test_unknown_institutions(  # noqa: PLR0917 - a table of cases
    row: Any, mapped: Any, organisation: Any, title: str, url: str, country: Any
) -> None:
    """Every issuer has an identifier, a title and an address."""
    issuer = mapped(row(organisationResponsibleForCompletion=organisation))[0].issuer
    assert issuer.identifiers
    assert (title, url, country) == (issuer.titles[0].value, issuer.url, issuer.country)


def test_the_fallback_address_is_a_setting(row: Any, mapped: Any) -> None:
    """For institutions of which the system says no address."""
    (record,) = mapped(
        row(organisationResponsibleForCompletion={"organisationTkCode": "UM"}),
        fallback_url="https://register.example/",
    )
    assert record.issuer.url == "https://register.example/"

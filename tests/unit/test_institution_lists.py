"""Codes of institutions, and lists of institutions to import."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emrex_gateway import administering
from emrex_gateway.administering import read_list
from emrex_gateway.domain import (
    Identifier,
    Institution,
    LangString,
    complete_issuer,
    issuer_of,
    texts,
)
from emrex_gateway.errors import ConfigError


def institution(**changes: object) -> Institution:
    """A small institution."""
    values: dict[str, object] = {
        "slug": "north",
        "names": texts(en="North"),
        "country": "NO",
        "domain": "north.edu",
        "url": "https://north.edu/",
    }
    return Institution(**values | changes)  # type: ignore[arg-type] # a test's shorthand


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("SF HELSINK01", "SF HELSINK01"),
        ("a wien01", "A  WIEN01"),
        ("D  MUNCHEN001", "D  MUNCHEN001"),
        ("IRLDUBLIN02", "IRLDUBLIN02"),
        ("IRL DUBLIN02", "IRLDUBLIN02"),
        ("LUXLUX-VIL01", "LUXLUX-VIL01"),
    ],
    ids=lambda text: text.replace(" ", "_"),
)
def test_an_erasmus_code_is_kept_in_one_form(written: str, kept: str) -> None:
    """The prefix is filled up to three places, whatever blanks and capitals somebody wrote."""
    made = administering.check_institution(institution(codes={"erasmus": written}))

    assert kept == made.codes["erasmus"]
    assert made == administering.check_institution(made)


@pytest.mark.parametrize(
    ("type_", "code"),
    [
        ("erasmus", "HELSINKI"), ("erasmus", "SFHELSINK01"), ("erasmus", "QQ TOWN01"),
        ("erasmus", "FIAB01"), ("pic", "12345678"), ("pic", "".join(chr(0xFF11 + n) for n in range(9))), ("pic", "1234567890"),
        ("a type", "x"), ("national", ""), ("national", "x" * 201), ("schac", "north.edu"),
    ],
    ids=range(11),
)  # fmt: skip
def test_a_code_of_the_wrong_form_is_refused_at_its_field(type_: str, code: str) -> None:
    """The error says which code, and has words for the page."""
    with pytest.raises(ConfigError) as raised:
        administering.check_institution(institution(codes={type_: code}))

    assert f"codes.{type_}" in (raised.value.field, f"{raised.value.field}.{type_}")
    assert raised.value.words


def test_the_issuer_of_an_institution_has_all_its_identifiers() -> None:
    """Domain, codes and postal address go into ELMO; completing it changes nothing."""
    issuer = issuer_of(
        institution(codes={"pic": "999999999", "orgnr": "974760673"}, address="Street 1\n0001 Oslo")
    )

    expected = (
        Identifier("schac", "north.edu"),
        Identifier("pic", "999999999"),
        Identifier("orgnr", "974760673"),
        Identifier("address", "Street 1, 0001 Oslo"),
    )
    assert expected == issuer.identifiers
    assert issuer == complete_issuer(issuer)
    own = institution(codes={"address": "elsewhere"}, address="Street 1")
    assert Identifier("address", "elsewhere") == issuer_of(own).identifiers[-1]


def test_countries_come_from_codes_and_domains() -> None:
    """Prefixes and endings that are not the ISO code are known; others say nothing."""
    assert ["FI", "GB", "GR", "NO", "PL", ""] == [
        administering.country_of_erasmus(code)
        for code in ("SF HELSINK01", "UK LONDON001", "G  ATHINE01", "N  OSLO01", "PL LODZ01", "")
    ]
    assert ["FI", "GB", "", ""] == [
        administering.country_of_domain(domain)
        for domain in ("helsinki.fi", "ox.ac.uk", "example.edu", "cern.int")
    ]
    assert {"FI", "AX", "XK"} <= administering.countries()
    assert administering.countries().isdisjoint({"EU", "UN", "ZZ", "UK"})


@pytest.mark.needs("shared")
def test_the_published_catalogue_is_read(shared: Path) -> None:
    """Names by language, former domains, codes that fit: as the sample of the specification has them."""
    data = (shared / "data" / "ewp" / "catalogue-without-emrex.xml").read_bytes()
    bob, john, fred, weird = read_list(data)

    assert ("bob.example.com", ("bob.com", "bob.org"), {}) == (bob.domain, bob.former, bob.codes)
    assert ["Bob's University", "Universidad de Bob"] == [name.value for name in bob.names]
    assert 3 == len(bob.notes)
    assert (LangString("John's University", "en"),) == john.names
    assert (LangString("Fred's University", "en-Latn"),) == fred.names
    assert (LangString("Universidad de Fantasmas", "es"),) == weird.names


HEI = '<hei id="{0}.example"><name xml:lang="en">U {0}</name></hei>'


def catalogue(inside: str) -> bytes:
    """A catalogue with these institutions."""
    return f"<catalogue xmlns='urn:x'><host/><institutions>{inside}</institutions></catalogue>".encode()


def test_only_the_catalogues_institutions_are_read() -> None:
    """An element of that name elsewhere is none; what looks like markup in a name is text."""
    elsewhere = b"<catalogue><host><hei id='a.example'><name>A</name></hei></host></catalogue>"
    with pytest.raises(ConfigError, match="lists no institutions"):
        read_list(elsewhere)

    inside = '<hei id=" B.Example "><name xml:lang="en"> &lt;b&gt;\n B </name></hei>'
    (only,) = read_list(catalogue(inside))
    assert ("b.example", (LangString("<b> B", "en"),)) == (only.domain, only.names)


@pytest.mark.parametrize(
    "prologue",
    [
        '<!DOCTYPE catalogue [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE catalogue SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE catalogue [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    ],
    ids=["entities", "external-subset", "external-entity"],
)
def test_a_document_type_is_refused(prologue: str) -> None:
    """Nothing is expanded and nothing is fetched: the file is refused where it begins."""
    with pytest.raises(ConfigError, match="document type") as raised:
        read_list(prologue.encode() + catalogue(HEI.format("x")))
    assert "file" == raised.value.field


def test_a_deep_or_cut_document_is_refused() -> None:
    """The parser's limits hold; the line of the trouble is named."""
    for data in (catalogue("<a>" * 3000 + "</a>" * 3000), catalogue(HEI.format("x"))[:-3]):
        with pytest.raises(ConfigError, match="not well-formed XML: line"):
            read_list(data)


def test_a_table_is_read_whatever_parts_its_cells() -> None:
    """Comma, semicolon, tab; a byte order mark; quoted cells with breaks; empty lines are none."""
    line = ["north.edu", "North; University", "", "Street 1\nOslo", "12345"]
    for parting in ",;\t":
        cells = parting.join(f'"{cell}"' for cell in line)
        head = parting.join(["Domain", "name_EN", "name_nb", "address", "code_national"])
        text = f"\ufeff{head}\r\n{cells}\r\n{parting * 4}\r\n"
        (only,) = read_list(text.encode("utf-8"))

        assert "north.edu" == only.domain
        assert texts(en="North; University") == only.names
        assert {"national": "12345"} == only.codes
        assert {"address": "Street 1\nOslo"} == only.values


@given(st.binary(max_size=300))
def test_any_bytes_are_a_list_or_refused(data: bytes) -> None:
    """Nothing but ``ConfigError`` comes out of a file that is no list."""
    for prefix in (b"", b"domain;name_en\n", b"<catalogue><institutions><hei id='"):
        with suppress(ConfigError):
            read_list(prefix + data)


def test_a_short_name_is_made_from_the_domain() -> None:
    """The first part, then all of it, then a number: whatever is free."""
    taken: set[str] = set()
    for expected in ("north", "north-edu", "north-edu-2"):
        assert expected == administering.slug_of("www.North.edu", taken)
        taken.add(expected)

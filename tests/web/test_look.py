"""Frame, assets, colours, compression, languages: what all pages share."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from hypothesis import given
from hypothesis import strategies as st

from emrex_gateway.domain import (
    Accessibility,
    Assessment,
    Conformance,
    LangString,
    Privacy,
    texts,
)
from emrex_gateway.errors import ConfigError
from emrex_gateway.settings import from_mapping
from emrex_gateway.web import _compress
from emrex_gateway.web._masked import fits, masked
from gateway_world import Browser, World, record

LOGIN = "/emrex/campus/accessibility"
ZIPPED = {"Accept-Encoding": "gzip, deflate, br"}
KEPT = "public, max-age=31536000, immutable"


def put(world: World, **changes: object) -> None:
    """Change the institution."""
    with world.services.store.begin() as uow:
        one = uow.config.institution("campus")
        uow.config.put_institution(replace(one, **changes))


def assets(browser: Browser) -> list[str]:
    """What the page's head loads."""
    return [str(one) for one in browser.page.xpath("//head/link/@href | //script/@src")]


def test_what_a_page_loads_is_ours_and_kept_for_good(world: World) -> None:
    """Style sheets, picture and script answer at an address with their digest, and say that they never change."""
    browser = world.browser().to_selection()
    found = assets(browser)

    assert {"library.css", "emrex.css", "icon.svg", "back.js"} <= {
        urlsplit(one).path.rpartition("/")[2] for one in found
    }
    for address in found:
        assert address.startswith("/emrex/static/")
        answer = browser.client.get(address, headers=ZIPPED)
        assert (200, KEPT) == (answer.status_code, answer.headers["Cache-Control"])
        plain = browser.client.get(address)
        assert "Content-Encoding" not in plain.headers
        body = gzip.decompress(answer.data) if "Content-Encoding" in answer.headers else answer.data
        assert plain.data == body
        tag = {"If-None-Match": plain.headers["ETag"]}
        assert 304 == browser.client.get(address, headers=tag).status_code


@pytest.mark.parametrize("query", ["", "?v=000000000000"])
def test_an_asset_of_another_version_is_asked_for_again(world: World, query: str) -> None:
    """A page of before a new version gets what there is now, and does not keep it under the old address."""
    answer = world.app.test_client().get(f"/emrex/static/emrex.css{query}")

    assert (200, "no-cache") == (answer.status_code, answer.headers["Cache-Control"])


@pytest.mark.parametrize(
    "path",
    [
        "nothing.css",
        "../_headers.py",
        "..%2f_headers.py",
        "",
        "a/../emrex.css",
        "./emrex.css",
        "admin.css/",
    ],
)
def test_only_assets_are_served(world: World, path: str) -> None:
    """Nothing beside the folder, nothing that is not there."""
    assert 404 == world.app.test_client().get(f"/emrex/static/{path}").status_code


def test_a_page_weighs_little(world: World) -> None:
    """Sixty records with all that the page loads are below 100 kB on the wire."""
    world.source.records = tuple(record(f"course-{number}") for number in range(60))
    browser = world.browser().to_selection()
    addresses = [browser.path, *assets(browser)]
    sizes = [len(browser.client.get(one, headers=ZIPPED).data) for one in addresses]

    assert sum(sizes) < 100_000, dict(zip(addresses, sizes, strict=True))


def test_pages_are_compressed_for_those_who_take_it(world: World) -> None:
    """The same page, smaller, of another length each time; caches are told what it depends on."""
    browser = world.browser().to_selection()
    answers = [browser.client.get(browser.path, headers=ZIPPED) for _ in range(12)]
    pages = [gzip.decompress(one.data) for one in answers]

    assert {"gzip"} == {one.headers["Content-Encoding"] for one in answers}
    assert {str(len(one.data)) for one in answers} == {
        one.headers["Content-Length"] for one in answers
    }
    assert all("Accept-Encoding" in one.headers["Vary"] for one in answers)
    assert b"Title course-1" in pages[0]
    assert len({len(one.data) for one in answers}) > 3
    refused = browser.client.get(browser.path, headers={"Accept-Encoding": "gzip;q=0, br"})
    assert "Content-Encoding" not in refused.headers


def test_downloads_and_short_answers_are_not_compressed(world: World) -> None:
    """A signed file goes out as it is."""
    browser = world.browser().post("/emrex/campus/export").log_in()
    world.work()
    browser.reload().submit("select", "all").submit("select", "preview")
    browser.submit("preview", "confirm", consent="yes")
    world.work()
    browser.reload()
    (xml,) = (a for a in browser.page.xpath("//main//a/@href") if a.endswith("elmo.xml"))

    assert "Content-Encoding" not in browser.client.get(xml, headers=ZIPPED).headers
    assert (
        "Content-Encoding" not in browser.client.get("/emrex/health/live", headers=ZIPPED).headers
    )


@given(st.binary(max_size=5000))
def test_what_is_compressed_comes_back(data: bytes) -> None:
    """Python's reader, which we did not write, reads it."""
    assert data == gzip.decompress(_compress.packed(data))


def test_a_forms_token_looks_different_each_time_and_counts(world: World) -> None:
    """Two answers share no token; each opens; one with a changed digit does not, nor one of another transfer."""
    browser = world.browser().to_selection()
    path = browser.path
    tokens = [
        str(browser.get(path).form("select").xpath(".//input[@name='token']/@value")[0])
        for _ in range(3)
    ]
    other = world.browser().to_selection()
    theirs = str(other.form("select").xpath(".//input[@name='token']/@value")[0])
    changed = tokens[0][:-1] + ("0" if tokens[0][-1] != "0" else "1")

    assert 3 == len(set(tokens))
    sent = {
        one: browser.client.post(path, data={"token": one}) for one in (*tokens, theirs, changed)
    }
    assert [303, 303, 303, 400, 400] == [one.status_code for one in sent.values()]


@given(st.binary(min_size=16, max_size=64), st.text(max_size=300))
def test_masks_come_off(token: bytes, other: str) -> None:
    """A masked token fits, and nothing that was not made of it does."""
    assert fits(masked(token), token)
    assert not fits(masked(token) + "00", token)
    assert not fits(masked(token)[2:], token)
    assert not fits(other, token)


def test_the_institutions_colour_is_a_style_sheet(world: World) -> None:
    """Readable shades for light and dark, the colour itself as the stripe; another colour, another address."""
    put(world, colour="#ffe600")
    browser = world.browser().enter()
    (address,) = (one for one in assets(browser) if "colours" in one)
    sheet = browser.client.get(address)

    assert ("text/css", KEPT) == (sheet.mimetype, sheet.headers["Cache-Control"])
    light, dark, _print = sheet.get_data(as_text=True).splitlines()
    assert "--accent:#7a6e00;" in light
    assert "prefers-color-scheme:dark" in dark
    assert "--accent:#ffe600;" in dark
    assert "--brand:#ffe600" in light
    put(world, colour="#0b4f9e")
    (other,) = (one for one in assets(browser.reload()) if "colours" in one)
    assert parse_qs(urlsplit(other).query) != parse_qs(urlsplit(address).query)
    assert "no-cache" == browser.client.get(address).headers["Cache-Control"]
    put(world, colour="")
    assert [] == [one for one in assets(browser.reload()) if "colours" in one]
    assert 404 == browser.client.get(address).status_code


def test_a_page_says_where_one_stands(world: World) -> None:
    """Four steps, the present one named for screen readers; none where the transfer has ended."""

    def step(browser: Browser) -> list[str]:
        return [one.strip() for one in browser.page.xpath("//*[@aria-current='step']//text()")]

    browser = world.browser().enter()
    steps = [step(browser), step(browser.log_in())]
    world.work()
    steps += [
        step(browser.reload()),
        step(browser.submit("select", "all").submit("select", "preview")),
    ]
    steps.append(step(browser.submit("preview", "confirm", consent="yes")))
    assert [["Log in"], ["Choose"], ["Choose"], ["Check"], ["Send"]] == steps
    assert ["Log in"] == step(world.browser().to_selection().submit("logout"))
    other = world.browser().enter()
    assert [] == step(other.submit("cancel", "cancel"))


def test_the_statement_says_what_the_institution_filled_in(world: World) -> None:
    """Status, gaps, where to write, the authority, the days: in the reader's words, each text with its language."""
    put(
        world,
        accessibility=Accessibility(
            conformance=Conformance.PARTIAL,
            assessment=Assessment.SELF,
            law=texts(fi="Laki digitaalisten palvelujen tarjoamisesta (306/2019)"),
            gaps=texts(en="Attachments may be pictures.\nAsk us for a text."),
            contact="access@campus.example",
            authority=texts(en="The Agency"),
            authority_url=texts(en="https://agency.example/complain"),
            prepared=date(2026, 9, 1),
            reviewed=date(2026, 9, 30),
        ),
    )
    browser = world.browser().get(LOGIN)

    for words in (
        "partly conform to WCAG 2.2 AA", "Attachments may be pictures.", "Ask us for a text.", "The Agency",
        "prepared on Sep 1, 2026", "reviewed on Sep 30, 2026", "Campus University made itself",
    ):  # fmt: skip
        assert words in browser.text
    links = browser.page.xpath("//main//a/@href")
    assert ["mailto:access@campus.example", "https://agency.example/complain"] == links
    assert ["Laki digitaalisten palvelujen tarjoamisesta (306/2019)"] == browser.page.xpath(
        "//main//*[@lang='fi']/text()"
    )


def test_without_an_assessment_nothing_is_claimed(world: World) -> None:
    """The page says so, and where to write: the help for students, else the institution's own pages."""
    browser = world.browser().get(LOGIN)

    assert "has not yet had these pages assessed" in browser.text
    assert ["mailto:help@campus.example"] == browser.page.xpath("//main//a/@href")
    put(world, support="")
    assert ["https://campus.example/"] == browser.reload().page.xpath("//main//a/@href")
    assert 404 == world.browser().get("/emrex/nobody/accessibility").response.status_code


def test_every_page_leads_to_the_statement(world: World) -> None:
    """By a link at its foot."""
    for browser in (world.browser().enter(), world.browser().get("/emrex/campus/my-data")):
        assert LOGIN in browser.page.xpath("//footer//a/@href")


def catalogue(folder: Path, language: str, **words: str) -> None:
    """Write a catalogue as ``pybabel compile`` would."""
    made = Catalog(locale=language)
    for original, translation in words.items():
        made.add(original, translation)
    target = folder / language / "LC_MESSAGES" / "emrex.mo"
    target.parent.mkdir(parents=True)
    with target.open("wb") as file:
        write_mo(file, made)


def test_a_language_is_added_by_its_catalogue(worlds: Callable[..., World], tmp_path: Path) -> None:
    """Made-up words for Latin, a right-to-left language and our own English: all without a change of ours."""
    catalogue(
        tmp_path,
        "la",
        **{"Find your university": "x", "Log in to fetch your study records": "Intra!"},
    )
    catalogue(tmp_path, "he", **{"Log in to fetch your study records": "מילים"})
    catalogue(tmp_path, "pt_BR", **{"Log in to fetch your study records": "Entre!"})
    catalogue(tmp_path, "en", **{"Log in to fetch your study records": "Come in"})
    world = worlds(catalogues=str(tmp_path))
    browser = world.browser().enter()

    links = browser.page.xpath("//nav[@class='tongues']//a")
    assert ["fi", "sv", "he", "la", "pt-BR"] == [one.get("hreflang") for one in links]
    assert ["Suomi", "Svenska", "עברית", "Latina"] == [one.text for one in links[:4]]
    said = {}
    for tag in ("en", "fi", "la", "he", "pt-BR"):
        browser.get(f"{browser.path.partition('?')[0]}?lang={tag}")
        html = browser.page.xpath("/html")[0]
        said[tag] = (
            browser.page.xpath("//h1/text()")[0],
            html.get("lang"),
            html.get("dir"),
            browser.response.headers["Content-Language"],
        )
    assert ("Come in", "en", None, "en") == said["en"]
    assert ("Intra!", "la", None, "la") == said["la"]
    assert ("מילים", "he", "rtl", "he") == said["he"]
    assert ("Entre!", "pt-BR", None, "pt-BR") == said["pt-BR"]
    assert "Kirjaudu" in said["fi"][0]
    browser.reload()
    assert "Entre!" in browser.page.xpath("//h1/text()")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("relative", "absolute"), ("empty", "no folder"), ("klingon", "no language")],
)
def test_catalogues_that_cannot_be_are_refused(name: str, wrong: str, tmp_path: Path) -> None:
    """The gateway does not start with half of a language."""
    if name == "klingon":
        catalogue(tmp_path, "la", x="y")
        (tmp_path / "la").rename(tmp_path / "qlingon")
    folder = "catalogues" if name == "relative" else str(tmp_path)

    with pytest.raises(ConfigError, match=wrong):
        from_mapping({"public_url": "https://gateway.example/", "catalogues": folder})


def test_texts_of_another_language_say_which(world: World) -> None:
    """A Swedish reader hears an English name in English and a Finnish notice in Finnish, the page in Swedish."""
    put(
        world,
        names=(LangString("Campus <University>", "en-GB"),),
        privacy=Privacy(notice=texts(fi="Tietoja siirretään")),
    )
    browser = world.browser().get("/emrex/campus/my-data?lang=sv")

    assert ["sv"] == browser.page.xpath("/html/@lang")
    assert ["en-GB"] == browser.page.xpath("//header//bdi[.='Campus <University>']/@lang")
    assert ["fi"] == browser.page.xpath("//main//*[.='Tietoja siirretään']/@lang")
    browser.get("/emrex/campus/my-data?lang=en")
    assert [] == browser.page.xpath("//header//bdi/@lang")


def test_no_style_and_no_script_stands_in_a_page(world: World) -> None:
    """The policy would refuse them: none is there, on any page for students."""
    folder = Path(_compress.__file__).parent / "templates" / "emrex"
    inline = re.compile(r'\sstyle="|<style|\son\w+="|<script(?![^>]*\bnonce=)')

    assert [] == [
        one.name for one in folder.rglob("*.html") if inline.search(one.read_text("utf-8"))
    ]

"""After the transfer: what to take along, where it can be used, and a way on from whatever went wrong."""

from __future__ import annotations

import pytest

from emrex_gateway import exporting
from emrex_gateway.domain import KnownClient
from emrex_gateway.errors import AdapterError, AdapterUnavailable, AmbiguousStudent, StudentNotFound
from emrex_gateway.exporting._payloads import ORIGIN, OUTCOME, Origin, Outcome
from gateway_world import Browser, World

CLIENTS = (
    ("Universitetet i Oslo", "https://oslo.example/emrex", "NO"),
    ("Högskolan i Exempel", "https://exempel.example/", "SE"),
    ("Universität Beispiel", "https://beispiel.example/", "DE"),
    ("Uniwersytet w Krakowie", "https://krakow.example/", "pl"),
    ("Bergen", "https://bergen.example/", "NO"),
    ("Everywhere", "https://everywhere.example/", ""),
)


def downloading(world: World, *, back: str | None = None) -> Browser:
    """A student with signed files to take along."""
    with world.services.store.begin() as uow:
        uow.config.put_known_clients(
            [KnownClient(name=name, url=url, country=code) for name, url, code in CLIENTS]
        )
    browser = world.browser().post("/emrex/campus/export").log_in()
    world.work()
    with world.services.store.begin() as uow:
        transfer = uow.transfers.get(browser.transfer_id)
        if back:
            uow.transfers.seal(transfer.id, ORIGIN, Origin(return_to=back))
    exporting.choose(world.services, transfer, ["loose"])
    browser.get(f"/emrex/campus/t/{browser.transfer_id}/preview")
    browser.submit("preview", "confirm", consent="yes")
    world.work()
    return browser.reload()


def listed(browser: Browser) -> dict[str, list[str]]:
    """The services on the page, by country."""
    return {
        section.xpath("string(h3)"): section.xpath(".//li/a/text()")
        for section in browser.page.xpath("//*[@id='clients-list']/section")
    }


def test_services_stand_under_their_countries(world: World) -> None:
    """In the order of the countries' names in the reader's language, each in the operators' order."""
    browser = downloading(world)
    assert ["Germany", "Norway", "Poland", "Sweden", "Without a country"] == [*listed(browser)]
    assert ["Universitetet i Oslo", "Bergen"] == listed(browser)["Norway"]

    browser.get(browser.path + "?lang=fi")

    assert "Norja" in listed(browser)


SEARCHES = {
    "norway": ["Universitetet i Oslo", "Bergen"],
    "hogskolan": ["Högskolan i Exempel"],
    "  UNIVERSITAT germany ": ["Universität Beispiel"],
    "krakow.example": ["Uniwersytet w Krakowie"],
    "norway sweden": [],
    "<script>": [],
}


def test_services_are_searched_without_scripts(world: World) -> None:
    """Every word counts, in name, country or host; case and accents do not. What was typed stays."""
    browser = downloading(world)
    address = browser.path
    for typed, found in SEARCHES.items():
        browser.get(address, query_string={"q": typed})

        assert found == [name for names in listed(browser).values() for name in names]
        assert [typed.strip()] == browser.page.xpath("//input[@name='q']/@value")
        assert ("No service fits" in browser.text) is (found == [])
        assert browser.page.xpath("//main//a[contains(@href, '#clients')]")
    with world.services.store.begin() as uow:
        uow.config.put_known_clients(uow.config.known_clients()[:1])
    assert not browser.reload().page.xpath("//input[@name='q']"), "one needs no search"


def test_the_files_are_explained_and_dated(world: World) -> None:
    """Each file has what it is for; the page says until when they stay, and how to go back."""
    browser = downloading(world, back="https://campus.example/home")

    assert "For people" in browser.text
    assert "For computers" in browser.text
    assert browser.page.xpath("//main//a[@href='https://campus.example/home']")
    with world.services.store.read() as uow:
        outcome = uow.transfers.unseal(browser.transfer_id, OUTCOME, Outcome)
        assert outcome is not None
        assert [outcome.code] == browser.page.xpath("//*[@class='code']/text()")
        until = uow.transfers.get(browser.transfer_id).expires_at
    assert str(until.year) in browser.text
    names = [
        browser.client.get(link).headers["Content-Disposition"]
        for link in browser.page.xpath("//*[@data-step='download']//a/@href")
    ]
    assert ["emrex-transcript.pdf", "emrex-elmo.xml"] == [
        n.partition("filename=")[2] for n in names
    ]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (AdapterUnavailable("x"), "does not answer"),
        (AmbiguousStudent("x"), "cannot be found for certain"),
        (AdapterError("x"), "Something broke on our side"),
        (StudentNotFound("x"), "There are no records to send"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_went_wrong_has_a_number_and_a_way_on(
    world: World, error: AdapterError, words: str
) -> None:
    """The reference stands where help is named, in the mail's subject too; the client hears by a button."""
    world.source.student = error
    browser = world.browser().to_selection()
    with world.services.store.read() as uow:
        reference = uow.transfers.get(browser.transfer_id).reference

    assert words in browser.text
    (box,) = browser.page.xpath("//section[@data-step='help']")
    assert reference in box.text_content()
    assert [f"mailto:help@campus.example?subject=EMREX%20{reference}"] == box.xpath(".//a/@href")
    assert browser.has("reply")
    assert browser.has("retry") is not isinstance(error, StudentNotFound)


@pytest.mark.parametrize("back", ["https://campus.example/home", None], ids=["known", "unknown"])
def test_a_cancelled_export_of_ones_own_leads_back(world: World, back: str | None) -> None:
    """Where the host's system began it, back there; else the page says that it may be closed."""
    browser = world.browser().post("/emrex/campus/export").log_in()
    world.work()
    if back:
        with world.services.store.begin() as uow:
            uow.transfers.seal(browser.transfer_id, ORIGIN, Origin(return_to=back))
    browser.reload()
    browser.submit("cancel")

    assert "You cancelled the transfer" in browser.text
    assert bool(back) is bool(browser.page.xpath(f"//main//a[@href='{back}']"))
    assert ("You can close this page" in browser.text) is (back is None)

"""What the preview says of the receiver and the person, and that the consent is to what was seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from emrex_gateway.domain import (
    KnownClient,
    LearnerDetail,
    PersonIdentifierType,
    ReleaseRule,
)
from emrex_gateway.network import unpack_elmo
from emrex_gateway.web import _sheets
from gateway_world import RETURN_URL, STUDENT, Browser, World, record
from previewing import choose, looking


def receiver(browser: Browser) -> str:
    """What the page says of the receiver."""
    (box,) = browser.page.xpath("//section[@data-step='receiver']")
    return " ".join(box.text_content().split())


def know(world: World, *urls: str) -> None:
    """Let operators list a client with these start pages."""
    with world.services.store.begin() as uow:
        uow.config.put_known_clients(
            [KnownClient(name="University of Abroad", url=url, country="NO") for url in urls]
        )


def test_a_receiver_that_nobody_knows(world: World) -> None:
    """The host, and a plain warning."""
    said = receiver(looking(world))

    assert "client.example" in said
    assert "does not know this receiver" in said


def test_a_receiver_that_the_access_point_lists(world: World) -> None:
    """The host, and who lists it; no warning."""
    world.change_access_point(allowed_hosts=frozenset({"client.example"}))
    said = receiver(looking(world))

    assert "Campus University lists this receiver" in said
    assert "does not know" not in said


def test_a_receiver_with_a_name(world: World) -> None:
    """A known client on the very host has its name there, and in the consent; the host stays."""
    know(world, "https://Client.example/start")
    browser = looking(world)

    assert "University of Abroad Web address: client.example" in receiver(browser)
    assert "does not know" not in receiver(browser)
    assert "is sent to University of Abroad (client.example)" in browser.text


def test_a_name_is_given_to_the_very_host_only(world: World) -> None:
    """Neither a parent, a child nor a host that only begins alike lends its name."""
    know(
        world,
        "https://example/",
        "https://www.client.example/",
        "https://client.example.evil.example/",
    )
    said = receiver(looking(world))

    assert "University of Abroad" not in said
    assert "does not know this receiver" in said


def test_the_own_download_has_no_receiver(world: World) -> None:
    """Nothing is sent, so there is nobody to warn of."""
    browser = world.browser().post("/emrex/campus/export").log_in()
    world.work()
    choose(world, browser, "loose")
    browser.get(f"/emrex/campus/t/{browser.transfer_id}/preview")

    assert not browser.page.xpath("//section[@data-step='receiver']")
    assert "signed and to download them" in browser.text


def test_identifiers_are_told_in_words(world: World) -> None:
    """Each has its name, its value and what it is; the explanation belongs to its box."""
    browser = looking(world, returnUrl="https://trusted.example/return")
    boxes = browser.page.xpath("//input[@name='identifier']")
    said = {}
    for box in boxes:
        (label,) = browser.page.xpath(f"//label[@for='{box.get('id')}']")
        (about,) = browser.page.xpath(f"//*[@id='{box.get('aria-describedby')}']")
        said[box.get("value")] = (label.text_content(), about.text_content())

    assert {"esi", "nationalIdentifier"} == set(said)
    assert "European Student Identifier: urn:schac:" in said["esi"][0]
    assert "National identity number: 110298-998X" in said["nationalIdentifier"][0]
    assert all(len(about) > 40 for _, about in said.values())


def test_citizenship_is_a_countrys_name(world: World) -> None:
    """People read names of countries, not codes."""
    world.source.student = replace(STUDENT, citizenship="FI")
    with world.services.store.begin() as uow:
        institution = uow.config.institution("campus")
        rule = ReleaseRule(details=frozenset({LearnerDetail.CITIZENSHIP}))
        uow.config.put_institution(replace(institution, release=rule))

    assert "Citizenship Finland" in looking(world).text


def test_the_consent_is_to_what_was_seen(world: World) -> None:
    """Another tab changed the choice after this one was shown: nothing is sent, and it is shown again."""
    browser = looking(world, "course-1")
    choose(world, browser, "course-1", "loose")

    browser.submit("preview", "confirm", consent="yes")

    assert browser.has("preview")
    assert "Your choice has changed since you looked" in browser.text
    assert "Title loose" in browser.text
    assert [] == world.queue.sent
    assert "consent.given" not in world.events(browser.transfer_id)
    browser.submit("preview", "confirm", consent="yes")
    assert [("sign", browser.transfer_id)] == world.queue.sent


def test_a_rule_that_lets_out_more_asks_again(world: World) -> None:
    """What the institution began to release meanwhile was not in what the student agreed to."""
    world.source.student = replace(STUDENT, citizenship="FI")
    browser = looking(world)
    with world.services.store.begin() as uow:
        institution = uow.config.institution("campus")
        rule = ReleaseRule(details=frozenset({LearnerDetail.CITIZENSHIP}))
        uow.config.put_institution(replace(institution, release=rule))

    browser.submit("preview", "confirm", consent="yes")

    assert "Your choice has changed since you looked" in browser.text
    assert "Citizenship" in browser.text


def test_a_consent_without_a_preview_is_none(world: World) -> None:
    """A form that names nothing shown, or something else, sends nothing."""
    browser = looking(world)

    for seen in ("", "0" * 64):
        browser.submit("preview", "confirm", consent="yes", seen=seen)

        assert browser.has("preview")
        assert [] == world.queue.sent


def test_ticks_survive_a_forgotten_consent(world: World) -> None:
    """The number that was held back stays held back when the page comes again."""
    browser = looking(world)
    browser.submit("preview", "confirm", identifier=[])

    assert "Tick the box at the end" in browser.text
    assert not browser.page.xpath("//input[@name='identifier'][@checked]")


def test_many_records_come_in_sheets(world: World) -> None:
    """Each sheet says which part it is; turning one keeps what the student held back."""
    size = _sheets.ROWS + 3
    world.source.records = [record(f"r{number}", credits=()) for number in range(size)]
    browser = looking(world, *(f"r{number}" for number in range(size)))
    assert f"Here are 1 to {_sheets.ROWS} of {size}" in browser.text
    assert _sheets.ROWS == len(browser.page.xpath("//ul[@class='leaves']/li"))

    browser.submit("preview", "page:2", identifier=[])

    assert 3 == len(browser.page.xpath("//ul[@class='leaves']/li"))
    assert f"Title r{size - 1}" in browser.text
    assert "continued" in browser.text
    assert not browser.page.xpath("//input[@name='identifier'][@checked]")
    assert [] == world.queue.sent
    browser.submit("preview", "confirm", consent="yes")
    world.work()
    assert browser.reload().has("reply")


def test_sheets_that_there_cannot_be(world: World) -> None:
    """Anything but a small number is refused; a number too high shows the last sheet."""
    browser = looking(world)
    address = browser.path.partition("?")[0]

    for page in ("-1", "x", "1e9", "12345678", "²"):
        assert 400 == browser.client.get(address, query_string={"page": page}).status_code
        data = {"token": token(browser), "action": f"page:{page}"}
        assert 400 == browser.client.post(address, data=data).status_code
    data = {"token": token(browser), "action": "send"}
    assert 400 == browser.client.post(address, data=data).status_code
    assert "Title loose" in browser.get(address + "?page=99").text


def test_the_return_address_stands_nowhere_on_the_page(world: World) -> None:
    """It may hold a session of the client's: the host is enough for people."""
    assert RETURN_URL not in looking(world).response.get_data(as_text=True)


def token(browser: Browser) -> Any:
    return browser.page.xpath("//form[@data-step='preview']//input[@name='token']/@value")[0]


def test_a_rule_that_grows_after_the_consent_lets_out_no_more(world: World) -> None:
    """Between consent and signature an operator releases more: the student saw none of that."""

    def rule(**changes: Any) -> None:
        with world.services.store.begin() as uow:
            institution = uow.config.institution("campus")
            uow.config.put_institution(replace(institution, release=ReleaseRule(**changes)))

    esi, national = PersonIdentifierType.ESI, PersonIdentifierType.NATIONAL
    rule(released=frozenset({esi}))
    browser = looking(world).submit("preview", "confirm", consent="yes", identifier="esi")
    rule(
        released=frozenset({esi, national}),
        restricted_hosts=frozenset({"client.example"}),
        details=frozenset(LearnerDetail),
    )
    world.work()
    browser.reload()

    sent = unpack_elmo(browser.reply()["elmo"]).xml
    assert b'type="esi"' in sent
    for more in (b"nationalIdentifier", b"citizenship", b"placeOfBirth", b"birthName", b"gender"):
        assert more not in sent, more

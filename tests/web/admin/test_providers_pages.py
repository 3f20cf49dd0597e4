"""The pages of providers: the lists and their age, entries with trouble, what an institution decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from admin_world import AdminWorld, make_admin_world
from emrex_gateway import directory
from emrex_gateway.domain import AdminRole, RegistrySource, provider_key
from metadata_server import MetadataServer, serving
from registry_lists import country, emp, emreg
from signing_material import certificate, certificate_of, private_key

PAGE, HOME = "/admin/providers", "/admin/i/campus/providers"
GOOD, BARE, ENDS = (f"https://{name}.example/emp" for name in ("good", "bare", "ends"))
OWN = "https://own.example/emp"


@pytest.fixture
def server() -> Iterator[MetadataServer]:
    """EMREG's server."""
    with serving() as running:
        yield running


@pytest.fixture
def world(tmp_path: Path, server: MetadataServer) -> AdminWorld:
    """A gateway that has taken a list with a good provider, one without certificate, and one whose ends."""
    made = make_admin_world(tmp_path, emreg_url=f"{server.url}/list", http_on_loopback=True)
    soon = certificate_of(private_key("p256"), not_after=made.clock() + timedelta(days=10))
    server.files["/list"] = emreg(
        emp(GOOD, certificate("rsa2048"), "SE", name="Good <one>"),
        emp(BARE, "", "NO", name="Bare"),
        emp(ENDS, soon.public_bytes(Encoding.PEM), "DK", name="Ends", institutions=["A", "Ö"]),
        "broken",
        countries=[country("SE", single=True)],
    )
    directory.refresh(made.services, RegistrySource.EMREG)
    with made.services.store.begin() as uow:
        uow.config.put_institution(replace(uow.config.institution("campus"), client=True))
    return made


def names(browser: object) -> list[str]:
    """The first cell of each line of the page's table."""
    page = browser.page  # type: ignore[attr-defined]
    return [row.text_content().split("\n")[0].strip() for row in page.xpath("//tbody/tr/th")]


def test_the_page_tells_the_lists_age_and_whom_to_look_at(world: AdminWorld) -> None:
    """Fresh, with three providers and an entry that cannot be used; two certificates need a look."""
    page = world.admin().get(PAGE)

    assert 200 == page.status
    assert "3 (1 entry cannot be used)" in page.text
    assert "2 providers need a look" in page.text
    assert ["Ends", "Bare", "Good <one>"] == names(page)  # Denmark, Norway, Sweden
    assert "just now" in page.text
    assert "The settings do not name it." in page.text
    assert ["Bare"] == names(page.get(f"{PAGE}?q=norway"))
    assert ["Ends"] == names(page.get(f"{PAGE}?q=%C3%B6%20ends"))
    assert ["Ends", "Bare"] == names(page.get(f"{PAGE}?flagged=yes"))


def test_a_list_that_fails_is_told_with_its_reason(
    world: AdminWorld, server: MetadataServer
) -> None:
    """After two days without a copy it is old; the page says why."""
    server.status = 404
    world.clock.now += timedelta(days=2)
    directory.refresh(world.services, RegistrySource.EMREG)

    page = world.admin().get(PAGE)

    assert "Its server has nothing at this address. (status)" in page.text
    assert "2 days ago" in page.text


def test_an_operator_sends_somebody_to_look(world: AdminWorld) -> None:
    """The button orders the job; the page says so."""
    page = world.admin().get(PAGE).submit_form("refresh-emreg")

    assert "Somebody was sent to look." in page.text
    assert ("registry", "emreg") in world.queue.sent
    assert 404 == page.post(f"{PAGE}/lists/own/refresh", {"token": page.token()}).status


def test_an_empty_copy_is_taken_by_an_operators_hand(
    world: AdminWorld, server: MetadataServer
) -> None:
    """The page offers it after such a copy came, and only then."""
    assert "Take the empty copy" not in world.admin().get(PAGE).text
    server.files["/list"] = emreg()
    directory.refresh(world.services, RegistrySource.EMREG)

    page = world.admin().get(PAGE)

    assert "Nobody is on the new copy any more." in page.text
    page.submit_form("empty-emreg")
    with world.services.store.read() as uow:
        assert uow.providers.state(RegistrySource.EMREG).take_empty


def test_only_operators_order_looks(world: AdminWorld) -> None:
    """An institution's administrator reads the page without the button; support does not."""
    page = world.admin(AdminRole.ADMINISTRATOR, "campus").get(PAGE)

    assert 200 == page.status
    assert not [form for form in page.forms() if form.get("method") == "post"]
    token = page.get(HOME).token()
    assert 403 == page.post(f"{PAGE}/lists/emreg/refresh", {"token": token}).status
    assert 403 == world.admin(AdminRole.SUPPORT, "campus").get(PAGE).status


def test_a_providers_page_has_every_certificate_of_once(
    world: AdminWorld, server: MetadataServer
) -> None:
    """Rolled over, then gone from the list: the page still tells from when to when."""
    key = provider_key(GOOD)
    server.files["/list"] = emreg(emp(GOOD, certificate("p256"), "SE", name="Good"))
    directory.refresh(world.services, RegistrySource.EMREG)
    page = world.admin().get(f"{PAGE}/{key}")
    listed = [cell.text_content().strip() for cell in page.page.xpath("//tbody/tr/td[1]")]

    assert ["now", "no longer"] == listed
    assert "EC secp256r1" in page.text
    server.files["/list"] = emreg(emp(ENDS, certificate("p256")))
    directory.refresh(world.services, RegistrySource.EMREG)
    assert "No list in use names this provider any more." in page.get(f"{PAGE}/{key}").text
    assert 404 == page.get(f"{PAGE}/{'0' * 32}").status


def test_an_institution_hides_a_provider_and_takes_it_back(world: AdminWorld) -> None:
    """Its students do not see it from then on; the notice's button undoes it."""
    key = provider_key(GOOD)
    browser = world.admin(AdminRole.ADMINISTRATOR, "campus").get(HOME)
    assert "Students are offered 2 providers." in browser.text

    browser.submit_form(f"hidden-{key}")

    assert "Students are no longer offered the provider." in browser.text
    assert [ENDS] == [one.url for one in directory.providers(world.services, "campus")]
    browser.submit_form("/hide")  # the undo of the notice comes first
    assert "Students are offered the provider again." in browser.text
    assert 2 == len(directory.providers(world.services, "campus"))


def test_weak_signatures_are_accepted_after_a_question(world: AdminWorld) -> None:
    """The page says what it means; it can be taken back."""
    key = provider_key(GOOD)
    browser = world.admin(AdminRole.ADMINISTRATOR, "campus").get(f"{HOME}/{key}/weak")
    assert "can be forged" in browser.text
    assert not directory.policy(world.services, "campus", key).sha1

    browser.submit_form("confirm")

    assert "weak signatures accepted" in browser.text
    assert directory.policy(world.services, "campus", key).sha1
    browser.submit_form(f"strict-{key}")
    assert not directory.policy(world.services, "campus", key).sha1


def test_an_institution_adds_a_provider_changes_and_removes_it(world: AdminWorld) -> None:
    """The form says what is wrong at its field; what was removed can be put back."""
    browser = world.admin(AdminRole.ADMINISTRATOR, "campus").get(f"{HOME}/new")
    values = {"names-en": "Our own", "url": "http://own.example/", "country": "FI"}
    browser.submit_form("save", **values, certificates="none")
    assert 422 == browser.status
    assert "begins with https://" in browser.text
    browser.submit_form("save", url=OWN)
    assert "Paste 1 to 20 certificates" in browser.text

    browser.submit_form("save", certificates=certificate("p256").decode(), institutions="A\nB")

    assert "Students are offered it at once." in browser.text
    key = provider_key(OWN)
    found = directory.provider(world.services, "campus", key)
    assert found is not None
    assert ("FI", ("A", "B"), False) == (found.country, found.institutions, found.single_fetch)
    assert ["Our own"] == [name[:7] for name in names(browser.get(f"{HOME}?which=own"))]

    browser.get(f"{HOME}/{key}").submit_form("save", single_fetch="y", country="SE")
    changed = directory.provider(world.services, "campus", key)
    assert changed is not None
    assert ("SE", True) == (changed.country, changed.single_fetch)

    browser.get(f"{HOME}/{key}/remove").submit_form("confirm")
    assert directory.provider(world.services, "campus", key) is None
    browser.get(HOME).submit_form(f"back-{key}")
    assert changed == directory.provider(world.services, "campus", key)


def test_the_slower_of_two_editors_sees_both_versions(world: AdminWorld) -> None:
    """As on every form of the administrators."""
    one, other = (world.admin(AdminRole.ADMINISTRATOR, "campus") for _ in range(2))
    one.get(f"{HOME}/new").submit_form(
        "save",
        **{"names-en": "Own", "url": OWN, "country": "FI"},
        certificates=certificate("p256").decode(),
    )
    address = f"{HOME}/{provider_key(OWN)}"
    other.get(address)
    one.get(address).submit_form("save", **{"names-en": "First"})

    other.submit_form("save", **{"names-en": "Second"})

    assert 409 == other.status
    assert "First" in other.text
    assert "Second" in other.text


def test_another_institutions_rules_are_not_ones_own(world: AdminWorld) -> None:
    """Neither to see nor to change."""
    with world.services.store.begin() as uow:
        home = uow.config.institution("campus")
        uow.config.put_institution(replace(home, slug="second", domain="second.example"))
    browser = world.admin(AdminRole.ADMINISTRATOR, "second").get("/admin/i/second/providers")
    token, key = browser.token(), provider_key(GOOD)

    assert 403 == browser.get(HOME).status
    for step in ("hide", "weak", "back"):
        assert 403 == browser.post(f"{HOME}/{key}/{step}", {"token": token, "to": "hidden"}).status
    assert 2 == len(directory.providers(world.services, "campus"))


def test_the_overview_says_from_how_many_students_can_fetch(world: AdminWorld) -> None:
    """For an institution that receives records, and no other."""
    browser = world.admin(AdminRole.ADMINISTRATOR, "campus").get("/admin/i/campus/")
    assert "Students can fetch records from 2 providers. 1 needs a look." in browser.text

    with world.services.store.begin() as uow:
        uow.config.put_institution(replace(uow.config.institution("campus"), client=False))
    assert "Students can fetch" not in browser.get(browser.path).text

"""The administrator's pages of institutions and access points."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from admin_world import AdminBrowser, AdminWorld, make_admin_world
from emrex_gateway.domain import (
    Accessibility,
    AccessPoint,
    AdminRole,
    Assessment,
    Conformance,
    Institution,
    LearnerDetail,
    PersonIdentifierType,
    Privacy,
    ReleaseRule,
    texts,
)

HERE = "/admin/i/campus/"


@pytest.fixture
def world(tmp_path: Path) -> AdminWorld:
    """A gateway with the institution ``campus``."""
    return make_admin_world(tmp_path)


@pytest.fixture
def operator(world: AdminWorld) -> AdminBrowser:
    """An operator's browser."""
    return world.admin()


def institution(world: AdminWorld, slug: str = "campus") -> Institution:
    """The row."""
    with world.services.store.read() as uow:
        return uow.config.institution(slug)


def point(world: AdminWorld, slug: str = "campus") -> AccessPoint:
    """The row."""
    with world.services.store.read() as uow:
        found = uow.config.access_point(slug)
    assert found is not None
    return found


def test_a_newcomer_adds_an_institution_and_is_told_the_way(
    world: AdminWorld, operator: AdminBrowser
) -> None:
    """Name, country and domain are enough; short name and address follow; the overview lists the steps."""
    operator.get("/admin/institutions/new").submit_form(
        "institution",
        **{"names-en": "Northern University", "country": "NO", "domain": "Northern.edu"},
    )

    assert "/emrex/admin/i/northern/?done=institution.added" == operator.path
    made = institution(world, "northern")
    assert ("northern.edu", "https://northern.edu/", "NO") == (made.domain, made.url, made.country)
    assert texts(en="Northern University") == made.names
    assert "Add a data access point" in operator.text
    operator.get("/admin/i/northern/points/new").submit_form("point")
    added = point(world, "northern")
    assert ("northern", False, "") == (added.institution, added.enabled, added.key)
    assert "Next it needs a key and a certificate" in operator.text
    assert not operator.page.xpath("//form[@data-step='on']")


def test_the_form_says_at_the_field_what_is_wrong(
    world: AdminWorld, operator: AdminBrowser
) -> None:
    """A wrong value is named beside its field and in the summary; what was typed stays; nothing is written."""
    before = institution(world)
    operator.get(HERE + "settings").submit_form(
        "settings", **{"codes.pic": "12345", "support": "help@elsewhere.example"}
    )

    assert 200 == operator.status
    (field,) = operator.page.xpath("//input[@name='codes.pic']")
    assert "true" == field.get("aria-invalid")
    assert "codes.pic-help codes.pic-error" == field.get("aria-describedby")
    assert ["A PIC has nine digits, such as 999903840."] == [
        e.text for e in operator.page.xpath("//p[@id='codes.pic-error']")
    ]
    assert ["12345"] == operator.page.xpath("//input[@name='codes.pic']/@value")
    assert ["help@elsewhere.example"] == operator.page.xpath("//input[@name='support']/@value")
    assert before == institution(world)


WRONG = {
    "country": ({"country": ""}, "Choose a country."),
    "unknown country": ({"country": "ZZ"}, "Not a valid choice."),
    "domain": ({"domain": "https://campus.example"}, "Write a domain such as example.edu"),
    "name": ({"names-en": "", "names-fi": ""}, "Fill in at least one language"),
    "address": ({"url": "javascript:alert(1)"}, "Write a whole address"),
    "erasmus": ({"codes.erasmus": "HELSINKI"}, "An Erasmus code has the country"),
    "schac": ({"codes": "schac: campus.example"}, "The SCHAC code is the domain"),
    "support": ({"support": "javascript://%0aalert(1)"}, "Write an e-mail address, or a web"),
    "logo": ({"logo": "http://campus.example/logo.png"}, "Write a whole address"),
    "colour": ({"colour": "red"}, "# and six hexadecimal digits"),
    "gaps": ({"accessibility.conformance": "partial"}, "Say what is not accessible"),
    "barriers": ({"accessibility.contact": "nobody"}, "Write an e-mail address, or a web"),
    "complaints": (
        {"accessibility.authority_url-en": "http://a.example/"},
        "Write a whole address",
    ),
    "no day": ({"accessibility.prepared": "soon"}, "Not a valid date"),
    "days": (
        {"accessibility.prepared": "2026-02-01", "accessibility.reviewed": "2026-01-01"},
        "reviewed before it was prepared",
    ),
    "old day": ({"accessibility.reviewed": "1999-12-31"}, "a day of this century"),
    "privacy address": ({"privacy.url-en": "example"}, "Write a whole address"),
    "language": ({"languages": "fi deutsch!"}, "Write a language's code such as en or sv."),
    "host": ({"release.restricted_hosts": "https://client.example/"}, "Write a domain such as"),
    "national to all": ({"national": "all"}, "Not a valid choice."),
}


def test_values_that_cannot_be_are_refused(world: AdminWorld, operator: AdminBrowser) -> None:
    """The file's checks are the form's: each refusal, at one field, says what to write instead."""
    said = {}
    for name, (fields, words) in WRONG.items():
        operator.get(HERE + "settings").submit_form("settings", **fields)
        wrong = operator.page.xpath("//p[@class='wrong']/text()")
        said[name] = (operator.status, len(wrong), words in " ".join(wrong))

    assert dict.fromkeys(WRONG, (200, 1, True)) == said
    assert [] == world.trail("setting.changed")


def test_saving_writes_each_changed_setting_into_the_trail(
    world: AdminWorld, operator: AdminBrowser
) -> None:
    """Everything on the form arrives in the row, and who changed what from what to what in the trail."""
    operator.get(HERE + "settings").submit_form(
        "settings",
        **{
            "names-sv": "Campusuniversitetet",
            "codes.erasmus": "sf campus01",
            "codes.pic": "999903840",
            "codes": "oppilaitosnumero: 01901",
            "languages": "fi, sv en",
            "logo": "https://campus.example/logo.svg",
            "address": "Campus Street 1\n00100 Helsinki",
            "colour": " #0B4F9E",
            "accessibility.conformance": "partial",
            "accessibility.assessment": "third-party",
            "accessibility.gaps-en": "Some attachments.",
            "accessibility.contact": "access@campus.example",
            "accessibility.law-fi": "Laki",
            "accessibility.authority-en": "The Agency",
            "accessibility.authority_url-en": "https://agency.example/",
            "accessibility.prepared": "2026-09-01",
            "accessibility.reviewed": "2026-09-30",
            "privacy.controller-en": "Campus University",
            "privacy.contact": "privacy@campus.example",
            "privacy.notice-en": "What you choose is sent.",
            "privacy.url-fi": "https://campus.example/tietosuoja",
            "esi": "listed",
            "local": "all",
            "release.details": ["citizenship"],
        },
    )

    assert operator.path.endswith("?done=institution.shaded")
    kind = PersonIdentifierType
    now = institution(world)
    expected = replace(
        now,
        names=texts(en="Campus University", fi="Kampuksen yliopisto", sv="Campusuniversitetet"),
        codes={"erasmus": "SF CAMPUS01", "pic": "999903840", "oppilaitosnumero": "01901"},
        languages=("fi", "sv", "en"),
        logo="https://campus.example/logo.svg",
        address="Campus Street 1\n00100 Helsinki",
        colour="#0b4f9e",
        accessibility=Accessibility(
            conformance=Conformance.PARTIAL,
            assessment=Assessment.THIRD_PARTY,
            gaps=texts(en="Some attachments."),
            contact="access@campus.example",
            law=texts(fi="Laki"),
            authority=texts(en="The Agency"),
            authority_url=texts(en="https://agency.example/"),
            prepared=date(2026, 9, 1),
            reviewed=date(2026, 9, 30),
        ),
        privacy=Privacy(
            controller=texts(en="Campus University"),
            contact="privacy@campus.example",
            notice=texts(en="What you choose is sent."),
            url=texts(fi="https://campus.example/tietosuoja"),
        ),
        release=ReleaseRule(
            released=frozenset({kind.LOCAL}),
            restricted=frozenset({kind.ESI, kind.NATIONAL}),
            restricted_hosts=frozenset({"trusted.example"}),
            details=frozenset({LearnerDetail.CITIZENSHIP}),
        ),
    )
    assert expected == now
    changed = {
        e["field"]: (e["before"], e["after"], e["by"]) for e in world.trail("setting.changed")
    }
    assert ("", "Campusuniversitetet", operator.account.id) == changed["names.sv"]
    assert ("esi", "local", operator.account.id) == changed["release.released"]
    assert ("", "2026-09-30", operator.account.id) == changed["accessibility.reviewed"]
    assert 24 == len(changed)

    operator.get(HERE + "settings").submit_form("settings")
    assert operator.path.endswith("?done=institution.same")
    assert 24 == len(world.trail("setting.changed"))


def test_a_colour_that_cannot_be_read_is_told_and_shown(
    world: AdminWorld, operator: AdminBrowser
) -> None:
    """Nothing is refused: the notice says that shades stand for it, the form shows which; a good one is only saved."""
    done = {}
    for colour in ("#fe0", "#ffee00", "#7b7b7b", "#808080", ""):
        operator.get(HERE + "settings").submit_form("settings", colour=colour)
        done[colour] = (operator.path.rpartition("=")[2], institution(world).colour)
    assert done == {
        "#fe0": ("institution.shaded", "#ffee00"),
        "#ffee00": ("institution.same", "#ffee00"),
        "#7b7b7b": ("institution.shaded", "#7b7b7b"),
        "#808080": ("institution.shaded", "#808080"),
        "": ("institution.saved", ""),
    }
    operator.get(HERE + "settings").submit_form("settings", colour="#ffee00")
    operator.get(HERE + "settings")
    rows = [
        " ".join(row.text_content().split())
        for row in operator.page.xpath("//table[contains(@class, 'shades')]/tbody/tr")
    ]
    assert ["too light to be read" in rows[0], "can be read well" in rows[1]] == [True, True]


def test_the_slower_of_two_sees_both_versions(world: AdminWorld) -> None:
    """Who opened the form earlier does not overwrite what was saved since, unless they say so again."""
    quick, slow = world.admin(name="quick"), world.admin(name="slow")
    slow.get(HERE + "settings")
    quick.get(HERE + "settings").submit_form("settings", support="quick@campus.example")
    slow.submit_form("settings", support="slow@campus.example")

    assert 409 == slow.status
    assert "quick@campus.example" == institution(world).support
    assert "by quick" in slow.text
    cells = [
        " ".join(row.xpath(".//th//text() | .//td//text()"))
        for row in slow.page.xpath("//tbody/tr")
    ]
    assert ["Help for students quick@campus.example slow@campus.example"] == cells
    assert ["slow@campus.example"] == slow.page.xpath("//input[@name='support']/@value")

    slow.submit_form("settings")
    assert 200 == slow.status
    assert "slow@campus.example" == institution(world).support


def test_a_switched_off_institution_serves_nobody_new(
    world: AdminWorld, operator: AdminBrowser
) -> None:
    """Off by its confirmation page: entries and logins stop, who is logged in finishes; undo puts it back."""
    inside = world.browser()
    inside.to_selection()
    waiting = world.browser().enter()
    operator.get(HERE + "switch/institution")
    assert "1 data access point stops" in operator.text
    assert institution(world).enabled
    operator.submit_form("off")

    assert not institution(world).enabled
    refused = world.browser().enter()
    assert (404, True) == (refused.response.status_code, "switched off" in refused.text)
    assert 404 == waiting.reload().response.status_code
    inside.submit("select", "all").submit("select", "preview")
    inside.submit("preview", "confirm", consent="yes")
    world.work()
    assert "NCP_OK" == inside.reload().reply()["returnCode"]

    operator.submit_form("undo")
    assert institution(world).enabled
    assert 200 == world.browser().enter().response.status_code


def test_an_access_point_and_the_client_have_switches_of_their_own(
    world: AdminWorld, operator: AdminBrowser
) -> None:
    """Switching one off leaves the others as they are."""
    operator.get(HERE).submit_form("client-on")
    assert institution(world).client
    operator.get(HERE + "points/campus/switch").submit_form("off")
    assert (True, True, False) == (
        institution(world).enabled,
        institution(world).client,
        point(world).enabled,
    )
    assert 404 == world.browser().enter().response.status_code
    operator.submit_form("undo")
    assert point(world).enabled
    operator.get(HERE + "switch/client").submit_form("off")
    assert not institution(world).client


def test_a_slug_never_changes(world: AdminWorld, operator: AdminBrowser) -> None:
    """No form has a field for it, a sent one changes nothing, and one that is taken is refused."""
    operator.get(HERE + "settings").submit_form(
        "settings", slug="other", support="x@campus.example"
    )
    operator.get(HERE + "points/campus").submit_form("settings", slug="other", newer_codes="y")

    assert "x@campus.example" == institution(world).support
    assert point(world).newer_codes
    with world.services.store.read() as uow:
        assert ["campus"] == [one.slug for one in uow.config.institutions()]
        assert ["campus"] == [one.slug for one in uow.config.access_points()]
    fields = {"names-en": "Other", "country": "FI", "domain": "other.example", "slug": "campus"}
    operator.get("/admin/institutions/new").submit_form("institution", **fields)
    assert "There is an institution of this short name already." in operator.text
    operator.get(HERE + "points/new").submit_form("point", slug="campus")
    assert "There is an access point of this address already." in operator.text
    operator.get(HERE + "points/new").submit_form("point", slug="admin")
    assert "This address is taken by pages of the gateway" in operator.text


def test_an_access_point_for_a_country_names_its_institutions(
    world: AdminWorld, operator: AdminBrowser
) -> None:
    """One point in front of many issuers says so, and for whom."""
    operator.get(HERE + "points/campus").submit_form(
        "settings",
        countrywide="y",
        institutions="helsinki.fi\nTampere University\n\nhelsinki.fi",
        allowed_hosts="Client.example",
        **{"names-en": "All of Finland"},
    )

    now = point(world)
    assert (True, ("helsinki.fi", "Tampere University")) == (now.countrywide, now.institutions)
    assert (frozenset({"client.example"}), texts(en="All of Finland")) == (
        now.allowed_hosts,
        now.names,
    )
    assert "For a whole country: 2 institutions are named." in operator.get(HERE).text


def test_another_institutions_point_is_not_reached(world: AdminWorld) -> None:
    """The permission at one institution opens no other's pages, by whatever address."""
    world.put(institution=replace(institution(world), slug="other", domain="other.example"))
    other = world.admin(AdminRole.ADMINISTRATOR, "other")

    assert 404 == other.get("/admin/i/other/points/campus").status
    for address in (HERE, HERE + "settings", HERE + "points/campus", HERE + "switch/institution"):
        assert 403 == other.get(address).status
    for address in ("/admin/institutions/new", "/admin/institutions/import"):
        assert 403 == other.get(address).status
    assert ["other.example (FI)"] == [
        cell.text
        for cell in other.get("/admin/institutions").page.xpath("//td[@data-label='Domain']")
    ]


@contextmanager
def counted(world: AdminWorld) -> Iterator[list[str]]:
    """The statements that the database is asked meanwhile."""
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        seen.append(statement)

    engine = world.services.store._engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def test_a_thousand_institutions_are_listed_a_page_at_a_time(
    world: AdminWorld, operator: AdminBrowser
) -> None:
    """The list asks the database as often for a thousand as for one, and finds without diacritics."""
    with counted(world) as few:
        operator.get("/admin/institutions")
    with world.services.store.begin() as uow:
        for number in range(1000):
            name = "Åbo Akademi" if number == 7 else f"University {number:04}"
            uow.config.put_institution(
                Institution(
                    slug=f"u{number}",
                    names=texts(en=name),
                    country="FI",
                    domain=f"u{number}.example",
                    url=f"https://u{number}.example/",
                )
            )
    with counted(world) as many:
        operator.get("/admin/institutions")

    assert len(few) == len(many)
    assert 50 == len(operator.page.xpath("//tbody/tr"))
    assert "1,001 institutions" in operator.text or "1001 institutions" in operator.text
    assert "Page 1 of 21" in operator.text
    operator.get(operator.page.xpath("//a[@rel='next']/@href")[0])
    assert "Page 2 of 21" in operator.text
    operator.get("/admin/institutions?q=abo+akad")
    assert ["Åbo Akademi"] == operator.page.xpath("//tbody/tr/th//bdi/text()")
    operator.get("/admin/institutions?page=1000000000000&q=%00")
    assert 200 == operator.status
    assert "Nothing was found." in operator.text

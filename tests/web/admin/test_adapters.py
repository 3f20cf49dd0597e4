"""An institution's adapters in the browser."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from admin_world import AdminBrowser, AdminWorld, make_admin_world
from emrex_gateway import administering
from emrex_gateway.adapters import Adapters
from emrex_gateway.domain import AdapterBinding, AdminRole, Status
from emrex_gateway.errors import (
    AdapterError,
    AdapterRefused,
    AdapterUnavailable,
    ConfigError,
    StudentNotFound,
)
from emrex_gateway.factory import create_app
from fake_plugins import install
from gateway_world import RECORDS, record
from rich_plugin import SYSTEM

LIST = "/admin/i/campus/adapters"
NEW = f"{LIST}/new/rich"
ONE = f"{LIST}/campus-rich"
GOOD = {"settings.url": "https://sis.example", "settings.password": "env:RICH"}
SECRETS = {"env:RICH": "hunter2"}
ESI = "urn:schac:personalUniqueCode:int:esi:FI:1.2.246.9"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AdminWorld:
    """A gateway with the plugin ``rich`` really installed, and no adapter at its institution."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    install(site, "emrex-rich", name="rich", value="rich_plugin:RICH")
    install(site, "emrex-broken", name="broken", value="no_such_module:X")
    made = make_admin_world(tmp_path)

    def secrets(reference: str) -> str:
        if reference not in SECRETS:
            raise ConfigError(f"the secret {reference} is missing: no such variable")
        return SECRETS[reference]

    adapters = Adapters(made.services.store, secrets, made.clock, sleep=lambda seconds: None)
    made.services = replace(
        made.services, open_adapter=adapters.open, try_adapter=adapters.open_once
    )
    made.app = create_app(made.services)
    with made.services.store.begin() as uow:
        for row in uow.config.bindings("campus"):
            uow.logins.remove(row, kind="adapter", key=row.id, by="test", at=made.clock())
    SYSTEM.__init__()  # type: ignore[misc]  # one object a process
    SYSTEM.records = RECORDS
    return made


@pytest.fixture
def browser(world: AdminWorld) -> AdminBrowser:
    """An operator's."""
    return world.admin()


def bindings(world: AdminWorld) -> tuple[AdapterBinding, ...]:
    with world.services.store.read() as uow:
        return uow.config.bindings("campus")


def add(browser: AdminBrowser, **values: Any) -> AdminBrowser:
    return browser.get(NEW).submit_form("adapter", **{**GOOD, **values})


def on(world: AdminWorld, browser: AdminBrowser, **values: Any) -> AdapterBinding:
    """Add an adapter and switch it on."""
    add(browser, **values).submit_form("on")
    world.work()
    return next(row for row in bindings(world) if row.enabled)


def wrong(browser: AdminBrowser, field: str) -> str:
    """The message at a field."""
    found = browser.page.xpath(f"//*[@id='settings.{field}-error']//text()")
    return " ".join("".join(found).split())


def test_installed_plugins_are_listed_broken_ones_with_their_reason(browser: AdminBrowser) -> None:
    """Name, package, version, contract and abilities; a broken one disturbs none, and shows no path."""
    browser.get("/admin/plugins")
    assert 200 == browser.status
    rows = [" ".join(row.text_content().split()) for row in browser.page.xpath("//tbody/tr")]
    (rich,) = [row for row in rows if row.startswith("rich")]
    (broken,) = [row for row in rows if row.startswith("broken")]
    assert "works emrex-rich 1.0 version 1 reads study records" in rich
    assert "ModuleNotFoundError: No module named 'no_such_module'" in broken
    assert not [text for text in browser.page.xpath("//main//text()") if "/" in text.strip()[:1]]


def test_the_form_asks_for_every_setting(browser: AdminBrowser) -> None:
    """Each kind of type has a control, with the plugin's own label and help, and the default in it."""
    browser.get(NEW)
    names = set(browser.page.xpath("//main//*[@name]/@name"))
    wanted = {
        *("url", "password", "timeout", "tries", "names", "scale", "order", "faculty", "codes"),
        *("years", "kinds", "headers", "weights", "rules"),
        *("paging.size", "paging.offset", "proxy.host"),
    }
    assert {f"settings.{name}" for name in wanted} <= names
    assert "Address" in browser.text
    assert "Patience (s)" in browser.text
    (codes,) = browser.page.xpath("//textarea[@name='settings.codes']/text()")
    assert ["a", "b"] == codes.split()
    assert ["5"] == browser.page.xpath("//input[@name='settings.timeout']/@value")
    assert "One to five" in browser.page.xpath("//select[@name='settings.scale']//text()")
    browser.get(f"{NEW}?lang=fi")
    assert "Osoite" in browser.text


def test_only_what_differs_is_kept(world: AdminWorld, browser: AdminBrowser) -> None:
    """Values arrive in their types; what is left at its default follows the plugin's default."""
    add(
        browser,
        **{
            "settings.timeout": "2,5",
            "settings.names": None,
            "settings.scale": "pass",
            "settings.codes": "",
            "settings.years": "2024\n2025",
            "settings.kinds": ["five"],
            "settings.headers": "X-One = 1\nX-Two = a=b",
            "settings.weights": "a = 3",
            "settings.rules": '[{"a": "b"}]',
            "settings.paging.size": "7",
            "settings.proxy.host": "proxy.example",
        },
    )
    (row,) = bindings(world)
    expected = {
        "url": "https://sis.example",
        "password": "env:RICH",
        "timeout": 2.5,
        "names": False,
        "scale": "pass",
        "codes": [],
        "years": [2024, 2025],
        "kinds": ["five"],
        "headers": {"X-One": "1", "X-Two": "a=b"},
        "weights": {"a": 3},
        "rules": [{"a": "b"}],
        "paging": {"size": 7},
        "proxy": {"host": "proxy.example"},
    }
    assert expected == row.settings
    assert not row.enabled
    assert "The adapter is saved, switched off." in browser.text


WRONG = [
    ("url", "", "This field is required."),
    ("url", "ftp://x", "an address of FTP does not work"),
    ("password", "hunter2", "refer to it by env: or file:"),
    ("timeout", "fast", "Not a valid float value."),
    ("tries", "many", "Not a valid integer value."),
    ("scale", "ten", "Not a valid choice."),
    ("years", "soon", "Expected `int`, got `str`"),
    ("headers", "nonsense", "Write a name, = and a value on each line."),
    ("weights", "a = b", "Expected `int`, got `str`"),
    ("rules", "[", "This is not JSON."),
    ("rules", '{"a": 1}', "Expected `array`, got `object`"),
    ("paging.size", "0", "Number must be between 1 and 500."),
]


def test_a_wrong_setting_is_named_at_its_field(world: AdminWorld, browser: AdminBrowser) -> None:
    """Which field and why; nothing is kept, and what was written stands there still."""
    for field, value, message in WRONG:
        add(browser, **{f"settings.{field}": value})
        assert 400 == browser.status, field
        assert message in wrong(browser, field)
        shown = browser.page.xpath(f"//*[@name='settings.{field}']")[0]
        if shown.tag != "select":
            stands = shown.text if shown.tag == "textarea" else shown.get("value", "")
            # but for what may be a secret, in clear
            assert ("" if field == "password" else value) == stands.strip(), field
    assert () == bindings(world)


def test_everything_that_is_wrong_is_said_at_once(browser: AdminBrowser) -> None:
    """Nobody wants to mend a form one error at a time."""
    slips = {"password": "x", "weights": "a = b", "paging.size": "0", "tries": "many"}
    add(browser, **{f"settings.{name}": value for name, value in slips.items()})
    assert all(wrong(browser, name) for name in slips)


def test_a_rule_of_the_whole_stands_above_the_form(browser: AdminBrowser) -> None:
    """What no single field is to blame for is said all the same."""
    add(browser, **{"settings.tries": "10"})
    assert "more than nine tries help nobody" in browser.text


def test_switching_on_asks_the_system_first(world: AdminWorld, browser: AdminBrowser) -> None:
    """One click: a job pings with exactly these settings, the page waits, and then it is on."""
    add(browser).submit_form("on")
    assert browser.has("progress")
    assert not bindings(world)[0].enabled
    world.work()
    browser.reload()
    assert "The system answers, and the adapter is on" in browser.text
    assert bindings(world)[0].enabled
    assert "hunter2" == SYSTEM.asked[0].password
    (tried,) = world.trail("adapter.tried")
    assert ("ok", True) == (tried["outcome"], tried["applied"])


def test_what_does_not_answer_is_not_switched_on(world: AdminWorld, browser: AdminBrowser) -> None:
    """The page says what is wrong and what to do; the adapter stays off, and nobody is named."""
    add(browser)
    cases = [
        (AdapterUnavailable("cannot be reached", 7.0), "The system does not answer"),
        (AdapterRefused("refuses the key"), "The system does not accept our credentials"),
        (AdapterError("HTTP 500"), "The system answered wrongly"),
        (RuntimeError("Maija 110298-998X"), "The system answered wrongly"),
    ]
    for error, told in cases:
        SYSTEM.error = error
        browser.get(ONE).submit_form("on")
        world.work()
        browser.reload()
        assert told in browser.text
        assert "Nothing was changed" in browser.text
        assert "998X" not in browser.text
        assert not bindings(world)[0].enabled


def test_a_secret_in_clear_is_not_repeated(browser: AdminBrowser) -> None:
    """What stands where a reference belongs may be the secret: the refused form holds everything but that."""
    add(browser, **{"settings.password": "correct horse"})
    assert 400 == browser.status
    assert "correct horse" not in browser.response.text
    assert "https://sis.example" in browser.response.text

    add(browser, **{"settings.password": "env:RICH", "settings.url": "nonsense"})
    assert "env:RICH" in browser.response.text


def test_a_secret_that_is_not_there_is_named(world: AdminWorld, browser: AdminBrowser) -> None:
    """The worker finds out; the page leads to the field."""
    add(browser, **{"settings.password": "env:GONE"}).submit_form("on")
    world.work()
    browser.reload()
    assert "the secret env:GONE is missing" in browser.text
    (link,) = [a for a in browser.page.xpath("//main//a/@href") if "#" in a]
    assert link.endswith("#settings.password")


def test_new_settings_of_one_that_is_on_wait_for_the_system(
    world: AdminWorld, browser: AdminBrowser
) -> None:
    """A slip never reaches students: the former settings serve until the new ones have answered."""
    on(world, browser)
    SYSTEM.error = AdapterUnavailable("away")
    browser.get(ONE).submit_form("adapter", **{"settings.url": "https://typo.example"})
    world.work()
    browser.reload()
    assert "https://sis.example" == bindings(world)[0].settings["url"]
    browser.get(browser.page.xpath("//main//a[@class='button']/@href")[0])
    assert ["https://typo.example"] == browser.page.xpath("//input[@name='settings.url']/@value")

    SYSTEM.error = None
    browser.submit_form("adapter")
    world.work()
    assert "https://typo.example" == bindings(world)[0].settings["url"]
    assert bindings(world)[0].enabled


def test_saving_and_switching_off_needs_no_answer(world: AdminWorld, browser: AdminBrowser) -> None:
    """While a system is away its settings can be mended all the same."""
    on(world, browser)
    SYSTEM.error = AdapterUnavailable("away")
    browser.get(ONE).submit_form(
        "adapter", **{"settings.url": "https://b.example", "action": "off"}
    )
    (row,) = bindings(world)
    assert ("https://b.example", False) == (row.settings["url"], row.enabled)


def test_a_change_meanwhile_is_not_overwritten(world: AdminWorld, browser: AdminBrowser) -> None:
    """The slower of two people is told; a try of former settings puts nothing into force."""
    on(world, browser)
    other = world.admin().get(ONE)
    browser.get(ONE).submit_form("adapter", **{"settings.url": "https://a.example"})
    world.work()
    other.submit_form("adapter", **{"settings.url": "https://b.example"})
    assert 409 == other.status
    assert "Somebody else changed this" in other.text

    browser.get(ONE).submit_form("adapter", **{"settings.url": "https://c.example"})
    administering.switch_off_adapter(world.services, world.operator(), "campus", "campus-rich")
    world.work()
    browser.reload()
    assert "somebody changed the adapter meanwhile" in browser.text
    (row,) = bindings(world)
    assert ("https://a.example", False) == (row.settings["url"], row.enabled)


def test_a_test_student_shows_what_would_be_exported(
    world: AdminWorld, browser: AdminBrowser
) -> None:
    """The records as a student would see them, and the unsigned document, marked; no identifier leaks."""
    add(browser)
    browser.get(f"{ONE}/try").submit_form("try", esi=ESI)
    world.work()
    browser.reload()
    assert "It works" in browser.text
    assert "Testi Testinen" in browser.text
    assert "Title course-1" in browser.text
    assert "Title failed" not in browser.text
    assert "1 is left out" in browser.text
    assert ESI not in browser.path
    (link,) = browser.page.xpath("//main//a[contains(@href, 'elmo.xml')]/@href")
    answer = browser.client.get(link)
    assert "no-store" == answer.headers["Cache-Control"]
    assert b"<!-- A test by an administrator: unsigned" in answer.data[:200]
    assert b"Title course-1" in answer.data
    assert b"Signature" not in answer.data
    assert ESI not in str(world.trail())
    identity = next(one for one in SYSTEM.asked if hasattr(one, "identifiers"))
    assert [ESI] == [one.value for one in identity.identifiers]


def test_a_try_is_for_who_asked_and_for_an_hour(world: AdminWorld, browser: AdminBrowser) -> None:
    """Another administrator, however mighty, does not see it; after an hour nobody does, and it is gone."""
    add(browser)
    browser.get(f"{ONE}/try").submit_form("try", esi=ESI)
    world.work()
    assert 200 == browser.reload().status
    assert 404 == world.admin().get(browser.path).status
    world.clock.forward(minutes=61)
    assert 1 == administering.sweep_tries(world.services)
    with world.services.store.read() as uow:
        assert uow.tries.get(browser.path.rsplit("/", 1)[-1]) is None


def test_a_try_says_which_rule_broke(world: AdminWorld, browser: AdminBrowser) -> None:
    """Errors of finding, reading and mapping are told apart."""
    add(browser)
    cases: list[tuple[Exception | None, Any, str]] = [
        (StudentNotFound("nobody"), RECORDS, "has nothing of this student"),
        (None, (), "has nothing of this student"),
        (None, (record("a"), record("a")), "two records have one key"),
        (None, (record("a", "gone"),), "a record's parent is missing"),
        (None, (record("a", status=Status.FAILED),), "has nothing to export"),
        (None, (1,), "returned int instead of StudyRecord"),
    ]
    for nobody, records, told in cases:
        SYSTEM.nobody, SYSTEM.records = nobody, records
        browser.get(f"{ONE}/try").submit_form("try", esi=ESI)
        world.work()
        assert told in browser.reload().text


def test_a_try_needs_somebody_to_ask_for(browser: AdminBrowser) -> None:
    """An empty form is refused with what to do."""
    add(browser)
    browser.get(f"{ONE}/try").submit_form("try")
    assert 400 == browser.status
    assert "Fill in at least one identifier" in browser.text


def test_a_lost_or_hanging_try_ends(world: AdminWorld, browser: AdminBrowser) -> None:
    """What the queue lost is sent again; what a worker never ended is ended by the sweep."""
    add(browser).submit_form("on")
    world.queue.sent.clear()
    world.clock.forward(seconds=60)
    administering.sweep_tries(world.services)
    ((task, id_),) = world.queue.sent
    assert "try" == task
    with world.services.store.begin() as uow:
        assert uow.tries.begin(id_) is not None
        assert uow.tries.begin(id_) is None  # taken once
    world.clock.forward(seconds=600)
    administering.sweep_tries(world.services)
    assert "The system does not answer" in browser.reload().text
    world.work()
    assert not bindings(world)[0].enabled


def test_order_switch_and_removal(world: AdminWorld, browser: AdminBrowser) -> None:
    """Buttons that need no script; removal is confirmed, and can be undone."""
    for id_ in ("one", "two"):
        on(world, browser, id=id_)
    browser.get(LIST).submit_form("move-two", to="up")
    assert ["two", "one"] == [row.id for row in bindings(world)]
    browser.submit_form("off-two")
    assert ["one", "two"] == [row.id for row in bindings(world)]
    assert not bindings(world)[1].enabled
    browser.submit_form("undo")
    world.work()
    assert all(row.enabled for row in bindings(world))

    browser.get(f"{LIST}/two/remove")
    assert "Students then get the records of: one." in browser.text
    browser.submit_form("remove")
    assert ["one"] == [row.id for row in bindings(world)]
    browser.submit_form("undo")
    assert [("one", True), ("two", False)] == [(row.id, row.enabled) for row in bindings(world)]
    browser.get(f"{LIST}/one/remove").submit_form("remove")
    browser.get(LIST).submit_form("restore-one")
    assert {"one", "two"} == {row.id for row in bindings(world)}


def test_each_setting_that_changes_is_in_the_trail(
    world: AdminWorld, browser: AdminBrowser
) -> None:
    """Who changed what from what to what; an emptied list counts."""
    add(browser)
    browser.get(ONE).submit_form("adapter", **{"settings.codes": ""})
    facts = world.trail("setting.changed")[-1]
    assert ("settings.codes", "(empty)") == (facts["field"], facts["after"])
    assert browser.account.id == facts["by"]


def test_only_an_operator_names_foreign_secrets(world: AdminWorld) -> None:
    """With any reference an institution's administrator could send the database's password to themselves."""
    browser = world.admin(AdminRole.ADMINISTRATOR, "campus")
    add(browser, **{"settings.password": "env:EMREX_DATABASE_URL"})
    assert 400 == browser.status
    assert "Only an operator may name" in wrong(browser, "password")


def test_who_may_not(world: AdminWorld) -> None:
    """Another institution's administrator, and those who only read, see nothing of this."""
    add(world.admin())
    for browser in (
        world.admin(AdminRole.ADMINISTRATOR, "elsewhere"),
        world.admin(AdminRole.AUDITOR, "campus"),
    ):
        assert 403 == browser.get(ONE).status
        assert 403 == browser.get(LIST).status


def test_a_broken_plugin_of_a_binding_harms_nothing_else(
    world: AdminWorld, browser: AdminBrowser
) -> None:
    """The list and the page say so, and it can be switched off and removed."""
    on(world, browser)
    broken = AdapterBinding(id="bad", institution="campus", adapter="broken", settings={})
    with world.services.store.begin() as uow:
        uow.config.put_binding(broken)
    assert "No module named 'no_such_module'" in browser.get(LIST).text
    assert "This adapter cannot be used" in browser.get(f"{LIST}/bad").text
    browser.submit_form("off")
    browser.get(f"{LIST}/bad/remove").submit_form("remove")
    assert ["campus-rich"] == [row.id for row in bindings(world)]


def test_too_many_tries_wait(world: AdminWorld, browser: AdminBrowser) -> None:
    """They share the fetching workers with students."""
    add(browser)
    for _ in range(10):
        administering.order_try(world.services, world.operator(), "campus", "campus-rich")
    browser.get(f"{ONE}/try").submit_form("ping")
    assert "Too many tests are under way" in browser.text
    world.work()
    assert browser.get(f"{ONE}/try").submit_form("ping").has("progress")

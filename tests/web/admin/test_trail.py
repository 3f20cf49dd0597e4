"""The audit trail's page: what it says, who sees what, how it is searched and taken away."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from admin_world import AdminWorld, make_admin_world
from emrex_gateway import administering, trail
from emrex_gateway.administering import Thing
from emrex_gateway.audit import Event
from emrex_gateway.domain import AccessPoint, AdminRole, Grant, Institution, texts
from emrex_gateway.web.admin import _trail_words
from stores import transfer


@pytest.fixture
def told(tmp_path: Path) -> AdminWorld:
    """Two institutions, each with a changed setting and a transfer; the chain is signed."""
    world = make_admin_world(
        tmp_path, audit_heads=str(tmp_path / "heads.jsonl"), key_directory=str(tmp_path / "keys")
    )
    world.put(
        institution=Institution(
            slug="other", names=texts(en="Other"), country="SE", domain="o.example", url=""
        ),
        access_point=AccessPoint(slug="other", institution="other", key="", certificate=""),
    )
    with world.services.store.begin() as uow:
        for slug in ("campus", "other"):
            before = uow.config.institution(slug)
            administering.put(
                uow,
                world.operator(),
                Thing("institution", slug, slug),
                before,
                replace(before, support=f"https://help.{slug}.example/"),
                write=uow.config.put_institution,
            )
            added = transfer(access_point=slug, reference=f"ABCD-{slug[:4].upper()}")
            uow.transfers.add(added)
            uow.audit.record("transfer.entered", transfer=added.id, client_host=f"c.{slug}.example")
        uow.audit.record("metadata.failed", federation="haka", reason="signature")
    trail.chain(world.services)
    trail.sign_head(world.services)
    trail.check(world.services)
    return world


def _rows(browser: Any) -> list[str]:
    found = browser.page.xpath("//table[contains(@class, 'trail')]/tbody/tr")
    return [" ".join(" ".join(row.xpath(".//text()")).split()) for row in found]


def test_every_event_has_words() -> None:
    """Nobody reads a code where a sentence belongs."""
    assert set(Event) == set(_trail_words.NAMES)


def test_who_changed_what_from_what_to_what(told: AdminWorld) -> None:
    """A changed setting is a sentence with both values and the person's name."""
    anna = told.account(Grant(AdminRole.OPERATOR), name="anna")
    with told.services.store.begin() as uow:
        before = uow.config.institution("campus")
        actor = replace(told.operator(), account=anna.id)
        administering.put(
            uow,
            actor,
            Thing("institution", "campus", "campus"),
            before,
            replace(before, country="<b>"),
        )
    browser = told.visitor(anna).get("/admin/trail", query_string={"by": anna.id, "key": "campus"})

    (row,) = _rows(browser)
    assert "The setting “country” of institution “campus” was changed." in row
    assert "from FI to <b>" in row
    assert "anna" in row
    assert "Campus University" in row
    assert row.startswith("Number not yet")
    assert "anna" not in browser.path  # an id stands there, not a name


def test_each_sees_what_is_theirs(told: AdminWorld) -> None:
    """Institution's people see its settings' and its transfers' events; the installation's, who may all."""
    everything = told.admin(AdminRole.AUDITOR).get("/admin/trail")
    theirs = told.admin(AdminRole.AUDITOR, "campus").get("/admin/trail")
    also = told.admin(AdminRole.ADMINISTRATOR, "campus").get("/admin/trail")

    assert "other" in " ".join(_rows(everything))
    assert "haka" in " ".join(_rows(everything))
    for browser in (theirs, also):
        text = " ".join(_rows(browser))
        assert "campus" in text
        assert "c.campus.example" in text
        assert "other" not in text.lower()
        assert "haka" not in text
    asked = theirs.get("/admin/trail?institution=other")
    assert (403, []) == (asked.status, _rows(asked))
    lines = theirs.get("/admin/trail/events.jsonl").response.get_data(as_text=True)
    assert "campus" in lines
    assert "other" not in lines
    assert 403 == told.admin(AdminRole.SUPPORT).get("/admin/trail").status
    assert 403 == told.admin(AdminRole.SUPPORT).get("/admin/trail/events.jsonl").status


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("event=settings", 2),
        ("event=transfer.entered", 2),
        ("event=federations", 1),
        ("kind=institution&key=other", 1),
        ("institution=campus", 2),
        ("transfer=abcd camp", 1),
        ("transfer=ABCD-OTHE", 1),
        ("by=a-test", 2),
        ("by=a-tes", 0),
        ("key=%25", 0),
        ("since=2199-01-01", 0),
        ("until=2001-01-01", 0),
        ("since=2001-01-01&until=2199-01-01&event=transfers", 2),
        ("since=yesterday", 0),
        ("event=nonsense", 0),
        ("before=1", 0),
        ("before=x", 99),
    ],
)
def test_the_search(told: AdminWorld, query: str, number: int) -> None:
    """By time, kind of event, who, what, whose and transfer."""
    browser = told.admin(AdminRole.OPERATOR).get(f"/admin/trail?{query}")

    found = _rows(browser)
    assert 200 == browser.status
    assert (len(found) >= 5) if number == 99 else number == len(found)


def test_pages_follow_each_other(told: AdminWorld) -> None:
    """Fifty a page; each event is on one of them."""
    with told.services.store.begin() as uow:
        for number in range(70):
            uow.audit.record("entry.refused", reason=f"r{number}")
    browser = told.admin(AdminRole.OPERATOR).get("/admin/trail?event=entry.refused")
    first = _rows(browser)
    second = _rows(browser.get(browser.page.xpath("//a[@rel='next']/@href")[0]))

    assert (50, 20) == (len(first), len(second))
    assert 70 == len({row.split("reason: ")[1].split()[0] for row in first + second})
    assert not browser.page.xpath("//a[@rel='next']")


def test_the_page_says_whether_the_trail_is_whole(told: AdminWorld) -> None:
    """Up to which number it was checked and signed, and what to do when it is not whole."""
    operator = told.admin(AdminRole.OPERATOR)
    assert "The trail is whole" in operator.get("/admin/trail").text
    assert "Last signed head: number 5" in operator.text

    with told.services.store.begin() as uow:
        check = uow.trail.check()
        uow.trail.put_check(replace(check, problem="number 3 is missing", problem_number=3))
    assert "The trail is not whole First bad number: 3." in operator.get("/admin/trail").text
    assert "audit verify" in operator.text


def test_an_installation_without_a_file_of_heads_is_told_so(world: AdminWorld) -> None:
    """Unsigned, the chain proves little, and the page says it."""
    page = world.admin(AdminRole.OPERATOR).get("/admin/trail")

    assert "the setting audit_heads names no file" in page.text


def test_the_export_is_the_chain(told: AdminWorld) -> None:
    """JSON lines by number, as the digest covers them."""
    response = told.admin(AdminRole.OPERATOR).get("/admin/trail/events.jsonl").response
    lines = [json.loads(line) for line in response.get_data(as_text=True).splitlines()]

    assert [1, 2, 3, 4, 5] == [line["number"] for line in lines]
    assert "attachment" in response.headers["Content-Disposition"]
    former = trail.NOTHING
    with told.services.store.read() as uow:
        events = [one.event for one in uow.trail.chained(0, 10)]
    for line, event in zip(lines, events, strict=True):
        assert event is not None
        former = trail.digest(former, event, line["number"])
        assert former == line["digest"]

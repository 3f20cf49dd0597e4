"""Choosing, page by page, as a browser without scripts does and as the page's script asks."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import Any

import pytest
from lxml import html

from emrex_gateway import exporting
from emrex_gateway.domain import (
    Identifier,
    Issuer,
    LosType,
    Recognised,
    Status,
    StudyRecord,
    texts,
)
from emrex_gateway.errors import StaleTransfer
from gateway_world import RECORDS, Browser, World, record

OTHER = Issuer(
    identifiers=(Identifier("schac", "other.example"),),
    titles=texts(en="Other University"),
    url="https://other.example/",
)


def many(count: int) -> tuple[StudyRecord, ...]:
    """A degree with modules of 19 courses."""
    rows = [record("degree", type=LosType.DEGREE_PROGRAMME, credits=())]
    for i in range(count - 1):
        if i % 20 == 0:
            rows.append(record(f"m{i}", "degree", type=LosType.MODULE, credits=()))
        else:
            rows.append(record(f"c{i}", f"m{i - i % 20}"))
    return tuple(rows)


def ticked(browser: Browser) -> list[str]:
    return [str(one) for one in browser.page.xpath("//input[@name='record'][@checked]/@value")]


def status(browser: Browser) -> str:
    return " ".join(str(browser.page.xpath("string(//*[@id='chosen'])")).split())


def keep(browser: Browser, query: str = "", **fields: Any) -> Any:
    """What the page's script asks when something was ticked."""
    (token,) = browser.form("select").xpath("./input[@name='token']/@value")
    address = browser.form("select").get("data-changes")
    return browser.client.post(f"{address}{query}", data={"token": token, **fields})


def chosen(world: World, browser: Browser) -> list[str]:
    """The keys that are kept."""
    with world.services.store.read() as uow:
        at = uow.transfers.get(browser.transfer_id)
    return list(exporting.contents(world.services, at).choice.chosen)


def test_what_was_passed_is_chosen_to_begin_with(world: World) -> None:
    """Passed records are ticked, failed and unfinished ones never; the page says so, and credits are counted once."""
    browser = world.browser().to_selection(allowNotPassedCourses="true")

    assert ["0", "1", "2", "3", "4"] == ticked(browser)
    assert "5 of 6 records chosen · 15 ECTS" == status(browser)
    assert "All studies that you have passed are chosen to begin with" in browser.text
    assert "also takes failed and unfinished studies" in browser.text
    browser.submit("select", "keep")
    assert "to begin with" not in browser.text


def test_all_or_nothing_includes_what_was_asked_for(world: World) -> None:
    """A client that lets nobody pick and takes failed studies gets these too."""
    browser = world.browser().to_selection(allowToPickCourses="false", allowNotPassedCourses="true")

    assert 6 == len(chosen(world, browser))
    assert "Title failed" in browser.text
    assert 400 != browser.submit("select", "none").response.status_code
    assert 6 == len(chosen(world, browser))


def test_credits_follow_the_choice(world: World) -> None:
    """The sum is that of the reports: a degree's credits count while none of its courses is chosen."""
    browser = world.browser().to_selection().submit("select", "none")
    assert "0 of 5 records chosen" == status(browser)
    browser.submit("select", "keep", record=["0", "4"])
    assert "2 of 5 records chosen · 10 ECTS" == status(browser)
    browser.submit("select", "keep", record=["0", "2", "3"])
    assert "3 of 5 records chosen · 10 ECTS" == status(browser)


def test_recognised_studies_say_where_they_come_from(world: World) -> None:
    """Where from, in words, on the record's own line."""
    abroad = replace(record("abroad"), recognised=Recognised(source=texts(en="Uppsala")))
    world.source.records = (*RECORDS, abroad, replace(record("x"), recognised=Recognised()))
    text = world.browser().to_selection().text

    assert "recognised from Uppsala" in text
    assert "recognised studies" in text


def test_a_search_works_by_address_and_keeps_what_it_hides(world: World) -> None:
    """Found rows stand below what they belong to; what is chosen elsewhere stays, and is said."""
    browser = world.browser().to_selection()
    browser.submit("select", "filter", q="course-1")

    assert browser.path.endswith("/select?q=course-1")
    assert ["2"] == ticked(browser)
    assert "1 record found" in browser.text
    assert "4 chosen records are hidden by the search. They stay chosen." in browser.text
    browser.submit("select", "none")
    assert browser.path.endswith("/select?q=course-1")
    assert ["degree", "module", "course-2", "loose"] == chosen(world, browser)
    browser.submit("select", "clear")
    assert ["0", "1", "3", "4"] == ticked(browser)
    assert "?" not in browser.path


def test_filters_by_institution_type_and_language(world: World) -> None:
    """Only filters that tell records apart are offered; all of the found can be taken at once."""
    world.source.records = (
        *RECORDS[:4],
        record("far", issuer=OTHER, language="sv"),
        record("near", language="fi"),
    )
    browser = world.browser().to_selection().submit("select", "none")
    names = browser.form("select").xpath(".//select/@name")
    assert ["at", "type", "tongue"] == names
    browser.submit("select", "filter", at="1").submit("select", "all")
    assert ["far"] == chosen(world, browser)
    browser.submit("select", "filter", at="", type="Module").submit("select", "all")
    assert ["module", "far"] == chosen(world, browser)
    browser.submit("select", "filter", type="", tongue="fi").submit("select", "take:g0")
    assert ["module", "far", "near"] == chosen(world, browser)
    browser.submit("select", "filter", q="zzz")
    assert "No record fits the search" in browser.text


def test_nothing_found_is_no_choice_of_nothing(world: World) -> None:
    """A page without boxes takes nothing away."""
    browser = world.browser().to_selection().submit("select", "filter", q="zzz")
    browser.submit("select", "keep")
    assert 5 == len(chosen(world, browser))


@pytest.mark.any_database
def test_five_thousand_rows_are_a_small_page(world: World) -> None:
    """A budget of rows is shown, the rest is named, counted, opened and chosen; the page stays small."""
    world.source.records = many(5000)
    browser = world.browser().to_selection()
    packed = gzip.compress(browser.response.get_data())

    assert 100_000 > len(browser.response.get_data())
    assert 30_000 > len(packed)
    assert "5,000 of 5,000 records chosen · 23,745 ECTS" == status(browser)
    assert "1" in ticked(browser)
    assert "2" not in ticked(browser)

    browser.submit("select", "open:r1")
    assert browser.path.endswith("?open=r1")
    assert {"1", "2", "20"} <= set(ticked(browser))
    browser.submit("select", "drop:1")
    assert 4980 == len(chosen(world, browser))
    browser.submit("select", "drop:0").submit("select", "take:21")
    assert 20 == len(chosen(world, browser))
    browser.submit("select", "all")
    assert 5000 == len(chosen(world, browser))


def test_a_branch_comes_when_it_is_opened(world: World) -> None:
    """The script asks for what is inside of a node, with the same filters as the page has."""
    world.source.records = many(600)
    browser = world.browser().to_selection()
    address = browser.form("select").get("data-branch")

    def inside(query: str) -> Any:
        return html.fromstring(browser.client.get(f"{address}?{query}").get_data(as_text=True))

    assert [str(i) for i in range(2, 21)] == inside("node=r1").xpath(".//input/@value")
    assert "2-20" == inside("node=r1").get("data-shown")
    assert ["5"] == inside("node=r1&q=c4").xpath(".//input/@value")
    assert 404 == browser.client.get(f"{address}?node=r999").status_code
    assert 404 == browser.client.get(f"{address}?node=g1").status_code
    answer = browser.client.get(f"{address}?node=r1")
    assert "no-store" == answer.headers["Cache-Control"]


def test_the_script_keeps_each_change(world: World) -> None:
    """What was taken and dropped is kept at once, and survives a reload and another tab."""
    browser = world.browser().to_selection()
    answer = keep(browser, drop="0-2", take="3")

    assert {
        "chosen": "3-4",
        "status": "2 of 5 records chosen · 10\xa0ECTS",
        "away": "",
    } == answer.json
    assert ["3", "4"] == ticked(browser.reload())
    # Another tab that knows nothing of this adds one: neither takes the other's away.
    keep(browser, take="0")
    keep(browser, drop="4")
    assert ["0", "3"] == ticked(browser.reload())
    assert "hidden" in keep(browser, "?q=course-2", take="").json["away"]


def test_what_the_script_may_not_say(world: World) -> None:
    """Without the form's token, or with positions that are none, nothing changes."""
    browser = world.browser().to_selection()

    assert 400 == keep(browser, token="0" * 64, drop="0-4").status_code
    for wrong in ("9", "-", "0-9999999", "0-4," * 4 + "0-4", "a"):
        assert 400 == keep(browser, drop=wrong).status_code
    assert 400 == browser.client.post(browser.path, data={"action": "x"}).status_code
    for action in ("what", "take:", "take:99", "take:g9", "drop:-1", "take:٣"):
        page = browser.page
        assert 400 == browser.submit("select", action).response.status_code, action
        browser.page = page
        browser.path = browser.path.partition("?")[0]
    assert 5 == len(chosen(world, browser))


def test_a_choice_that_was_consented_to_changes_no_more(world: World) -> None:
    """A change that comes after the consent, from a page that is still open, is too late."""
    browser = world.browser().to_selection()
    page = browser.page
    browser.submit("select", "preview").submit("preview", "confirm", consent="yes")
    before = chosen(world, browser)
    browser.page = page

    assert 303 == keep(browser, drop="0-4").status_code
    assert before == chosen(world, browser)


def test_two_requests_at_once(world: World) -> None:
    """The row is looked at again where the change is made: a consent in between wins."""
    browser = world.browser().to_selection()
    with world.services.store.read() as uow:
        old = uow.transfers.get(browser.transfer_id)
    browser.submit("select", "preview").submit("preview", "confirm", consent="yes")

    with pytest.raises(StaleTransfer):
        exporting.choose(world.services, old, ())


def test_a_choice_survives_a_new_login(world: World) -> None:
    """Logged out and in again, the same person finds what they chose, not what we begin with."""
    browser = world.browser().to_selection()
    keep(browser, drop="0-3")
    selection = browser.path
    browser.submit("logout", None, logout="yes")
    browser.get(selection)
    assert not browser.has("select")
    browser.log_in().get(selection)

    assert ["4"] == ticked(browser)


def test_unfinished_studies_are_marked(world: World) -> None:
    """Failed and unfinished are words beside the record, not a colour alone."""
    world.source.records = (*RECORDS, record("going", status=Status.IN_PROGRESS, grade=None))
    browser = world.browser().to_selection(allowNotPassedCourses="true")

    assert ["failed", "unfinished"] == browser.page.xpath("//*[@class='figures']/strong/text()")


@pytest.mark.parametrize("verb", ["open", "all", "none", "keep"])
@pytest.mark.parametrize("named", ["\r\nX-Told: 1", "9" * 70_000, "http://evil.example/"])
def test_the_place_to_go_on_at_is_one_of_the_page(world: World, verb: str, named: str) -> None:
    """What a button names ends no header, and makes no endless address; the choice is kept all the same."""
    browser = world.browser().to_selection()
    (token,) = browser.form("select").xpath("./input[@name='token']/@value")
    answer = browser.client.post(browser.path, data={"token": token, "action": f"{verb}:{named}"})

    assert 303 == answer.status_code
    assert named.strip() not in answer.headers["Location"]
    assert "X-Told" not in answer.headers

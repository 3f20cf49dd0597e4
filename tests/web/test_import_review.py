"""The student looks at what came, says what for, and confirms; pages without scripts."""

from __future__ import annotations

from typing import Any

import pytest

from emrex_gateway import administering, exporting, importing
from emrex_gateway.domain import Purpose, TransferState
from emrex_gateway.errors import AdapterError, AdapterUnavailable
from gateway_world import IDENTITY, Browser, World, record
from review_world import (
    DIFFERENT,
    DOUBTFUL,
    ELSEWHERE,
    CountingSink,
    collect,
    node,
    result,
    to_review,
    transcript,
    with_sinks,
)


def ticked(browser: Browser) -> list[str]:
    return [str(one) for one in browser.page.xpath("//input[@name='record'][@checked]/@value")]


def row(world: World, browser: Browser) -> Any:
    with world.services.store.read() as uow:
        return uow.transfers.get(browser.transfer_id)


def check(browser: Browser) -> Browser:
    return browser.submit("select", "preview")


def confirmed(world: World, *results: Any) -> Browser:
    browser = check(to_review(world, *results))
    return browser.submit("check", "confirm", purpose="recognition", consent="yes")


def test_what_was_passed_is_chosen_to_begin_with(world: World) -> None:
    """The same tree as on the way out: passed records ticked, failed ones offered, credits counted once."""
    browser = to_review(world)

    assert ["0", "1", "2", "4"] == ticked(browser)
    assert "failed" in browser.text
    assert "4 of 5 records chosen · 15 ECTS" in browser.text
    browser.submit("select", "filter", q="algebra")
    assert ["1"] == ticked(browser)
    browser.submit("select", "none")
    browser.submit("select", "clear")
    assert ["0", "2", "4"] == ticked(browser)


def test_the_script_keeps_a_choice_at_once(world: World) -> None:
    """The page's script is answered with what is chosen now, and branches come when they are opened."""
    browser = to_review(world)
    form = browser.form("select")
    (token,) = form.xpath("./input[@name='token']/@value")
    answer = browser.client.post(form.get("data-changes"), data={"token": token, "drop": "0-4"})
    assert "0 of 5 records chosen" == answer.json["status"]
    assert 200 == browser.client.get(form.get("data-branch") + "?node=r0").status_code
    assert 404 == browser.client.get(form.get("data-branch") + "?node=r99").status_code
    assert [] == ticked(browser.reload())


def test_nothing_chosen_leads_no_further(world: World) -> None:
    """Neither by the button nor by the address of the next page."""
    browser = to_review(world).submit("select", "none")
    check(browser)
    assert "Nothing is chosen yet" in browser.text
    browser.get(f"/emrex/campus/t/{browser.transfer_id}/import/check")
    assert browser.has("select")


def test_the_import_is_confirmed_with_its_purpose(world: World) -> None:
    """Exactly what was shown is durable before the page says so, and handing over is ordered."""
    browser = to_review(world).submit("select", "keep", record=["1", "4"])
    check(browser)
    assert "2 records" in browser.text
    assert "Maija Mallikas" in browser.text
    browser.submit("check", "confirm", purpose="double-degree", consent="yes")

    assert browser.path.endswith("/import/state")
    assert [("hand", browser.transfer_id)] == world.queue.sent
    at = row(world, browser)
    assert (TransferState.ACCEPTED, 2) == (at.state, at.records)
    with world.services.store.read() as uow:
        results = importing.imported_results(uow, at)
    assert results is not None
    assert Purpose.DOUBLE_DEGREE is results.purpose
    assert ["Title algebra", "Title choir"] == [
        one.specification.titles[0].value for one in results.reports[0].opportunities
    ]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"consent": "yes"}, "Say what the records are for"),
        ({"purpose": "application"}, "Tick the box at the end"),
    ],
    ids=["purpose", "consent"],
)
def test_what_is_missing_is_asked_for(world: World, fields: dict[str, str], said: str) -> None:
    """Nothing is confirmed without both; what was ticked stays ticked."""
    browser = check(to_review(world)).submit("check", "confirm", **fields)

    assert said in browser.text
    kept = browser.page.xpath("//input[@name='purpose'][@checked]/@value")
    assert ([fields["purpose"]] if "purpose" in fields else []) == kept
    assert TransferState.REVIEWING is row(world, browser).state


def test_a_choice_that_changed_is_shown_again(world: World) -> None:
    """Another tab chose otherwise between looking and confirming: nothing is handed in."""
    browser = check(to_review(world))
    seen = browser.path
    browser.get(f"/emrex/campus/t/{browser.transfer_id}/import/review")
    other = browser.form("select")
    (token,) = other.xpath("./input[@name='token']/@value")
    browser.get(seen)
    browser.client.post(other.get("data-changes"), data={"token": token, "drop": "4"})
    browser.submit("check", "confirm", purpose="recognition", consent="yes")

    assert "Your choice has changed since you looked" in browser.text
    browser.submit("check", "confirm", purpose="recognition", consent="yes")
    assert browser.path.endswith("/import/state")


@pytest.mark.parametrize(
    "fields",
    [{"purpose": "nothing"}, {"action": "sell"}, {"action": "page:x"}, {"token": "x"}],
    ids=["purpose", "action", "page", "token"],
)
def test_forms_that_no_page_of_ours_made(world: World, fields: dict[str, str]) -> None:
    """They are refused, and change nothing."""
    browser = check(to_review(world))
    said = {"purpose": "recognition", "consent": "yes", "action": "confirm", **fields}
    browser.submit("check", said.pop("action"), **said)
    assert 400 == browser.response.status_code
    assert TransferState.REVIEWING is row(world, browser).state


def test_several_results_become_one_import(world: World) -> None:
    """Records of two providers stand together; what both hold is there once, and another person's not at all."""
    stranger = result("third", issuer=ELSEWHERE, match=DIFFERENT)
    browser = to_review(world, result("first"), result("second"), stranger)
    assert "5 records came twice and are here once" in browser.text
    assert "1 result was of another person and is not shown" in browser.text

    later = result("fourth", issuer=ELSEWHERE, tree=(node(record("late")),))
    browser.submit("select", "keep", record=["4"])
    collect(world, browser.transfer_id, later)
    browser.reload()
    assert ["4", "5"] == ticked(browser), "the kept choice, and what is new"
    check(browser)
    assert "Signed file of Provider first" in browser.text
    assert "Signed file of Provider fourth" in browser.text
    assert "Provider second" not in browser.text


def test_going_back_to_fetch_more(world: World) -> None:
    """The choice so far is kept; the trail says that they went back."""
    browser = to_review(world)
    browser.submit("more")
    assert TransferState.COLLECTING is row(world, browser).state
    assert "import.more" in world.events(browser.transfer_id)


def test_files_that_came_are_offered_safely(world: World) -> None:
    """A PDF opens; anything else is downloaded, under a type that no browser runs."""
    files = (
        transcript("a", b"<script>alert(1)</script>", "text/html"),
        transcript("b"),
    )
    browser = to_review(world, result(attachments=files))
    links = [str(one) for one in browser.page.xpath("//ul[@class='came']//a/@href")]
    assert 2 == len(links)
    pdf, other = (browser.client.get(one) for one in links)
    assert ("application/pdf", b"%PDF-1.7 a transcript") == (pdf.mimetype, pdf.data)
    assert pdf.headers["Content-Disposition"].startswith("inline")
    assert other.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in other.headers["Content-Security-Policy"]
    assert b"<script>" not in other.data or "html" not in other.mimetype
    for wrong in ("/9/0/0", "/0/9/0", "/0/0/9"):
        assert 404 == browser.client.get(links[0].replace("/0/0/0", wrong)).status_code


def test_a_doubtful_import_says_so_before_and_after(world: World) -> None:
    """The student knows that somebody compares first; they may still take it back."""
    browser = to_review(world, result(match=DOUBTFUL))
    assert "It is not certain that they are yours" in browser.text
    check(browser)
    assert browser.has("doubt")
    browser.submit("check", "confirm", purpose="recognition", consent="yes")
    assert "Somebody will look at it" in browser.text
    assert [] == world.queue.sent

    browser.submit("cancel", "cancel")
    assert TransferState.CANCELLED is row(world, browser).state


def test_the_state_is_told_until_the_host_has_it(world: World) -> None:
    """Waiting, tried and put off, handed over: each says where the records are, and that they are safe."""
    sink = CountingSink(errors=[AdapterUnavailable("x")])
    services = with_sinks(world.services, fake=sink)
    browser = confirmed(world)
    assert "Your records are being handed over" in browser.text
    now = browser.page.xpath("//@data-follow")[0]
    assert browser.client.get(now).json["next"] is None

    importing.hand(services, browser.transfer_id)
    assert "is tried again by itself" in browser.reload().text
    assert "Tried again" in browser.text
    assert browser.client.get(now).json["next"].endswith("/import/state")

    world.clock.forward(minutes=10)
    importing.hand(services, browser.transfer_id)
    assert "Your records are handed in" in browser.reload().text
    assert "Recognition of studies" in browser.text
    assert "Not decided yet" in browser.text
    assert not browser.has("cancel")

    world.clock.forward(seconds=services.settings.delivered_lifetime)
    assert 410 == browser.reload().response.status_code
    assert "Your university has them" in browser.text


def test_what_the_host_refuses_is_told(world: World) -> None:
    """The records are kept, somebody has to look, and the reference is there."""
    services = with_sinks(world.services, fake=CountingSink(errors=[AdapterError("no")]))
    browser = confirmed(world)
    importing.hand(services, browser.transfer_id)

    assert "could not be handed over" in browser.reload().text
    assert row(world, browser).reference in browser.text
    assert "Provider first" in browser.text
    browser.client.delete_cookie(f"emrex-session-{browser.transfer_id}", path="/emrex/campus/")
    assert "could not be handed over" in browser.reload().text
    assert "Provider first" not in browser.text


def test_pages_lead_to_where_the_import_stands(world: World) -> None:
    """Old addresses, and forms that come too late, lead to the page that counts."""
    browser = check(to_review(world))
    late = browser.path
    form = browser.form("check")
    (token,) = form.xpath("./input[@name='token']/@value")
    browser.submit("check", "confirm", purpose="recognition", consent="yes")
    for step in ("review", "check", "file/0/0/0"):
        browser.get(f"/emrex/campus/t/{browser.transfer_id}/import/{step}")
        assert browser.path.partition("?")[0].endswith("/import/state")
    browser.post(late, {"token": token, "purpose": "recognition", "consent": "yes"})
    assert "gone on in another window" in browser.text
    assert 1 == world.events(browser.transfer_id).count("import.confirmed")


def test_somebody_else_sees_nothing(world: World) -> None:
    """The pages need the browser and the session of the person who began."""
    browser = to_review(world)
    stranger = world.browser()
    assert 404 == stranger.get(browser.path).response.status_code
    browser.client.delete_cookie(f"emrex-session-{browser.transfer_id}", path="/emrex/campus/")
    browser.reload()
    assert "Title algebra" not in browser.text


def test_a_refusal_is_told_with_its_reason(world: World) -> None:
    """In the officer's words, where the import stands and in one's own data; nothing of the records is left."""
    browser = confirmed(world, result(match=DOUBTFUL))
    importing.refuse_for(
        world.services,
        administering.shell_actor(),
        browser.transfer_id,
        importing.RefusalReason.UNPROVEN,
        "Bring your passport.\nRoom <b>12</b>.",
    )

    assert "Your records were not taken" in browser.reload().text
    assert "It could not be told whether the records are yours" in browser.text
    assert "Bring your passport. Room <b>12</b>." in browser.text
    assert not browser.has("cancel")
    secret = exporting.begin_own_visit(world.services, "campus", IDENTITY, method="fake")
    browser.client.set_cookie("emrex-own", secret, path="/emrex/campus/my-data")
    browser.get("/emrex/campus/my-data")
    assert "Bring your passport. Room <b>12</b>." in browser.text
    assert "Algebra" not in browser.text

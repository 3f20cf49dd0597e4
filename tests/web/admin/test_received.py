"""Officers: what waits for them, both people side by side, and what they decide."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import name_pairs
from admin_world import AdminBrowser, AdminWorld
from emrex_gateway import importing
from emrex_gateway.domain import (
    AdminRole,
    Attachment,
    AttachmentContent,
    Match,
    Sameness,
    TransferState,
    texts,
)
from emrex_gateway.errors import AdapterError, AdapterUnavailable
from emrex_gateway.matching import REASONS
from emrex_gateway.web.admin import _received_words
from gateway_world import Browser
from review_world import (
    DOUBTFUL,
    SAME,
    CountingSink,
    begin,
    collect,
    confirm,
    confirmed,
    result,
    transcript,
    with_sinks,
)

_S = TransferState


def officer(world: AdminWorld, institution: str = "campus") -> AdminBrowser:
    return world.admin(AdminRole.OFFICER, institution)


def doubtful(world: AdminWorld, **how: object) -> str:
    """An import that waits for an officer."""
    files = (transcript("t"), page_with_script())
    return confirmed(world, result(match=DOUBTFUL, attachments=files, **how))  # type: ignore[arg-type]


def page_with_script() -> Attachment:
    content = AttachmentContent(media_type="text/html", data=b"<p>Hi<script>alert(1)</script></p>")
    return Attachment(id="page", titles=texts(en="A page"), contents=(content,))


def step(browser: Browser, name: str) -> str:
    """The text of a part of the page."""
    return " ".join(browser.page.xpath(f"//*[@data-step='{name}']")[0].text_content().split())


def state(world: AdminWorld, transfer: str) -> TransferState:
    with world.services.store.read() as uow:
        return uow.transfers.get(transfer).state


def test_an_officer_finds_what_waits_and_sees_both_people(world: AdminWorld) -> None:
    """The queue counts what waits; its page has both people, the reasons, the records and the files."""
    transfer = doubtful(world)
    browser = officer(world).get("/admin/received")
    row = browser.page.xpath("//table[@data-step='received']//tbody/tr")
    browser.get(row[0].xpath(".//th/a/@href")[0])
    people = browser.page.xpath("//table[@data-step='people']//tr/th[@scope='row']/text()")

    assert 1 == len(row)
    assert f"/admin/received/{transfer}" in browser.path
    assert ["Given names", "Family name"] == people[:2]
    assert "The names differ." in step(browser, "reasons")
    assert {"same", "differs"} >= set(browser.page.xpath("//@data-sign"))
    assert "Transcript t PDFA page text/html" == step(browser, "files")
    assert "algebra" in step(browser, "records")


def test_accepting_hands_over(world: AdminWorld) -> None:
    """Accepted records are the student's: the row goes on, the order is given, the trail names the officer."""
    transfer = doubtful(world)
    world.queue.sent.clear()
    browser = officer(world).get(f"/admin/received/{transfer}/accept").submit_form("accept")

    assert (_S.ACCEPTED, [("hand", transfer)]) == (state(world, transfer), world.queue.sent)
    assert "They are being handed over." in browser.text
    assert [browser.account.id] == [one["by"] for one in world.trail("import.accepted")]


def test_an_accepted_import_has_its_whole_time(world: AdminWorld) -> None:
    """What an officer accepts on the last day is tried for as long as any other import."""
    transfer = doubtful(world)
    lifetime = timedelta(seconds=world.services.settings.import_lifetime)
    world.clock.forward(seconds=lifetime.total_seconds() - 300)
    officer(world).get(f"/admin/received/{transfer}/accept").submit_form("accept")

    with world.services.store.read() as uow:
        assert world.clock() + lifetime == uow.transfers.get(transfer).expires_at


def test_refusing_destroys_what_came_and_tells_the_student(world: AdminWorld) -> None:
    """Of refused records the answer alone is left; the student reads it where the import stood."""
    browser = begin(world)
    collect(world, browser.transfer_id, result(match=DOUBTFUL))
    confirm(world.services, browser.transfer_id)
    world.queue.sent.clear()
    officer(world).get(f"/admin/received/{browser.transfer_id}/refuse").submit_form(
        "refuse", reason="unproven", words="Bring your passport.\n\nRoom 5."
    )
    with world.services.store.read() as uow:
        contents = uow.support.contents(browser.transfer_id)
    browser.get(f"/emrex/campus/t/{browser.transfer_id}/import/state")

    assert (_S.REFUSED, ("ruling",), []) == (
        state(world, browser.transfer_id),
        contents,
        world.queue.sent,
    )
    assert ["unproven"] == [one["reason"] for one in world.trail("import.rejected")]
    assert "Bring your passport." in step(browser, "ruling")
    assert "proof of it" in step(browser, "ruling")


def test_a_refusal_says_why(world: AdminWorld) -> None:
    """Without a reason, or with words that nobody can keep, nothing happens and the form comes back."""
    transfer = doubtful(world)
    browser = officer(world)
    for reason, words in (
        (None, "no reason"),
        ("other", "  "),
        ("other", "x" * 1001),
        ("unknown", "x"),
    ):
        browser.get(f"/admin/received/{transfer}/refuse")
        browser.submit_form("refuse", reason=reason, words=words)

        assert (422, _S.DOUBTFUL) == (browser.status, state(world, transfer))
        assert browser.page.xpath("//*[@id='errors']")


def test_a_second_officer_is_told(world: AdminWorld) -> None:
    """Whoever decides second changes nothing, and reads how the import stands."""
    transfer = doubtful(world)
    first = officer(world).get(f"/admin/received/{transfer}/accept")
    second = officer(world).get(f"/admin/received/{transfer}/refuse")
    first.submit_form("accept")
    second.submit_form("refuse", reason="other-person")

    assert _S.ACCEPTED is state(world, transfer)
    assert "had gone on meanwhile" in second.text


def test_what_was_not_taken_is_handed_over_again(world: AdminWorld) -> None:
    """An import that the host system did not take, or not yet, goes there when an officer says so."""
    for error in (AdapterError("no"), AdapterUnavailable("down", retry_after=3600)):
        transfer = confirmed(world)
        sink = CountingSink(errors=[error])
        services = with_sinks(world.services, **_others(world, sink))
        importing.hand(services, transfer)
        world.queue.sent.clear()
        officer(world).get(f"/admin/received/{transfer}/hand").submit_form("hand")
        importing.hand(services, transfer)

        assert [("hand", transfer)] == world.queue.sent
        assert (_S.HANDED_OVER, 2, 1) == (state(world, transfer), len(sink.calls), len(sink.stored))
    assert 2 == len(world.trail("import.again"))


def _others(world: AdminWorld, sink: CountingSink) -> dict[str, CountingSink]:
    with world.services.store.read() as uow:
        return {one.id: sink for one in uow.config.bindings("campus")}


def test_drawers_count_and_hold_their_own(world: AdminWorld) -> None:
    """Each import is in one drawer: to decide, not taken, being handed over, done."""
    doubtful(world)
    confirmed(world)
    failed = confirmed(world)
    sink = CountingSink(errors=[AdapterError("no")])
    importing.hand(with_sinks(world.services, **_others(world, sink)), failed)
    done = confirmed(world)
    importing.hand(with_sinks(world.services, **_others(world, CountingSink())), done)
    who = officer(world)
    found = {
        drawer: who.get(f"/admin/received?drawer={drawer}").page.xpath(
            "count(//table[@data-step='received']//tbody/tr)"
        )
        for drawer in importing.Drawer
    }

    assert dict.fromkeys(importing.Drawer, 1) == found
    assert 404 == who.get("/admin/received?drawer=elsewhere").status


def test_what_waits_longest_comes_first_page_by_page(world: AdminWorld) -> None:
    """An officer works from the oldest on; each page leads to the next, and none is shown twice."""
    ids = []
    for _number in range(5):
        ids.append(doubtful(world))
        world.clock.forward(minutes=1)
    actor = replace(world.operator())
    seen: list[str] = []
    after = None
    while True:
        queue = importing.officers_queue(
            world.services, actor, importing.Drawer.DOUBTFUL, after=after, limit=2
        )
        seen += [one.transfer.id for one in queue.waiting]
        after = queue.after
        if after is None:
            break

    assert ids == seen


def test_other_roles_do_not_see_contents(world: AdminWorld) -> None:
    """Only officers look at what students bring."""
    transfer = doubtful(world)
    others = [
        world.admin(role, "campus").get(path).status
        for role in (AdminRole.ADMINISTRATOR, AdminRole.SUPPORT, AdminRole.AUDITOR)
        for path in ("/admin/received", f"/admin/received/{transfer}")
    ]

    assert [403] * 6 == others


def test_other_institutions_imports_are_not_there(world: AdminWorld) -> None:
    """An officer of another institution finds nothing, not even that there is something."""
    transfer = doubtful(world)
    browser = officer(world, "elsewhere")
    answers = [
        browser.get(f"/admin/received/{transfer}{what}").status
        for what in ("", "/accept", "/refuse", "/hand", "/file/0/0/0", "/original/0")
    ]

    assert ([404] * 6, []) == (answers, world.trail("import.opened"))


def test_other_institutions_imports_cannot_be_decided(world: AdminWorld) -> None:
    """Nor can their posts decide anything."""
    transfer = doubtful(world)
    browser = officer(world, "elsewhere").get("/admin/received")
    token = browser.token()
    answers = [
        browser.post(
            f"/admin/received/{transfer}/{step}", {"token": token, "reason": "other-person"}
        )
        for step in ("accept", "refuse", "hand")
    ]

    assert [404] * 3 == [one.status for one in answers]
    assert _S.DOUBTFUL is state(world, transfer)


def test_what_is_no_confirmed_import_is_not_there(world: AdminWorld) -> None:
    """Before the student confirms, no officer sees anything: they may still change their mind."""
    browser = begin(world)
    collect(world, browser.transfer_id, result(match=DOUBTFUL))

    assert 404 == officer(world).get(f"/admin/received/{browser.transfer_id}").status


def test_opening_is_in_the_trail_once_an_hour(world: AdminWorld) -> None:
    """Who looked at somebody's records can be told; looking twice says nothing new."""
    transfer = doubtful(world)
    browser = officer(world)
    for _again in range(3):
        browser.get(f"/admin/received/{transfer}")
    world.clock.forward(hours=2)
    world.visitor(browser.account).get(f"/admin/received/{transfer}")

    assert [browser.account.id] * 2 == [one["by"] for one in world.trail("import.opened")]


def test_files_are_strangers_files(world: AdminWorld) -> None:
    """A PDF opens, a page is saved without its script, the original is saved as it came."""
    transfer = doubtful(world)
    browser = officer(world)
    pdf = browser.get(f"/admin/received/{transfer}/file/0/0/0").response
    html = browser.get(f"/admin/received/{transfer}/file/0/1/0").response
    original = browser.get(f"/admin/received/{transfer}/original/0").response

    assert ["inline", "attachment", "attachment"] == [
        one.headers["Content-Disposition"].partition(";")[0] for one in (pdf, html, original)
    ]
    assert {"nosniff"} == {one.headers["X-Content-Type-Options"] for one in (pdf, html, original)}
    assert b"script" not in html.data
    assert b"<elmo>first</elmo>" == original.data
    assert 404 == browser.get(f"/admin/received/{transfer}/file/7/0/0").status


def test_every_part_of_a_file_can_be_opened(world: AdminWorld) -> None:
    """A transcript in two languages, or as a picture and a PDF, is one attachment with two files."""
    parts = (
        AttachmentContent(media_type="text/plain", data=b"In words", lang="en"),
        AttachmentContent(media_type="application/pdf", data=b"%PDF-1.7 \n%%EOF", lang="fi"),
    )
    whole = replace(transcript("t"), contents=parts)
    transfer = confirmed(world, result(match=DOUBTFUL, attachments=(whole,)))
    browser = officer(world).get(f"/admin/received/{transfer}")
    links = browser.page.xpath("//*[@data-step='files']//a/@href")

    assert "Transcript t (English) text/plain Transcript t (Finnish) PDF" == " ".join(
        text
        for one in browser.page.xpath("//*[@data-step='files']/li")
        for text in one.text_content().split()
    )
    assert [b"In words", parts[1].data] == [browser.get(one).response.data for one in links]
    assert 404 == browser.get(f"/admin/received/{transfer}/file/0/0/2").status


def test_likeness_is_told_of_names_that_are_only_alike(world: AdminWorld) -> None:
    """Where the names are the same and a birth date is missing, no number says that they are not."""
    missing = Match(
        sameness=Sameness.DOUBTFUL, score=88.0, reasons=("birth-date-missing", "names-equal")
    )
    browser = officer(world)
    told = [
        "Likeness" in browser.get(f"/admin/received/{transfer}").text
        for transfer in (doubtful(world), confirmed(world, result(match=missing)))
    ]

    assert [True, False] == told


def test_weak_signatures_are_told(world: AdminWorld) -> None:
    """An officer sees that a signature holds only because the provider is allowed SHA-1 and short keys."""
    weak = result(match=DOUBTFUL, warnings=("the key is short: RSA of 1024 bits",))
    weak = replace(weak, facts=replace(weak.facts, signature_method="rsa-sha1"))
    transfer = confirmed(world, weak)
    strong = confirmed(world, result("second", match=SAME))
    browser = officer(world)

    told = [
        " ".join(
            browser.get(f"/admin/received/{id_}").page.xpath("//*[@data-step='caution']/text()")
        )
        for id_ in (transfer, strong)
    ]

    assert [True, True] == ["SHA-1" in told[0], "key is too short" in told[0]]
    assert "" == told[1]


def test_contents_that_are_gone_leave_the_row(world: AdminWorld) -> None:
    """After a hand-over and its time the row and the timeline stay, and the page says what is left."""
    transfer = confirmed(world)
    importing.hand(with_sinks(world.services, **_others(world, CountingSink())), transfer)
    with world.services.store.begin() as uow:
        uow.transfers.purge(transfer)
        uow.transfers.move(uow.transfers.get(transfer), _S.EXPIRED)
    browser = officer(world).get(f"/admin/received/{transfer}")

    assert 200 == browser.status
    assert "r-1" in browser.text
    assert [] == browser.page.xpath("//table[@data-step='people']")


def test_every_reason_has_words() -> None:
    """Whatever the matcher says, an officer reads it in words; every code of the table is known."""
    assert REASONS == set(_received_words.REASONS)


def test_the_matchers_reasons_are_listed() -> None:
    """No pair of the table gets a reason that the list of reasons does not have."""
    said = {code for pair in name_pairs.pairs()[::5] for code in name_pairs.judged(pair).reasons}

    assert set() == said - REASONS

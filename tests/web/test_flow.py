"""A transfer from the entry to the reply, and every way in which it can go otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

import databases
from emrex_gateway import exporting, network, signing
from emrex_gateway.domain import (
    ECTS,
    Credit,
    ElmoVersion,
    Issuer,
    LangString,
    PersonIdentifier,
    PersonIdentifierType,
    ReturnCode,
    Status,
    TransferState,
)
from emrex_gateway.errors import (
    AdapterError,
    AdapterUnavailable,
    AmbiguousStudent,
    LoginError,
    StudentNotFound,
)
from gateway_world import RECORDS, RETURN_URL, STUDENT, FakeQueue, World, record, write_key

NS = {"e": "https://github.com/emrex-eu/elmo-schemas/tree/v1"}


def elmo_of(world: World, fields: dict[str, str]):
    """The verified document of a reply, parsed."""

    reply = network.unpack(fields)
    assert reply.elmo is not None
    verified = signing.verify(reply.elmo, [world.certificate])
    return etree.fromstring(verified.xml)


def titles(root) -> list[str]:
    return root.xpath(
        "//e:learningOpportunitySpecification/e:title[@xml:lang='en']/text()", namespaces=NS
    )


def test_a_whole_transfer(world: World) -> None:
    """Entry, login, records, choice, preview, consent, signature, reply: verified at the end."""
    browser = world.browser().enter(sessionId="abc-123")
    browser.log_in()
    assert browser.has("progress")
    world.work()
    browser.reload().submit("select", "all").submit("select", "preview")
    assert "client.example" in browser.text
    assert "urn:schac:personalUniqueCode:int:esi:FI:1.2.246.1" in browser.text
    browser.submit("preview", "confirm", consent="yes")
    assert browser.has("progress")
    world.work()
    browser.reload()

    fields = browser.reply()
    assert {"sessionId", "returnCode", "returnMessage", "elmo"} == {k for k in fields if k}
    assert (fields["sessionId"], fields["returnCode"]) == ("abc-123", "NCP_OK")
    assert browser.form("reply").get("action") == RETURN_URL
    root = elmo_of(world, fields)
    assert (titles(root)) == [
        "Title degree",
        "Title module",
        "Title course-1",
        "Title course-2",
        "Title loose",
    ]
    assert world.events(browser.transfer_id) == [
        "transfer.entered",
        "login.succeeded",
        "records.fetched",
        "consent.given",
        "elmo.signed",
        "reply.delivered",
    ]


def test_only_what_was_chosen_is_sent(world: World) -> None:
    """One record, chosen alone, is the only one in the file; its place is named."""
    browser = world.browser().to_selection()
    browser.submit("select", "preview", record=["2"])
    browser.submit("preview", "confirm", consent="yes")
    world.work()

    root = elmo_of(world, browser.reload().reply())

    assert titles(root) == ["Title course-1"]
    assert "Title module" in "".join(root.xpath("//e:description/text()", namespaces=NS))


def test_a_branch_is_chosen_and_dropped(world: World) -> None:
    """Without scripts, a branch is taken or dropped with one button."""
    browser = world.browser().to_selection().submit("select", "none").submit("select", "take:1")

    def ticked() -> list[str]:
        return browser.page.xpath("//input[@name='record'][@checked]/@value")

    assert ticked() == ["1", "2", "3"]
    browser.submit("select", "drop:2")
    assert ticked() == ["1", "3"]
    assert (browser.reload(), ticked())[1] == ["1", "3"]
    browser.submit("select", "none")
    assert ticked() == []
    browser.submit("select", "preview")
    assert "Nothing is chosen yet" in browser.text


def test_failed_studies_only_when_the_client_asks(world: World) -> None:
    """The USOS extension: failed and unfinished records are offered and marked on request."""
    plain = world.browser().to_selection()
    asked = world.browser().to_selection(allowNotPassedCourses="true")

    assert "Title failed" not in plain.text
    assert "Title failed" in asked.text
    assert "failed" in asked.page.xpath("//strong/text()")
    asked.submit("select", "preview", record=["5"])
    asked.submit("preview", "confirm", consent="yes")
    world.work()
    root = elmo_of(world, asked.reload().reply())
    assert root.xpath("//e:status/text()", namespaces=NS) == ["failed"]


def test_all_or_nothing(world: World) -> None:
    """``allowToPickCourses=false``: nothing can be picked, everything goes."""
    browser = world.browser().to_selection(allowToPickCourses="false")
    assert browser.page.xpath("//input[@name='record']") == []

    browser.submit("select", "preview", record=["0"])
    browser.submit("preview", "confirm", consent="yes")
    world.work()

    assert len(titles(elmo_of(world, browser.reload().reply()))) == 5


def test_consent_is_a_box_of_its_own(world: World) -> None:
    """Without the tick nothing is signed, and the page says what is missing."""
    browser = world.browser().to_selection().submit("select", "all").submit("select", "preview")

    browser.submit("preview", "confirm")

    assert browser.has("preview")
    assert browser.page.xpath("//*[@role='alert']")
    assert world.queue.sent == []


def test_identifiers_can_be_held_back(world: World) -> None:
    """Each identifier is shown and can be removed; what was removed is not in the file."""
    browser = world.browser().to_selection().submit("select", "all").submit("select", "preview")
    browser.submit("preview", "confirm", consent="yes", identifier=[])
    world.work()

    root = elmo_of(world, browser.reload().reply())

    assert root.xpath("/e:elmo/e:learner/e:identifier", namespaces=NS) == []


def test_national_identifier_only_to_listed_hosts(world: World) -> None:
    """By default the European Student Identifier leaves; the national one only to listed hosts."""

    def types(**fields: str) -> list[str]:
        root = elmo_of(world, world.browser().to_reply(**fields).reply())
        return root.xpath("/e:elmo/e:learner/e:identifier/@type", namespaces=NS)

    assert types() == ["esi"]
    assert types(returnUrl="https://trusted.example/back") == ["esi", "nationalIdentifier"]


def test_no_records(world: World) -> None:
    """A student without records: a page, and NCP_NO_RESULTS for the client."""
    for answer in ((), StudentNotFound("none")):
        world.source.records = answer
        browser = world.browser().to_selection()

        assert "There are no records to send" in browser.text
        fields = browser.reply()
        assert (fields["returnCode"], fields["elmo"] or "") == ("NCP_NO_RESULTS", "")
        assert "records.none" in world.events(browser.transfer_id)


def test_only_failed_records_are_no_results(world: World) -> None:
    """When nothing may be offered, there is nothing to send."""
    world.source.records = (record("f", status=Status.FAILED),)

    assert world.browser().to_selection().reply()["returnCode"] == "NCP_NO_RESULTS"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (AdapterUnavailable("down"), "does not answer"),
        (AdapterError("rubbish"), "Something broke on our side"),
        (AmbiguousStudent("two"), "more than one person"),
    ],
)
def test_an_adapter_that_fails(world: World, error: AdapterError, words: str) -> None:
    """A clear page with a retry and a way back with NCP_ERROR; nothing is lost."""
    world.source.student = error
    browser = world.browser().to_selection()

    assert words in browser.text
    assert browser.reply()["returnCode"] == "NCP_ERROR"
    assert browser.reply()["elmo"] in (None, "")
    assert "records.failed" in world.events(browser.transfer_id)

    world.source.student = STUDENT
    browser.submit("retry", "retry")
    world.work()
    assert browser.reload().has("select")


@pytest.mark.parametrize("at", ["login", "progress", "select", "preview", "signing", "reply"])
def test_cancel_on_every_page(world: World, at: str) -> None:
    """Every page before the end can be left; the client hears NCP_CANCEL."""
    browser = world.browser().enter()
    if at != "login":
        browser.log_in()
    if at not in ("login", "progress"):
        world.work()
        browser.reload()
    if at in ("preview", "signing"):
        browser.submit("select", "all").submit("select", "preview")
    if at == "signing":
        browser.submit("preview", "confirm", consent="yes")
    if at == "reply":
        browser = world.browser().to_reply()

    browser.submit("cancel", "cancel")
    world.work()

    assert browser.reload().reply()["returnCode"] == "NCP_CANCEL"
    assert browser.reply()["elmo"] in (None, "")


def test_newer_codes_on_request(world: World) -> None:
    """``EMP_*`` codes only where the access point is configured for them."""
    world.change_access_point(newer_codes=True)

    assert world.browser().to_reply().reply()["returnCode"] == "EMP_OK"


def test_reloading_the_reply_gives_the_same_reply(world: World) -> None:
    """Nobody can tell whether the post arrived: loading again gives the same, once audited."""
    browser = world.browser().to_reply()
    first = browser.reply()

    assert first == browser.reload().reply()
    assert world.events(browser.transfer_id).count("reply.delivered") == 1


def test_double_submit_signs_once(world: World) -> None:
    """Pressing twice, or pressing in two tabs, confirms once and signs once."""
    browser = world.browser().to_selection().submit("select", "all").submit("select", "preview")
    other = world.browser()
    other.client = browser.client
    other.get(browser.path)

    browser.submit("preview", "confirm", consent="yes")
    other.submit("preview", "confirm", consent="yes")

    assert [("sign", browser.transfer_id)] == world.queue.sent
    assert "another window or tab" in other.text
    world.queue.sent *= 2
    world.work()
    assert world.events(browser.transfer_id).count("elmo.signed") == 1


def test_the_back_button_leads_to_where_the_transfer_stands(world: World) -> None:
    """Old pages lead on, old forms change nothing and say so."""
    browser = world.browser().to_selection()
    selection = browser.path
    old = browser.page
    browser.submit("select", "all").submit("select", "preview")
    browser.submit("preview", "confirm", consent="yes")
    world.work()

    assert browser.get(selection).has("reply")
    browser.page, browser.path = old, selection
    browser.submit("select", "none")
    assert browser.has("reply")
    assert "another window or tab" in browser.text


def test_two_transfers_in_one_browser(world: World) -> None:
    """Two tabs with two clients do not mix."""
    first = world.browser()
    first.enter(sessionId="first", returnUrl="https://one.example/")
    second = world.browser()
    second.client = first.client
    second.enter(sessionId="second", returnUrl="https://two.example/")

    for tab in (first, second):
        tab.log_in()
        world.work()
        tab.reload().submit("select", "all").submit("select", "preview")
        tab.submit("preview", "confirm", consent="yes")
    world.work()

    replies = [
        (tab.reload().reply()["sessionId"], tab.form("reply").get("action"))
        for tab in (first, second)
    ]
    assert replies == [("first", "https://one.example/"), ("second", "https://two.example/")]


def test_another_browser_sees_nothing(world: World) -> None:
    """The address alone opens nothing: no page of a transfer answers without its cookie."""
    mine = world.browser().to_selection()
    stranger = world.browser()
    base = f"/emrex/campus/t/{mine.transfer_id}/"

    for page in (
        "", "progress", "select", "preview", "reply", "end", "download",
        "download/elmo.xml", "download/transcript.pdf", "person", "login/fake",
    ):  # fmt: skip
        stranger.get(base + page)
        assert stranger.response.status_code == 404, page
        assert "Mallikas" not in stranger.response.get_data(as_text=True)
    for page in ("select", "preview", "cancel", "retry", "person"):
        assert stranger.post(base + page, {}).response.status_code == 404, page
    assert mine.reload().has("select")


def test_another_browser_cannot_finish_a_login(world: World) -> None:
    """A login that one browser began cannot be finished by another (login CSRF)."""
    mine = world.browser().enter()
    start = mine.client.get(mine.link("choices"))
    state = start.headers["Location"].partition("state=")[2]

    stranger = world.browser().get(f"/emrex/campus/callback?code=c&state={state}")

    assert stranger.response.status_code == 404
    assert world.events(mine.transfer_id) == ["transfer.entered"]


def test_forms_of_other_pages_are_refused(world: World) -> None:
    """A form without the transfer's token was not made by a page of ours."""
    browser = world.browser().to_selection()

    browser.submit("select", "none", token="0" * 64)

    assert browser.response.status_code == 400
    browser.get(f"/emrex/campus/t/{browser.transfer_id}/select")
    assert len(browser.page.xpath("//input[@name='record'][@checked]")) == 5


def test_a_replayed_callback_changes_nothing(world: World) -> None:
    """The answer of a provider is good once."""
    browser = world.browser().enter()
    start = browser.client.get(browser.link("choices"))
    state = start.headers["Location"].partition("state=")[2]
    callback = f"/emrex/campus/callback?code=c&state={state}"

    browser.get(callback)
    browser.get(callback)

    assert browser.has("progress")
    assert world.events(browser.transfer_id).count("login.succeeded") == 1


@pytest.mark.parametrize("reason", ["denied", "signature", "unreachable"])
def test_a_login_that_fails(world: World, reason: str) -> None:
    """The page says what happened and offers another try; the reason is in the audit event."""
    world.login.error = LoginError("no", reason=reason)
    browser = world.browser().enter()
    if reason == "unreachable":
        browser.get(browser.link("choices"))
    else:
        browser.log_in()
        assert "login.refused" in world.events(browser.transfer_id)

    assert browser.page.xpath("//*[@role='alert']")
    world.login.error = None
    assert browser.log_in().has("progress")


def test_a_login_that_takes_an_hour(world: World) -> None:
    """The parameters survive a long login."""
    browser = world.browser().enter(sessionId="patient")
    start = browser.client.get(browser.link("choices"))
    state = start.headers["Location"].partition("state=")[2]
    world.clock.forward(hours=1)

    browser.get(f"/emrex/campus/callback?code=c&state={state}")
    world.work()
    browser.reload().submit("select", "all").submit("select", "preview")
    browser.submit("preview", "confirm", consent="yes")
    world.work()

    assert browser.reload().reply()["sessionId"] == "patient"


def test_an_expired_transfer(world: World) -> None:
    """After its time a transfer is over, before and after the sweep; its contents are gone."""

    browser = world.browser().to_selection()
    page = browser.path
    world.clock.forward(hours=5)

    assert browser.get(page).response.status_code == 410
    exporting.sweep(world.services)
    assert browser.get(page).response.status_code == 410
    with world.services.store.begin() as uow:
        assert uow.transfers.get(browser.transfer_id).state is TransferState.EXPIRED
        assert uow.transfers.unseal(browser.transfer_id, "identity", object) is None


@pytest.mark.parametrize("end", ["cancelled", "no-results"])
def test_what_is_not_sent_is_destroyed_soon(world: World, end: str) -> None:
    """After cancelling, and where there is nothing to send, contents do not wait for the transfer's
    whole time: an hour later they are gone."""
    if end == "no-results":
        world.source.records = ()
        browser = world.browser().to_selection()
    else:
        browser = world.browser().to_selection().submit("cancel", "cancel")
    world.clock.forward(minutes=61)
    exporting.sweep(world.services)

    assert 410 == browser.reload().response.status_code
    with world.services.store.read() as uow:
        assert uow.transfers.unseal(browser.transfer_id, "identity", object) is None


def test_a_delivered_reply_is_destroyed_after_its_time(world: World) -> None:
    """What was delivered can be loaded again for an hour, then it is gone."""

    browser = world.browser().to_reply()
    world.clock.forward(minutes=61)
    exporting.sweep(world.services)

    assert browser.reload().response.status_code == 410


@pytest.mark.parametrize("trouble", ["missing", "expired", "foreign"])
def test_a_key_that_cannot_sign(world: World, trouble: str) -> None:
    """The page says "later", the choice stays, and a retry after the repair signs it."""
    folder = world.key_path.parent
    key, certificate = world.key_path.read_bytes(), (folder / "certificate.pem").read_bytes()
    if trouble == "missing":
        world.key_path.unlink()
    elif trouble == "expired":
        write_key(folder, days=-1)
    else:
        write_key(folder)
        world.key_path.write_bytes(key)
    browser = world.browser().to_reply()

    assert "cannot be signed at the moment" in browser.text
    assert browser.reply()["returnCode"] == "NCP_ERROR"
    world.key_path.write_bytes(key)
    (folder / "certificate.pem").write_bytes(certificate)
    browser.submit("retry", "retry")
    world.work()
    assert browser.reload().reply()["returnCode"] == "NCP_OK"


def test_redis_gone_and_back(world: World) -> None:
    """Losing the queue loses nothing: the sweep sends the step again."""

    assert isinstance(world.queue, FakeQueue)
    world.queue.closed = True
    browser = world.browser().enter().log_in()
    assert browser.has("progress")
    world.queue.closed = False
    world.clock.forward(seconds=30)

    exporting.sweep(world.services)
    world.work()

    assert browser.reload().has("select")


def test_names_with_markup_stay_text(world: World) -> None:
    """Markup in names and titles is shown as text, never as elements."""
    world.source.student = replace(
        STUDENT, given_names="<script>alert(1)</script>", family_name='"><b>x'
    )
    world.source.records = (record("<img src=x onerror=alert(1)>"), *RECORDS)
    browser = world.browser().to_selection().submit("select", "all").submit("select", "preview")

    assert browser.page.xpath("//main//script | //img | //b") == []
    assert "<script>alert(1)</script>" in browser.text


@pytest.mark.parametrize(
    "bad",
    [
        {"titles": ()},
        {"titles": (LangString("\x00\x0b\u202egnirts\ud800", "xx-not-a-tag!"),)},
        {"credits": ()},
        {"credits": (Credit(scheme=ECTS, value=None),)},
        {"grade": "never heard of"},
        {"type": None, "identifiers": ()},
        {"issuer": Issuer(identifiers=(), titles=(), url="")},
    ],
)
def test_records_with_something_missing_or_wrong(world: World, bad: dict[str, Any]) -> None:
    """A record without title, credits or type, of an unknown institution, with an unknown grade or
    with control characters and right-to-left overrides still reaches the client."""
    world.source.records = (record("good"), record("bad", **bad))

    root = elmo_of(world, world.browser().to_reply().reply())

    assert 2 == len(root.xpath("//e:learningOpportunitySpecification", namespaces=NS))


def test_a_transcript_of_records_for_each_issuer(world: World) -> None:
    """Where the access point asks for it, each report has its own Transcript of Records."""
    world.change_access_point(transcript_per_issuer=True)

    root = elmo_of(world, world.browser().to_reply().reply())

    assert ["Transcript of Records"] == root.xpath(
        "//e:report/e:attachment/e:type/text()", namespaces=NS
    )
    assert ["EMREX transcript"] == root.xpath("/e:elmo/e:attachment/e:type/text()", namespaces=NS)


def test_elmo_2_on_request(world: World) -> None:
    """An access point may write ELMO 2.0."""
    world.change_access_point(elmo_version=ElmoVersion.V2_0)

    root = elmo_of(world, world.browser().to_reply().reply())

    assert ["1998-02-11"] == root.xpath("//e:learner/e:dateOfBirth/text()", namespaces=NS)


@pytest.mark.each_database
def test_a_locked_database(world: World) -> None:
    """While another process holds the database, pages that write say "busy"; then all goes on."""
    browser = world.browser().to_selection()
    page = browser.page
    with databases.held(world.services.settings.database_url):
        browser.submit("select", "all")
        assert 503 == browser.response.status_code
        assert "Nothing is lost" in browser.text
        assert browser.response.headers["Retry-After"]
    browser.page = page
    browser.submit("select", "all")
    assert browser.page.xpath("//input[@name='record'][@checked]")


@pytest.mark.any_database
def test_five_thousand_records(world: World) -> None:
    """5,000 records are listed, chosen, previewed and signed."""
    world.source.records = tuple(record(f"r{i}") for i in range(5000))
    browser = world.browser().to_selection()
    assert 100 == len(browser.page.xpath("//input[@name='record']"))
    browser.submit("select", "none").submit("select", "preview", record=["0-4999"])
    browser.submit("preview", "confirm", consent="yes")
    world.work()

    assert len(titles(elmo_of(world, browser.reload().reply()))) == 5000


def test_more_records_than_the_limit(world: World) -> None:
    """An adapter that never ends is cut off."""
    world.source.records = (record(f"r{i}") for i in range(10**9))

    assert world.browser().to_selection().reply()["returnCode"] == "NCP_ERROR"


def test_removed_identifier_of_unknown_type(world: World) -> None:
    """A forged identifier type is refused."""
    browser = world.browser().to_selection().submit("select", "all").submit("select", "preview")

    browser.submit("preview", "confirm", consent="yes", identifier=["passport"])

    assert browser.response.status_code == 400


def test_a_released_identifier_that_the_login_brought(world: World) -> None:
    """What the host system does not know, the login may bring."""
    world.source.student = replace(STUDENT, identifiers=())
    esi = PersonIdentifier(PersonIdentifierType.ESI, "urn:schac:personalUniqueCode:int:esi:FI:9")
    world.login.identity = replace(world.login.identity, identifiers=(esi,))

    root = elmo_of(world, world.browser().to_reply().reply())

    assert [esi.value] == root.xpath("/e:elmo/e:learner/e:identifier/text()", namespaces=NS)


def test_return_codes_are_the_four(world: World) -> None:
    """The four codes are those of the specification, in the older spelling."""
    assert [c.value for c in ReturnCode] == ["NCP_OK", "NCP_NO_RESULTS", "NCP_CANCEL", "NCP_ERROR"]

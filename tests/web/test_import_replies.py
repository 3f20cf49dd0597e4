"""Whose a reply is: it counts once, in time, for the browser and the person that asked for it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from emrex_gateway import importing
from emrex_gateway.domain import Identity, Maintenance, MaintenanceMode, TransferState
from examples.emp_simulator import Mode
from gateway_world import IDENTITY, World
from import_steps import EMC, Importer, importer, make_import_world, reply_of

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_import_world(tmp_path_factory.mktemp("world"), max_reply_bytes=200_000)


@pytest.fixture
def world(shared: World) -> Iterator[World]:
    """One for the module; what a test changes of it is put back."""
    identity, before = shared.login.identity, len(shared.refusals())
    SEEN[shared.key_path] = before
    yield shared
    shared.login.identity = identity


@pytest.fixture
def student(world: World) -> Importer:
    return importer(world).log_in()


@pytest.fixture
def reply(student: Importer) -> dict[str, str]:
    """What the provider's page is about to post."""
    return reply_of("north", Mode.SUCCESS, student.set_out("north"))


SEEN: dict[Path, int] = {}
"""How many refusals a world's trail had before the test."""


def reasons(world: World) -> list[str]:
    """Why replies were refused during this test."""
    new = world.refusals()[SEEN[world.key_path] :]
    return [reason for event, reason in new if event == "import.reply_refused"]


def test_what_a_provider_is_sent(student: Importer) -> None:
    """A random session id of at most 32 characters, new each time, kept as a hash; our own address."""
    first, second = student.set_out("east"), student.set_out("east")

    assert {"sessionId", "returnUrl"} == set(first)
    assert "https://gateway.example/emrex/campus/emc" == first["returnUrl"]
    assert len(first["sessionId"]) <= 32
    assert first["sessionId"].isalnum()
    assert first["sessionId"] != second["sessionId"]
    policy = student.browser.response.headers["Content-Security-Policy"]
    assert "form-action https:" in policy
    assert "https://elsewhere.test/east/emp" == student.browser.form("go").get("action")
    assert all(first["sessionId"] not in repr(one) for one in student.errands)


def test_a_reply_is_stored_and_led_on_without_cookies(
    student: Importer, reply: dict[str, str]
) -> None:
    """The POST comes from another site: it sets no cookie, reads none, and is answered with a 303."""
    answer = student.world.app.test_client().post(EMC, data=reply)

    assert 303 == answer.status_code
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Location"].startswith(
        f"/emrex/campus/t/{student.transfer.id}/import/back/"
    )
    assert ["replied"] == [state for state, _ in student.ends]
    assert [] == student.world.queue.sent


def test_another_browser_cannot_deliver_for_this_one(
    student: Importer, reply: dict[str, str]
) -> None:
    """Somebody else's browser, lured into posting its owner's records here, ends at a page of its own.

    The import does not go on: neither without that browser's ticket, nor with
    one that was made up.
    """
    victim = student.world.browser().post(EMC, reply)
    assert 404 == victim.response.status_code
    assert "not asked for in this browser" in victim.text
    assert student.transfer.reference not in victim.text

    errand = student.errands[0].id
    for ticket in ("", "?ticket=guessed"):
        path = f"/emrex/campus/t/{student.transfer.id}/import/back/{errand}{ticket}"
        assert 404 == student.browser.get(path).response.status_code

    student.world.work()
    assert [("replied", "")] == student.ends
    assert ["StrangersReply"] * 3 == reasons(student.world)


def test_a_reply_counts_once(student: Importer, reply: dict[str, str]) -> None:
    """Posted again (the back button, a reload, a replay) it has a page that leads on; the first one counts."""
    student.come_back(reply)
    state = student.transfer

    again = student.browser.post(EMC, {**reply, "returnCode": "NCP_CANCEL"})

    assert 409 == again.response.status_code
    assert "has arrived before" in again.text
    assert again.page.xpath(f"//main//a[contains(@href, '/t/{state.id}/')]")
    assert [("verified", "")] == student.ends
    assert state == student.transfer
    assert 404 == student.world.browser().post(EMC, reply).response.status_code
    assert "RepeatedReply" in reasons(student.world)


def test_a_form_that_is_sent_twice_loses_nothing(student: Importer, reply: dict[str, str]) -> None:
    """A double click, or a reload because the answer got lost: the second post leads on as the first would.

    A browser follows the last answer only. Once it has, the same form has its own page.
    """
    lost = student.browser.client.post(EMC, data=reply).headers["Location"]

    student.come_back(reply)

    assert [("verified", "")] == student.ends
    assert 1 == student.world.events(student.transfer.id).count("import.replied")
    assert student.transfer.state is TransferState.REVIEWING
    assert 200 == student.browser.get(lost).response.status_code
    assert 409 == student.browser.post(EMC, reply).response.status_code


def test_what_nobody_claimed_makes_room(student: Importer, reply: dict[str, str]) -> None:
    """A page that was loaded again signs anew: what came last counts, and leads no older ticket on."""
    victim = student.world.browser().post(EMC, reply)
    first = student.browser.client.post(EMC, data=reply).headers["Location"]
    other = {"sessionId": reply["sessionId"], "returnCode": "NCP_CANCEL"}

    last = student.browser.client.post(EMC, data=other).headers["Location"]

    assert 404 == victim.response.status_code
    assert 404 == student.browser.get(first).response.status_code
    assert [("replied", "")] == student.ends
    student.browser.get(last)
    assert [("cancelled", "")] == student.ends


def test_replies_that_come_at_once(student: Importer, reply: dict[str, str]) -> None:
    """Several requests with one form: each is told the same, and one of them is stored."""
    services = student.world.services
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: importing.take_reply(services, "campus", reply), range(4)))

    assert [told[0]] * 4 == told
    assert 1 == student.world.events(student.transfer.id).count("import.replied")


def test_the_way_back_may_be_loaded_again(student: Importer, reply: dict[str, str]) -> None:
    """The address after the reply leads to where the import stands, however often it is opened."""
    answer = student.browser.client.post(EMC, data=reply)
    back = answer.headers["Location"]

    student.browser.get(back)
    student.browser.get(back)
    student.world.work()
    student.browser.get(back)

    assert 1 == student.world.events(student.transfer.id).count("import.claimed")
    assert [("verified", "")] == student.ends


@pytest.mark.parametrize("session", ["f" * 32, "", " ", "x" * 300, "Ünïcode", "a\0b"])
def test_a_session_id_that_nobody_gave_away(world: World, session: str) -> None:
    """A reply out of nowhere has its page, and nothing of it is kept."""
    answer = world.browser().post(EMC, {"sessionId": session, "returnCode": "NCP_OK"})

    assert 404 == answer.response.status_code
    assert "Nobody waits for these records" in answer.text
    assert ["UnknownReply"] == reasons(world)


def test_a_reply_to_another_access_point(student: Importer, reply: dict[str, str]) -> None:
    """A session id counts at the access point that gave it away, and nowhere else."""
    answer = student.world.app.test_client().post("/emrex/elsewhere/emc", data=reply)

    assert 404 == answer.status_code
    assert [("away", "")] == student.ends


def test_a_reply_after_the_import_has_expired(student: Importer, reply: dict[str, str]) -> None:
    """Too late is too late: nothing is kept, and the page says what to do."""
    student.world.clock.forward(hours=5)

    answer = student.browser.post(EMC, reply)

    assert 410 == answer.response.status_code
    assert "too late" in answer.text
    assert [("away", "")] == student.ends


def test_a_reply_after_the_student_has_cancelled(student: Importer, reply: dict[str, str]) -> None:
    """An import that was cancelled in another tab takes nothing any more."""
    page = student.browser.get(f"/emrex/campus/t/{student.transfer.id}/import/where")
    page.submit("cancel")
    assert student.transfer.state is TransferState.CANCELLED
    assert "You cancelled the import" in page.text

    assert 410 == student.browser.post(EMC, reply).response.status_code


def test_a_second_result_while_the_first_is_looked_at(student: Importer) -> None:
    """Two tabs, two visits: what comes second is checked too and joins the first."""
    first = reply_of("north", Mode.SUCCESS, student.set_out("north"))
    second = reply_of("east", Mode.SUCCESS, student.set_out("east"))
    student.come_back(first)
    assert student.transfer.state is TransferState.REVIEWING

    student.come_back(second)

    assert [("verified", ""), ("verified", "")] == student.ends
    assert student.transfer.state is TransferState.REVIEWING


def test_a_second_visit_in_vain_while_the_first_is_looked_at(student: Importer) -> None:
    """What came of the second tab is told where it ends; what was told before is not told again."""
    student.visit("isles", Mode.CANCEL)
    first, second, third = (
        (student.set_out("north"), Mode.SUCCESS),
        (student.set_out("east"), Mode.ERROR),
        (student.set_out("west"), Mode.OTHER_PERSON),
    )
    student.come_back(reply_of("north", first[1], first[0]))
    assert not student.browser.page.xpath("//*[@data-step='came']//li[@data-state]")
    student.world.clock.forward(seconds=1)

    student.come_back(reply_of("east", second[1], second[0]))
    assert "The student register is closed for maintenance." in student.browser.text
    student.come_back(reply_of("west", third[1], third[0]))

    told = student.browser.page.xpath("//*[@data-step='came']//li/@data-state")
    assert ["error", "refused"] == told
    assert "of another person, so they were not kept" in student.browser.text
    assert student.transfer.state is TransferState.REVIEWING


def test_a_session_that_ended_meanwhile_loses_nothing(
    student: Importer, reply: dict[str, str]
) -> None:
    """Somebody who was away for long logs in again, as the same person, and goes on."""
    student.world.clock.forward(minutes=45)

    student.browser.post(EMC, reply)
    assert student.browser.has("session-over")
    student.world.work()
    student.browser.log_in()

    assert [("verified", "")] == student.ends
    assert student.transfer.state is TransferState.REVIEWING


def test_another_person_does_not_go_on(student: Importer, reply: dict[str, str]) -> None:
    """After the session has ended, nobody but the person who began the import gets in."""
    student.world.clock.forward(minutes=45)
    student.browser.post(EMC, reply)
    student.world.login.identity = Identity(
        method="fake", provider=IDENTITY.provider, subject="somebody-else"
    )

    student.browser.log_in()

    assert "somebody else" in student.browser.text


def test_the_page_that_leads_away_is_good_until_the_reply(
    student: Importer, reply: dict[str, str]
) -> None:
    """Loaded again it is the same visit; afterwards, and for others, it leads nowhere."""
    leave = student.browser.path
    student.browser.get(leave)
    assert student.browser.has("go")
    assert reply["sessionId"] == student.browser.form("go").xpath(".//input/@value")[0]
    student.browser.client.post(EMC, data=reply)

    student.browser.get(leave)

    assert not student.browser.has("go")
    assert 404 == student.world.browser().get(leave).response.status_code


def test_maintenance_lets_those_finish_who_are_away(
    student: Importer, reply: dict[str, str]
) -> None:
    """While it drains nobody begins an import, and a reply that is on its way is taken."""
    store = student.world.services.store
    with store.begin() as uow:
        uow.operations.put_maintenance(Maintenance(mode=MaintenanceMode.DRAIN))
    try:
        assert 503 == student.world.browser().get("/emrex/campus/import").response.status_code
        student.come_back(reply)
    finally:
        with store.begin() as uow:
            uow.operations.put_maintenance(Maintenance())

    assert [("verified", "")] == student.ends


# ---- Limits -----------------------------------------------------------------


class Endless:
    """A body that never ends, as a server passes on a chunked one; counts what was read of it."""

    def __init__(self) -> None:
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        assert 0 <= size <= 1_000_000
        self.given += size
        return b"e" * size

    def tell(self) -> int:
        """Werkzeug's test client asks where the body begins."""
        return 0

    def seek(self, *_: int) -> int:
        return 0


def test_a_large_reply_is_refused_before_it_is_read(world: World) -> None:
    """Content-Length says enough: not a byte of 200 MB is read."""
    body = Endless()

    answer = post(world, body, CONTENT_LENGTH="200000000")

    assert 413 == answer.status_code
    assert "too large" in answer.text
    assert 0 == body.given
    assert ["TooLargeReply"] == reasons(world)


def test_a_chunked_reply_is_read_up_to_the_limit(world: World) -> None:
    """Without a Content-Length the limit holds as well."""
    body = Endless()

    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = post(world, body, **chunked)

    assert 413 == answer.status_code
    assert 0 < body.given <= 300_000


def test_a_reply_of_very_many_fields_is_refused(world: World) -> None:
    """Each field would take more memory than its bytes."""
    answer = post(world, BytesIO(b"a&" * 50_000), CONTENT_LENGTH="100000")

    assert 413 == answer.status_code


@pytest.mark.parametrize("name", ["sessionId", "returnCode", "elmo"])
def test_a_field_that_says_two_things_is_refused(
    student: Importer, reply: dict[str, str], name: str
) -> None:
    """Readers differ in which of two they take; twice the same is once."""
    for value, status in (("something else", 400), (reply[name], 303)):
        fields = [*reply.items(), (name, value)]
        answer = student.browser.client.post(EMC, data=_form(fields))
        assert status == answer.status_code


def test_a_reply_that_is_no_form_is_refused(world: World) -> None:
    """Multipart, JSON and the like are no replies."""
    for media_type in ("multipart/form-data", "application/json", "text/plain"):
        answer = world.app.test_client().post(EMC, data=b"{}", content_type=media_type)
        assert 415 == answer.status_code
    assert 405 == world.app.test_client().get(EMC).status_code


def test_replies_are_counted_by_address(tmp_path: Path) -> None:
    """A flood of them is turned away, as one of entries is."""
    world = make_import_world(tmp_path, entry_limit="3/minute")
    client = world.app.test_client()

    found = [client.post(EMC, data={"sessionId": "f"}).status_code for _ in range(5)]

    assert [404, 404, 404, 429, 429] == found


def post(world: World, body: Any, **environ: Any) -> Any:
    return world.app.test_client().post(
        EMC, input_stream=body, content_type=FORM, environ_overrides=environ
    )


def _form(fields: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in fields:
        found.setdefault(name, []).append(value)
    return found

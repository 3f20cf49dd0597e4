"""A student gives somebody a link to signed records; the link, and nothing else, opens them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import databases
from admin_world import make_admin_world
from emrex_gateway import exporting, sharing, signing
from emrex_gateway.domain import OPENING, AdminRole, SignedElmo
from gateway_world import IDENTITY, Browser, World
from sharing_world import OWN, PURPOSE, Link, open_link, own_page, share, signed


@pytest.fixture
def student(world: World) -> Browser:
    """Somebody with signed files."""
    return signed(world)


def again(reader: Browser, action: str) -> Browser:
    """Press a button of the opened page."""
    return reader.submit("shared", action)


def test_a_reader_sees_whose_records_they_are_and_what_for(world: World, student: Browser) -> None:
    """Signer, person, record, purpose and end; the purpose stands across the page as well."""
    link = share(student, openings="5")

    reader = open_link(world, link)

    assert 200 == reader.response.status_code
    assert reader.has("genuine")
    for words in ("Campus University", "Maija Mallikas", "Title loose", PURPOSE, "1 of 5"):
        assert words in reader.text
    assert "Title course-1" not in reader.text
    marks = reader.page.xpath("//*[@data-step='watermark']/span/text()")
    assert len(marks) > 20
    assert all(PURPOSE in mark and "Until " in mark for mark in marks)
    assert reader.page.xpath("//a[@href='/emrex/campus/verify']")


def test_the_reader_downloads_the_signed_original(world: World, student: Browser) -> None:
    """Byte for byte what the student got, with a signature that holds; not another opening."""
    with world.services.store.read() as uow:
        transfer = uow.transfers.get(student.transfer_id)
    wanted = exporting.download(world.services, transfer).elmo
    reader = open_link(world, share(student))

    got = again(reader, "download").response

    assert wanted == got.data
    assert "attachment; filename=emrex-elmo.xml" == got.headers["Content-Disposition"]
    assert signing.verify(SignedElmo(got.data), (world.certificate,)).xml
    assert ["share.made", "share.opened", "share.downloaded"] == [
        name for name in world.events(student.transfer_id) if name.startswith("share.")
    ]


def test_looking_at_the_address_opens_and_tells_nothing(world: World, student: Browser) -> None:
    """A mail scanner's GET finds one page, the same for a share, a guess and nonsense; nothing counts."""
    link = share(student, openings="1")
    pages = []
    for address in (link.path, f"/emrex/share/{'0' * 32}", "/emrex/share/nonsense"):
        for method in ("GET", "HEAD"):
            answer = world.app.test_client().open(address, method=method)
            assert 200 == answer.status_code
            assert "no-store" == answer.headers["Cache-Control"]
            assert "no-referrer" == answer.headers["Referrer-Policy"]
            assert "noindex" in answer.headers["X-Robots-Tag"]
        page = world.browser().get(address)
        for field in page.page.xpath("//input[@name='opening']"):
            field.set("value", "")
        page.form("open").set("action", "")
        pages.append(page.text + str(page.page.xpath("//form//@*")))

    assert 1 == len(set(pages))
    assert "Maija" not in pages[0]
    assert PURPOSE not in pages[0]
    assert open_link(world, link).has("genuine")


def test_wrong_and_unknown_are_one_answer(world: World, student: Browser) -> None:
    """A wrong key, a revoked share's wrong key, another share's key, an unknown id, an empty form."""
    link, other = share(student), share(student)
    ended = share(student)
    own = own_page(world)
    post_end(own, ended)
    answers = set()
    for path, typed in (
        (link.path, "a" * 52),
        (link.path, other.key),
        (link.path, other.text),
        (link.path, ""),
        (ended.path, "a" * 52),
        (f"/emrex/share/{'0' * 32}", link.key),
        ("/emrex/share/%F0%9F%98%80", link.key),
        ("/emrex/share/x'--", "\x00\udcff"),
    ):
        page = world.browser().get(path)
        page.submit("open", "open", key=typed.encode("utf-8", "surrogateescape"))
        answers.add((page.response.status_code, page.has("no-share"), page.text))

    assert [(404, True)] == [one[:2] for one in answers]
    with world.services.store.read() as uow:
        assert {0} == {one.views for one in uow.shares.of([student.transfer_id])}


def test_a_number_of_openings_is_kept(world: World, student: Browser) -> None:
    """Turning, reloading and downloading are one opening; the next reader is told that it is over."""
    link = share(student, openings="2")
    first = open_link(world, link)
    again(first, "page:1")
    again(first, "download")
    first = open_link(world, link, opening="0" * 32)
    assert "2 of 2" in first.text

    late = open_link(world, link)

    assert (410, True) == (late.response.status_code, late.has("share-used"))
    assert "Mallikas" not in late.text
    assert again(first, "page:1").has("genuine")
    world.clock.forward(seconds=OPENING.total_seconds())
    assert again(first, "page:1").has("share-used")


def test_an_opening_ends_and_the_next_one_counts(world: World, student: Browser) -> None:
    """The same page, half an hour later, is another opening: its name cannot be kept for ever."""
    reader = open_link(world, share(student))
    world.clock.forward(seconds=OPENING.total_seconds() + 1)

    again(reader, "page:1")

    with world.services.store.read() as uow:
        assert [2] == [one.views for one in uow.shares.of([student.transfer_id])]


def test_its_time_over_a_link_opens_nothing_and_nothing_is_kept(
    world: World, student: Browser
) -> None:
    """With the event, once; the opened page turns no more either."""
    link = share(student, days="1")
    reader = open_link(world, link)
    world.clock.forward(days=1)

    assert again(reader, "page:1").has("share-expired")
    assert 1 == sharing.sweep(world.services)
    assert 0 == sharing.sweep(world.services)
    assert open_link(world, link).has("share-expired")
    assert [0] == [kept(world)]
    assert 1 == world.events(student.transfer_id).count("share.ended")


def test_a_used_up_share_is_destroyed_when_its_last_opening_is(
    world: World, student: Browser
) -> None:
    link = share(student, openings="1")
    open_link(world, link)
    assert 0 == sharing.sweep(world.services)
    world.clock.forward(seconds=OPENING.total_seconds())

    assert 1 == sharing.sweep(world.services)

    assert 0 == kept(world)
    assert open_link(world, link).has("share-used")


def kept(world: World) -> int:
    """How many shares still have contents or a purpose."""
    where = "contents IS NOT NULL OR purpose IS NOT NULL"
    address = world.services.settings.database_url
    return int(databases.rows(address, f"SELECT count(*) FROM emrex_share WHERE {where}")[0][0])


def post_end(own: Browser, link: Link) -> Browser:
    """Press the button that ends a link."""
    form = own.page.xpath(f"//form[contains(@action, '{link.id}')]")[0]
    token = form.xpath(".//input[@name='token']/@value")[0]
    return own.post(form.get("action"), {"token": token})


def test_the_student_sees_and_ends_their_links(world: World, student: Browser) -> None:
    """With what they are for and how often they were opened; the end is at once, for opened pages too."""
    link = share(student, openings="4")
    reader = open_link(world, link)
    own = own_page(world)
    assert PURPOSE in own.text
    assert "Opened 1 of 4 times" in own.text

    post_end(own, link)

    assert "Ended by you" in own.text
    assert PURPOSE not in own.text
    assert 0 == kept(world)
    assert again(reader, "download").has("share-revoked")
    assert "share.revoked" == world.events(student.transfer_id)[-1]


def test_nobody_ends_anothers_link_and_no_other_page_does(world: World, student: Browser) -> None:
    link = share(student)
    own = own_page(world)
    assert 400 == own.client.post(f"{OWN}/share/{link.id}/end").status_code
    world.login.identity = replace(IDENTITY, subject="s-2", identifiers=())
    signed(world)
    other = own_page(world)
    token = other.page.xpath("//input[@name='token']/@value")[0]

    answer = other.client.post(f"{OWN}/share/{link.id}/end", data={"token": token})

    assert 404 == answer.status_code
    assert open_link(world, link).has("genuine")


def test_deleting_ones_own_data_deletes_links(world: World, student: Browser) -> None:
    """Before that they are in the download, without a key; afterwards there is no such share."""
    link = share(student)
    own = own_page(world)
    (transfer,) = json.loads(own.client.get(f"{OWN}/download").data)["transfers"]
    assert [PURPOSE] == [one["purpose"] for one in transfer["shares"]]
    assert link.key not in json.dumps(transfer)
    own.get(f"{OWN}/delete")
    assert "Links that you made" in own.text

    own.submit("delete")

    assert open_link(world, link).has("no-share")
    address = world.services.settings.database_url
    assert [(0,)] == databases.rows(address, "SELECT count(*) FROM emrex_share")


def test_a_link_outlives_the_transfers_contents(world: World, student: Browser) -> None:
    """The export is destroyed an hour later; what the student shared stays until their own date."""
    link = share(student)
    world.clock.forward(days=2)
    exporting.sweep(world.services)
    sharing.sweep(world.services)
    with world.services.store.read() as uow:
        assert () == uow.support.contents(student.transfer_id)

    assert open_link(world, link).has("genuine")


def test_a_form_sent_twice_makes_one_link(world: World, student: Browser) -> None:
    """A link cannot be shown again: the page says so, and where to end it."""
    path = f"/emrex/campus/t/{student.transfer_id}/share"
    student.get(path)
    fields = {e.get("name"): e.get("value", "") for e in student.form("share").xpath(".//input")}
    student.post(path, {**fields, "purpose": PURPOSE})
    assert student.has("link")

    student.post(path, {**fields, "purpose": PURPOSE})

    assert (409, True) == (student.response.status_code, student.has("made-before"))
    with world.services.store.read() as uow:
        assert 1 == len(uow.shares.of([student.transfer_id]))


def test_what_cannot_be_is_said(world: World, student: Browser) -> None:
    """With the fields as they were typed; no link is made."""
    for wrong, value in (
        ("purpose", ""),
        ("purpose", "x" * 101),
        ("days", "91"),
        ("days", "٣٠٠٠"),
        ("openings", "0"),
    ):
        student.get(f"/emrex/campus/t/{student.transfer_id}/share")
        student.submit("share", **{"purpose": PURPOSE, "days": "7", wrong: value})
        assert 422 == student.response.status_code
        assert student.page.xpath("//*[@role='alert']")
        assert [wrong] == student.page.xpath("//input[@aria-invalid='true']/@name")
    with world.services.store.read() as uow:
        assert () == uow.shares.of([student.transfer_id])


def test_only_the_person_makes_links_and_only_of_what_was_signed(world: World) -> None:
    """Not before signing, not without a session, not for an export that goes to a client."""
    early = world.browser().post("/emrex/campus/export").log_in()
    early.get(f"/emrex/campus/t/{early.transfer_id}/share")
    assert not early.has("share")
    sent = world.browser().to_reply()
    sent.get(f"/emrex/campus/t/{sent.transfer_id}/share")
    assert sent.has("reply")
    ready = signed(world)
    path = f"/emrex/campus/t/{ready.transfer_id}/share"
    assert 404 == world.app.test_client().get(path).status_code
    assert 400 == ready.client.post(path, data={"purpose": "x"}).status_code


def test_an_installation_may_do_without(worlds: Callable[..., World]) -> None:
    world = worlds(share_lifetime=0)
    student = signed(world)

    assert not student.has("share-offer")
    path = f"/emrex/campus/t/{student.transfer_id}/share"
    assert 404 == student.client.get(path).status_code


def test_guessing_is_slowed_and_told(worlds: Callable[..., World]) -> None:
    """By address, with one event a minute; the page to open needs no counting."""
    world = worlds(entry_limit="3/minute")
    client = world.app.test_client()
    tries = [client.post(f"/emrex/share/{'0' * 32}", data={"key": "a" * 52}) for _ in range(5)]

    assert [404, 404, 404, 429, 429] == [one.status_code for one in tries]
    assert [("share.refused", "TooManyRequests")] == world.refusals()
    assert 200 == client.get(f"/emrex/share/{'0' * 32}").status_code


def test_a_key_of_nobodys_confirms_nothing(world: World, student: Browser) -> None:
    """Once the institution's key is not known any more, no records are shown."""
    link = share(student)
    world.change_access_point(certificate="", key="")

    reader = open_link(world, link)

    assert reader.has("not-genuine")
    assert "Mallikas" not in reader.text


def test_no_trace_of_key_purpose_or_person(
    world: World, student: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in logs, addresses, headers, the trail, the queue, or the database with its sealed rows."""
    caplog.set_level(logging.DEBUG)
    link = share(student, purpose="Pesapaikkakunta")
    reader = open_link(world, link)
    heard = [str(dict(reader.response.headers)), reader.path]
    again(reader, "download")
    open_link(world, link, key=link.key[::-1])
    heard += [str(dict(reader.response.headers)), reader.path, caplog.text, str(world.queue.sent)]
    address = world.services.settings.database_url
    for table in ("emrex_audit", "emrex_share", "emrex_share_opening", "emrex_once"):
        rows = databases.rows(address, f"SELECT * FROM {table}")
        heard += [str([bytes(v) if isinstance(v, memoryview) else v for v in row]) for row in rows]

    for secret in (link.key, "Pesapaikkakunta", "Mallikas"):
        assert [] == [one[:200] for one in heard if secret in one]


def test_support_ends_the_links_of_somebody_who_cannot_log_in(tmp_path: Path) -> None:
    """Also when nothing else of the transfer is left; by the step that destroys a transfer's contents."""
    world = make_admin_world(tmp_path)
    student = signed(world)
    link = share(student)
    world.clock.forward(days=2)
    exporting.sweep(world.services)
    page = world.admin(AdminRole.ADMINISTRATOR, "campus")
    page.get(f"/admin/transfers/{student.transfer_id}")
    assert "1 link still works" in page.text

    page.get(f"/admin/transfers/{student.transfer_id}/purge").submit_form("purge")

    assert open_link(world, link).has("share-revoked")
    assert 0 == kept(world)
    assert "transfer.purged" == world.events(student.transfer_id)[-1]

"""The pages of keys: an administrator's way through a change of keys, and what nobody else may do."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from admin_world import AdminBrowser, AdminWorld
from emrex_gateway.domain import AccessPoint, AdminRole, KeyState
from key_authority import authority, certify, make_key_world, row, work
from nobody import NOBODY, as_nobody

KEYS = "/admin/i/campus/points/campus/keys"


@pytest.fixture
def world(tmp_path: Path) -> AdminWorld:
    return make_key_world(tmp_path)


def id_of(browser: AdminBrowser) -> str:
    return browser.path.partition("?")[0].rsplit("/", 1)[1]


def through_a_rollover(browser: AdminBrowser, world: AdminWorld, worker: Callable[[], None]) -> str:
    """Take over the present key, order the next one, certify, publish, switch, retire; returns its id."""
    browser.get(KEYS).submit_form("adopt")
    assert "The signing worker is asked" in browser.text
    worker()
    assert "Signs now" in browser.reload().text
    former = id_of(browser)
    browser.get(KEYS).submit_form("order", kind="ec")
    assert browser.has("waiting")
    assert browser.page.xpath("//meta[@http-equiv='refresh']")
    worker()
    browser.reload()
    key = id_of(browser)
    assert "Made; its certificate is to come" in browser.text
    assert not browser.page.xpath("//meta[@http-equiv='refresh']")
    request = browser.page.xpath("//textarea[@id='csr']/text()")[0]
    assert "BEGIN CERTIFICATE REQUEST" in request
    data = certify(row(world, key).public_key) + authority()
    browser.submit_form("install", certificate=data.decode())
    assert "The certificate is installed." in browser.text
    browser.submit_form("publish")
    assert "is published beside" in browser.text
    browser.get(f"{KEYS}/{key}/activate")
    assert "clients may refuse what is signed" in browser.text
    assert "Clients may not know this certificate yet" in browser.submit_form("confirm").text
    assert 400 == browser.status
    browser.submit_form("confirm", early="yes")
    assert "signs with this key from now on" in browser.text
    assert "Signed before; still published" in browser.get(KEYS).text
    browser.get(f"{KEYS}/{former}/retire").submit_form("confirm")
    assert "published no more" in browser.text
    return key


def test_an_institutions_administrator_changes_to_the_next_key(world: AdminWorld) -> None:
    """In the browser alone; and what the page shows is never a private key."""
    browser = world.admin(AdminRole.ADMINISTRATOR, "campus")

    key = through_a_rollover(browser, world, lambda: work(world))

    assert KeyState.ACTIVE is row(world, key).state
    with world.services.store.read() as uow:
        point = uow.config.access_point("campus")
    assert point is not None
    assert row(world, key).reference == point.key
    for path in (
        KEYS,
        f"{KEYS}/{key}",
        f"{KEYS}/{key}/request.pem",
        f"{KEYS}/{key}/certificate.pem",
    ):
        answer = browser.client.get(f"/emrex{path}").get_data(as_text=True)
        assert "PRIVATE KEY" not in answer


def test_the_web_process_cannot_read_the_directory_and_needs_nothing_of_it(
    tmp_path: Path,
) -> None:
    """Another user serves the pages, the signing worker makes the keys: everything works all the same."""
    with as_nobody() as (folder, become_nobody):
        # A file that the other user may be given; a server's socket may not be theirs.
        world = make_key_world(folder, database_url=f"sqlite:///{folder / 'emrex.sqlite3'}")
        keys = Path(world.services.settings.key_directory)
        world.key_path.chmod(0o600)
        # A rehearsal imports what the other user may have no right to read.
        rehearsal = make_key_world(tmp_path)
        through_a_rollover(rehearsal.admin(), rehearsal, lambda: work(rehearsal))
        child = os.fork()
        if child == 0:
            try:
                become_nobody()
                assert os.geteuid() != NOBODY or not os.access(keys, os.R_OK)
                browser = world.admin(AdminRole.ADMINISTRATOR, "campus")
                through_a_rollover(browser, world, lambda: _wait_for_worker(world))
            except BaseException as error:
                os.write(2, f"{type(error).__name__}: {error}\n".encode())
                os._exit(1)
            os._exit(0)
        status = _work_until_it_ends(world, child)
        assert 0 == status
        assert [0o600] == [path.stat().st_mode & 0o777 for path in keys.iterdir()]


def _wait_for_worker(world: AdminWorld) -> None:
    """The worker is another process: the rows say what it has done."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with world.services.store.read() as uow:
            if not uow.keys.waiting([KeyState.ORDERED], world.clock() + timedelta(1)):
                return
        time.sleep(0.02)
    raise AssertionError("the worker did nothing")


def _work_until_it_ends(world: AdminWorld, child: int) -> int:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        with world.services.store.read() as uow:
            waiting = uow.keys.waiting([KeyState.ORDERED], world.clock() + timedelta(1))
        world.queue.sent = [("key", one.id) for one in waiting]
        work(world)
        time.sleep(0.02)
    os.kill(child, 9)
    raise AssertionError("the web process did not end")


def test_a_certificate_that_will_not_do_is_named_at_the_field(world: AdminWorld) -> None:
    """The form comes back with the sentence; an upload is read as well as what is pasted."""
    browser = world.admin()
    browser.get(KEYS).submit_form("order", kind="ec")
    work(world)
    key = id_of(browser.reload())
    public = row(world, key).public_key

    browser.submit_form("install", certificate=certify(public, since=9, days=-1).decode())
    assert 400 == browser.status
    (told,) = browser.page.xpath("//p[@id='certificate-error']/text()")
    assert "has expired" in told
    assert browser.page.xpath("//textarea[@name='certificate' and @aria-invalid='true']")
    assert KeyState.MADE is row(world, key).state

    upload = (io.BytesIO(certify(public)), "campus.pem")
    data = {"token": browser.token(), "certificate": "", "file": upload}
    browser.post(f"{KEYS}/{key}/certificate", data, content_type="multipart/form-data")
    assert "The certificate is installed." in browser.text


def test_a_trial_key_is_usable_at_once_and_named(world: AdminWorld) -> None:
    """The page says self-signed wherever the certificate stands."""
    world.change_access_point(key="", certificate="", enabled=False)
    browser = world.admin()
    browser.get(KEYS).submit_form("order", kind="ec", trial="y")
    work(world)
    assert "It is self-signed" in browser.reload().text
    key = id_of(browser)
    browser.get(f"{KEYS}/{key}/activate").submit_form("confirm")
    assert "Signs now" in browser.text
    assert "It is self-signed" in browser.get(KEYS).text


def test_a_key_that_could_not_be_made_says_why(world: AdminWorld) -> None:
    """The worker's sentence is on the page, with a button to try again."""
    folder = Path(world.services.settings.key_directory)
    folder.chmod(0o755)
    browser = world.admin()
    browser.get(KEYS).submit_form("order", kind="ec")
    work(world)
    assert "is open to other users: chmod 700" in browser.reload().text
    folder.chmod(0o700)
    browser.submit_form("retry")
    work(world)
    assert "Made; its certificate is to come" in browser.reload().text
    key = id_of(browser)
    browser.get(f"{KEYS}/{key}/destroy")
    assert "Nothing brings it back" in browser.text
    browser.submit_form("confirm")
    work(world)
    assert "Destroyed" in browser.reload().text
    assert [] == list(folder.iterdir())


def test_another_institutions_keys_are_not_there(world: AdminWorld) -> None:
    """Neither under one's own address nor under theirs, and every post needs the form."""
    with world.services.store.begin() as uow:
        own = uow.config.institution("campus")
        uow.config.put_institution(replace(own, slug="other", domain="other.example"))
        uow.config.put_access_point(
            AccessPoint(slug="other", institution="other", key="", certificate="", enabled=False)
        )
    operator = world.admin()
    operator.get("/admin/i/other/points/other/keys").submit_form("order", kind="ec")
    key = id_of(operator)
    browser = world.admin(AdminRole.ADMINISTRATOR, "campus")
    token = browser.get(KEYS).token()
    theirs = "/admin/i/other/points/other/keys"
    mixed = "/admin/i/campus/points/other/keys"
    for path, status in (
        (theirs, 403),
        (f"{theirs}/{key}", 403),
        (mixed, 404),
        (f"{mixed}/{key}", 404),
        (f"{KEYS}/{key}", 404),
        (f"{KEYS}/{key}/request.pem", 404),
    ):
        assert status == browser.client.get(f"/emrex{path}").status_code
    for step in ("publish", "activate", "retire", "destroy", "retry", "certificate"):
        for base in (theirs, mixed, KEYS):
            answer = browser.client.post(f"/emrex{base}/{key}/{step}", data={"token": token})
            assert answer.status_code in (403, 404)
    assert 400 == browser.client.post(f"/emrex{KEYS}/order", data={"kind": "ec"}).status_code
    auditor = world.admin(AdminRole.AUDITOR)
    assert 403 == auditor.client.get(f"/emrex{KEYS}").status_code

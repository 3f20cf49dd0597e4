"""Drives an import: from *abroad* home to *campus*, into its system, and the decision back."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx

from emrex_gateway.domain import provider_key
from examples import campus
from examples.demo._browser import Browser, Page, PageError
from examples.demo._parties import Announcement
from examples.demo._people import Person
from examples.demo._run import (
    Failed,
    Run,
    agree,
    choose_everything,
    give_password,
    look_until,
    wait,
    wait_for_form,
)

STUDENT = "maija"
"""She is a student of *campus* and was at *abroad* on exchange; both know her by this user name."""


class Import(Run):
    """Her records come home, an officer of *campus* decides, and she sees it."""

    def __init__(self, announcement: Announcement, out: Path | None) -> None:
        super().__init__(f"{STUDENT} (import)")
        self._campus = announcement.addresses["campus"]
        self._home = announcement.entries["campus"].removesuffix("/emp")
        self._provider = announcement.entries["abroad"]
        self._at_home = _person(announcement, "campus")
        self._abroad = _person(announcement, "abroad")
        self._out = out / f"{STUDENT}-import" if out else None
        self._files: dict[str, bytes] = {}

    def go(self) -> None:
        """Take every step."""
        with Browser() as browser, Browser() as officer:
            where = self.step("login at home, and known there", lambda: self._begin(browser))
            there = self.step("sent to abroad, login there", lambda: self._leave(browser, where))
            back = self.step("records chosen and signed", lambda: self._send(browser, there))
            came = self.step("checked at home", lambda: wait_for_form(browser, back, "select"))
            state = self.step("reviewed and confirmed", lambda: self._confirm(browser, came))
            state = self.step("handed over", lambda: _until(browser, state, "handed-over"))
            self.step("the officer decides", lambda: self._decide(officer))
            self.step("the decision is seen", lambda: self._decision(browser, state))
            self.step("the decision signed", lambda: self._take_along(browser))

    def _begin(self, browser: Browser) -> Page:
        login = browser.get(f"{self._campus}/login")
        record = give_password(browser, login, self._at_home.user, self._at_home.password)
        page = browser.get(record.link("Import from EMREX"), origin=record)
        return wait(browser, page, "a place to choose", lambda now: now.has_step("choose"))

    def _leave(self, browser: Browser, where: Page) -> Page:
        found = browser.submit(where, where.form("find"), texts={"q": "abroad"})
        button = ("provider", provider_key(self._provider))
        form = next((one for one in found.forms() if button in one.buttons), None)
        if form is None:
            raise Failed("abroad cannot be chosen")
        away = browser.submit(found, form, button=button)
        login = browser.submit(away, away.form("go"))
        if login.has_step("login-methods"):
            login = browser.get(login.links_in("login-methods")[0], origin=login)
        return give_password(browser, login, self._abroad.user, self._abroad.password)

    def _send(self, browser: Browser, page: Page) -> Page:
        choice = wait_for_form(browser, page, "select")
        preview = choose_everything(browser, choice)
        agreed = agree(browser, preview, urlsplit(self._campus).hostname or "")
        signed = wait_for_form(browser, agreed, "reply")
        return browser.submit(signed, signed.form("reply"))

    def _confirm(self, browser: Browser, came: Page) -> Page:
        checked = choose_everything(browser, came)
        return browser.submit(
            checked,
            checked.form("check"),
            button=("action", "confirm"),
            boxes={"purpose": ["recognition"], "consent": ["yes"]},
        )

    def _decide(self, browser: Browser) -> None:
        """Everything counts, as the form suggests it."""
        login = browser.get(f"{self._campus}/login")
        user = campus.DEMO_OFFICER
        listed = give_password(browser, login, user.user, user.password)
        waiting = [
            urljoin(listed.url, link.get("href", ""))
            for link in listed.tree.iter("a")
            if "/applications/" in link.get("href", "")
        ]
        if len(waiting) != 1:
            raise Failed(f"campus has {len(waiting)} applications where one is expected")
        page = browser.get(waiting[0], origin=listed)
        self._keep(browser, page)
        form = next(
            one for one in page.forms() if any(b[0].startswith("accepted-") for b in one.boxes)
        )
        decided = browser.submit(page, form)
        if "Accepted" not in decided.text():
            raise Failed("the decision is not kept")

    def _keep(self, browser: Browser, page: Page) -> None:
        """The signed original and the transcript came along; ``--out`` keeps them."""
        files = {
            link.get("href", "").rpartition("/")[2]: browser.get(
                urljoin(page.url, link.get("href", "")), origin=page
            )
            for link in page.tree.iter("a")
            if "/files/" in link.get("href", "")
        }
        kinds = {file.media_type: file for file in files.values() if file.status == httpx.codes.OK}
        if not {"application/xml", "application/pdf"} <= set(kinds):
            raise Failed(f"the application came with {', '.join(kinds) or 'no files'}")
        self._files["elmo.xml"] = kinds["application/xml"].content
        self._files["transcript.pdf"] = kinds["application/pdf"].content

    def _decision(self, browser: Browser, state: Page) -> None:
        look_until(browser, state, "decision", lambda now: "Recognised" in _said(now, "decision"))

    def _take_along(self, browser: Browser) -> None:
        """Among her own data she has the decision signed, for whoever is to read it elsewhere."""
        login = browser.get(f"{self._home}/my-data")
        mine = browser.get(login.links_in("login-methods")[0], origin=login)
        page = browser.get(mine.link("What is decided"), origin=mine)
        ordered = browser.submit(page, page.form("order"))
        ready = wait(browser, ordered, "a signed decision", lambda now: now.has_step("statement"))
        files = {
            address.rpartition("/")[2]: browser.get(address, origin=ready).content
            for address in ready.links_in("statement")
        }
        if b"resultOfRecognition" not in files.get("elmo.xml", b""):
            raise Failed("the signed decision does not say what was recognised")
        if not files.get("decision.pdf", b"").startswith(b"%PDF-"):
            raise Failed("the readable decision is no PDF")
        self._files |= {
            f"decision.{name.rpartition('.')[2]}": content for name, content in files.items()
        }
        if self._out is not None:
            self._out.mkdir(parents=True, exist_ok=True)
            for name, content in self._files.items():
                (self._out / name).write_bytes(content)


def _until(browser: Browser, page: Page, state: str) -> Page:
    return look_until(
        browser,
        page,
        f"import that is {state}",
        lambda now: any(
            node.get("data-state") == state
            for node in now.tree.iter()
            if node.get("data-step") == "standing"
        ),
    )


def _said(page: Page, step: str) -> str:
    return " ".join(
        " ".join(node.text_content().split())
        for node in page.tree.iter()
        if node.get("data-step") == step
    )


def _person(announcement: Announcement, institution: str) -> Person:
    for person in announcement.students:
        if (person.institution, person.user) == (institution, STUDENT):
            return person
    raise PageError(f"{STUDENT} is no student at {institution}")

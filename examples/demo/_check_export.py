"""Drives an export from a client abroad and back to it, as a browser without scripts would."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from examples.demo._browser import Browser, Page, PageError
from examples.demo._contents import missing
from examples.demo._parties import Announcement
from examples.demo._people import Person
from examples.demo._run import (
    Failed,
    Run,
    agree,
    choose_everything,
    give_password,
    only,
    wait_for_form,
)


class Export(Run):
    """One student's transfer; ``login`` is the id of the login method, empty for the only one."""

    def __init__(
        self, announcement: Announcement, person: Person, out: Path | None, login: str
    ) -> None:
        self._abroad = announcement.addresses["abroad"]
        self._point = person.institution
        self._person = person
        self._login = login
        super().__init__(f"{person.user} ({login})" if login else person.user)
        self._out = out / (f"{person.user}-{login}" if login else person.user) if out else None
        self._files: dict[str, bytes] = {}

    def go(self) -> None:
        """Take every step."""
        host = urlsplit(self._abroad).hostname or ""
        with Browser() as browser:
            self._browser = browser
            page = self.step("entry from abroad", self._enter)
            page = self.step("login", lambda: self._log_in(page))
            choice = self.step(
                "fetching in the worker", lambda: wait_for_form(browser, page, "select")
            )
            preview = self.step("everything chosen", lambda: choose_everything(browser, choice))
            agreed = self.step("preview and consent", lambda: agree(browser, preview, host))
            signed = self.step(
                "signing in the worker", lambda: wait_for_form(browser, agreed, "reply")
            )
            result = self.step("reply posted to abroad", lambda: self._reply(signed))
            self.step("verified there", lambda: self._verified(result))
            if self._out is not None:
                self._keep()
            if self._person.everything:
                self.step("everything found in the ELMO", self._complete)

    def _enter(self) -> Page:
        start = self._browser.get(f"{self._abroad}/")
        for form in start.forms():
            if ("point", self._point) in form.buttons:
                away = self._browser.submit(start, form, button=("point", self._point))
                return self._browser.submit(away, away.form("abroad-away"))
        raise PageError("abroad does not list the access point")

    def _log_in(self, page: Page) -> Page:
        """Choose the way to log in, the university where that is asked, and give the password."""
        if self._login:
            page = self._browser.get(
                only(u for u in page.links_in("login-methods") if u.endswith(f"/{self._login}")),
                origin=page,
            )
        if page.has_step("universities"):
            page = self._find_university(page)
        answered = give_password(self._browser, page, self._person.user, self._person.password)
        if answered.has_form("saml-answer"):
            return self._browser.submit(answered, answered.form("saml-answer"))
        return answered

    def _find_university(self, page: Page) -> Page:
        """Search among the made-up universities, without the accents that a name may have."""
        for words, fitting in (("bjorkelia", 2), ("kotiyliopisto", 1)):
            page = self._browser.submit(page, page.form("find"), texts={"q": words})
            if len(page.links_in("universities")) != fitting:
                raise Failed(f"the search for {words} does not find {fitting}")
        return self._browser.get(only(page.links_in("universities")), origin=page)

    def _reply(self, page: Page) -> Page:
        result = self._browser.submit(page, page.form("reply"))
        if result.status != httpx.codes.OK:
            raise Failed(f"abroad refused the reply: status {result.status}, {result.heading()}")
        return result

    def _verified(self, page: Page) -> None:
        facts = json.loads(self._browser.get(f"{page.url}/facts.json").content)
        if facts["returnCode"] != "NCP_OK" or not facts["verified"]:
            raise Failed(f"abroad got {facts['returnCode']}: {facts['problem'] or 'no records'}")
        for name in ("elmo.xml", "transcript.pdf", "certificate.pem"):
            file = self._browser.get(f"{page.url}/{name}")
            if file.status != httpx.codes.OK:
                raise Failed(f"abroad has no {name}")
            self._files[name] = file.content
        if not self._files["transcript.pdf"].startswith(b"%PDF-"):
            raise Failed("the transcript is no PDF")

    def _complete(self) -> None:
        if lacking := missing(self._files["elmo.xml"]):
            raise Failed(f"the ELMO lacks: {'; '.join(lacking)}")

    def _keep(self) -> None:
        assert self._out is not None
        self._out.mkdir(parents=True, exist_ok=True)
        for name, content in self._files.items():
            (self._out / name).write_bytes(content)

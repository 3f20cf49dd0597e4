"""Drives one transfer for a student of each institution, as a browser without scripts would."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import httpx

from examples.demo._browser import Browser, Page, PageError
from examples.demo._contents import missing
from examples.demo._parties import Announcement
from examples.demo._people import Person

T = TypeVar("T")

WAIT = 60.0
"""Seconds that fetching, or signing, may take."""
LOGINS = {"campus": ("",), "virta": ("virta-saml", "virta-oidc")}
"""The login methods that are driven; the host's own user is the only one at *campus*."""
LOOK_AGAIN = 0.1
"""Seconds between two looks at the progress page."""


def _only(addresses: Iterable[str]) -> str:
    found = list(addresses)
    if len(found) != 1:
        raise PageError(f"{len(found)} links where one is wanted")
    return found[0]


class _Failed(Exception):
    """A step did not end as it must; the message is one line."""


def check(announcement: Announcement, out: Path | None) -> bool:
    """Drive the transfers, print each step's time, and tell whether all of it held."""
    good = True
    runs = [
        _Run(announcement, person, out, login)
        for person in announcement.students
        if person.checked
        for login in LOGINS[person.institution]
    ]
    for run in runs:
        try:
            run.go()
        except (_Failed, PageError, httpx.HTTPError) as error:
            print(f"{run.name}: FAILED: {error}", file=sys.stderr, flush=True)
            good = False
    print("all transfers hold" if good else "a transfer failed", flush=True)
    return good


class _Run:
    """One student's transfer; ``login`` is the id of the login method, empty for the only one."""

    def __init__(
        self, announcement: Announcement, person: Person, out: Path | None, login: str
    ) -> None:
        self._abroad = announcement.addresses["abroad"]
        self._point = person.institution
        self._person = person
        self._login = login
        self.name = f"{person.user} ({login})" if login else person.user
        self._out = out / (f"{person.user}-{login}" if login else person.user) if out else None
        self._files: dict[str, bytes] = {}

    def go(self) -> None:
        """Take every step."""
        with Browser() as browser:
            self._browser = browser
            page = self._step("entry from abroad", self._enter)
            page = self._step("login", lambda: self._log_in(page))
            choice = self._step("fetching in the worker", lambda: self._wait(page, "select"))
            preview = self._step("everything chosen", lambda: self._choose(choice))
            agreed = self._step("preview and consent", lambda: self._agree(preview))
            signed = self._step("signing in the worker", lambda: self._wait(agreed, "reply"))
            result = self._step("reply posted to abroad", lambda: self._reply(signed))
            self._step("verified there", lambda: self._verified(result))
            if self._out is not None:
                self._keep()
            if self._person.everything:
                self._step("everything found in the ELMO", self._complete)

    def _step(self, name: str, action: Callable[[], T]) -> T:
        began = time.perf_counter()
        done = action()
        spent = (time.perf_counter() - began) * 1000
        print(f"{self.name}: {name:<30}{spent:7.0f} ms", flush=True)
        return done

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
                _only(u for u in page.links_in("login-methods") if u.endswith(f"/{self._login}")),
                origin=page,
            )
        if page.has_step("universities"):
            page = self._find_university(page)
        answered = self._give_password(page)
        if answered.has_form("saml-answer"):
            return self._browser.submit(answered, answered.form("saml-answer"))
        return answered

    def _find_university(self, page: Page) -> Page:
        """Search among the made-up universities, without the accents that a name may have."""
        for words, fitting in (("bjorkelia", 2), ("kotiyliopisto", 1)):
            page = self._browser.submit(page, page.form("find"), texts={"q": words})
            if len(page.links_in("universities")) != fitting:
                raise _Failed(f"the search for {words} does not find {fitting}")
        return self._browser.get(_only(page.links_in("universities")), origin=page)

    def _give_password(self, page: Page) -> Page:
        for form in page.forms():
            names = [name for name, _ in form.fields]
            if "password" in names:
                user = next(n for n in names if n in ("user", "username", "login"))
                texts = {user: self._person.user, "password": self._person.password}
                button = next((b for b in form.buttons if b[0] != "cancel"), None)
                return self._browser.submit(page, form, button=button, texts=texts)
        raise PageError(f"no password form at {urlsplit(page.url).netloc}: {page.heading()}")

    def _wait(self, page: Page, step: str) -> Page:
        deadline = time.monotonic() + WAIT
        while not page.has_form(step):
            if not page.has_step("progress"):
                raise _Failed(f"instead of {step}: {page.heading()} (status {page.status})")
            if time.monotonic() > deadline:
                raise _Failed(f"no {step} within {WAIT:.0f} s")
            time.sleep(LOOK_AGAIN)
            page = self._browser.get(page.url, origin=page)
        return page

    def _choose(self, page: Page) -> Page:
        form = page.form("select")
        everything = form.values("record")
        if not everything:
            raise _Failed("there is nothing to choose")
        return self._browser.submit(
            page, form, button=("action", "preview"), boxes={"record": everything}
        )

    def _agree(self, page: Page) -> Page:
        host = urlsplit(self._abroad).hostname or ""
        if host not in page.text():
            raise _Failed("the preview does not name the receiver")
        form = page.form("preview")
        return self._browser.submit(
            page, form, button=("action", "confirm"), boxes={"consent": ["yes"]}
        )

    def _reply(self, page: Page) -> Page:
        result = self._browser.submit(page, page.form("reply"))
        if result.status != httpx.codes.OK:
            raise _Failed(f"abroad refused the reply: status {result.status}, {result.heading()}")
        return result

    def _verified(self, page: Page) -> None:
        facts = json.loads(self._browser.get(f"{page.url}/facts.json").content)
        if facts["returnCode"] != "NCP_OK" or not facts["verified"]:
            raise _Failed(f"abroad got {facts['returnCode']}: {facts['problem'] or 'no records'}")
        for name in ("elmo.xml", "transcript.pdf", "certificate.pem"):
            file = self._browser.get(f"{page.url}/{name}")
            if file.status != httpx.codes.OK:
                raise _Failed(f"abroad has no {name}")
            self._files[name] = file.content
        if not self._files["transcript.pdf"].startswith(b"%PDF-"):
            raise _Failed("the transcript is no PDF")

    def _complete(self) -> None:
        if lacking := missing(self._files["elmo.xml"]):
            raise _Failed(f"the ELMO lacks: {'; '.join(lacking)}")

    def _keep(self) -> None:
        assert self._out is not None
        self._out.mkdir(parents=True, exist_ok=True)
        for name, content in self._files.items():
            (self._out / name).write_bytes(content)

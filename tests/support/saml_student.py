"""A student on the way through a login, without a real browser: forms and redirects only."""

from __future__ import annotations

import time
from typing import Self
from urllib.parse import urlsplit

from form_browser import FormBrowser
from saml_world import PATIENCE, SamlWorld
from simplesamlphp import PASSWORD


class Student(FormBrowser):
    """Walks from the client's page to the reply; each method leaves the browser at the next page."""

    def __init__(self, world: SamlWorld) -> None:
        super().__init__()
        self.world = world

    def enter(self) -> Self:
        """Come from the client to the ways to log in."""
        return self.get(f"{self.world.client}/").submit()

    def to_reply(self) -> Self:
        """From the records to the client, with everything."""
        self.submit("//form[@data-step='select']", action="all")
        self.submit("//form[@data-step='select']", action="preview")
        self.submit("//form[@data-step='preview']", action="confirm", consent="yes")
        return self.wait_for("reply").submit("//form[@data-step='reply']")

    def wait_for(self, step: str) -> Self:
        """Load the page again until it is the one of that step, by its form or its address."""
        deadline = time.monotonic() + PATIENCE
        while not (self.has(f"//*[@data-step='{step}']") or self.url.endswith(f"/{step}")):
            seen = f"no {step!r} at {self.url} ({self.response.status_code}): {self.text[:400]}"
            assert self.response.status_code < 400, seen
            assert time.monotonic() < deadline, seen
            time.sleep(0.05)
            self.get(self.url)
        return self

    def link(self, find: str) -> str:
        """Return the address of the first link that an XPath expression finds."""
        found = self.page.xpath(find)
        assert found, f"no {find} at {self.url} ({self.response.status_code}): {self.text[:400]}"
        return str(found[0].get("href"))

    @property
    def transfer_id(self) -> str:
        """The transfer's id, out of the page's address."""
        return urlsplit(self.url).path.split("/t/")[1].split("/")[0]


class SamlStudent(Student):
    """Finds a university and logs in there."""

    def choose(self, name: str) -> Self:
        """Search for a university on our page and choose it; leads to its page."""
        self.get(self.link("//*[@data-step='login-methods']//a"))
        self.submit("//form[@data-step='find']", q=name)
        return self.get(self.link(f"//*[@data-step='universities']//a[contains(., '{name}')]"))

    def log_in(self, login: str = "aino", **more: str) -> Self:
        """Log in at the provider's page; leads to its page that posts the response to us."""
        return self.submit(
            "//form[.//input[@name='username']]", username=login, password=PASSWORD, **more
        )

    def arrive(self) -> Self:
        """Bring the provider's response to us."""
        return self.onward()

    def to_selection(self, name: str, login: str = "aino") -> Self:
        """All the way to the records."""
        return self.enter().choose(name).log_in(login).arrive().wait_for("select")

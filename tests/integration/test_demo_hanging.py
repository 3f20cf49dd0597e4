"""While VIRTA hangs for one student, everybody else is served."""

from __future__ import annotations

from typing import Any

import pytest

from demo_process import announced, launched
from examples.demo._browser import Browser, Page

pytestmark = [pytest.mark.needs("redis"), pytest.mark.any_database]

LOOKS = 20


def logged_in(browser: Browser, said: Any, user: str) -> Page:
    """Enter from abroad and log in; returns the page that waits for the records."""
    (student,) = (s for s in said["students"] if s["user"] == user)
    start = browser.get(said["addresses"]["abroad"] + "/")
    point = ("point", student["institution"])
    (form,) = (form for form in start.forms() if point in form.buttons)
    away = browser.submit(start, form, button=point)
    page = browser.submit(away, away.form("abroad-away"))
    (oidc,) = (link for link in page.links_in("login-methods") if link.endswith("/virta-oidc"))
    page = browser.get(oidc, origin=page)
    (form,) = (f for f in page.forms() if "password" in dict(f.fields))
    button = next(b for b in form.buttons if b[0] != "cancel")
    texts = {"user": user, "password": student["password"]}
    return browser.submit(page, form, button=button, texts=texts)


def test_one_hanging_answer_stops_nobody_else() -> None:
    """VIRTA hangs for Hanna. All the while her own page, the other parties' pages and a second
    student's transfer answer: that student has chosen and left before Hanna's page changes."""
    with launched("--json", "--port", "0") as process:
        said = announced(process)
        with Browser() as hers, Browser() as his:
            waiting = logged_in(hers, said, "hanna")
            assert waiting.has_step("progress")
            other = logged_in(his, said, "aino")
            seen: set[str] = set()
            for _ in range(LOOKS):
                for address in said["addresses"].values():
                    assert his.get(f"{address}/").status < 500
            while not other.has_form("select"):
                assert other.has_step("progress"), other.heading()
                other = his.get(other.url)
                seen.add(hers.get(waiting.url).heading())
            cancelled = his.submit(other, other.form("cancel"))
            assert "NCP_CANCEL" == dict(cancelled.form("reply").fields)["returnCode"]
            seen.add(hers.get(waiting.url).heading())

            assert {"Your records are being fetched"} == seen

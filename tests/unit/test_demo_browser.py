"""The check's own browser keeps cookies and sends forms as a real one without scripts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import httpx
import pytest

from examples.demo import Browser, PageError

CAMPUS, GATEWAY, ABROAD = "http://127.0.0.1:8000", "http://127.0.0.3:8000", "http://127.0.0.5:8000"
FORM = """<h1>A form</h1>
<form method="post" action="/take" data-step="all">
  <input type="hidden" name="token" value="t&amp;ä">
  <input name="user" value="old"><textarea name="note">text</textarea>
  <input type="checkbox" name="record" value="1" checked><input type="checkbox" name="record" value="2">
  <input name="off" value="x" disabled>
  <button name="action" value="go">Go</button><button name="action" value="stop">Stop</button>
</form>"""


def browsing(
    answer: Callable[[httpx.Request], httpx.Response],
) -> tuple[Browser, list[httpx.Request]]:
    """A browser whose every request gets ``answer``; the list holds them."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer(request)

    return Browser(transport=httpx.MockTransport(handle)), seen


def setting(*cookies: str) -> httpx.Response:
    """A page that sets cookies."""
    return httpx.Response(200, headers=[("Set-Cookie", c) for c in cookies], html=FORM)


def test_a_cross_site_post_carries_no_lax_cookie_and_the_redirect_after_it_does() -> None:
    """Lax, also as the default, holds for POST between sites; the GET that follows sends it again."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(303, headers={"Location": "/after"})
        return setting("a=1; SameSite=Lax", "b=2", "c=3; SameSite=None; Secure")

    browser, seen = browsing(answer)
    browser.get(f"{GATEWAY}/")
    page = browser.get(f"{ABROAD}/")
    form = page.form("all")
    browser.submit(page, dataclasses.replace(form, action=f"{GATEWAY}/take"))

    assert "c=3" == seen[2].headers["Cookie"]
    assert ("GET", "/after", "a=1; b=2; c=3") == (
        seen[3].method,
        seen[3].url.path,
        seen[3].headers["Cookie"],
    )


def test_hosts_and_paths_keep_their_own_cookies() -> None:
    """A cookie goes back to its host, within its path, until it is deleted."""
    answers = {
        "/set": setting("a=1; Path=/emrex/t", "b=2; Path=/"),
        "/drop": setting("b=; Max-Age=0; Path=/"),
    }
    browser, seen = browsing(lambda request: answers.get(request.url.path, setting()))
    for url in (f"{CAMPUS}/set", f"{CAMPUS}/emrex/t/1", f"{CAMPUS}/emrex/tt", f"{GATEWAY}/emrex/t"):
        browser.get(url)
    browser.get(f"{CAMPUS}/drop")
    browser.get(f"{CAMPUS}/")

    sent = [request.headers.get("Cookie", "") for request in seen]
    assert ["", "a=1; b=2", "b=2", "", "b=2", ""] == sent


def test_a_form_is_sent_with_what_a_person_would_send() -> None:
    """Ticked boxes, filled fields and the pressed button; nothing disabled, no other button."""
    browser, seen = browsing(lambda request: setting())
    page = browser.get(f"{CAMPUS}/")
    form = page.form("all")

    browser.submit(page, form)
    browser.submit(
        page,
        form,
        button=("action", "go"),
        boxes={"record": form.values("record")},
        texts={"user": "maija"},
    )

    assert b"token=t%26%C3%A4&user=old&note=text&record=1" == seen[1].content
    assert b"token=t%26%C3%A4&user=maija&note=text&record=1&record=2&action=go" == seen[2].content
    assert CAMPUS == seen[1].headers["Origin"]


def test_what_is_not_on_the_page_cannot_be_sent() -> None:
    """The check must fail where a person would not find a field, a button or a form."""
    browser, _ = browsing(lambda request: setting())
    page = browser.get(f"{CAMPUS}/")

    with pytest.raises(PageError, match="no form for the step preview: A form"):
        page.form("preview")
    with pytest.raises(PageError, match="no field password"):
        browser.submit(page, page.form("all"), texts={"password": "x"})
    with pytest.raises(PageError, match="no button 'preview'"):
        browser.submit(page, page.form("all"), button=("action", "preview"))


def test_redirects_without_end_are_an_error() -> None:
    """A loop ends in a message that names the path, not in a hanging check."""
    browser, _ = browsing(lambda request: httpx.Response(302, headers={"Location": "/again"}))

    with pytest.raises(PageError, match="/again redirects without end"):
        browser.get(f"{CAMPUS}/")

"""A browser as far as a login needs one: cookies, redirects, forms. No scripts, no rendering.

It submits the forms that pages submit by themselves, so that a login takes
part of a second; what only a real browser enforces (SameSite, ``form-action``,
partitioned cookies) is the Chromium tests' matter.
"""

from __future__ import annotations

from collections.abc import Callable
from http.cookiejar import Cookie
from typing import Any, Self
from urllib.parse import urljoin

import httpx
from lxml import html

STEPS = 20
"""Redirects and self-submitting forms in a row, before a chain counts as endless."""


class FormBrowser:
    """Keeps what it was shown in ``url``, ``response`` and ``page``; ``posted`` is its last form.

    Chromium treats loopback addresses as trustworthy and sends ``Secure``
    cookies there over http: so does this one.
    """

    def __init__(self) -> None:
        self._client = httpx.Client(trust_env=False, timeout=60, follow_redirects=False)
        self.url = ""
        self.response = httpx.Response(204)
        self.page: Any = html.fromstring("<html><body></body></html>")
        self.posted: tuple[str, dict[str, str]] = ("", {})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, url: str, *, stop: Callable[[str], bool] | None = None) -> Self:
        """Go to an address (relative to the page) and on through its redirects.

        ``stop`` tells at which address not to go on: it is kept in ``url``
        and not asked for.
        """
        return self._go("GET", urljoin(self.url, url), None, stop)

    def post(
        self, url: str, data: dict[str, Any], *, stop: Callable[[str], bool] | None = None
    ) -> Self:
        """Post a form to an address, and on through its redirects."""
        return self._go("POST", urljoin(self.url, url), data, stop)

    def submit(
        self,
        find: str = "//form",
        *,
        stop: Callable[[str], bool] | None = None,
        **values: Any,
    ) -> Self:
        """Submit the first form that an XPath expression finds, with ``values`` in its fields.

        Ticked boxes and fields are sent as they stand; of the buttons only one that
        ``values`` name.
        """
        target, method, data = self.form(find)
        data.update(values)
        if method == "GET":
            return self.get(str(httpx.URL(target, params=data)), stop=stop)
        return self.post(target, data, stop=stop)

    def form(self, find: str = "//form") -> tuple[str, str, dict[str, Any]]:
        """Return a form's address, method and fields."""
        found = self.page.xpath(find)
        assert found, f"no {find} at {self.url} ({self.response.status_code}): {self.text[:300]}"
        form = found[0]
        data: dict[str, Any] = {}
        for element in form.xpath(".//input[@name] | .//select[@name]"):
            kind = element.get("type", "text")
            if kind == "submit" or (
                kind in ("checkbox", "radio") and element.get("checked") is None
            ):
                continue
            data.setdefault(element.get("name"), []).append(element.get("value") or "")
        target = urljoin(self.url, form.get("action") or self.url)
        single = {name: found[0] if len(found) == 1 else found for name, found in data.items()}
        return target, form.get("method", "get").upper(), single

    def onward(self, *, stop: Callable[[str], bool] | None = None) -> Self:
        """Submit the form of a page that would submit it by itself, as long as there is one."""
        for _ in range(STEPS):
            if (stop and stop(self.url)) or not self.carries_message:
                return self
            self.submit(_MESSAGE, stop=stop)
        raise AssertionError(f"no end at {self.url}")

    def message(self) -> tuple[str, dict[str, Any]]:
        """Return where the page would post its SAML message to, and the fields."""
        target, _, data = self.form(_MESSAGE)
        return target, data

    @property
    def carries_message(self) -> bool:
        """Whether the page holds a SAML message to be posted."""
        return bool(self.page.xpath(_MESSAGE))

    @property
    def text(self) -> str:
        """What the page says."""
        return " ".join(" ".join(self.page.xpath("//body//text()")).split())

    def has(self, find: str) -> bool:
        """Return whether an XPath expression finds something."""
        return bool(self.page.xpath(find))

    def cookies(self) -> list[Cookie]:
        """Return all cookies, to be set again later."""
        return list(self._client.cookies.jar)

    def set_cookies(self, cookies: list[Cookie]) -> Self:
        """Take cookies (back) into the jar."""
        for cookie in cookies:
            self._client.cookies.jar.set_cookie(cookie)
        return self

    def _go(self, method: str, url: str, data: Any, stop: Callable[[str], bool] | None) -> Self:
        for _ in range(STEPS):
            self.url = url
            if method == "POST":
                self.posted = (url, dict(data))
            if stop and stop(url):
                return self
            self.response = self._client.request(method, url, data=data)
            for cookie in self._client.cookies.jar:
                cookie.secure = False  # see above
            if not self.response.is_redirect:
                self._read()
                return self
            url = urljoin(url, self.response.headers["location"])
            method, data = "GET", None
        raise AssertionError(f"no end at {url}")

    def _read(self) -> None:
        kind = self.response.headers.get("content-type", "")
        if kind.startswith("text/html") and self.response.content:
            self.page = html.fromstring(self.response.text)


_MESSAGE = "//form[.//input[@name='SAMLResponse' or @name='SAMLRequest']]"

"""A small browser without scripts: cookies by site as a real one keeps them, links, redirects, forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from types import TracebackType
from typing import Self
from urllib.parse import urlencode, urljoin, urlsplit

import httpx
from lxml import html

MOST_REDIRECTS = 12
Fields = list[tuple[str, str]]


class PageError(Exception):
    """A page is not what a person would expect there; the message names the page's path."""


@dataclass(frozen=True, slots=True)
class _Cookie:
    value: str = field(repr=False)
    path: str
    same_site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form as a page shows it, with the fields that would be sent as it stands."""

    action: str
    method: str
    step: str
    fields: tuple[tuple[str, str], ...]
    buttons: tuple[tuple[str, str], ...]
    boxes: tuple[tuple[str, str], ...]

    def values(self, name: str) -> list[str]:
        """All values that the checkboxes of a name can send."""
        return [value for box, value in self.boxes if box == name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A loaded page."""

    url: str
    status: int
    content: bytes = field(repr=False)
    media_type: str

    @property
    def tree(self) -> html.HtmlElement:
        """The parsed document."""
        return html.document_fromstring(self.content.decode("utf-8"), base_url=self.url)

    def forms(self) -> list[Form]:
        """All forms of the page."""
        return [_form(node, self.url) for node in self.tree.iter("form")]

    def form(self, step: str) -> Form:
        """The form with this ``data-step``. Raises ``PageError``."""
        for form in self.forms():
            if form.step == step:
                return form
        raise PageError(f"{_where(self)} has no form for the step {step}: {self.heading()}")

    def has_form(self, step: str) -> bool:
        """Whether the page has a form with this ``data-step``."""
        return any(form.step == step for form in self.forms())

    def has_step(self, step: str) -> bool:
        """Whether anything on the page is marked with this ``data-step``."""
        return any(node.get("data-step") == step for node in self.tree.iter())

    def links_in(self, step: str) -> list[str]:
        """The addresses of the links within what is marked with this ``data-step``."""
        return [
            urljoin(self.url, link.get("href", ""))
            for node in self.tree.iter()
            if node.get("data-step") == step
            for link in node.iter("a")
        ]

    def text(self) -> str:
        """The page's text, on one line."""
        return " ".join(self.tree.text_content().split())

    def link(self, text: str) -> str:
        """The address behind the first link that holds ``text``. Raises ``PageError``."""
        for node in self.tree.iter("a"):
            if text.lower() in " ".join(node.text_content().split()).lower() and node.get("href"):
                return urljoin(self.url, node.get("href", ""))
        raise PageError(f"{_where(self)} has no link {text!r}: {self.heading()}")

    def heading(self) -> str:
        """The first heading, for messages."""
        for node in self.tree.iter("h1"):
            return " ".join(node.text_content().split())
        return "no heading"


class Browser:
    """Loads pages, follows redirects, and sends each host the cookies that it would get."""

    def __init__(self, timeout: float = 30.0, transport: httpx.BaseTransport | None = None) -> None:
        # A connection that the server has just given up must not carry a form.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(
            timeout=timeout, trust_env=False, transport=transport, limits=limits
        )
        self._cookies: dict[tuple[str, str], _Cookie] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def get(self, url: str, *, origin: Page | None = None) -> Page:
        """Load a page; ``origin`` is the page with the link."""
        return self._load("GET", url, None, origin)

    def submit(
        self,
        page: Page,
        form: Form,
        *,
        button: tuple[str, str] | None = None,
        boxes: Mapping[str, Sequence[str]] | None = None,
        texts: Mapping[str, str] | None = None,
    ) -> Page:
        """Send a form: ``texts`` fill fields, ``boxes`` say which values of a checkbox are ticked."""
        texts = texts or {}
        fields: Fields = [
            (name, texts.get(name, value))
            for name, value in form.fields
            if name not in (boxes or {})
        ]
        known = {name for name, _ in form.fields}
        if unknown := set(texts) - known:
            raise PageError(f"{_where(page)} has no field {', '.join(sorted(unknown))}")
        for name, values in (boxes or {}).items():
            fields += [(name, value) for value in values]
        if button is not None:
            if button not in form.buttons:
                raise PageError(f"{_where(page)} has no button {button[1]!r}")
            fields.append(button)
        if form.method == "get":
            return self._load(
                "GET", f"{form.action.partition('?')[0]}?{urlencode(fields)}", None, page
            )
        return self._load("POST", form.action, fields, page)

    def _load(self, method: str, url: str, fields: Fields | None, origin: Page | None) -> Page:
        cross_site = origin is not None and _host(origin.url) != _host(url)
        for _ in range(MOST_REDIRECTS):
            headers = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
            if cookies := self._cookies_for(url, unsafe_cross_site=cross_site and method == "POST"):
                headers["Cookie"] = cookies
            if method == "POST" and origin is not None:
                parts = urlsplit(origin.url)
                headers["Origin"] = f"{parts.scheme}://{parts.netloc}"
            body = urlencode(fields or []).encode() if method == "POST" else None
            if body is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            answer = self._client.request(method, url, content=body, headers=headers)
            self._keep_cookies(url, answer)
            if not answer.has_redirect_location:
                return Page(
                    url=url,
                    status=answer.status_code,
                    content=answer.content,
                    media_type=answer.headers.get("Content-Type", "").partition(";")[0],
                )
            url = urljoin(url, answer.headers["Location"])
            if answer.status_code not in (307, 308):
                method, fields = "GET", None
        raise PageError(f"{urlsplit(url).path} redirects without end")

    def _cookies_for(self, url: str, *, unsafe_cross_site: bool) -> str:
        """A cross-site POST carries cookies with ``SameSite=None`` only; Lax is the default."""
        host, path = _host(url), urlsplit(url).path or "/"
        return "; ".join(
            f"{name}={cookie.value}"
            for (owner, name), cookie in self._cookies.items()
            if owner == host
            and (path == cookie.path or path.startswith(cookie.path.rstrip("/") + "/"))
            and not (unsafe_cross_site and cookie.same_site != "none")
        )

    def _keep_cookies(self, url: str, answer: httpx.Response) -> None:
        for line in answer.headers.get_list("Set-Cookie"):
            for name, morsel in SimpleCookie(line).items():
                key = (_host(url), name)
                if morsel["max-age"] == "0" or not morsel.value:
                    self._cookies.pop(key, None)
                else:
                    same_site = str(morsel["samesite"]).lower() or "lax"
                    self._cookies[key] = _Cookie(morsel.value, morsel["path"] or "/", same_site)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _where(page: Page) -> str:
    parts = urlsplit(page.url)
    return f"{parts.netloc}{parts.path} (status {page.status})"


def _form(node: html.HtmlElement, base: str) -> Form:
    fields: list[tuple[str, str]] = []
    buttons: list[tuple[str, str]] = []
    boxes: list[tuple[str, str]] = []
    for part in node.iter("input", "select", "textarea", "button"):
        name = part.get("name")
        if not name or part.get("disabled") is not None:
            continue
        kind = "button" if part.tag == "button" else (part.get("type") or "text").lower()
        if kind in ("button", "submit", "image"):
            buttons.append((name, part.get("value", "")))
        elif kind in ("checkbox", "radio"):
            boxes.append((name, part.get("value", "on")))
            if part.get("checked") is not None:
                fields.append((name, part.get("value", "on")))
        elif part.tag == "textarea":
            fields.append((name, part.text or ""))
        else:
            fields.append((name, part.get("value", "")))
    return Form(
        action=urljoin(base, node.get("action") or base),
        method=(node.get("method") or "get").lower(),
        step=node.get("data-step", ""),
        fields=tuple(fields),
        buttons=tuple(buttons),
        boxes=tuple(boxes),
    )

"""The language of the pages: asked for, remembered, or what the browser prefers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from pathlib import Path

from flask import Flask, Response, g, request
from flask_babel import (
    Babel,
    format_date,
    format_datetime,
    format_decimal,
    get_locale,
    get_timezone,
)

from emrex_gateway.domain import Texts, best_text
from emrex_gateway.web._context import services

COOKIE = "emrex-lang"
NAMES = {"en": "English", "fi": "Suomi", "sv": "Svenska"}
"""A language's name in itself."""


def init(app: Flask) -> None:
    """Set Flask-Babel up for the gateway's own application and catalogue."""
    Babel(
        app,
        default_locale="en",
        default_domain="emrex",
        default_translation_directories=str(Path(__file__).parent / "translations"),
        locale_selector=_choose,
        timezone_selector=lambda: services().settings.time_zone,
    )


def language() -> str:
    """The page's language, such as ``"fi"``."""
    locale = get_locale()
    return str(locale.language) if locale else "en"


def remember(response: Response) -> Response:
    """Keep a language that the reader asked for; say which one the page is in."""
    asked = request.args.get("lang")
    if asked in services().settings.languages:
        response.set_cookie(
            COOKIE,
            asked,
            max_age=31_536_000,
            path=f"{request.script_root}/",
            secure=services().settings.secure_cookies,
            httponly=True,
            samesite="Lax",
        )
    if "emrex_language" in g:
        response.headers["Content-Language"] = g.emrex_language
        response.vary.update(("Accept-Language", "Cookie"))
    return response


def best(values: Texts, default: str = "") -> str:
    """A record's text in the best language that it has for this reader."""
    return best_text(values, (language(), *services().settings.languages), default)


def shown_in(values: Texts, preferred: Iterable[str] = ()) -> Texts:
    """An institution's text as one reader sees it, with its language; or none.

    In the page's language, else the first of ``preferred`` that there is (the
    institution's own languages), else the installation's.
    """
    languages = (language(), *preferred, *services().settings.languages)
    text = best_text(values, languages)
    return tuple(one for one in values if one.value == text)[:1]


def number(value: Decimal) -> str:
    """Credits as people write them: no trailing zeros, the reader's decimal sign."""
    return str(format_decimal(value.normalize()))


def count(value: int) -> str:
    """A number of things, with the reader's separator of thousands."""
    return str(format_decimal(value))


def day(value: date | None) -> str:
    """A date in the reader's style, or nothing."""
    return str(format_date(value, "medium")) if value else ""


def moment(value: datetime | None) -> str:
    """A point in time in the reader's style and the installation's zone, or nothing."""
    return str(format_datetime(value, "medium")) if value else ""


def zone() -> tzinfo:
    """The installation's time zone."""
    return get_timezone() or UTC


def _choose() -> str:
    languages = services().settings.languages
    asked = request.args.get("lang")
    kept = request.cookies.get(COOKIE)
    chosen = next((tag for tag in (asked, kept) if tag in languages), None)
    chosen = chosen or request.accept_languages.best_match(languages) or languages[0]
    g.emrex_language = chosen
    return chosen

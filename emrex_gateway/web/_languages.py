"""The language of the pages: asked for, remembered, or what the browser prefers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import cache
from pathlib import Path

from babel import Locale, UnknownLocaleError
from flask import Flask, Response, g, request
from flask_babel import (
    Babel,
    format_date,
    format_datetime,
    format_decimal,
    get_locale,
    get_timezone,
)
from markupsafe import Markup

from emrex_gateway.domain import LangString, Texts, best_of, best_text
from emrex_gateway.settings import Settings
from emrex_gateway.web._context import services

COOKIE = "emrex-lang"
_DOMAIN = "emrex"
_PLAIN = Markup("<bdi>{}</bdi>")
_LANG = Markup(' lang="{}"')
_SPOKEN = Markup('<bdi lang="{}">{}</bdi>')


def init(app: Flask, settings: Settings) -> None:
    """Set Flask-Babel up for the gateway's own application and catalogues.

    What a catalogue in the installation's own folder has goes before ours.
    """
    folders = [str(Path(__file__).parent / "translations")]
    if settings.catalogues:
        folders.append(settings.catalogues)
    Babel(
        app,
        default_locale="en",
        default_domain=_DOMAIN,
        default_translation_directories=";".join(folders),
        locale_selector=_choose,
        timezone_selector=lambda: services().settings.time_zone,
    )


def language() -> str:
    """The page's language without its region, such as ``"fi"``; found out once a request."""
    if "emrex_plain_language" not in g:
        locale = get_locale()
        g.emrex_plain_language = str(locale.language) if locale else "en"
    return str(g.emrex_plain_language)


def tag() -> str:
    """The page's language as the settings name it, such as ``"fi"`` or ``"pt-BR"``."""
    plain = language()  # this chooses, where nobody has yet
    return str(g.get("emrex_language") or plain)


def direction() -> str:
    """``"ltr"``, or ``"rtl"`` for pages that are read from right to left."""
    locale = get_locale()
    return "rtl" if locale and locale.character_order == "right-to-left" else "ltr"


@cache
def name_of(tag: str) -> str:
    """A language's name in itself, such as ``"Suomi"``; the tag, where nobody knows it."""
    try:
        name = Locale.parse(tag, sep="-").get_display_name()
    except (UnknownLocaleError, ValueError):
        return tag
    return name[:1].upper() + name[1:] if name else tag


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


def worded(values: Texts, default: str = "") -> tuple[str, str | None]:
    """As ``best``, with the text's language; ``None`` where that is the page's, or nobody says it."""
    found = best_of(values, (language(), *services().settings.languages))
    if found is None:
        return default, None
    return found.value, None if found.lang and _is_pages(found.lang) else found.lang


def said(values: Texts, default: str = "") -> Markup:
    """As ``worded``, as markup: screen readers pronounce it right, and its direction is its own."""
    text, lang = worded(values, default)
    return _SPOKEN.format(lang, text) if lang else _PLAIN.format(text)


def lang_of(text: LangString) -> Markup:
    """A ``lang`` attribute for a text of another language than the page; nothing for the page's own."""
    return _LANG.format(text.lang) if text.lang and not _is_pages(text.lang) else Markup("")


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


def _is_pages(lang: str) -> bool:
    """Whether a tag names the page's language; regions of one language are pronounced well enough."""
    return lang.lower().partition("-")[0] == language().lower()


def _choose() -> str:
    languages = services().settings.languages
    asked = request.args.get("lang")
    kept = request.cookies.get(COOKIE)
    chosen = next((tag for tag in (asked, kept) if tag in languages), None)
    chosen = chosen or request.accept_languages.best_match(languages) or languages[0]
    g.emrex_language = chosen
    return chosen.replace("-", "_")

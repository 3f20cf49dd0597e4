"""A record's title and figures, as they are written on many rows.

Thousands of rows say the same few words, dates and numbers: a ``Writer`` knows
the page's language and words once a request, and each value is formatted once.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache

from flask import g
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup, escape

from emrex_gateway.domain import (
    ECTS,
    Credit,
    Instance,
    Recognised,
    Specification,
    Status,
    Texts,
    best_of,
)
from emrex_gateway.web._context import services
from emrex_gateway.web._languages import count, day, language, number, tag


class Writer:
    """Writes records in the language of the request in hand; everything it returns is markup."""

    def __init__(self) -> None:
        self._language = language()
        self._locale = tag()
        self._languages = (self._language, *services().settings.languages)
        self._own = self._language.lower()
        self._untitled = f"<bdi>{escape(_('(no title)'))}</bdi>"
        self._grade = _around(_("grade %(grade)s"), "%(grade)s")
        self._from = _around(_("recognised from %(source)s"), "%(source)s")
        self._elsewhere = escape(_("recognised studies"))
        self._counted = escape(_("%(chosen)s of %(all)s below chosen"))
        self._marks = {
            Status.FAILED: f"<strong>{escape(_('failed'))}</strong>",
            Status.IN_PROGRESS: f"<strong>{escape(_('unfinished'))}</strong>",
        }

    def title(self, values: Texts) -> Markup:
        """A text in the best language that it has, with that language where it is not the page's."""
        found = best_of(values, self._languages)
        if found is None:
            return Markup(self._untitled)  # noqa: S704 (escaped above)
        text, lang = escape(found.value), found.lang
        if not lang or lang.lower().partition("-")[0] == self._own:
            return Markup(f"<bdi>{text}</bdi>")  # noqa: S704 (escaped)
        return Markup(f'<bdi lang="{escape(lang)}">{text}</bdi>')  # noqa: S704 (escaped)

    def figures(self, specification: Specification, instance: Instance) -> Markup:
        """Code, date, grade, credits, and a mark on what is not passed."""
        line = [str(escape(one.value)) for one in specification.identifiers if one.type == "local"]
        if instance.completed:
            line.append(_day(self._locale, instance.completed))
        if instance.grade:
            line.append(f"{self._grade[0]}{escape(instance.grade)}{self._grade[1]}")
        line += [str(escape(self.credit(c))) for c in instance.credits if c.value is not None]
        parts = [f"<span>{one}</span>" for one in line]
        parts.append(self._marks.get(instance.status, ""))
        return Markup("".join(parts))  # noqa: S704 (each part is escaped)

    def recognised(self, record: Recognised) -> Markup:
        """That a record stands for studies elsewhere: where, and since when."""
        line = str(self._elsewhere)
        if record.source:
            line = f"{self._from[0]}{self.title(record.source)}{self._from[1]}"
        if record.on is not None:
            line += f", {_day(self._locale, record.on)}"
        return Markup(line)  # noqa: S704 (each part is escaped)

    def counted(self, picked: int, below: int) -> Markup:
        """How many records below something are chosen; the page's script finds that figure in ``b``."""
        chosen = Markup("<b>%s</b>") % _count(self._locale, picked)
        return self._counted % {"chosen": chosen, "all": _count(self._locale, below)}

    def credit(self, value: Credit) -> str:
        """A figure with its scheme, such as ``5 ECTS``; text, not markup."""
        ects = value.scheme.strip().casefold() == ECTS
        scheme = value.scheme.upper() if ects else value.scheme
        if value.value is None:
            return scheme
        return f"{_number(self._locale, value.value)}\N{NO-BREAK SPACE}{scheme}"


def writer() -> Writer:
    """The request's writer."""
    if "emrex_writer" not in g:
        g.emrex_writer = Writer()
    found = g.emrex_writer
    assert isinstance(found, Writer)
    return found


def figures(specification: Specification, instance: Instance) -> Markup:
    """``Writer.figures`` of the request in hand."""
    return writer().figures(specification, instance)


def language_words(code: str) -> str:
    """A language's name in the page's language, such as ``Finnish``; the code where nobody knows it."""
    locale = get_locale()
    name = locale.languages.get(code) if locale else None
    return name[:1].upper() + name[1:] if name else code


def _around(words: str, gap: str) -> tuple[Markup, Markup]:
    """What stands before and after the one gap of a text."""
    before, _gap, after = words.partition(gap)
    return escape(before), escape(after)


@lru_cache(maxsize=4096)
def _count(locale: str, value: int) -> str:
    return count(value)


@lru_cache(maxsize=4096)
def _day(locale: str, value: date) -> str:
    """A date as people write it; escaped, as it goes into markup."""
    return str(escape(day(value)))


@lru_cache(maxsize=4096)
def _number(locale: str, value: Decimal) -> str:
    return number(value) if value.is_finite() else str(value)

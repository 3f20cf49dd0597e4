"""A record's figures in one line, and what else of a record is written on many rows.

Thousands of rows say the same few words, dates and numbers: they are translated
once a request, and written once for each value.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache

from flask import g
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup, escape

from emrex_gateway.domain import ECTS, Credit, Instance, Recognised, Specification, Status
from emrex_gateway.web._languages import count, day, language, number, said


def figures(specification: Specification, instance: Instance) -> Markup:
    """Code, date, grade, credits, and a mark on what is not passed."""
    words = _words()
    line = [escape(one.value) for one in specification.identifiers if one.type == "local"]
    if instance.completed:
        line.append(escape(_day(language(), instance.completed)))
    if instance.grade:
        line.append(words["grade"] % {"grade": instance.grade})
    line += [escape(credit(one)) for one in instance.credits if one.value is not None]
    parts = [f"<span>{one}</span>" for one in line]
    if instance.status is not Status.PASSED:
        parts.append(f"<strong>{words[instance.status]}</strong>")
    return Markup("".join(parts))  # noqa: S704 (each part is escaped above)


def recognised(record: Recognised) -> Markup:
    """That a record stands for studies elsewhere: where, and since when."""
    words = _words()
    line = words["from"] % {"source": said(record.source)} if record.source else words["elsewhere"]
    if record.on is None:
        return line
    return line + Markup(", ") + escape(_day(language(), record.on))


def counted(picked: int, below: int) -> Markup:
    """How many of the records below something are chosen; the script finds the first figure in ``b``."""
    figures = {"chosen": Markup("<b>%s</b>") % _count(language(), picked)}
    return _words()["counted"] % {**figures, "all": _count(language(), below)}


def credit(value: Credit) -> str:
    """A figure with its scheme, such as ``5 ECTS``."""
    ects = value.scheme.strip().casefold() == ECTS
    scheme = value.scheme.upper() if ects else value.scheme
    if value.value is None:
        return scheme
    return f"{_number(language(), value.value)}\N{NO-BREAK SPACE}{scheme}"


def language_words(code: str) -> str:
    """A language's name in the page's language, such as ``Finnish``; the code where nobody knows it."""
    locale = get_locale()
    name = locale.languages.get(code) if locale else None
    return name[:1].upper() + name[1:] if name else code


def _words() -> Mapping[str, Markup]:
    """The words of these lines, as markup, once a request."""
    if "emrex_figures" not in g:
        g.emrex_figures = {
            "grade": escape(_("grade %(grade)s")),
            "from": escape(_("recognised from %(source)s")),
            "counted": escape(_("%(chosen)s of %(all)s below chosen")),
            "elsewhere": escape(_("recognised studies")),
            Status.FAILED: escape(_("failed")),
            Status.IN_PROGRESS: escape(_("unfinished")),
        }
    found: Mapping[str, Markup] = g.emrex_figures
    return found


@lru_cache(maxsize=4096)
def _count(tongue: str, value: int) -> str:
    return count(value)


@lru_cache(maxsize=4096)
def _day(tongue: str, value: date) -> str:
    return day(value)


@lru_cache(maxsize=4096)
def _number(tongue: str, value: Decimal) -> str:
    return number(value) if value.is_finite() else str(value)

"""A table of institutions (CSV): a line of column names, then a line each.

Columns: ``domain`` or ``slug`` (one of them is needed to know which institution
a line means), ``name_en`` and so on, ``country``, ``url``, ``erasmus``, ``pic``,
``code_<type>``, ``support``, ``address``, ``languages``, ``logo``,
``controller_en``, ``privacy_notice_en``, ``privacy_url_en``, ``privacy_contact``.
An empty cell says nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from emrex_gateway.administering._candidates import MAX_ROWS, Candidate, plain_tag
from emrex_gateway.administering._codes import ERASMUS, PIC
from emrex_gateway.administering._values import N_
from emrex_gateway.domain import LangString
from emrex_gateway.errors import ConfigError

MAX_BYTES = 8 * 1024 * 1024
_PLAIN = {
    "url": "url",
    "support": "support",
    "address": "address",
    "languages": "languages",
    "logo": "logo",
    "privacy_contact": "privacy.contact",
}
_IN_LANGUAGES = {
    "name": "names",
    "controller": "privacy.controller",
    "privacy_notice": "privacy.notice",
    "privacy_url": "privacy.url",
}
COLUMNS = (
    "slug", "domain", "country", ERASMUS, PIC, *_PLAIN,
    *(f"{name}_<language>" for name in _IN_LANGUAGES), "code_<type>",
)  # fmt: skip
"""What a column may be called."""


def read_table(data: bytes) -> tuple[Candidate, ...]:
    """Return the lines of a table. Commas, semicolons or tabs part the cells.

    Raises ``ConfigError`` for what is no such table, or breaks a limit; what is
    wrong with one line is said where the line is planned.
    """
    if len(data) > MAX_BYTES:
        raise ConfigError(
            f"the table is larger than {MAX_BYTES} bytes",
            "file",
            words=N_("The file is too large."),
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(
            "the table is not UTF-8 text",
            "file",
            words=N_("The file is not UTF-8 text. Save the table as “CSV UTF-8”."),
        ) from None
    lines = _lines(text)
    header = [cell.strip().lower() for cell in next(lines, (0, []))[1]]
    places = [_place(name) for name in header]
    if not {"slug", "domain"} & set(header) or len(set(header)) != len(header):
        raise ConfigError(
            "the table's first line must name its columns, each once, among them domain or slug",
            "file",
            words=N_("The first line must name the columns, each once, among them domain."),
        )
    found = [_candidate(number, places, cells) for number, cells in lines if any(cells)]
    if not found or len(found) > MAX_ROWS:
        raise ConfigError(
            f"the table must have 1 to {MAX_ROWS} lines",
            "file",
            words=N_("The table must have 1 to %(most)d lines."),
            values={"most": MAX_ROWS},
        )
    return tuple(found)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each line's cells with its number in the file."""
    first = text.partition("\n")[0]
    parting = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=parting, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error:
        raise ConfigError(
            f"the table cannot be read: line {reader.line_num}",
            "file",
            words=N_("The table cannot be read; see line %(line)d."),
            values={"line": reader.line_num},
        ) from None


def _place(column: str) -> tuple[str, str, str]:
    """Return what a column holds: the kind of thing, its name, its language."""
    if column in ("slug", "domain", "country"):
        return "self", column, ""
    if column in (ERASMUS, PIC):
        return "code", column, ""
    if column in _PLAIN:
        return "value", _PLAIN[column], ""
    kind, _, rest = column.partition("_")
    if kind == "code" and rest:
        return "code", rest, ""
    name, _, language = column.rpartition("_")
    if name in _IN_LANGUAGES and (tag := plain_tag(language)):
        return "text", _IN_LANGUAGES[name], tag
    raise ConfigError(
        f"the table has an unknown column {column[:80]!r}; known are {', '.join(COLUMNS)}",
        "file",
        words=N_("There is no column %(column)s. Columns may be %(known)s."),
        values={"column": column[:80], "known": ", ".join(COLUMNS)},
    )


def _candidate(number: int, places: list[tuple[str, str, str]], cells: list[str]) -> Candidate:
    own: dict[str, str] = {}
    codes: dict[str, str] = {}
    values: dict[str, str] = {}
    texts: dict[str, list[LangString]] = {}
    for (kind, name, language), cell in zip(places, cells, strict=False):
        if not cell:
            continue
        if kind == "self":
            own[name] = cell
        elif kind == "code":
            codes[name] = cell
        elif kind == "value":
            values[name] = cell
        else:
            texts.setdefault(name, []).append(LangString(cell, language))
    names = tuple(texts.pop("names", ()))
    return Candidate(
        line=number,
        slug=own.get("slug", ""),
        domain=own.get("domain", "").lower(),
        country=own.get("country", "").upper(),
        names=names,
        codes=codes,
        values=values,
        texts={name: tuple(several) for name, several in texts.items()},
    )

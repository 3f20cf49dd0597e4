"""A field of several rows, each with the same columns: keys, contacts, rules. It works without scripts.

Behind the rows that there are, some empty ones wait to be filled; a row that is
emptied is gone. Who needs more saves and finds new empty ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape
from wtforms import Field
from wtforms.widgets import html_params

MAX_ROWS = 100
MAX_CELL = 8000

Words = Any
"""A text, or a lazy one."""


@dataclass(frozen=True, slots=True)
class Column:
    """One control of each row: ``kind`` is ``text``, ``area``, ``tick`` or (with ``choices``) ``choice``.

    A ticked box or a choice alone makes no row: some text must be there.
    """

    name: str
    label: Words
    kind: str = "text"
    choices: Callable[[], Sequence[tuple[str, Words]]] | None = None
    initial: bool = False
    """Whether an empty row's box is ticked."""


class _RowsWidget:
    def __call__(self, field: RowsField, **attributes: Any) -> Markup:
        rows = [*field.shown(), *({} for _ in range(field.spare))]
        made = [self._row(field, number, row) for number, row in enumerate(rows[:MAX_ROWS])]
        return Markup(f'<div class="rows">{"".join(made)}</div>')  # noqa: S704 (escaped below)

    def _row(self, field: RowsField, number: int, row: Mapping[str, Any]) -> str:
        cells = "".join(self._cell(field, column, number, row) for column in field.columns)
        return f'<div class="set" role="group" aria-label="{number + 1}">{cells}</div>'

    def _cell(self, field: RowsField, column: Column, number: int, row: Mapping[str, Any]) -> str:
        name = f"{field.name}-{number}-{column.name}"
        id_ = field.id if (number, column) == (0, field.columns[0]) else name
        described = {"aria-describedby": f"{field.id}-error"} if field.errors else {}
        common = html_params(id=id_, name=name, **described)
        label, value = escape(column.label), row.get(column.name, "")
        if column.kind == "tick":
            ticked = value if row else column.initial
            checked = " checked" if ticked else ""
            return (
                f'<label class="tick" for="{id_}"><input type="checkbox" {common} value="y"{checked}>'
                f" {label}</label>"
            )
        if column.choices is not None:
            options = "".join(
                f'<option value="{escape(code)}"{" selected" if code == value else ""}>'
                f"{escape(words)}</option>"
                for code, words in column.choices()
            )
            control = f"<select {common}>{options}</select>"
        elif column.kind == "area":
            control = f'<textarea {common} rows="4" spellcheck="false">\n{escape(value)}</textarea>'
        else:
            control = f'<input type="text" {common} value="{escape(value)}">'
        return f'<div class="cell"><label for="{id_}">{label}</label>{control}</div>'


class RowsField(Field):
    """``data`` is a tuple of rows, each a mapping by column; rows without any text are left out."""

    widget = _RowsWidget()
    group = True

    def __init__(self, *args: Any, columns: Sequence[Column], spare: int = 2, **more: Any) -> None:
        super().__init__(*args, **more)
        self.columns = tuple(columns)
        self.spare = spare

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Read ``<name>-<number>-<column>``."""
        self.process_errors = []
        self.object_data = self.data = tuple(data or ())
        prefix = f"{self.name}-"
        sent = [key for key in formdata or () if key.startswith(prefix)]
        if sent:
            numbers = {key.removeprefix(prefix).partition("-")[0] for key in sent}
            order = sorted(int(one) for one in numbers if one.isdigit() and len(one) < 4)
            rows = (self._read(formdata, number) for number in order[:MAX_ROWS])
            self.data = tuple(row for row in rows if row is not None)

    def shown(self) -> Iterable[Mapping[str, Any]]:
        """The rows to show: what is there, or what was sent."""
        return self.data or ()

    def _read(self, formdata: Any, number: int) -> dict[str, Any] | None:
        row: dict[str, Any] = {}
        for column in self.columns:
            sent = formdata.getlist(f"{self.name}-{number}-{column.name}")
            text = sent[0].strip()[:MAX_CELL] if sent else ""
            row[column.name] = bool(text) if column.kind == "tick" else text
        texts = [row[c.name] for c in self.columns if c.kind in ("text", "area") and not c.choices]
        return row if any(texts) else None

"""What a page says after something was done: ``?done=<code>``, the code's text, and a way back.

say("people.off", _("The account is switched off."), undo=_switch_on_again)
return redirect(url_for("admin_people.people", done="people.off", undo=account.id), code=303)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flask import request
from flask_babel.speaklater import LazyString


@dataclass(frozen=True, slots=True)
class Undo:
    """A form that undoes what was done: where it posts to, and its fields."""

    address: str
    fields: Mapping[str, str] = field(default_factory=dict)


UndoOf = Callable[[str], Undo | None]
"""Makes the form from ``?undo=<key>``, which anybody may have written: look it up before believing it."""

_TEXTS: dict[str, str | LazyString] = {}
_UNDO: dict[str, UndoOf] = {}


def say(code: str, text: str | LazyString, *, undo: UndoOf | None = None) -> str:
    """Let ``?done=<code>`` say that, and return the code. ``text`` is lazy (``lazy_gettext``).

    Raises ``ValueError`` for a code that says something already.
    """
    if code in _TEXTS:
        raise ValueError(f"the notice {code} exists already")
    _TEXTS[code] = text
    if undo is not None:
        _UNDO[code] = undo
    return code


def notice() -> str:
    """What this page has to say of what was just done."""
    return str(_TEXTS.get(request.args.get("done", ""), ""))


def undo() -> Undo | None:
    """The way back, where there is one."""
    make, key = _UNDO.get(request.args.get("done", "")), request.args.get("undo", "")
    return make(key) if make and key else None

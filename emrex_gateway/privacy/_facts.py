"""What an institution has configured, and the words around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from emrex_gateway.domain import (
    AccessPoint,
    AdapterBinding,
    Institution,
    LoginMethod,
    Texts,
    best_text,
)
from emrex_gateway.settings import Settings

Translate = Callable[..., str]
"""As ``flask_babel.gettext``: an English text, and values for its ``%(name)s``."""


@dataclass(frozen=True, slots=True)
class Activity:
    """One processing activity: rows of a label and its lines."""

    title: str
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is configured, in one place for all the activities."""

    settings: Settings
    institution: Institution
    points: tuple[AccessPoint, ...]
    adapters: tuple[AdapterBinding, ...]
    logins: tuple[LoginMethod, ...]
    language: str

    def best(self, several: Texts) -> str:
        """A text in the page's language, or in another one."""
        return best_text(several, (self.language,))


def duration(seconds: int, _: Translate) -> str:
    """Say a duration in the largest unit that fits it evenly."""
    for size, text in (
        (86400, _("%(number)s days")),
        (3600, _("%(number)s hours")),
        (60, _("%(number)s minutes")),
    ):
        if seconds >= size and seconds % size == 0:
            if seconds == size:
                break
            return text % {"number": seconds // size}
    singular = {86400: _("1 day"), 3600: _("1 hour"), 60: _("1 minute")}
    return singular.get(seconds) or _("%(number)s seconds", number=seconds)

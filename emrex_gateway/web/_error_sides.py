"""What support is told of an error, and on whose side it lies."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString


@dataclass(frozen=True, slots=True)
class ErrorWords:
    """``side`` names who can mend it."""

    happened: LazyString
    side: LazyString
    advice: LazyString


OURS = _("This gateway")
SYSTEM = _("The study administration system")
CLIENT = _("The service that the student came from")
PROVIDER = _("The login provider, or its settings here")
ELSEWHERE = _("The provider that the records come from")
NOBODY = _("Nobody's fault")
STUDENT = _("The student's browser")

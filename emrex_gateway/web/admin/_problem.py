"""Error pages within the administrator's frame: what happened, and what to do."""

from __future__ import annotations

from flask_babel import gettext as _
from werkzeug.exceptions import BadRequest, NotFound

from emrex_gateway.errors import ConfigError, EditConflict, NotAllowed

Words = tuple[int, str, str]


def words(error: Exception) -> Words | None:
    """Status, title and text for an error of these pages; ``None`` leaves it to the others' words."""
    if isinstance(error, NotAllowed):
        return (
            403,
            _("You may not do this"),
            _(
                "Your role does not allow it, or not at this institution. If you need it, ask "
                "somebody who runs the gateway for the role."
            ),
        )
    if isinstance(error, EditConflict):
        return (
            409,
            _("Somebody else was faster"),
            _("The same thing was changed meanwhile, so nothing was saved. Open it again."),
        )
    if isinstance(error, ConfigError):
        return (
            400,
            _("This cannot be done"),
            _("%(reason)s. Nothing was changed.", reason=_sentence(str(error))),
        )
    if isinstance(error, NotFound):
        return 404, _("There is no such page"), _("Choose another one from the menu.")
    if isinstance(error, BadRequest):
        return (
            400,
            _("The form was out of date"),
            _(
                "It was made before you logged in, or by another page. Nothing was changed. Go "
                "back, load the page again, and send the form once more."
            ),
        )
    return None


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".")

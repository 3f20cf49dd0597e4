"""Privacy, for administrators: what is kept how long, when it was last swept, and the record of processing."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import msgspec
from flask import render_template
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from emrex_gateway import privacy
from emrex_gateway.domain import Permission
from emrex_gateway.web._context import services
from emrex_gateway.web._languages import language
from emrex_gateway.web._retention_words import RETENTION_WORDS
from emrex_gateway.web.admin import _menu
from emrex_gateway.web.admin._frame import actor, allowed, area

data = area("privacy", __name__)
_menu.ENTRIES.append(
    _menu.Entry(
        "admin_privacy.overview",
        _("Privacy"),
        Permission.SEE_SETTINGS,
        _("How long each kind of data is kept, and the record of processing activities."),
    )
)

LATE = timedelta(minutes=10)
"""A sweep runs every half a minute; one that is this old has stopped."""


@data.get("/privacy")
@allowed(Permission.SEE_SETTINGS)
def overview() -> str:
    """Retention per kind, and the institutions' records."""
    kept = privacy.kept(services())
    now = services().clock()
    # The part that is latest: others that go on must not hide one that has stopped.
    swept = (one.swept_at for one in kept if one.kind.code not in privacy.BY_THE_HOUR)
    last = min((at for at in swept if at), default=None)
    with services().store.read() as uow:
        institutions = [
            one
            for one in uow.config.institutions()
            if actor().may(Permission.SEE_SETTINGS, one.slug)
        ]
        waiting = uow.support.waiting_contents()
    return render_template(
        "emrex/admin/privacy.html",
        kept=kept,
        words=RETENTION_WORDS,
        duration=_duration,
        last=last,
        late=last is None or now - last > LATE,
        institutions=institutions,
        waiting=waiting if actor().everywhere(Permission.SEE_SETTINGS) else None,
    )


@data.get("/privacy/record/<institution>")
@allowed(Permission.SEE_SETTINGS)
def record(institution: str) -> str:
    """An institution's record of processing activities."""
    return render_template("emrex/admin/privacy_record.html", record=_record(institution))


@data.get("/privacy/record/<institution>.<any('md', 'json'):kind>")
@allowed(Permission.SEE_SETTINGS)
def record_file(institution: str, kind: str) -> Response:
    """The same to take along."""
    made = _record(institution)
    if kind == "md":
        text = privacy.register_markdown(made, gettext)
        response = Response(text, content_type="text/markdown; charset=utf-8")
    else:
        encoded = msgspec.json.format(msgspec.json.encode(dataclasses.asdict(made)), indent=2)
        response = Response(encoded, mimetype="application/json")
    name = f"emrex-record-{institution}-{language()}.{kind}"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _record(institution: str) -> privacy.Register:
    return privacy.register(services(), institution, language(), gettext)


def _duration(seconds: int) -> Any:
    return privacy.duration(seconds, gettext)

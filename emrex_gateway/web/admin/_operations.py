"""Operations: what works, the queues, what failed in them, maintenance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response
from wtforms import RadioField, StringField

from emrex_gateway import administering, operations
from emrex_gateway.domain import Maintenance, MaintenanceMode, Permission
from emrex_gateway.errors import ConfigError, EditConflict, QueueUnavailable
from emrex_gateway.ports import FailedOrder, QueuesSeen
from emrex_gateway.web._context import services
from emrex_gateway.web.admin._conflicts import conflict
from emrex_gateway.web.admin._forms import AdminForm, SelectChoice, TextsField
from emrex_gateway.web.admin._frame import actor, allowed, area
from emrex_gateway.web.admin._menu import ENTRIES, Entry
from emrex_gateway.web.admin._notices import Undo, say

pages = area("operations", __name__)
ENTRIES.append(
    Entry(
        "admin_operations.overview",
        _l("Operations"),
        Permission.RUN,
        _l("What works, what waits, what failed; maintenance."),
    )
)
_RUN = Permission.RUN
_OFF = MaintenanceMode.OFF
MOST_FAILED = 100


def _undo_maintenance(key: str) -> Undo | None:
    with services().store.read() as uow:
        mode = uow.operations.maintenance().mode
    if key != "on" or mode is _OFF:
        return None
    return Undo(url_for("admin_operations.off"))


ON = say("operations.on", _l("Maintenance is on, in every process."), undo=_undo_maintenance)
OFF = say("operations.off", _l("Maintenance is off: students come in again."))
SENT = say("operations.sent", _l("Sent again. The database says whether there is work left."))
GONE = say("operations.gone", _l("Thrown away."))
NONE = say("operations.none", _l("That was not there any more."))


@dataclass(frozen=True, slots=True)
class Queues:
    """What could be learned of the queues; ``away`` while Redis does not answer."""

    seen: QueuesSeen | None = None
    failed: tuple[FailedOrder, ...] = ()

    @property
    def away(self) -> bool:
        """Whether nothing could be learned."""
        return self.seen is None


class MaintenanceForm(AdminForm):
    """Whom to turn away, until when, and with which words."""

    mode = RadioField(
        _l("Whom to turn away"),
        choices=[
            SelectChoice("drain", _l("Whoever is new. Transfers that are under way may end.")),
            SelectChoice(
                "closed", _l("Everybody. Students in the middle of a transfer wait, too.")
            ),
        ],
        default="drain",
    )
    until = StringField(
        _l("Expected end"),
        description=_l("Such as 2026-03-01 14:00, in UTC. Leave it empty if you cannot tell."),
    )
    texts = TextsField(
        _l("What students read"),
        long=True,
        description=_l("One or two sentences. Where it is empty, our standard words stand."),
    )


def look() -> Queues:
    """Ask Redis once; it gives up within a second or two."""
    view = services().queues
    if view is None:
        return Queues()
    try:
        seen = view.look()
        failed = view.failed(MOST_FAILED) if any(q.failed for q in seen.queues) else ()
    except QueueUnavailable:
        return Queues()
    return Queues(seen, failed)


@pages.get("/operations")
@allowed(_RUN)
def overview() -> str:
    """Everything at a glance."""
    made = services()
    with made.store.read() as uow:
        now = uow.operations.maintenance()
        counts = uow.operations.transfer_counts()
        marks = uow.retention.marks()
        breakers = {
            name: until
            for name, (_failures, until) in uow.operations.circuits().items()
            if until is not None and until > made.clock()
        }
    return render_template(
        "emrex/admin/operations.html",
        maintenance=now,
        queues=look(),
        counts=counts,
        swept=max((mark.at for mark in marks.values()), default=None),
        breakers=breakers,
        parts=operations.look(made),
        now=made.clock(),
        age=_age,
    )


@pages.post("/operations/failed/<job>")
@allowed(_RUN)
def one_failed(job: str) -> Response:
    """Send one failed order again, or throw it away."""
    made, who = services(), actor()
    if request.form.get("do") == "retry":
        done = SENT if administering.retry_job(made, who, job) else NONE
    elif request.form.get("do") == "forget":
        done = GONE if administering.forget_job(made, who, job) else NONE
    else:
        raise NotFound
    return redirect(url_for("admin_operations.overview", done=done), code=303)


@pages.route("/operations/failed", methods=["GET", "POST"])
@allowed(_RUN)
def all_failed() -> Response | str:
    """All of them; throwing them away is asked first."""
    made, who = services(), actor()
    if request.method == "GET":
        found = look()
        return render_template("emrex/admin/operations_forget.html", queues=found)
    if request.form.get("do") == "retry":
        done = SENT if administering.retry_jobs(made, who) else NONE
    else:
        done = GONE if administering.forget_jobs(made, who) else NONE
    return redirect(url_for("admin_operations.overview", done=done), code=303)


@pages.route("/operations/maintenance", methods=["GET", "POST"])
@allowed(_RUN)
def maintenance() -> Response | str | tuple[str, int]:
    """Switch it on, or change what it says."""
    with services().store.read() as uow:
        now = uow.operations.maintenance()
    form = MaintenanceForm(request.form if request.method == "POST" else None, data=_data(now))
    told: Any = None
    status = 200
    if request.method == "POST" and form.validate():
        try:
            wanted = Maintenance(
                mode=MaintenanceMode(form.mode.data),
                until=_read(form.until.data),
                texts=tuple(form.texts.data or ()),
            )
            administering.set_maintenance(
                services(), actor(), wanted, version=form.version.data or ""
            )
            address = url_for("admin_operations.overview", done=ON, undo="on")
            return redirect(address, code=303)
        except ConfigError as error:
            form.blame(error)
            status = 422
        except EditConflict:
            here = url_for("admin_operations.maintenance")
            told = conflict(form, now, None, kind="maintenance", key="gateway", address=here)
            status = 409
    elif request.method == "GET":
        form.version.data = administering.version_of(now)
    page = render_template(
        "emrex/admin/maintenance.html", form=form, maintenance=now, conflict=told
    )
    return (page, status) if status != 200 else page


@pages.post("/operations/maintenance/off")
@allowed(_RUN)
def off() -> Response:
    """Let students in again."""
    administering.set_maintenance(services(), actor(), Maintenance())
    return redirect(url_for("admin_operations.overview", done=OFF), code=303)


def _data(now: Maintenance) -> dict[str, Any]:
    return {
        "mode": "closed" if now.mode is MaintenanceMode.CLOSED else "drain",
        "until": now.until.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if now.until else "",
        "texts": now.texts,
    }


def _read(text: str | None) -> datetime | None:
    """Read a time, in UTC unless it says otherwise. Raises ``ConfigError``."""
    if not (text or "").strip():
        return None
    try:
        moment = datetime.fromisoformat((text or "").strip())
    except ValueError:
        raise ConfigError(
            "until is not a time",
            field="until",
            words="This is not a time: write it like 2026-03-01 14:00.",
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _age(since: datetime | None) -> str:
    """How long ago, in a few words."""
    if since is None:
        return "–"
    seconds = max(int((services().clock() - since).total_seconds()), 0)
    if seconds < 120:
        return str(_("%(count)d s", count=seconds))
    if seconds < 7200:
        return str(_("%(count)d min", count=seconds // 60))
    return str(_("%(count)d h", count=seconds // 3600))

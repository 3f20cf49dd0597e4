"""What one institution decides of providers: hides, is lenient with, adds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from emrex_gateway import administering, directory
from emrex_gateway.directory import ProviderLine
from emrex_gateway.domain import Actor, Institution, Permission, ProviderRule
from emrex_gateway.errors import ConfigError, EditConflict
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.web._context import services
from emrex_gateway.web.admin import _provider_words as words
from emrex_gateway.web.admin._conflicts import conflict
from emrex_gateway.web.admin._frame import actor, allowed, area
from emrex_gateway.web.admin._notices import Undo, say
from emrex_gateway.web.admin._overview import Step, section
from emrex_gateway.web.admin._provider_form import ProviderForm, read, values_of

institution_providers = area("institution_providers", __name__)
BASE = "/i/<institution>/providers"
_CHANGE = Permission.CHANGE_SETTINGS
MOST = 400
"""Lines of one page; a search finds the others."""
Page = str | Response | tuple[str, int]


def _undo(step: str, **fields: str) -> Any:
    """A way back from ``?undo=<institution>/<key>``."""

    def make(said: str) -> Undo | None:
        slug, _slash, key = said.partition("/")
        if not actor().may(_CHANGE, slug):
            return None
        return Undo(
            url_for(f"admin_institution_providers.{step}", institution=slug, key=key), fields
        )

    return make


HIDDEN = say(
    "provider.hidden",
    _l("Students are no longer offered the provider."),
    undo=_undo("hide", to="shown"),
)
SHOWN = say("provider.shown", _l("Students are offered the provider again."))
WEAK = say(
    "provider.weak",
    _l("Weak signatures of the provider are accepted, with a warning for the officer."),
    undo=_undo("weak", to="strict"),
)
STRICT = say("provider.strict", _l("Weak signatures of the provider are refused."))
ADDED = say("provider.added", _l("The provider is added. Students are offered it at once."))
SAVED = say("provider.saved", _l("The provider is saved."))
SAME = say("provider.same", _l("Nothing was changed."))
GONE = say("provider.removed", _l("The provider is removed."), undo=_undo("back"))
BACK = say("provider.back", _l("The provider is back."))


@institution_providers.get(BASE)
@allowed(Permission.SEE_SETTINGS)
def all_(institution: str) -> str:
    """Every provider as this institution's students see it, and what they do not see."""
    asked = request.args.get("q", "")[:100]
    which = request.args.get("which", "")
    lines = directory.provider_lines(services(), institution)
    found = [line for line in lines if words.fits(line, asked) and _wanted(line, which)]
    return render_template(
        "emrex/admin/institution_providers.html",
        institution=_home(institution),
        lines=found[:MOST],
        left=max(len(found) - MOST, 0),
        total=len(lines),
        offered=sum(1 for line in lines if line.offered),
        asked=asked,
        which=which,
        removed=administering.removed_providers(services(), institution),
        may_change=actor().may(_CHANGE, institution),
        words=words,
    )


@institution_providers.route(f"{BASE}/new", methods=["GET", "POST"])
@allowed(_CHANGE)
def new(institution: str) -> Page:
    """Add a provider that no list names."""
    form = ProviderForm(request.form if request.method == "POST" else None)
    if request.method == "POST":
        try:
            made = read(form)
            administering.save_provider(services(), actor(), institution, made)
            return _to(institution, done=ADDED)
        except ConfigError as error:
            form.blame(error)
    page = _form_page(institution, form, None)
    return (page, 422) if request.method == "POST" else page


@institution_providers.route(f"{BASE}/<key>", methods=["GET", "POST"])
@allowed(_CHANGE)
def edit(institution: str, key: str) -> Page:
    """Change an own addition."""
    rule = _own(institution, key)
    assert rule.added is not None
    form = ProviderForm(
        request.form if request.method == "POST" else None, data=values_of(rule.added)
    )
    told = None
    if request.method == "POST":
        wanted = rule.added
        try:
            wanted, version = read(form), form.version.data or ""
            changed = administering.save_provider(
                services(), actor(), institution, wanted, key=key, version=version
            )
            return _to(institution, done=SAVED if changed else SAME)
        except ConfigError as error:
            form.blame(error)
        except EditConflict:
            rule = _own(institution, key)
            address = url_for(".edit", institution=institution, key=key)
            told = conflict(
                form,
                rule.added,
                wanted,
                kind=administering.PROVIDER,
                key=wanted.url,
                address=address,
            )
            form.version.data = administering.version_of(rule)
    else:
        form.version.data = administering.version_of(rule)
    page = _form_page(institution, form, rule, told)
    return (page, 409 if told else 422) if request.method == "POST" else page


@institution_providers.post(f"{BASE}/<key>/hide")
@allowed(_CHANGE)
def hide(institution: str, key: str) -> Response:
    """Leave it out of the students' list, or offer it again."""
    hidden = request.form.get("to") == "hidden"
    administering.hide_provider(services(), actor(), institution, key, hidden=hidden)
    undo = f"{institution}/{key}" if hidden else None
    return _to(institution, done=HIDDEN if hidden else SHOWN, undo=undo)


@institution_providers.route(f"{BASE}/<key>/weak", methods=["GET", "POST"])
@allowed(_CHANGE)
def weak(institution: str, key: str) -> Page:
    """Accept weak signatures of it, after saying what that means; or no longer."""
    line = _line(institution, key)
    if request.method == "POST":
        to = request.form.get("to") != "strict"
        administering.accept_weak(services(), actor(), institution, key, weak=to)
        undo = f"{institution}/{key}" if to else None
        return _to(institution, done=WEAK if to else STRICT, undo=undo)
    return render_template(
        "emrex/admin/ask.html",
        title=_("Accept weak signatures of %(name)s?", name=words.name(line)),
        texts=[
            _(
                "Signatures with SHA-1 or with RSA keys below 2048 bits can be forged by somebody "
                "who spends enough on it. Some older providers know nothing better."
            ),
            _(
                "Records that come with such a signature are then accepted from this provider. The "
                "officer sees a warning beside each."
            ),
        ],
        button=_("Accept weak signatures"),
        danger=True,
        cancel=url_for(".all_", institution=institution),
        version="",
    )


@institution_providers.route(f"{BASE}/<key>/remove", methods=["GET", "POST"])
@allowed(_CHANGE)
def remove(institution: str, key: str) -> Page:
    """Remove an own addition, after asking."""
    rule = _own(institution, key)
    if request.method == "POST":
        version = request.form.get("version")
        administering.remove_provider(services(), actor(), institution, key, version=version)
        return _to(institution, done=GONE, undo=f"{institution}/{key}")
    return render_template(
        "emrex/admin/ask.html",
        title=_("Remove %(name)s?", name=words.name(_line(institution, key))),
        texts=[
            _("Students are no longer offered it, unless one of the network's lists has it too."),
            _("For 30 days it can be put back."),
        ],
        button=_("Remove"),
        danger=True,
        cancel=url_for(".all_", institution=institution),
        version=administering.version_of(rule),
    )


@institution_providers.post(f"{BASE}/<key>/back")
@allowed(_CHANGE)
def back(institution: str, key: str) -> Response:
    """Put a removed addition back."""
    administering.put_back_provider(services(), actor(), institution, key)
    return _to(institution, done=BACK)


@section(110)
def steps(uow: UnitOfWork, institution: Institution, who: Actor) -> Iterable[Step]:
    """What the overview says of providers, where the institution receives records."""
    if not institution.client:
        return
    lines = directory.provider_lines_in(services(), uow, institution.slug)
    found = [line for line in lines if line.offered]
    flagged = sum(1 for line in found if line.flags)
    state = (
        ngettext(
            "Students can fetch records from %(num)d provider.",
            "Students can fetch records from %(num)d providers.",
            len(found),
        )
        if found
        else _("Students can fetch records from nobody.")
    )
    if flagged:
        look = ngettext("%(num)d needs a look.", "%(num)d need a look.", flagged)
        state = f"{state} {look}"
    yield Step(
        title=_("Providers"),
        address=url_for("admin_institution_providers.all_", institution=institution.slug),
        state=state,
        done=bool(found),
        problem=not found,
    )


def _wanted(line: ProviderLine, which: str) -> bool:
    return {
        "offered": line.offered,
        "hidden": line.rule is not None and line.rule.hidden,
        "own": line.rule is not None and line.rule.added is not None,
        "flagged": bool(line.flags),
    }.get(which, True)


def _form_page(
    institution: str, form: ProviderForm, rule: ProviderRule | None, told: Any = None
) -> str:
    return render_template(
        "emrex/admin/institution_provider.html",
        institution=_home(institution),
        form=form,
        rule=rule,
        conflict=told,
        words=words,
    )


def _own(institution: str, key: str) -> ProviderRule:
    with services().store.read() as uow:
        rule = uow.providers.rule(institution, key)
    if rule is None or rule.added is None:
        raise NotFound
    return rule


def _line(institution: str, key: str) -> ProviderLine:
    for line in directory.provider_lines(services(), institution):
        if line.provider.key == key:
            return line
    raise NotFound


def _home(institution: str) -> Institution:
    with services().store.read() as uow:
        return uow.config.institution(institution)


def _to(institution: str, **values: Any) -> Response:
    return redirect(url_for(".all_", institution=institution, **values), code=303)

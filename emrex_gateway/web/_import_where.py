"""Where the records are: the student chooses a provider, is sent there, and comes back here."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from emrex_gateway import exporting, importing
from emrex_gateway.domain import Errand, ErrandState, Transfer, TransferState
from emrex_gateway.errors import StaleTransfer, TransferError
from emrex_gateway.exporting import Stage
from emrex_gateway.web import _context, _import_places
from emrex_gateway.web._context import absolute, require_form_token, services
from emrex_gateway.web._headers import posts_to
from emrex_gateway.web._import_words import tell
from emrex_gateway.web._importing import importing_pages
from emrex_gateway.web._progress import REFRESH_SECONDS, slow_words, told
from emrex_gateway.web._steps import elsewhere, go_on, page_of


@importing_pages.get("/<slug>/t/<transfer_id>/import/where")
def where(slug: str, transfer_id: str) -> Response | str:
    """What came so far, and where to fetch from."""
    if (away := elsewhere("importing.where")) is not None:
        return away
    at = _context.transfer()
    visits = importing.visits(services(), at)
    if _waiting(visits):
        return redirect(_progress_of(at), code=303)
    been = {one.provider for one in visits if one.state.over}
    countries = _import_places.by_country(importing.destinations(services(), at), been)
    wanted = request.args.get("q", "").strip()[: _import_places.MAX_WORDS]
    chosen = next((c for c in countries if c.code == request.args.get("country")), None)
    everything = _import_places.number_of(countries)
    if wanted:
        listed = _import_places.fitting(countries, wanted)
    elif chosen is not None:
        listed = (chosen,)
    else:
        listed = countries if everything <= _import_places.ALL_FROM else ()
    verified = [one for one in visits if one.state is ErrandState.VERIFIED]
    return render_template(
        "emrex/import_where.html",
        visited=[tell(one) for one in importing.visited(services(), at)],
        verified=verified,
        rest=_rest(at, visits, countries),
        countries=countries,
        listed=listed,
        chosen=chosen,
        wanted=wanted,
        found=_import_places.number_of(listed),
        everything=everything,
        gone=request.args.get("gone") == "1",
        asked=bool(wanted or chosen),
    )


@importing_pages.post("/<slug>/t/<transfer_id>/import/go")
def go(slug: str, transfer_id: str) -> Response:
    """Begin a visit to the provider of the button that was pressed."""
    require_form_token()
    at = _context.transfer()
    key = request.form.get("provider", "")[:64]
    try:
        errand = importing.set_out(services(), at, key)
    except StaleTransfer:
        return go_on(exporting.open_again(services(), at), late=True)
    except TransferError:
        address = url_for("importing.where", slug=slug, transfer_id=transfer_id, gone="1")
        return redirect(address, code=303)
    address = url_for("importing.leave", slug=slug, transfer_id=transfer_id, errand_id=errand.id)
    return redirect(address, code=303)


@importing_pages.get("/<slug>/t/<transfer_id>/import/go/<errand_id>")
def leave(slug: str, transfer_id: str, errand_id: str) -> Response | str:
    """A form that posts itself to the provider; a button where scripts are off."""
    at = _context.transfer()
    if at.state is not TransferState.COLLECTING:
        return go_on(at, late=True)
    return_url = absolute("import_reply.emc", slug=slug)
    departure = importing.departure(services(), at, errand_id, return_url)
    if departure is None:
        return go_on(at, late=True)
    posts_to(departure.url)
    return render_template("emrex/import_go.html", departure=departure)


@importing_pages.post("/<slug>/t/<transfer_id>/import/on")
def on(slug: str, transfer_id: str) -> Response:
    """Nothing more is to be fetched: look at what came."""
    require_form_token()
    at = _context.transfer()
    try:
        return go_on(importing.end_collecting(services(), at))
    except StaleTransfer:
        return go_on(exporting.open_again(services(), at), late=True)
    except TransferError:
        return go_on(at)


@importing_pages.get("/<slug>/t/<transfer_id>/import/progress")
def progress(slug: str, transfer_id: str) -> Response | str:
    """The student is being looked for, or what came is being checked."""
    at = _context.transfer()
    working = _work(at)
    if working is None:
        return go_on(at)
    return render_template(
        "emrex/import_progress.html",
        looking=at.state is TransferState.LOOKING,
        words=working[0],
        slow=slow_words(at.changed_at) if at.state is TransferState.LOOKING else working[1],
        state_url=url_for("importing.progress_state", slug=slug, transfer_id=transfer_id),
        refresh=REFRESH_SECONDS,
    )


@importing_pages.get("/<slug>/t/<transfer_id>/import/progress/state")
def progress_state(slug: str, transfer_id: str) -> Response:
    """The same for the page's script, as ``student.progress_state``."""
    at = _context.transfer()
    working = _work(at)
    if working is None:
        address = url_for(page_of(at), slug=slug, transfer_id=transfer_id)
        return told(Stage.OVER, words=_("Done. The next page is loading."), next_=address)
    return told(Stage.FETCHING, words=working[0], slow=working[1])


def _work(at: Transfer) -> tuple[str, str] | None:
    """What a worker does for the import now, and what to say when that takes long."""
    if at.state is TransferState.LOOKING:
        if not at.attempts:
            words = _("Waiting in line. It is your turn in a moment.")
        else:
            words = _("Your university's system is being asked who you are.")
        return words, slow_words(at.changed_at)
    if at.state in importing.GATHERING:
        for errand in importing.visits(services(), at):
            if errand.state is ErrandState.RECEIVED:
                if not errand.attempts:
                    words = _("Waiting in line. It is your turn in a moment.")
                else:
                    words = _("The signature is being checked and the records are being read.")
                return words, slow_words(errand.changed_at)
    return None


def _waiting(visits: tuple[Errand, ...]) -> bool:
    return any(one.state is ErrandState.RECEIVED for one in visits)


def _rest(
    at: Transfer, visits: tuple[Errand, ...], countries: tuple[_import_places.Country, ...]
) -> _import_places.Country | None:
    """The other providers of a country where each sends its own: of the last reply's, else of the last result's."""
    replied = [one for one in visits if one.state.over]
    verified = [one for one in replied if one.state is ErrandState.VERIFIED]
    for last in (*replied[-1:], *verified[-1:]):
        if last.single_fetch:
            continue
        left = {one.provider.key for one in importing.elsewhere(services(), at, last.country)}
        found = next((c for c in countries if c.code == last.country), None)
        if found is not None and left:
            return _import_places.only(found, left)
    return None


def _progress_of(at: Transfer) -> str:
    return url_for("importing.progress", slug=at.access_point, transfer_id=at.id)

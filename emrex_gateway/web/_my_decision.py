"""What became of an import, and the decision on it as a signed file to take along."""

from __future__ import annotations

from contextlib import suppress

from flask import redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from emrex_gateway import importing
from emrex_gateway.domain import Statement, StatementState
from emrex_gateway.errors import SessionOver, TransferError
from emrex_gateway.web._context import services
from emrex_gateway.web._languages import language
from emrex_gateway.web._my_data import (
    one_of,
    own,
    point_at,
    require_own_token,
    saved_file,
    to_start,
    visit_here,
)
from emrex_gateway.web._progress import REFRESH_SECONDS, slow_words, told
from emrex_gateway.web._purposes import recognition_words

_MAKING = (StatementState.ORDERED, StatementState.ANSWERED)


@own.get("/<slug>/my-data/t/<transfer_id>/decision")
def decision(slug: str, transfer_id: str) -> Response | str:
    """How far the host system is; once it has decided, the decision to order and to download."""
    point = point_at(slug)
    try:
        one = one_of(visit_here(point), transfer_id)
    except SessionOver:
        return to_start(slug)
    if one.recognition is None:
        raise NotFound
    importing.look_again(services(), one.recognition)
    order = importing.statement_of(services(), one.transfer)
    return render_template(
        "emrex/my_decision.html",
        point=point,
        one=one,
        order=order,
        making=order is not None and order.state in _MAKING,
        words=_words(order),
        slow=slow_words(order.changed_at) if order else "",
        recognition_words=recognition_words,
        state_url=url_for("own.decision_state", slug=slug, transfer_id=transfer_id),
        refresh=REFRESH_SECONDS,
    )


@own.post("/<slug>/my-data/t/<transfer_id>/decision")
def order_decision(slug: str, transfer_id: str) -> Response:
    """Have the decision written and signed, unless it is there or on its way."""
    try:
        one = one_of(visit_here(point_at(slug)), transfer_id)
    except SessionOver:
        return to_start(slug)
    require_own_token()
    with suppress(TransferError):  # taken back meanwhile: the page says what is known now
        importing.order_statement(services(), one.transfer, language=language())
    return _here(slug, transfer_id)


@own.get("/<slug>/my-data/t/<transfer_id>/decision/state")
def decision_state(slug: str, transfer_id: str) -> Response:
    """The same for the page's script."""
    try:
        one = one_of(visit_here(point_at(slug)), transfer_id)
    except SessionOver:
        return to_start(slug)
    order = importing.statement_of(services(), one.transfer)
    if order is not None and order.state in _MAKING:
        return told(order.state, words=_words(order), slow=slow_words(order.changed_at))
    address = url_for("own.decision", slug=slug, transfer_id=transfer_id)
    return told("over", words=_("Done. The next page is loading."), next_=address)


@own.get("/<slug>/my-data/t/<transfer_id>/decision/<any('elmo.xml', 'decision.pdf'):name>")
def decision_file(slug: str, transfer_id: str, name: str) -> Response:
    """One of the two files that were signed, while they are kept."""
    try:
        one = one_of(visit_here(point_at(slug)), transfer_id)
    except SessionOver:
        return to_start(slug)
    signed = importing.take_statement(
        services(), one.transfer, file="elmo" if name == "elmo.xml" else "pdf"
    )
    if signed is None:
        return _here(slug, transfer_id)
    if name == "elmo.xml":
        return saved_file(signed.elmo, "application/xml", "emrex-decision.xml")
    return saved_file(signed.pdf, "application/pdf", "emrex-decision.pdf")


def _here(slug: str, transfer_id: str) -> Response:
    address = url_for("own.decision", slug=slug, transfer_id=transfer_id)
    return redirect(address, code=303)


def _words(order: Statement | None) -> str:
    if order is None:
        return ""
    if order.state is StatementState.ORDERED:
        return str(_("Your university's system is asked what it decided."))
    return str(_("The decision is being written and signed."))

"""A provider's reply: posted from its page, stored, and led to where the student's cookie decides.

The POST is a cross-site one and carries no Lax cookie. Nothing here reads or
writes one; whoever posted is told a ticket in the address of the next page.
What is posted is bounded before it is read, in bytes and in fields, and few
large ones are read at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge, ServiceUnavailable
from werkzeug.wrappers import Response

from emrex_gateway import importing
from emrex_gateway.domain import ErrandState, Transfer
from emrex_gateway.errors import (
    EnvelopeError,
    LateReply,
    PeerError,
    RepeatedReply,
    StrangersReply,
    TooLargeReply,
    TransferNotFound,
)
from emrex_gateway.web import _context
from emrex_gateway.web._context import services
from emrex_gateway.web._entry import require_urlencoded
from emrex_gateway.web._limits import count_reply
from emrex_gateway.web._steps import go_on

import_reply = Blueprint("import_reply", __name__)

MOST_FIELDS = 100
"""Four are a reply's; some providers add their own."""
_NAMES = ("sessionId", "returnCode", "returnMessage", "elmo")

_LARGE = 1_000_000
"""From so many bytes on a reply takes a place: it fills several times its size for a moment."""
_PIECE = 64 * 1024
_AT_ONCE = 3
_PATIENCE = 10.0
_places = threading.BoundedSemaphore(_AT_ONCE)


@import_reply.post("/<slug>/emc")
def emc(slug: str) -> Response:
    """The address that providers post their replies to (``returnUrl``)."""
    count_reply(current_app)
    require_urlencoded()
    made = services()
    try:
        with _room():
            taken = importing.take_reply(made, slug, _fields())
    except (RepeatedReply, LateReply) as error:
        importing.refuse(made, type(error).__name__)
        what = "late" if isinstance(error, LateReply) else "again"
        address = url_for("import_reply.too_late", slug=slug, transfer_id=error.transfer, what=what)
        return redirect(address, code=303)
    except PeerError as error:
        importing.refuse(made, type(error).__name__)
        raise
    address = url_for(
        "import_reply.back",
        slug=slug,
        transfer_id=taken.transfer,
        errand_id=taken.errand,
        ticket=taken.ticket,
    )
    return redirect(address, code=303)


@import_reply.get("/<slug>/t/<transfer_id>/import/back/<errand_id>")
def back(slug: str, transfer_id: str, errand_id: str) -> Response:
    """The browser that brought a reply: it goes on when it is the one that was sent away.

    No session is asked for here: one that ended meanwhile does not lose the
    reply. The pages that follow ask for it.
    """
    at = _of_this_browser()
    try:
        errand = importing.claim(services(), at, errand_id, request.args.get("ticket", ""))
    except StrangersReply as error:
        importing.refuse(services(), type(error).__name__)
        raise
    if errand.state is ErrandState.RECEIVED:
        address = url_for("importing.progress", slug=slug, transfer_id=transfer_id)
        return redirect(address, code=303)
    return go_on(at)


@import_reply.get("/<slug>/t/<transfer_id>/import/<any('again','late'):what>")
def too_late(slug: str, transfer_id: str, what: str) -> Response:
    """A reply that came twice, or for an import that does not wait for it: its page."""
    _of_this_browser()
    if what == "late":
        raise LateReply("a reply came for an import that is over", transfer_id)
    raise RepeatedReply("a reply came twice", transfer_id)


def _of_this_browser() -> Transfer:
    try:
        return _context.transfer()
    except TransferNotFound:
        importing.refuse(services(), StrangersReply.__name__)
        raise StrangersReply("this browser has no import of that name") from None


def _fields() -> dict[str, str]:
    """Read the reply's fields; others are left. Raises ``TooLargeReply`` and ``EnvelopeError``.

    Werkzeug's own parser has no limit on the number of fields of such a form.
    """
    request.max_content_length = services().settings.max_reply_bytes
    try:
        body = _body()
    except RequestEntityTooLarge:
        raise TooLargeReply("the reply weighs more than max_reply_bytes") from None
    try:
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise TooLargeReply("the reply has too many fields") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in _NAMES and found.setdefault(name, value) != value:
            raise EnvelopeError(f"the reply says {name} twice and differently")
    return found


def _body() -> str:
    """The whole body. Raises ``RequestEntityTooLarge``.

    Piece by piece: to read it all at once would cut a chunked one at the limit
    and say nothing.
    """
    stream, body = request.stream, bytearray()
    while piece := stream.read(_PIECE):
        body += piece
    return body.decode("utf-8", "replace")


@contextmanager
def _room() -> Iterator[None]:
    """Wait for a place for a large reply. Raises ``ServiceUnavailable``: posting it again helps."""
    size = request.content_length
    if size is not None and size < _LARGE:
        yield
        return
    if not _places.acquire(timeout=_PATIENCE):
        raise ServiceUnavailable(retry_after=30)
    try:
        yield
    finally:
        _places.release()

"""What the network asks for by itself: a data access point's registry entry; and the built-in client's door."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.exceptions import NotFound, UnsupportedMediaType
from werkzeug.wrappers import Response

from emrex_gateway import administering, network
from emrex_gateway.web import _headers
from emrex_gateway.web._context import services
from emrex_gateway.web._limits import count_entry

registry = Blueprint("registry", __name__)

_ENTRY_SECONDS = 300
MAX_REPLY = network.DEFAULT_LIMIT
"""The most that a reply to the built-in client may weigh, in bytes."""


@registry.get("/<slug>/ewp-manifest-entry.xml")
def ewp_entry(slug: str) -> Response:
    """The element that an EWP host puts into its manifest; there once an administrator published it."""
    document = administering.public_entry(services(), slug)
    if document is None:
        raise NotFound
    _headers.public(_ENTRY_SECONDS, "default-src 'none'")
    return Response(document, mimetype="application/xml")


@registry.post("/self-test/<test>/reply")
def self_test_reply(test: str) -> Response:
    """A reply to the built-in client: what any client's return address gets, from anybody's browser.

    No cookie is read, none set: the row that waits for it says whose it is.
    The page that it leads to is for administrators.
    """
    count_entry(current_app)
    made = services()
    if not administering.awaits_reply(made, test):
        raise NotFound
    if request.mimetype != "application/x-www-form-urlencoded":
        raise UnsupportedMediaType
    # Only somebody who was told of this address gets here; records may be large.
    request.max_content_length = request.max_form_memory_size = MAX_REPLY
    done = administering.receive_self_test(made, test, request.form.to_dict())
    if done is None:
        raise NotFound
    return redirect(url_for("admin_joining.result_of", test=done.id), code=303)

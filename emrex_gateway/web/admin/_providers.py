"""Providers of the network: how fresh the lists are, and what is wrong with whom."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from emrex_gateway import directory
from emrex_gateway.domain import Permission, RegistrySource
from emrex_gateway.signing import read_certificates
from emrex_gateway.web._context import services
from emrex_gateway.web.admin import _provider_words as words
from emrex_gateway.web.admin._frame import actor, allowed, area
from emrex_gateway.web.admin._menu import ENTRIES, Entry
from emrex_gateway.web.admin._notices import say

providers = area("providers", __name__)
ENTRIES.append(
    Entry(
        "admin_providers.all_",
        _l("Providers"),
        Permission.SEE_SETTINGS,
        _l("Where students can fetch records from, and whether the network's lists are fresh."),
    )
)
MOST = 400
"""Lines of one page; a search finds the others."""

ORDERED = say("providers.ordered", _l("Somebody was sent to look. Load the page again soon."))


@providers.get("/providers")
@allowed(Permission.SEE_SETTINGS)
def all_() -> str:
    """Both lists, and every provider on them."""
    asked = request.args.get("q", "")[:100]
    flagged = "flagged" in request.args
    lists = directory.registries(services())
    lines = directory.provider_lines(services())
    found = [line for line in lines if words.fits(line, asked) and (line.flags or not flagged)]
    with services().store.read() as uow:
        clients = [
            one
            for one in uow.config.institutions()
            if one.client and actor().may(Permission.SEE_SETTINGS, one.slug)
        ]
    return render_template(
        "emrex/admin/providers.html",
        lists=lists,
        lines=found[:MOST],
        left=max(len(found) - MOST, 0),
        total=len(lines),
        trouble=sum(1 for line in lines if line.flags),
        clients=clients[:MOST],
        asked=asked,
        flagged=flagged,
        may_run=actor().may(Permission.RUN),
        words=words,
    )


@providers.get("/providers/<key>")
@allowed(Permission.SEE_SETTINGS)
def one(key: str) -> str:
    """One provider: what the lists say, and every certificate that they ever had of it."""
    known = directory.known_provider(services(), key)
    if known is None:
        raise NotFound
    line = next(
        (one for one in directory.provider_lines(services()) if one.provider.key == key), None
    )
    history = [one for one in directory.all_certificates(services()) if one.provider == key]
    return render_template(
        "emrex/admin/provider.html",
        provider=known,
        line=line,
        certificates={
            read.fingerprint: read
            for one in history
            for read in read_certificates(one.pem.encode("ascii"))
        },
        history=history,
        words=words,
        now=services().clock(),
    )


@providers.post("/providers/lists/<source>/refresh")
@allowed(Permission.RUN)
def refresh(source: str) -> Response:
    """Let a job look at a list now; perhaps take a copy on which nobody is any more."""
    if source not in [one.value for one in directory.LISTS]:
        raise NotFound
    empty = request.form.get("take") == "empty"
    directory.order(services(), RegistrySource(source), take_empty=empty)
    return _to("all_", done=ORDERED)


def _to(endpoint: str, **values: Any) -> Response:
    return redirect(url_for(f".{endpoint}", **values), code=303)

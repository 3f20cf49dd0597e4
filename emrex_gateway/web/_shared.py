"""Whoever got a link from a student opens it: after a click, with the key that only the link carries.

The page to open says nothing of anybody, and is the same whether there is such
a share or not: programs that look through mail see that page and no more. The
key stands behind the address's ``#``, which browsers send nowhere; a script
puts it into the form, or the reader pastes the link. It is in the body of each
POST and in the page's forms, and nowhere else: no address, no cookie, no log.
"""

from __future__ import annotations

import re

from flask import Blueprint, current_app, render_template, request
from werkzeug.wrappers import Response

from emrex_gateway import examining, sharing
from emrex_gateway.domain import attached
from emrex_gateway.errors import ConfigError, NoSuchShare, ShareOver
from emrex_gateway.web._context import services
from emrex_gateway.web._limits import count_share
from emrex_gateway.web._my_data import saved_file
from emrex_gateway.web._sheets import sheet
from emrex_gateway.web._verify_upload import look as look_at
from emrex_gateway.web._verify_words import careful

shared = Blueprint("shared", __name__)

MAX_LINK = 2000
_PAGE = re.compile(r"page:([0-9]{1,6})")
MARKS = range(60)
"""How often the purpose stands across a screen: enough for a large one, and for a sheet of paper."""


@shared.after_request
def _in_no_index(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


@shared.get("/share/<share_id>")
def ask(share_id: str) -> str:
    """One button. Nothing is looked up: what this page is for, it does not know."""
    return _ask(share_id)


@shared.post("/share/<share_id>")
def look(share_id: str) -> str | Response | tuple[str, int]:
    """Open it, turn to another sheet of it, or take the signed document."""
    count_share(current_app)
    link = request.form.get("key", "")[: MAX_LINK + 1]
    try:
        opened = sharing.open_share(services(), share_id, link, request.form.get("opening", ""))
        known = examining.known_of(services(), opened.share.institution)
    except NoSuchShare:
        return _ask(share_id, problem=True), 404
    except (ShareOver, ConfigError) as over:  # the institution may be gone as well
        reason = over.reason if isinstance(over, ShareOver) else "revoked"
        return render_template("emrex/shared_over.html", reason=reason), 410
    action = request.form.get("action", "")
    if action == "download":
        sharing.downloaded(services(), opened)
        return saved_file(opened.contents.elmo, "application/xml", "emrex-elmo.xml")
    return _page(opened, link, known, action)


def _page(opened: sharing.Opened, link: str, known: examining.Known, action: str) -> str:
    """The records, checked once more: what a key of the institution signed, and nothing else, is shown."""
    checked = look_at(opened.contents.elmo, "", known, ours=True)
    document = checked.document.document if checked.document else None
    turned = _PAGE.fullmatch(action)
    return render_template(
        "emrex/shared.html",
        share=opened.share,
        purpose=opened.contents.purpose,
        code=opened.contents.code,
        opening=opened.opening,
        key=link,
        checked=checked,
        document=document,
        sheet=sheet(document.reports, int(turned[1]) if turned else 1) if document else None,
        files=attached(document) if document else (),
        careful=careful(checked) if document else (),
        marks=MARKS,
    )


def _ask(share_id: str, *, problem: bool = False) -> str:
    return render_template(
        "emrex/shared_ask.html",
        share_id=share_id,
        opening=sharing.new_opening(),
        problem=problem,
    )

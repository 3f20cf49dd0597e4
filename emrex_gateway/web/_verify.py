"""Anybody checks a signed file: an admission officer, an employer, the student.

At an access point's own address with that institution's keys, which is what its
transcripts name; at the installation's with everybody's who is known here, or
whom the network lists or listed. No login, no cookie, no script. The file stays
in this request's memory: it is written nowhere, logged nowhere, and gone when
the answer is. What a file says of its signer is shown as a claim. Hostile files
are bounded before they are parsed (``examining``), few are looked at at once,
and an address may do so as often as it may enter.
"""

from __future__ import annotations

from flask import Blueprint, current_app, render_template
from werkzeug.exceptions import RequestEntityTooLarge

from emrex_gateway.domain import AccessPoint, attached
from emrex_gateway.errors import NoSuchAccessPoint
from emrex_gateway.examining import Checked
from emrex_gateway.web._context import services
from emrex_gateway.web._decided import decided
from emrex_gateway.web._limits import count_verification
from emrex_gateway.web._sheets import sheet
from emrex_gateway.web._verify_upload import MAX_UPLOAD, known_to, known_to_all, look, upload
from emrex_gateway.web._verify_words import careful, wrong

verification = Blueprint("verification", __name__)

ROWS = 1000
"""Records that the answer shows: as nothing is kept, there is no second page. The interface tells all."""


@verification.get("/verify")
def ask_all() -> str:
    """Ask for a file that anybody may have signed."""
    return render_template("emrex/verify.html", largest=MAX_UPLOAD)


@verification.post("/verify")
def tell_all() -> str | tuple[str, int]:
    """Say what the file is, who signed it, and what records it holds."""
    return _tell(None)


@verification.get("/<slug>/verify")
def ask(slug: str) -> str:
    """Ask for a file that this institution is said to have signed."""
    _point(slug)
    return render_template("emrex/verify.html", largest=MAX_UPLOAD)


@verification.post("/<slug>/verify")
def tell(slug: str) -> str | tuple[str, int]:
    """Say what the file is, whether this institution signed it, and whether its code fits."""
    return _tell(_point(slug).institution)


def _tell(institution: str | None) -> str | tuple[str, int]:
    count_verification(current_app)
    try:
        data, typed = upload()
    except RequestEntityTooLarge:
        return render_template("emrex/verify.html", largest=MAX_UPLOAD, problem="size"), 413
    if not data:
        return render_template("emrex/verify.html", largest=MAX_UPLOAD, problem="none"), 422
    known = known_to(institution) if institution else known_to_all()
    return _page(look(data, typed, known), everybody=institution is None)


def _page(checked: Checked, *, everybody: bool) -> str:
    document = checked.document.document if checked.document else None
    return render_template(
        "emrex/verified.html",
        checked=checked,
        document=document,
        sheet=sheet(document.reports, 1, ROWS) if document else None,
        decisions=decided(document.reports, ROWS) if document else (),
        files=attached(document) if document else (),
        careful=careful(checked),
        told=None if document else wrong(checked, everybody=everybody),
    )


def _point(slug: str) -> AccessPoint:
    """Also one that is switched off: what was signed with it stays in the world."""
    with services().store.read() as uow:
        point = uow.config.access_point(slug)
    if point is None:
        raise NoSuchAccessPoint("no such data access point")
    return point

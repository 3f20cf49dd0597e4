"""Anybody checks a file that was signed here: an admission officer, an employer, the student.

No login, no cookie, no script. The file stays in this request's memory: it is
written nowhere, logged nowhere, and gone when the answer is. Who may sign for
the institution is known here; what the file says of its signer is shown as a
claim. Hostile files are bounded before they are parsed (``examining``), few
are looked at at once, and an address may do so as often as it may enter.
"""

from __future__ import annotations

import io
import threading
from typing import Any

from flask import Blueprint, current_app, render_template, request
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge, ServiceUnavailable
from werkzeug.formparser import FormDataParser

from emrex_gateway import examining
from emrex_gateway.domain import AccessPoint
from emrex_gateway.errors import NoSuchAccessPoint
from emrex_gateway.examining import Examined, Kind
from emrex_gateway.web._context import services
from emrex_gateway.web._limits import count_verification

verification = Blueprint("verification", __name__)

MAX_UPLOAD = 20 * 1024 * 1024
"""The largest file that is taken, in bytes, as it comes and unpacked; the command takes larger ones."""

_ROOM = 200_000
"""Bytes of a form besides its file; Werkzeug counts a piece of the file that it holds among them."""
_PARTS = 5
_AT_ONCE = 2
"""How many files one process looks at at a time: each may take 100 MB for a moment."""
_PATIENCE = 10.0
_places = threading.BoundedSemaphore(_AT_ONCE)


@verification.get("/<slug>/verify")
def ask(slug: str) -> str:
    """Ask for a file."""
    _point(slug)
    return render_template("emrex/verify.html", largest=MAX_UPLOAD)


@verification.post("/<slug>/verify")
def tell(slug: str) -> str | tuple[str, int]:
    """Say what the file is, who signed it and when, and whether its code fits."""
    point = _point(slug)
    count_verification(current_app)
    try:
        data, typed = _upload()
    except RequestEntityTooLarge:
        return render_template("emrex/verify.html", largest=MAX_UPLOAD, problem="size"), 413
    if not data:
        return render_template("emrex/verify.html", largest=MAX_UPLOAD, problem="none"), 422
    made = services()
    if not _places.acquire(timeout=_PATIENCE):
        raise ServiceUnavailable(retry_after=30)
    try:
        found = examining.examine(
            data,
            examining.certificates_of(made, point.institution),
            typed=typed,
            limit=MAX_UPLOAD,
            most_marks=examining.MOST_MARKS,
            now=made.clock(),
        )
    finally:
        _places.release()
    return render_template(
        "emrex/verified.html",
        found=found,
        told=None if found.good else _why(found),
        now=made.clock(),
    )


def _upload() -> tuple[bytes, str]:
    """Return the file and the typed code, read into memory: a file on disk would outlive the answer.

    Raises ``RequestEntityTooLarge``.
    """
    request.max_content_length = MAX_UPLOAD + _ROOM
    parser = FormDataParser(
        stream_factory=_in_memory,
        max_form_memory_size=_ROOM,
        max_content_length=MAX_UPLOAD + _ROOM,
        max_form_parts=_PARTS,
    )
    _stream, form, files = parser.parse(
        request.stream, request.mimetype, request.content_length, request.mimetype_params
    )
    file = files.get("file")
    return (file.stream.read() if file else b""), form.get("code", "")


def _in_memory(*_given: Any, **_named: Any) -> io.BytesIO:
    return io.BytesIO()


def _point(slug: str) -> AccessPoint:
    """Also one that is switched off: what was signed with it stays in the world."""
    with services().store.read() as uow:
        point = uow.config.access_point(slug)
    if point is None:
        raise NoSuchAccessPoint("no such data access point")
    return point


def _why(found: Examined) -> tuple[str, str]:
    """What is wrong with a file, and what to do about it."""
    if found.kind is Kind.NEITHER:
        key = "neither"
    elif found.reason == "unsigned" and found.kind is Kind.COPY:
        key = "bare"
    else:
        key = _GROUPS.get(found.reason, "false")
    return _words()[key]


_GROUPS = {
    **dict.fromkeys(
        ("certificate", "weak-key", "unsigned", "sha1", "algorithm", "hmac"), "foreign"
    ),
    **dict.fromkeys(("digest", "added", "cut"), "changed"),
    "size": "size",
    "no-certificate": "keyless",
}
"""Reasons that readers need not tell apart; every other one is a file that was tampered with."""


def _words() -> dict[str, tuple[str, str]]:
    return {
        "neither": (
            _("This is neither a PDF nor an ELMO file."),
            _("Choose the PDF or the XML file as it was sent to you."),
        ),
        "bare": (
            _("This PDF carries no signature, so nobody can say where it comes from."),
            _(
                "It may be a draft, or the readable part of an ELMO file. Ask for the signed PDF"
                " or for the ELMO file (XML), and check that."
            ),
        ),
        "foreign": (
            _("This file was not signed by this institution."),
            _("If another institution is meant to have signed it, check the file with that one."),
        ),
        "changed": (
            _("This file was changed after it was signed."),
            _(
                "Opening a file and saving it again is a change, too. Ask for the file as it was"
                " downloaded."
            ),
        ),
        "size": (
            _("This file is too large to be checked here."),
            _("Ask the institution: it can check larger files."),
        ),
        "keyless": (
            _("This page does not know with which key the institution signs."),
            _("The fault is ours, not the file's. Ask the institution."),
        ),
        "false": (
            _("This file is not what it should be."),
            _("It is damaged, or it was made to deceive. Do not rely on it."),
        ),
    }

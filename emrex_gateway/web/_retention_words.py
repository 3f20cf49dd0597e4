"""Each kind of data that is kept, in words."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

RETENTION_WORDS: Mapping[str, tuple[LazyString, LazyString]] = {
    "contents": (
        _("Contents of a transfer under way"),
        _(
            "Login, records, choice: encrypted with a key of the transfer's own. Destroyed with "
            "that key when the transfer's time is over."
        ),
    ),
    "imports": (
        _("Contents of a confirmed import"),
        _(
            "Records from elsewhere that an officer or the study administration system has yet to "
            "take, encrypted as above. Once they are taken they go as a finished transfer's do."
        ),
    ),
    "replies": (
        _("Contents of a finished transfer"),
        _("So that the student can load the last page again. Then destroyed as above."),
    ),
    "statements": (
        _("Signed decisions on recognition"),
        _("Made when a student orders one, and encrypted with a key of its own."),
    ),
    "shares": (
        _("Links to signed records"),
        _(
            "What a student shares with somebody, encrypted under a key that only the link carries. "
            "Until the student's own date, or until they end the link."
        ),
    ),
    "sessions": (
        _("Students' sessions"),
        _("Who is logged in, as keyed hashes; no names, no identifiers."),
    ),
    "own-visits": (
        _("Visits to one's own data"),
        _("Keyed hashes of who logged in to see or delete what is kept of them."),
    ),
    "logins": (
        _("Logins under way outside of a transfer"),
        _("Random values that the answer of a login provider is compared with, encrypted."),
    ),
    "once": (
        _("Answers that were used"),
        _("Hashes of login answers and launches, for as long as these would be valid otherwise."),
    ),
    "tries": (
        _("Tests of adapters"),
        _(
            "What a test student's records would look like, encrypted, for whoever ordered the test."
        ),
    ),
    "transfers": (
        _("Rows of transfers"),
        _(
            "Times, state, receiver's host, kind of error, and keyed hashes by which a student "
            "finds their own; for support, statistics, and the student."
        ),
    ),
    "recognitions": (
        _("Rows of recognitions"),
        _(
            "How far the study administration system is with an import, and its own number for it, "
            "encrypted; not what was decided on which study."
        ),
    ),
    "entries": (
        _("Rows of transfers that nobody logged in to"),
        _("Requests that came to nothing."),
    ),
    "troubles": (
        _("Rows of error pages"),
        _("Reference, time and kind of an error page without a transfer, for support."),
    ),
    "trail": (
        _("Audit trail"),
        _(
            "What was done, by codes and counts; administrators by an opaque number. The signing "
            "worker lets old events go behind a signed checkpoint."
        ),
    ),
    "admin-visits": (
        _("Administrators' sessions"),
        _("Who of the administrators is logged in, with the counters against guessing."),
    ),
    "self-tests": (
        _("Self-tests of data access points"),
        _("Whether each step of a test transfer worked."),
    ),
    "logos": (
        _("Pictures of login providers"),
        _("Copies, so that a student's browser asks nobody else for them."),
    ),
    "removed": (
        _("Removed lately"),
        _("For 30 days it can be put back."),
    ),
}

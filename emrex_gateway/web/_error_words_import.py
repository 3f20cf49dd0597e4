"""The errors of records that come home, in words for support; see ``_error_words``."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _

from emrex_gateway.web._error_sides import ELSEWHERE, NOBODY, STUDENT, SYSTEM, ErrorWords

WORDS: Mapping[str, ErrorWords] = {
    "ReplyError": ErrorWords(
        _("A provider's reply went nowhere; nothing of it was kept."),
        ELSEWHERE,
        _("Let the student begin the import again in the university's own system."),
    ),
    "MessageError": ErrorWords(
        _("A message of the study administration system about a recognition was refused."),
        SYSTEM,
        _(
            "Nothing was taken from it: the system is asked again by the clock. Compare the secret "
            "of the messages, and the clocks, with whoever runs that system."
        ),
    ),
    "RegistryError": ErrorWords(
        _("One of the network's lists of providers could not be had or taken."),
        ELSEWHERE,
        _(
            "The last good copy is in use. The page about providers says why, how old that copy is, "
            "and when the next try is."
        ),
    ),
    "UnknownReply": ErrorWords(
        _("A provider elsewhere sent a reply that no import here waits for."),
        ELSEWHERE,
        _(
            "Let the student begin the import again. If it happens with every student of that "
            "provider, its operator must look: it has to send sessionId back unchanged."
        ),
    ),
    "RepeatedReply": ErrorWords(
        _("A reply came for the second time; the first one counts."),
        NOBODY,
        _("The browser's back button does this. Let the student go on in the import's own page."),
    ),
    "LateReply": ErrorWords(
        _("A reply came after the import was over, or had gone on without it."),
        NOBODY,
        _("Let the student begin the import again; the records can be fetched once more."),
    ),
    "TooLargeReply": ErrorWords(
        _("A reply was larger than max_reply_bytes allows."),
        ELSEWHERE,
        _(
            "Ask the student which provider it was and how large its files are. If they are genuine, "
            "raise max_reply_bytes, and what the server in front of the gateway lets through."
        ),
    ),
    "StrangersReply": ErrorWords(
        _("A reply came in another browser than the one that was sent for it."),
        STUDENT,
        _(
            "Nothing was shown or kept for that browser. Let the student begin again, with cookies "
            "allowed, in one browser. If the student did not do this themselves, somebody may have "
            "tried to collect records of theirs."
        ),
    ),
}

"""A transfer's trail in sentences, for support and for the person whose transfer it is.

``sentence`` knows the events that concern a transfer; facts are codes, counts
and names of configured things, so a sentence names nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import flask_babel

from emrex_gateway.audit import Event
from emrex_gateway.domain import TransferOutcome, TransferState


def _(text: str, **values: Any) -> str:
    """``gettext``, typed."""
    return str(flask_babel.gettext(text, **values))


def ngettext(one: str, several: str, number: int, **values: Any) -> str:
    """The same for numbers."""
    return str(flask_babel.ngettext(one, several, number, **values))


def sentence(event: str, facts: Mapping[str, Any]) -> str:
    """Say an event of a transfer's trail; one that has no words here is named as it is."""
    make = _WORDS.get(event)
    return make(facts) if make is not None else _("Event: %(event)s", event=event)


def state_words(state: TransferState) -> str:
    """A state in two or three words."""
    return {
        TransferState.ENTERED: _("Waiting for the login"),
        TransferState.IDENTIFIED: _("Fetching the records"),
        TransferState.SELECTING: _("The student chooses"),
        TransferState.CONFIRMED: _("Signing"),
        TransferState.SIGNED: _("Ready, not fetched yet"),
        TransferState.DELIVERED: _("Handed out"),
        TransferState.NO_RESULTS: _("Nothing to send"),
        TransferState.CANCELLED: _("Cancelled"),
        TransferState.FAILED: _("Failed"),
        TransferState.EXPIRED: _("Closed, contents destroyed"),
        TransferState.LOOKING: _("Looking for the student"),
        TransferState.COLLECTING: _("Fetching records from elsewhere"),
        TransferState.REVIEWING: _("The student looks at what came"),
        TransferState.DOUBTFUL: _("Waiting for an officer"),
        TransferState.ACCEPTED: _("Being handed over"),
        TransferState.HANDED_OVER: _("Handed over"),
        TransferState.REFUSED: _("Refused by an officer"),
    }[state]


def outcome_words(outcome: TransferOutcome | None) -> str:
    """How a transfer ended, in two or three words."""
    if outcome is None:
        return _("Under way")
    return {
        TransferOutcome.OK: _("Sent"),
        TransferOutcome.NO_RESULTS: _("Nothing to send"),
        TransferOutcome.CANCELLED: _("Cancelled"),
        TransferOutcome.ERROR: _("Failed"),
        TransferOutcome.ABANDONED: _("Given up by the student"),
        TransferOutcome.REFUSED: _("Refused by an officer"),
    }[outcome]


def outcome_kind(outcome: TransferOutcome | None) -> str:
    """The class of an outcome's badge: ``good``, ``bad``, ``off`` or none."""
    if outcome is TransferOutcome.OK:
        return "good"
    if outcome is TransferOutcome.ERROR:
        return "bad"
    return "off" if outcome else ""


def contents_words(kind: str) -> str:
    """A kind of sealed contents in words; one of a visit to a provider has the visit's id behind it."""
    return {
        "student": _("Who you are in the study administration system"),
        "sent": _("What a university elsewhere was given, to know the reply by"),
        "reply": _("A reply from elsewhere"),
        "received": _("Study records from elsewhere"),
        "picked": _("Your choice among the records from elsewhere"),
        "confirmed": _("What you confirmed"),
        "handing": _("How far handing over has come"),
        "ruling": _("Why your import was not taken"),
        "request": _("What the receiving service asked for"),
        "origin": _("Where the transfer began"),
        "login": _("Protection of a login under way"),
        "claimed": _("Whom the university's system announced"),
        "failure": _("Whether the last login worked"),
        "logout": _("What it takes to log out at the university"),
        "identity": _("What the login said of you"),
        "listing": _("Your study records"),
        "choice": _("Your choice"),
        "draft": _("A draft of your transcript"),
        "stage": _("How far the signing has come"),
        "outcome": _("The signed document and its transcript"),
    }.get(kind if "-" not in kind else kind.partition("-")[0], kind)


def _entered(facts: Mapping[str, Any]) -> str:
    host = facts.get("client_host")
    if host:
        return _("The student came from %(host)s.", host=host)
    return _("The student began in the university's own system.")


def _login_refused(facts: Mapping[str, Any]) -> str:
    said = _("A login did not work (%(reason)s).", reason=facts.get("reason", "?"))
    if provider := facts.get("provider"):
        said += " " + _("Provider: %(provider)s.", provider=provider)
    if missing := facts.get("missing"):
        said += " " + _("It did not send: %(missing)s.", missing=missing)
    if status := facts.get("status"):
        said += " " + _("It answered: %(status)s.", status=status)
    return said


def _fetched(facts: Mapping[str, Any]) -> str:
    number = int(facts.get("records", 0))
    return ngettext(
        "The adapter %(adapter)s listed %(num)d record.",
        "The adapter %(adapter)s listed %(num)d records.",
        number,
        adapter=facts.get("adapter", "?"),
    )


def _consent(facts: Mapping[str, Any]) -> str:
    number = int(facts.get("records", 0))
    return ngettext(
        "The student agreed that %(num)d record is sent.",
        "The student agreed that %(num)d records are sent.",
        number,
    )


def _signed(facts: Mapping[str, Any]) -> str:
    said = _(
        "The document (ELMO %(version)s) was signed and verified.",
        version=facts.get("version", "?"),
    )
    if missing := int(facts.get("missing_characters", 0)):
        said += " " + ngettext(
            "%(num)d character could not be drawn in the readable transcript.",
            "%(num)d characters could not be drawn in the readable transcript.",
            missing,
        )
    return said


def _ended(text: str, facts: Mapping[str, Any]) -> str:
    return f"{text} ({facts['error']})." if facts.get("error") else f"{text}."


def _verified(facts: Mapping[str, Any]) -> str:
    number = int(facts.get("records", 0))
    said = ngettext(
        "%(num)d record came with a signature that holds.",
        "%(num)d records came with a signature that holds.",
        number,
    )
    if facts.get("sameness") == "doubtful":
        said += " " + _("Whether they are this student's is for an officer to decide.")
    return said


def _import_confirmed(facts: Mapping[str, Any]) -> str:
    number = int(facts.get("records", 0))
    said = ngettext(
        "The student confirmed that %(num)d record is handed in.",
        "The student confirmed that %(num)d records are handed in.",
        number,
    )
    if facts.get("sameness") == "doubtful":
        said += " " + _("Whether they are this student's is for an officer to decide.")
    return said


def _handed_over(facts: Mapping[str, Any]) -> str:
    said = _("The study administration system took the records.")
    if facts.get("late"):
        said += " " + _("Here they had been deleted, or their time was over, by then.")
    return said


def _cancelled(facts: Mapping[str, Any]) -> str:
    if by := facts.get("by"):
        return _("Support cancelled the transfer (%(by)s).", by=by)
    return _("The student cancelled.")


def _retried(facts: Mapping[str, Any]) -> str:
    steps = {"sign": _("signing"), "find": _("looking for the student"), "hand": _("handing over")}
    step = steps.get(str(facts.get("step")), _("fetching the records"))
    if by := facts.get("by"):
        return _("Support had it tried again: %(step)s (%(by)s).", step=step, by=by)
    return _("The student had it tried again: %(step)s.", step=step)


def _recognition(facts: Mapping[str, Any]) -> str:
    words = {
        "submitted": _("The study administration system has the records; it has not decided yet."),
        "accepted": _("The study administration system says: all of it was recognised."),
        "partially-accepted": _("The study administration system says: part of it was recognised."),
        "rejected": _("The study administration system says: none of it was recognised."),
    }
    return words.get(str(facts.get("state")), _("The recognition changed its state."))


def _logged_out(facts: Mapping[str, Any]) -> str:
    if facts.get("by") == "provider":
        return _("The login provider ended the session.")
    return _("The student logged out.")


_WORDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    Event.TRANSFER_ENTERED: _entered,
    Event.LAUNCH_ACCEPTED: lambda f: _("The university's own system announced the student."),
    Event.LOGIN_SUCCEEDED: lambda f: _(
        "The student logged in by “%(method)s”.", method=f.get("method", "?")
    ),
    Event.LOGIN_REFUSED: _login_refused,
    Event.LOGGED_OUT: _logged_out,
    Event.RECORDS_FETCHED: _fetched,
    Event.RECORDS_NONE: lambda f: _("The study administration system has nothing to send."),
    Event.RECORDS_FAILED: lambda f: _ended(_("Fetching the records failed"), f),
    Event.CONSENT_GIVEN: _consent,
    Event.ELMO_SIGNED: _signed,
    Event.ELMO_FAILED: lambda f: _ended(_("The document could not be made or signed"), f),
    Event.REPLY_DELIVERED: lambda f: _("The reply was handed to the browser, which posts it."),
    Event.REPLY_DOWNLOADED: lambda f: _("The student took the signed file."),
    Event.STUDENT_FOUND: lambda f: _("The student was found in the study administration system."),
    Event.STUDENT_NOT_FOUND: lambda f: _ended(_("The student could not be found"), f),
    Event.ERRAND_BEGUN: lambda f: _(
        "The student was sent to %(host)s (%(country)s).",
        host=f.get("host", "?"),
        country=f.get("country", "?"),
    ),
    Event.REPLY_STORED: lambda f: _("A reply came: %(code)s.", code=f.get("code", "?")),
    Event.REPLY_CLAIMED: lambda f: _("The student's browser came back with the reply."),
    Event.RESULT_VERIFIED: _verified,
    Event.RESULT_REFUSED: lambda f: _(
        "What came cannot be used (%(reason)s).", reason=f.get("reason", "?")
    ),
    Event.COLLECTING_ENDED: lambda f: _("Fetching ended; the student looks at what came."),
    Event.COLLECTING_RESUMED: lambda f: _("The student went back to fetch more."),
    Event.IMPORT_CONFIRMED: _import_confirmed,
    Event.HANDED_OVER: _handed_over,
    Event.HAND_OVER_PUT_OFF: lambda f: _(
        "The study administration system could not take it (%(error)s); it is tried again.",
        error=f.get("error", "?"),
    ),
    Event.HAND_OVER_FAILED: lambda f: _ended(
        _("The study administration system does not take it as it is"), f
    ),
    Event.IMPORT_OPENED: lambda f: _("An officer looked at it (%(by)s).", by=f.get("by", "?")),
    Event.IMPORT_ACCEPTED: lambda f: _(
        "An officer decided that the records are the student's (%(by)s).", by=f.get("by", "?")
    ),
    Event.IMPORT_REJECTED: lambda f: _(
        "An officer did not take the records (%(by)s).", by=f.get("by", "?")
    ),
    Event.IMPORT_HANDED_AGAIN: lambda f: _(
        "An officer had it handed over again (%(by)s).", by=f.get("by", "?")
    ),
    Event.SHARE_MADE: lambda f: _(
        "The student made a link for somebody else (%(share)s).", share=f.get("share", "?")
    ),
    Event.SHARE_OPENED: lambda f: _("The link %(share)s was opened.", share=f.get("share", "?")),
    Event.SHARE_DOWNLOADED: lambda f: _(
        "The signed file was downloaded by the link %(share)s.", share=f.get("share", "?")
    ),
    Event.SHARE_REVOKED: lambda f: _("The link %(share)s was ended.", share=f.get("share", "?")),
    Event.SHARE_ENDED: lambda f: _(
        "The link %(share)s is over; what it showed is destroyed.", share=f.get("share", "?")
    ),
    Event.TRANSFER_CANCELLED: _cancelled,
    Event.TRANSFER_RETRIED: _retried,
    Event.RECOGNITION_CHANGED: _recognition,
    Event.RECOGNITION_ORDERED: lambda f: _("The student ordered the decision as a signed file."),
    Event.RECOGNITION_SIGNED: lambda f: _("The decision was signed."),
    Event.RECOGNITION_FAILED: lambda f: _ended(_("The decision could not be made or signed"), f),
    Event.RECOGNITION_DOWNLOADED: lambda f: _("The student took the signed decision."),
    Event.TRANSFER_GIVEN_UP: lambda f: _(
        "The step was begun %(number)s times without an end, and given up.",
        number=f.get("attempts", "?"),
    ),
    Event.TRANSFER_EXPIRED: lambda f: _("Its time was over; the contents were destroyed."),
    Event.TRANSFER_PURGED: lambda f: _(
        "Support destroyed the contents (%(by)s).", by=f.get("by", "?")
    ),
    Event.OWN_DATA_ERASED: lambda f: _(
        "The student had the contents destroyed; nobody can tell any more whose transfer it was."
    ),
}

"""Each class of error in words for support: what happened, on whose side, and what to do."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _

from emrex_gateway.web import _error_words_import
from emrex_gateway.web._error_sides import (
    CLIENT,
    NOBODY,
    OURS,
    PROVIDER,
    STUDENT,
    SYSTEM,
    ErrorWords,
)


def error_words(name: str) -> ErrorWords:
    """Return the words for an error's class name; a name that nobody foresaw is a defect."""
    return _WORDS.get(name, _DEFECT)


def is_known(name: str) -> bool:
    """Whether a class has words of its own."""
    return name in _WORDS


_DEFECT = ErrorWords(
    _("Something happened that the software does not foresee."),
    OURS,
    _(
        "Look for the reference number in the log: the line names the place in the program. Send "
        "it to the developers; it holds no personal data."
    ),
)

_WORDS: Mapping[str, ErrorWords] = {
    **_error_words_import.WORDS,
    "StudentNotFound": ErrorWords(
        _("The study administration system has nobody for this login, or nothing to send of them."),
        SYSTEM,
        _(
            "Ask the student whether they studied here and under which identity. If they did: "
            "look in the system whether their identifier (European Student Identifier, learner "
            "number or student number) is there and the same as the login provider sends. Records "
            "that are not complete are not sent."
        ),
    ),
    "AmbiguousStudent": ErrorWords(
        _("The study administration system has several people that fit this login."),
        SYSTEM,
        _(
            "Nothing was shown, to be safe. Have the duplicates joined in the system, or one of "
            "the identifiers corrected; then let the student begin again."
        ),
    ),
    "AdapterUnavailable": ErrorWords(
        _("The study administration system did not answer in time, or said that it is busy."),
        SYSTEM,
        _(
            "Wait a few minutes, then press “Try again” here or let the student do it. If it goes "
            "on, ask whoever runs that system, and test the adapter on the institution's page."
        ),
    ),
    "AdapterError": ErrorWords(
        _(
            "The study administration system refused the request or answered with something unusable."
        ),
        SYSTEM,
        _(
            "Test the adapter on the institution's page: it says what the system answers. Often a "
            "password or token has expired, or the system was updated."
        ),
    ),
    "AdapterRefused": ErrorWords(
        _("The study administration system refused the gateway: its password, token or rights."),
        SYSTEM,
        _(
            "Test the adapter on the institution's page, then renew the secret that its settings "
            "refer to, or have the right given in that system. Then try again."
        ),
    ),
    "ConfigError": ErrorWords(
        _(
            "A setting is missing or cannot work: no adapter is switched on, or a reference leads nowhere."
        ),
        OURS,
        _("Look at the institution's overview: it names the step that is not done."),
    ),
    "SigningError": ErrorWords(
        _(
            "The document could not be signed: the key or its certificate is missing, expired or does not fit."
        ),
        OURS,
        _(
            "Look at the access point's keys. The student's choice is kept until the transfer "
            "expires: once the key works, press “Try again” and nothing is lost."
        ),
    ),
    "ElmoError": ErrorWords(
        _("The document from these records breaks a rule of the format, so it was not sent."),
        OURS,
        _(
            "The log's line with the reference names the rule. It is a defect of the adapter or of "
            "this software: tell the developers. Trying again helps only after it is mended."
        ),
    ),
    "SealError": ErrorWords(
        _("The transfer's contents cannot be opened with the keys in the settings."),
        OURS,
        _(
            "A key was removed from payload_keys too early. Put it back behind the first one and "
            "try again; otherwise the student has to begin anew."
        ),
    ),
    "TooManyAttempts": ErrorWords(
        _("The step was begun five times and never ended: it kills its worker, or takes too long."),
        OURS,
        _(
            "Look in the worker's log for the reference number: often the memory or the time-out "
            "does not suffice for this student's records. Then press “Try again”."
        ),
    ),
    "StoreUnavailable": ErrorWords(
        _("The database was locked, busy or away for a moment."),
        OURS,
        _(
            "Trying again helps. If it comes often, look at the database's load and its backups' times."
        ),
    ),
    "QueueUnavailable": ErrorWords(
        _("The queue (Redis) did not answer."),
        OURS,
        _("Transfers wait for it and lose nothing. Look at the operations page, and at Redis."),
    ),
    "LoginError": ErrorWords(
        _("The login did not work or was refused."),
        PROVIDER,
        _(
            "The reason is in the timeline, where there is a transfer. Often the provider does not "
            "release an identifier, or the answer came too late. Try the login method on the "
            "institution's page."
        ),
    ),
    "SessionOver": ErrorWords(
        _("The login had ended: nobody used it for too long, or the person logged out."),
        NOBODY,
        _("Log in again. Nothing is lost before the transfer expires."),
    ),
    "TransferNotFound": ErrorWords(
        _("The page belongs to a transfer of another browser, or one whose time is over."),
        STUDENT,
        _(
            "A transfer goes on only in the browser in which it began, with cookies allowed. Let "
            "the student begin again at the service that they came from, in one window."
        ),
    ),
    "TransferError": ErrorWords(
        _("A step was asked for that this transfer cannot take."),
        STUDENT,
        _("Let the student load the page again; it leads to where the transfer stands."),
    ),
    "StaleTransfer": ErrorWords(
        _("The transfer had gone on in another window or tab."),
        STUDENT,
        _("Let the student load the page again; it leads to where the transfer stands."),
    ),
    "BadReturnAddress": ErrorWords(
        _("The return address is not one where records may be sent."),
        CLIENT,
        _(
            "It must be an https address with a host name, and among the access point's allowed "
            "hosts where there are any. If the client should be let in, add its host there; "
            "otherwise its operator must correct the address."
        ),
    ),
    "PeerError": ErrorWords(
        _("The request that brought the student here was not complete."),
        CLIENT,
        _(
            "Tell the client's operator: it must post sessionId and returnUrl. The student did nothing wrong."
        ),
    ),
    "NoSuchAccessPoint": ErrorWords(
        _("The address names no data access point of this installation."),
        CLIENT,
        _(
            "Compare the address in the registry (EMREG or EWP) with the access points here: it "
            "may be an old one."
        ),
    ),
    "SwitchedOff": ErrorWords(
        _("The data access point, or its institution, is switched off."),
        OURS,
        _("Switch it on when it should serve students; the registry may list it still."),
    ),
    "EnvelopeError": ErrorWords(
        _("A reply's form fields could not be unpacked."),
        CLIENT,
        _("The sender's software is at fault, or something on the way shortened the form."),
    ),
    "LaunchError": ErrorWords(
        _(
            "The signed launch from the university's own system was refused: used before, too old, or not for here."
        ),
        SYSTEM,
        _(
            "Let the student press the button in the university's system again. If every launch "
            "fails, compare the clocks of both servers and the host's key in the login method."
        ),
    ),
    "NoSuchShare": ErrorWords(
        _("Somebody tried to open shared records with a link that opens nothing."),
        NOBODY,
        _(
            "A part of the link is missing, or it was deleted. Only the student can make another one."
        ),
    ),
    "ShareOver": ErrorWords(
        _("A link to shared records is over: by its date, by its number, or ended by the student."),
        NOBODY,
        _("The reader asks the student for another link."),
    ),
    "LogoutError": ErrorWords(
        _("A provider's message about a logout was refused."),
        PROVIDER,
        _(
            "The login here ends by itself. If it comes often, compare keys and addresses with the provider."
        ),
    ),
    "MetadataError": ErrorWords(
        _("A federation's metadata could not be taken; the last good copy is in use."),
        PROVIDER,
        _("Look at the federation's page: it says why and when the next try is."),
    ),
    "SignatureError": ErrorWords(
        _("A signature does not hold."),
        CLIENT,
        _("Whoever signed it must look; nothing was taken."),
    ),
    "NotAllowed": ErrorWords(
        _("Somebody opened an administrator's page that their role does not allow."),
        NOBODY,
        _("If they need it, give them the role."),
    ),
    "EditConflict": ErrorWords(
        _("Two administrators changed the same thing; the second was told, and nothing was saved."),
        NOBODY,
        _("Open the form again."),
    ),
    "NotFound": ErrorWords(
        _("The address leads to no page of the gateway."),
        NOBODY,
        _(
            "A mistyped or old link, or a robot looking around. Only one that comes from a registry matters."
        ),
    ),
    "MethodNotAllowed": ErrorWords(
        _("An address that takes forms was opened as a page, or the other way round."),
        NOBODY,
        _(
            "Often a bookmark or the browser's back button: let the student begin again at the client."
        ),
    ),
    "BadRequest": ErrorWords(
        _("A form was not complete, out of date, or not made by a page of the gateway."),
        STUDENT,
        _("Let the student load the page again, with cookies allowed, and send the form once."),
    ),
    "RequestEntityTooLarge": ErrorWords(
        _("A form was larger than max_request_bytes allows."),
        CLIENT,
        _("No page of ours sends so much. Ask what the student or the client tried to send."),
    ),
    "UnsupportedMediaType": ErrorWords(
        _("A form came in a format that the gateway does not read."),
        CLIENT,
        _("The client must post an ordinary HTML form."),
    ),
    "TooManyRequests": ErrorWords(
        _("More requests than entry_limit allows came from one network."),
        NOBODY,
        _(
            "Waiting a minute helps. If a whole campus shares one address, raise entry_limit, and "
            "see that the setting proxies fits the servers in front."
        ),
    ),
    "ServiceUnavailable": ErrorWords(
        _("The gateway was busy, or in maintenance."),
        OURS,
        _("Waiting helps. Nothing is lost."),
    ),
}


def known_errors() -> tuple[str, ...]:
    """The names that a search may offer: those that stand in transfers."""
    return (
        "AdapterError",
        "AdapterRefused",
        "AdapterUnavailable",
        "AmbiguousStudent",
        "ConfigError",
        "ElmoError",
        "SealError",
        "SigningError",
        "StudentNotFound",
        "TooManyAttempts",
    )

"""Each class of error in words for support: what happened, on whose side, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString


@dataclass(frozen=True, slots=True)
class ErrorWords:
    """``side`` names who can mend it."""

    happened: LazyString
    side: LazyString
    advice: LazyString


_OURS = _("This gateway")
_SYSTEM = _("The study administration system")
_CLIENT = _("The service that the student came from")
_PROVIDER = _("The login provider, or its settings here")
_ELSEWHERE = _("The provider that the records come from")
_NOBODY = _("Nobody's fault")
_STUDENT = _("The student's browser")


def error_words(name: str) -> ErrorWords:
    """Return the words for an error's class name; a name that nobody foresaw is a defect."""
    return _WORDS.get(name, _DEFECT)


def is_known(name: str) -> bool:
    """Whether a class has words of its own."""
    return name in _WORDS


_DEFECT = ErrorWords(
    _("Something happened that the software does not foresee."),
    _OURS,
    _(
        "Look for the reference number in the log: the line names the place in the program. Send "
        "it to the developers; it holds no personal data."
    ),
)

_WORDS: Mapping[str, ErrorWords] = {
    "StudentNotFound": ErrorWords(
        _("The study administration system has nobody for this login, or nothing to send of them."),
        _SYSTEM,
        _(
            "Ask the student whether they studied here and under which identity. If they did: "
            "look in the system whether their identifier (European Student Identifier, learner "
            "number or student number) is there and the same as the login provider sends. Records "
            "that are not complete are not sent."
        ),
    ),
    "AmbiguousStudent": ErrorWords(
        _("The study administration system has several people that fit this login."),
        _SYSTEM,
        _(
            "Nothing was shown, to be safe. Have the duplicates joined in the system, or one of "
            "the identifiers corrected; then let the student begin again."
        ),
    ),
    "AdapterUnavailable": ErrorWords(
        _("The study administration system did not answer in time, or said that it is busy."),
        _SYSTEM,
        _(
            "Wait a few minutes, then press “Try again” here or let the student do it. If it goes "
            "on, ask whoever runs that system, and test the adapter on the institution's page."
        ),
    ),
    "AdapterError": ErrorWords(
        _(
            "The study administration system refused the request or answered with something unusable."
        ),
        _SYSTEM,
        _(
            "Test the adapter on the institution's page: it says what the system answers. Often a "
            "password or token has expired, or the system was updated."
        ),
    ),
    "AdapterRefused": ErrorWords(
        _("The study administration system refused the gateway: its password, token or rights."),
        _SYSTEM,
        _(
            "Test the adapter on the institution's page, then renew the secret that its settings "
            "refer to, or have the right given in that system. Then try again."
        ),
    ),
    "ConfigError": ErrorWords(
        _(
            "A setting is missing or cannot work: no adapter is switched on, or a reference leads nowhere."
        ),
        _OURS,
        _("Look at the institution's overview: it names the step that is not done."),
    ),
    "SigningError": ErrorWords(
        _(
            "The document could not be signed: the key or its certificate is missing, expired or does not fit."
        ),
        _OURS,
        _(
            "Look at the access point's keys. The student's choice is kept until the transfer "
            "expires: once the key works, press “Try again” and nothing is lost."
        ),
    ),
    "ElmoError": ErrorWords(
        _("The document from these records breaks a rule of the format, so it was not sent."),
        _OURS,
        _(
            "The log's line with the reference names the rule. It is a defect of the adapter or of "
            "this software: tell the developers. Trying again helps only after it is mended."
        ),
    ),
    "SealError": ErrorWords(
        _("The transfer's contents cannot be opened with the keys in the settings."),
        _OURS,
        _(
            "A key was removed from payload_keys too early. Put it back behind the first one and "
            "try again; otherwise the student has to begin anew."
        ),
    ),
    "TooManyAttempts": ErrorWords(
        _("The step was begun five times and never ended: it kills its worker, or takes too long."),
        _OURS,
        _(
            "Look in the worker's log for the reference number: often the memory or the time-out "
            "does not suffice for this student's records. Then press “Try again”."
        ),
    ),
    "StoreUnavailable": ErrorWords(
        _("The database was locked, busy or away for a moment."),
        _OURS,
        _(
            "Trying again helps. If it comes often, look at the database's load and its backups' times."
        ),
    ),
    "QueueUnavailable": ErrorWords(
        _("The queue (Redis) did not answer."),
        _OURS,
        _("Transfers wait for it and lose nothing. Look at the operations page, and at Redis."),
    ),
    "LoginError": ErrorWords(
        _("The login did not work or was refused."),
        _PROVIDER,
        _(
            "The reason is in the timeline, where there is a transfer. Often the provider does not "
            "release an identifier, or the answer came too late. Try the login method on the "
            "institution's page."
        ),
    ),
    "SessionOver": ErrorWords(
        _("The login had ended: nobody used it for too long, or the person logged out."),
        _NOBODY,
        _("Log in again. Nothing is lost before the transfer expires."),
    ),
    "TransferNotFound": ErrorWords(
        _("The page belongs to a transfer of another browser, or one whose time is over."),
        _STUDENT,
        _(
            "A transfer goes on only in the browser in which it began, with cookies allowed. Let "
            "the student begin again at the service that they came from, in one window."
        ),
    ),
    "TransferError": ErrorWords(
        _("A step was asked for that this transfer cannot take."),
        _STUDENT,
        _("Let the student load the page again; it leads to where the transfer stands."),
    ),
    "StaleTransfer": ErrorWords(
        _("The transfer had gone on in another window or tab."),
        _STUDENT,
        _("Let the student load the page again; it leads to where the transfer stands."),
    ),
    "BadReturnAddress": ErrorWords(
        _("The return address is not one where records may be sent."),
        _CLIENT,
        _(
            "It must be an https address with a host name, and among the access point's allowed "
            "hosts where there are any. If the client should be let in, add its host there; "
            "otherwise its operator must correct the address."
        ),
    ),
    "PeerError": ErrorWords(
        _("The request that brought the student here was not complete."),
        _CLIENT,
        _(
            "Tell the client's operator: it must post sessionId and returnUrl. The student did nothing wrong."
        ),
    ),
    "NoSuchAccessPoint": ErrorWords(
        _("The address names no data access point of this installation."),
        _CLIENT,
        _(
            "Compare the address in the registry (EMREG or EWP) with the access points here: it "
            "may be an old one."
        ),
    ),
    "SwitchedOff": ErrorWords(
        _("The data access point, or its institution, is switched off."),
        _OURS,
        _("Switch it on when it should serve students; the registry may list it still."),
    ),
    "EnvelopeError": ErrorWords(
        _("A reply's form fields could not be unpacked."),
        _CLIENT,
        _("The sender's software is at fault, or something on the way shortened the form."),
    ),
    "UnknownReply": ErrorWords(
        _("A provider elsewhere sent a reply that no import here waits for."),
        _ELSEWHERE,
        _(
            "Let the student begin the import again. If it happens with every student of that "
            "provider, its operator must look: it has to send sessionId back unchanged."
        ),
    ),
    "RepeatedReply": ErrorWords(
        _("A reply came for the second time; the first one counts."),
        _NOBODY,
        _("The browser's back button does this. Let the student go on in the import's own page."),
    ),
    "LateReply": ErrorWords(
        _("A reply came after the import was over, or had gone on without it."),
        _NOBODY,
        _("Let the student begin the import again; the records can be fetched once more."),
    ),
    "TooLargeReply": ErrorWords(
        _("A reply was larger than max_reply_bytes allows."),
        _ELSEWHERE,
        _(
            "Ask the student which provider it was and how large its files are. If they are genuine, "
            "raise max_reply_bytes, and what the server in front of the gateway lets through."
        ),
    ),
    "StrangersReply": ErrorWords(
        _("A reply came in another browser than the one that was sent for it."),
        _STUDENT,
        _(
            "Nothing was shown or kept for that browser. Let the student begin again, with cookies "
            "allowed, in one browser. If the student did not do this themselves, somebody may have "
            "tried to collect records of theirs."
        ),
    ),
    "LaunchError": ErrorWords(
        _(
            "The signed launch from the university's own system was refused: used before, too old, or not for here."
        ),
        _SYSTEM,
        _(
            "Let the student press the button in the university's system again. If every launch "
            "fails, compare the clocks of both servers and the host's key in the login method."
        ),
    ),
    "LogoutError": ErrorWords(
        _("A provider's message about a logout was refused."),
        _PROVIDER,
        _(
            "The login here ends by itself. If it comes often, compare keys and addresses with the provider."
        ),
    ),
    "MetadataError": ErrorWords(
        _("A federation's metadata could not be taken; the last good copy is in use."),
        _PROVIDER,
        _("Look at the federation's page: it says why and when the next try is."),
    ),
    "SignatureError": ErrorWords(
        _("A signature does not hold."),
        _CLIENT,
        _("Whoever signed it must look; nothing was taken."),
    ),
    "NotAllowed": ErrorWords(
        _("Somebody opened an administrator's page that their role does not allow."),
        _NOBODY,
        _("If they need it, give them the role."),
    ),
    "EditConflict": ErrorWords(
        _("Two administrators changed the same thing; the second was told, and nothing was saved."),
        _NOBODY,
        _("Open the form again."),
    ),
    "NotFound": ErrorWords(
        _("The address leads to no page of the gateway."),
        _NOBODY,
        _(
            "A mistyped or old link, or a robot looking around. Only one that comes from a registry matters."
        ),
    ),
    "MethodNotAllowed": ErrorWords(
        _("An address that takes forms was opened as a page, or the other way round."),
        _NOBODY,
        _(
            "Often a bookmark or the browser's back button: let the student begin again at the client."
        ),
    ),
    "BadRequest": ErrorWords(
        _("A form was not complete, out of date, or not made by a page of the gateway."),
        _STUDENT,
        _("Let the student load the page again, with cookies allowed, and send the form once."),
    ),
    "RequestEntityTooLarge": ErrorWords(
        _("A form was larger than max_request_bytes allows."),
        _CLIENT,
        _("No page of ours sends so much. Ask what the student or the client tried to send."),
    ),
    "UnsupportedMediaType": ErrorWords(
        _("A form came in a format that the gateway does not read."),
        _CLIENT,
        _("The client must post an ordinary HTML form."),
    ),
    "TooManyRequests": ErrorWords(
        _("More requests than entry_limit allows came from one network."),
        _NOBODY,
        _(
            "Waiting a minute helps. If a whole campus shares one address, raise entry_limit, and "
            "see that the setting proxies fits the servers in front."
        ),
    ),
    "ServiceUnavailable": ErrorWords(
        _("The gateway was busy, or in maintenance."),
        _OURS,
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

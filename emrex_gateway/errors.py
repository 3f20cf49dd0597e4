"""The error tree. Each class fixes the return code that a client hears and whether trying again helps.

GatewayError
├── ConfigError                 settings, institutions or keys that cannot work
├── PeerError                   what a client, a host or a browser sent is not acceptable
│   ├── NoSuchAccessPoint       the address names no data access point
│   │   └── SwitchedOff         ... or one that an administrator has switched off
│   ├── BadReturnAddress        the return address must not be used: nothing is sent there
│   ├── EnvelopeError           a reply's fields cannot be unpacked
│   ├── ReplyError              a provider's reply that goes nowhere
│   │   ├── UnknownReply        its session id was never given to a provider
│   │   ├── RepeatedReply       a reply of that visit has come before
│   │   ├── LateReply           the import is over, or has gone on without it
│   │   ├── TooLargeReply       it weighs more than we take
│   │   └── StrangersReply      this browser is not the one that was sent there
│   ├── LaunchError             a signed launch was refused
│   ├── MessageError            a host system's message about a recognition was refused
│   └── LogoutError             a provider's message about a logout was refused
├── LoginError                  a login failed or was refused
├── NotAllowed                  this person may not do that, or not at that institution
├── EditConflict                somebody else changed the same thing meanwhile
├── SessionOver                 nobody is logged in (any more): log in again
├── MetadataError               a federation's metadata cannot be taken; the last good copy stays
├── RegistryError               one of the network's lists cannot be taken; the last good copy stays
├── TransferError               a step that the transfer's state does not allow
│   ├── TransferNotFound        unknown, foreign or expired
│   └── StaleTransfer           changed by another tab or worker meanwhile
├── AdapterError                the study administration system answered wrongly
│   ├── StudentNotFound         it has no such person, or nothing of them
│   ├── AmbiguousStudent        it has several people for one identity
│   ├── AdapterRefused          it does not accept our credentials
│   └── AdapterUnavailable      it is down, slow or busy: temporary
├── ElmoError                   a document breaks the grammar or a rule
├── SignatureError              a signature does not hold
├── SigningError                a document cannot be signed now (key missing, unreadable, expired, unfit)
├── SealError                   a sealed payload cannot be opened
└── StoreUnavailable            the database is locked, busy or away: temporary, "later" to people

Messages are for administrators: they name what and where, never whom. No
personal data, no contents, no secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from emrex_gateway.domain import LoginFailure, ReturnCode


class GatewayError(Exception):
    """Base of all errors that the gateway raises on purpose."""

    return_code: ClassVar[ReturnCode] = ReturnCode.ERROR
    retryable: ClassVar[bool] = False
    adapter: str = ""
    """Name of the adapter that it happened with, where several were asked and one is to blame."""


class ConfigError(GatewayError):
    """Settings, institutions or keys that cannot work. ``field`` names the setting, where one is to blame.

    ``words`` say it to somebody who has the field before them: a text for
    ``gettext``, with ``values`` for its places; empty where there is none.
    """

    def __init__(
        self,
        message: str,
        field: str = "",
        *,
        words: str = "",
        values: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.field = field
        self.words = words
        self.values = dict(values or {})


class PeerError(GatewayError):
    """What a client, a host or a browser sent is not acceptable."""


class NoSuchAccessPoint(PeerError):
    """The address names no data access point that serves anybody."""


class SwitchedOff(NoSuchAccessPoint):
    """The data access point, or its institution, is switched off for now."""


class BadReturnAddress(PeerError):
    """The return address must not be used; nothing is ever sent there."""


class EnvelopeError(PeerError):
    """A reply's form fields cannot be unpacked within the limits."""


class ReplyError(PeerError):
    """A provider's reply that goes nowhere. Nothing of it was kept."""


class UnknownReply(ReplyError):
    """The reply's session id was never given to a provider, or is forgotten by now."""


class RepeatedReply(ReplyError):
    """A reply of that visit has come before: the first one counts. ``transfer`` is its import's id."""

    def __init__(self, message: str, transfer: str = "") -> None:
        super().__init__(message)
        self.transfer = transfer


class LateReply(ReplyError):
    """The import is over, or has gone on without that reply. ``transfer`` is its id."""

    def __init__(self, message: str, transfer: str = "") -> None:
        super().__init__(message)
        self.transfer = transfer


class TooLargeReply(ReplyError):
    """The reply weighs more than ``max_reply_bytes``, or has too many fields."""


class StrangersReply(ReplyError):
    """The browser with the reply is not the one that was sent to the provider."""


class NoSuchShare(PeerError):
    """No share opens with that link: there is none, or the key is another one. Nobody is told which."""


class ShareOver(PeerError):
    """The link is the right one and opens nothing any more. ``reason`` is a short code."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class LaunchError(PeerError):
    """A signed launch was refused. ``reason`` is a short code, such as ``expired`` or ``replayed``."""

    def __init__(self, message: str, reason: str = "refused") -> None:
        super().__init__(message)
        self.reason = reason


class MessageError(PeerError):
    """A host system's message about a recognition was refused. ``reason`` is a short code."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class LogoutError(PeerError):
    """A provider's message about a logout was refused. ``reason`` is a short code."""

    def __init__(self, message: str, reason: str = "refused") -> None:
        super().__init__(message)
        self.reason = reason


class LoginError(GatewayError):
    """A login failed or was refused. ``reason`` is a short code for the audit event.

    ``failure`` says more for the student's page, where there is more to say.
    """

    def __init__(
        self, message: str, reason: str = "refused", failure: LoginFailure | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.failure = failure


class NotAllowed(GatewayError):
    """This person may not do that, or not at that institution."""


class EditConflict(GatewayError):
    """Somebody else changed the same settings since they were opened; nothing was written."""


class SessionOver(GatewayError):
    """Nobody is logged in here any more. ``reason`` is a short code such as ``idle`` or ``logout``."""

    def __init__(self, message: str, reason: str = "none") -> None:
        super().__init__(message)
        self.reason = reason


class MetadataError(GatewayError):
    """A federation's metadata cannot be taken. ``reason`` is a short code such as ``signature``."""

    retryable = True

    def __init__(self, message: str, reason: str = "refused") -> None:
        super().__init__(message)
        self.reason = reason


class RegistryError(GatewayError):
    """A list of the network's providers cannot be taken. ``reason`` is a short code such as ``format``."""

    retryable = True

    def __init__(self, message: str, reason: str = "refused") -> None:
        super().__init__(message)
        self.reason = reason


class TransferError(GatewayError):
    """A step that the transfer's state does not allow."""


class TransferNotFound(TransferError):
    """The transfer is unknown, belongs to another browser, or has expired."""


class StaleTransfer(TransferError):
    """Another tab or worker changed the transfer meanwhile."""


class AdapterError(GatewayError):
    """The study administration system refused us or answered wrongly: an administrator must look."""


class StudentNotFound(AdapterError):
    """The system has no such person, or nothing of them."""

    return_code = ReturnCode.NO_RESULTS


class AmbiguousStudent(AdapterError):
    """The system has several different people for one identity."""


class AdapterRefused(AdapterError):
    """The system does not accept our credentials: an administrator must mend the secret."""


class AdapterUnavailable(AdapterError):
    """The system is down, slow or busy. ``retry_after`` is in seconds, when it said so."""

    retryable = True

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ElmoError(GatewayError):
    """A document breaks the grammar or one of the annotations' rules."""


class SignatureError(GatewayError):
    """A signature does not hold. ``reason`` is a short code, such as ``digest`` or ``certificate``."""

    def __init__(self, message: str, reason: str = "invalid") -> None:
        super().__init__(message)
        self.reason = reason


class SigningError(GatewayError):
    """A document cannot be signed now; the transfer waits until an administrator has mended the key."""

    retryable = True


class SealError(GatewayError):
    """A sealed payload cannot be opened: wrong key, or not what was sealed for this transfer."""


class QueueUnavailable(GatewayError):
    """Redis is away or does not answer in time. Orders wait in the database; trying again helps."""

    retryable = True


class StoreUnavailable(GatewayError):
    """The database is locked, busy or away. Nothing of the unit of work happened; trying again helps."""

    retryable = True

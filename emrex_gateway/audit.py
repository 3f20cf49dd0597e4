"""The audit trail's vocabulary: which events there are and what each may say.

Events are rows that nobody changes, written in the transaction of the change
that they record. They hold codes, counts and names of configured things; who
the student is stands nowhere in them. A test holds every ``audit.record`` in
the code to this list.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from emrex_gateway.ports import UnitOfWork


class Event(StrEnum):
    """What can happen."""

    TRANSFER_ENTERED = "transfer.entered"
    """A client's request, the host's button or a launch began a transfer."""
    ENTRY_REFUSED = "entry.refused"
    """A client's request was not acceptable; there is no transfer."""
    LAUNCH_ACCEPTED = "launch.accepted"
    """A signed launch was accepted; the student has yet to say that it is they."""
    LAUNCH_REFUSED = "launch.refused"
    """A signed launch was forged, stale, replayed or for somebody else."""
    LOGIN_SUCCEEDED = "login.succeeded"
    """A login established who the student is."""
    LOGIN_REFUSED = "login.refused"
    """A login failed or was refused."""
    LOGGED_OUT = "logout"
    """A session ended before its time: the person or the provider wanted it."""
    LOGOUT_REFUSED = "logout.refused"
    """A provider's logout was forged, stale or replayed; nothing ended."""
    RECORDS_FETCHED = "records.fetched"
    """The study administration system listed records."""
    RECORDS_NONE = "records.none"
    """The system has nothing of the student."""
    RECORDS_FAILED = "records.failed"
    """The system was down, or its answer could not be used."""
    CONSENT_GIVEN = "consent.given"
    """The student saw the preview and let the document leave."""
    ELMO_SIGNED = "elmo.signed"
    """A document was made, signed and verified."""
    ELMO_FAILED = "elmo.failed"
    """A document could not be made or signed."""
    REPLY_DELIVERED = "reply.delivered"
    """The reply was handed to the browser, for the client."""
    REPLY_DOWNLOADED = "reply.downloaded"
    """The student took the signed file."""
    TRANSFER_CANCELLED = "transfer.cancelled"
    """The student stopped, or support did for them (``by``)."""
    TRANSFER_RETRIED = "transfer.retried"
    """The student, or support (``by``), asked to try a failed step again."""
    TRANSFER_PURGED = "transfer.purged"
    """Support destroyed a transfer's contents before their time; ``state`` is where it stood."""
    STUDENT_FOUND = "import.student_found"
    """Who the student of an import is was established; ``adapter`` is empty where no system was asked."""
    STUDENT_NOT_FOUND = "import.student_not_found"
    """The host system does not know the student of an import, or could not be asked."""
    ERRAND_BEGUN = "import.sent"
    """The student was sent to a provider."""
    REPLY_STORED = "import.replied"
    """A reply was posted; ``code`` is what the provider says, ``size`` how many characters the document has."""
    REPLY_REFUSED = "import.reply_refused"
    """A reply was posted that goes nowhere; nothing of it was kept."""
    REPLY_CLAIMED = "import.claimed"
    """The student's own browser came back with the reply."""
    RESULT_VERIFIED = "import.verified"
    """A document was verified and is the student's, or may be; ``weak`` counts the signature's warnings."""
    RESULT_REFUSED = "import.refused"
    """What came cannot be used."""
    COLLECTING_ENDED = "import.collected"
    """Nothing more is fetched: ``results`` documents are reviewed."""
    COLLECTING_RESUMED = "import.more"
    """The student goes back to fetch more."""
    SHARE_MADE = "share.made"
    """The student made a link to the signed document; ``openings`` is 0 where any number is allowed."""
    SHARE_OPENED = "share.opened"
    """Somebody opened what a link carries the key of; ``opening`` counts."""
    SHARE_DOWNLOADED = "share.downloaded"
    """Somebody who had opened a share took the signed document."""
    SHARE_REVOKED = "share.revoked"
    """The student ended a link; what it opened was destroyed."""
    SHARE_ENDED = "share.ended"
    """What a link opened was destroyed: its time was over, or it was opened often enough."""
    SHARE_REFUSED = "share.refused"
    """An address tried to open shares too often."""
    OWN_DATA_SEEN = "own.seen"
    """Somebody logged in to see what is kept of them; ``count`` transfers were shown."""
    OWN_DATA_ERASED = "own.erased"
    """A person had a transfer's contents destroyed, and that it was theirs forgotten."""
    IMPORT_CONFIRMED = "import.confirmed"
    """The student said what is to be handed over, and what for; from then on it is durable."""
    HANDED_OVER = "import.handed_over"
    """The host system took an import; ``late`` when its time was over or it was deleted meanwhile."""
    HAND_OVER_PUT_OFF = "import.put_off"
    """The host system could not take an import now; it is tried again later."""
    HAND_OVER_FAILED = "import.hand_over_failed"
    """The host system will not take an import as it is; an officer must look."""
    IMPORT_OPENED = "import.opened"
    """An officer (``by``) looked at the contents of an import."""
    IMPORT_ACCEPTED = "import.accepted"
    """An officer (``by``) decided that the records are the student's."""
    IMPORT_REJECTED = "import.rejected"
    """An officer (``by``) did not take an import; ``reason`` is a code. What came was destroyed."""
    IMPORT_HANDED_AGAIN = "import.again"
    """An officer (``by``) had an import handed over again."""
    RECOGNITION_CHANGED = "recognition.changed"
    """The host system said how far it is with an import: ``state``."""
    RECOGNITION_ORDERED = "recognition.ordered"
    """A student ordered the signed file of a decision."""
    RECOGNITION_SIGNED = "recognition.signed"
    """A decision was written and signed by the access point's key."""
    RECOGNITION_FAILED = "recognition.failed"
    """The signed file of a decision could not be made."""
    RECOGNITION_DOWNLOADED = "recognition.downloaded"
    """A student downloaded the signed file of a decision."""
    TRANSFER_GIVEN_UP = "transfer.given_up"
    """A step was begun too often without an end."""
    TRANSFER_EXPIRED = "transfer.expired"
    """A transfer's time was over; its contents were destroyed."""
    ENTRIES_EXPIRED = "entries.expired"
    """Transfers that nobody logged in to were ended in bulk; their contents were destroyed."""
    ADMIN_ENTERED = "admin.entered"
    """An administrator logged in."""
    ADMIN_REFUSED = "admin.refused"
    """An administrator's login failed or was refused; ``account`` where it was known."""
    ADMIN_LEFT = "admin.left"
    """An administrator's session ended before its time."""
    LOGIN_TRIED = "login.tried"
    """An administrator tried a login method; what arrived is not in the trail."""
    METADATA_REFRESHED = "metadata.refreshed"
    """A federation's new copy was verified and indexed."""
    METADATA_FAILED = "metadata.failed"
    """A federation's metadata could not be had or taken; the last good copy stays."""
    METADATA_ALARM = "metadata.alarm"
    """A copy was taken in which too many entities are gone."""
    REGISTRY_TAKEN = "registry.taken"
    """A list of the network's providers said something new; it was taken."""
    REGISTRY_FAILED = "registry.failed"
    """A list could not be had or taken; the last good copy stays. Once for each reason in a row."""
    CONFIG_APPLIED = "config.applied"
    """A file of institutions was applied; each changed setting has an event of its own."""
    SETTING_CHANGED = "setting.changed"
    """An administrator changed one setting: ``before`` and ``after``, shortened when long."""
    SETTING_ADDED = "setting.added"
    """An administrator added a thing to the configuration; its settings follow as ``setting.changed``."""
    ADAPTER_TRY_ORDERED = "adapter.try_ordered"
    """An administrator asked to try an adapter, perhaps with a test student."""
    ADAPTER_TRIED = "adapter.tried"
    """A try of an adapter came to its end."""
    JOBS_RETRIED = "jobs.retried"
    """An operator sent failed orders again."""
    JOBS_FORGOTTEN = "jobs.forgotten"
    """An operator threw failed orders away."""
    SETTING_REMOVED = "setting.removed"
    """An administrator removed a thing from the configuration."""


_E = Event
_SETTING = frozenset({"by", "kind", "key", "institution"})
FACTS: Mapping[Event, frozenset[str]] = MappingProxyType(
    {
        _E.TRANSFER_ENTERED: frozenset({"client_host"}),
        _E.ENTRY_REFUSED: frozenset({"reason"}),
        _E.LAUNCH_ACCEPTED: frozenset({"method"}),
        _E.LAUNCH_REFUSED: frozenset({"reason"}),
        _E.LOGIN_SUCCEEDED: frozenset({"method", "provider"}),
        _E.LOGIN_REFUSED: frozenset({"reason", "provider", "status", "missing"}),
        _E.LOGGED_OUT: frozenset({"by"}),
        _E.LOGOUT_REFUSED: frozenset({"reason"}),
        _E.RECORDS_FETCHED: frozenset({"adapter", "records", "missing", "duplicates"}),
        _E.RECORDS_NONE: frozenset({"error"}),
        _E.RECORDS_FAILED: frozenset({"error", "adapter"}),
        _E.CONSENT_GIVEN: frozenset({"records", "identifiers"}),
        _E.ELMO_SIGNED: frozenset({"version", "bytes", "missing_characters"}),
        _E.ELMO_FAILED: frozenset({"error"}),
        _E.REPLY_DELIVERED: frozenset({"code"}),
        _E.REPLY_DOWNLOADED: frozenset(),
        _E.TRANSFER_CANCELLED: frozenset({"by"}),
        _E.TRANSFER_RETRIED: frozenset({"step", "by"}),
        _E.TRANSFER_PURGED: frozenset({"by", "state"}),
        _E.STUDENT_FOUND: frozenset({"adapter"}),
        _E.STUDENT_NOT_FOUND: frozenset({"error", "adapter"}),
        _E.ERRAND_BEGUN: frozenset({"provider", "host", "country", "errand"}),
        _E.REPLY_STORED: frozenset({"code", "size", "errand"}),
        _E.REPLY_REFUSED: frozenset({"reason"}),
        _E.REPLY_CLAIMED: frozenset({"errand"}),
        _E.RESULT_VERIFIED: frozenset(
            {"errand", "provider", "records", "sameness", "score", "weak", "release"}
        ),
        _E.RESULT_REFUSED: frozenset({"errand", "provider", "reason"}),
        _E.COLLECTING_ENDED: frozenset({"results"}),
        _E.COLLECTING_RESUMED: frozenset(),
        _E.SHARE_MADE: frozenset({"share", "days", "openings"}),
        _E.SHARE_OPENED: frozenset({"share", "opening"}),
        _E.SHARE_DOWNLOADED: frozenset({"share"}),
        _E.SHARE_REVOKED: frozenset({"share"}),
        _E.SHARE_ENDED: frozenset({"share", "reason"}),
        _E.SHARE_REFUSED: frozenset({"reason"}),
        _E.OWN_DATA_SEEN: frozenset({"institution", "method", "count"}),
        _E.OWN_DATA_ERASED: frozenset({"state"}),
        _E.IMPORT_CONFIRMED: frozenset({"records", "originals", "purpose", "sameness"}),
        _E.HANDED_OVER: frozenset({"adapter", "attempts", "late"}),
        _E.HAND_OVER_PUT_OFF: frozenset({"error", "attempts"}),
        _E.HAND_OVER_FAILED: frozenset({"error", "attempts", "adapter"}),
        _E.IMPORT_OPENED: frozenset({"by"}),
        _E.IMPORT_ACCEPTED: frozenset({"by"}),
        _E.IMPORT_REJECTED: frozenset({"by", "reason"}),
        _E.IMPORT_HANDED_AGAIN: frozenset({"by"}),
        _E.RECOGNITION_CHANGED: frozenset({"state"}),
        _E.RECOGNITION_ORDERED: frozenset(),
        _E.RECOGNITION_SIGNED: frozenset({"version", "bytes"}),
        _E.RECOGNITION_FAILED: frozenset({"error"}),
        _E.RECOGNITION_DOWNLOADED: frozenset({"file"}),
        _E.TRANSFER_GIVEN_UP: frozenset({"attempts"}),
        _E.TRANSFER_EXPIRED: frozenset({"state"}),
        _E.ENTRIES_EXPIRED: frozenset({"count"}),
        _E.ADMIN_ENTERED: frozenset({"account", "method"}),
        _E.ADMIN_REFUSED: frozenset({"account", "method", "reason", "values", "reference"}),
        _E.ADMIN_LEFT: frozenset({"account", "reason"}),
        _E.LOGIN_TRIED: frozenset({"by", "method", "provider", "reason"}),
        _E.METADATA_REFRESHED: frozenset({"federation", "entities", "providers", "removed"}),
        _E.METADATA_FAILED: frozenset({"federation", "reason"}),
        _E.METADATA_ALARM: frozenset({"federation", "reason", "entities", "providers", "removed"}),
        _E.REGISTRY_TAKEN: frozenset(
            {
                *("registry", "providers", "added", "changed", "removed"),
                *("certificates_added", "certificates_removed"),
            }
        ),
        _E.REGISTRY_FAILED: frozenset({"registry", "reason"}),
        _E.CONFIG_APPLIED: frozenset({"by", "added", "changed", "disabled"}),
        _E.SETTING_CHANGED: _SETTING | {"field", "before", "after"},
        _E.SETTING_ADDED: _SETTING,
        _E.SETTING_REMOVED: _SETTING,
        _E.JOBS_RETRIED: frozenset({"by", "count"}),
        _E.JOBS_FORGOTTEN: frozenset({"by", "count"}),
        _E.ADAPTER_TRY_ORDERED: frozenset({"by", "institution", "key", "student", "apply"}),
        _E.ADAPTER_TRIED: frozenset(
            {"by", "institution", "key", "outcome", "step", "records", "applied"}
        ),
    }
)
"""What each event may say: error class names, short codes, counts, configured names, hosts."""


def record(
    uow: UnitOfWork, event: Event, *, transfer: str | None = None, **facts: str | int | bool
) -> None:
    """Append an event in the unit of work's transaction.

    Raises ``ValueError`` for a fact that the event does not have.
    """
    check(event, facts)
    uow.audit.record(event, transfer=transfer, **facts)


def check(event: str, facts: Mapping[str, object]) -> None:
    """Raise ``ValueError`` for an unknown event, or a fact that it does not have."""
    if unknown := sorted(set(facts) - FACTS[Event(event)]):
        raise ValueError(f"the event {event} has no fact {', '.join(unknown)}")

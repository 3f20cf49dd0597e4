"""The trail's events in words: a short name for each, a sentence where its facts make one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as later

from emrex_gateway.audit import Event
from emrex_gateway.web import _sentences

NAMES: Mapping[Event, LazyString] = {
    Event.TRANSFER_ENTERED: later("A transfer began"),
    Event.ENTRY_REFUSED: later("A request for a transfer was refused"),
    Event.LAUNCH_ACCEPTED: later("A university's system announced a student"),
    Event.LAUNCH_REFUSED: later("An announcement of a student was refused"),
    Event.LOGIN_SUCCEEDED: later("A student logged in"),
    Event.LOGIN_REFUSED: later("A student's login was refused"),
    Event.LOGGED_OUT: later("A student's session ended"),
    Event.LOGOUT_REFUSED: later("A provider's logout message was refused"),
    Event.RECORDS_FETCHED: later("Records were fetched"),
    Event.RECORDS_NONE: later("There were no records"),
    Event.RECORDS_FAILED: later("Records could not be fetched"),
    Event.CONSENT_GIVEN: later("A student agreed to send records"),
    Event.ELMO_SIGNED: later("A document was signed"),
    Event.ELMO_FAILED: later("A document could not be signed"),
    Event.REPLY_DELIVERED: later("A reply was handed to the browser"),
    Event.REPLY_DOWNLOADED: later("A student took the signed file"),
    Event.STUDENT_FOUND: later("The student of an import was found"),
    Event.STUDENT_NOT_FOUND: later("The student of an import could not be found"),
    Event.ERRAND_BEGUN: later("A student was sent to a provider elsewhere"),
    Event.REPLY_STORED: later("A reply from elsewhere arrived"),
    Event.REPLY_REFUSED: later("A reply from elsewhere went nowhere"),
    Event.REPLY_CLAIMED: later("A student came back with a reply"),
    Event.RESULT_VERIFIED: later("Records from elsewhere were verified"),
    Event.RESULT_REFUSED: later("What came from elsewhere cannot be used"),
    Event.COLLECTING_ENDED: later("A student looks at records from elsewhere"),
    Event.COLLECTING_RESUMED: later("A student went back to fetch more"),
    Event.IMPORT_CONFIRMED: later("A student confirmed an import"),
    Event.HANDED_OVER: later("An import was handed over"),
    Event.HAND_OVER_PUT_OFF: later("An import could not be handed over yet"),
    Event.HAND_OVER_FAILED: later("An import was not taken by the host system"),
    Event.IMPORT_OPENED: later("An officer looked at an import"),
    Event.IMPORT_ACCEPTED: later("An officer accepted an import"),
    Event.IMPORT_REJECTED: later("An officer refused an import"),
    Event.IMPORT_HANDED_AGAIN: later("An officer had an import handed over again"),
    Event.TRANSFER_CANCELLED: later("A transfer was cancelled"),
    Event.TRANSFER_RETRIED: later("A failed step was tried again"),
    Event.TRANSFER_PURGED: later("Support destroyed a transfer's contents"),
    Event.SHARE_MADE: later("A student made a link to signed records"),
    Event.SHARE_OPENED: later("Somebody opened shared records"),
    Event.SHARE_DOWNLOADED: later("Somebody downloaded shared records"),
    Event.SHARE_REVOKED: later("A student ended a link"),
    Event.SHARE_ENDED: later("A link to signed records ended"),
    Event.SHARE_REFUSED: later("Too many tries to open shared records"),
    Event.OWN_DATA_SEEN: later("A student looked at their own data"),
    Event.OWN_DATA_ERASED: later("A student had their data destroyed"),
    Event.RECOGNITION_CHANGED: later("A recognition changed its state"),
    Event.RECOGNITION_ORDERED: later("A student ordered a signed decision"),
    Event.RECOGNITION_SIGNED: later("A decision was signed"),
    Event.RECOGNITION_FAILED: later("A signed decision could not be made"),
    Event.RECOGNITION_DOWNLOADED: later("A student took a signed decision"),
    Event.TRANSFER_GIVEN_UP: later("A step was given up"),
    Event.TRANSFER_EXPIRED: later("A transfer's time was over"),
    Event.ENTRIES_EXPIRED: later("Transfers without a login ended"),
    Event.ADMIN_ENTERED: later("An administrator logged in"),
    Event.ADMIN_REFUSED: later("An administrator's login was refused"),
    Event.ADMIN_LEFT: later("An administrator's session ended"),
    Event.LOGIN_TRIED: later("An administrator tried a login method"),
    Event.METADATA_REFRESHED: later("A federation's metadata was taken"),
    Event.METADATA_FAILED: later("A federation's metadata could not be taken"),
    Event.METADATA_ALARM: later("Many members are gone from a federation's metadata"),
    Event.REGISTRY_TAKEN: later("A new copy of a list of providers was taken"),
    Event.REGISTRY_FAILED: later("A list of providers could not be taken"),
    Event.CONFIG_APPLIED: later("A file of institutions was applied"),
    Event.SETTING_CHANGED: later("A setting was changed"),
    Event.SETTING_ADDED: later("Something was added to the configuration"),
    Event.SETTING_REMOVED: later("Something was removed from the configuration"),
    Event.ADAPTER_TRY_ORDERED: later("A test of an adapter was ordered"),
    Event.ADAPTER_TRIED: later("An adapter was tested"),
    Event.JOBS_RETRIED: later("Failed jobs were queued again"),
    Event.JOBS_FORGOTTEN: later("Failed jobs were taken off the list"),
}
"""Every event by a name for a list; a test holds this to the list of events."""

GROUPS: Mapping[str, tuple[LazyString, tuple[str, ...]]] = {
    "settings": (later("Changes of settings"), ("setting.", "config.", "key.", "adapter.")),
    "administrators": (later("Administrators' logins"), ("admin.",)),
    "transfers": (
        later("Transfers"),
        ("transfer.", "entry.", "entries.", "launch.", "records.", "consent.", "elmo.", "reply."),
    ),
    "imports": (later("Imports"), ("import.", "recognition.")),
    "logins": (later("Students' logins"), ("login.", "logout")),
    "privacy": (later("Students and their own data"), ("own.", "transfer.purged")),
    "operations": (later("Operations"), ("jobs.", "maintenance.")),
    "federations": (later("Federations' metadata"), ("metadata.",)),
    "registries": (later("Lists of providers"), ("registry.",)),
}
"""Groups of events to look for, by the beginning of their names."""

TOLD_APART = frozenset({"by", "account", "institution", "kind", "key", "field", "before", "after"})
"""Facts that the page shows in places of their own."""


def name_of(event: str) -> str:
    """An event's short name; one without is named as it is."""
    try:
        return str(NAMES[Event(event)])
    except (ValueError, KeyError):
        return event


def sentence(event: str, facts: Mapping[str, Any]) -> str:
    """What happened, in a sentence."""
    if event in _SETTINGS:
        thing = {"kind": facts.get("kind", "?"), "key": facts.get("key", "?")}
        if event == Event.SETTING_ADDED:
            return str(_("Added: %(kind)s “%(key)s”.", **thing))
        if event == Event.SETTING_REMOVED:
            return str(_("Removed: %(kind)s “%(key)s”.", **thing))
        said = _(
            "The setting “%(field)s” of %(kind)s “%(key)s” was changed.",
            field=facts.get("field", "?"),
            **thing,
        )
        return str(said)
    if event in _OF_TRANSFERS:
        return _sentences.sentence(event, facts)
    return f"{name_of(event)}."


def details(event: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that the sentence leaves out, by their names."""
    if event in _OF_TRANSFERS or event in _SETTINGS:
        return {}
    return {name: value for name, value in sorted(facts.items()) if name not in TOLD_APART}


def events_of(group: str) -> tuple[str, ...]:
    """The events that a choice of the search form means: a group's, one, or none for any."""
    if group in GROUPS:
        return tuple(event.value for event in Event if event.value.startswith(GROUPS[group][1]))
    return (group,) if group in {event.value for event in Event} else ()


_SETTINGS = frozenset({Event.SETTING_ADDED, Event.SETTING_CHANGED, Event.SETTING_REMOVED})
_OF_TRANSFERS = frozenset(
    event
    for event in Event
    if (
        event is not Event.REPLY_REFUSED
        and event.value.startswith(
            ("transfer.", "records.", "consent.", "elmo.", "reply.", "import.", "recognition.")
        )
    )
    or event
    in (
        Event.LAUNCH_ACCEPTED,
        Event.LOGIN_SUCCEEDED,
        Event.LOGIN_REFUSED,
        Event.LOGGED_OUT,
        Event.OWN_DATA_ERASED,
    )
)

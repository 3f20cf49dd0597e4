"""What the pages on federations say."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import gettext as _

from emrex_gateway.administering import FederationLine
from emrex_gateway.domain import FederationState, MetadataKind

SOON = timedelta(days=2)


def is_looking(line: FederationLine, now: datetime) -> bool:
    """Whether a look is ordered or under way."""
    state = line.state
    due = state.next_at is None or state.next_at <= now
    return line.federation.enabled and (due or state.problem == "unfinished")


def level(line: FederationLine, now: datetime) -> str:
    """``good``, ``bad`` or ``off``, as the page colours it."""
    state = line.state
    if not line.federation.enabled:
        return "off"
    if state.alarm or problem(state):
        return "bad"
    if line.federation.kind is MetadataKind.AGGREGATE and (
        state.valid_until is None or state.valid_until <= now + SOON
    ):
        return "bad"
    return "good"


def short(line: FederationLine, now: datetime) -> str:
    """The state in a few words."""
    state, until = line.state, line.state.valid_until
    queries = line.federation.kind is MetadataKind.MDQ
    cases: list[tuple[object, str]] = [
        (not line.federation.enabled, _("Off")),
        (state.alarm, _("Alarm: look into it")),
        (problem(state), _("The last look failed")),
        (queries, _("Asked when needed")),
        (until is None, _("Never fetched")),
        (until is not None and until <= now, _("Expired: nobody can log in through it")),
    ]
    return next((text for holds, text in cases if holds), str(_("Good")))


def problem(state: FederationState) -> str:
    """What went wrong at the last look, and what to do; empty when nothing did."""
    if not state.problem or (state.problem == "unfinished" and state.failures <= 1):
        return ""
    texts: dict[str, str] = {
        "timeout": _("Its server did not answer in time."),
        "unreachable": _("Its server cannot be reached: is the address right?"),
        "server": _("Its server says that it has a fault."),
        "status": _("Its server has nothing at this address."),
        "address": _("Its address leads to a network that must not be reached."),
        "signature": _("The signature does not hold with the pinned certificates: are they right?"),
        "expired": _("The metadata had expired when they were fetched."),
        "validity": _("The metadata claim to be good for too long."),
        "configuration": _("A certificate cannot be read: look at the references below."),
        "unfinished": _("The last looks began and never ended: is the worker killed?"),
    }
    text = texts.get(state.problem, str(_("The metadata could not be taken.")))
    return f"{text} ({state.problem})"


def alarm(state: FederationState) -> str:
    """What an administrator must look at though the copy was taken."""
    texts: dict[str, str] = {
        "entities-lost": _("Many of its entities vanished at once."),
        "providers-lost": _("Many of its identity providers vanished at once."),
    }
    return texts.get(state.alarm, state.alarm)


def switching_off(line: FederationLine) -> list[str]:
    """What will happen."""
    texts = [_("Nobody can log in through it from that moment. Who is logged in stays so.")]
    on = [one for one in line.methods if one.enabled]
    if on:
        texts.append(
            _(
                "Login methods that use it: %(names)s. Those with other federations go on with them.",
                names=", ".join(f"{one.id} ({one.institution})" for one in on[:20]),
            )
        )
    texts.append(_("It can be switched on again at any time."))
    return texts


def removing(line: FederationLine) -> list[str]:
    """What will happen, or why it cannot be done."""
    if line.federation.enabled:
        return [_("It is switched on. Switch it off first, then it can be removed.")]
    if line.methods:
        names = ", ".join(f"{one.id} ({one.institution})" for one in line.methods[:20])
        return [
            _(
                "Login methods name it: %(names)s. Take it out of their settings first.",
                names=names,
            )
        ]
    return [
        _("Its settings are removed, and what was indexed of its metadata."),
        _("For 30 days it can be put back; its metadata are then fetched anew."),
    ]

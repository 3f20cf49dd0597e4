"""The way of a key, step by step: the first one's, and the change from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _

from emrex_gateway import administering
from emrex_gateway.domain import AccessPoint, KeyPlace, KeyState, SigningKey
from emrex_gateway.signing import certificate_facts
from emrex_gateway.web._languages import day
from emrex_gateway.web.admin._key_words import RENEW

_S = KeyState
KEEP = timedelta(days=1)
"""How long the former key stays published after the change: replies may still be on their way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideStep:
    """One step: ``current`` is the one to do now, ``key`` the id of the key it is about."""

    text: str
    about: str
    done: bool
    current: bool = False
    key: str = ""


def guide(point: AccessPoint, keys: Sequence[SigningKey], now: datetime) -> tuple[GuideStep, ...]:
    """Return the steps of what is under way; none when all is well for now."""
    active = next((key for key in keys if key.state is _S.ACTIVE), None)
    coming = next((key for key in keys if key.under_way), None)
    former = [key for key in keys if key.state is _S.CERTIFIED and key.activated_at]
    leftover = [
        key
        for key in keys
        if key.state is _S.RETIRED and key.place is not KeyPlace.REFERENCE and key.activated_at
    ]
    if active is None:
        if point.key and coming is None:
            return _mark([_take_over()])
        return _mark(_first(coming))
    if coming is not None or _due(active, now):
        return _mark(_next(coming, now))
    return _mark(_end(former, leftover, now))


def _take_over() -> GuideStep:
    return GuideStep(
        text=_("Take over the present key"),
        about=_(
            "The data access point signs with a key of files or a token that somebody else made. "
            "Take it over, so that its certificate is watched and can be registered."
        ),
        done=False,
    )


def _first(coming: SigningKey | None) -> list[GuideStep]:
    return [*_ordered(coming), _use(coming)]


def _next(coming: SigningKey | None, now: datetime) -> list[GuideStep]:
    published = coming is not None and coming.published
    known = administering.known_at(coming) if coming else None
    when = day(known.date()) if known else ""
    wait = (
        _("Registries and clients should know it from %(day)s on.", day=when)
        if when
        else _("A day after it is published, registries and clients should know it.")
    )
    return [
        *_ordered(coming),
        GuideStep(
            text=_("Publish the next certificate beside the present one"),
            about=_(
                "The EWP entry then holds both. Send the new EMREG entry to EMREG's keeper as well."
            ),
            done=published,
            key=coming.id if coming else "",
        ),
        GuideStep(
            text=_("Wait until the registries have it"),
            about=wait,
            done=known is not None and known <= now,
            key=coming.id if coming else "",
        ),
        _use(coming),
    ]


def _end(
    former: Sequence[SigningKey], leftover: Sequence[SigningKey], now: datetime
) -> list[GuideStep]:
    """After the change: the former key goes."""
    if not former and not leftover:
        return []
    gone = former[0] if former else None
    safe = gone is None or gone.changed_at + KEEP <= now
    return [
        GuideStep(
            text=_("Retire the former key"),
            about=_(
                "Wait a day after the change, for replies that are on their way. Then its "
                "certificate is published no more; send EMREG the new entry."
            )
            if not safe
            else _("Its certificate is published no more then; send EMREG the new entry."),
            done=gone is None,
            key=gone.id if gone else "",
        ),
        GuideStep(
            text=_("Destroy the former private key"),
            about=_("Nobody needs it any more, and nobody can misuse it then."),
            done=False,
            key=leftover[0].id if leftover else "",
        ),
    ]


def _ordered(coming: SigningKey | None) -> list[GuideStep]:
    made = coming is not None and coming.state in (_S.MADE, _S.CERTIFIED)
    id_ = coming.id if coming else ""
    return [
        GuideStep(
            text=_("Order a key"),
            about=_("The signing worker makes it. The private key never leaves its place."),
            done=made,
            key=id_,
        ),
        GuideStep(
            text=_("Send the signing request to a certificate authority, install what comes back"),
            about=_("Take one whose certificates others trust: self-signed ones are refused."),
            done=coming is not None and coming.state is _S.CERTIFIED,
            key=id_,
        ),
    ]


def _use(coming: SigningKey | None) -> GuideStep:
    return GuideStep(
        text=_("Sign with it"),
        about=_("From then on every document is signed with this key."),
        done=False,
        key=coming.id if coming else "",
    )


def _due(active: SigningKey, now: datetime) -> bool:
    return certificate_facts(active.certificate).not_after - now <= RENEW


def _mark(steps: list[GuideStep]) -> tuple[GuideStep, ...]:
    """The first step that is not done is the one to do now."""
    found: list[GuideStep] = []
    for step in steps:
        first = not step.done and not any(one.current for one in found)
        found.append(
            GuideStep(text=step.text, about=step.about, done=step.done, current=first, key=step.key)
        )
    return tuple(found)

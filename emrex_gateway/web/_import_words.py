"""How a visit to a provider ended, in words for the student: what happened, and what to do now."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from emrex_gateway.domain import Errand, ErrandState, Texts
from emrex_gateway.importing import Visited
from emrex_gateway.web._clients import country_name
from emrex_gateway.web._languages import count


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A visit for the page. ``kind`` is ``good``, ``bad`` or ``off``; ``message`` the provider's own words."""

    errand: Errand
    names: Texts
    country: str
    kind: str
    happened: str
    advice: str
    message: str


def tell(visit: Visited) -> Told:
    """Put a visit that is over into words."""
    errand = visit.errand
    kind, happened, advice = _said(errand)
    if errand.reason == "duplicate":
        kind = "off"
    return Told(
        errand=errand,
        names=errand.names,
        country=country_name(errand.country),
        kind=kind,
        happened=happened,
        advice=advice,
        message=visit.message if errand.state in _SPEAKS else "",
    )


_SPEAKS = frozenset({ErrandState.NO_RESULTS, ErrandState.ERROR, ErrandState.REFUSED})
"""Ends of which a provider's own message may say more."""


def _said(errand: Errand) -> tuple[str, str, str]:
    if errand.state is ErrandState.VERIFIED:
        said = ngettext(
            "%(number)s record came, and the signature holds.",
            "%(number)s records came, and the signature holds.",
            errand.records,
            number=count(errand.records),
        )
        return "good", said, ""
    if errand.state is ErrandState.NO_RESULTS:
        return (
            "off",
            _("There are no records of you to send."),
            _("If you studied there under another name or account, try again with that one."),
        )
    if errand.state is ErrandState.CANCELLED:
        return "off", _("You cancelled there, so nothing came."), ""
    if errand.state is ErrandState.ERROR:
        return (
            "bad",
            _("Something broke there, so nothing came."),
            _("Try again in a few minutes. If it fails once more, ask that university for help."),
        )
    return ("bad", *_refused(errand.reason))


def _refused(reason: str) -> tuple[str, str]:
    return _words()[_GROUPS.get(reason, "damaged")]


def _words() -> dict[str, tuple[str, str]]:
    return {
        "other-person": (
            _("These records are of another person, so they were not kept."),
            _(
                "Perhaps somebody else was still logged in there. Log out at that university and "
                "try again. If they are yours, ask for help with the reference number below: your "
                "name or date of birth may differ between the two universities."
            ),
        ),
        "duplicate": (
            _("The very same file came before, so it is there once."),
            _("There is nothing more to do."),
        ),
        "outdated": (
            _("The records are signed in an outdated way that is not accepted here."),
            _(
                "You have done nothing wrong. Ask for help with the reference number below: your "
                "university can decide to accept this provider nevertheless."
            ),
        ),
        "untrusted": (
            _("The signature does not hold, so nobody can say where these records come from."),
            _(
                "Nothing was kept. Try again; if it happens once more, ask for help with the "
                "reference number below. The fault is at that university or at ours, not with you."
            ),
        ),
        "ours": (
            _("The records came, but they could not be checked here."),
            _("That is our fault. Ask for help with the reference number below."),
        ),
        "size": (
            _("The records are too large to be taken."),
            _("Fetch fewer of them at a time, or ask for help with the reference number below."),
        ),
        "damaged": (
            _("What came is damaged or not complete, so it cannot be used."),
            _("Try again; if it happens once more, ask that university for help."),
        ),
    }


_GROUPS = {
    "other-person": "other-person",
    "duplicate": "duplicate",
    "size": "size",
    **dict.fromkeys(("sha1", "weak-key", "algorithm", "hmac"), "outdated"),
    **dict.fromkeys(("attempts", "defect"), "ours"),
    **dict.fromkeys(
        (
            "certificate",
            "no-certificate",
            "not-listed",
            "digest",
            "unsigned",
            "several-signatures",
            "root",
            "coverage",
            "references",
            "external-reference",
            "xpath",
            "xslt",
            "transform",
            "shape",
            "object",
            "dtd",
        ),
        "untrusted",
    ),
}
"""Reasons that a student need not tell apart; what is left is damage."""

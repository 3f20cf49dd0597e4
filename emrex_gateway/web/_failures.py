"""Why a login did not work, in words for a student: what happened, and what to do now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask_babel import gettext as _

from emrex_gateway.domain import LoginFailure
from emrex_gateway.web._languages import best


@dataclass(frozen=True, slots=True)
class Explanation:
    """``missing`` pairs what did not come, in words, with its name. ``help_url`` is the provider's page."""

    happened: str
    advice: str
    provider: str = ""
    missing: tuple[tuple[str, str], ...] = ()
    help_url: str = ""


_Words = Callable[[str, str], tuple[str, str]]
"""From the provider's name and its status code to what happened and what to do."""


def explain(failure: LoginFailure) -> Explanation:
    """Return the explanation for a failure's reason; a reason without words of its own gets general ones."""
    named = best(failure.names)
    provider = named or _("The login service")
    words = _WORDS.get(failure.reason, _general)
    happened, advice = words(provider, failure.status[:100])
    return Explanation(
        happened=happened,
        advice=advice,
        provider=named,
        missing=tuple((_in_words(name), name) for name in failure.missing),
        help_url=failure.error_url if _is_web(failure.error_url) else "",
    )


def _general(provider: str, status: str) -> tuple[str, str]:
    return (
        _("The login did not work."),
        _("Please try again. If it fails once more, ask for help with the reference number below."),
    )


def _denied(provider: str, status: str) -> tuple[str, str]:
    return (
        _("You did not log in, or did not allow it."),
        _("You can try again, or cancel below."),
    )


def _unreachable(provider: str, status: str) -> tuple[str, str]:
    return (
        _("The login service does not answer at the moment."),
        _("Please try again in a few minutes."),
    )


def _status(provider: str, status: str) -> tuple[str, str]:
    happened = (
        _(
            "%(provider)s did not log you in (%(status)s).",
            provider=provider,
            status=status.replace("urn:oasis:names:tc:SAML:2.0:status:", ""),
        )
        if status
        else _("%(provider)s did not log you in.", provider=provider)
    )
    return happened, _(
        "Please try again. If it happens once more, ask the IT support of your university: "
        "the refusal came from there."
    )


def _missing(provider: str, status: str) -> tuple[str, str]:
    return (
        _(
            "You are logged in at your university, but something did not come from there that is "
            "needed here."
        ),
        _(
            "You have done nothing wrong, and trying again will not help. Ask the IT support of "
            "your university to release this information to this service; give them the names "
            "above and the reference number below."
        ),
    )


def _assurance(provider: str, status: str) -> tuple[str, str]:
    return (
        _(
            "You are logged in at your university, but who you are was not verified well enough there."
        ),
        _(
            "Choose another way to log in if there is one. Or ask the IT support of your "
            "university how to prove who you are, for example by showing your passport, and then "
            "come back."
        ),
    )


def _organization(provider: str, status: str) -> tuple[str, str]:
    return (
        _("Only people of certain universities can log in here, and yours is not one of them."),
        _(
            "Choose the university that has your records. If you studied there under another "
            "account, log in with that one."
        ),
    )


def _used(provider: str, status: str) -> tuple[str, str]:
    return (
        _("This login was used already, or it came too late."),
        _(
            "This happens after the browser's back button, or when the login page was open for a "
            "long time. Please start the login again."
        ),
    )


def _clock(provider: str, status: str) -> tuple[str, str]:
    return (
        _("The login is not valid at this time: it is too old, or the clocks do not agree."),
        _(
            "Please start it again. If it fails once more, ask for help with the reference number "
            "below."
        ),
    )


def _provider(provider: str, status: str) -> tuple[str, str]:
    return (
        _("You cannot log in here with the university that you chose."),
        _(
            "Choose another one. If yours should work, ask for help with the reference number below."
        ),
    )


def _context(provider: str, status: str) -> tuple[str, str]:
    return (
        _("A stronger login is needed here, for example with a code from your phone."),
        _(
            "Please log in again and choose the stronger way. If none is offered, ask the IT "
            "support of your university."
        ),
    )


def _other_person(provider: str, status: str) -> tuple[str, str]:
    return (
        _("You logged in as somebody else than the person who began this transfer."),
        _(
            "Log out at your university, then log in here again with the first account. Or cancel "
            "below and begin anew with the other one."
        ),
    )


def _ours(provider: str, status: str) -> tuple[str, str]:
    return (
        _("This login is not set up rightly. That is our fault, not yours."),
        _(
            "Choose another way to log in if there is one, or ask for help with the reference "
            "number below."
        ),
    )


_WORDS: Mapping[str, _Words] = {
    "denied": _denied,
    "saml-status": _status,
    "provider": _status,
    "missing-attributes": _missing,
    "assurance": _assurance,
    "organization": _organization,
    "saml-provider": _provider,
    "saml-context": _context,
    "other-person": _other_person,
    **dict.fromkeys(("unreachable", "timeout"), _unreachable),
    **dict.fromkeys(("replayed", "browser", "state", "saml-in-response-to", "code"), _used),
    **dict.fromkeys(("saml-time", "saml-session-over", "expired", "issued-at"), _clock),
    **dict.fromkeys(("configuration", "method", "client"), _ours),
}
"""By ``LoginFailure.reason``: values of ``Reason`` for SAML, codes of ``login`` for OpenID Connect."""


def _in_words(name: str) -> str:
    words = {
        "schacpersonaluniquecode": _("European Student Identifier or student number"),
        "schac_personal_unique_code": _("European Student Identifier or student number"),
        "esi": _("European Student Identifier"),
        "europeanstudentidentifier": _("European Student Identifier"),
        "funetedupersonlearnerid": _("National learner number"),
        "nationallearnerid": _("National learner number"),
        "noredupersonlin": _("Student number"),
        "local": _("Student number"),
        "nationalidentificationnumber": _("National identity number"),
        "nationalidentifier": _("National identity number"),
        "schacpersonaluniqueid": _("National identity number"),
        "noredupersonnin": _("National identity number"),
        "schacdateofbirth": _("Date of birth"),
        "birthdate": _("Date of birth"),
        "givenname": _("Given names"),
        "given_name": _("Given names"),
        "sn": _("Family name"),
        "family_name": _("Family name"),
        "displayname": _("Name"),
        "schachomeorganization": _("Home university"),
        "schac_home_organization": _("Home university"),
        "edupersonprincipalname": _("User name at your university"),
        "eduperson_principal_name": _("User name at your university"),
        "subject-id": _("Lasting identifier of your account"),
        "pairwise-id": _("Lasting identifier of your account"),
        "edupersonassurance": _("How well your identity was verified"),
        "eduperson_assurance": _("How well your identity was verified"),
    }
    return str(words.get(name.lower(), _("Information about you")))


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)

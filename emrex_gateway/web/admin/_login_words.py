"""What the pages on login methods say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from emrex_gateway.administering import MethodUse
from emrex_gateway.domain import Federation, LoginMethod
from emrex_gateway.ports import Fate, LoginCheck
from emrex_gateway.web._languages import best


@dataclass(frozen=True, slots=True)
class KindWords:
    """A kind of login: what it is called, and when to choose it."""

    kind: str
    title: str
    about: str


def kinds() -> Mapping[str, KindWords]:
    """The kinds, the usual ones first."""
    return {
        "oidc": KindWords(
            "oidc",
            _("OpenID provider"),
            _("One provider: Keycloak, Entra ID, Feide, a federation's proxy."),
        ),
        "saml": KindWords(
            "saml",
            _("Federation (SAML)"),
            _("One or many universities through Haka, SWAMID, eduGAIN and the like."),
        ),
        "launch": KindWords(
            "launch",
            _("Launch from a host system"),
            _("A system that is not part of this application sends its logged-in users."),
        ),
        "host": KindWords(
            "host",
            _("The host application's user"),
            _("Where the gateway is a part of a web application whose users are the students."),
        ),
    }


def name(method: LoginMethod) -> str:
    """A method's name in the reader's language."""
    return best(method.names) or method.id


def federation(one: Federation) -> str:
    """A federation's name in the reader's language."""
    return f"{best(one.names) or one.slug} ({one.slug})"


def check_says(check: LoginCheck | None) -> str:
    """How the last question to the provider ended; empty where nothing was asked."""
    if check is None:
        return ""
    if check.done_at is None:
        return str(_("The provider is being asked. This takes some seconds."))
    if check.passed:
        return str(_("The provider answers, and what it publishes fits."))
    return reason_says(check.reason, check.problem)


def reason_says(reason: str, problem: str) -> str:
    """What went wrong with a provider, and what to do."""
    known = {
        "timeout": _("The provider did not answer in time. Is its address right, and is it up?"),
        "unreachable": _(
            "The provider cannot be reached. Is its address right? A provider in a private network "
            "has to be allowed in its settings."
        ),
        "address": _("The provider's address leads to a network that must not be reached."),
        "discovery": _(
            "There are no settings of an OpenID provider at its address: look at the issuer."
        ),
        "issuer": _("The provider calls itself otherwise: the issuer must be written exactly so."),
        "keys": _("The provider publishes no key that it could sign with."),
        "changed": _("The settings were changed while the provider was asked. Try again."),
    }
    text = known.get(reason, "")
    return f"{text} ({problem})" if text and problem else text or problem


def switching_off(method: LoginMethod, use: MethodUse) -> list[str]:
    """What will happen."""
    texts = [_("Nobody can log in with it from that moment. Who is logged in stays so.")]
    if method.for_administrators:
        texts = [_("No administrator can log in with it, and those who did are logged out.")]
    if use.points:
        points = ", ".join(use.points)
        texts.append(
            _(
                "It is the only way to log in at %(points)s: students who come there cannot go on.",
                points=points,
            )
        )
    texts.append(_("It can be switched on again at any time."))
    return texts


def removing(method: LoginMethod, use: MethodUse) -> list[str]:
    """What will happen, or why it cannot be done."""
    if method.enabled:
        return [_("It is switched on. Switch it off first, then it can be removed.")]
    if use.rules:
        return [
            _(
                "Role rules of administrators name it (%(number)s). Remove them first.",
                number=use.rules,
            )
        ]
    return [
        _("Its settings are removed. Logins that are under way with it end with an error."),
        _("For 30 days it can be put back from the list of login methods."),
    ]


def addresses(
    callbacks: Sequence[str], logged_out: Sequence[str], back_channel: str, admin: str
) -> list[tuple[str, Sequence[str]]]:
    """What has to be registered at an OpenID provider."""
    found: list[tuple[str, Sequence[str]]] = [
        (_("Redirect addresses"), [*callbacks, admin]),
        (_("Addresses after logout"), logged_out),
    ]
    if back_channel:
        found.append((_("Back-channel logout address"), [back_channel]))
    return found


def fates() -> Mapping[Fate, str]:
    """What became of a value."""
    return {
        Fate.IDENTIFIER: _("Taken: finds the student"),
        Fate.ACCOUNT: _("Taken: names the account"),
        Fate.PERSON: _("Taken: describes the person"),
        Fate.ASSURANCE: _("Taken: how well the person was proven"),
        Fate.ROLE: _("Taken: role rules look at it"),
        Fate.SCOPE: _("Refused: it names a domain that this provider may not speak for"),
        Fate.NATIONAL: _("Refused: national identity numbers from this provider do not count here"),
        Fate.ELSEWHERE: _("Refused: it may be another university's student number"),
        Fate.FORM: _("Refused: it does not have the form that such a value has"),
        Fate.UNUSED: _("Not used"),
    }


def refusals() -> Mapping[str, str]:
    """Why a student would not be let in."""
    return {
        "": _("A student would be logged in like this."),
        "missing-attributes": _(
            "A student would be refused: something that is needed did not come."
        ),
        "organization": _("A student would be refused: the home organization may not log in here."),
        "assurance": _("A student would be refused: the person was not proven well enough."),
    }


def failed(reason: str) -> str:
    """Why a try did not come to an answer that could be shown; empty for none."""
    if not reason:
        return ""
    texts: dict[str, str] = {
        "denied": _("You or the provider stopped the login."),
        "browser": _("The login was begun in another browser, or too long ago. Try again."),
        "state": _("The login was begun in another browser, or too long ago. Try again."),
        "replayed": _("This answer was used before. Try again."),
        "choose": _("Choose a university first."),
        "throttled": _("Too many logins were begun from your address. Wait a minute."),
        "configuration": _("The settings of the login method, or a secret of it, cannot be used."),
        "saml-provider": _("No federation vouches for this university now, or it is not let in."),
        "host": _("The host application says that nobody is logged in there. Log in there first."),
    }
    other = _("The provider's answer could not be used (%(reason)s).", reason=reason[:40])
    return texts.get(reason, str(other))

"""What the pages on providers say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from babel import Locale
from flask_babel import get_locale
from flask_babel import gettext as _

from emrex_gateway.directory import Flag, ProviderLine, RegistryLine
from emrex_gateway.domain import RegistrySource
from emrex_gateway.web._languages import best


def country_name(code: str) -> str:
    """A country in the page's language; its code where nobody knows it."""
    locale = get_locale() or Locale("en")
    return str(locale.territories.get(code, code))


def list_name(source: RegistrySource) -> str:
    """What people call a list."""
    names: dict[RegistrySource, str] = {
        RegistrySource.EMREG: _("EMREG, the network's list"),
        RegistrySource.EWP: _("Catalogue of Erasmus Without Paper"),
        RegistrySource.OWN: _("Added by the institution"),
    }
    return names[source]


def level(line: RegistryLine) -> str:
    """``good``, ``bad`` or ``off``, as the page colours a list."""
    if not line.used:
        return "off"
    return "bad" if line.old or problem(line) else "good"


def short(line: RegistryLine) -> str:
    """A list's state in a few words."""
    cases: list[tuple[object, str]] = [
        (not line.used, _("Not used")),
        (line.age is None and line.due, _("Not fetched yet")),
        (line.age is None, _("Never fetched")),
        (line.old, _("Old")),
        (problem(line), _("The last look failed")),
    ]
    return next((text for holds, text in cases if holds), str(_("Good")))


def is_looking(line: RegistryLine) -> bool:
    """Whether a look is ordered or under way."""
    return line.used and (line.due or line.state.problem == "unfinished")


def problem(line: RegistryLine) -> str:
    """What went wrong at the last look; empty when nothing did."""
    state = line.state
    if not line.used or not state.problem or (state.problem == "unfinished" and state.failures < 2):
        return ""
    texts: dict[str, str] = {
        "timeout": _("Its server did not answer in time."),
        "unreachable": _("Its server cannot be reached: is the address right?"),
        "server": _("Its server says that it has a fault."),
        "status": _("Its server has nothing at this address."),
        "redirect": _("Its server sends us on to another address: write that one."),
        "address": _("Its address leads to a network that must not be reached."),
        "format": _("What came is no such list: is the address right?"),
        "too-large": _("What came is too large to be such a list."),
        "emptied": _("Nobody is on the new copy any more. The copy before it stays in use."),
        "unfinished": _("The last looks began and never ended: is the worker killed?"),
    }
    return f"{texts.get(state.problem, _('The list could not be taken.'))} ({state.problem})"


def age(value: timedelta | None) -> str:
    """How long ago, in the largest unit that says enough."""
    if value is None:
        return str(_("never"))
    minutes = int(value.total_seconds() // 60)
    if minutes < 1:
        return str(_("just now"))
    if minutes < 120:
        return str(_("%(count)d min ago", count=minutes))
    if minutes < 48 * 60:
        return str(_("%(count)d h ago", count=minutes // 60))
    return str(_("%(count)d days ago", count=minutes // 1440))


def flag_short(flag: Flag) -> str:
    """What is wrong, in a few words."""
    names: dict[Flag, str] = {
        Flag.NO_CERTIFICATE: _("no certificate"),
        Flag.UNREADABLE: _("a certificate cannot be read"),
        Flag.EXPIRED: _("certificate expired"),
        Flag.EXPIRING: _("certificate ends soon"),
        Flag.SHORT_KEY: _("short key"),
        Flag.UNFIT_KEY: _("unfit key"),
    }
    return names[flag]


def flag_says(flag: Flag) -> str:
    """What that means, and what to do."""
    texts: dict[Flag, str] = {
        Flag.NO_CERTIFICATE: _(
            "The lists have no certificate of it that can be read, so nothing that it sends could be "
            "verified. Students are not offered it. Ask its keepers, or the list's."
        ),
        Flag.UNREADABLE: _(
            "One of its certificates on the lists cannot be read. The others are used; a document "
            "signed with that one would be refused."
        ),
        Flag.EXPIRED: _(
            "Its certificates have expired. They are accepted as long as the lists have them, but "
            "its keepers should know."
        ),
        Flag.EXPIRING: _(
            "Its last certificate ends within 30 days. A new one should be on the lists before that."
        ),
        Flag.SHORT_KEY: _(
            "Its keys are RSA shorter than 2048 bits. What it signs is refused unless the "
            "institution accepts weak signatures from it."
        ),
        Flag.UNFIT_KEY: _("Its keys are of a kind or length with which nothing can be accepted."),
    }
    return texts[flag]


def fits(line: ProviderLine, words: str) -> bool:
    """Whether a provider has all of some words in its names, institutions, country or address."""
    one = line.provider
    parts: Iterable[str] = (
        *(text.value for text in one.names),
        *one.institutions,
        *(one.acronym, one.country, country_name(one.country), one.url, one.key),
    )
    text = "\n".join(parts).casefold()
    return all(word in text for word in words.casefold().split())


def name(line: ProviderLine) -> str:
    """A provider's name for this reader."""
    return best(line.provider.names, line.provider.url)

"""Words for keys and certificates, in the page's language."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from emrex_gateway.domain import KeyPlace, KeyState
from emrex_gateway.signing import CertificateFacts
from emrex_gateway.web._languages import day

RENEW = timedelta(days=60)
"""How long before the end of a certificate the next key is due."""

STATES = {
    KeyState.ORDERED: _l("Ordered: the signing worker is about to make it"),
    KeyState.MADE: _l("Made; its certificate is to come"),
    KeyState.CERTIFIED: _l("Has its certificate; not in use yet"),
    KeyState.ACTIVE: _l("Signs now"),
    KeyState.RETIRED: _l("Retired"),
    KeyState.FAILED: _l("Could not be made"),
    KeyState.DESTROYING: _l("The private key is being destroyed"),
    KeyState.DESTROYED: _l("Destroyed"),
}

PLACES = {
    KeyPlace.DIRECTORY: _l("In the signing worker's own folder"),
    KeyPlace.TOKEN: _l("In the token (PKCS #11)"),
    KeyPlace.REFERENCE: _l("Where the data access point's reference says"),
}


def expiry_words(not_after: datetime, now: datetime) -> str:
    """Say how long a certificate lasts."""
    when = day(not_after.date())
    if not_after <= now:
        return str(_("The certificate expired on %(day)s.", day=when))
    left = (not_after - now).days
    words = ngettext(
        "The certificate lasts until %(day)s, %(num)d day from now.",
        "The certificate lasts until %(day)s, %(num)d days from now.",
        left,
        day=when,
    )
    return str(words)


def warning_words(facts: CertificateFacts, now: datetime) -> list[str]:
    """Say what speaks against a certificate, its near end included."""
    found = []
    left = facts.not_after - now
    if left <= timedelta(0):
        found.append(_("It has expired: nothing can be signed with it."))
    elif left <= RENEW:
        found.append(
            ngettext(
                "It ends in %(num)d day: order the next key now.",
                "It ends in %(num)d days: order the next key now.",
                left.days,
            )
        )
    if facts.self_signed:
        found.append(_("It is self-signed: for trials only. EMREX's clients refuse such ones."))
    if facts.authority:
        found.append(_("It is one of a certificate authority, and should be one for signatures."))
    if not facts.usable_kind:
        found.append(_("Its key is too weak: %(strength)s.", strength=facts.strength))
    if facts.old_hash:
        found.append(
            _("It was signed with %(hash)s, which can be forged.", hash=facts.old_hash.upper())
        )
    return found

"""What pages say of a checked file: what is wrong with it, or what to be careful of, and what to do."""

from __future__ import annotations

from flask_babel import gettext as _

from emrex_gateway.examining import Caution, Checked, Kind, Verdict

Told = tuple[str, str]
"""What is the matter, and what to do about it."""


def wrong(checked: Checked, *, everybody: bool) -> Told:
    """What is wrong with a file; ``everybody`` says that all known keys were tried, not one institution's."""
    found = checked.examined
    if found.kind is Kind.NEITHER:
        key = "neither"
    elif found.reason == "unsigned":
        key = "bare" if found.kind is Kind.COPY else "unsigned"
    elif checked.verdict is Verdict.UNKNOWN:
        key = "stranger" if everybody else "foreign"
    else:
        key = _GROUPS.get(found.reason, "false")
    if key == "foreign" and everybody:
        key = "method" if found.reason in _METHODS else "false"
    return _words()[key]


def careful(checked: Checked) -> list[str]:
    """What makes a file one to be careful with, the weightiest first; then what is only worth knowing."""
    words = {
        Caution.SHA1: _(
            "It was signed with SHA-1, an old method that experts can forge today. Ask the issuer"
            " whether these are its records before you rely on them."
        ),
        Caution.SHORT_KEY: _(
            "The key is too short for today: somebody with much computing power could imitate it."
            " Ask the issuer whether these are its records before you rely on them."
        ),
        Caution.LATER: _(
            "The file says that it was made after its certificate had left the network's list."
            " Do not rely on it before the issuer has confirmed it."
        ),
        Caution.DELISTED: _(
            "The certificate is not on the network's list any more. That is usual when a provider"
            " changes its key; it also happens when a key was stolen. Ask the issuer in doubt."
        ),
        Caution.EXPIRED: _(
            "The certificate has run out since. That does not make a file false that was signed before."
        ),
        Caution.EARLY: _("The certificate is not valid yet. The issuer's clock may be wrong."),
        Caution.SCHEMA: _(
            "The file breaks rules of its format. It could be read all the same; look whether"
            " anything is missing below."
        ),
    }
    return [words[one] for one in words if one in checked.cautions]


_GROUPS = {
    **dict.fromkeys(("certificate", "weak-key", "sha1", "algorithm", "hmac"), "foreign"),
    **dict.fromkeys(("digest", "added", "cut"), "changed"),
    "size": "size",
    "contents": "contents",
    "no-certificate": "keyless",
}
"""Reasons that readers need not tell apart; every other one is a file that was tampered with."""
_METHODS = frozenset({"algorithm", "hmac"})


def _words() -> dict[str, Told]:
    return {
        "neither": (
            _("This is neither a PDF nor an ELMO file."),
            _("Choose the PDF or the XML file as it was sent to you."),
        ),
        "bare": (
            _("This PDF carries no signature, so nobody can say where it comes from."),
            _(
                "It may be a draft, or the readable part of an ELMO file. Ask for the signed PDF"
                " or for the ELMO file (XML), and check that."
            ),
        ),
        "unsigned": (
            _("This file carries no signature, so nobody can say where it comes from."),
            _("Ask for the file as the institution signed it, and check that."),
        ),
        "foreign": (
            _("This file was not signed by this institution."),
            _("If another institution is meant to have signed it, check the file with that one."),
        ),
        "stranger": (
            _("This file is whole, but nobody here knows who signed it."),
            _(
                "Anybody can make such a file. Ask the institution that is named in it whether it"
                " signed it, by an address that you know, not by one from the file."
            ),
        ),
        "method": (
            _("This file was signed by a method that is not accepted here."),
            _(
                "It proves nothing. Ask the institution for a file that is signed as EMREX asks for."
            ),
        ),
        "changed": (
            _("This file was changed after it was signed."),
            _(
                "Opening a file and saving it again is a change, too. Ask for the file as it was"
                " downloaded."
            ),
        ),
        "size": (
            _("This file is too large to be checked here."),
            _("Ask the institution: it can check larger files."),
        ),
        "contents": (
            _("This file is signed, but it holds no study records that can be read."),
            _("Ask the institution that signed it what it is."),
        ),
        "keyless": (
            _("This page does not know with which key the institution signs."),
            _("The fault is ours, not the file's. Ask the institution."),
        ),
        "false": (
            _("This file is not what it should be."),
            _("It is damaged, or it was made to deceive. Do not rely on it."),
        ),
    }

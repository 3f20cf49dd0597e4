"""Links that students give to third parties, as a processing activity; see ``_record``."""

from __future__ import annotations

from emrex_gateway.privacy._facts import Activity, Facts, Translate, duration


def sharing(facts: Facts, _: Translate) -> Activity:
    """What happens with records that students let somebody else read."""
    settings = facts.settings
    return Activity(
        _("Sharing signed records by a link, at the student's wish"),
        (
            (
                _("Purpose"),
                (
                    _(
                        "A student lets somebody else, such as an employer, read records that were "
                        "signed for them, until a day that they set."
                    ),
                ),
            ),
            (_("People"), (_("Students and former students"),)),
            (
                _("Data"),
                (
                    _(
                        "The signed document as the student has it, encrypted under a key that only "
                        "the link carries; nobody here can open it"
                    ),
                    _("What the student says that the link is for"),
                    _("How often and when the link was opened; not by whom"),
                ),
            ),
            (_("Where the data comes from"), (_("The student"),)),
            (_("Recipients"), (_("Whoever the student gives the link to"),)),
            (
                _("Kept for"),
                (
                    _(
                        "Until the student's own day or until they end the link, at the most %(time)s",
                        time=duration(settings.share_lifetime, _),
                    ),
                    _(
                        "Times and counts, with the transfer's row: %(time)s",
                        time=duration(settings.audit_lifetime, _),
                    ),
                ),
            ),
        ),
    )

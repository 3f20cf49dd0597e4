"""Bringing study records home, as a processing activity; see ``_record``."""

from __future__ import annotations

from emrex_gateway.privacy._facts import Activity, Facts, Translate, duration


def imports(facts: Facts, _: Translate) -> Activity:
    """What happens with records that students bring from elsewhere."""
    settings = facts.settings
    return Activity(
        _("Bringing study records home at the student's wish"),
        (
            (
                _("Purpose"),
                (
                    _(
                        "A student fetches records of studies elsewhere, chooses among them, and hands "
                        "them in for recognition, a double degree or an application."
                    ),
                ),
            ),
            (_("People"), (_("Students, former students and applicants"),)),
            (
                _("Data"),
                (
                    _(
                        "What the study administration system knows of the student: names, date of birth, identifiers"
                    ),
                    _("Study records as the university elsewhere signed them, with its files"),
                    _("How well the person in the file fits the student who asked, and why"),
                ),
            ),
            (
                _("Where the data comes from"),
                (
                    _("Data access points of the EMREX network, each chosen by the student"),
                    _("The study administration system"),
                ),
            ),
            (
                _("Recipients"),
                (
                    _(
                        "The study administration system: %(adapters)s",
                        adapters=", ".join(one.adapter for one in facts.adapters) or "–",
                    ),
                    _(
                        "Officers of the institution, who see what was confirmed, and decide where it is "
                        "in doubt whose records they are"
                    ),
                ),
            ),
            (
                _("Kept for"),
                (
                    _(
                        "Contents before the student has confirmed: at the most %(time)s",
                        time=duration(settings.transfer_lifetime, _),
                    ),
                    _(
                        "A confirmed import until the study administration system has it: at the most %(time)s",
                        time=duration(settings.import_lifetime, _),
                    ),
                    _(
                        "The same time again, from an officer's decision that the records are the student's"
                    ),
                    _(
                        "Why an officer did not take an import, for the student to read; all else of it is "
                        "destroyed with the decision: %(time)s",
                        time=duration(settings.import_lifetime, _),
                    ),
                    _(
                        "After the study administration system has it: %(time)s",
                        time=duration(settings.delivered_lifetime, _),
                    ),
                    _(
                        "A signed decision on recognition, made when the student orders it: %(time)s",
                        time=duration(settings.delivered_lifetime, _),
                    ),
                    _(
                        "How far recognition is, without what was studied, and the row as above: %(time)s",
                        time=duration(settings.audit_lifetime, _),
                    ),
                ),
            ),
        ),
    )

"""The processing activities of an institution, in words; see ``_record``."""

from __future__ import annotations

from emrex_gateway.domain import LearnerDetail, PersonIdentifierType
from emrex_gateway.privacy._facts import Activity, Facts, Translate, duration


def general(facts: Facts, _: Translate) -> Activity:
    one = facts.institution
    controller = facts.best(one.privacy.controller)
    return Activity(
        _("General"),
        (
            (
                _("Controller"),
                _lines(
                    controller or _("%(name)s (not stated otherwise)", name=facts.best(one.names)),
                    one.address,
                ),
            ),
            (
                _("Contact for data protection"),
                _lines(one.privacy.contact or _("Not stated yet: add it to the institution.")),
            ),
            (_("Privacy notice"), _lines(facts.best(one.privacy.url) or _("Not stated yet."))),
            (
                _("Security measures"),
                (
                    _(
                        "Contents of a transfer are encrypted with a key of its own (AES-256-GCM); "
                        "that key is wrapped by a key which is not in the database. Destroying it "
                        "destroys the contents."
                    ),
                    _("Signing keys are readable by the signing worker only."),
                    _("Logs, statistics, addresses of pages and the queue hold no personal data."),
                    _("Access by roles; each change by an administrator is in the audit trail."),
                    _("All connections are encrypted (TLS)."),
                ),
            ),
            (
                _("To be added by the controller"),
                (
                    _(
                        "The legal basis of each activity, and agreements with whoever runs this "
                        "installation for the controller."
                    ),
                ),
            ),
        ),
    )


def transfers(facts: Facts, _: Translate) -> Activity:
    settings = facts.settings
    return Activity(
        _("Sending study records at the student's wish"),
        (
            (
                _("Purpose"),
                (
                    _(
                        "A student fetches their own study records, chooses among them, and has them "
                        "sent, signed, to a receiver of their choice or downloads them."
                    ),
                ),
            ),
            (_("People"), (_("Students and former students"),)),
            (_("Data"), _data(facts, _)),
            (
                _("Where the data comes from"),
                _lines(
                    *(
                        _("Study administration system: %(adapter)s", adapter=binding.adapter)
                        for binding in facts.adapters
                    )
                )
                or (_("No adapter is switched on."),),
            ),
            (_("Recipients"), _recipients(facts, _)),
            (
                _("Transfers to other countries"),
                (
                    _(
                        "The student chooses the receiver, sees its host name, and confirms each "
                        "transfer; the receiver may be outside of the European Economic Area."
                    ),
                ),
            ),
            (
                _("Kept for"),
                (
                    _(
                        "Contents of a transfer that is under way: at the most %(time)s",
                        time=duration(settings.transfer_lifetime, _),
                    ),
                    _(
                        "The finished reply: %(time)s",
                        time=duration(settings.delivered_lifetime, _),
                    ),
                    _(
                        "A row without contents (times, state, receiver's host, keyed hashes that "
                        "let the student find it): %(time)s",
                        time=duration(settings.audit_lifetime, _),
                    ),
                ),
            ),
            (
                _("Rights"),
                (
                    _(
                        "A student sees, downloads and deletes what is kept of them at: %(where)s",
                        where=", ".join(
                            f"{settings.public_url}/{point.slug}/my-data" for point in facts.points
                        )
                        or "–",
                    ),
                ),
            ),
        ),
    )


def _data(facts: Facts, _: Translate) -> tuple[str, ...]:
    rule = facts.institution.release
    names = {
        PersonIdentifierType.ESI: _("European Student Identifier"),
        PersonIdentifierType.NATIONAL: _("National identity number"),
        PersonIdentifierType.NATIONAL_LEARNER: _("National learner number"),
        PersonIdentifierType.LOCAL: _("Student number"),
    }
    details = {
        LearnerDetail.CITIZENSHIP: _("Citizenship"),
        LearnerDetail.PLACE_OF_BIRTH: _("Place of birth"),
        LearnerDetail.BIRTH_NAME: _("Name at birth"),
        LearnerDetail.GENDER: _("Gender"),
    }
    hosts = ", ".join(sorted(rule.restricted_hosts))
    return (
        _("Name and date of birth"),
        _("Study records: courses, modules, degrees, credits, grades, dates"),
        *(
            _("%(what)s, unless the student removes it", what=names[type_])
            for type_ in PersonIdentifierType
            if type_ in rule.released
        ),
        *(
            _(
                "%(what)s, only to %(hosts)s, unless the student removes it",
                what=names[type_],
                hosts=hosts,
            )
            for type_ in PersonIdentifierType
            if type_ in rule.restricted and hosts
        ),
        *(details[detail] for detail in LearnerDetail if detail in rule.details),
    )


def _recipients(facts: Facts, _: Translate) -> tuple[str, ...]:
    hosts = sorted({host for point in facts.points for host in point.allowed_hosts})
    if hosts and all(point.allowed_hosts for point in facts.points):
        return (
            _("Only these receivers, as the student chooses: %(hosts)s", hosts=", ".join(hosts)),
        )
    return (
        _("The EMREX client that the student came from, shown by its host name before consent"),
    )


def logins(facts: Facts, _: Translate) -> Activity:
    settings = facts.settings
    return Activity(
        _("Logging in"),
        (
            (_("Purpose"), (_("To know that the records are the student's own."),)),
            (_("People"), (_("Students and former students"),)),
            (
                _("Data"),
                (
                    _(
                        "What the login provider sends: account, name, date of birth, identifiers, "
                        "home university, how well the identity was verified"
                    ),
                ),
            ),
            (
                _("Where the data comes from"),
                _lines(*(facts.best(method.names) or method.id for method in facts.logins))
                or (_("No login method is switched on."),),
            ),
            (_("Recipients"), (_("Nobody"),)),
            (
                _("Kept for"),
                (
                    _(
                        "With the transfer's contents, encrypted: at the most %(time)s",
                        time=duration(settings.transfer_lifetime, _),
                    ),
                    _(
                        "The session, with keyed hashes only: %(time)s",
                        time=duration(settings.session_lifetime, _),
                    ),
                ),
            ),
        ),
    )


def checks(_: Translate) -> Activity:
    """The public page that tells whether a file is genuine."""
    return Activity(
        _("Checking files"),
        (
            (
                _("Purpose"),
                (
                    _(
                        "To tell readers whether a file that was signed here is genuine and unchanged."
                    ),
                ),
            ),
            (_("People"), (_("Students whose file somebody checks"),)),
            (
                _("Data"),
                (_("The file that is handed in: signed study records, or whatever it holds"),),
            ),
            (_("Recipients"), (_("Nobody"),)),
            (_("Kept for"), (_("Not kept: the file stays in memory for the one request"),)),
        ),
    )


def support(facts: Facts, _: Translate) -> Activity:
    settings = facts.settings
    return Activity(
        _("Support and operation"),
        (
            (
                _("Purpose"),
                (_("To answer questions about a transfer that failed, and to find faults."),),
            ),
            (_("People"), (_("Students and former students"),)),
            (
                _("Data"),
                (
                    _(
                        "Reference number, times, state, kind of failure, receiver's host; no names, "
                        "no identifiers, no contents"
                    ),
                    _(
                        "Logs: technical lines without personal data; the web server in front of the "
                        "gateway may keep network addresses"
                    ),
                ),
            ),
            (
                _("Recipients"),
                (_("Support and administrators of this installation, by their roles"),),
            ),
            (
                _("Kept for"),
                (
                    _("Rows of transfers: %(time)s", time=duration(settings.audit_lifetime, _)),
                    _("Rows of error pages: %(time)s", time=duration(settings.trouble_lifetime, _)),
                ),
            ),
        ),
    )


def trail(facts: Facts, _: Translate) -> Activity:
    return Activity(
        _("Audit trail and statistics"),
        (
            (
                _("Purpose"),
                (
                    _(
                        "To show afterwards what was done and by whom; to report numbers to the network."
                    ),
                ),
            ),
            (_("People"), (_("Administrators; students only as numbers"),)),
            (
                _("Data"),
                (
                    _(
                        "Events with codes, counts and times; administrators by an opaque account number"
                    ),
                    _("Statistics in which small numbers are left out"),
                ),
            ),
            (
                _("Recipients"),
                (_("Auditors of this installation; the statistics: the network's members"),),
            ),
            (_("Kept for"), (_("As stated on the page about retention"),)),
        ),
    )


def administrators(facts: Facts, _: Translate) -> Activity:
    return Activity(
        _("Administrators' accounts"),
        (
            (_("Purpose"), (_("To let only those change settings who may."),)),
            (_("People"), (_("Staff who look after the gateway"),)),
            (
                _("Data"),
                (
                    _(
                        "Login name or the provider's name for the person, roles, times of the first "
                        "and last login; passwords only as hashes"
                    ),
                ),
            ),
            (_("Recipients"), (_("Nobody"),)),
            (
                _("Kept for"),
                (
                    _("Accounts: until they are removed"),
                    _(
                        "Sessions: %(time)s",
                        time=duration(facts.settings.admin_session_lifetime, _),
                    ),
                ),
            ),
        ),
    )


def _lines(*texts: str) -> tuple[str, ...]:
    return tuple(line for text in texts for line in text.splitlines() if line.strip())

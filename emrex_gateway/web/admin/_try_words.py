"""What a try's page says of its steps, and what to do about an error of each class."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from emrex_gateway.administering import ShownTry


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step: ``state`` is ``done``, ``failed`` or ``skipped``."""

    title: str
    state: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Advice:
    """What happened, and what to do. ``good`` says that nothing is wrong."""

    title: str
    text: str
    good: bool = False


def steps_of(shown: ShownTry) -> list[StepLine]:
    """The steps of a try with their times."""
    titles = {
        "settings": _("Settings and secrets"),
        "ping": _("The system answers"),
        "student": _("The student is found"),
        "records": _("The records are read"),
        "elmo": _("The ELMO document is made"),
    }
    answer = shown.answer
    if answer is None:
        return []
    times = dict(answer.seconds)
    lines = []
    for step, title in titles.items():
        if step == answer.step and shown.row.outcome not in ("ok", "EditConflict"):
            lines.append(StepLine(title, "failed", None))
        elif step in times or step == "settings":
            lines.append(StepLine(title, "done", times.get(step)))
    return lines


def advice(shown: ShownTry) -> Advice:
    """What came of it, in words for somebody who has to mend it."""
    answer, outcome = shown.answer, shown.row.outcome
    if answer is None or outcome == "ok":
        return _good(shown)
    known = _KNOWN.get(outcome)
    if outcome == "AdapterError" and answer.step in ("records", "elmo"):
        known = _mapping
    return known() if known else _other()


def _good(shown: ShownTry) -> Advice:
    if shown.row.apply:
        title = _("The system answers, and the adapter is on")
        text = _("These settings are in force now, for every student who comes from now on.")
    elif shown.answer and shown.answer.records:
        title = _("It works")
        text = _("Below is what this student could export.")
    elif shown.answer and shown.answer.step == "elmo":
        title = _("The student is found, but has nothing to export")
        text = _("Only passed studies are offered to students.")
    else:
        title = _("The system answers")
        text = _("Test it with a student too: that shows whether the records can be read.")
    return Advice(title, text, good=True)


def _config() -> Advice:
    return Advice(
        _("The settings cannot be used"),
        _(
            "Mend the setting that is named below. A secret must be readable for the worker that "
            "fetches: the variable or file has to be there, on its machine and for its user."
        ),
    )


def _refused() -> Advice:
    return Advice(
        _("The system does not accept our credentials"),
        _(
            "Compare the user name and the secret with what the system's operator gave you. Has "
            "the key expired, or is it for another environment, or for other addresses?"
        ),
    )


def _unavailable() -> Advice:
    return Advice(
        _("The system does not answer"),
        _(
            "Is the address right? Does a firewall let the fetching worker through? If students "
            "were served a moment ago, the system may be down: wait some minutes and test again."
        ),
    )


def _nobody() -> Advice:
    return Advice(
        _("The system answers, but has nothing of this student"),
        _(
            "Check what you typed, and that this student exists there. If it does, compare what "
            "the adapter searches by with the identifiers that your login gives."
        ),
    )


def _ambiguous() -> Advice:
    return Advice(
        _("The system has several people for these identifiers"),
        _("Two records of one person must be joined there first. No student gets a wrong record."),
    )


def _mapping() -> Advice:
    return Advice(
        _("The records cannot be read"),
        _(
            "The system answered with something that the adapter cannot use; the rule that broke "
            "is named below. Show it to whoever makes the adapter, with the command "
            "emrex-gateway convert and a recorded answer."
        ),
    )


def _elmo() -> Advice:
    return Advice(
        _("The records cannot be written as ELMO"),
        _(
            "They break the rule that is named below. Mend the records in the study system, or "
            "show this to whoever makes the adapter."
        ),
    )


def _conflict() -> Advice:
    return Advice(
        _("The system answers, but somebody changed the adapter meanwhile"),
        _("Nothing was put into force. Look at the settings as they are now, and try again."),
    )


def _other() -> Advice:
    return Advice(
        _("The system answered wrongly"),
        _(
            "What it said is below. Check the address and the paths. If they are right, whoever "
            "runs the system can find the request in its log."
        ),
    )


_KNOWN = {
    "ConfigError": _config,
    "AdapterRefused": _refused,
    "AdapterUnavailable": _unavailable,
    "StudentNotFound": _nobody,
    "AmbiguousStudent": _ambiguous,
    "ElmoError": _elmo,
    "EditConflict": _conflict,
}

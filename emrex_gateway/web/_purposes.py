"""What records are brought for, and what became of them, in words for the student."""

from __future__ import annotations

from flask_babel import gettext as _

from emrex_gateway.domain import Purpose, RecognitionState
from emrex_gateway.importing import RefusalReason


def purposes() -> dict[Purpose, tuple[str, str]]:
    """Each purpose with its name and a sentence about it, in the order of a form."""
    return {
        Purpose.RECOGNITION: (
            _("Recognition of studies"),
            _("You studied elsewhere, for example on an exchange, and want it to count here."),
        ),
        Purpose.DOUBLE_DEGREE: (
            _("A double degree"),
            _("You study for one degree at both universities."),
        ),
        Purpose.APPLICATION: (
            _("An application"),
            _("You apply for a place here, and these records support it."),
        ),
    }


def purpose_words(purpose: Purpose) -> str:
    """A purpose's name."""
    return str(purposes()[purpose][0])


def refusal_words(reason: RefusalReason) -> str:
    """Why an officer did not take an import, for the student."""
    words = {
        RefusalReason.OTHER_PERSON: _("The records were found to be another person's."),
        RefusalReason.UNPROVEN: _(
            "It could not be told whether the records are yours. If your name has changed, bring proof of it, "
            "then fetch the records again."
        ),
        RefusalReason.ELSEWHERE: _(
            "Records like these are handed in another way. Ask the admissions or student office how."
        ),
        RefusalReason.OTHER: "",
    }
    return str(words[reason])


def recognition_words(state: RecognitionState) -> str:
    """How far a host system is, in a short sentence."""
    words = {
        RecognitionState.SUBMITTED: _("Not decided yet"),
        RecognitionState.ACCEPTED: _("Recognised"),
        RecognitionState.PARTIALLY_ACCEPTED: _("Recognised in part"),
        RecognitionState.REJECTED: _("Not recognised"),
    }
    return str(words[state])

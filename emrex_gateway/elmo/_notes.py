"""What the reader notes beside what it read: codes for what it mended or left out."""

from __future__ import annotations

from typing import Final

REMARKS: Final = {
    # The form of the file
    "older-form": "a form of ELMO from before 2016",
    "namespace": "another namespace than ELMO's",
    "generated-date": "no time at which the file was made, or one that cannot be read",
    "generated-later": "made later than it arrived",
    "time-zone": "a time without time zone, taken as UTC",
    "repeated": "an element that may stand once stands twice: the first counts",
    "shortened": "a text that is too long was cut",
    "too-many": "more of a kind than is read: the first ones count",
    "language-twice": "several texts in one language: the first counts",
    "date": "a date that cannot be read",
    "number": "a number that cannot be read",
    "number-form": "a number with a comma, or with a sign",
    # The person
    "learner-missing": "the file does not say whose records these are",
    "learner-differs": "records of another person were left out",
    "full-name": "only the whole name is given",
    "birth-date": "the birth date cannot be right, or there are two",
    "country": "a country's code that does not exist",
    # Reports and studies
    "issuer": "an institution without name, identifier or address",
    "issue-date": "a report without date: the file's own counts",
    "no-reports": "the file has no reports",
    "title-missing": "a study without title",
    "type": "a kind of study that ELMO does not know",
    "status-missing": "a study without status: it counts as passed",
    "status": "a status that ELMO does not know: it counts as in progress",
    "instance-missing": "a study without result: it counts as in progress",
    "levels": "studies nested too deeply were moved up",
    "credit": "credits without scheme or with an impossible figure",
    "isced": "a code of a field of study that cannot be one",
    "language": "a language of instruction that is no two-letter code",
    "term": "a term without its dates",
    "shared-text": "explanations that many studies refer to were left out",
    "reference": "a reference that leads nowhere",
    "recognition": "a decision on recognition does not say what was decided, or rests on more than is read",
    "supplement": "a diploma supplement that lacks its date or sections",
    "sections": "sections nested too deeply were left out",
    "extension": "an extension that is no foreign element was left out",
    # Files
    "attachment": "an attachment that cannot be read",
    "attachment-form": "an attachment that is not spelt as a data address",
    "attachment-type": "an attachment that is not what it says it is",
    "attachment-kind": "a type of attachment that ELMO does not know",
    "markup": "a description that is nothing but markup, or far too much of it, was left out",
}
"""Each code that ``ReadDocument.warnings`` can hold, and what it means. Pages have words of their own."""


class Notes:
    """Codes in the order in which they first came up, each once. They hold nothing of the contents."""

    def __init__(self) -> None:
        self._seen: dict[str, None] = {}

    def add(self, code: str) -> None:
        """Note something. The code is one of ``REMARKS``: anything else is our own mistake."""
        if code not in REMARKS:
            raise KeyError(code)
        self._seen[code] = None

    def all(self) -> tuple[str, ...]:
        """Return the codes."""
        return tuple(self._seen)

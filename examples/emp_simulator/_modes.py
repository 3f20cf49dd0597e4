"""What a provider can do to a student, and to who waits for the reply."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """Chosen on the provider's page, or by ``?mode=…`` in its address."""

    SUCCESS = "success"
    SEVERAL_REPORTS = "several-reports"
    LARGE = "large"
    OTHER_PERSON = "other-person"
    DIALECT = "dialect"
    NO_RESULTS = "no-results"
    CANCEL = "cancel"
    ERROR = "error"
    BAD_GZIP = "bad-gzip"
    BAD_XML = "bad-xml"
    CHANGED = "changed"
    UNLISTED = "unlisted"
    BOMB = "bomb"
    TIME_OUT = "time-out"

    @property
    def about(self) -> str:
        """One line for people."""
        return _ABOUT[self]


_ABOUT = {
    Mode.SUCCESS: "one semester, signed",
    Mode.SEVERAL_REPORTS: "records of two universities in one document",
    Mode.LARGE: "5,000 courses",
    Mode.OTHER_PERSON: "the records of somebody else",
    Mode.DIALECT: "as some providers write: raw XML, a code in small letters, no message, a field too many",
    Mode.NO_RESULTS: "there are no records",
    Mode.CANCEL: "the student gives up there",
    Mode.ERROR: "something broke there, and the reply says so",
    Mode.BAD_GZIP: "a packed document that ends in the middle",
    Mode.BAD_XML: "a packed document that is no XML",
    Mode.CHANGED: "a grade was changed after signing",
    Mode.UNLISTED: "signed with a key that no registry lists",
    Mode.BOMB: "200 MB of nothing, packed small",
    Mode.TIME_OUT: "no answer for a long time, and then none",
}

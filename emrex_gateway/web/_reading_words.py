"""What was mended or left out while a file from abroad was read, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

READING_WORDS: Mapping[str, LazyString] = {
    "older-form": _("The file is in a form of ELMO that was in use before 2016."),
    "namespace": _("The file does not name the release of ELMO that it follows."),
    "generated-date": _("The file does not say when it was made."),
    "generated-later": _("The file says that it was made later than it arrived."),
    "time-zone": _("A time has no time zone."),
    "repeated": _("Something that may stand once stands twice. The first one counts."),
    "shortened": _("A text is very long and was shortened."),
    "too-many": _("There is more of something than can be read. The first ones count."),
    "language-twice": _("There are several texts in one language. The first one counts."),
    "date": _("A date cannot be read."),
    "number": _("A number cannot be read."),
    "number-form": _("A number is written in an unusual way."),
    "learner-missing": _("The file does not say whose records these are."),
    "learner-differs": _("The file also held records of another person. They were left out."),
    "full-name": _("The file does not say which part of the name is the family name."),
    "birth-date": _("The birth date cannot be right, or there are two of them."),
    "country": _("A country cannot be read."),
    "issuer": _("A university is not fully named. What was missing was filled in."),
    "issue-date": _("It is not said when a university issued these records."),
    "no-reports": _("The file holds no records."),
    "title-missing": _("A study has no name."),
    "type": _("A study is of a kind that is not known here."),
    "status-missing": _("It is not said whether a study was passed. It counts as passed."),
    "status": _("Whether a study was passed cannot be read. It counts as not completed."),
    "instance-missing": _("A study has no result. It counts as not completed."),
    "levels": _("Studies are nested very deeply. The deepest were moved up."),
    "credit": _("Credits have no unit, or no number."),
    "isced": _("A field of study cannot be read."),
    "language": _("A language of instruction cannot be read."),
    "term": _("A term has no dates and was left out."),
    "shared-text": _("Some explanations of grades or groups were left out. They are very long."),
    "reference": _("Something that a study refers to is not in the file."),
    "recognition": _("A decision on recognition cannot be read in full."),
    "supplement": _("A diploma supplement is not complete."),
    "sections": _("A diploma supplement is nested very deeply. Parts of it were left out."),
    "extension": _("Additions that are not part of ELMO were left out."),
    "attachment": _("An attached file cannot be opened and was left out."),
    "attachment-form": _("A file is attached in an unusual way."),
    "attachment-type": _("An attached file is of another type than it is said to be."),
    "attachment-kind": _("An attached file is of a kind that is not known here."),
    "markup": _("A formatted description was left out. It is very long."),
}
"""By the codes of ``elmo.REMARKS``; a test compares the two."""


def reading_words(codes: Iterable[str]) -> list[LazyString]:
    """Return the sentences for ``ReadDocument.warnings``; a code that nobody knows any more says nothing."""
    return [READING_WORDS[code] for code in codes if code in READING_WORDS]

"""The form of ELMO from before 2016, rewritten in place as ELMO 1 spells it.

There a person stood in each report, credits and a level's name belonged to the specification, a
grade was ``result``, an address was an identifier, and dates named their own format (``dtf``).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from lxml import etree

from emrex_gateway.domain import token
from emrex_gateway.elmo._notes import Notes
from emrex_gateway.elmo._tree import q

PURL: Final = "http://purl.org/net/elmo"

_FORMATS: Final = {
    "yyyy-mm-dd": "%Y-%m-%d",
    "dd-mm-yyyy": "%d-%m-%Y",
    "dd.mm.yyyy": "%d.%m.%Y",
    "dd/mm/yyyy": "%d/%m/%Y",
    "yyyymmdd": "%Y%m%d",
}
_DATES: Final = tuple(q(name) for name in ("bday", "date", "start", "issueDate", "generatedDate"))
_LOS, _LOI, _SPECIFIES = (
    q(name)
    for name in ("learningOpportunitySpecification", "learningOpportunityInstance", "specifies")
)


def modernise(root: etree._Element, notes: Notes) -> None:
    """Rewrite a tree whose names are in ELMO's namespace already."""
    for element in root.iter(*_DATES):
        _respell(element)
    _one_learner(root, notes)
    for issuer in root.iter(q("issuer")):
        _address(issuer)
    for specification in root.iter(_LOS):
        _achievements(specification)


def _respell(element: etree._Element) -> None:
    """Spell a date as XML does, where it says what its own spelling is; the format's case varies."""
    wanted = element.attrib.pop("dtf", "")
    format_ = _FORMATS.get(wanted.strip().lower())
    if format_ is None:
        return
    try:
        # A day has no zone, and none is made of it.
        element.text = datetime.strptime(token(element.text or ""), format_).date().isoformat()  # noqa: DTZ007
    except ValueError:
        return


def _one_learner(root: etree._Element, notes: Notes) -> None:
    """Let the first report's person be the file's; reports of another person go.

    Reports of one person spell names differently (with and without diacritics): a shared
    identifier of the same type decides, or else all that is said of the two must be equal.
    """
    first: etree._Element | None = None
    for report in root.findall(q("report")):
        learner = report.find(q("learner"))
        if learner is None:
            continue
        report.remove(learner)
        if first is None:
            first = learner
            root.insert(0, learner)
        elif not _same(first, learner):
            notes.add("learner-differs")
            root.remove(report)


def _same(one: etree._Element, other: etree._Element) -> bool:
    mine, theirs = _identifiers(one), _identifiers(other)
    shared = mine.keys() & theirs.keys()
    if shared:
        return all(mine[type_] & theirs[type_] for type_ in shared)
    told = ("givenNames", "familyName", "fullName", "bday")
    return all(_told(one, name) == _told(other, name) for name in told)


def _identifiers(learner: etree._Element) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for identifier in learner.iterchildren(q("identifier")):
        value = token(identifier.text or "").casefold()
        if value:
            found.setdefault(identifier.get("type", "").casefold(), set()).add(value)
    return found


def _told(learner: etree._Element, name: str) -> str:
    return token(learner.findtext(q(name)) or "").casefold()


def _address(issuer: etree._Element) -> None:
    if issuer.find(q("url")) is not None:
        return
    for identifier in issuer.findall(q("identifier")):
        if identifier.get("type", "").casefold() == "url":
            identifier.tag = q("url")
            return


def _achievements(specification: etree._Element) -> None:
    """Move what a specification says of the result into its instance."""
    instance = specification.find(f"{_SPECIFIES}/{_LOI}")
    if instance is None:
        specifies = etree.SubElement(specification, _SPECIFIES)
        instance = etree.SubElement(specifies, _LOI)
    for credit in specification.findall(q("credit")):
        instance.append(credit)
    level = specification.find(q("level"))
    if level is not None and not len(level):
        named = token(level.text or "")
        specification.remove(level)
        if named:
            made = etree.SubElement(instance, q("level"))
            etree.SubElement(made, q("type")).text = "level"
            etree.SubElement(made, q("value")).text = named
    result = instance.find(q("result"))
    if result is not None and instance.find(q("resultLabel")) is None:
        result.tag = q("resultLabel")
    for subject in specification.findall(q("identifier")):
        if (
            subject.get("type", "") == "subjectArea"
            and specification.find(q("subjectArea")) is None
        ):
            etree.SubElement(specification, q("subjectArea")).text = subject.text

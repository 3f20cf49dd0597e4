"""The rest of a record, for the preview: everything that the file says beyond the line of figures."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from flask import g
from flask_babel import gettext as _

from emrex_gateway.domain import Instance, Issuer, LearningOpportunity, LosType, Texts
from emrex_gateway.web._languages import best, day, number

Detail = tuple[str, str]
"""A label in the reader's language, and the value as it is in the file."""


def of_issuer(issuer: Issuer) -> list[Detail]:
    """What the file says of an institution beyond its name."""
    words = _words()
    return _present(
        [
            *((words["identifier"] % {"type": i.type}, i.value) for i in issuer.identifiers),
            (words["country"], issuer.country or ""),
            (words["url"], issuer.url),
            *_others(issuer.titles),
        ]
    )


def of_node(node: LearningOpportunity) -> list[Detail]:
    """What the file says of one record beyond title, code, date, grade, credits and description."""
    words = _words()
    specification, instance = node.specification, node.instance
    return _present(
        [
            (words["type"], words[specification.type] if specification.type else ""),
            *_others(specification.titles),
            *(
                (words["identifier"] % {"type": i.type}, i.value)
                for i in (*specification.identifiers, *instance.identifiers)
                if i.type != "local"
            ),
            (words["isced"], specification.isced_code or ""),
            (words["subject"], specification.subject_area or ""),
            (words["url"], specification.url or ""),
            *_time(instance),
            (words["language"], instance.language or ""),
            *((x.type, f"{x.value} {x.description}".strip()) for x in instance.levels),
            *_grading(instance),
            *(
                (words["group"], f"{best(group.type_titles)}: {best(group.titles)}")
                for group in (instance.group,)
                if group is not None
            ),
            *_supplement(instance),
            *(
                (words["extension"], extension.xml)
                for extension in (*specification.extensions, *instance.extensions)
            ),
        ]
    )


def _time(instance: Instance) -> Iterable[Detail]:
    words = _words()
    yield words["start"], day(instance.start)
    if (term := instance.term) is not None:
        yield words["term"], f"{best(term.titles)} ({day(term.start)} – {day(term.end)})"
    yield words["hours"], _figure(instance.engagement_hours)


def _grading(instance: Instance) -> Iterable[Detail]:
    words = _words()
    if (scheme := instance.grading_scheme) is not None:
        yield words["scheme"], best(scheme.descriptions, scheme.id)
    if (share := instance.shortened_grading) is not None:
        shares = (share.lower, share.equal, share.higher)
        yield words["share"], " / ".join(f"{number(value)} %" for value in shares)
    if (everybody := instance.distribution) is not None:
        counts = ", ".join(f"{label}: {count}" for label, count in everybody.categories)
        yield words["results"], f"{counts} {best(everybody.descriptions)}".strip()


def _supplement(instance: Instance) -> Iterable[Detail]:
    """The diploma supplement, section by section, in its own words."""
    supplement = instance.diploma_supplement
    if supplement is None:
        return
    words = _words()
    yield words["supplement"], f"{supplement.version}, {day(supplement.issue_date)}"
    yield words["introduction"], supplement.introduction
    left = list(reversed(supplement.sections))
    while left:
        section = left.pop()
        files = (f"{words['attachment']} {best(a.titles, a.id)}" for a in section.attachments)
        said = (section.content or "", *section.additional_information, *files)
        yield f"{section.number} {section.title}", "\n".join(filter(None, said)) or "–"
        left.extend(reversed(section.sections))


def _others(titles: Texts) -> Iterable[Detail]:
    """The titles in the languages that the page does not show."""
    words = _words()
    shown = best(titles)
    for text in titles:
        if text.value != shown:
            label = words["titled"] % {"language": text.lang} if text.lang else words["title"]
            yield label, text.value


def _words() -> dict[str, str]:
    """The labels, looked up once a request: a preview may have thousands of rows."""
    if "emrex_detail_words" not in g:
        g.emrex_detail_words = {
            "type": _("Type"),
            LosType.DEGREE_PROGRAMME: _("Degree programme"),
            LosType.MODULE: _("Module"),
            LosType.COURSE: _("Course"),
            LosType.CLASS: _("Class"),
            "title": _("Title"),
            "titled": _("Title (%(language)s)"),
            "identifier": _("Identifier (%(type)s)"),
            "country": _("Country"),
            "url": _("Web address"),
            "isced": _("Field of education (ISCED-F)"),
            "subject": _("Subject area"),
            "start": _("Started"),
            "term": _("Term"),
            "hours": _("Hours of work"),
            "language": _("Language of instruction"),
            "scheme": _("Grading scheme"),
            "share": _("Fellow students with a lower, the same, a higher grade"),
            "results": _("Everybody's results"),
            "group": _("Group"),
            "supplement": _("Diploma supplement"),
            "introduction": _("Introduction"),
            "attachment": _("Attachment:"),
            "extension": _("Further data for machines"),
        }
    found: dict[str, str] = g.emrex_detail_words
    return found


def _figure(value: Decimal | None) -> str:
    return number(value) if value is not None else ""


def _present(details: Iterable[Detail]) -> list[Detail]:
    return [(label, value) for label, value in details if value]

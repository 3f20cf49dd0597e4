"""The rest of a record, for the preview: everything that the file says beyond the line of figures."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from flask_babel import gettext as _

from emrex_gateway.domain import Instance, Issuer, LearningOpportunity, LosType, Texts
from emrex_gateway.web._languages import best, day, number

Detail = tuple[str, str]
"""A label in the reader's language, and the value as it is in the file."""


def of_issuer(issuer: Issuer) -> list[Detail]:
    """What the file says of an institution beyond its name."""
    found = [(_("Identifier (%(type)s)", type=i.type), i.value) for i in issuer.identifiers]
    found += [(_("Country"), issuer.country or ""), (_("Web address"), issuer.url)]
    return _present([*found, *_others(issuer.titles)])


def of_node(node: LearningOpportunity) -> list[Detail]:
    """What the file says of one record beyond title, code, date, grade, credits and description."""
    specification, instance = node.specification, node.instance
    types = {
        LosType.DEGREE_PROGRAMME: _("Degree programme"),
        LosType.MODULE: _("Module"),
        LosType.COURSE: _("Course"),
        LosType.CLASS: _("Class"),
    }
    return _present(
        [
            (_("Type"), types[specification.type] if specification.type else ""),
            *_others(specification.titles),
            *(
                (_("Identifier (%(type)s)", type=i.type), i.value)
                for i in (*specification.identifiers, *instance.identifiers)
                if i.type != "local"
            ),
            (_("Field of education (ISCED-F)"), specification.isced_code or ""),
            (_("Subject area"), specification.subject_area or ""),
            (_("Web address"), specification.url or ""),
            *_time(instance),
            (_("Language of instruction"), instance.language or ""),
            *(
                (level.type, f"{level.value} {level.description}".strip())
                for level in instance.levels
            ),
            *_grading(instance),
            *(
                (_("Group"), f"{best(g.type_titles)}: {best(g.titles)}")
                for g in (instance.group,)
                if g is not None
            ),
            *(
                (_("Further data for machines"), extension.xml)
                for extension in (*specification.extensions, *instance.extensions)
            ),
        ]
    )


def _time(instance: Instance) -> Iterable[Detail]:
    yield _("Started"), day(instance.start)
    if (term := instance.term) is not None:
        yield _("Term"), f"{best(term.titles)} ({day(term.start)} – {day(term.end)})"
    yield _("Hours of work"), _figure(instance.engagement_hours)


def _grading(instance: Instance) -> Iterable[Detail]:
    if (scheme := instance.grading_scheme) is not None:
        yield _("Grading scheme"), best(scheme.descriptions, scheme.id)
    if (share := instance.shortened_grading) is not None:
        yield (
            _("Fellow students with a lower, the same, a higher grade"),
            " / ".join(f"{number(value)} %" for value in (share.lower, share.equal, share.higher)),
        )
    if (all_ := instance.distribution) is not None:
        counts = ", ".join(f"{label}: {count}" for label, count in all_.categories)
        yield _("Everybody's results"), f"{counts} {best(all_.descriptions)}".strip()


def _others(titles: Texts) -> Iterable[Detail]:
    """The titles in the languages that the page does not show."""
    shown = best(titles)
    for text in titles:
        if text.value != shown:
            label = _("Title (%(language)s)", language=text.lang) if text.lang else _("Title")
            yield label, text.value


def _figure(value: Decimal | None) -> str:
    return number(value) if value is not None else ""


def _present(details: Iterable[Detail]) -> list[Detail]:
    return [(str(label), value) for label, value in details if value]

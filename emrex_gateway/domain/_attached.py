"""The files that a document carries, wherever in it they hang."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from emrex_gateway.domain._records import (
    Attachment,
    Document,
    LearningOpportunity,
    Report,
    SupplementSection,
)

_PDF = "application/pdf"


def attached(document: Document) -> tuple[Attachment, ...]:
    """Return every attachment that holds a file, each once: those outside the reports first, then
    report by report; among these, attachments with a PDF before the others.
    """
    inside = (one for report in document.reports for one in attached_to(report))
    found = dict.fromkeys(one for one in (*document.attachments, *inside) if one.contents)
    return tuple(sorted(found, key=lambda one: not _holds_pdf(one)))


def attached_to(report: Report) -> Iterator[Attachment]:
    """Yield what hangs on one report: on the whole, on its studies, in their diploma supplements."""
    yield from report.attachments
    work: list[LearningOpportunity] = list(reversed(report.opportunities))
    while work:
        opportunity = work.pop()
        work.extend(reversed(opportunity.parts))
        yield from opportunity.instance.attachments
        supplement = opportunity.instance.diploma_supplement
        if supplement is not None:
            yield from _in_sections(supplement.sections)


def _in_sections(sections: Iterable[SupplementSection]) -> Iterator[Attachment]:
    for section in sections:
        yield from section.attachments
        yield from _in_sections(section.sections)


def _holds_pdf(attachment: Attachment) -> bool:
    return any(content.media_type == _PDF for content in attachment.contents)

"""From verified results to what a student may choose among, and from the choice to one import.

A record's key names its document, its report there and its place in reading
order, so a choice survives another provider's results. What a document says is
kept as it says it: nothing is settled or reworded here, as the signed original
goes along.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from emrex_gateway.domain._imports import (
    ImportedResults,
    Match,
    Original,
    Purpose,
    Received,
    Sameness,
)
from emrex_gateway.domain._merge import merge
from emrex_gateway.domain._records import (
    Attachment,
    Instance,
    LearningOpportunity,
    Report,
    StudyRecord,
    SupplementSection,
)

_MARK = 16
"""Hexadecimal digits of a document's digest that stand in its records' keys."""


@dataclass(frozen=True, slots=True)
class Importable:
    """What several results hold together; ``duplicates`` were in more than one and are there once."""

    records: tuple[StudyRecord, ...] = field(repr=False)
    duplicates: int = 0


def usable_results(received: Iterable[Received]) -> tuple[Received, ...]:
    """The results that records may be taken from: each file once, and nobody else's."""
    found: dict[str, Received] = {}
    for one in received:
        if one.match.sameness is not Sameness.DIFFERENT:
            found.setdefault(one.digest, one)
    return tuple(found.values())


def importable(received: Iterable[Received]) -> Importable:
    """Return the records of all usable results as one listing, in their order, doubtful ones last.

    An attainment that two of them hold is there once, by the rule of ``merge``:
    the one of which it is surer whose it is, else the earlier one. Time and
    memory are linear in the number of records.
    """
    surest = sorted(
        usable_results(received), key=lambda one: one.match.sameness is Sameness.DOUBTFUL
    )
    filled = [one for one in surest if any(r.opportunities for r in one.read.document.reports)]
    if len(filled) == 1:  # alone, it would come back without its name in the keys
        (alone,) = filled
        return Importable(_rows(alone, f"{result_mark(alone)}:"))
    merged = merge([(result_mark(one), _rows(one)) for one in filled])
    return Importable(merged.records, merged.duplicates)


def result_mark(received: Received) -> str:
    """Return what stands before the colon in the keys of a result's records."""
    return received.digest[:_MARK]


def accepted_reports(received: Iterable[Received], chosen: Collection[str]) -> tuple[Report, ...]:
    """Return the reports with the chosen records only.

    A record whose own parent is not chosen hangs below the nearest chosen one
    above it, or stands at the top of its report. A report without any is left
    out. Keys that name nothing mean nothing.
    """
    wanted = frozenset(chosen)
    return tuple(
        report
        for one in usable_results(received)
        for report in _pruned(one, wanted)
        if report is not None
    )


def import_key(
    transfer: str, received: Iterable[Received], chosen: Collection[str], purpose: Purpose
) -> str:
    """Return the digest that names an import: of the transfer, the originals, the choice, the purpose."""
    wanted = frozenset(chosen)
    said = [
        transfer,
        sorted(one.digest for one in _sources(received, wanted)),
        sorted(wanted),
        purpose.value,
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def accept(
    received: Iterable[Received],
    chosen: Collection[str],
    *,
    key: str,
    reference: str,
    purpose: Purpose,
    confirmed_at: datetime,
) -> ImportedResults:
    """Make the import that a sink stores. Raises ``ValueError`` when no record is chosen.

    The learner is the one of the first document that anything is chosen from;
    the match is the least certain one.
    """
    every, wanted = usable_results(received), frozenset(chosen)
    sources = _sources(every, wanted)
    if not sources:
        raise ValueError("no record is chosen")
    return ImportedResults(
        key=key,
        reference=reference,
        purpose=purpose,
        learner=sources[0].read.document.learner,
        reports=accepted_reports(every, wanted),
        originals=tuple(
            Original(
                provider_names=one.provider_names,
                country=one.country,
                digest=one.digest,
                facts=one.facts,
                received_at=one.received_at,
                xml=one.xml,
            )
            for one in sources
        ),
        attachments=_attachments(sources, wanted),
        confirmed_at=confirmed_at,
        match=least_certain(one.match for one in sources),
    )


def least_certain(matches: Iterable[Match]) -> Match:
    """Return the least certain of several matches. Raises ``ValueError`` for none."""
    return min(matches, key=lambda one: (one.sameness is not Sameness.DOUBTFUL, one.score))


def sources_of(received: Iterable[Received], chosen: Collection[str]) -> tuple[Received, ...]:
    """Return the results that at least one chosen record is from."""
    return _sources(received, frozenset(chosen))


def _sources(received: Iterable[Received], wanted: frozenset[str]) -> tuple[Received, ...]:
    marks = {key.partition(":")[0] for key in wanted}
    candidates = (one for one in usable_results(received) if result_mark(one) in marks)
    return tuple(one for one in candidates if any(_pruned(one, wanted)))


def _rows(received: Received, before: str = "") -> tuple[StudyRecord, ...]:
    """A document's records, keyed within it, with something before their keys."""
    rows = []
    for number, report in enumerate(received.read.document.reports):
        for at, (node, up) in enumerate(_walk(report.opportunities)):
            rows.append(
                StudyRecord(
                    key=f"{before}{number}.{at}",
                    parent=None if up < 0 else f"{before}{number}.{up}",
                    issuer=report.issuer,
                    specification=node.specification,
                    instance=node.instance,
                )
            )
    return tuple(rows)


def _walk(
    opportunities: Sequence[LearningOpportunity],
) -> Iterator[tuple[LearningOpportunity, int]]:
    """Nodes in the order of reading, with their parents' positions (-1 at the top); no recursion."""
    stack = [(node, -1) for node in reversed(opportunities)]
    at = -1
    while stack:
        node, up = stack.pop()
        at += 1
        yield node, up
        stack.extend((part, at) for part in reversed(node.parts))


def _pruned(received: Received, wanted: frozenset[str]) -> Iterator[Report | None]:
    """Each of a document's reports with what is wanted of it, ``None`` where that is nothing."""
    mark = result_mark(received)
    for number, report in enumerate(received.read.document.reports):
        kept = _kept(report.opportunities, f"{mark}:{number}.", wanted)
        yield replace(report, opportunities=kept) if kept else None


def _kept(
    opportunities: Sequence[LearningOpportunity], before: str, wanted: frozenset[str]
) -> tuple[LearningOpportunity, ...]:
    nodes = list(_walk(opportunities))
    below: list[list[LearningOpportunity]] = [[] for _ in range(len(nodes) + 1)]  # the last: tops
    for at in range(len(nodes) - 1, -1, -1):  # children first, and so every list is reversed
        node, up = nodes[at]
        if f"{before}{at}" in wanted:
            parts = tuple(reversed(below[at]))
            below[up].append(node if _same(parts, node.parts) else replace(node, parts=parts))
        else:
            below[up].extend(below[at])
        below[at] = []
    return tuple(reversed(below[-1]))


def _same(parts: Sequence[LearningOpportunity], others: Sequence[LearningOpportunity]) -> bool:
    """Whether these are the very same objects: comparing what they say would walk whole trees."""
    return len(parts) == len(others) and all(a is b for a, b in zip(parts, others, strict=True))


def files_of(received: Received) -> tuple[Attachment, ...]:
    """Return every file that a result carries; those with a PDF first."""
    document = received.read.document
    return _in_order((document.attachments, *(_of_report(one) for one in document.reports)))


def _attachments(sources: Iterable[Received], wanted: frozenset[str]) -> tuple[Attachment, ...]:
    """Files of the documents, of the reports and of chosen records; those with a PDF first."""
    found: list[Iterable[Attachment]] = []
    for one in sources:
        found.append(one.read.document.attachments)
        found += [_of_report(report) for report in _pruned(one, wanted) if report is not None]
    return _in_order(found)


def _of_report(report: Report) -> Iterator[Attachment]:
    yield from report.attachments
    for node, _up in _walk(report.opportunities):
        yield from _files_of(node.instance)


def _in_order(files: Iterable[Iterable[Attachment]]) -> tuple[Attachment, ...]:
    # Of one that studies share, the document or the report holds the file; they have its name alone.
    each = dict.fromkeys(file for some in files for file in some if file.contents)
    return tuple(sorted(each, key=lambda file: not _has_pdf(file)))


def _files_of(instance: Instance) -> Iterator[Attachment]:
    yield from instance.attachments
    sections: list[SupplementSection] = []
    if instance.diploma_supplement is not None:
        sections.extend(reversed(instance.diploma_supplement.sections))
    while sections:
        section = sections.pop()
        yield from section.attachments
        sections.extend(reversed(section.sections))


def _has_pdf(file: Attachment) -> bool:
    return any(content.media_type == "application/pdf" for content in file.contents)

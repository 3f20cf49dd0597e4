"""An import as the files of one folder: names, bytes, and the JSON that lists them. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from emrex_gateway.domain import (
    Attachment,
    Credit,
    Identifier,
    ImportedResults,
    Issuer,
    LearningOpportunity,
    Report,
    Student,
    Texts,
)

LISTING: Final = "import.json"
FORMAT: Final = 1
"""Of ``import.json``; a change that readers must know of raises it."""

_SUFFIXES: Final = {
    "application/pdf": "pdf",
    "application/xml": "xml",
    "text/xml": "xml",
    "text/plain": "txt",
    "image/png": "png",
    "image/jpeg": "jpg",
}
_NOT_IN_NAMES: Final = re.compile("[^A-Za-z0-9-]+")


@dataclass(frozen=True, slots=True)
class File:
    """One file of the folder. No name comes from abroad: all are ours, with numbers."""

    name: str
    data: bytes = field(repr=False)


def folder_name(results: ImportedResults) -> str:
    """Return the folder's name: the same import, the same name, and no two have one."""
    reference = _NOT_IN_NAMES.sub("-", results.reference)[:40].strip("-") or "import"
    return f"{results.confirmed_at:%Y-%m-%d}_{reference}_{_digest(results.key.encode())[:32]}"


def files_of(student: Student, results: ImportedResults) -> tuple[File, ...]:
    """Return all files, ``import.json`` last; deterministic."""
    files: list[File] = []
    listed: list[dict[str, Any]] = []
    for number, original in enumerate(results.originals, 1):
        file = File(f"elmo-{number}.xml", original.xml)
        files.append(file)
        listed.append(
            _listed(
                file,
                kind="elmo",
                mediaType="application/xml",
                provider=_texts(original.provider_names),
                country=original.country,
                signedBy=original.facts.subject,
                certificate=original.facts.fingerprint,
                warnings=list(original.facts.warnings),
                receivedAt=original.received_at.isoformat(timespec="seconds"),
            )
        )
    ids: dict[str, list[str]] = {}
    for file, about, id_ in _attachments(results.attachments):
        files.append(file)
        listed.append(about)
        ids.setdefault(id_, []).append(file.name)
    plain = _import(student, results, ids) | {"files": listed}
    text = json.dumps(plain, ensure_ascii=False, indent=1)
    return (*files, File(LISTING, text.encode("utf-8", "replace")))


def _attachments(
    attachments: tuple[Attachment, ...],
) -> Iterator[tuple[File, dict[str, Any], str]]:
    number = 0
    for attachment in attachments:
        for content in attachment.contents:
            number += 1
            suffix = _SUFFIXES.get(content.media_type.lower(), "bin")
            file = File(f"attachment-{number}.{suffix}", content.data)
            about = _listed(
                file,
                kind=attachment.type.value if attachment.type else "Other",
                mediaType=content.media_type,
                titles=_texts(attachment.titles),
                language=content.lang,
            )
            yield file, about, attachment.id


def _listed(file: File, **about: Any) -> dict[str, Any]:
    known = {name: value for name, value in about.items() if value not in (None, {}, [])}
    return {"name": file.name, "bytes": len(file.data), "sha256": _digest(file.data)} | known


def _import(
    student: Student, results: ImportedResults, files: dict[str, list[str]]
) -> dict[str, Any]:
    learner, match = results.learner, results.match
    studies = [
        study
        for number, report in enumerate(results.reports, 1)
        for study in _studies(number, report, files)
    ]
    return {
        "format": FORMAT,
        "key": results.key,
        "reference": results.reference,
        "purpose": results.purpose.value,
        "confirmedAt": results.confirmed_at.isoformat(timespec="seconds"),
        "student": _person(student, key=student.key),
        "learner": _person(learner),
        "match": {
            "result": match.sameness.value,
            "score": round(match.score),
            "reasons": list(match.reasons),
        },
        "issuers": [_issuer(report.issuer) for report in results.reports],
        "studies": studies,
    }


def _person(person: Any, **more: Any) -> dict[str, Any]:
    named = {
        **more,
        "givenNames": person.given_names,
        "familyName": person.family_name,
        "birthDate": _day(person.birth_date),
        "identifiers": [{"type": i.type.value, "value": i.value} for i in person.identifiers],
    }
    return {name: value for name, value in named.items() if value}


def _studies(number: int, report: Report, files: dict[str, list[str]]) -> Iterator[dict[str, Any]]:
    """Yield a report's studies, wholes before their parts."""
    work: list[tuple[str, str | None, LearningOpportunity]] = []
    work += ((f"{number}-{at}", None, one) for at, one in enumerate(report.opportunities, 1))
    work.reverse()
    while work:
        id_, parent, one = work.pop()
        yield _study(id_, parent, number - 1, one, files)
        parts = [(f"{id_}.{at}", id_, part) for at, part in enumerate(one.parts, 1)]
        work.extend(reversed(parts))


def _study(
    id_: str, parent: str | None, issuer: int, one: LearningOpportunity, files: dict[str, list[str]]
) -> dict[str, Any]:
    what, achieved = one.specification, one.instance
    scheme, term = achieved.grading_scheme, achieved.term
    values = {
        "id": id_,
        "parent": parent,
        "issuer": issuer,
        "titles": _texts(what.titles),
        "type": what.type.value if what.type else None,
        "identifiers": _identifiers(what.identifiers),
        "iscedCode": what.isced_code,
        "url": what.url,
        "descriptions": _texts(what.descriptions),
        "status": achieved.status.value,
        "start": _day(achieved.start),
        "completed": _day(achieved.completed),
        "term": _texts(term.titles) if term else None,
        "grade": achieved.grade,
        "gradingScheme": _texts(scheme.descriptions) if scheme else None,
        "credits": [_credit(credit) for credit in achieved.credits],
        "levels": [{"type": level.type, "value": level.value} for level in achieved.levels],
        "language": achieved.language,
        "files": [name for a in achieved.attachments for name in files.get(a.id, ())],
    }
    return {name: value for name, value in values.items() if value not in (None, "", {}, [])}


def _issuer(issuer: Issuer) -> dict[str, Any]:
    return {
        "identifiers": _identifiers(issuer.identifiers),
        "titles": _texts(issuer.titles),
        "url": issuer.url,
        "country": issuer.country,
    }


def _identifiers(identifiers: tuple[Identifier, ...]) -> list[dict[str, str]]:
    return [{"type": one.type, "value": one.value} for one in identifiers]


def _credit(credit: Credit) -> dict[str, str | None]:
    return {"scheme": credit.scheme, "value": _figure(credit.value)}


def _texts(values: Texts) -> dict[str, str]:
    """By language; ``und`` where nobody said which."""
    found: dict[str, str] = {}
    for text in values:
        found.setdefault(text.lang or "und", text.value)
    return found


def _figure(value: Decimal | None) -> str | None:
    return None if value is None or not value.is_finite() else format(value, "f")


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

"""A verdict as data, for programs: the shape that ``/api/openapi.json`` describes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from emrex_gateway.domain import (
    Attachment,
    Credit,
    Decision,
    Identifier,
    LearningOpportunity,
    ReadDocument,
    Report,
    SignatureFacts,
    Texts,
    attached,
)
from emrex_gateway.examining._check import Checked
from emrex_gateway.examining._known import Signatory

Json = dict[str, Any]


def answer(checked: Checked) -> Json:
    """Return a verdict as JSON can carry it. Everything of the file itself is there only where it holds.

    A learner's identifiers are left out: whoever asks has the file.
    """
    found = checked.examined
    return {
        "verdict": checked.verdict.value,
        "kind": found.kind.value,
        "reason": None if checked.holds else (found.reason or "contents"),
        "message": None if checked.holds else (found.message or "the file holds no ELMO"),
        "cautions": [one.value for one in checked.cautions],
        "code": checked.code or None,
        "typed_code": checked.typed.value,
        "signature": _signature(checked.facts) if checked.facts else None,
        "signatories": [_signatory(one) for one in checked.signatories],
        "claimed_by": found.claim or None,
        "document": _document(checked.document) if checked.document else None,
    }


def _signature(facts: SignatureFacts) -> Json:
    return {
        "subject": facts.subject,
        "fingerprint": facts.fingerprint,
        "not_before": _when(facts.not_before),
        "not_after": _when(facts.not_after),
        "signature_method": facts.signature_method,
        "digest_method": facts.digest_method,
        "canonicalization": facts.canonicalization,
        "warnings": list(facts.warnings),
    }


def _signatory(one: Signatory) -> Json:
    return {
        "standing": one.standing.value,
        "names": _texts(one.names),
        "country": one.country or None,
        "address": one.address or None,
        "first_seen": _when(one.first_seen),
        "last_seen": _when(one.last_seen),
    }


def _document(read: ReadDocument) -> Json:
    document = read.document
    learner = document.learner
    return {
        "release": read.release,
        "generated_at": _when(document.generated_at),
        "learner": {
            "family_name": learner.family_name,
            "given_names": learner.given_names,
            "birth_date": _when(learner.birth_date),
        },
        "reports": [_report(one) for one in document.reports],
        "attachments": [_attachment(one) for one in attached(document)],
        "problems": list(read.problems),
        "warnings": list(read.warnings),
    }


def _report(report: Report) -> Json:
    return {
        **_stated(report),
        "decisions": [_decision(one) for one in report.decisions],
    }


def _stated(report: Report) -> Json:
    issuer = report.issuer
    return {
        "issuer": {
            "titles": _texts(issuer.titles),
            "country": issuer.country,
            "url": issuer.url or None,
            "identifiers": _identifiers(issuer.identifiers),
        },
        "issued_at": _when(report.issued_at),
        "records": _records(report.opportunities),
    }


def _decision(decision: Decision) -> Json:
    return {
        "status": decision.status.value,
        "decided_on": _when(decision.decided_on),
        "titles": _texts(decision.titles),
        "descriptions": _texts(decision.descriptions),
        "basis": [_stated(one) for one in decision.basis],
        "results": _records(decision.results),
        "mapping": [{"from": source, "to": target} for source, target in decision.mapping],
    }


def _records(tops: Sequence[LearningOpportunity]) -> list[Json]:
    return [_record(depth, node) for depth, node in _flat(tops)]


def _flat(tops: Sequence[LearningOpportunity]) -> Iterator[tuple[int, LearningOpportunity]]:
    """The records in the order of reading, each with its depth: lists in lists have no end."""
    stack = [(0, node) for node in reversed(tops)]
    while stack:
        depth, node = stack.pop()
        yield depth, node
        stack.extend((depth + 1, part) for part in reversed(node.parts))


def _record(depth: int, node: LearningOpportunity) -> Json:
    specification, instance = node.specification, node.instance
    return {
        "depth": depth,
        "titles": _texts(specification.titles),
        "type": specification.type.value if specification.type else None,
        "identifiers": _identifiers(specification.identifiers),
        "status": instance.status.value,
        "date": _when(instance.completed),
        "grade": instance.grade,
        "credits": [_credit(one) for one in instance.credits],
    }


def _credit(credit: Credit) -> Json:
    return {"scheme": credit.scheme, "value": _figure(credit.value)}


def _figure(value: Decimal | None) -> str | None:
    """As the file has it: a number of JSON would be rounded by some readers."""
    return None if value is None else format(value, "f")


def _attachment(attachment: Attachment) -> Json:
    return {
        "type": attachment.type.value if attachment.type else None,
        "titles": _texts(attachment.titles),
        "files": [
            {"media_type": one.media_type, "bytes": len(one.data)} for one in attachment.contents
        ],
    }


def _identifiers(identifiers: tuple[Identifier, ...]) -> list[Json]:
    return [{"type": one.type, "value": one.value} for one in identifiers]


def _texts(values: Texts) -> list[Json]:
    return [{"lang": one.lang, "value": one.value} for one in values]


def _when(value: date | datetime | None) -> str | None:
    return None if value is None else value.isoformat()

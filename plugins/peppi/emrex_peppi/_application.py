"""An import as an application for recognition: completed credits in the shape that is read too. Pure."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Final

from emrex_gateway.domain import (
    ECTS,
    Attachment,
    Credit,
    ImportedResults,
    Instance,
    Issuer,
    LearningOpportunity,
    LosType,
    Original,
    Report,
    Status,
    Texts,
)
from emrex_peppi._issuers import NATIONAL_CODE
from emrex_peppi._reading import Reading

SOURCE: Final = "EMREX"

_TYPES: Final = {
    LosType.DEGREE_PROGRAMME: "DEGREE",
    LosType.MODULE: "STUDY_MODULE",
    LosType.COURSE: "COURSE_UNIT",
    LosType.CLASS: "REALISATION",
}
_CODES: Final = {
    "schac": "hei",
    "pic": "pic",
    "erasmus": "erasmusCode",
    NATIONAL_CODE: "organisationTkCode",
    "local": "organisationIdentifier",
}


def application(results: ImportedResults, reading: Reading) -> dict[str, Any]:
    """Return what is posted. The same import is the same application, to the byte.

    Figures stay strings: what is ``2.50`` abroad is not rounded on the way.
    ``issuer`` is that of the first report; each study names its own.
    """
    return _Writer(reading).application(results)


class _Writer:
    """Spells objects with the names that the system at hand has for them."""

    def __init__(self, reading: Reading) -> None:
        self._names = reading.names

    def application(self, results: ImportedResults) -> dict[str, Any]:
        learner = results.learner
        files = [f for one in results.attachments for f in self._files(one)]
        files += (self._original(number, o) for number, o in enumerate(results.originals, 1))
        return self._object(
            "application",
            source=SOURCE,
            purpose=results.purpose.value.replace("-", "_").upper(),
            reference=results.reference,
            confirmedAt=results.confirmed_at.isoformat(timespec="seconds"),
            issuer=self._organisation(results.reports[0].issuer) if results.reports else None,
            learner=self._object(
                "student",
                firstNames=learner.given_names,
                surName=learner.family_name,
                dateOfBirth=_day(learner.birth_date),
            ),
            match=self._object(
                "match",
                result=results.match.sameness.value.upper(),
                score=round(results.match.score),
                reasons=list(results.match.reasons),
            ),
            studies=[
                s for number, r in enumerate(results.reports, 1) for s in self._report(number, r)
            ],
            attachments=files,
        )

    def _report(self, number: int, report: Report) -> Iterator[dict[str, Any]]:
        """Yield a report's studies, wholes before their parts; each has an identifier of its own here."""
        issuer = self._organisation(report.issuer)
        counted = 0
        work = [(f"{number}-{at}", one) for at, one in enumerate(report.opportunities, 1)][::-1]
        while work:
            key, one = work.pop()
            counted += 1
            parts = [(f"{key}.{at}", part) for at, part in enumerate(one.parts, 1)]
            yield self._study(key, one, issuer, parts)
            work.extend(reversed(parts))

    def _study(
        self,
        key: str,
        one: LearningOpportunity,
        issuer: dict[str, Any],
        parts: list[tuple[str, LearningOpportunity]],
    ) -> dict[str, Any]:
        specification, instance = one.specification, one.instance
        type_ = specification.type or LosType.COURSE
        credit = _main_credit(instance)
        other = credit is not None and credit.scheme.casefold() != ECTS
        return self._object(
            "credit",
            completedCreditIdentifier=key,
            completedCreditTarget=self._object(
                "target",
                completedCreditTargetType=_TYPES[type_],
                completedCreditTargetId=key,
                completedCreditTargetIdentifierCode=_code(one),
            ),
            completedCreditAssociations=[
                self._object(
                    "association",
                    completedCreditAssociationType=_TYPES[
                        part.specification.type or LosType.COURSE
                    ],
                    completedCreditAssociationId=part_key,
                )
                for part_key, part in parts
            ]
            or None,
            completedCreditName=localised(specification.titles),
            completedCreditContent=localised(specification.descriptions),
            completedCreditStatus=(
                "UNFINISHED" if instance.status is Status.IN_PROGRESS else "ACCEPTED"
            ),
            scope=_figure(credit.value) if credit else None,
            creditScheme=credit.scheme if credit and other else None,
            assessment=self._assessment(instance),
            completionDate=_day(instance.completed),
            startDate=_day(instance.start),
            languagesOfCompletion=[instance.language] if instance.language else None,
            organisationResponsibleForCompletion=issuer,
            type=1 if type_ is LosType.DEGREE_PROGRAMME else 2,
            iscedCode=specification.isced_code,
            url=specification.url,
            engagementHours=_figure(instance.engagement_hours),
            levels=[
                self._object("level", type=level.type, value=level.value)
                for level in instance.levels
            ]
            or None,
            attachments=[self._object("attachment", id=file.id) for file in instance.attachments]
            or None,
        )

    def _assessment(self, instance: Instance) -> dict[str, Any] | None:
        scheme = instance.grading_scheme
        if instance.status is Status.IN_PROGRESS:
            return None
        return self._object(
            "assessment",
            gradingScale=self._object(
                "gradingScale", identifier=scheme.id, description=localised(scheme.descriptions)
            )
            if scheme
            else None,
            grade=self._object(
                "grade", code=instance.grade, passed=instance.status is Status.PASSED
            ),
        )

    def _organisation(self, issuer: Issuer) -> dict[str, Any]:
        codes: dict[str, Any] = {}
        for identifier in issuer.identifiers:
            if name := _CODES.get(identifier.type.casefold()):
                codes.setdefault(name, identifier.value)
        return self._object(
            "organisation",
            **codes,
            organisationName=localised(issuer.titles),
            url=issuer.url,
            countryCode=issuer.country,
        )

    def _files(self, attachment: Attachment) -> Iterator[dict[str, Any]]:
        for content in attachment.contents:
            yield self._object(
                "attachment",
                id=attachment.id,
                name=localised(attachment.titles),
                type=attachment.type.value if attachment.type else "Other",
                description=localised(attachment.descriptions),
                mediaType=content.media_type,
                language=content.lang,
                content=base64.b64encode(content.data).decode("ascii"),
                sha256=hashlib.sha256(content.data).hexdigest(),
            )

    def _original(self, number: int, original: Original) -> dict[str, Any]:
        """The file as it was signed abroad, byte for byte: what an officer can verify again."""
        return self._object(
            "attachment",
            id=f"elmo-{number}",
            name=localised(original.provider_names),
            type="ELMO",
            mediaType="application/xml",
            content=base64.b64encode(original.xml).decode("ascii"),
            sha256=original.digest,
            countryCode=original.country,
        )

    def _object(self, kind: str, **values: Any) -> dict[str, Any]:
        return {
            self._names[kind, name]: value for name, value in values.items() if value is not None
        }


def encoded(value: dict[str, Any]) -> bytes:
    """JSON in a fixed order of its own: a second try sends the same bytes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def localised(values: Texts) -> dict[str, str] | None:
    """``{"valueFi": …}``; ``valueUnd`` for a language that nobody named; ``None`` for nothing."""
    found: dict[str, str] = {}
    for text in values:
        tag = (text.lang or "und").split("-")[0].lower()
        found.setdefault(f"value{tag.title()}", text.value)
    return found or None


def _main_credit(instance: Instance) -> Credit | None:
    """ECTS where there are any; else the first scheme that there is."""
    ects = (c for c in instance.credits if c.scheme.casefold() == ECTS)
    return next(ects, instance.credits[0] if instance.credits else None)


def _code(one: LearningOpportunity) -> str | None:
    """The code that the institution abroad gave it: ``local`` first, as humans read it."""
    identifiers = one.specification.identifiers
    local = (i.value for i in identifiers if i.type == "local")
    return next(local, identifiers[0].value if identifiers else None)


def _figure(value: Decimal | None) -> str | None:
    return None if value is None or not value.is_finite() else format(value, "f")


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None

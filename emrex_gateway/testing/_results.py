"""Imports to try a sink with: invented people, a signed original that is none."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from emrex_gateway.domain import (
    Attachment,
    AttachmentContent,
    AttachmentType,
    Credit,
    GradingScheme,
    Identifier,
    ImportedResults,
    Instance,
    Issuer,
    LangString,
    Learner,
    LearningOpportunity,
    LosType,
    Match,
    Original,
    PersonIdentifier,
    PersonIdentifierType,
    Purpose,
    Report,
    Sameness,
    SignatureFacts,
    Specification,
    Status,
    texts,
)

_MOMENT = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
_XML = '<?xml version="1.0"?>\n<elmo xmlns="urn:example:not-really"><!-- Ærøskøbing --></elmo>'.encode()


def sample_results(seed: str = "one", **changes: Any) -> ImportedResults:
    """Return an import: a module of two courses, one of them under way, and a failed one beside it.

    Another ``seed`` is another import. ``changes`` replace fields.
    """
    made = ImportedResults(
        key=hashlib.sha256(seed.encode()).hexdigest(),
        reference=f"REF-{hashlib.sha256(seed.encode()).hexdigest()[:4].upper()}",
        purpose=Purpose.RECOGNITION,
        learner=_LEARNER,
        reports=(_REPORT,),
        originals=(_ORIGINAL,),
        attachments=(_TRANSCRIPT,),
        confirmed_at=_MOMENT,
        match=Match(sameness=Sameness.SAME, score=100, reasons=("identifier",)),
    )
    return replace(made, **changes)


def odd_results() -> ImportedResults:
    """Return an import of what documents from elsewhere hold at the worst: little, or too much."""
    bare = LearningOpportunity(
        specification=Specification(titles=(LangString("Kurs"),)),
        instance=Instance(status=Status.IN_PROGRESS),
    )
    nasty = LearningOpportunity(
        specification=Specification(
            titles=(
                LangString('<b>Course</b> & "more" ]]> \' \\ / ../..', "en"),
                LangString("مقدمة", "ar"),
                LangString("Введение", "ru-Latn-RU"),
            ),
            identifiers=(Identifier("local", "../../etc/passwd"), Identifier("x-own", "a\tb")),
        ),
        instance=Instance(
            grade="★★★",
            credits=(Credit(scheme="SWS"), Credit(scheme="ects", value=Decimal("2.50"))),
        ),
    )
    report = replace(_REPORT, opportunities=(bare, nasty))
    html = Attachment(
        id="../evil",
        titles=(LangString("../../evil.html"),),
        contents=(
            AttachmentContent(media_type="text/html", data=b"<script>alert(1)</script>"),
            AttachmentContent(media_type="nonsense", data=b"\x00\xff", lang="xx-unknown"),
        ),
    )
    return sample_results(
        "odd",
        reference="../../A B/C",
        purpose=Purpose.DOUBLE_DEGREE,
        learner=Learner(given_names="", family_name="Тест"),
        reports=(report, replace(report, opportunities=(bare,))),
        attachments=(html,),
        match=Match(sameness=Sameness.DOUBTFUL, score=61.5, reasons=("names-close",)),
    )


_LEARNER = Learner(
    given_names="Siiri Testi",
    family_name="Järvi-Ånäs",
    birth_date=date(1999, 4, 30),
    identifiers=(
        PersonIdentifier(
            PersonIdentifierType.ESI, "urn:schac:personalUniqueCode:int:esi:t:77", "x"
        ),
    ),
)
_ISSUER = Issuer(
    identifiers=(
        Identifier("schac", "fjordhavn.example"),
        Identifier("erasmus", "N FJORD01"),
    ),
    titles=texts(no="Universitetet i Fjordhavn", en="University of Fjordhavn"),
    url="https://fjordhavn.example/",
    country="NO",
)
_SCHEME = GradingScheme(id="no-af", descriptions=texts(en="A to F, F fails"))
_FILE = Attachment(
    id="syllabus",
    type=AttachmentType.OTHER,
    titles=texts(en="Syllabus"),
    contents=(AttachmentContent(media_type="text/plain", data=b"Fjords.", lang="en"),),
)


def _course(code: str, title: str, value: str, **more: Any) -> LearningOpportunity:
    return LearningOpportunity(
        specification=Specification(
            titles=texts(en=title),
            type=LosType.COURSE,
            identifiers=(Identifier("local", code),),
            isced_code="0532",
        ),
        instance=Instance(credits=(Credit(scheme="ects", value=Decimal(value)),), **more),
    )


_REPORT = Report(
    issuer=_ISSUER,
    opportunities=(
        LearningOpportunity(
            specification=Specification(titles=texts(en="Nature"), type=LosType.MODULE),
            instance=Instance(completed=date(2026, 6, 1)),
            parts=(
                _course(
                    "FJ-1",
                    "Fjords",
                    "7.5",
                    completed=date(2026, 5, 20),
                    grade="B",
                    grading_scheme=_SCHEME,
                    language="en",
                    attachments=(_FILE,),
                ),
                _course("FJ-2", "Glaciers", "5", status=Status.IN_PROGRESS),
            ),
        ),
        _course("FJ-3", "Skis", "2", status=Status.FAILED, grade="F", grading_scheme=_SCHEME),
    ),
    issued_at=_MOMENT,
)
_TRANSCRIPT = Attachment(
    id="emrex-transcript",
    type=AttachmentType.EMREX_TRANSCRIPT,
    titles=texts(en="Transcript"),
    contents=(AttachmentContent(media_type="application/pdf", data=b"%PDF-1.7\nnot really"),),
)
_ORIGINAL = Original(
    provider_names=texts(en="Vitnemålsportalen, invented"),
    country="NO",
    digest=hashlib.sha256(_XML).hexdigest(),
    facts=SignatureFacts(
        subject="CN=Invented provider",
        fingerprint="ab" * 32,
        not_before=datetime(2026, 1, 1, tzinfo=UTC),
        not_after=datetime(2028, 1, 1, tzinfo=UTC),
        signature_method="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        digest_method="http://www.w3.org/2001/04/xmlenc#sha256",
        canonicalization="http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    ),
    received_at=_MOMENT,
    xml=_XML,
)

"""What the host system decided, as a document: one report of ours, with one decision in it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from emrex_gateway.domain import (
    Decision,
    DecisionStatus,
    Document,
    Identifier,
    Identity,
    Instance,
    Institution,
    Issuer,
    LangString,
    Learner,
    LearningOpportunity,
    RecognisedStudy,
    Recognition,
    RecognitionState,
    ReleaseRule,
    Report,
    Specification,
    Student,
    Texts,
    best_text,
    complete_issuer,
    issuer_of,
    release,
    texts,
)

_TITLES = texts(
    en="Decision on recognition of studies",
    fi="Päätös opintojen hyväksilukemisesta",
    sv="Beslut om tillgodoräknande av studier",
)
_STATUS = {
    RecognitionState.ACCEPTED: DecisionStatus.POSITIVE,
    RecognitionState.PARTIALLY_ACCEPTED: DecisionStatus.PARTIALLY_POSITIVE,
    RecognitionState.REJECTED: DecisionStatus.NEGATIVE,
}
_NOBODY = Issuer(
    identifiers=(Identifier("name", "unknown"),),
    titles=texts(
        en="Institution not stated", fi="Oppilaitosta ei mainittu", sv="Högskola ej angiven"
    ),
    url="",
)
"""Who granted what the host system names no institution for."""


def decision_document(
    found: Recognition, learner: Learner, institution: Institution, now: datetime
) -> Document:
    """Return the decision as a document without files. Raises ``ValueError`` for one that is not final.

    ``learner`` leaves as the institution's rule has it for a student's own
    download. What is brought keeps the figures that the host system told; its
    identifiers are ``from-1`` …, what it counts as has the code that it has
    here, or ``recognised-1`` ….
    """
    status = _STATUS.get(found.state)
    if status is None:
        raise ValueError("nothing is decided yet")
    codes = _codes(found.studies)
    decision = Decision(
        status=status,
        titles=_TITLES,
        descriptions=_remarks(found),
        decided_on=found.decided_on,
        basis=_basis(found.studies, now),
        results=tuple(
            _result(study, codes[at], found)
            for at, study in enumerate(found.studies)
            if study.accepted
        ),
        mapping=tuple(
            (_source(at), codes[at]) for at, study in enumerate(found.studies) if study.accepted
        ),
    )
    return Document(
        generated_at=now,
        learner=_released(learner, institution.release),
        reports=(
            Report(
                issuer=issuer_of(institution),
                opportunities=(),
                issued_at=now,
                decisions=(decision,),
            ),
        ),
    )


def _basis(studies: Sequence[RecognisedStudy], now: datetime) -> tuple[Report, ...]:
    """One report an institution, in the order in which they come."""
    by_issuer: dict[Issuer, list[LearningOpportunity]] = {}
    for at, study in enumerate(studies):
        issuer = complete_issuer(study.issuer or _NOBODY)
        brought = LearningOpportunity(
            specification=Specification(
                titles=study.titles,
                identifiers=(Identifier("local", _source(at)),),
                descriptions=() if study.accepted else study.remark,
            ),
            instance=Instance(status=study.status, credits=study.brought),
        )
        by_issuer.setdefault(issuer, []).append(brought)
    return tuple(
        Report(issuer=issuer, opportunities=tuple(brought), issued_at=now)
        for issuer, brought in by_issuer.items()
    )


def _result(study: RecognisedStudy, code: str, found: Recognition) -> LearningOpportunity:
    return LearningOpportunity(
        specification=Specification(
            titles=study.counted_as or study.titles,
            identifiers=(Identifier("local", code),),
            descriptions=study.remark,
        ),
        instance=Instance(completed=found.decided_on, credits=study.credits),
    )


def _source(at: int) -> str:
    return f"from-{at + 1}"


def _codes(studies: Sequence[RecognisedStudy]) -> list[str]:
    """Each study's own identifier here: a code that two count as is written once as it is."""
    taken: set[str] = set()
    codes: list[str] = []
    for at, study in enumerate(studies, 1):
        wanted = " ".join(study.code.split())
        free = wanted and wanted not in taken and not wanted.startswith("from-")
        code = wanted if free else f"recognised-{at}"
        taken.add(code)
        codes.append(code)
    return codes


def _remarks(found: Recognition) -> Texts:
    """The remark on the whole, with what does not count named in the language of its reason."""
    lines: dict[str | None, list[str]] = {text.lang: [text.value] for text in found.remark}
    for study in found.studies:
        if not study.accepted:
            for reason in study.remark:
                title = best_text(study.titles, (reason.lang or "en", "en"))
                lines.setdefault(reason.lang, []).append(f"{title}: {reason.value}")
    return tuple(LangString("\n".join(said), lang) for lang, said in lines.items())


def _released(learner: Learner, rule: ReleaseRule) -> Learner:
    """The learner as the institution's rule lets them out."""
    student = Student(
        key="",
        identifiers=learner.identifiers,
        given_names=learner.given_names,
        family_name=learner.family_name,
        birth_date=learner.birth_date,
        citizenship=learner.citizenship,
        place_of_birth=learner.place_of_birth,
        birth_name=learner.birth_name,
        alternative_name=learner.alternative_name,
        gender=learner.gender,
    )
    return release(student, Identity(method="", provider="", subject=""), rule, None)

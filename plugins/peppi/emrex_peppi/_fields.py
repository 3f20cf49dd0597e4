"""The names of every property that is read, by the object it stands in.

The names of completed credits are those in which Peppi exchanges them with
other systems; the rest are ours, for what ELMO can carry beyond that (the
README describes them). The setting ``renamed`` fits any of them to a system
that calls it differently.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_FIELDS: dict[str, str] = {
    "envelope": "status students studyRights completedCredits total",
    "student": (
        "id oid personId esi studentNumber firstNames surName dateOfBirth personalIdentityCode "
        "learnerNumber citizenship placeOfBirth birthName alternativeName gender"
    ),
    "studyRight": "id type educationCode",
    "credit": (
        "completedCreditIdentifier completedCreditTarget completedCreditAssociations "
        "completedCreditName completedCreditObjective completedCreditContent "
        "completedCreditStatus scope creditScheme assessment completionDate startDate "
        "assessmentDate languagesOfCompletion organisationResponsibleForCompletion transaction "
        "replacedCreditIdentifier type minEduGuidanceArea iscedCode subjectArea url "
        "descriptionHtml studyRightId academicTerm levels engagementHours group attachments "
        "diplomaSupplement extensions targetExtensions recognition"
    ),
    "target": (
        "completedCreditTargetType completedCreditTargetId completedCreditTargetIdentifierCode"
    ),
    "association": (
        "completedCreditAssociationType completedCreditAssociationId "
        "completedCreditAssociationIdentifierCode"
    ),
    "assessment": "gradingScale grade egt description shortenedGrading resultDistribution",
    "gradingScale": "scale identifier name description",
    "grade": "code egtCode passed",
    "organisation": (
        "organisationTkCode hei erasmusCode pic organisationIdentifier organisationName "
        "erasmusOrganisationName url countryCode"
    ),
    "academicTerm": "name startDate endDate",
    "level": "type value description",
    "shortenedGrading": "lower equal higher",
    "resultDistribution": "categories description",
    "category": "label count",
    "group": "typeId typeName id name sortingKey",
    "attachment": "id name type description mediaType language content sha256 countryCode",
    "diplomaSupplement": "issueDate version language introduction sections",
    "section": "number title content mediaType additionalInformation attachments sections",
    "recognition": "date sourceName sourceOrganisation",
    "application": (
        "id url source purpose reference confirmedAt issuer learner match studies attachments "
        "state decisions decisionDate remark student"
    ),
    "match": "result score reasons",
    "decision": (
        "completedCreditIdentifier completedCreditName completedCreditStatus assessment scope "
        "creditScheme organisationResponsibleForCompletion accepted countedAs remark"
    ),
    "countedAs": "name code scope creditScheme",
}

KNOWN: frozenset[tuple[str, str]] = frozenset(
    (scope, name) for scope, names in _FIELDS.items() for name in names.split()
)
"""Pairs of an object's kind and a property's name."""


def actual_names(renamed: Iterable[str]) -> Mapping[tuple[str, str], str]:
    """Return what each known property is called in the system at hand.

    An entry of ``renamed`` is ``object.property=name``, or ``property=name``
    for that property wherever it stands. Raises ``ValueError`` that says what
    is wrong with an entry.
    """
    names = {key: key[1] for key in KNOWN}
    for entry in renamed:
        path, equals, name = (part.strip() for part in entry.partition("="))
        scope, _, prop = path.rpartition(".")
        meant = [key for key in KNOWN if key[1] == prop and scope in ("", key[0])]
        if not equals or not name or not meant:
            raise ValueError(f"renamed: {entry!r} is not <known property>=<name>")
        names.update(dict.fromkeys(meant, name))
    return names

"""From the domain's ``Document`` to an ELMO file that is ready to be signed."""

from __future__ import annotations

from lxml import etree

from emrex_gateway.domain import (
    Document,
    ElmoVersion,
    Learner,
    Report,
    Texts,
    UnsignedElmo,
    complete_issuer,
    token,
)
from emrex_gateway.elmo._check import check
from emrex_gateway.elmo._extension import add_extensions
from emrex_gateway.elmo._register import Register, instances
from emrex_gateway.elmo._tree import MAX_BYTES, NAMESPACE, q
from emrex_gateway.elmo._values import (
    add,
    add_language,
    add_phrases,
    add_prose,
    add_token,
    country,
    moment,
)
from emrex_gateway.elmo._write_parts import add_attachment
from emrex_gateway.elmo._write_study import StudyWriter
from emrex_gateway.errors import ElmoError

_GENDERS = frozenset({0, 1, 2, 9})
_REPORTED = 5


def write(
    document: Document, version: ElmoVersion = ElmoVersion.V1_7, *, readable_copy: bool = True
) -> UnsignedElmo:
    """Return the document as ELMO: UTF-8, compact, the same bytes for the same document.

    Values are cleaned on the way (control characters, white space, unknown languages and
    countries), references are resolved, and what the schema demands but the source lacks is
    filled in. What cannot be mended is refused: raises ``ElmoError``, naming rules and places but
    no values, when the result breaks the grammar or a rule of ``check``.

    ``readable_copy=False`` allows a document without PDF, for a conversion that has none; what is
    sent to a client always has one.
    """
    register = Register(document)
    root = etree.Element(q("elmo"), nsmap={None: NAMESPACE})
    add(root, "generatedDate", moment(document.generated_at))
    _add_learner(root, document.learner, version)
    studies = StudyWriter(version, register)
    if not document.reports:
        raise ElmoError("a document without reports")
    for report in document.reports:
        _add_report(root, report, register, studies)
    outside = {register.attachment(a, outside=True): a for a in document.attachments}
    for name, attachment in outside.items():
        add_attachment(root, attachment, name)
    _add_groups(root, register)
    add_extensions(root, document.extensions)
    xml = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    _require_sound(xml, version, readable_copy=readable_copy)
    return UnsignedElmo(xml=xml, version=version)


def _require_sound(xml: bytes, version: ElmoVersion, *, readable_copy: bool) -> None:
    if len(xml) > MAX_BYTES:
        raise ElmoError(f"the document is larger than {MAX_BYTES} bytes")
    problems = check(xml, version, readable_copy=readable_copy)
    if problems:
        shown = "; ".join(str(problem) for problem in problems[:_REPORTED])
        raise ElmoError(f"the document breaks {len(problems)} rules: {shown}")


def _add_learner(root: etree._Element, learner: Learner, version: ElmoVersion) -> None:
    element = add(root, "learner")
    add_token(element, "citizenship", country(learner.citizenship))
    for identifier in learner.identifiers:
        value = token(identifier.value)
        if value:
            add(element, "identifier", value).set("type", identifier.type.value)
    given, family = token(learner.given_names), token(learner.family_name)
    add(element, "givenNames", given)
    add(element, "familyName", family)
    newer = version is ElmoVersion.V2_0
    if newer:
        alternative = learner.alternative_name
        spelt = token(alternative.value) if alternative else ""
        name = add(element, "alternativeName", spelt or f"{given} {family}".strip())
        if spelt and alternative:
            add_language(name, alternative.lang)
    if learner.birth_date is not None:
        add(element, "dateOfBirth" if newer else "bday", learner.birth_date.isoformat())
    add_token(element, "placeOfBirth", learner.place_of_birth)
    add_token(element, "birthName", learner.birth_name)
    if learner.gender in _GENDERS:
        add(element, "gender", str(learner.gender))


def _add_report(
    root: etree._Element, report: Report, register: Register, studies: StudyWriter
) -> None:
    element = add(root, "report")
    issuer = complete_issuer(report.issuer)
    who = add(element, "issuer")
    add_token(who, "country", country(issuer.country))
    for identifier in issuer.identifiers:
        add(who, "identifier", identifier.value).set("type", identifier.type)
    add_phrases(who, "title", issuer.titles)
    add_token(who, "url", issuer.url)
    studies.add_tree(element, report.opportunities)
    add(element, "issueDate", moment(report.issued_at))
    for name, texts in _schemes(report, register).items():
        scheme = add(element, "gradingScheme")
        scheme.set("localId", name)
        add_prose(scheme, "description", texts)
    own = [a for instance in instances(report) for a in instance.attachments]
    inside = {register.attachment(a): a for a in (*report.attachments, *own)}
    for name, attachment in inside.items():
        add_attachment(element, attachment, name)


def _schemes(report: Report, register: Register) -> dict[str, Texts]:
    """Return the grading schemes that a report refers to, each with the fullest description."""
    described: dict[str, Texts] = {}
    for instance in instances(report):
        if instance.grading_scheme is not None:
            name = register.scheme(instance.grading_scheme)
            described[name] = instance.grading_scheme.descriptions or described.get(name, ())
    return described


def _add_groups(root: etree._Element, register: Register) -> None:
    if not register.group_types:
        return
    groups = add(root, "groups")
    for type_id, (first, members) in register.group_types.items():
        kind = add(groups, "groupType")
        kind.set("id", type_id)
        if not add_phrases(kind, "title", first.type_titles):
            add(kind, "title", type_id)
        for id_, group in members.items():
            element = add(kind, "group")
            element.set("id", id_)
            if token(group.sorting_key or ""):
                element.set("sortingKey", token(group.sorting_key or ""))
            if not add_phrases(element, "title", group.titles):
                add(element, "title", id_)

"""From the domain's ``Document`` to an ELMO file that is ready to be signed."""

from __future__ import annotations

from collections.abc import Iterator

from emrex_gateway.domain import (
    Document,
    ElmoVersion,
    Learner,
    Report,
    Texts,
    UnsignedElmo,
    token,
)
from emrex_gateway.elmo._check import check
from emrex_gateway.elmo._extension import extension
from emrex_gateway.elmo._register import Register
from emrex_gateway.elmo._tree import MAX_BYTES, NAMESPACE
from emrex_gateway.elmo._values import (
    attribute,
    country,
    language,
    leaf,
    moment,
    optional,
    phrases,
    prose,
)
from emrex_gateway.elmo._write_decision import decisions
from emrex_gateway.elmo._write_parts import attachment_element, issuer_element
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
    if not document.reports:
        raise ElmoError("a document without reports")
    return sound("".join(pieces(document, version)).encode("utf-8"), version, readable_copy)


def pieces(document: Document, version: ElmoVersion) -> Iterator[str]:
    """Yield the file in its order, unchecked."""
    register = Register(document)
    studies = StudyWriter(version, register)
    yield f"<?xml version='1.0' encoding='UTF-8'?>\n<elmo xmlns=\"{NAMESPACE}\">"
    yield leaf("generatedDate", moment(document.generated_at))
    yield _learner(document.learner, version)
    for report in document.reports:
        yield from _report(report, register, studies)
    outside = {register.attachment(a, outside=True): a for a in document.attachments}
    for name, attachment in outside.items():
        yield attachment_element(attachment, name)
    yield _groups(register)
    yield extension(document.extensions)
    yield "</elmo>"


def sound(xml: bytes, version: ElmoVersion, readable_copy: bool = True) -> UnsignedElmo:
    """Return a file that breaks nothing. Raises ``ElmoError`` for any other; see ``write``."""
    if len(xml) > MAX_BYTES:
        raise ElmoError(f"the document is larger than {MAX_BYTES} bytes")
    problems = check(xml, version, readable_copy=readable_copy)
    if problems:
        shown = "; ".join(str(problem) for problem in problems[:_REPORTED])
        raise ElmoError(f"the document breaks {len(problems)} rules: {shown}")
    return UnsignedElmo(xml=xml, version=version)


def _learner(learner: Learner, version: ElmoVersion) -> str:
    identifiers = ((token(i.value), i.type.value) for i in learner.identifiers)
    given, family = token(learner.given_names), token(learner.family_name)
    newer = version is ElmoVersion.V2_0
    born, gender = learner.birth_date, learner.gender
    return "".join(
        (
            "<learner>",
            optional("citizenship", country(learner.citizenship)),
            *(leaf("identifier", value, attribute("type", t)) for value, t in identifiers if value),
            leaf("givenNames", given),
            leaf("familyName", family),
            _alternative_name(learner, f"{given} {family}".strip()) if newer else "",
            leaf("dateOfBirth" if newer else "bday", born.isoformat()) if born is not None else "",
            optional("placeOfBirth", learner.place_of_birth),
            optional("birthName", learner.birth_name),
            leaf("gender", str(gender)) if gender in _GENDERS else "",
            "</learner>",
        )
    )


def _alternative_name(learner: Learner, name: str) -> str:
    """Return the element that ELMO 2 demands: the name as it is where nobody spells it otherwise."""
    alternative = learner.alternative_name
    spelt = token(alternative.value) if alternative else ""
    lang = language(alternative.lang) if alternative and spelt else ""
    return leaf("alternativeName", spelt or name, lang)


def _report(report: Report, register: Register, studies: StudyWriter) -> Iterator[str]:
    yield "<report>"
    yield issuer_element(report.issuer)
    yield from studies.trees(report.opportunities)
    yield from decisions(report, studies)
    yield leaf("issueDate", moment(report.issued_at))
    for name, texts in _schemes(report, register).items():
        described = prose("description", texts)
        yield f"<gradingScheme{attribute('localId', name)}>{described}</gradingScheme>"
    own = [a for instance in register.instances(report) for a in instance.attachments]
    files = (a for a in (*report.attachments, *own) if not register.stands_for_another(a))
    inside = {register.attachment(a): a for a in files}
    for name, attachment in inside.items():
        yield attachment_element(attachment, name)
    yield "</report>"


def _schemes(report: Report, register: Register) -> dict[str, Texts]:
    """Return the grading schemes that a report refers to, each with the fullest description."""
    described: dict[str, Texts] = {}
    for instance in register.instances(report):
        if instance.grading_scheme is not None:
            name = register.scheme(instance.grading_scheme)
            described[name] = instance.grading_scheme.descriptions or described.get(name, ())
    return described


def _groups(register: Register) -> str:
    if not register.group_types:
        return ""
    pieces = ["<groups>"]
    for type_id, (first, members) in register.group_types.items():
        pieces.append(f"<groupType{attribute('id', type_id)}>")
        pieces.append(phrases("title", first.type_titles) or leaf("title", type_id))
        for id_, group in members.items():
            key = token(group.sorting_key or "")
            names = attribute("id", id_) + (attribute("sortingKey", key) if key else "")
            titles = phrases("title", group.titles) or leaf("title", id_)
            pieces.append(f"<group{names}>{titles}</group>")
        pieces.append("</groupType>")
    pieces.append("</groups>")
    return "".join(pieces)

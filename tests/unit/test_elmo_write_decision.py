"""A decision on recognition as ELMO 2: what is written, what the official schema says of it, its PDF."""

from __future__ import annotations

import importlib.util
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree
from pypdf import PdfReader

from elmo_strategies import transcript as pdf_attachment
from emrex_gateway import transcript
from emrex_gateway.domain import (
    AttachmentType,
    Credit,
    Decision,
    DecisionStatus,
    Document,
    ElmoVersion,
    GradingScheme,
    Identifier,
    Instance,
    Institution,
    Issuer,
    Learner,
    PersonIdentifier,
    PersonIdentifierType,
    RecognisedStudy,
    Recognition,
    RecognitionState,
    Status,
    Texts,
    texts,
)
from emrex_gateway.elmo import NAMESPACE, check, write
from emrex_gateway.errors import ElmoError
from emrex_gateway.importing._decision import decision_document

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
N = {"e": NAMESPACE}
HOME = Institution(
    slug="home",
    names=texts(en="Home University", fi="Kotiyliopisto"),
    country="FI",
    domain="home.example",
    url="https://home.example/",
)
FJORDHAVN = Issuer(
    identifiers=(Identifier("schac", "fjordhavn.example"),),
    titles=texts(en="University of Fjordhavn"),
    url="https://fjordhavn.example/",
    country="NO",
)
LEARNER = Learner(
    given_names="Siiri",
    family_name="Järvi",
    birth_date=date(1999, 4, 30),
    identifiers=(
        PersonIdentifier(PersonIdentifierType.ESI, "urn:schac:personalUniqueCode:int:esi:x:1"),
        PersonIdentifier(PersonIdentifierType.NATIONAL, "300499-999X"),
    ),
)


def study(title: str, *, code: str = "", remark: Texts = (), **more: object) -> RecognisedStudy:
    """A study from Fjordhavn that counts, unless told otherwise."""
    made = RecognisedStudy(
        titles=texts(en=title),
        issuer=FJORDHAVN,
        brought=(Credit(scheme="ects", value=Decimal("7.5")),),
        counted_as=texts(en=f"{title} here"),
        code=code,
        credits=(Credit(scheme="ects", value=Decimal(5)),),
        remark=remark,
    )
    return replace(made, **more)  # type: ignore[arg-type]  # the caller names fields


FOUND = Recognition(
    state=RecognitionState.PARTIALLY_ACCEPTED,
    learner=LEARNER,
    decided_on=date(2026, 11, 24),
    remark=texts(en="Welcome home", fi="Tervetuloa"),
    studies=(
        study("Fjords", code="GEO-1"),
        study("Glaciers", code="GEO-1", remark=texts(en="With Fjords")),
        study("Skis <b>", accepted=False, status=Status.FAILED, remark=texts(en="Not here")),
        study("From", code="from-1", issuer=None),
    ),
)


def document(found: Recognition = FOUND) -> Document:
    made = decision_document(found, LEARNER, HOME, NOW)
    return replace(made, attachments=(pdf_attachment(),))


def written(made: Document) -> bytes:
    return write(made, ElmoVersion.V2_0).xml


def result(xml: bytes) -> etree._Element:
    (found,) = etree.fromstring(xml).iterfind("e:report/e:resultOfRecognition", N)
    return found


def test_what_is_written_keeps_every_rule() -> None:
    """The grammar's, and those of the annotations: also where a code is used twice or looks like ours."""
    assert () == check(written(document()), ElmoVersion.V2_0)


@pytest.mark.needs("shared")
def test_the_official_schema_takes_it(shared: Path) -> None:
    """Release 2.0.0, as it was published."""
    spec = importlib.util.spec_from_file_location(
        "official_elmo", shared / "tools" / "official_elmo.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.official_schema("2.0.0").assertValid(etree.fromstring(written(document())))


def test_each_mapping_leads_from_what_was_brought_to_what_counts() -> None:
    """Every reference has one end in the basis and one in the results; the refused study has none."""
    found = result(written(document()))

    def local(path: str) -> list[str]:
        return [str(one.text) for one in found.iterfind(path, N)]

    los = "e:learningOpportunitySpecification/e:identifier[@type='local']"
    basis = local(f"e:recognitionBasis/e:recognitionReport/{los}")
    results = local(f"e:recognitionResult/{los}")
    pairs = list(zip(local(".//e:fromMapping/e:ref"), local(".//e:toMapping/e:ref"), strict=True))
    assert ["from-1", "from-2", "from-3", "from-4"] == basis
    assert ["GEO-1", "recognised-2", "recognised-4"] == results
    assert [("from-1", "GEO-1"), ("from-2", "recognised-2"), ("from-4", "recognised-4")] == pairs


def test_what_is_said_of_the_whole() -> None:
    """The state, the day, the remark, and why something does not count, in the language of the reason."""
    found = result(written(document()))
    assert "Partially Positive" == found.findtext("e:status", namespaces=N)
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    described = {one.get(lang): one.text for one in found.iterfind("e:description", N)}
    assert {"en": "Welcome home\nSkis <b>: Not here", "fi": "Tervetuloa"} == described


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (RecognitionState.ACCEPTED, DecisionStatus.POSITIVE),
        (RecognitionState.REJECTED, DecisionStatus.NEGATIVE),
    ],
    ids=["accepted", "rejected"],
)
def test_other_states(state: RecognitionState, status: DecisionStatus) -> None:
    """Also a decision without a study in it, as some systems only say yes or no."""
    xml = written(document(Recognition(state=state, decided_on=date(2026, 1, 2))))
    assert status == result(xml).findtext("e:status", namespaces=N)
    with pytest.raises(ValueError, match="decided"):
        document(Recognition(state=RecognitionState.SUBMITTED))


def test_the_learner_leaves_by_the_institutions_rule() -> None:
    """A student's own download has no national identifier in it."""
    root = etree.fromstring(written(document()))
    types = [one.get("type") for one in root.iterfind("e:learner/e:identifier", N)]
    assert ["esi"] == types


def test_elmo_1_has_no_place_for_it() -> None:
    """It is refused rather than left out."""
    with pytest.raises(ElmoError, match="ELMO 2"):
        write(document(), ElmoVersion.V1_7)


def test_a_basis_is_studies_and_nothing_else() -> None:
    """A decision on a decision, files, and grades by a scheme that the basis does not describe."""
    (report,) = document().reports
    (decision,) = report.decisions

    def with_basis(**changes: object) -> Document:
        basis = replace(decision.basis[0], **changes)  # type: ignore[arg-type]  # as above
        changed = replace(decision, basis=(basis,), mapping=())
        return replace(document(), reports=(replace(report, decisions=(changed,)),))

    nested = Decision(status=DecisionStatus.POSITIVE)
    scheme = GradingScheme(id="x", descriptions=texts(en="1 to 5"))
    (first, *_) = decision.basis[0].opportunities
    graded = replace(first, instance=Instance(grade="5", grading_scheme=scheme))
    for changes in (
        {"decisions": (nested,)},
        {"attachments": (pdf_attachment(),)},
        {"opportunities": (graded,)},
    ):
        with pytest.raises(ElmoError):
            written(with_basis(**changes))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Decision on recognition of studies", "recognised in part", "Does not count here")),
        ("fi", ("Päätös opintojen hyväksilukemisesta", "hyväksytty osittain", "Ei hyväksytä")),
        ("sv", ("Beslut om tillgodoräknande av studier", "tillgodoräknas delvis", "Räknas inte")),
    ],
    ids=["en", "fi", "sv"],
)
def test_the_readable_copy(language: str, words: tuple[str, ...]) -> None:
    """Who, what was brought and what it counts as, by the title of what it is."""
    made = decision_document(FOUND, LEARNER, HOME, NOW)
    pdf = transcript.render(made, kind=AttachmentType.EMREX_TRANSCRIPT, language=language)
    reader = PdfReader(io.BytesIO(pdf))
    text = " ".join(page.extract_text() for page in reader.pages)
    spaced = " ".join(text.split())
    for word in (*words, "Järvi", "GEO-1", "University of Fjordhavn", "Skis <b>", "Not here"):
        assert word in spaced
    assert "recognised-2" not in spaced
    assert reader.metadata is not None
    assert words[0] in str(reader.metadata.title)

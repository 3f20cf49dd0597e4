"""Reading: what a signed file says, and that nothing else can be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from elmo_reading import ISSUER, NOW, course, file, only_study, read, verified
from elmo_strategies import documents, maximal
from emrex_gateway import elmo
from emrex_gateway.domain import (
    Attachment,
    AttachmentContent,
    Credit,
    Document,
    ElmoVersion,
    Identifier,
    Instance,
    LangString,
    LearningOpportunity,
    LosType,
    PersonIdentifier,
    PersonIdentifierType,
    Report,
    SignedElmo,
    Specification,
    Status,
    VerifiedElmo,
    attached,
    attached_to,
    texts,
)
from emrex_gateway.elmo import _read_study
from emrex_gateway.errors import ElmoError
from emrex_gateway.store._codec import pack, unpack
from sample_documents import everything


def written(document: Document, version: ElmoVersion = ElmoVersion.V1_7) -> bytes:
    return elmo.write(document, version, readable_copy=False).xml


@pytest.mark.parametrize("other", [SignedElmo(b"<elmo/>"), b"<elmo/>", "<elmo/>"])
def test_only_what_was_verified_can_be_read(other: VerifiedElmo) -> None:
    """Neither bytes nor a file that claims to be signed get into the reader; nobody else makes the type."""
    with pytest.raises(TypeError):
        elmo.read(other, now=NOW)
    with pytest.raises(TypeError):
        VerifiedElmo(b"<elmo/>", verified(file()).facts, witness=object())


@pytest.mark.parametrize("version", list(ElmoVersion))
@pytest.mark.parametrize("make", [maximal, everything])
def test_what_was_written_is_read_again(make: Callable[[], Document], version: ElmoVersion) -> None:
    """A document that uses every field of the model: written, read and written, the same bytes."""
    made = make()
    png = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
    files = {"application/pdf": b"%PDF-1.7 x", "image/png": png}

    def real(content: AttachmentContent) -> AttachmentContent:
        return replace(content, data=files.get(content.media_type, content.data))

    document = replace(
        made,
        attachments=tuple(
            replace(a, contents=tuple(map(real, a.contents))) for a in made.attachments
        ),
        reports=tuple(
            replace(
                r,
                attachments=tuple(
                    replace(a, contents=tuple(map(real, a.contents))) for a in r.attachments
                ),
            )
            for r in made.reports
        ),
    )
    first = written(document, version)
    found = read(first)
    assert () == found.warnings
    assert ("2.0" if version is ElmoVersion.V2_0 else "1.x") == found.release
    assert first == written(found.document, version)
    assert found.document.learner.identifiers == document.learner.identifiers
    assert unpack(pack(found), type(found)) == found


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(document=documents())
def test_any_file_of_ours_is_read_without_loss(document: Document) -> None:
    """What the reader makes of a file is what it makes of that again; nothing is mended in silence."""
    for version in ElmoVersion:
        found = read(written(document, version))
        assert set(found.warnings) <= {
            "attachment", "attachment-type", "birth-date", "credit", "generated-later", "markup",
            "language-twice", "number", "reference",
        }  # fmt: skip
        again = read(written(_settled(found.document), version))
        assert _settled(found.document) == again.document


def _settled(document: Document) -> Document:
    """The document without what ``write`` leaves out: ECTS credits without a figure."""

    def settle(report: Report) -> Report:
        return replace(report, opportunities=tuple(one(o) for o in report.opportunities))

    def one(node):  # type: ignore[no-untyped-def]  # a recursive helper of this test
        kept = tuple(
            c for c in node.instance.credits if c.scheme.lower() != "ects" or c.value is not None
        )
        return replace(
            node,
            instance=replace(node.instance, credits=kept),
            parts=tuple(one(part) for part in node.parts),
        )

    return replace(document, reports=tuple(settle(r) for r in document.reports))


def test_unknown_elements_are_ignored() -> None:
    """New releases add elements, providers their own: the rest is read as if these were not there."""
    plain = read(file(course()))
    odd = "<later>x<status>failed</status></later>"
    foreign = '<o:learner xmlns:o="urn:other"><o:bday>1999-01-01</o:bday></o:learner>'
    found = read(
        file(course(odd, about=odd), in_report=odd, outside=odd + foreign)
        .replace("<learner>", f"<learner>{odd}")
        .replace("<issuer>", f"<issuer>{odd}")
    )
    assert plain.document == found.document
    assert () == found.warnings
    assert any("[schema]" in problem for problem in found.problems)


def test_a_missing_status_is_passed_and_an_unknown_one_is_not() -> None:
    """The schema says what a missing one means; nobody says what an unknown one means."""
    statuses = {
        "": (Status.PASSED, ("status-missing",)),
        "passed": (Status.PASSED, ()),
        "FAILED": (Status.FAILED, ()),
        "in progress": (Status.IN_PROGRESS, ()),
        "excellent": (Status.IN_PROGRESS, ("status",)),
    }
    for said, expected in statuses.items():
        found = read(file(course(status=said)))
        assert expected == (only_study(found).instance.status, found.warnings), said


def test_a_study_without_result_is_not_one_that_was_passed() -> None:
    """Where no LOI says anything, nothing was achieved."""
    bare = "<learningOpportunitySpecification><title>T</title>{}</learningOpportunitySpecification>"
    for inside in ("", "<specifies/>"):
        found = read(file(bare.format(inside)))
        assert Instance(status=Status.IN_PROGRESS) == only_study(found).instance
        assert ("instance-missing",) == found.warnings


def test_schema_errors_are_reported_and_stop_nothing() -> None:
    """Element and rule, no contents: what a provider writes may be about a person."""
    found = read(file(course("<credit><scheme>ECTS</scheme><level>Secret</level></credit>")))
    assert (Credit(scheme="ECTS"),) == only_study(found).instance.credits
    assert [p for p in found.problems if "credit/level" in p and "[schema]" in p]
    assert not [p for p in found.problems if "Secret" in p or "Aino" in p]


def test_problems_of_a_broken_file_are_counted_out() -> None:
    """A file that breaks a rule in each of its studies is told in a few lines."""
    found = read(file(course(status="") * 300))
    assert 300 == len(found.document.reports[0].opportunities)
    assert len(found.problems) <= 50
    assert [p for p in found.problems if "[status]" in p]


def test_the_learner_is_read_with_all_identifiers() -> None:
    """Known types decide who somebody is; the others are kept as they are spelt, for the matcher."""
    stated = {
        "esi": "urn:schac:personalUniqueCode:int:esi:x:1",
        "NationalIdentifier": "010100-123D",
        "stadsIdentifier": "697",
    }
    spelt = "".join(f'<identifier type="{t}">{v}</identifier>' for t, v in stated.items())
    found = read(
        file(
            learner=f"<learner><citizenship>el</citizenship>{spelt}<givenNames> Aino\n Ilona"
            "</givenNames><familyName>Jär<?x y?>vi<!-- z -->nen</familyName><alternativeName"
            ' xml:lang="ru">Айно</alternativeName><dateOfBirth>2000-01-02+02:00</dateOfBirth>'
            "<placeOfBirth>Imatra</placeOfBirth><birthName>Lampi</birthName><gender>2</gender>"
            "</learner>"
        )
    )
    learner = found.document.learner
    assert ("Aino Ilona", "Järvinen", date(2000, 1, 2)) == (
        learner.given_names, learner.family_name, learner.birth_date,
    )  # fmt: skip
    assert ("GR", "Imatra", "Lampi", 2, LangString("Айно", "ru")) == (
        learner.citizenship, learner.place_of_birth, learner.birth_name, learner.gender,
        learner.alternative_name,
    )  # fmt: skip
    assert tuple(Identifier(t, v) for t, v in stated.items()) == found.identifiers
    assert (
        PersonIdentifier(PersonIdentifierType.ESI, stated["esi"]),
        PersonIdentifier(PersonIdentifierType.NATIONAL, "010100-123D"),
    ) == learner.identifiers
    assert "2.0" == found.release
    assert "Järvinen" not in repr(found)
    assert "010100-123D" not in repr(found)


def test_two_people_in_one_file_are_nobody() -> None:
    """Whose records these are cannot be said, so they are nobody's."""
    one = "<learner><givenNames>A</givenNames><familyName>B</familyName></learner>"
    with pytest.raises(ElmoError, match="two learners"):
        read(file(learner=one + one))
    found = read(file(learner=""))
    assert ("", "", ("learner-missing",)) == (
        found.document.learner.given_names, found.document.learner.family_name, found.warnings,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("<bday>2000-01-02</bday><dateOfBirth>2000-01-02</dateOfBirth>", date(2000, 1, 2)),
        ("<bday>2000-01-02</bday><dateOfBirth>2000-02-01</dateOfBirth>", None),
        ("<bday>0001-01-01</bday>", None),
        ("<bday>2100-01-01</bday>", None),
        ("<bday>01.02.2000</bday>", None),
        ("<bday>2000-02-30</bday>", None),
        ("<bday/>", None),
    ],
)
def test_a_birth_date_is_right_or_missing(said: str, expected: date | None) -> None:
    """A wrong one would refuse the right person or let in another: an officer looks instead."""
    found = read(file(learner=f"<learner>{said}</learner>"))
    assert expected == found.document.learner.birth_date


def test_references_are_resolved_within_their_report() -> None:
    """Grading schemes and files are named in a report, groups in the document."""
    scheme = (
        '<gradingScheme localId="s"><description xml:lang="en">{}</description></gradingScheme>'
    )
    refers = "<gradingSchemeLocalId>s</gradingSchemeLocalId>"
    grouped = '<grouping typeref="t" idref="g"/>'
    report = "<report>" + ISSUER + "{}<issueDate>2026-03-01T12:30:00Z</issueDate>{}</report>"
    found = read(
        file(
            course(refers + grouped),
            in_report=scheme.format("0 to 5"),
            outside=report.format(course(refers), scheme.format("A to F"))
            + '<groups><groupType id="t"><title>By cycle</title><group id="g" sortingKey="1">'
            "<title>First</title></group></groupType></groups>",
        )
    )
    first, second = (r.opportunities[0].instance for r in found.document.reports)
    assert first.grading_scheme is not None
    assert second.grading_scheme is not None
    assert first.group is not None
    assert ("0 to 5", "A to F", "By cycle", "First", "1") == (
        first.grading_scheme.descriptions[0].value,
        second.grading_scheme.descriptions[0].value,
        first.group.type_titles[0].value,
        first.group.titles[0].value,
        first.group.sorting_key,
    )
    lost = read(file(course("<gradingSchemeLocalId>x</gradingSchemeLocalId>" + grouped)))
    assert ("reference",) == lost.warnings
    assert only_study(lost).instance.group is None
    external = "<gradingSchemeExternalId>ECTS-2015</gradingSchemeExternalId>"
    graded = only_study(read(file(course(external)))).instance.grading_scheme
    assert graded is not None
    assert "ECTS-2015" == graded.id


def test_studies_keep_their_order_and_their_places() -> None:
    """The tree comes out as it stands in the file."""

    def named(title: str, *parts: str) -> str:
        inside = "".join(f"<hasPart>{part}</hasPart>" for part in parts)
        return course(parts=inside).replace("Limnology", title)

    forest = named("1", named("1.1", named("1.1.1")), named("1.2")) + named("2", named("2.1"))
    (report,) = read(file(forest)).document.reports
    seen = []
    work = [(0, node) for node in reversed(report.opportunities)]
    while work:
        depth, node = work.pop()
        seen.append((depth, node.specification.titles[0].value))
        work.extend((depth + 1, part) for part in reversed(node.parts))
    assert [(0, "1"), (1, "1.1"), (2, "1.1.1"), (1, "1.2"), (0, "2"), (1, "2.1")] == seen


def test_what_is_nested_too_deeply_moves_up_and_is_not_lost() -> None:
    """Deeper than anything writes; every study is there all the same, in the file's order."""
    start = "<learningOpportunitySpecification><title>{}</title><hasPart>"
    end = "</hasPart></learningOpportunitySpecification>"
    found = read(file("".join(start.format(n) for n in range(110)) + end * 110))
    titles, deepest = [], 0
    work = [(1, node) for node in found.document.reports[0].opportunities]
    while work:
        depth, node = work.pop()
        deepest = max(deepest, depth)
        titles.append(node.specification.titles[0].value)
        work.extend((depth + 1, part) for part in reversed(node.parts))
    assert (90, [str(n) for n in range(110)]) == (deepest, titles)
    assert "levels" in found.warnings
    assert unpack(pack(found), type(found)) == found
    elmo.write(found.document, readable_copy=False)


def test_more_studies_than_anybody_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading some of them would be a lie about the person."""
    monkeypatch.setattr(_read_study, "MAX_STUDIES", 3)
    assert 3 == len(read(file(course() * 3)).document.reports[0].opportunities)
    with pytest.raises(ElmoError, match="studies"):
        read(file(course() * 4))


def test_times_have_a_zone_and_missing_ones_a_stand_in() -> None:
    """A report without date has the file's; a file without date has the time of reading."""
    bare = f'<elmo xmlns="{elmo.NAMESPACE}"><report/></elmo>'
    found = read(bare)
    (report,) = found.document.reports
    assert (NOW, NOW) == (found.document.generated_at, report.issued_at)
    assert {"generated-date", "issue-date", "learner-missing", "issuer"} == set(found.warnings)
    later = read(file(course()).replace("2026-03-01", "2027-03-01", 1))
    assert ("generated-later",) == later.warnings
    without = read(file(course()).replace("+02:00", "", 1))
    assert datetime(2026, 3, 1, 12, 30, tzinfo=UTC) == without.document.generated_at
    assert ("time-zone",) == without.warnings


def test_an_issuer_that_lacks_something_is_completed() -> None:
    """As for files of our own; what it said is kept, and what is no address goes."""
    issuer = "<issuer><title>Somewhere</title><url>javascript:alert(1)</url></issuer>"
    found = read(file(course(), issuer=issuer))
    (report,) = found.document.reports
    assert (Identifier("name", "Somewhere"),) == report.issuer.identifiers
    assert report.issuer.url.startswith("https://")
    assert ("issuer",) == found.warnings


def test_values_that_deceive_do_not_get_in() -> None:
    """The same cleaning as for what leaves: a name cannot display as another one."""
    found = read(
        file(
            course(about='<url>javascript:alert(1)</url><type xml:lang="en">Course</type>'),
            learner="<learner><givenNames>A\u202eb</givenNames><familyName>C\u0085d"
            "</familyName></learner>",
        )
    )
    assert ("Ab", "C d") == (
        found.document.learner.given_names, found.document.learner.family_name,
    )  # fmt: skip
    specification = only_study(found).specification
    assert (None, LosType.COURSE) == (specification.url, specification.type)


def test_extensions_travel_if_they_are_foreign() -> None:
    """What our own writer would refuse does not get in: a later reader might find it."""
    good = '<x:a xmlns:x="urn:x"><x:b>1</x:b></x:a>'
    own = f'<learner xmlns="{elmo.NAMESPACE}"/>'
    signature = '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#x"/>'
    inside = f'<y:c xmlns:y="urn:y">{own}</y:c>'
    found = read(file(course(), outside=f"<extension>{good}{own}{inside}</extension>"))
    assert [good] == [e.xml for e in found.document.extensions]
    assert ("extension",) == found.warnings
    kept = read(file(course(f"<extension>{signature}</extension>")))
    assert (signature,) == tuple(e.xml for e in only_study(kept).instance.extensions)


def test_files_are_gathered_once_and_pdfs_first() -> None:
    """``attached`` finds what a document carries, wherever it hangs."""

    def held(name: str, data: str) -> str:
        return (
            f'<attachment><identifier type="internal">{name}</identifier>'
            f"<content>data:text/plain,{data}</content></attachment>"
        )

    supplement = (
        "<diplomaSupplement><issueDate>2020-01-01</issueDate><section number='1'><title>S</title>"
        f"<section number='1.1'><title>T</title>{held('deep', '%25PDF-1.7')}</section></section>"
        "</diplomaSupplement>"
    )
    refers = "<attachments><ref>mine</ref><ref>shared</ref><ref>outer</ref></attachments>"
    both = "<attachments><ref>shared</ref></attachments>"
    found = read(
        file(
            course(refers + supplement) + course(both),
            in_report=held("mine", "m") + held("shared", "%25PDF-1.4") + held("whole", "w"),
            outside=held("outer", "o"),
        )
    )
    document = found.document
    assert ["shared", "deep", "outer", "whole", "mine"] == [a.id for a in attached(document)]
    (report,) = document.reports
    held_by = [(a.id, bool(a.contents)) for a in report.opportunities[0].instance.attachments]
    assert [("mine", True), ("shared", False), ("outer", False)] == held_by
    assert ["shared", "whole", "mine", "shared", "outer", "deep", "shared"] == [
        a.id for a in attached_to(report)
    ]
    rewritten = read(written(document)).document
    assert [a.id for a in attached(document)] == [
        "deep" if a.id == "attachment" else a.id for a in attached(rewritten)
    ]


def test_names_of_files_hold_within_a_report_and_are_told_apart() -> None:
    """Two reports may name two files alike; a study has the one of its own report."""

    def held(data: str) -> str:
        return (
            '<attachment><identifier type="internal">a</identifier>'
            f"<content>data:text/plain,{data}</content></attachment>"
        )

    refers = course("<attachments><ref>a</ref></attachments>")
    report = f"<report>{ISSUER}{refers}<issueDate>2026-03-01T12:30:00Z</issueDate>{{}}</report>"
    found = read(
        file(refers, in_report=held("first"), outside=report.format(held("second")) + held("all"))
    )
    mine = [r.opportunities[0].instance.attachments[0] for r in found.document.reports]
    assert [b"first", b"second"] == [a.contents[0].data for a in mine]
    assert 3 == len({a.id for a in attached(found.document)})


def test_the_time_of_reading_must_be_known_in_a_zone() -> None:
    """A later time by another clock is not a later time."""
    east = NOW.astimezone(UTC) + timedelta(hours=5)
    assert () == elmo.read(verified(file(course())), now=east).warnings


def test_a_name_without_file_means_nothing_in_another_report() -> None:
    """References hold within a report: a namesake elsewhere is not what is meant."""
    report = maximal().reports[0]
    held = Attachment(id="x", contents=(AttachmentContent(media_type="text/plain", data=b"x"),))
    bare = Attachment(id="x", contents=(), titles=texts(en="Named only"))

    def holding(attachment: Attachment) -> Report:
        study = LearningOpportunity(
            specification=Specification(titles=texts(en="Study")),
            instance=Instance(attachments=(attachment,)),
        )
        return replace(report, opportunities=(study,), attachments=())

    document = replace(maximal(), reports=(holding(held), holding(bare), holding(bare)))
    xml = written(document)
    assert () == elmo.check(xml, readable_copy=False)
    assert 2 == xml.count(b"Named only")

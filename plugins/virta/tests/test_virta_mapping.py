"""One attainment becomes one record: every oddity that a row can have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from emrex_gateway.domain import (
    Credit,
    Identifier,
    Institution,
    LangString,
    Level,
    Recognised,
    Status,
    StudyRecord,
)
from emrex_virta import plugin
from virta_answers import answer, other_scale, person, right, row
from virta_world import Map, virta_settings


def test_titles_keep_their_languages(single: Callable[..., StudyRecord]) -> None:
    """English, Finnish, Swedish, others, untagged; the first value a language; blanks are none."""
    names = {"": "Untagged", "sv": "Svenska", "de": "Deutsch", "en": " ", "fi": "  Suo\n mi "}
    assert (
        LangString("Suo mi", "fi"),
        LangString("Svenska", "sv"),
        LangString("Deutsch", "de"),
        LangString("Untagged", None),
    ) == single(names=names).specification.titles


def test_a_language_code_that_means_none(single: Callable[..., StudyRecord]) -> None:
    """20, 98 and 99 are no languages, neither of a title nor of instruction."""
    record = single(names={"99": "Nimi"}, more="<v:Kieli>20</v:Kieli>")
    assert (LangString("Nimi", None),) == record.specification.titles
    assert record.instance.language is None
    assert "sv" == single(more="<v:Kieli>sv</v:Kieli>").instance.language


def test_without_a_title_the_code(single: Callable[..., StudyRecord]) -> None:
    """And without a code the key: something a person can ask the institution about."""
    assert (LangString("C-1"),) == single(names={}).specification.titles
    assert (LangString("k-9"),) == single(key="k-9", code="", names={}).specification.titles


def test_markup_in_a_name_is_text(single: Callable[..., StudyRecord]) -> None:
    """Nothing is unescaped twice."""
    title = "<script>alert(1)</script> & co"
    assert title == single(names={"fi": title}).specification.titles[0].value


@pytest.mark.parametrize(
    ("extent", "expected"),
    [
        ("<v:Opintopiste>5.000000</v:Opintopiste>", [("ects", "5")]),
        ("<v:Opintopiste>100</v:Opintopiste>", [("ects", "100")]),
        ("<v:Opintopiste>0.0</v:Opintopiste>", [("ects", "0")]),
        ("<v:Opintopiste>2,5</v:Opintopiste>", [("ects", "2.5")]),
        ("<v:Opintopiste>3</v:Opintopiste><v:Opintoviikko>0.0</v:Opintoviikko>", [("ects", "3")]),
        ("<v:Opintoviikko>3</v:Opintoviikko>", [("opintoviikko", "3")]),
        (
            "<v:Opintopiste>0</v:Opintopiste><v:Opintoviikko>3</v:Opintoviikko>",
            [("opintoviikko", "3")],
        ),
        (
            "<v:Opintopiste>4.5</v:Opintopiste><v:Opintoviikko>3</v:Opintoviikko>",
            [("ects", "4.5"), ("opintoviikko", "3")],
        ),
        ("", []),
        ("<v:Opintopiste/>", []),
        ("<v:Opintopiste>viisi</v:Opintopiste>", []),
        ("<v:Opintopiste>-5</v:Opintopiste>", []),
        ("<v:Opintopiste>NaN</v:Opintopiste>", []),
        ("<v:Opintopiste>1e999999</v:Opintopiste>", []),
    ],
)
def test_credits(
    single: Callable[..., StudyRecord], extent: str, expected: list[tuple[str, str]]
) -> None:
    """Each figure in its own scheme; credit weeks are never converted; nonsense is unknown."""
    credits_ = tuple(Credit(scheme=scheme, value=Decimal(value)) for scheme, value in expected)
    found = single(extent=extent).instance.credits
    assert credits_ == found
    assert [value for _, value in expected] == [f"{credit.value:f}" for credit in found]


@pytest.mark.parametrize(
    ("grade", "label", "scheme", "status"),
    [
        ("<v:Viisiportainen>5</v:Viisiportainen>", "5", "virta-viisiportainen", "passed"),
        ("<v:Viisiportainen>HYV</v:Viisiportainen>", "HYV", "virta-viisiportainen", "passed"),
        ("<v:Viisiportainen>0</v:Viisiportainen>", "0", "virta-viisiportainen", "failed"),
        ("<v:Viisiportainen>HYL</v:Viisiportainen>", "HYL", "virta-viisiportainen", "failed"),
        ("<v:ToinenKotimainen>TT</v:ToinenKotimainen>", "TT", "virta-toinenkotimainen", "passed"),
        ("<v:Hyvaksytty>HYV</v:Hyvaksytty>", "HYV", "virta-hyvaksytty", "passed"),
        ("<v:Naytetyo>KH</v:Naytetyo>", "KH", "virta-naytetyo", "passed"),
        ("<v:Tutkielma>L</v:Tutkielma>", "L", "virta-tutkielma", "passed"),
        ("<v:Tutkielma>I</v:Tutkielma>", "I", "virta-tutkielma", "failed"),
        ("<v:EiKaytossa>Arvosana ei kaytossa</v:EiKaytossa>", None, None, "passed"),
        ("<v:UusiAsteikko>7</v:UusiAsteikko>", "7", None, "passed"),
        ("<v:Viisiportainen/>", None, None, "passed"),
        ("", None, None, "passed"),
    ],
)
def test_grades(
    single: Callable[..., StudyRecord],
    grade: str,
    label: str | None,
    scheme: str | None,
    status: str,
) -> None:
    """Every scale of VIRTA's, one that nobody knows yet, and none."""
    instance = single(grade=grade).instance
    found = instance.grading_scheme.id if instance.grading_scheme else None
    assert (label, scheme, Status(status)) == (instance.grade, found, instance.status)


_OWN = (("901", "HYL", "Hylätty"), ("902", "H", "Hyvä"), ("H", "K", "Kiitettävä"))


@pytest.mark.parametrize(
    ("code", "label", "status"),
    [
        ("902", "H (Hyvä)", "passed"),  # by key
        ("K", "K (Kiitettävä)", "passed"),  # by code
        ("H", "K (Kiitettävä)", "passed"),  # both: the key, as institutions write it
        ("901", "HYL (Hylätty)", "failed"),
        ("777", "777", "passed"),  # to nothing
    ],
)
def test_grades_of_an_own_scale(
    single: Callable[..., StudyRecord], code: str, label: str, status: str
) -> None:
    """The code refers to a grade's key in practice and to its code by the book."""
    instance = single(grade=other_scale(code, *_OWN)).instance
    assert (label, Status(status)) == (instance.grade, instance.status)
    assert instance.grading_scheme is not None
    (text,) = instance.grading_scheme.descriptions
    assert LangString("Oma asteikko: HYL Hylätty, H Hyvä, K Kiitettävä", None) == text


@pytest.mark.parametrize(
    ("code", "others", "status"),
    [
        ("I", ("A", "L"), "failed"),
        ("I", ("II", "III"), "passed"),  # a Roman one
        ("F", ("A", "B"), "failed"),
        ("0", ("1", "2"), "failed"),
        ("U", ("G", "VG"), "failed"),
    ],
)
def test_letters_that_fail_in_their_series_only(
    single: Callable[..., StudyRecord], code: str, others: tuple[str, ...], status: str
) -> None:
    """I fails where there is a laudatur, F where there is an A."""
    grades = [(c, c, "") for c in (code, *others)]
    assert Status(status) is single(grade=other_scale(code, *grades)).instance.status


def test_two_own_scales_have_two_ids(mapped: Map) -> None:
    """A report describes each scale once: what differs must not share an id, and what is the same must."""
    first = other_scale("H", *_OWN)
    second = other_scale("H", *_OWN[1:])
    records = mapped(
        person(row("1", grade=first), row("2", grade=second), row("3", grade=first)),
        person(row("4", grade=first, grantor="10065"), key="b"),
    )
    ids = [r.instance.grading_scheme.id for r in records if r.instance.grading_scheme]
    assert [True, False, False] == [ids[0] == other for other in (ids[2], ids[1], ids[3])]


@pytest.mark.parametrize(
    ("kind", "type_", "code", "level"),
    [
        ("1", "1", "621702", "6"),
        ("1", "2", "655101", "6"),
        ("1", "3", "721702", "7"),
        ("1", "4", "751101", "7"),
        ("1", "6", "", "8"),
        ("1", "7", "", "8"),
        ("1", "6", "772102", "7"),  # licentiate of medicine
        ("1", "4", "655101", "6"),  # a bachelor's degree within the right to a master's
        ("1", "13", "", None),
        ("2", "4", "751101", None),
    ],
)
def test_levels_of_degrees(
    mapped: Map, kind: str, type_: str, code: str, level: str | None
) -> None:
    """From the study right that the degree was completed in; on degrees only."""
    more = f"<v:Koulutuskoodi>{code}</v:Koulutuskoodi>" if code else ""
    (record,) = mapped(
        person(row("d", kind=kind, right="r", more=more), rights=right("r", type_, code or "1"))
    )
    expected = (Level(type="EQF", value=level),) if level else ()
    assert expected == record.instance.levels


def test_a_degree_without_its_right(mapped: Map) -> None:
    """The right with the same degree's code is the one; its field stands in for the degree's."""
    more = "<v:Koulutuskoodi>671103</v:Koulutuskoodi>"
    field = '<v:Koulutusala versio="ohjausala">11</v:Koulutusala>'
    (record,) = mapped(
        person(
            row("d", kind="1", more=more),
            rights=right("x", "4", "751101") + right("y", "1", "671103", more=field),
        )
    )
    assert (Level(type="EQF", value="6"),) == record.instance.levels
    assert "09" == record.specification.isced_code
    assert Identifier("koulutuskoodi", "671103") in record.specification.identifiers


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ('<v:Koulutusala><v:Koodi versio="ohjausala">8</v:Koodi></v:Koulutusala>', "07"),
        ('<v:Koulutusala><v:Koodi versio="ohjausala">08</v:Koodi></v:Koulutusala>', "07"),
        ('<v:Koulutusala versio="ohjausala">12</v:Koulutusala>', "10"),
        ('<v:Koulutusala><v:Koodi versio="opm95opa">90</v:Koodi></v:Koulutusala>', None),
        ('<v:Koulutusala><v:Koodi versio="ohjausala">77</v:Koodi></v:Koulutusala>', None),
        ('<v:Koulutusala><v:Koodi versio="ohjausala">x</v:Koodi></v:Koulutusala>', None),
        ("<v:Koulutusala/>", None),
        ("", None),
    ],
)
def test_fields_of_education(
    single: Callable[..., StudyRecord], fields: str, expected: str | None
) -> None:
    """The broad field of ISCED-F from the ministry's field; other classifications do not map."""
    assert expected == single(more=fields).specification.isced_code


def test_the_largest_share_is_the_field(single: Callable[..., StudyRecord]) -> None:
    """Several fields share an attainment: ELMO has room for one."""
    fields = "".join(
        f'<v:Koulutusala><v:Koodi versio="ohjausala">{code}</v:Koodi><v:Osuus>{share}</v:Osuus>'
        "</v:Koulutusala>"
        for code, share in (("1", "0.2"), ("4", "0.5"), ("5", "0.3"))
    )
    assert "03" == single(more=fields).specification.isced_code


def test_recognised_studies(single: Callable[..., StudyRecord]) -> None:
    """When, and from where; other roles of organisations mean something else."""
    source = "<v:Organisaatio><v:Rooli>{}</v:Rooli><v:Koodi>{}</v:Koodi></v:Organisaatio>"
    when = "<v:HyvaksilukuPvm>2019-08-01</v:HyvaksilukuPvm>"
    both = single(more=source.format(3, "02535") + source.format(2, "10065") + when)
    assert (
        Recognised(
            source=(
                LangString("Arcada University of Applied Sciences", "en"),
                LangString("Yrkeshögskolan Arcada", "sv"),
            ),
            on=date(2019, 8, 1),
        )
        == both.recognised
    )
    assert Recognised(on=date(2019, 8, 1)) == single(more=when).recognised
    only_source = single(more=source.format(3, "UK")).recognised
    assert only_source is not None
    assert only_source.on is None
    assert single(more=source.format(1, "02535")).recognised is None
    assert single(grantor="10122", more=source.format(3, "10122")).recognised is None
    assert single().recognised is None


def test_thesis_and_public_notes(single: Callable[..., StudyRecord]) -> None:
    """Both are told in the description, each note in its own language."""
    more = (
        "<v:Opinnaytetyo>1</v:Opinnaytetyo>"
        '<v:JulkinenLisatieto kieli="fi">Aihe: sillat</v:JulkinenLisatieto>'
        "<v:JulkinenLisatieto>Untagged</v:JulkinenLisatieto>"
    )
    assert {
        LangString("Thesis.", "en"),
        LangString("Opinnäytetyö.\nAihe: sillat", "fi"),
        LangString("Lärdomsprov.", "sv"),
        LangString("Untagged", None),
    } == set(single(more=more).specification.descriptions)
    assert () == single(more="<v:Opinnaytetyo>0</v:Opinnaytetyo>").specification.descriptions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-05-31", date(2020, 5, 31)),
        ("2020-05-31+03:00", date(2020, 5, 31)),
        ("31.5.2020", None),
        ("2020-02-30", None),
        ("", None),
    ],
)
def test_dates(single: Callable[..., StudyRecord], text: str, expected: date | None) -> None:
    """A date with a zone is that day; what is no date is unknown. A term is never guessed."""
    instance = single(date=text).instance
    assert expected == instance.completed
    assert instance.term is None
    assert instance.start is None


def test_course_codes_are_local_identifiers(single: Callable[..., StudyRecord]) -> None:
    """Opaque, as the institution writes them: "CODE Name" of one system, ids of another."""
    for code in ("AMM18KY AM00BK78", "otm-1f2a", "https://x/y?z"):
        assert (Identifier("local", code),) == single(code=code).specification.identifiers


def test_keys_of_attainments_do_not_leave(mapped: Map) -> None:
    """Some institutions build them from an identity code."""
    (record,) = mapped(person(row("avain-131052-308T", names={"fi": "Kurssi"})))
    assert "131052" not in repr(record.specification) + repr(record.instance)


def test_comments_do_not_cut_texts(institution: Institution) -> None:
    """Recorded answers have comments in them."""
    body = answer(person(row(names={"fi": "Yksi kaksi"}))).replace(
        b"Yksi kaksi", b"Yksi<!-- x --> kaksi"
    )
    _, (record,) = plugin.convert(institution, virta_settings("https://virta.example"), body)
    assert "Yksi kaksi" == record.specification.titles[0].value


def test_another_version_of_the_namespace(institution: Institution) -> None:
    """The data's namespace carries a date: a newer one is read as well."""
    body = answer(person(row())).replace(b"virta/2015/09/01", b"virta/2027/01/01")
    _, records = plugin.convert(institution, virta_settings("https://virta.example"), body)
    assert 1 == len(records)

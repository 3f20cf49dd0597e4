"""VIRTA's data becomes records: every defect that its answers have, in answers written for it."""

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
    LosType,
    Recognised,
    Status,
    StudyRecord,
    best_text,
)
from emrex_gateway.errors import AmbiguousStudent
from emrex_virta import plugin
from virta_answers import answer, other_scale, person, right, row
from virta_world import virta_settings

Map = Callable[..., tuple[StudyRecord, ...]]


@pytest.fixture
def mapped(institution: Institution) -> Map:
    def map_(*persons: str, **settings: object) -> tuple[StudyRecord, ...]:
        found = virta_settings("https://virta.example", **settings)
        _, records = plugin.convert(institution, found, answer(*persons))
        return tuple(records)

    return map_


@pytest.fixture
def single(mapped: Map) -> Callable[..., StudyRecord]:
    def map_(**parts: object) -> StudyRecord:
        (record,) = mapped(person(row(**parts)))  # type: ignore[arg-type]  # parts of a row
        return record

    return map_


def shape(records: tuple[StudyRecord, ...]) -> dict[str, str | None]:
    """Keys to parents, without the institution's number."""
    return {
        r.key.partition("-")[2]: r.parent.partition("-")[2] if r.parent else None for r in records
    }


# --- the graph


def test_a_part_of_a_part(mapped: Map) -> None:
    """References lead from parent to child, in whichever order the rows come."""
    records = mapped(person(row("c"), row("m", parts=("c",)), row("d", kind="1", parts=("m",))))
    assert {"c": "m", "m": "d", "d": None} == shape(records)


def test_degrees_list_the_courses_of_their_modules_too(mapped: Map) -> None:
    """Of two parents of which one contains the other, the inner one; nothing more to say."""
    records = mapped(person(row("d", kind="1", parts=("c", "m")), row("m", parts=("c",)), row("c")))
    assert {"d": None, "m": "d", "c": "m"} == shape(records)
    assert () == records[2].specification.descriptions


def test_two_unrelated_parents(mapped: Map) -> None:
    """The row appears once: under the parent of its own study right, and it names the other."""
    records = mapped(
        person(
            row("a", parts=("c",), right="old", names={"en": "Old module"}),
            row("b", parts=("c",), right="new", names={"en": "New module"}),
            row("c", right="new"),
        )
    )
    assert {"a": None, "b": None, "c": "b"} == shape(records)
    assert (LangString("Also part of: Old module.", "en"),) == records[2].specification.descriptions
    assert LosType.MODULE is records[0].specification.type


def test_the_deeper_of_two_parents(mapped: Map) -> None:
    """A course in a nested module and in a top-level one stands where it says most."""
    records = mapped(
        person(
            row("top", parts=("c",)),
            row("outer", parts=("inner",)),
            row("inner", parts=("c",)),
            row("c"),
        )
    )
    assert "inner" == shape(records)["c"]


def test_references_to_nothing(mapped: Map) -> None:
    """They are left out; a row that refers to nothing else is a course."""
    (record,) = mapped(person(row("m", parts=("gone", "", "gone"))))
    assert LosType.COURSE is record.specification.type


@pytest.mark.parametrize("ring", [("a",), ("a", "b"), ("a", "b", "c", "d")])
def test_cycles_are_cut(mapped: Map, ring: tuple[str, ...]) -> None:
    """Each row is there, none is its own ancestor, and the cut is the same every time."""
    rows = [row(key, parts=(ring[(i + 1) % len(ring)],)) for i, key in enumerate(ring)]
    records = mapped(person(*rows))
    expected = dict(zip(ring, (None, *ring), strict=False))
    assert expected == shape(records)
    assert records == mapped(person(*rows))


def test_a_cycle_below_a_degree(mapped: Map) -> None:
    """The walk starts from the tops: the cycle hangs where it belongs."""
    records = mapped(
        person(row("x", parts=("y",)), row("y", parts=("x",)), row("d", kind="1", parts=("y",)))
    )
    assert {"x": "y", "y": "d", "d": None} == shape(records)


def test_very_deep_and_very_wide(mapped: Map) -> None:
    """Neither exhausts the stack; every row survives."""
    deep = [row(str(i), parts=(str(i + 1),)) for i in range(3000)]
    assert 3000 == len(mapped(person(*deep)))
    wide = row("d", parts=tuple(str(i) for i in range(3000)))
    records = mapped(person(wide, *(row(str(i)) for i in range(3000))))
    assert 3000 == sum(record.parent is not None for record in records)


def test_rows_that_do_not_count_are_dropped(mapped: Map) -> None:
    """Kinds 3 and 4 do not leave; what is part of them moves up to what contained them."""
    records = mapped(
        person(
            row("d", kind="1", parts=("x",)),
            row("x", kind="3", parts=("y",)),
            row("y", kind="4", parts=("c",)),
            row("c"),
            row("z", kind="3", parts=("e",)),
            row("e"),
        )
    )
    assert {"d": None, "c": "d", "e": None} == shape(records)


def test_one_key_at_two_institutions(mapped: Map) -> None:
    """Keys are unique within an institution only: references stay there."""
    one = person(row("1", grantor="10122", parts=("2",)), row("2", grantor="10122"), key="a")
    two = person(row("2", grantor="10065", code="OTHER"), key="b")
    records = mapped(one, two)
    assert {"10122-1": None, "10122-2": "10122-1", "10065-2": None} == {
        r.key: r.parent for r in records
    }


def test_one_key_twice_with_different_contents(mapped: Map) -> None:
    """Both rows stay, each with a key of its own; a reference means the one of the same right."""
    records = mapped(
        person(
            row("k", code="ONE", right="r1"),
            row("k", code="TWO", right="r2"),
            row("m", parts=("k",), right="r2"),
        )
    )
    assert {"k": None, "k~2": "m", "m": None} == shape(records)


def test_one_row_twice(mapped: Map) -> None:
    """The same contents under the same key are one row, with the parts of both."""
    records = mapped(person(row("m", parts=("a",)), row("m", parts=("b",)), row("a"), row("b")))
    assert {"m": None, "a": "m", "b": "m"} == shape(records)


@pytest.mark.parametrize("order", ["old first", "new first"])
def test_a_merger(mapped: Map, order: str) -> None:
    """The same rows under the old and the new institution's number: the new one's count."""
    old = person(
        row("1", grantor="01905", parts=("2",)),
        row("2", grantor="01905"),
        row("3", grantor="01905"),
        key="a",
    )
    new = person(row("1", grantor="10122", parts=("2",)), row("2", grantor="10122"), key="b")
    records = mapped(*((old, new) if order == "old first" else (new, old)))
    assert {"10122-1": None, "10122-2": "10122-1", "01905-3": None} == {
        r.key: r.parent for r in records
    }


def test_parts_of_a_row_that_moved_with_a_merger(mapped: Map) -> None:
    """The new institution's module finds a course that stands under the old one only in its block."""
    records = mapped(
        person(row("m", grantor="10122", parts=("c",)), row("c", grantor="01905"), key="a")
    )
    assert {"10122-m": None, "01905-c": "10122-m"} == {r.key: r.parent for r in records}


def test_one_report_a_granting_institution(mapped: Map) -> None:
    """The issuer is the row's own grantor, whichever block it stands in."""
    records = mapped(person(row("1", grantor="10122"), row("2", grantor="UK")))
    assert ["Tampere University", "A higher education institution outside Finland"] == [
        best_text(r.issuer.titles, ("en",)) for r in records
    ]


def test_only_some_institutions_records(mapped: Map) -> None:
    """A setting limits the grantors; what was part of others' rows moves up."""
    block = person(row("1", grantor="10122", parts=("2",)), row("2", grantor="10065"))
    records = mapped(block, organisations=("10065",))
    assert {"10065-2": None} == {r.key: r.parent for r in records}


# --- one row


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


# --- institutions


@pytest.mark.parametrize(
    "code", ["41", "42", "63", "64", "65", "66", "UK", "UM", "XX", "99999", "", "x y"]
)
def test_groups_and_unknown_codes_get_an_issuer(mapped: Map, code: str) -> None:
    """With an identifier, a title and an address, whatever stands there."""
    (record,) = mapped(person(row(grantor=code)))
    assert (Identifier("oppilaitosnumero", code or "XX"),) == record.issuer.identifiers
    assert record.issuer.titles
    assert "https://www.testi.example/" == record.issuer.url
    assert (None if code in ("UK", "UM", "XX", "") else "FI") == record.issuer.country


def test_the_fallback_address_is_a_setting(mapped: Map) -> None:
    """An institution may have a page that explains such issuers."""
    (record,) = mapped(person(row(grantor="UK")), fallback_url="https://emrex.example/issuers")
    assert "https://emrex.example/issuers" == record.issuer.url


def test_a_former_institution_keeps_its_name(mapped: Map) -> None:
    """It granted the record then; its number tells it from what it became."""
    (record,) = mapped(person(row(grantor="01915")))
    assert "Tampere University of Technology" == record.issuer.titles[0].value
    assert (Identifier("oppilaitosnumero", "01915"),) == record.issuer.identifiers
    assert "https://www.tuni.fi/" == record.issuer.url


def test_the_institution_itself_knows_best(institution: Institution) -> None:
    """Its own record wins for its own number."""
    own = Institution(
        slug="x",
        names=institution.names,
        country="FI",
        domain="oma.example",
        url="https://oma.example/",
        codes={"oppilaitosnumero": "10122"},
    )
    settings = virta_settings("https://virta.example")
    _, (record,) = plugin.convert(own, settings, answer(person(row(grantor="10122"))))
    assert institution.names == record.issuer.titles
    assert Identifier("schac", "oma.example") in record.issuer.identifiers


def test_no_two_institutions_share_a_domain(mapped: Map) -> None:
    """A schac identifier is one institution's; names have no language twice and no digits."""
    codes = [f"{n:05}" for n in (*range(1700, 2700), *range(10000, 10150))]
    records = mapped(*(person(row(code, grantor=code), key=code) for code in codes))
    schacs = [i.value for r in records for i in r.issuer.identifiers if i.type == "schac"]
    assert len(set(schacs)) == len(schacs)
    assert 37 == len(schacs)
    for record in records:
        if any(i.type == "schac" for i in record.issuer.identifiers):
            assert not any(c.isdigit() for t in record.issuer.titles for c in t.value)
            assert {"en"} <= {t.lang for t in record.issuer.titles}


# --- the person


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("131052-308T", date(1952, 10, 13)),
        ("131052+308T", date(1852, 10, 13)),
        ("010203A9995", date(2003, 2, 1)),
        ("010203f9995", date(2003, 2, 1)),
        ("010203U999X", date(1903, 2, 1)),
        ("310299-1234", None),
        ("010203G9995", None),
        ("", None),
        ("131052", None),
    ],
)
def test_birth_dates(institution: Institution, code: str, expected: date | None) -> None:
    """All century signs; codes of test environments too; nonsense is unknown."""
    body = answer(person(row(), who=f"<v:Henkilotunnus>{code}</v:Henkilotunnus>"))
    student, _ = plugin.convert(institution, virta_settings("https://virta.example"), body)
    assert expected == student.birth_date


def _who(code: str = "", number: str = "") -> str:
    first = f"<v:Henkilotunnus>{code}</v:Henkilotunnus>" if code else ""
    second = f"<v:KansallinenOppijanumero>{number}</v:KansallinenOppijanumero>" if number else ""
    return first + second


def test_blocks_of_one_person(mapped: Map) -> None:
    """A shared code or number makes them one, through a chain; a block without either belongs."""
    blocks = [_who("131052-308T", "1"), _who("131052-308t"), _who("010101-999X", "1"), _who()]
    persons = [person(row(str(i)), who=who, key=str(i)) for i, who in enumerate(blocks)]
    assert 4 == len(mapped(*persons))
    apart = [_who("131052-308T"), _who(number="1")]
    persons = [person(row(str(i)), who=who, key=str(i)) for i, who in enumerate(apart)]
    assert 2 == len(mapped(*persons))


@pytest.mark.parametrize(
    "blocks",
    [
        (_who("131052-308T"), _who("010101-999X")),
        (_who(number="1"), _who(number="2")),
        (_who("131052-308T", "1"), _who(number="2")),
        (_who("131052-308T"), _who(number="1"), _who(number="2")),
    ],
)
def test_blocks_of_two_people(mapped: Map, blocks: tuple[str, ...]) -> None:
    """Nothing in common: somebody else's records would leave. Refused."""
    persons = [person(row(str(i)), who=who, key=str(i)) for i, who in enumerate(blocks)]
    with pytest.raises(AmbiguousStudent):
        mapped(*persons)

"""The same person?"""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import name_pairs
from emrex_gateway.domain import (
    Identifier,
    LangString,
    Learner,
    Matching,
    PersonIdentifier,
    PersonIdentifierType,
    Sameness,
    Student,
)
from emrex_gateway.matching import match

DOCS = Path(__file__).resolve().parents[2] / "docs"
BORN = date(1999, 5, 12)
ESI = "urn:schac:personalUniqueCode:int:esi:example.edu:12345"
STUDENT = Student(key="1", given_names="Aino Maria", family_name="Virtanen", birth_date=BORN)
LEARNER = Learner(given_names="Aino Maria", family_name="Virtanen", birth_date=BORN)
OTHER = Learner(given_names="Bruno", family_name="Quist", birth_date=BORN)
TYPES = PersonIdentifierType


def said(
    student: Student = STUDENT,
    learner: Learner = LEARNER,
    *identifiers: Identifier,
    thresholds: Matching = name_pairs.USUAL,
) -> tuple[Sameness, str]:
    """Return the outcome and its weightiest reason."""
    found = match(student, learner, identifiers, thresholds)
    return found.sameness, found.reasons[0]


def known_by(value: str, type_: PersonIdentifierType = TYPES.ESI) -> Student:
    """Return the student with one identifier."""
    return dataclasses.replace(STUDENT, identifiers=(PersonIdentifier(type_, value),))


def test_the_table_of_pairs_is_large_and_even() -> None:
    """At least 300 pairs in twenty languages, half of them two people; its halves are as even."""
    table = name_pairs.pairs()
    halves = [[p for p in table if p.measures is side] for side in (True, False)]

    assert [True, True] == [len(table) >= 300, len({p.language for p in table}) >= 20]
    assert [len(table) // 4] * 4 == [
        sum(p.same is same for p in h) for h in halves for same in (True, False)
    ]
    assert all(p.student.birth_date == p.learner.birth_date for p in table)
    assert 1 == len({len({p.language for p in half}) for half in halves})


def test_measured_pairs_are_told_apart() -> None:
    """In the half that no rule was made by, no two people match; at most one true pair of twenty waits."""
    figures = name_pairs.figures(pair for pair in name_pairs.pairs() if pair.measures)

    assert (0, 0) == (figures.matched, figures.refused)
    assert figures.asked <= figures.true * 0.05


def test_tuning_pairs_are_told_apart() -> None:
    """In the half that rules are made by, no two people match either, in whichever direction they come."""
    two = [p for p in name_pairs.pairs() if not p.same]
    turned = [
        match(_student(p.learner), _learner(p.student), (), name_pairs.USUAL).sameness for p in two
    ]

    assert 0 == name_pairs.figures(p for p in two if not p.measures).matched
    assert Sameness.SAME not in turned


def _student(learner: Learner) -> Student:
    return Student(
        key="2", **{f.name: getattr(learner, f.name) for f in dataclasses.fields(Learner)}
    )


def _learner(student: Student) -> Learner:
    return Learner(**{f.name: getattr(student, f.name) for f in dataclasses.fields(Learner)})


def test_documented_figures_are_the_matchers() -> None:
    """docs/matching.md shows both errors by language as the command prints them."""
    measured = name_pairs.table(pair for pair in name_pairs.pairs() if pair.measures)

    assert measured in (DOCS / "matching.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("home", "abroad"),
    [
        (ESI, Identifier("esi", ESI)),
        (ESI, Identifier("European Student Identifier", ESI.upper())),
        (ESI, Identifier("whatever", f" {ESI} ")),
    ],
    ids=["equal", "another case and type", "told by its value"],
)
def test_a_shared_student_identifier_decides(home: str, abroad: Identifier) -> None:
    """Whoever has the same European Student Identifier is the same person, under any name."""
    assert (Sameness.SAME, "identifier") == said(known_by(home), OTHER, abroad)


def test_a_shared_identifier_against_all_else_is_asked() -> None:
    """Where the birth date and the names speak against an equal identifier, it is wrong somewhere."""
    other = dataclasses.replace(OTHER, birth_date=date(1970, 1, 1))

    assert (Sameness.DOUBTFUL, "identifier") == said(known_by(ESI), other, Identifier("esi", ESI))


@pytest.mark.parametrize(
    ("home", "abroad", "expected"),
    [
        ("19990512-1234", "990512-1234", Sameness.SAME),
        ("120599A123B", "120599a123b", Sameness.SAME),
        ("urn:schac:personalUniqueID:FI:FIC:120599A123B", "120599A123B", Sameness.SAME),
    ],
    ids=["with and without the century", "another case", "as a URN and bare"],
)
def test_national_identifiers_are_compared_without_their_dress(
    home: str, abroad: str, expected: Sameness
) -> None:
    """A national identifier is the same with or without its URN, century, or separators."""
    student = known_by(home, TYPES.NATIONAL)
    learner = dataclasses.replace(LEARNER, family_name="Korhonen")

    assert (expected, "identifier") == said(
        student, learner, Identifier("nationalIdentifier", abroad)
    )


def test_one_number_in_two_countries_is_asked() -> None:
    """Two countries can give one number: without a word on who gave it, names must not contradict."""
    student = known_by("49905120123", TYPES.NATIONAL)

    assert (Sameness.DOUBTFUL, "identifier") == said(
        student, OTHER, Identifier("nationalIdentifier", "49905120123")
    )


def test_an_identifier_alone_is_no_proof() -> None:
    """A provider's word on an identifier needs a name or a birth date that says the same."""
    nameless = dataclasses.replace(OTHER, birth_date=None)
    slipped = dataclasses.replace(OTHER, birth_date=date(1999, 12, 5))
    shared = Identifier("esi", ESI)
    twin = dataclasses.replace(LEARNER, given_names="Aina Marja", birth_date=None)
    national = Identifier("nationalIdentifier", "120599A123B")

    assert Sameness.DOUBTFUL is said(known_by(ESI), nameless, shared)[0]
    assert Sameness.DOUBTFUL is said(known_by(ESI), slipped, shared)[0]
    assert Sameness.SAME is said(known_by(ESI), twin, shared)[0]
    assert Sameness.DOUBTFUL is said(known_by("120599A123B", TYPES.NATIONAL), twin, national)[0]


def test_a_file_with_many_identifiers_is_nobodys() -> None:
    """Whoever lists the numbers of a whole university does not become everybody."""
    every = [Identifier("esi", ESI.replace("12345", str(n))) for n in range(12340, 12350)]
    numbers = [Identifier("nationalIdentifier", f"1205{n}A123B") for n in range(95, 100)]
    two = [Identifier("nationalIdentifier", value) for value in ("120599A123B", "49905120123")]
    national = known_by("120599A123B", TYPES.NATIONAL)

    assert (Sameness.DIFFERENT, "identifiers-differ") == said(known_by(ESI), OTHER, *every)
    assert (Sameness.DOUBTFUL, "identifiers-differ") == said(known_by(ESI), LEARNER, *every)
    assert (Sameness.SAME, "birth-date") == said(national, LEARNER, *numbers)
    assert (Sameness.SAME, "identifier") == said(national, LEARNER, *two)


def test_who_refuses_nobody_does_not_believe_every_identifier() -> None:
    """An institution whose officers see everything doubtful sees contradicted identifiers, too."""
    nobody = Matching(different=0.0)
    other = dataclasses.replace(OTHER, birth_date=date(1970, 1, 1))
    number = known_by("49905120123", TYPES.NATIONAL)
    abroad = Identifier("nationalIdentifier", "49905120123")

    assert (
        Sameness.DOUBTFUL
        is said(known_by(ESI), other, Identifier("esi", ESI), thresholds=nobody)[0]
    )
    assert Sameness.DOUBTFUL is said(number, OTHER, abroad, thresholds=nobody)[0]


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (TYPES.NATIONAL, "000000-0000"),
        (TYPES.NATIONAL, "Not available"),
        (TYPES.NATIONAL, "aino.1999@example.org"),
        (TYPES.NATIONAL_LEARNER, "1111111111"),
        (TYPES.ESI, "urn:schac:personalUniqueCode:int:esi:example.edu:null"),
        (TYPES.ESI, "12345678"),
    ],
    ids=["noughts", "words", "a mail address", "one figure", "null", "a bare student number"],
)
def test_what_is_no_identifier_decides_nothing(type_: PersonIdentifierType, value: str) -> None:
    """What systems write where they have no number, addresses, and local numbers are on many people."""
    twin = dataclasses.replace(LEARNER, given_names="Aina Marja")

    assert (Sameness.DOUBTFUL, "birth-date") == said(
        known_by(value, type_), twin, Identifier(type_.value, value)
    )


def test_identifiers_of_one_giver_that_differ_are_asked() -> None:
    """Equal names and two student identifiers from one home institution: an officer looks."""
    abroad = Identifier("esi", ESI.replace("12345", "54321"))

    assert (Sameness.DOUBTFUL, "identifiers-differ") == said(known_by(ESI), LEARNER, abroad)


@pytest.mark.parametrize(
    "abroad",
    [
        Identifier("esi", ESI.replace("example.edu", "example.org")),
        Identifier("local", "12345678"),
        Identifier("nationalIdentifier", "010203-9999"),
    ],
    ids=["of another institution", "local", "of an unknown country"],
)
def test_identifiers_of_different_givers_tell_nothing(abroad: Identifier) -> None:
    """A guest has another number abroad; the names and the birth date go on deciding."""
    student = dataclasses.replace(
        STUDENT,
        identifiers=(
            PersonIdentifier(TYPES.ESI, ESI),
            PersonIdentifier(TYPES.LOCAL, "12345678"),
            PersonIdentifier(TYPES.NATIONAL, "120599A123B"),
        ),
    )

    assert (Sameness.SAME, "birth-date") == said(student, LEARNER, abroad)


def test_equal_local_numbers_are_no_proof() -> None:
    """Two institutions give one local number to two people."""
    student = known_by("12345678", TYPES.LOCAL)

    assert Sameness.DIFFERENT == said(student, OTHER, Identifier("local", "12345678"))[0]


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        (date(1999, 5, 12), (Sameness.SAME, "birth-date")),
        (date(1999, 12, 5), (Sameness.DOUBTFUL, "birth-date-close")),
        (date(1989, 5, 12), (Sameness.DOUBTFUL, "birth-date-close")),
        (None, (Sameness.DOUBTFUL, "birth-date-missing")),
        (date(2001, 8, 30), (Sameness.DIFFERENT, "birth-date-differs")),
    ],
    ids=["equal", "day and month exchanged", "one figure wrong", "missing", "another"],
)
def test_the_birth_date_counts(born: date | None, expected: tuple[Sameness, str]) -> None:
    """Equal names are one person's only with an equal birth date; a slip or none is asked."""
    assert expected == said(STUDENT, dataclasses.replace(LEARNER, birth_date=born))


def test_thresholds_are_the_institutions() -> None:
    """A stricter institution asks where another accepts; a laxer one asks where another refuses."""
    shorter = dataclasses.replace(LEARNER, given_names="Aino")
    strict, lax = Matching(same=100.0), Matching(different=1.0)

    assert Sameness.SAME == said(STUDENT, shorter)[0]
    assert Sameness.DOUBTFUL == said(STUDENT, shorter, thresholds=strict)[0]
    assert Sameness.DIFFERENT == said(STUDENT, OTHER)[0]
    assert Sameness.DOUBTFUL == said(STUDENT, OTHER, thresholds=lax)[0]


@pytest.mark.parametrize(
    "change",
    [
        {"birth_date": None},
        {"birth_date": date(1999, 12, 5)},
        {"gender": 1},
    ],
    ids=["no birth date", "a slip in it", "another gender"],
)
def test_no_threshold_refuses_equal_names(change: dict[str, object]) -> None:
    """What is to be asked is asked by the strictest institution as well, and refused by none."""
    student = dataclasses.replace(STUDENT, gender=2)
    strictest = Matching(same=100.0, different=100.0)
    found = match(student, dataclasses.replace(LEARNER, **change), (), strictest)  # type: ignore[arg-type]  # fields of many types

    assert Sameness.DOUBTFUL is found.sameness


def test_no_threshold_makes_one_person_of_two_genders() -> None:
    """A woman and a man whose names score high are asked about, however lenient an institution is."""
    student = dataclasses.replace(STUDENT, gender=2)
    found = match(student, dataclasses.replace(LEARNER, gender=1), (), Matching(same=90.0))

    assert (Sameness.DOUBTFUL, True) == (found.sameness, "gender-differs" in found.reasons)


def test_a_citizenship_is_evidence_for_a_spelling() -> None:
    """Two romanisations are one name where the person comes from where they are romanised."""
    home = dataclasses.replace(STUDENT, given_names="Lubov", family_name="Zaytseva")
    abroad = dataclasses.replace(LEARNER, given_names="Lubow", family_name="Zajceva")
    plain = match(dataclasses.replace(home, given_names="Anna"), LEARNER, (), name_pairs.USUAL)
    russian = match(dataclasses.replace(home, citizenship="RU"), abroad, (), name_pairs.USUAL)

    assert [Sameness.SAME, Sameness.DIFFERENT] == [russian.sameness, plain.sameness]


def test_the_name_in_another_script_counts() -> None:
    """A name that one record has in both scripts meets the other record in either."""
    home = dataclasses.replace(STUDENT, given_names="Taro", family_name="Tanaka")
    abroad = Learner(given_names="太郎", family_name="田中", birth_date=BORN)
    known = dataclasses.replace(home, alternative_name=LangString("田中 太郎"))

    assert (Sameness.DOUBTFUL, Sameness.SAME) == (said(home, abroad)[0], said(known, abroad)[0])


@pytest.mark.parametrize("home", ["ياوياويا", "अयअयअय"])
def test_a_hostile_name_takes_no_time(home: str) -> None:
    """What may be left out in one script is not tried in all ways: a name of vowels ends, too."""
    student = dataclasses.replace(STUDENT, given_names=home)
    learner = dataclasses.replace(LEARNER, given_names="iueaeu" * 33 + "z")

    assert said(student, learner)[0] is not Sameness.SAME


names = st.text(max_size=30)


@given(names, names, names, names)
def test_any_text_is_compared(given_: str, family: str, other: str, another: str) -> None:
    """Whatever a file holds for a name, comparing ends with an outcome, the same from either side."""
    home = Student(key="1", given_names=given_, family_name=family, birth_date=BORN)
    abroad = Learner(given_names=other, family_name=another, birth_date=BORN)
    found = match(home, abroad, (), name_pairs.USUAL)
    turned = match(_student(abroad), _learner(home), (), name_pairs.USUAL)

    assert found.sameness is turned.sameness
    assert 0.0 <= found.score <= 100.0


words = st.text("abcdefgäöüéøłбвгджзαβγδمحد王李ñç", min_size=2, max_size=12)  # noqa: RUF001 - letters of several scripts


@given(words, words)
def test_a_person_is_the_same_as_themselves(given_: str, family: str) -> None:
    """Equal names and birth dates are one person, in any script."""
    home = Student(key="1", given_names=given_, family_name=family, birth_date=BORN)

    assert Sameness.SAME is match(home, _learner(home), (), name_pairs.USUAL).sameness


@pytest.mark.parametrize(
    ("first", "second", "family"),
    [
        ("Samar", "Samer", "Al-Masri"),
        ("Amir", "Amira", "Haddad"),
        ("Hamad", "Hamed", "Al-Sayed"),
        ("Salah", "Saleh", "El-Masry"),
        ("Mario", "Marie", "Ivanova"),
        ("Elena", "Elina", "Papadopoulou"),
        ("Dae-hyun", "Tae-hyun", "Kim"),
        ("Xiao Ming", "Ming", "Li"),
        ("Amit", "Amita", "Sharma"),
        ("अमित", "Amita", "Sharma"),
        ("Жанна", "Шанна", "Иванова"),
        ("Minh Hà", "Minh Há", "Nguyễn"),
        ("Yuka", "Yuko", "Sato"),
        ("Sofia", "Sofie", "Nováková"),
        ("Maria", "Marja", "Lehtimäki"),
        ("Mia", "Miia", "Kivimaki"),
        ("Ane", "Anne", "Skov"),
        ("Silje", "Sille", "Skov"),
        ("Erik Olov", "Eric Olov", "Berg"),
        ("Ida", "Iida", "Lakatos"),
        ("Ema", "Emma", "Casanova"),
        ("Reina", "Rina", "Yamazaki"),
        ("Lena", "Lana", "Haddad"),
        ("Lena", "Luna", "Haddad"),
        ("Jenny", "Juni", "Ali"),
        ("Mila", "Milla", "Ali"),
        ("Per", "Pär", "Ali"),
        ("Lisa", "Luisa", "Kim"),
        ("Ali Beren", "Ali Baran", "Demir"),
        ("Fatma Sena", "Fatma Suna", "Demir"),
        ("Zaahir", "Zaheer", "Ahmed"),
        ("Mai Anh", "Mai Ánh", "Đỗ"),
        ("Thị Lan", "Thị Lan Anh", "Nguyễn"),
        ("Ngoc", "Ngoc Anh", "Tran"),
        ("Xiao", "Xiao Le", "Wang"),
        ("عمر", "عامر", "حسن"),
        ("سمر", "سامر", "المصري"),
        ("Samer", "سمر", "Masri"),
        ("Samar", "سامر", "Masri"),
        ("りっか", "りか", "さとう"),
        ("유나", "윤아", "김"),
        ("นำ", "น้ำ", "สุข"),
    ],
)
def test_twins_whose_names_sound_alike_are_two(first: str, second: str, family: str) -> None:
    """Evidence for a romanisation never makes one of two names that its own language tells apart."""
    home = dataclasses.replace(STUDENT, given_names=first, family_name=family)
    abroad = dataclasses.replace(LEARNER, given_names=second, family_name=family)

    assert said(home, abroad)[0] is not Sameness.SAME


@pytest.mark.parametrize(
    ("home", "abroad"),
    [
        (("Samer", "Masri"), ("سامر", "المصري")),
        (("Omar", "Hassan"), ("عمر", "حسن")),
        (("أحمد", "علي"), ("احمد", "على")),
        (("Qasim", "Ahmed"), ("Qaseem", "Ahmed")),
        (("Salah Eddine", "Benali"), ("Salahuddin", "Ben Ali")),
        (("Meryem", "Haddad"), ("Maryam", "Haddad")),
        (("Shira", "Mizrahi"), ("שירה", "מזרחי")),
        (("Elena", "Popova"), ("Jelena", "Popova")),
        (("Артём", "Королёв"), ("Артем", "Королев")),
        (("Rikka", "Hattori"), ("りっか", "はっとり")),
        (("Thị Lan", "Nguyễn"), ("Lan", "Nguyen")),
        (("Mai Ánh", "Đỗ"), ("Mai Anh", "Do")),
        (("María de los Ángeles", "García"), ("María Ángeles", "García")),
        (("Xiaole", "Wang"), ("Xiao Le", "Wang")),
    ],
)
def test_what_is_only_written_otherwise_is_one(
    home: tuple[str, str], abroad: tuple[str, str]
) -> None:
    """A romanisation, a letter's other form, and what a language leaves out are no other name."""
    student = dataclasses.replace(STUDENT, given_names=home[0], family_name=home[1])
    learner = dataclasses.replace(LEARNER, given_names=abroad[0], family_name=abroad[1])

    assert Sameness.SAME is said(student, learner)[0]


@pytest.mark.parametrize(
    ("home", "abroad"),
    [
        (("Thi Lan", "Nguyen"), ("Nguyen", "Thi Lan Anh")),
        (("", "Nguyen Thi Lan"), ("Thi Lan Anh", "Nguyen")),
        (("Xiao Ming", "Li"), ("Li", "Ming")),
    ],
)
def test_a_name_left_out_is_asked_in_either_order(
    home: tuple[str, str], abroad: tuple[str, str]
) -> None:
    """What is a name of its own there is one as well when the fields are exchanged."""
    student = dataclasses.replace(STUDENT, given_names=home[0], family_name=home[1])
    learner = dataclasses.replace(LEARNER, given_names=abroad[0], family_name=abroad[1])

    assert Sameness.DOUBTFUL is said(student, learner)[0]


@pytest.mark.parametrize(
    ("home", "abroad"),
    [
        (("Julia", "Meyer"), ("Julia", "Meier")),
        (("Natalia", "Nowak"), ("Natalia", "Novak")),
        (("Iulia", "Popescu"), ("Iulia", "Popesku")),
        (("Nadia", "Rossi"), ("Nadia", "Rosi")),
        (("Stefan", "Bülow"), ("Stephan", "Bülow")),
        (("Jo", "Petersen"), ("Jo", "Pedersen")),
    ],
)
def test_spellings_without_evidence_are_asked(
    home: tuple[str, str], abroad: tuple[str, str]
) -> None:
    """Where nothing shows another script, a spelling is a name: an officer looks."""
    student = dataclasses.replace(STUDENT, given_names=home[0], family_name=home[1])
    learner = dataclasses.replace(LEARNER, given_names=abroad[0], family_name=abroad[1])

    assert Sameness.DOUBTFUL is said(student, learner)[0]


@pytest.mark.parametrize(
    ("home", "abroad"),
    [
        (("Jan", "Pavel"), ("Jan Pavel", "Novák")),
        (("Martin Thomas", "Paul"), ("Paul", "Martin Thomas")),
        (("Maria", "Silva"), ("Maria Clara Ana", "Silva Santos")),
        (("A.", "Nieminen"), ("Anna", "Nieminen")),
    ],
    ids=["a family name too many", "exchanged", "much left out", "an initial alone"],
)
def test_what_may_be_two_people_is_asked(home: tuple[str, str], abroad: tuple[str, str]) -> None:
    """Names that fit only if something else is supposed are shown to an officer."""
    student = dataclasses.replace(STUDENT, given_names=home[0], family_name=home[1])
    learner = dataclasses.replace(LEARNER, given_names=abroad[0], family_name=abroad[1])

    assert Sameness.DOUBTFUL is said(student, learner)[0]

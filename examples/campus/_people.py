"""The invented students: what the REST services say about each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from examples.campus import _maija
from examples.campus._rows import COURSE, DEGREE, MODULE, Row, credit

LOTS = 5_000
"""How many completed credits the student with many has."""


@dataclass(frozen=True, slots=True)
class Person:
    """A student object, their study rights and their completed credits."""

    student: Row
    credits: tuple[Row, ...] = ()
    study_rights: tuple[Row, ...] = ()

    @property
    def id(self) -> str:
        """The system's own id, as it stands in addresses."""
        return str(self.student["id"])


def _student(number: int, first: str, last: str, born: object, **more: object) -> Row:
    return {
        "id": number,
        "oid": f"1.2.246.562.24.9990000{number}",
        "personId": f"CU-P-{number}",
        "esi": f"urn:schac:personalUniqueCode:int:esi:campus.example:{number}",
        "studentNumber": f"K{number}",
        "firstNames": first,
        "surName": last,
        "dateOfBirth": born,
        **more,
    }


def _lots() -> tuple[Row, ...]:
    """A degree of 49 modules that hold 4,950 courses, in another of Peppi's shapes."""
    rows: list[Row] = []
    modules = 49
    courses = LOTS - modules - 1
    for module in range(modules):
        numbers = range(module, courses, modules)
        rows.append(
            credit(
                f"M-{module}",
                MODULE,
                f"module-{module}",
                f"M{module:02}",
                {"values": {"fi": f"Kokonaisuus {module}", "en": f"Module {module}"}},
                str(len(numbers)),
                parts=tuple((COURSE, f"course-{number}") for number in numbers),
            )
        )
    for number in range(courses):
        rows.append(
            credit(
                f"C-{number}",
                COURSE,
                f"course-{number}",
                f"C{number:04}",
                {"values": {"fi": f"Opintojakso {number}", "en": f"Course {number}"}},
                "1,0",
                grade=str(1 + number % 5),
                scale=1,
                completionDate=1_546_300_800_000 + number * 3_600_000,
            )
        )
    degree = credit(
        "D-1",
        DEGREE,
        "degree",
        "D1",
        {"values": {"fi": "Tutkinto", "en": "Degree"}},
        str(courses),
        parts=tuple((MODULE, f"module-{module}") for module in range(modules)),
    )
    return (degree, *rows)


_NASTY = (
    credit(
        "<1>",
        MODULE,
        'm"1',
        "<b>NASTY</b>",
        {"en": "<script>alert('module')</script>", "fi": "]]> &amp; &#13; <!-- -->"},
        "5",
        parts=((COURSE, "c'1"), (MODULE, 'm"1')),
    ),
    credit(
        "2&3",
        COURSE,
        "c'1",
        "'; DROP TABLE emrex_transfer; --",
        {
            "en": "Null \x00, bell \x07, escape \x1b, noncharacter \ufffe",
            "fi": "Rivin\r\nvaihto\tja sarkain",
        },
        "3",
        completedCreditObjective={"en": "<img src=x onerror=alert(1)>{{7*7}}${7*7}%s%n"},
        descriptionHtml={"en": '<p onclick="alert(1)">Click</p><script>alert(2)</script>'},
    ),
    credit(
        "rtl",
        COURSE,
        "c-rtl",
        "RTL",
        {
            "he": "\u202eמבוא\u202c למתמטיקה",  # noqa: RUF001 - Hebrew
            "ar": "مقدمة في الرياضيات",
            "en": "Right \u202eto left",
        },
        "2",
    ),
    credit("emoji", COURSE, "c-emoji", "🎓", {"en": "🎓 Graduation 👩🏽‍🔬 z̴̡̛a̷l̸g̶o̵"}, "1"),
    credit("long", COURSE, "c-long", "LONG", {"en": "Long " * 1_000}, "1", grade="x" * 5_000),
    credit("untitled", COURSE, "c-none", "NONE-1", None, None),
    credit(
        "nothing",
        COURSE,
        "",
        "",
        {},
        "many",
        grade="??",
        scale=9,
        minEduGuidanceArea=77,
        organisationResponsibleForCompletion={"organisationTkCode": "UM"},
    ),
)

_TANAKA = (
    credit(
        1,
        MODULE,
        "k-1",
        "JPN-1",
        {
            "ja": "日本語と日本文化",
            "ar": "اللغة والثقافة اليابانية",
            "en": "Japanese language and culture",
        },
        10,
        parts=((COURSE, "k-2"), (COURSE, "k-3")),
        languagesOfCompletion=["ja"],
    ),
    credit(2, COURSE, "k-2", "JPN-2", {"ja": "書道入門"}, 5, grade=5, scale=1),
    credit(3, COURSE, "k-3", "JPN-3", {"ar": "مدخل إلى الأدب"}, 5, grade=3, scale=1),
)

_TWIN_COURSE = credit(1, COURSE, "t-1", "TWIN-1", {"en": "Something"}, 5)
_TWIN_ESI = "urn:schac:personalUniqueCode:int:esi:campus.example:twin"


@cache
def people() -> dict[str, Person]:
    """All students by their id."""
    everybody = (
        Person(_maija.STUDENT, _maija.CREDITS, _maija.STUDY_RIGHTS),
        Person(_student(1002, "Olli", "Olematon", "2001-09-30")),
        Person(_student(1003, "Lotta", "Suuri", 915_141_600_000), _lots()),
        Person(
            _student(
                1004,
                'Robin"><script>alert(1)</script>',
                "O'Nasty \u202e& <b>Söhne</b> \x07🎓",
                "1999-12-31",
                placeOfBirth="</elmo>]]>",
            ),
            _NASTY,
        ),
        Person(_student(1005, "Tove", "Tvilling", "1997-03-03", esi=_TWIN_ESI), (_TWIN_COURSE,)),
        Person(_student(1006, "Tore", "Tvilling", "1997-03-03", esi=_TWIN_ESI), (_TWIN_COURSE,)),
        Person(
            _student(
                1007,
                "花子",
                "田中",
                "2000-04-01",
                citizenship="JP",
                alternativeName={"value": "Hanako Tanaka", "lang": "en"},
            ),
            _TANAKA,
        ),
    )
    return {person.id: person for person in everybody}

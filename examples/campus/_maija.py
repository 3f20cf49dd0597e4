"""The invented student who has everything that ELMO can hold, and what must not be in it."""

from __future__ import annotations

from examples.campus._maija_basic import BASIC_ROWS
from examples.campus._maija_parts import DIPLOMA, EXTENSION, SUPPLEMENT, SUPPORTING
from examples.campus._rows import COURSE, DEGREE, MODULE, Row, credit, named
from examples.campus._university import FJORDHAVN, OWN, RANTALA, RANTALA_BRIEFLY

STUDENT: Row = {
    "id": 1001,
    "oid": "1.2.246.562.24.99900001001",
    "personId": "CU-P-1001",
    "esi": "urn:schac:personalUniqueCode:int:esi:campus.example:1001",
    "studentNumber": "K1001",
    "firstNames": "Maija Helena",
    "surName": "Mallikas",
    "dateOfBirth": "1998-02-11",
    "personalIdentityCode": "110298-9023",
    "citizenship": "FI",
    "placeOfBirth": "Mallila",
    "birthName": "Maija Helena Esimerkki",
    "alternativeName": {"value": "Майя Малликас", "lang": "ru"},
    "gender": 2,
}

STUDY_RIGHTS: tuple[Row, ...] = ({"id": "R-1", "type": 2, "state": "GRADUATED"},)

_DEGREE_ROW = credit(
    90001,
    DEGREE,
    "T-LUK",
    "LUK-TKT",
    named(
        fi="Luonnontieteiden kandidaatti, tietojenkäsittelytiede",
        sv="Kandidat i naturvetenskaper, datavetenskap",
        en="Bachelor of Science, Computer Science",
    ),
    180,
    parts=(
        (MODULE, "O-PERUS"),
        (MODULE, "O-KIELI"),
        (MODULE, "O-TUKI"),
        (COURSE, "J-KANDI"),
        (COURSE, "J-OHJ"),  # listed by its module, too
        (COURSE, "J-NOWHERE"),  # refers to nothing
    ),
    grade=None,
    completionDate="2021-06-18",
    startDate="2018-08-01",
    languagesOfCompletion=["fi", "en"],
    minEduGuidanceArea=6,
    studyRightId="R-1",
    levels=[
        {"type": "EQF", "value": 6, "description": "First cycle"},
        {"type": "FiNQF", "value": "6", "description": "Finnish National Framework"},
    ],
    attachments=[DIPLOMA],
    diplomaSupplement=SUPPLEMENT,
    extensions=[EXTENSION],
    organisationResponsibleForCompletion=OWN,
    url="https://campus.example/programmes/computer-science",
    completedCreditObjective=named(
        fi="Osaa suunnitella ja toteuttaa ohjelmistoja.", en="Is able to design and build software."
    ),
)

_OTHER_ROWS: tuple[Row, ...] = (
    credit(
        90020,
        MODULE,
        "O-KIELI",
        "KIELI",
        named(fi="Kieliopinnot", sv="Språkstudier", en="Language studies"),
        7,
        parts=((COURSE, "J-RUOTSI"), (COURSE, "J-ENGL")),
        minEduGuidanceArea=2,
    ),
    credit(
        90021,
        COURSE,
        "J-RUOTSI",
        "KIE201",
        named(fi="Toinen kotimainen kieli: ruotsi", sv="Svenska", en="Swedish"),
        "3.0",
        grade="HT",
        scale=3,
        languagesOfCompletion=["sv"],
        minEduGuidanceArea=2,
    ),
    credit(
        90022,
        COURSE,
        "J-ENGL",
        "KIE202 Academic Writing",
        named(fi="Tieteellinen kirjoittaminen", en="Academic Writing"),
        4,
        languagesOfCompletion=["en"],
        minEduGuidanceArea=2,
    ),
    credit(
        90030,
        MODULE,
        "O-TUKI",
        "TUKI",
        named(fi="Tukiopinnot", en="Supporting studies"),
        15,
        parts=((COURSE, "J-KONE"), (COURSE, "J-TIETO"), (COURSE, "J-MERI")),
        group=SUPPORTING,
    ),
    credit(
        90031,
        COURSE,
        "J-KONE",
        "RA-331",
        named(fi="Koneoppiminen", en="Machine Learning"),
        5,
        grade=4,
        scale=1,
        languagesOfCompletion=["en"],
        organisationResponsibleForCompletion=RANTALA,
    ),
    credit(
        90032,
        COURSE,
        "J-TIETO",
        "RA-332",
        named(fi="Tietoturva", sv="Datasäkerhet"),
        5,
        grade=3,
        scale=1,
        organisationResponsibleForCompletion=RANTALA_BRIEFLY,
    ),
    credit(
        90033,
        COURSE,
        "J-MERI",
        "KOR-33",
        named(fi="Meribiologia (hyväksiluettu)", en="Marine Biology (recognised)"),
        5,
        minEduGuidanceArea=5,
        recognition={"date": "2020-09-15", "sourceOrganisation": FJORDHAVN},
    ),
    credit(
        90040,
        COURSE,
        "J-KANDI",
        "TKT399",
        named(fi="Kandidaatintutkielma", en="Bachelor's Thesis"),
        10,
        grade="E",
        scale=4,
        completionDate="2021-05-31",
        languagesOfCompletion=["en"],
    ),
    credit(
        90050,
        COURSE,
        "J-KVANTTI",
        "TKT350",
        named(fi="Kvanttilaskenta", en="Quantum Computing"),
        5,
        grade=None,
        completedCreditStatus="UNFINISHED",
        completionDate=None,
        startDate="2021-01-11",
    ),
    credit(
        90051,
        COURSE,
        "J-KAANT",
        "TKT351",
        named(fi="Kääntäjät", en="Compilers"),
        5,
        grade=None,
        completedCreditStatus="ATTEMPT_ABANDONED",
        completionDate="2020-12-01",
    ),
    credit(  # no attempt was made
        90052,
        COURSE,
        "J-LUPA",
        "TKT352",
        named(fi="Projekti", en="Project"),
        5,
        grade=None,
        completedCreditStatus="NOT_PARTICIPATED",
    ),
    credit(  # not counted
        90053,
        COURSE,
        "J-INFO",
        "INFO",
        named(fi="Infotilaisuus", en="Information meeting"),
        0,
        type=3,
    ),
)

CREDITS: tuple[Row, ...] = (_DEGREE_ROW, *BASIC_ROWS, *_OTHER_ROWS)

"""What the records of the student who has everything refer to: terms, groups, files, a supplement."""

from __future__ import annotations

import base64
from typing import Any

from examples.campus._rows import Row, named
from examples.small_pdf import small_pdf

TERM_AUTUMN = {
    "name": named(fi="Syyslukukausi 2018", sv="Höstterminen 2018", en="Autumn term 2018"),
    "startDate": "2018-08-01",
    "endDate": "2018-12-31",
}
TERM_SPRING = {
    "name": named(fi="Kevätlukukausi 2019", sv="Vårterminen 2019", en="Spring term 2019"),
    "startDate": "2019-01-01",
    "endDate": 1564520400000,  # 31 July 2019, midnight in Helsinki
}
BASIC = {
    "typeId": "degree-parts",
    "typeName": named(fi="Tutkinnon osat", en="Parts of the degree"),
    "id": "basic",
    "name": named(fi="Perusopinnot", sv="Grundstudier", en="Basic studies"),
    "sortingKey": "1",
}
SUPPORTING = {
    **BASIC,
    "id": "supporting",
    "name": named(fi="Tukiopinnot", en="Supporting studies"),
    "sortingKey": "2",
}


def _file(id_: str, type_: str, name: Any, *lines: str) -> Row:
    return {
        "id": id_,
        "type": type_,
        "name": name,
        "mediaType": "application/pdf",
        "language": "en",
        "content": base64.b64encode(small_pdf(("Campus University (invented)", *lines))).decode(),
    }


DIPLOMA = _file(
    "diploma-1001",
    "Diploma",
    named(fi="Tutkintotodistus", en="Diploma"),
    "Diploma: Bachelor of Science",
    "Maija Helena Mallikas, born 11 February 1998",
)
SYLLABUS = _file(
    "syllabus-tkt101",
    "Other",
    named(fi="Opintojakson kuvaus", en="Course description"),
    "TKT101 Programming",
    "Contents: variables, loops, functions, tests.",
)
SUPPLEMENT = {
    "issueDate": "2021-06-18",
    "version": "2018",
    "language": "en",
    "introduction": "This invented supplement shows where such a text stands in the file.",
    "sections": [
        {
            "number": "1",
            "title": "Information identifying the holder of the qualification",
            "sections": [
                {"number": "1.1", "title": "Last name", "content": "Mallikas"},
                {"number": "1.2", "title": "First names", "content": "Maija Helena"},
            ],
        },
        {
            "number": "4",
            "title": "Information on the programme completed and the results obtained",
            "content": "Bachelor of Science, 180 ECTS credits.",
            "additionalInformation": ["The thesis was written in English."],
        },
        {
            "number": "6",
            "title": "Additional information",
            "content": "See the diploma.",
            "attachments": [DIPLOMA],
        },
    ],
}
EXTENSION = (
    '<badge xmlns="https://campus.example/ns/badge" level="gold">Student of the year 2020</badge>'
)

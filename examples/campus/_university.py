"""The invented university, and the other institutions that its records name."""

from __future__ import annotations

from typing import Any

DOMAIN = "campus.example"
NATIONAL_CODE = "99901"
NAMES = {"en": "Campus University", "fi": "Kampusyliopisto", "sv": "Campusuniversitetet"}

OWN: dict[str, Any] = {
    "organisationTkCode": NATIONAL_CODE,
    "hei": DOMAIN,
    "organisationName": {f"value{lang.title()}": name for lang, name in NAMES.items()},
    "url": f"https://{DOMAIN}/",
}

RANTALA: dict[str, Any] = {
    "organisationTkCode": "99902",
    "hei": "rantala.example",
    "pic": 999900002,
    "erasmusCode": "SF RANTALA01",
    "organisationName": {
        "valueFi": "Rantalan ammattikorkeakoulu",
        "valueSv": "Yrkeshögskolan i Rantala",
        "valueEn": "Rantala University of Applied Sciences",
    },
    "url": "https://rantala.example/en",
}

RANTALA_BRIEFLY: dict[str, Any] = {"organisationTkCode": "99902"}
"""The same institution, as an older row names it: by its code alone."""

FJORDHAVN: dict[str, Any] = {
    "hei": "fjordhavn.example",
    "erasmusOrganisationName": "Universitetet i Fjordhavn",
    "countryCode": "NO",
}

"""All attacks on the SAML verifier, and what is harmless although it looks odd.

``CASES`` holds every attack of the families' modules; ``judge`` brings a
message to the verifier as the form of a browser does.
"""

from __future__ import annotations

import importlib
from collections import Counter

from emrex_gateway.login.saml._message import decode_post
from emrex_gateway.login.saml._response import read_response
from emrex_gateway.login.saml._types import Assertion, Expected, Refused
from saml_case import CASES, DEEDS, Case, Deed, document
from saml_issuer import posted

FAMILIES = (
    "wrapping",
    "signature",
    "reading",
    "encryption",
    "context",
    "logout",
    "login",
    "metadata",
)

for _family in FAMILIES:
    importlib.import_module(f"saml_attacks_{_family}")

assert max(Counter(case.name for case in (*CASES, *DEEDS)).values()) == 1, "two cases have one name"


def field(case: Case) -> str:
    """Return what the browser would post."""
    made = case.field(document(case.answer))
    assert isinstance(made, str)
    return made


def accepted(message: str, expected: Expected) -> Assertion:
    """Return what the verifier reads in a form's field."""
    return read_response(decode_post(message), expected)


def judge(message: str, expected: Expected) -> str:
    """Return the reason of the refusal, or ``accepted``."""
    try:
        accepted(message, expected)
    except Refused as refused:
        return refused.reason
    return "accepted"


def verdict(case: Case | Deed) -> str:
    """Return the reason of the refusal of a case, or ``accepted``."""
    if isinstance(case, Case):
        return judge(field(case), case.expected)
    try:
        case.act()
    except Refused as refused:
        return refused.reason
    return "accepted"


__all__ = [
    "CASES",
    "DEEDS",
    "Case",
    "Deed",
    "accepted",
    "document",
    "field",
    "judge",
    "posted",
    "verdict",
]

"""Whatever JSON a system sends: a listing that keeps the contract, or one clear error."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emrex_gateway.domain import Institution, texts
from emrex_gateway.errors import AdapterError
from emrex_peppi import PeppiSettings, plugin
from emrex_peppi._fields import KNOWN

HOME = Institution(
    slug="home", names=texts(en="Home"), country="FI", domain="home.example", url="https://home.example/"
)  # fmt: skip
SETTINGS = PeppiSettings(base_url="https://peppi.example", api_key="key")

_names = st.sampled_from(sorted({name for _, name in KNOWN} | {"fi", "valueEn", "values", "text"}))
_words = st.sampled_from(
    ["DEGREE", "COURSE_UNIT", "STUDY_MODULE", "REALISATION", "REMOVAL", "CORRECTION", "ACCEPTED",
     "NEW_CREDIT_REPLACES_FORMER", "HYL", "2020-01-01", "5,0", "EQF", "a", "b", "AAAA", "<x xmlns='u:x'/>"]
)  # fmt: skip
_leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(), max_size=8)
    | _words
)
_values = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=5),
    max_leaves=12,
)
_target = st.fixed_dictionaries(
    {
        "completedCreditTargetType": _words | _leaves,
        "completedCreditTargetId": st.sampled_from(["a", "b", "c", 1, None]),
    }
)
_associations = st.lists(
    st.fixed_dictionaries(
        {
            "completedCreditAssociationType": _words | _leaves,
            "completedCreditAssociationId": st.sampled_from(["a", "b", "c", 1, None]),
        }
    ),
    max_size=4,
)
_credit = st.builds(
    lambda some, more: {**some, **more},
    st.dictionaries(_names, _values, max_size=8),
    st.fixed_dictionaries(
        {},
        optional={
            "completedCreditIdentifier": st.sampled_from(["a", "b", "c", "d", 1, 2, None]),
            "completedCreditTarget": _target,
            "completedCreditAssociations": _associations,
            "transaction": _words,
            "type": st.sampled_from([1, 2, 3, "2", None]),
        },
    ),
)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_credit, max_size=8), st.lists(st.dictionaries(_names, _values), max_size=2))
def test_any_credits_make_a_forest(credits_: list[Any], rights: list[Any]) -> None:
    """Unique keys, parents that exist, no cycles, a title and an issuer each, no exception."""
    answer = {"students": [{"id": 1}], "completedCredits": credits_, "studyRights": rights}
    _, records = plugin.convert(HOME, SETTINGS, json.dumps(answer).encode())
    above = {record.key: record.parent for record in records}
    assert len(records) == len(above)
    for record in records:
        assert record.specification.titles[0].value.strip()
        assert record.issuer.identifiers
        assert record.issuer.url
        seen: set[str] = set()
        at: str | None = record.key
        while at is not None:
            assert at not in seen
            seen.add(at)
            at = above[at]


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=60) | st.builds(lambda v: json.dumps(v).encode(), _values))
def test_any_bytes_are_mapped_or_refused(answer: bytes) -> None:
    """Only ``AdapterError`` and its kinds come out."""
    outcome: object
    try:
        outcome = plugin.convert(HOME, SETTINGS, answer)[1]
    except AdapterError as error:
        outcome = str(error).splitlines()
    assert isinstance(outcome, tuple) or (isinstance(outcome, list) and len(outcome) == 1)

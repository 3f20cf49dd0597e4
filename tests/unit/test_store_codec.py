"""Domain values survive being kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emrex_gateway.domain import (
    Credit,
    Document,
    Identity,
    Instance,
    Issuer,
    LangString,
    PersonIdentifier,
    PersonIdentifierType,
    SignedElmo,
    Specification,
    StudyRecord,
    texts,
)
from emrex_gateway.errors import SealError
from emrex_gateway.store._codec import pack, unpack
from sample_documents import everything, hostile, many_courses, many_scripts


@pytest.mark.parametrize("document", [everything, many_scripts])
def test_a_document_comes_back_as_it_was(document: Any) -> None:
    """Trees, attachments, decimals, dates, and any script survive."""
    made = document()

    assert made == unpack(pack(made), Document)


def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    """A broken title in a host's answer costs that character, not the export."""
    broken = texts(en="Half \ud800 a pair", fi="\udc00")

    assert texts(en="Half \ufffd a pair", fi="\ufffd") == unpack(
        pack(broken), tuple[LangString, ...]
    )
    assert unpack(pack(hostile()), Document).learner is not None


def test_five_thousand_records_are_kept_small() -> None:
    """The largest listing that the issue names round-trips, and compresses to a tenth."""
    records = tuple(
        StudyRecord(
            key=f"record-{number}",
            parent=f"record-{number // 8}" if number else None,
            issuer=Issuer(identifiers=(), titles=texts(en="University"), url="https://u.example"),
            specification=Specification(titles=texts(en=f"Course {number}", fi=f"Kurssi {number}")),
            instance=Instance(
                completed=date(2024, 5, 1), credits=(Credit(scheme="ects", value=Decimal("5.50")),)
            ),
        )
        for number in range(5000)
    )
    packed = pack(records)

    assert records == unpack(packed, tuple[StudyRecord, ...])
    assert len(packed) < 300_000


def test_a_large_document_comes_back() -> None:
    """Depth and number of courses are no obstacle."""
    made = many_courses(1000)

    assert made == unpack(pack(made), Document)


@settings(max_examples=50, deadline=None)
@given(
    names=st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
    values=st.lists(st.tuples(st.sampled_from(PersonIdentifierType), st.text(max_size=20))),
    born=st.none() | st.dates(),
)
def test_any_identity_comes_back(
    names: str, values: list[tuple[PersonIdentifierType, str]], born: date | None
) -> None:
    """Whatever a login says about a person, control characters included, is kept exactly."""
    who = Identity(
        method="oidc",
        provider="p",
        subject="s",
        given_names=names,
        birth_date=born,
        identifiers=tuple(PersonIdentifier(type_, value) for type_, value in values),
    )

    assert who == unpack(pack(who), Identity)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 1, 12, tzinfo=UTC),
        datetime(2026, 3, 1, 12, 30, 1, 5, tzinfo=timezone(timedelta(hours=2))),
        datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
    ],
)
def test_a_time_keeps_its_zone(moment: datetime) -> None:
    """The offset that the host wrote is the offset that the document will show."""
    kept = unpack(pack(moment), datetime)

    assert (moment, moment.utcoffset()) == (kept, kept.utcoffset())


def test_bytes_come_back() -> None:
    """A signed file is not changed by a single byte."""
    signed = SignedElmo(bytes(range(256)) * 10)

    assert signed == unpack(pack(signed), SignedElmo)


@pytest.mark.parametrize("value", [object(), {1: object()}, {("a", "b"): 1}])
def test_what_cannot_be_kept_is_an_error_of_ours(value: object) -> None:
    """A mistake in our own code ends in SealError, which says nothing of the value."""
    with pytest.raises(SealError):
        pack(value)


@pytest.mark.parametrize("data", [b"", b"x", pack([1])[:-3], pack({"key": 1}), pack("x")])
def test_what_is_not_that_type_is_an_error_of_ours(data: bytes) -> None:
    """A truncated value or an older release's shape ends in SealError without its contents."""
    with pytest.raises(SealError) as raised:
        unpack(data, Identity)
    assert "Identity" in str(raised.value) or "kept value" in str(raised.value)

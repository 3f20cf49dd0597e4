"""Files changed anywhere: a verdict, never an error, and never other contents."""

from __future__ import annotations

import hashlib
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from copies import export
from elmo_case import genuine
from emrex_gateway.domain import texts
from emrex_gateway.examining import Known, Signatory, Standing, Verdict, answer, check
from signing_material import NOW, certificate, der

KNOWN = Known(
    pems=(certificate("rsa2048"),),
    own={
        hashlib.sha256(der("rsa2048")).hexdigest(): (
            Signatory(standing=Standing.OWN, names=texts(en="Campus")),
        )
    },
)


@cache
def told(which: str) -> dict[str, object]:
    """What is said of the genuine file."""
    found = answer(check(file(which), KNOWN, now=NOW))
    assert Verdict.GENUINE == found["verdict"]
    return found


def file(which: str) -> bytes:
    """A genuine file."""
    return genuine() if which == "elmo" else export().copy


@settings(max_examples=60, deadline=None)
@given(
    which=st.sampled_from(["elmo"] * 5 + ["copy"]),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=40)), min_size=1, max_size=4),
)  # fmt: skip
def test_a_changed_file_is_refused_or_says_the_same(
    which: str, edits: list[tuple[float, int, bytes]]
) -> None:
    """Pieces cut out and put in, anywhere: what is not refused says what the genuine file says."""
    data = file(which)
    for where, cut, put in edits:
        at = int(where * len(data))
        data = data[:at] + put + data[at + cut :]
    found = answer(check(data, KNOWN, now=NOW))
    if found["document"] is not None:
        assert told(which)["document"] == found["document"]
    else:
        assert found["verdict"] in {"refused", "unknown"}


@settings(max_examples=60, deadline=None)
@given(data=st.one_of(st.binary(max_size=400), st.text(max_size=200).map(str.encode)))
def test_anything_at_all_has_an_answer(data: bytes) -> None:
    """Whatever somebody drops on the page."""
    for prefix in (b"", b"<", b"%PDF-", b"\x1f\x8b\x08"):
        assert "refused" == answer(check(prefix + data, KNOWN, now=NOW))["verdict"]

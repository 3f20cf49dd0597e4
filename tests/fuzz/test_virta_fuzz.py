"""Whatever VIRTA sends: a forest of records, or an error of ours."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from emrex_gateway.domain import Institution, StudyRecord, texts
from emrex_gateway.errors import AdapterError
from emrex_gateway.testing import assert_forest, assert_writable
from emrex_virta import plugin
from virta_answers import answer, other_scale, person, right, row
from virta_world import virta_settings

INSTITUTION = Institution(
    slug="x", names=texts(en="X"), country="FI", domain="x.example", url="https://x.example/"
)
SETTINGS = virta_settings("https://virta.example")

KEYS = st.sampled_from("abcdefgh")
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), max_size=20)
GRADES = st.sampled_from(
    [
        "<v:Viisiportainen>3</v:Viisiportainen>",
        "<v:Tutkielma>I</v:Tutkielma>",
        "<v:Outo>?</v:Outo>",
        other_scale("k", ("k", "HYL", "Hylätty")),
        other_scale("x", name=""),
        "<v:Muu/>",
        "",
    ]
)
EXTENTS = st.sampled_from(
    ["", "<v:Opintopiste>x</v:Opintopiste>", "<v:Opintopiste>1.50</v:Opintopiste>"]
)


@st.composite
def attainment(draw: st.DrawFn) -> str:
    return row(
        draw(KEYS),
        code=draw(TEXT),
        grantor=draw(st.sampled_from(["10122", "01905", "UK", "", "?"])),
        kind=draw(st.sampled_from(["1", "2", "2", "2", "3", "4", "9", ""])),
        extent=draw(EXTENTS),
        grade=draw(GRADES),
        names=draw(st.dictionaries(st.sampled_from(["", "fi", "en", "99"]), TEXT, max_size=3)),
        parts=tuple(draw(st.lists(KEYS, max_size=4))),
        right=draw(st.sampled_from(["", "r1", "r2"])),
        date=draw(st.sampled_from(["2020-01-01", "", "x"])),
    )


BLOCKS = st.lists(st.lists(attainment(), max_size=8), min_size=1, max_size=3)


@settings(max_examples=200, deadline=None)
@given(BLOCKS)
def test_any_graph_becomes_a_forest(blocks: list[list[str]]) -> None:
    """Keys unique, parents there, no cycles, everything writable, nothing invented."""
    rights = right("r1", "2", "655101") + right("r2", "99")
    persons = [person(*rows, rights=rights, key=str(i)) for i, rows in enumerate(blocks)]
    _, records = plugin.convert(INSTITUTION, SETTINGS, answer(*persons))
    assert_forest(records)
    for record in records:
        assert_writable(record)
    sent = Counter(
        text.partition('avain="')[2].partition('"')[0]
        for rows in blocks
        for text in set(rows)
        if "<v:Laji>1<" in text or "<v:Laji>2<" in text
    )
    assert len(records) <= sum(sent.values())
    assert set(sent) == {_key(record) for record in records}


def _key(record: StudyRecord) -> str:
    return record.key.rpartition("-")[2].partition("~")[0]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_answers_break_nothing(data: st.DataObject) -> None:
    """Bytes cut out, put in or turned: records or an ``AdapterError``, never anything else."""
    body = answer(
        person(row("a", parts=("b",)), row("b", grade=other_scale("k", ("k", "H", "Hyvä"))))
    )
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(body)))
        end = min(len(body), start + data.draw(st.integers(0, 12)))
        put = data.draw(
            st.one_of(
                st.binary(max_size=4), st.sampled_from([b"<!DOCTYPE a>", b"&x;", b"</v:Nimi>"])
            )
        )
        body = body[:start] + put + body[end:]
    message = "one line"
    try:
        _, records = plugin.convert(INSTITUTION, SETTINGS, body)
    except AdapterError as error:
        message = str(error)
    else:
        assert_forest(records)
    assert 1 == len(message.splitlines())

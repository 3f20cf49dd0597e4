"""What writing and checking an ELMO file may cost: parses, copies and memory, never seconds."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from lxml import etree

from elmo_strategies import maximal, record, transcript
from emrex_gateway import elmo
from emrex_gateway.domain import Document, select
from emrex_gateway.elmo import NAMESPACE, _check, check

NOW = datetime(2026, 1, 15, tzinfo=UTC)


def many(count: int, pdf: int) -> Document:
    """A document of so many courses with a PDF of so many bytes."""
    records = [record(f"c{number}") for number in range(count)]
    reports = select(records, [one.key for one in records], NOW)
    attachment = transcript(data=b"%PDF-1.7 " + b"x" * pdf)
    return replace(maximal(), reports=reports, attachments=(attachment,), extensions=())


def test_a_file_is_parsed_once_to_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """What leaves is what was checked; a second tree of it would cost as much again."""
    calls: list[int] = []
    parse = _check.parse

    def counting(xml: bytes) -> etree._Element:
        calls.append(len(xml))
        return parse(xml)

    monkeypatch.setattr(_check, "parse", counting)
    written = elmo.write(many(5, 1000)).xml
    assert [len(written)] == calls


def test_memory_grows_with_the_file_and_not_more() -> None:
    """Ten times as many courses take at most about ten times the memory; a PDF a few times its size."""

    def peak(document: Document) -> tuple[int, int]:
        elmo.write(document)  # what is kept for good is kept now
        tracemalloc.start()
        try:
            xml = elmo.write(document).xml
            return tracemalloc.get_traced_memory()[1], len(xml)
        finally:
            tracemalloc.stop()

    few, small = peak(many(50, 1000))
    lots, large = peak(many(500, 1000))
    assert lots / large <= 1.3 * few / small
    heavy, size = peak(many(50, 3_000_000))
    assert heavy <= 6 * size


def test_records_that_the_rules_leave_alone_are_not_copied() -> None:
    """Most rows go into the file as the adapter made them."""
    row = record("c1")
    (report,) = select([row], ["c1"], NOW)
    (only,) = report.opportunities
    assert (True, True) == (only.instance is row.instance, only.specification is row.specification)


@pytest.mark.parametrize(
    ("content", "sound"),
    [
        ("data:application/pdf;base64,JVBERi0xLjcg", True),
        ("data:application/pdf;base64,JVBERi0x Ljcg\n", True),
        ("data:application/pdf;base64,JVBERi0=", True),
        ("data:application/pdf;base64,JVBERi0xLg==", True),
        ("data:application/pdf;base64,", True),
        ("data:application/pdf;base64,JVBERi0xLjc", False),
        ("data:application/pdf;base64,JVBE=i0xLjcg", False),
        ("data:application/pdf;base64,JVBERi0xL===", False),
        ("data:application/pdf;base64,====", False),
        ("data:application/pdf;base64,JVBERi0-Ljcg", False),
        ("data:application/pdf;base64,JVBERi0xLjcä", False),
        ("data:application/pdf;base64", False),
        ("data:pdf;base64,JVBERi0xLjcg", False),
    ],
)
def test_base64_is_judged_without_being_decoded(content: str, sound: bool) -> None:
    """The alphabet, the length and the padding at the end: that is all there is to sound base64."""
    root = etree.fromstring(elmo.write(maximal()).xml)
    outside = root.findall(f"{{{NAMESPACE}}}attachment")[-1].find(f"{{{NAMESPACE}}}content")
    assert outside is not None
    outside.text = content
    rules = {problem.rule for problem in check(etree.tostring(root))}
    assert sound is ("attachment-content" not in rules)


@pytest.mark.parametrize("place", ["text", "attribute"])
@pytest.mark.parametrize("character", ["\u202e", "\u2066", "\x7f", "\x85", "\x9f"])
def test_a_deceptive_character_is_found_wherever_it_is(character: str, place: str) -> None:
    """The quick look at the whole document overlooks none."""
    root = etree.fromstring(elmo.write(maximal()).xml)
    title = root.find(f".//{{{NAMESPACE}}}title")
    assert title is not None
    if place == "text":
        title.text = f"Yliopisto {character}"
    else:
        title.set("extra", f"a{character}")
    assert "text" in {problem.rule for problem in check(etree.tostring(root))}


@pytest.mark.parametrize("text", ["A–B “quoted” … 5 €", "no-break\u00a0space §", "Â£"])
def test_characters_that_only_begin_like_deceptive_ones_pass(text: str) -> None:
    """They share their first bytes in UTF-8 with control and formatting characters."""
    root = etree.fromstring(elmo.write(maximal()).xml)
    title = root.find(f".//{{{NAMESPACE}}}title")
    assert title is not None
    title.text = text
    assert () == check(etree.tostring(root, encoding="UTF-8"))


def test_what_is_written_is_its_own_canonical_form() -> None:
    """Signing need not spell it anew: only extensions and markup in CDATA may differ from it."""
    document = replace(maximal(), extensions=())
    xml = elmo.write(replace(many(5, 1000), learner=document.learner)).xml
    tree = etree.fromstring(xml).getroottree()
    assert etree.tostring(tree, method="c14n") == xml.partition(b"?>\n")[2]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        pytest.param(b"Course", b"Co\xe2\x80\xaeurse", "text", id="deceptive character"),
        pytest.param(b"Course", b"Co&#x202e;urse", "text", id="the same by reference"),
        pytest.param(b'xml:lang="en"', b'xml:lang="12"', "lang", id="no language"),
        pytest.param(b'xml:lang="en"', b"xml:lang = '12'", "lang", id="the same in single quotes"),
        pytest.param(b'xml:lang="en"', b'xml:lang="1&#50;"', "lang", id="the same by reference"),
    ],
)
def test_what_the_bytes_do_not_show_at_once_is_found(old: bytes, new: bytes, rule: str) -> None:
    """Rules that look into the bytes first see any spelling of what they are about."""
    xml = elmo.write(many(2, 1000)).xml
    assert not check(xml)
    assert rule in {problem.rule for problem in check(xml.replace(old, new, 1))}


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_bytes_of_another_encoding_are_not_looked_into(encoding: str) -> None:
    """What is found in bytes is found in UTF-8 only; elsewhere the parsed values are asked."""
    text = elmo.write(many(2, 1000)).xml.decode().replace("UTF-8", encoding)
    bad = text.replace("Course", "Co\x85urse", 1).encode(encoding)
    assert {"encoding", "text"} <= {problem.rule for problem in check(bad)}

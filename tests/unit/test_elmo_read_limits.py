"""What reading a stranger's file may cost: memory that grows with the file, and work that does."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType

import pytest

from elmo_reading import NOW, course, file, verified
from emrex_gateway import elmo
from emrex_gateway.domain import VerifiedElmo

MANY = 5_000
RICH = (
    "<date>2024-12-18</date><gradingSchemeLocalId>s</gradingSchemeLocalId><resultLabel>5"
    "</resultLabel><credit><scheme>ects</scheme><value>5</value></credit>"
)
SCHEME = '<gradingScheme localId="s"><description>0 to 5</description></gradingScheme>'


def many(count: int) -> VerifiedElmo:
    return verified(file(course(RICH, "<type>Course</type>") * count, in_report=SCHEME))


def test_five_thousand_courses_are_read_whole() -> None:
    """Every one of them, with its grade."""
    found = elmo.read(many(MANY), now=NOW)
    (report,) = found.document.reports
    assert MANY == len(report.opportunities)
    assert {"5"} == {study.instance.grade for study in report.opportunities}
    assert () == found.warnings


def test_memory_grows_with_the_file_and_not_more() -> None:
    """Ten times the courses take at most about ten times the memory; a PDF a few times its size."""

    def peak(document: VerifiedElmo) -> float:
        elmo.read(document, now=NOW)  # what is kept for good is kept now
        tracemalloc.start()
        try:
            found = elmo.read(document, now=NOW)
            assert found.document.reports
            return tracemalloc.get_traced_memory()[1] / len(document.xml)
        finally:
            tracemalloc.stop()

    assert peak(many(500)) <= 1.3 * peak(many(50))
    content = "data:application/pdf;base64," + "JVBERi0x" * 100_000
    heavy = file(course(), outside=f"<attachment><content>{content}</content></attachment>")
    assert peak(verified(heavy)) <= 7


def _flat(count: int) -> str:
    return file(course(status="") * count)


def _nested(count: int) -> str:
    start = "<learningOpportunitySpecification><title>x</title><hasPart>"
    end = "</hasPart></learningOpportunitySpecification>"
    return file((start * 100 + end * 100) * (count // 100))


def _old(count: int) -> str:
    los = "learningOpportunitySpecification"
    inside = f"<hasPart><{los}><credit/></{los}></hasPart>" * count
    return f'<elmo xmlns="http://purl.org/net/elmo"><report><{los}>{inside}</{los}></report></elmo>'


def _files(count: int) -> str:
    one = '<attachment><identifier type="internal">a</identifier><content>data:,x</content></attachment>'
    refers = "<attachments>" + "<ref>a</ref>" * 40 + "</attachments>"
    return file(course(refers) * (count // 10), in_report=one * 250)


def _languages(count: int) -> str:
    titles = "".join(f'<title xml:lang="a{n % 10}b{n % 7}">t</title>' for n in range(count))
    return file(course(about=titles))


def _extensions(count: int) -> str:
    return file(course('<extension><x xmlns="urn:x">y</x></extension>') * count)


def _markup(count: int) -> str:
    html = "&lt;p>&lt;div>" * 40
    return file(course(about=f"<descriptionHtml>{html}</descriptionHtml>") * (count // 4))


@pytest.mark.parametrize(
    "make",
    [_flat, _nested, _old, _files, _languages, _extensions, _markup],
    ids=lambda make: make.__name__.strip("_"),
)
def test_work_grows_with_the_file_and_not_more(make: Callable[[int], str]) -> None:
    """Four times as much of anything is about four times as many calls: counted, not timed."""

    def calls(count: int) -> int:
        document = verified(make(count))
        made = 0

        def seen(frame: FrameType, event: str, argument: object) -> None:
            nonlocal made
            made += event in {"call", "c_call"}

        sys.setprofile(seen)
        try:
            elmo.read(document, now=NOW)
        finally:
            sys.setprofile(None)
        return made

    calls(100)
    assert calls(400) <= 4.5 * calls(100)

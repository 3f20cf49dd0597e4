"""What others' programs say of the transcript: poppler reads and measures it, veraPDF judges it."""

from __future__ import annotations

import hashlib
import subprocess
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET  # of poppler's own output

import pytest

from copies import export
from emrex_gateway import transcript
from emrex_gateway.domain import AttachmentType, Document
from sample_documents import (
    AUTUMN,
    course,
    document_of,
    ects,
    everything,
    hostile,
    many_courses,
    many_scripts,
    sixty_courses,
)

DOCUMENTS: dict[str, Callable[[], Document]] = {
    "everything": everything,
    "hostile": hostile,
    "many scripts": many_scripts,
    "sixty courses": sixty_courses,
}
VERAPDF = (
    "greenfield-apps-1.28.2.jar",
    "687d4d8bcfec48c9f7e931cf78ed061f1eeccfba55d4cdc000ba9b4d8aa46ce6",
)
MARGIN = 16 / 25.4 * 72
POINT = 1.0


def _file(folder: Path, document: Document, language: str = "en") -> Path:
    path = folder / "transcript.pdf"
    path.write_bytes(
        transcript.render(document, kind=AttachmentType.EMREX_TRANSCRIPT, language=language)
    )
    return path


def _words(pdf: Path) -> list[tuple[float, ET.Element]]:
    """Page width and word element of every word, with its box, as pdftotext measures it."""
    html = subprocess.run(
        ["pdftotext", "-bbox", pdf, "-"], capture_output=True, check=True, text=True
    ).stdout
    pages = ET.fromstring(html).iter("{http://www.w3.org/1999/xhtml}page")
    return [(float(page.attrib["width"]), word) for page in pages for word in page]


@pytest.mark.needs("poppler")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_nothing_leaves_the_page(name: str, tmp_path: Path) -> None:
    """However long a word is, it stays between the margins."""
    words = _words(_file(tmp_path, DOCUMENTS[name](), "fi"))

    assert words
    assert [] == [
        word.text
        for width, word in words
        if float(word.attrib["xMin"]) < MARGIN - POINT
        or float(word.attrib["xMax"]) > width - MARGIN + POINT
    ]


@pytest.mark.needs("poppler")
@pytest.mark.parametrize("name", ["everything", "sixty courses", "hostile"])
def test_columns_do_not_run_into_each_other(name: str, tmp_path: Path) -> None:
    """No word on a line begins before the one to its left has ended."""
    lines: dict[tuple[int, float], list[tuple[float, float]]] = defaultdict(list)
    page = 0
    last = 0.0
    for _, word in _words(_file(tmp_path, DOCUMENTS[name]())):
        box = {key: float(value) for key, value in word.attrib.items()}
        page += box["yMin"] < last - 500
        last = box["yMin"]
        if (word.text or "").isascii():
            lines[page, round(box["yMin"], 1)].append((box["xMin"], box["xMax"]))

    overlaps = [
        (left, right)
        for boxes in map(sorted, lines.values())
        for left, right in pairwise(boxes)
        if right[0] < left[1] - POINT
    ]
    assert [] == overlaps


@pytest.mark.needs("poppler")
def test_every_page_names_the_learner_and_counts(tmp_path: Path) -> None:
    """Pages of a printed transcript can be told apart and put in order; the table's head repeats."""
    pdf = _file(tmp_path, many_courses(120))
    text = subprocess.run(
        ["pdftotext", "-layout", pdf, "-"], capture_output=True, check=True, text=True
    ).stdout
    pages = text.split("\f")[:-1]

    assert len(pages) > 3
    for number, page in enumerate(pages, 1):
        assert f"Page {number} / {len(pages)}" in page
        assert "Virtanen-Đặng" in page
        assert "28 February 2001" in page
        assert ("Code: C" in page) == ("Studies" in page and "Credits" in page)


def _prose(length: int) -> str:
    """Words of many lengths and letters, so many characters long."""
    words = (
        "Wahrscheinlichkeitsrechnung",
        "AVATAR",
        "of",
        "fi",
        "Työ",
        "W.",
        "Übungen",
        "i",
        "and",
    )
    text = " ".join(words[(n * n + n) % len(words)] for n in range(length))
    return text[:length].strip()


@pytest.mark.needs("poppler")
def test_rows_are_as_high_as_their_text(tmp_path: Path) -> None:
    """Heights that are computed before setting hold every line: no row runs into the next."""
    nodes = tuple(
        course(_prose(n), code=f"N{n}", grade=_prose(1 + n % 30), credit=ects(str(n)), term=AUTUMN,
               parts=(course(_prose(n * 2), code=f"P{n}"),))
        for n in range(1, 150, 3)
    )  # fmt: skip
    words = _words(_file(tmp_path, document_of(*nodes)))
    lines: dict[tuple[int, int], float] = {}
    page, last = 0, 0.0
    for _, word in words:
        top, left = float(word.attrib["yMin"]), float(word.attrib["xMin"])
        page += top < last - 500
        last = top
        if left < MARGIN + 85 / 25.4 * 72:
            lines[page, round(top)] = top
    tops = sorted(lines.items())

    assert len(tops) > 200
    # 7.5 points with their leading are 9.8; baselines of a title and the line below it are 9.9 apart
    assert [] == [
        (one, other)
        for (one, a), (other, b) in pairwise(tops)
        if one[0] == other[0] and 2 < b - a < 7
    ]


@pytest.fixture(scope="session")
def verapdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The jar that ``tests/verapdf/pom.xml`` pins, from Maven's local repository or its registry."""
    folder = tmp_path_factory.mktemp("verapdf")
    pom = Path(__file__).parents[1] / "verapdf" / "pom.xml"
    command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies"]
    subprocess.run([*command, f"-DoutputDirectory={folder}"], check=True, capture_output=True)
    name, digest = VERAPDF
    jar = folder / name
    assert digest == hashlib.sha256(jar.read_bytes()).hexdigest()
    return jar


@pytest.mark.needs("java", "maven")
def test_verapdf_finds_no_fault(verapdf: Path, tmp_path: Path) -> None:
    """Each document conforms to what it claims, PDF/A-3a and PDF/UA-1, as far as a program can judge.

    So do a draft with a code, one that holds a file, and the student's copy with its signature and
    the file in it; one that takes its tags back does not.
    """
    files = [tmp_path / "signed.pdf"]
    files[0].write_bytes(export().copy)
    for name, document in DOCUMENTS.items():
        folder = tmp_path / name.replace(" ", "-")
        folder.mkdir()
        files.append(_file(folder, document()))
    marks = {"code": "ABCD-EFGH-JKMN-PQRS", "verify_at": "https://emrex.example/a/verify"}
    for name, more in {
        "draft": {"draft": True},
        "holder": {"elmo": b"<elmo>\xc3\xa4</elmo>"},
    }.items():
        files.append(tmp_path / f"{name}.pdf")
        kind = AttachmentType.EMREX_TRANSCRIPT
        files[-1].write_bytes(transcript.render(everything(), kind=kind, **marks, **more))
    sound = files[1].read_bytes()
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(sound.replace(b"/Marked true", b"/Marked null"))
    verdict = subprocess.run(
        ["java", "-cp", str(verapdf), "org.verapdf.apps.GreenfieldCliWrapper",
         "--format", "text", "-f", "0", *map(str, [*files, broken])],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = verdict.stdout.split("\n")[:-1]
    passed = [line for line in said if line.startswith("PASS") and "broken" not in line]

    assert broken.read_bytes() != sound
    assert sorted(
        f"PASS {file} {flavour}" for file in files for flavour in ("3a", "ua1")
    ) == sorted(passed)
    assert [] != [line for line in said if line.startswith("FAIL") and "broken" in line]
    assert [] == [line for line in said if line.startswith("FAIL") and "broken" not in line]

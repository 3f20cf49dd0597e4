"""The transcript as a reader, a screen reader and an archive get it."""

import io
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emrex_gateway import transcript
from emrex_gateway.domain import (
    AttachmentType,
    Document,
    Instance,
    LangString,
    Learner,
    LearningOpportunity,
    Specification,
    Status,
    texts,
)
from sample_documents import (
    HOSTILE,
    LAKESIDE,
    NORTHERN,
    SCRIPTS,
    course,
    document_of,
    ects,
    everything,
    hostile,
    many_scripts,
)

ALL = AttachmentType.EMREX_TRANSCRIPT
_PATH = ":".join([str(Path(__file__).parents[1] / "support"), str(Path(__file__).parents[2])])
ONE = AttachmentType.TRANSCRIPT_OF_RECORDS


def _text(pdf: bytes) -> str:
    """The PDF's text with every run of white space as one space."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return unicodedata.normalize("NFC", " ".join(" ".join(p.extract_text() for p in pages).split()))


def _everything(language: str = "en") -> str:
    return _text(transcript.render(everything(), kind=ALL, language=language))


CRUCIAL = [
    # learner
    "Virtanen-Đặng", "Aino Ilona", "Айно Виртанен", "Korhonen", "28 February 2001", "Hämeenlinna",
    "Finland (FI)", "female", "280201A123X", "1.2.246.562.24.00000000017", "x1234567",
    "European Student Identifier", "urn:schac:personalUniqueCode:int:esi:lakeside.example:x1234567",
    # issuers
    "Lakeside University", "Järvenrannan yliopisto", "https://www.lakeside.example/", "999912345",
    "Northern University of Applied Sciences", "SF NORTH01", "20 November 2026, 08:00 UTC",
    "23 November 2026, 14:05 UTC+02:00",
    # records
    "Bachelor's Programme in Computer Science", "Tietojenkäsittelytieteen kandiohjelma", "KH50_005",
    "Introduction to Programming", "Ohjelmoinnin perusteet", "Grunderna i programmering", "TKT10002",
    "COI/77", "0613", "11.3", "2025-12-12", "Autumn term 2025", "2025-08-01 – 2025-12-31", "5 ECTS",
    "5 study points", "7.5 ECTS", "EQF level 6: First cycle", "FiNQF level 6", "Finnish", "133.5",
    "61.5 % / 30 % / 8.5 %", "0: 3; 1-2: 11; 3-4: 40; 5: 27", "All attempts since 2020",
    "Year of study – First year", "Variables, control flow, functions, and the habit of testing.",
    "FAILED", "IN PROGRESS", "Passed", "Hyväksytty", "1.1.1", "Degree programme",
    # schemes, attachments, supplement, closing words
    "Whole grades from 5 (excellent) down to 1 (sufficient)", "Pass or fail, no further grades.",
    "Article written for the thesis", "application/pdf, 25 kB, English", "Certificate of the Minor",
    "Preprint, with the supervisor's permission.", "Letter about the exchange",
    "Holder of the qualification", "Family name", "A three-year programme & a thesis.", "Computing",
    "Grades are final.", "(content of the type image/svg+xml: see the ELMO file)", "rules of 2018",
    "The signed file is the authoritative form", "machine-readable extensions",
]  # fmt: skip


@pytest.fixture(scope="module")
def english() -> str:
    return _everything()


@pytest.mark.parametrize("value", CRUCIAL)
def test_every_crucial_value_is_there(english: str, value: str) -> None:
    """The guide asks for a readable version of all crucial data, the birth date included."""
    assert value in english


def test_totals_count_nothing_twice(english: str) -> None:
    """5 + 7.5 + 3 of the courses and 25 of the minor, whose courses are inside; failed and open are out."""
    assert "Passed studies in total: 40.5 ECTS; 5 study points" in english


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "fi",
            ["EMREX-opintosuoritusote", "28. helmikuuta 2001", "HYLÄTTY", "7,5 ECTS", "Suomi (FI)"],
        ),
        ("sv-FI", ["EMREX-studieutdrag", "28 februari 2001", "UNDERKÄND", "Strandsjö universitet"]),
        ("de", ["EMREX transcript"]),
    ],
)
def test_labels_speak_the_chosen_language(language: str, words: list[str]) -> None:
    """English, Finnish and Swedish; English for every other tag."""
    text = _everything(language)

    assert [] == [word for word in words if word not in text]


def test_a_transcript_of_records_is_of_one_issuer() -> None:
    """What stands inside a report says nothing of the other issuers' reports."""
    text = _text(transcript.render(everything(), kind=ONE, issuer=NORTHERN))

    assert "Transcript of Records" in text
    assert "Sailing for Beginners" in text
    assert "28 February 2001" in text
    assert "Lakeside" not in text.replace("lakeside.example:x1234567", "")
    assert "Letter about the exchange" not in text


@pytest.mark.parametrize(
    ("kind", "issuer"),
    [
        (ONE, None),
        (ALL, LAKESIDE),
        (AttachmentType.DIPLOMA, None),
        (ONE, replace(LAKESIDE, country="SE")),
    ],
)
def test_other_kinds_and_issuers_are_refused(kind, issuer) -> None:
    """A caller's mistake is an error, not an empty transcript."""
    with pytest.raises(ValueError, match=r"transcript|issuer"):
        transcript.render(everything(), kind=kind, issuer=issuer)


def test_same_document_same_bytes() -> None:
    """In another process, time zone and language environment too: no clock, no system font."""
    here = transcript.render(everything(), kind=ALL)
    code = (
        "import sys; from sample_documents import everything; from emrex_gateway import transcript;"
        "from emrex_gateway.domain import AttachmentType;"
        "sys.stdout.buffer.write(transcript.render(everything(), kind=AttachmentType.EMREX_TRANSCRIPT))"
    )
    there = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": _PATH, "TZ": "Asia/Tokyo", "LC_ALL": "C", "HOME": "/nonexistent"},
        capture_output=True,
        check=True,
    ).stdout

    assert here == transcript.render(everything(), kind=ALL)
    assert here == there


@pytest.mark.parametrize(
    ("before", "status"), [("preload()", 0), ("render(d, kind=T.EMREX_TRANSCRIPT)", 7)]
)
def test_preload_before_a_fork_and_render_after_it(before: str, status: int) -> None:
    """A worker's children render with what it preloaded; after a rendering they refuse, and never hang."""
    code = f"""
import os
from sample_documents import everything
from emrex_gateway.domain import AttachmentType as T
from emrex_gateway.errors import GatewayError
from emrex_gateway.transcript import preload, render
d = everything()
{before}
pid = os.fork()
if pid == 0:
    try:
        render(d, kind=T.EMREX_TRANSCRIPT)
    except GatewayError:
        os._exit(7)
    os._exit(0)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": _PATH}, check=False, timeout=120
    )

    assert status == ended.returncode


@pytest.fixture(scope="module")
def parsed() -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(transcript.render(everything(), kind=ALL, language="sv")))


def test_metadata_claim_both_standards(parsed: pikepdf.Pdf) -> None:
    """PDF/A-3a and PDF/UA-1 are declared in the XMP packet, with title and date of the document."""
    with parsed.open_metadata() as xmp:
        claims = (xmp["pdfaid:part"], xmp["pdfaid:conformance"], xmp["pdfuaid:part"])
        title = xmp["dc:title"]
        created = datetime.fromisoformat(xmp["xmp:CreateDate"])

    assert ("3", "A", "1") == claims
    assert title == "EMREX-studieutdrag – Aino Ilona Virtanen-Đặng"
    assert everything().generated_at.astimezone(UTC) == created.astimezone(UTC)


def test_structure_is_there_for_screen_readers(parsed: pikepdf.Pdf) -> None:
    """Marked, with language, title in the window, headings in order and tables with header cells."""
    root = parsed.Root
    kinds = Counter(str(node.S) for node in _structure(root.StructTreeRoot))

    assert bool(root.MarkInfo.Marked) is True
    assert "sv" == str(root.Lang)
    assert bool(root.ViewerPreferences.DisplayDocTitle) is True
    assert {"/H1", "/H2", "/H3", "/Table", "/TH", "/TD", "/THead", "/TBody"} <= set(kinds)
    assert 1 == kinds["/H1"]
    assert 8 == kinds["/TH"]  # four columns, two reports


def test_values_carry_their_own_language(parsed: pikepdf.Pdf) -> None:
    """A Finnish title in a Swedish transcript is read aloud as Finnish."""
    spans = b" ".join(page.Contents.read_bytes() for page in parsed.pages)
    elements = {str(e.Lang) for e in _structure(parsed.Root.StructTreeRoot) if "/Lang" in e}
    found = elements | set(re.findall(r"/Lang\((\w+)\)", spans.decode("latin-1")))

    assert {"fi", "en", "ru"} <= found


def test_every_font_is_embedded_and_ours(parsed: pikepdf.Pdf) -> None:
    """No font of the machine is used, or the result would differ from machine to machine."""
    names = {str(font.BaseFont) for page in parsed.pages for font in page.Resources.Font.values()}
    descriptors = [
        font.DescendantFonts[0].FontDescriptor
        for page in parsed.pages
        for font in page.Resources.Font.values()
    ]

    assert [] == [name for name in names if "+NotoSans" not in name]
    assert all("/FontFile2" in d or "/FontFile3" in d for d in descriptors)


def test_a_code_and_where_to_check_it_are_printed() -> None:
    """The first page says how to verify; every page has the code in its footer."""
    text = _text(
        transcript.render(
            everything(),
            kind=ALL,
            code="ABCD-EFGH-JKMN-PQRS",
            verify_at="https://emrex.example/campus/verify",
        )
    )

    assert "Check the code and the files at https://emrex.example/campus/verify" in text
    assert 1 + text.count("Page ") == text.count("ABCD-EFGH-JKMN-PQRS")


def test_a_draft_says_so_on_every_page() -> None:
    """What is opened before sending cannot be taken for the document itself."""
    text = _text(transcript.render(everything(), kind=ALL, draft=True))

    assert text.count("Page ") <= text.count("DRAFT")
    assert "DRAFT" not in _everything()


def test_the_signed_file_is_embedded_as_the_source() -> None:
    """Archives and programs find the ELMO file in the PDF, byte for byte."""
    elmo = "<elmo>\r\n\tÄ&#13; – 漢\n</elmo>".encode()
    with pikepdf.open(io.BytesIO(transcript.render(everything(), kind=ALL, elmo=elmo))) as pdf:
        (spec,) = pdf.Root.AF
        assert ["emrex-elmo.xml"] == list(pdf.attachments)
        assert ("/Source", "/application/xml") == (
            str(spec.AFRelationship),
            str(spec.EF.F.Subtype),
        )
        assert elmo == spec.EF.F.read_bytes()


def _structure(node: pikepdf.Object):
    """Every element below a structure tree's root."""
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield kid
            yield from _structure(kid)


@pytest.mark.parametrize("title", [HOSTILE[0], HOSTILE[1], HOSTILE[2], HOSTILE[9]])
def test_markup_is_text(title: str) -> None:
    """Names that look like typst, HTML or templates come out as they are."""
    text = _text(transcript.render(document_of(course(title, grade=title)), kind=ALL))

    assert 2 <= text.replace(" ", "").count(title.replace(" ", "").replace("\n", ""))


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_can_be_set_and_read(script: str) -> None:
    """Every letter of a name is in the PDF's text layer (its order is the extractor's affair)."""
    name, lang = SCRIPTS[script]
    learner = Learner(given_names="A", family_name=name, alternative_name=LangString(name, lang))
    document = document_of(learner=learner)
    text = _text(transcript.render(document, kind=ALL))
    letters = set(unicodedata.normalize("NFC", name))

    assert frozenset() == transcript.typeset(document, kind=ALL).missing
    assert set() == letters - set(text)


def test_all_scripts_fit_one_document() -> None:
    """One document may mix them all."""
    assert frozenset() == transcript.typeset(many_scripts(), kind=ALL).missing
    assert transcript.render(many_scripts(), kind=ALL).startswith(b"%PDF-1.7")


def test_unshowable_characters_are_spelled_out_and_reported() -> None:
    """Nothing is dropped silently: the page has the code point, the caller a set to report."""
    document = document_of(course("Emoji 😀 studies"))
    text = _text(transcript.render(document, kind=ALL))

    assert frozenset("😀") == transcript.typeset(document, kind=ALL).missing
    assert "Emoji [U+1F600] studies" in text
    assert "Characters that cannot be shown here appear as [U+…]" in text
    assert "cannot be shown" not in _everything()


def test_letters_that_no_font_joins_do_not_fail_the_rendering(monkeypatch) -> None:
    """Should typst find a gap that the check did not, the main font's letters remain."""
    original, calls = transcript.compile_pdf, []

    def first_fails(*args):
        calls.append(args)
        if len(calls) == 1:
            raise transcript.RefusedText
        return original(*args)

    monkeypatch.setattr(transcript, "compile_pdf", first_fails)
    text = _text(transcript.render(document_of(course("Aω שלום")), kind=ALL))

    assert "Aω [U+05E9]" in text


def test_hostile_values_everywhere() -> None:
    """Bad text in every field, no dates, no titles, no credits, a deep tree: a complete transcript."""
    text = _text(transcript.render(hostile(), kind=ALL, language="fi"))

    assert "[U+202E]Tables\\" in text
    assert "ei ilmoitettu" in text
    assert "(ei nimeä)" in text
    assert "the deepest" in text
    assert "1000 ECTS" in text


def test_an_empty_document_is_still_a_transcript() -> None:
    """No records, no reports, no birth date: the page says so."""
    empty = document_of(learner=Learner(given_names="", family_name=""))

    assert "This report holds no studies." in _text(transcript.render(empty, kind=ALL))
    assert "not stated" in _text(transcript.render(replace(empty, reports=()), kind=ALL))


def test_very_long_values_flow_and_are_bounded() -> None:
    """Long values flow over pages; beyond 20,000 characters the page says where the rest is."""
    node = LearningOpportunity(
        specification=Specification(
            titles=texts(en="endless " * 2000), descriptions=texts(en="word " * 9000)
        ),
        instance=Instance(),
    )
    learner = Learner(given_names="x" * 3000, family_name="y" * 3000)
    issuer = replace(LAKESIDE, titles=texts(en="Z" * 40_000))
    text = _text(transcript.render(document_of(node, learner=learner, issuer=issuer), kind=ALL))

    # whole in the table, and its first 200 characters once more before its details
    assert 2000 + 25 == text.count("endless")
    assert 4000 == text.count("word")
    assert 3000 <= text.count("x")
    assert 20_000 <= text.count("Z")
    assert 2 == text.count("[… shortened here: the ELMO file has the whole]")


def _described(count: int, letters: int, **more: str) -> Document:
    text = ("ability " * letters)[: letters - 1] + "."
    return document_of(
        *(
            LearningOpportunity(
                specification=Specification(
                    titles=texts(en=f"Course {n}"), descriptions=texts(en=text, **more)
                ),
                instance=Instance(grade="5"),
            )
            for n in range(count)
        )
    )


OTHERS = "Descriptions stand here in one language"
WITHOUT = "Descriptions of so many studies would fill many pages"


def test_descriptions_of_a_few_studies_are_whole() -> None:
    """As long as they fill no more than some three pages, nothing is cut, and nothing says so."""
    text = _text(transcript.render(_described(10, 800), kind=ALL))

    assert 10 * 100 == text.count("abilit")
    assert (0, 0) == (text.count(OTHERS), text.count(WITHOUT))


def test_descriptions_of_many_studies_are_left_to_the_file() -> None:
    """Rather none than sixty beginnings; a reader hears once where the whole is."""
    text = _text(transcript.render(_described(60, 800), kind=ALL))

    assert (0, 0, 1) == (text.count("abilit"), text.count(OTHERS), text.count(WITHOUT))


def test_one_long_description_is_shown() -> None:
    """Left out is what many make together: a single study is described however long that takes."""
    text = _text(transcript.render(_described(1, 12_000), kind=ALL))

    assert (12_000 // 8, 0) == (text.count("abilit"), text.count(WITHOUT))


def test_a_description_stands_in_the_best_language_only() -> None:
    """In the transcript's own; the reader hears that the file has another."""
    text = _text(transcript.render(_described(1, 80, fi="Taidot ja tiedot."), kind=ALL))
    finnish = _text(
        transcript.render(_described(1, 80, fi="Taidot ja tiedot."), kind=ALL, language="fi")
    )

    assert ("ability" in text, "Taidot" in text, OTHERS in text) == (True, False, True)
    assert ("ability" in finnish, "Taidot" in finnish) == (False, True)


def test_what_is_passed_needs_no_mark() -> None:
    """One sentence says it for all; beside what is not passed stands a mark, and no grade says "passed"."""
    good = (course("Swimming", grade="5"), course("Diving"))
    passed = _text(transcript.render(document_of(*good), kind=ALL))
    mixed = _text(
        transcript.render(
            document_of(*good, course("Sailing", grade="0", status=Status.FAILED)), kind=ALL
        )
    )

    assert ("All of these studies are passed." in passed, "FAILED" in passed) == (True, False)
    assert 2 == passed.count("passed")  # the sentence, and Diving, which has no grade
    assert ("All of these studies" in mixed, 1 == mixed.count("FAILED")) == (False, True)
    assert "Studies without a mark beside the grade are passed." in mixed


@pytest.mark.parametrize(
    "text",
    ["a" + "\u0301" * 40_000, "\u05d0" + "\u05b8" * 500, "\u200d" * 40_000, "\ufe0f" * 300 + "x"],
)
def test_heaps_of_marks_are_set(text: str) -> None:
    """A letter under thousands of accents takes no longer than other text and breaks nothing."""
    document = document_of(course("before " + text))

    assert "before" in _text(transcript.render(document, kind=ALL))


def _document_with(text: str) -> Document:
    learner = Learner(given_names=text, family_name=text, alternative_name=LangString(text, text))
    node = course(
        text, code=text, grade=text, status=Status.FAILED, credit=ects("5"), language=text
    )
    issuer = replace(LAKESIDE, titles=(LangString(text, text),), url=text, country=text)
    return document_of(node, learner=learner, issuer=issuer)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec=None), max_size=40))
def test_no_text_makes_rendering_fail(text: str) -> None:
    """Any sequence of code points, in every field at once, gives a tagged PDF."""
    pdf = transcript.render(_document_with(text), kind=ALL)

    assert pdf.startswith(b"%PDF-1.7")

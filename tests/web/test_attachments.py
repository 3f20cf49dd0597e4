"""A stranger's file on its way to a browser: what opens there, what is saved, under which name."""

from __future__ import annotations

import pytest
from flask import Flask, Response
from werkzeug.http import parse_options_header

from emrex_gateway import elmo
from emrex_gateway.domain import AttachmentContent
from emrex_gateway.web._attachments import attachment_response
from emrex_gateway.web._headers import apply
from emrex_gateway.web._reading_words import READING_WORDS, reading_words

PDF = b"%PDF-1.7 x"


def sent(
    data: bytes,
    name: str = "Transcript",
    media_type: str = "application/pdf",
    *,
    saved: bool = False,
) -> Response:
    """The response with all headers of a page; the type that was kept with the file is a lie."""
    app = Flask(__name__)
    with app.test_request_context():
        content = AttachmentContent(media_type=media_type, data=data)
        return apply(attachment_response(content, name, saved=saved))


@pytest.mark.parametrize(
    ("data", "how", "name", "type_", "body"),
    [
        pytest.param(PDF, "inline", "Transcript.pdf", "application/pdf", PDF, id="PDF"),
        pytest.param(
            b"<b>x</b><script>y</script>", "attachment", "Transcript.html", "text/html", None,
            id="page",
        ),
        pytest.param(
            b"<script>y</script>", "attachment", "Transcript.txt", "text/plain",
            b"<script>y</script>", id="page with nothing harmless in it",
        ),
        pytest.param(
            b"<svg onload=x></svg>", "attachment", "Transcript.txt", "text/plain",
            b"<svg onload=x></svg>", id="SVG",
        ),
        pytest.param(
            b"<?xml version='1.0'?><a/>", "attachment", "Transcript.txt", "text/plain",
            b"<?xml version='1.0'?><a/>", id="XML",
        ),
        pytest.param(
            "päivä".encode("latin-1"), "attachment", "Transcript.txt", "text/plain",
            "päivä".encode(), id="text in Latin-1",
        ),
        pytest.param(
            b"\x89PNG\r\n\x1a\n00", "attachment", "Transcript.png", "image/png",
            b"\x89PNG\r\n\x1a\n00", id="picture",
        ),
        pytest.param(
            b"MZ\x90\0" + b"\0" * 90, "attachment", "Transcript.bin", "application/octet-stream",
            b"MZ\x90\0" + b"\0" * 90, id="program",
        ),
        pytest.param(
            b"\0\1", "attachment", "Transcript.bin", "application/octet-stream", b"\0\1",
            id="bytes",
        ),
    ],
)  # fmt: skip
def test_only_a_pdf_opens_in_the_browser(
    data: bytes, how: str, name: str, type_: str, body: bytes | None
) -> None:
    """Whatever type it was kept under: everything else is saved, and sniffed by nobody."""
    response = sent(data)
    disposition, options = parse_options_header(response.headers["Content-Disposition"])
    assert (how, name, type_) == (disposition, options["filename"], response.mimetype)
    assert "nosniff" == response.headers["X-Content-Type-Options"]
    assert "no-store" == response.headers["Cache-Control"]
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert (how == "attachment") is ("sandbox" in policy)
    assert body is None or body == response.get_data()


def test_a_page_is_cleaned_and_says_so_itself() -> None:
    """Opened from a disk, no header protects it: its own policy does, and nothing runs in it."""
    html = b"<p onclick=x()>Hyv\xc3\xa4<img src=//spy></p><script>x()</script>"
    page = sent(html, "<script>").get_data().decode()
    assert "<p>Hyvä</p>" in page
    assert "<title>&lt;script&gt;</title>" in page
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\'"' in page
    for gone in ("onclick", "img", "x()", "spy"):
        assert gone not in page


def test_a_pdf_can_be_saved() -> None:
    """Where a page has a link for that."""
    assert "attachment" in sent(PDF, saved=True).headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Opintosuoritusote – syksy", "Opintosuoritusote – syksy.pdf"),
        ("../../etc/passwd", "etc passwd.pdf"),
        ('a"b\r\nSet-Cookie: x', "a b Set-Cookie x.pdf"),
        ("evil\u202efdp.exe", "evilfdp.exe.pdf"),
        ("...", "attachment.pdf"),
        ("", "attachment.pdf"),
        ("x" * 200, "x" * 80 + ".pdf"),
        ("成績証明書", "成績証明書.pdf"),
    ],
)
def test_a_name_is_fit_for_any_file_system(name: str, expected: str) -> None:
    """It leads nowhere, hides no ending, and breaks no header."""
    disposition = sent(PDF, name).headers["Content-Disposition"]
    _, options = parse_options_header(disposition)
    assert expected == options["filename"]
    assert "\n" not in disposition


def test_every_remark_of_the_reader_has_words() -> None:
    """Pages say what was mended; a code of an older release that was kept says nothing."""
    assert list(elmo.REMARKS) == list(READING_WORDS)
    app = Flask(__name__)
    with app.test_request_context():
        assert 1 == len(reading_words(("status-missing", "no-longer-known")))

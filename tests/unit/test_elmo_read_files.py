"""Attached files: what they are by their contents, and how many copies a file can make of them."""

from __future__ import annotations

import base64
import io
import zipfile

import pytest

from elmo_reading import course, file, read
from emrex_gateway import elmo
from emrex_gateway.domain import Attachment, AttachmentType, LangString, attached
from emrex_gateway.store._codec import encode

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj" + bytes(range(256)) * 2
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def archive(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file_:
        for name in names:
            file_.writestr(name, "x")
    return made.getvalue()


def uri(data: bytes, media_type: str = "application/pdf") -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def attach(*contents: str, about: str = "") -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
    """Return what is read of one attachment outside the reports, and the warnings."""
    inside = "".join(f"<content>{content}</content>" for content in contents)
    found = read(file(course(), outside=f"<attachment>{about}{inside}</attachment>"))
    return found.document.attachments, found.warnings


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(PDF, "application/pdf", id="PDF"),
        pytest.param(b"%PDF-1.4", "application/pdf", id="short PDF"),
        pytest.param(b"<html>%PDF-1.4 ", "text/html", id="page before a PDF"),
        pytest.param(b"<html>" + PDF, "application/octet-stream", id="something before a PDF"),
        pytest.param(b"\n" + PDF, "application/octet-stream", id="PDF further down"),
        pytest.param(b"GIF89a<script>alert(1)</script>", "image/gif", id="GIF with a script"),
        pytest.param(PNG, "image/png", id="PNG"),
        pytest.param(b"MZ\x90\0" + b"\0" * 100, "application/x-msdownload", id="program"),
        pytest.param(archive("a.txt"), "application/zip", id="ZIP"),
        pytest.param(
            archive("[Content_Types].xml", "_rels/.rels", "docProps/core.xml", "word/document.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            id="Word",
        ),
        pytest.param(b"<!doctype HTML><p>x", "text/html", id="page"),
        pytest.param(b"  \n<!-- x --><SCRIPT>alert(1)</SCRIPT>", "text/html", id="script"),
        pytest.param(b"Hello <img src=x onerror=alert(1)>", "text/html", id="markup in text"),
        pytest.param(b"\xef\xbb\xbf<b>x</b>", "text/html", id="page with a byte order mark"),
        pytest.param(b'<?xml version="1.0"?><html xmlns="x"/>', "text/html", id="page that is XML"),
        pytest.param(b"<?xml version='1.0'?><elmo/>", "application/xml", id="XML"),
        pytest.param(b'<svg onload="alert(1)"/>', "image/svg+xml", id="SVG"),
        pytest.param(
            b'<?xml version="1.0"?><x:svg xmlns:x="y"/>', "image/svg+xml", id="SVG with a prefix"
        ),
        pytest.param("Hyvä päivä\n".encode(), "text/plain", id="text"),
        pytest.param("Hyvä päivä\n".encode("latin-1"), "text/plain", id="text in Latin-1"),
        pytest.param("Hyvä".encode("utf-16"), "text/plain", id="text in UTF-16"),
        pytest.param(b"1 < 2 and 3 > 2", "text/plain", id="text with signs"),
        pytest.param(b"\0\1\2\3", "application/octet-stream", id="bytes"),
        pytest.param(b"   ", "application/octet-stream", id="blanks"),
        pytest.param(b"", "application/octet-stream", id="nothing"),
    ],
)
def test_a_file_is_what_its_contents_are(data: bytes, expected: str) -> None:
    """What it is called decides nothing."""
    assert expected == elmo.media_type(data)


@pytest.mark.parametrize(
    ("content", "data", "type_", "warnings"),
    [
        pytest.param(uri(PDF), PDF, "application/pdf", (), id="as it should be"),
        pytest.param(
            "\n " + uri(PDF)[:200] + "\r\n " + uri(PDF)[200:] + "\n",
            PDF,
            "application/pdf",
            (),
            id="line breaks",
        ),
        pytest.param(uri(PDF).rstrip("="), PDF, "application/pdf", (), id="no padding"),
        pytest.param(
            uri(PDF).replace("base64,", "base64,\n").replace("+", "-").replace("/", "_", 0),
            PDF,
            "application/pdf",
            (),
            id="the other alphabet",
        ),
        pytest.param(
            "DATA:Application/PDF;charset=x;BASE64," + uri(PDF).partition(",")[2],
            PDF,
            "application/pdf",
            (),
            id="case and parameters",
        ),
        pytest.param(
            "data:text/plain,Hyv%C3%A4%20p", "Hyvä p".encode(), "text/plain",
            ("attachment-form",), id="percent signs",
        ),
        pytest.param(
            base64.b64encode(PDF).decode(), PDF, "application/pdf", ("attachment-form",),
            id="no address",
        ),
        pytest.param(
            uri(b"<script>alert(1)</script>"), b"<script>alert(1)</script>", "text/html",
            ("attachment-type",), id="page called PDF",
        ),
        pytest.param(
            uri(PDF, "text/html"), PDF, "application/pdf", ("attachment-type",),
            id="PDF called page",
        ),
        pytest.param(uri(PDF, "application/x-pdf"), PDF, "application/pdf", (), id="old name"),
        pytest.param(
            uri(PDF, "application/octet-stream"), PDF, "application/pdf", (), id="no name"
        ),
        pytest.param(
            uri(b"a;b\n1;2", "text/csv"), b"a;b\n1;2", "text/plain", (), id="kind of text"
        ),
    ],
)  # fmt: skip
def test_contents(content: str, data: bytes, type_: str, warnings: tuple[str, ...]) -> None:
    """Data addresses as they are in use."""
    (attachment,), noted = attach(content)
    assert [(type_, data)] == [(c.media_type, c.data) for c in attachment.contents]
    assert warnings == noted


@pytest.mark.parametrize(
    "content",
    [
        "",
        "A",
        "see the other file",
        "https://files.example/transcript.pdf",
        "file:///etc/passwd",
        "data:application/pdf;base64,%%%%",
        "data:application/pdf;base64,JVBERi0xLjc...",
        "data:application/pdf;base64,",
        "data:application/pdf",
        base64.b64encode(b"plain words " * 20).decode(),
    ],
)
def test_what_is_no_file_is_left_out(content: str) -> None:
    """Nothing is fetched, nothing is guessed, and the rest is read."""
    assert ((), ("attachment",)) == attach(content)


def test_an_attachment_says_more_than_its_file() -> None:
    """Titles, kind and description; a file in several languages; a name where there is none."""
    (attachment,), noted = attach(
        uri(PDF),
        uri(PNG, "image/png"),
        about='<title xml:lang="en">All records</title><type>emrex transcript</type>'
        "<description>a\nb</description>",
    )
    assert ("attachment", AttachmentType.EMREX_TRANSCRIPT, (LangString("All records", "en"),)) == (
        attachment.id, attachment.type, attachment.titles,
    )  # fmt: skip
    assert (LangString("a\nb"),) == attachment.descriptions
    assert ["application/pdf", "image/png"] == [c.media_type for c in attachment.contents]
    assert () == noted
    (other,), noted = attach(uri(PDF), about="<type>Secret Paper</type>")
    assert (None, ("attachment-kind",)) == (other.type, noted)


def test_a_shared_file_is_there_once_however_many_refer_to_it() -> None:
    """Thousands of references to one large file would fill memory and database: they are names."""
    large = PDF + b"x" * 100_000

    def holder(name: str) -> str:
        return (
            f'<attachment><identifier type="internal">{name}</identifier><title>T</title>'
            f"<content>{uri(large)}</content></attachment>"
        )

    refers = "<attachments><ref>in</ref><ref>out</ref></attachments>"
    found = read(file(course(refers) * 200, in_report=holder("in"), outside=holder("out")))
    assert [large, large] == [a.contents[0].data for a in attached(found.document)]
    (report,) = found.document.reports
    assert {(("in", ()), ("out", ()))} == {
        tuple((a.id, a.contents) for a in study.instance.attachments)
        for study in report.opportunities
    }
    assert len(encode(found)) < 8 * len(large)


@pytest.mark.parametrize("what", ["scheme", "group"])
def test_a_long_explanation_is_not_told_without_end(what: str) -> None:
    """A file says it once and thousands of studies refer to it; past a limit they have the name."""
    long = "y" * 20_000
    refers = {
        "scheme": "<gradingSchemeLocalId>s</gradingSchemeLocalId>",
        "group": '<grouping typeref="t" idref="g"/>',
    }[what]
    titles = "".join(
        f'<title xml:lang="a{letter}">{"z" * 999}</title>' for letter in "abcdefghijklmnopqrst"
    )
    scheme = f'<gradingScheme localId="s"><description>{long}</description></gradingScheme>'
    groups = f'<groups><groupType id="t">{titles}<group id="g"/></groupType></groups>'
    found = read(file(course(refers) * 1100, in_report=scheme, outside=groups))
    assert ("shared-text",) == found.warnings
    studies = found.document.reports[0].opportunities
    first, last = studies[0].instance, studies[-1].instance
    if what == "scheme":
        assert first.grading_scheme is not None
        assert last.grading_scheme is not None
        assert ("s", 20_000, ()) == (
            last.grading_scheme.id,
            len(first.grading_scheme.descriptions[0].value),
            last.grading_scheme.descriptions,
        )
    else:
        assert first.group is not None
        assert last.group is not None
        assert ("g", ()) == (last.group.id, last.group.type_titles)
        assert first.group.type_titles
    assert len(encode(found)) < 30_000_000


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<p>Lakes <b>and</b> ponds</p>", "<p>Lakes <b>and</b> ponds</p>"),
        ("<script>x()</script>a", "a"),
        ('<img src="https://spy.example/x.gif">a', "a"),
        ('<p style="x" class="y" id="z" onclick="x()">a</p>', "<p>a</p>"),
        ('<a href="javascript:x()">a</a>', '<a rel="noopener noreferrer nofollow">a</a>'),
        ('<a href="/admin">a</a>', '<a rel="noopener noreferrer nofollow">a</a>'),
        (
            '<a href="https://uni.example/">a</a>',
            '<a href="https://uni.example/" rel="noopener noreferrer nofollow">a</a>',
        ),
        ("<form action=x><input>a</form>", "a"),
        ("<iframe src=x>b</iframe>a<object>c</object>", "a"),
        ("<svg><script>x()</script></svg>a<math><mi>b</mi></math>", "a"),
        ("a&#x202E;b\u202ec", "abc"),
        ("<style>p{}</style><template><p>b</p></template>a", "a"),
        ("<p>" * 2000, ""),
    ],
)
def test_markup_is_made_harmless(markup: str, expected: str) -> None:
    """Text, lists, tables and links to other sites remain."""
    assert expected == elmo.clean_html(markup)

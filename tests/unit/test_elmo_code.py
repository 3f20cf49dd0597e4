"""The short code of an ELMO file: what it covers, and that others compute the same."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import canonicalize

import pytest

from emrex_gateway import elmo
from emrex_gateway.domain import (
    Attachment,
    AttachmentContent,
    AttachmentType,
    Document,
    ElmoVersion,
)
from emrex_gateway.errors import ElmoError
from sample_documents import everything
from signing_material import foreign_sign

DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
DS = "http://www.w3.org/2000/09/xmldsig#"


def with_transcript(pdf: bytes) -> Document:
    """The sample document with a transcript of these bytes in front."""
    transcript = Attachment(
        id="emrex-transcript",
        type=AttachmentType.EMREX_TRANSCRIPT,
        titles=(),
        contents=(AttachmentContent(media_type="application/pdf", data=pdf, lang="en"),),
    )
    bare = everything()
    return replace(bare, attachments=(transcript, *bare.attachments))


def written(pdf: bytes = b"%PDF-1.7 one", version: ElmoVersion = ElmoVersion.V1_7) -> bytes:
    return elmo.write(with_transcript(pdf), version).xml


def by_standard_library(xml: bytes) -> str:
    """The code by Python's own C14N, which shares nothing with libxml2's; as the docs show it."""
    octets = canonicalize(
        xml.decode(),
        exclude_tags=[f"{{{elmo.NAMESPACE}}}attachment", f"{{{DS}}}Signature"],
    ).encode()
    number = int(hashlib.sha256(octets).hexdigest()[:20], 16)
    digits = "".join(DIGITS[number >> shift & 31] for shift in range(75, -1, -5))
    return "-".join(re.findall("....", digits))


@pytest.mark.parametrize("version", list(ElmoVersion))
def test_others_compute_the_same(version: ElmoVersion) -> None:
    """Python's own canonicalisation gives the same code, signed or not."""
    xml = written(version=version)
    assert by_standard_library(xml) == elmo.code(xml)
    signed = foreign_sign(xml)
    assert b"SignatureValue" in signed
    assert by_standard_library(signed) == elmo.code(signed)


def test_the_code_is_known_before_the_transcript_and_the_signature() -> None:
    """What is attached, and who signs, changes nothing: the transcript can carry the code."""
    expected = elmo.code(written(b"%PDF-1.7 one"))
    assert expected == elmo.code(written(b"%PDF-1.7 another, much longer" * 100))
    assert expected == elmo.code(foreign_sign(written(), "rsa2048"))
    assert expected == elmo.code(foreign_sign(written(), "p256", method=_ECDSA))
    assert re.fullmatch(f"([{DIGITS}]{{4}}-){{3}}[{DIGITS}]{{4}}", expected)


_ECDSA = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<givenNames>Aino", b"<givenNames>Eino"),
        (b"<resultLabel>5<", b"<resultLabel>4<"),
        (b"<generatedDate>2026", b"<generatedDate>2025"),
        (b'xml:lang="fi"', b'xml:lang="sv"'),
        (b"<country>FI", b"<country> FI"),
    ],
)
def test_whatever_the_file_says_is_in_the_code(old: bytes, new: bytes) -> None:
    """A name, a grade, a date, an attribute, a blank: another code."""
    xml = written()
    assert old in xml
    assert elmo.code(xml) != elmo.code(xml.replace(old, new, 1))


def test_only_the_form_may_differ() -> None:
    """Comments, quotes, unused declarations and the XML declaration are not what a file says."""
    xml = written()
    start = b'<elmo xmlns="https://github.com/emrex-eu/elmo-schemas/tree/v1">'
    assert start in xml
    other = xml.replace(
        start, start.replace(b'"', b"'").replace(b">", b" xmlns:u='urn:u'><!-- -->")
    )
    assert elmo.code(xml) == elmo.code(other.partition(b"?>")[2])


def test_attachments_at_any_place_are_left_out() -> None:
    """A study's own attachment is not in the code."""
    xml = written()
    places = [found.start() for found in re.finditer(b"<attachment>", xml)]
    assert len(places) > 2
    for start in places:
        assert elmo.code(xml) == elmo.code(xml[:start] + b"<attachment/>" + xml[start:])


def test_a_signature_inside_a_report_stays() -> None:
    """Only the document's own signature is left out: elsewhere it is part of what the file says."""
    xml = written()
    inside = xml.replace(b"</report>", f'<Signature xmlns="{DS}"/></report>'.encode(), 1)
    at_root = xml.replace(b"</elmo>", f'<Signature xmlns="{DS}"/></elmo>'.encode(), 1)
    assert elmo.code(xml) == elmo.code(at_root)
    assert elmo.code(xml) != elmo.code(inside)


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"<elmo/>",
        b"%PDF-1.7",
        b'<!DOCTYPE elmo [<!ENTITY a "b">]><elmo xmlns="'
        + elmo.NAMESPACE.encode()
        + b'">&a;</elmo>',
        b'<elmo xmlns="' + elmo.NAMESPACE.encode() + b'" xmlns:r="relative"',
    ],
    ids=["nothing", "no namespace", "a PDF", "a document type", "cut off"],
)
def test_what_is_no_elmo_has_no_code(xml: bytes) -> None:
    """Such files raise ``ElmoError``, without a word of theirs."""
    with pytest.raises(ElmoError):
        elmo.code(xml)


@pytest.mark.parametrize(
    "typed",
    [
        "0123-4567-89AB-CDEF",
        "0123456789abcdef",
        " 0123 4567 89ab cdef ",
        "O123\u20134567\u201489aB.cdEF",
        "oI23-4567-89ab-cdef",
        "0L23-4567-89ab-cdef",
    ],
    ids=["as printed", "small, in one", "blanks", "dashes and O", "o and I", "L"],
)
def test_a_typed_code_is_understood(typed: str) -> None:
    """Case, grouping and the usual misreadings do not matter."""
    assert elmo.read_code(typed) == "0123-4567-89AB-CDEF"


@pytest.mark.parametrize(
    "typed",
    ["", "0123-4567-89AB-CDE", "0123-4567-89AB-CDEFG", "0123-4567-89AB-CDEU", "\u0660123-4567-89AB-CDEF", "-" * 200],
    ids=["nothing", "short", "long", "a U", "an Arabic digit", "hyphens"],
)  # fmt: skip
def test_what_is_no_code_is_none(typed: str) -> None:
    """Nothing is guessed."""
    assert elmo.read_code(typed) == ""


def test_the_documentation_computes_the_same(tmp_path: Path) -> None:
    """The program in docs/verification.md, as it stands there, on a file as it leaves."""
    text = (Path(__file__).parents[2] / "docs" / "verification.md").read_text()
    program = text.partition("```python\n")[2].partition("```")[0]
    path = tmp_path / "elmo.xml"
    path.write_bytes(foreign_sign(written()))
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert elmo.code(written()) == done.stdout.strip()

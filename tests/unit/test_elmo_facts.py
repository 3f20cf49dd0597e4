"""What is told of a verified ELMO file, and that a code can be printed on what is attached to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings

from elmo_strategies import documents
from emrex_gateway import elmo
from emrex_gateway.domain import (
    Attachment,
    AttachmentContent,
    AttachmentType,
    Document,
    ElmoVersion,
)
from emrex_gateway.errors import ElmoError
from sample_documents import GENERATED, LAKESIDE, NORTHERN, everything


def with_pdf(document: Document, data: bytes) -> Document:
    """The document with a transcript in front."""
    transcript = Attachment(
        id="emrex-transcript",
        type=AttachmentType.EMREX_TRANSCRIPT,
        titles=(),
        contents=(AttachmentContent(media_type="application/pdf", data=data),),
    )
    return replace(document, attachments=(transcript, *document.attachments))


@pytest.mark.parametrize("version", list(ElmoVersion))
def test_a_file_is_known_again(version: ElmoVersion) -> None:
    """Name, birth date, institutions, time, number of studies, the transcript itself."""
    found = elmo.facts(elmo.write(with_pdf(everything(), b"%PDF-1.7 x"), version).xml)
    assert ("Virtanen-Đặng, Aino Ilona", date(2001, 2, 28)) == (found.name, found.birth_date)
    assert GENERATED == found.made_at
    assert {LAKESIDE.titles, NORTHERN.titles} == set(found.issuers)
    assert found.studies > 5
    assert (b"%PDF-1.7 x",) == found.transcripts


def test_a_poor_file_has_poor_facts() -> None:
    """Nothing is invented, and nothing fails."""
    start = f'<elmo xmlns="{elmo.NAMESPACE}">'
    for inside in ("", "<learner/><report/>", "<generatedDate>soon</generatedDate><learner><bday>x</bday></learner>"):  # fmt: skip
        found = elmo.facts(f"{start}{inside}</elmo>".encode())
        assert ("", None, None, (), 0, ()) == (
            found.name, found.birth_date, found.made_at, found.issuers, found.studies, found.transcripts,
        )  # fmt: skip
    for other in (b"", b"<elmo/>", b"<!DOCTYPE a><a/>"):
        with pytest.raises(ElmoError):
            elmo.facts(other)


@settings(max_examples=20)
@given(document=documents())
def test_the_code_is_known_before_the_transcript(document: Document) -> None:
    """Whatever a document holds: in two steps it is the file that one step writes, and its code the same."""
    try:
        whole = elmo.write(with_pdf(document, b"%PDF-1.7 whole")).xml
    except ElmoError:
        return
    begun = elmo.begin(with_pdf(document, elmo.stand_in(1)))
    assert elmo.code(whole) == begun.code
    assert whole == elmo.finish(begun, {1: b"%PDF-1.7 whole"}).xml


def test_a_place_that_is_not_there_once_is_an_error() -> None:
    """Nothing goes out with a stand-in in it, or with a transcript in a student's own attachment."""
    document = with_pdf(everything(), elmo.stand_in(1))
    again = tuple(replace(one, id=f"{one.id}-again") for one in document.attachments)
    twice = replace(document, attachments=(*document.attachments, *again))
    for begun, number in ((elmo.begin(document), 2), (elmo.begin(twice), 1)):
        with pytest.raises(ElmoError, match="place"):
            elmo.finish(begun, {number: b"%PDF-1.7 whole"})

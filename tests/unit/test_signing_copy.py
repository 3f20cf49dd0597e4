"""The student's copy: how it is made, and what becomes of one that somebody worked on."""

from __future__ import annotations

import io
import re
import sys
import zlib

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import embed, generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PdfFileWriter

from copies import VERIFY_AT, Export, export
from emrex_gateway import signing, transcript
from emrex_gateway.domain import SignedElmo
from emrex_gateway.errors import SignatureError
from emrex_gateway.examining import examine
from emrex_gateway.signing import FILE_NAME, claimed_copy, open_copy
from emrex_gateway.signing._certificates import read_certificates
from emrex_gateway.signing._pades import CopyMaker
from signing_material import NOW, certificate, certificate_of, der, private_key, token_references

KINDS = ["rsa2048", "p256", "p384", "p521"]


def made(kind: str, how: str = "pem") -> Export:
    """An export by a key in a file, or in the token."""
    return export(kind, token_references()[kind] if how == "pkcs11" else "")


def reason(pdf: bytes, kind: str = "rsa2048") -> str:
    """Why a copy is refused."""
    with pytest.raises(SignatureError) as refused:
        open_copy(pdf, [certificate(kind)], now=NOW)
    return refused.value.reason


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["pem", pytest.param("pkcs11", marks=pytest.mark.needs("softhsm"))])
def test_a_copy_holds_the_elmo_file_and_begins_with_the_transcript(kind: str, how: str) -> None:
    """Every kind of key, in a file or a token: signed as a whole, the file within as it is."""
    one = made(kind, how)
    found = open_copy(one.copy, [certificate("rsa4096"), certificate(kind)], now=NOW)
    assert one.elmo == found.elmo
    assert one.copy.startswith(one.transcript)
    family, hash_ = found.facts.signature_method.split("-")
    expected = {"rsa2048": "rsa-sha256", "p256": "ecdsa-sha256", "p384": "ecdsa-sha384"}
    assert expected.get(kind, "ecdsa-sha512") == f"{family}-{hash_}"


def test_programs_show_code_and_address() -> None:
    """The signature's description has both, whatever the language."""
    one = export()
    field = PdfFileReader(io.BytesIO(one.copy)).root["/AcroForm"]["/Fields"][0]
    told = field["/V"]
    assert (f"EMREX {one.code}", VERIFY_AT) == (told["/Reason"], told["/ContactInfo"])
    assert "Test provider" == field["/TU"]
    assert transcript.ATTACHED_NAME == FILE_NAME


def test_the_whole_is_examined_together() -> None:
    """Both signatures, the pages and the code."""
    one = export()
    found = examine(one.copy, [certificate("rsa2048")], typed=one.code, now=NOW)
    assert (True, one.code, "fits") == (found.good, found.code, found.typed.value)


def test_every_byte_is_covered() -> None:
    """Whatever is changed, at any place but the signature's own: not as it was."""
    copy = export().copy
    gap = copy.index(b"/Contents <")
    after = copy.index(b">", gap)
    places = [*range(9, len(copy), len(copy) // 60), gap + 10, after, len(copy) - 1]
    for place in (one for one in places if not gap + 10 < one < after):
        changed = copy[:place] + bytes([copy[place] ^ 1]) + copy[place + 1 :]
        assert reason(changed) in {"digest", "shape", "cut", "added", "unsigned"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda c: c + b"\n% more", "added"),
        (lambda c: c[:-1], "cut"),
        (lambda c: c[: len(c) // 2], "unsigned"),
        (lambda c: b"x" + c, "added"),
        (lambda c: re.sub(rb"/ByteRange \[0 ", b"/ByteRange [1 ", c), "added"),
        (lambda c: re.sub(rb"/Contents <..", b"/Contents <zz", c), "shape"),
        (lambda c: re.sub(rb"/Contents <[0-9A-F]{40}", b"/Contents <" + b"0" * 40, c), "shape"),
        (lambda c: c.replace(b"/ByteRange", b"/ByteRangX"), "unsigned"),
        (lambda _: b"%PDF-1.7\n%%EOF", "unsigned"),
        (lambda _: b"no PDF", "no-pdf"),
        (lambda _: b"%PDF-" + b"/ByteRange [0 1 2 3]" * 1000, "shape"),
    ],
    ids=["appended", "cut by one", "half", "moved", "another range", "no hexadecimal", "no CMS",
         "no range", "empty PDF", "text", "many ranges"],
)  # fmt: skip
def test_a_changed_copy_is_refused(change: object, expected: str) -> None:
    """Each by its reason."""
    assert expected == reason(change(export().copy))


def with_update(copy: bytes, xml: bytes, name: str = "second.xml") -> bytes:
    """A copy with another file embedded by an incremental update, as an editor would do it."""
    writer = IncrementalPdfFileWriter(io.BytesIO(copy))
    data = embed.EmbeddedFileObject.from_file_data(writer, xml, mime_type="text/xml")
    embed.embed_file(writer, embed.FileSpec(name, name, data))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_another_file_embedded_afterwards_is_refused() -> None:
    """The signature does not reach to the end any more."""
    assert "added" == reason(with_update(export().copy, export("p256").elmo))


def resigned(pdf: bytes, xml: bytes, kind: str = "rsa2048") -> bytes:
    """A copy that the institution's own key makes out of whatever it is given: should it ever be fooled."""
    key = private_key(kind)

    maker = CopyMaker(
        read_certificates(der(kind)),
        "sha256",
        lambda data: key.sign(data, padding.PKCS1v15(), SHA256()),
        lambda: NOW,
    )
    return maker.make(pdf, SignedElmo(xml), code="0000-0000-0000-0000", verify_at="")


def test_pages_that_do_not_belong_to_the_file_are_refused() -> None:
    """Even signed with the right key: the pages must be those that the ELMO file carries."""
    one = export()
    other = one.transcript.replace(b"%PDF-1.7", b"%PDF-1.6", 1)
    found = examine(resigned(other, one.elmo), [certificate("rsa2048")], now=NOW)
    assert (False, "pages") == (found.good, found.reason)
    right = examine(resigned(one.transcript, one.elmo), [certificate("rsa2048")], now=NOW)
    assert right.good


def test_a_file_of_another_signer_within_is_refused() -> None:
    """The ELMO file in the PDF is verified by itself."""
    found = examine(
        resigned(export().transcript, export("p256").elmo), [certificate("rsa2048")], now=NOW
    )
    assert (False, "certificate", True) == (found.good, found.reason, found.inside)


def test_several_embedded_files_are_refused() -> None:
    """One file, of the right name: a reader must not have to choose."""
    one = export()
    assert "embedded" == reason(resigned(with_update(one.transcript, b"<a/>", "a.xml"), one.elmo))
    assert "embedded" == reason(
        resigned(with_update(one.transcript, one.elmo, FILE_NAME), one.elmo)
    )


def test_a_stranger_s_pdf_reaches_no_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bombs cannot go off where nothing is unpacked: the signature comes first."""
    monkeypatch.setitem(sys.modules, "pyhanko.pdf_utils.reader", None)
    bomb = PdfFileWriter()
    stream = generic.StreamObject(
        dict_data={generic.pdf_name("/Filter"): generic.pdf_name("/FlateDecode")},
        encoded_data=zlib.compress(b"\0" * 50_000_000, 9),
    )
    bomb.add_object(stream)
    out = io.BytesIO()
    bomb.write(out)
    assert "unsigned" == reason(out.getvalue())
    assert "certificate" == reason(export("p256").copy, "p384")
    assert "certificate" == reason(export("p256").copy)


def test_what_a_foreign_copy_claims() -> None:
    """The certificate in it, and whether it holds for that: a claim, for people."""
    claim = claimed_copy(export("p256").copy)
    assert claim.certificate is not None
    assert (True, True) == (claim.whole, claim.holds)
    broken = claimed_copy(export("p256").copy.replace(b"/Count", b"/Cound", 1))
    assert not broken.holds
    assert claimed_copy(b"%PDF-").certificate is None


def test_a_renewed_certificate_of_the_same_key_is_as_good() -> None:
    """The signature names the former certificate; the key decides."""

    renewed = certificate_of(private_key("rsa2048"), name="Renewed").public_bytes(Encoding.PEM)
    assert renewed != certificate("rsa2048")
    assert export().elmo == open_copy(export().copy, [renewed], now=NOW).elmo


def test_no_certificate_is_no_trust() -> None:
    """Nothing given, or nothing that can be read."""
    for given in ([], [b"x"]):
        with pytest.raises(SignatureError) as refused:
            signing.open_copy(export().copy, given, now=NOW)
        assert "no-certificate" == refused.value.reason

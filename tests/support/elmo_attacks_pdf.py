"""Signed PDFs that somebody worked on: shown is one thing, signed another."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from asn1crypto import cms, core
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from pyhanko.pdf_utils import embed
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from copies import export
from elmo_case import attack
from emrex_gateway.domain import SignedElmo
from emrex_gateway.signing import FILE_NAME
from emrex_gateway.signing._certificates import read_certificates
from emrex_gateway.signing._pades import CopyMaker
from signing_material import NOW, der, private_key

EVIL = "rsa2048-evil"


def _resigned(pdf: bytes, xml: bytes, kind: str) -> bytes:
    """A copy made by any key."""
    key = private_key(kind)
    maker = CopyMaker(
        read_certificates(der(kind)),
        "sha256",
        lambda data: key.sign(data, padding.PKCS1v15(), SHA256()),  # type: ignore[union-attr,call-arg,arg-type]
        lambda: NOW,
    )
    return maker.make(pdf, SignedElmo(xml), code="0000-0000-0000-0000", verify_at="")


def _with_file(copy: bytes, xml: bytes, name: str) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(copy))
    data = embed.EmbeddedFileObject.from_file_data(writer, xml, mime_type="text/xml")
    embed.embed_file(writer, embed.FileSpec(name, name, data))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _edited(pdf: bytes) -> bytes:
    """Pages redrawn by an incremental update: what a viewer shows afterwards is another document."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    writer.root["/Lang"] = writer.root["/Lang"]
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _range(old: str, new: str) -> bytes:
    """The byte range rewritten; what it says is as long as before, so that nothing else moves."""
    copy = export().copy
    found = re.search(old.encode(), copy)
    assert found
    made = new.encode()
    return copy.replace(found[0], made + b" " * (len(found[0]) - len(made)), 1)


def _contents(change: Callable[[bytes], bytes], copy: bytes = b"") -> bytes:
    copy = copy or export().copy
    found = re.search(rb"/Contents <([0-9A-Fa-f]+)>", copy)
    assert found
    der_ = bytes.fromhex(found[1].decode())
    made = change(der_)
    return copy.replace(found[1], made.hex().encode().ljust(len(found[1]), b"0"), 1)


def _rebuilt(change: Callable[[cms.ContentInfo], None]) -> bytes:
    """The signature taken apart, changed, and put together again."""

    def changed(der_: bytes) -> bytes:
        info = cms.ContentInfo.load(der_)
        change(info)
        made = info.dump()
        assert isinstance(made, bytes)
        return made

    return _contents(changed)


def _signer(info: cms.ContentInfo) -> cms.SignerInfo:
    return info["content"]["signer_infos"][0]


def _content_inside(info: cms.ContentInfo) -> None:
    info["content"]["encap_content_info"]["content"] = core.OctetString(b"forged")


def _two_signers(info: cms.ContentInfo) -> None:
    info["content"]["signer_infos"].append(cms.SignerInfo.load(_signer(info).dump()))


def _no_signer(info: cms.ContentInfo) -> None:
    info["content"]["signer_infos"] = cms.SignerInfos([])


def _digest_twice(info: cms.ContentInfo) -> None:
    attributes = _signer(info)["signed_attrs"]
    twice = next(one for one in attributes if one["type"].native == "message_digest")
    attributes.append(cms.CMSAttribute.load(twice.dump()))


def _other_content(info: cms.ContentInfo) -> None:
    for one in _signer(info)["signed_attrs"]:
        if one["type"].native == "content_type":
            one["values"] = cms.SetOfContentType(["signed_data"])


def _nothing_signed(info: cms.ContentInfo) -> None:
    """No signed attributes: then the value would be over the bytes, and could be taken from elsewhere."""
    _signer(info)["signed_attrs"] = cms.CMSAttributes([])


def _last_bit(value: bytes) -> bytes:
    """The signature's value stands last; zeros that fill its place follow."""
    made = value.rstrip(b"\0")
    return made[:-1] + bytes([made[-1] ^ 1])


def _wider() -> bytes:
    """The gap reaches into the file: what stands in it is shown and not signed."""
    copy = export().copy
    found = re.search(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\]", copy)
    assert found
    first, second, rest = (int(number) for number in found.groups())
    made = b"/ByteRange [0 %d %d %d]" % (first - 20, second, rest)
    return copy.replace(found[0], made.ljust(len(found[0])), 1)


def _bracketed() -> bytes:
    copy = export().copy
    found = re.search(rb"/Contents <([0-9A-Fa-f]+)>", copy)
    assert found
    return copy.replace(found[0], b"/Contents (" + found[1] + b")", 1)


_SHA256 = bytes.fromhex("608648016503040201")
_RSA = bytes.fromhex("2a864886f70d0101")
for _name, _old, _new in (
    ("SHA-224", _SHA256, _SHA256[:-1] + b"\x04"),
    ("SHA3-256", _SHA256, _SHA256[:-1] + b"\x08"),
    ("RSA-PSS", _RSA, _RSA[:-1] + b"\x02"),
):
    attack(
        f"PDF algorithm: {_name}",
        "algorithm" if _old == _SHA256 else "shape",
        lambda old=_old, new=_new: _contents(lambda value: value.replace(old, new)),
    )

for _name, _make in {
    "something appended": lambda: export().copy + b"\n% more",
    "edited and saved": lambda: _edited(export().copy),
    "another file embedded": lambda: _with_file(export().copy, b"<elmo/>", "other.xml"),
    "the ELMO file replaced": lambda: _with_file(export().copy, export("p256").elmo, FILE_NAME),
    "a page of another PDF behind": lambda: export().copy + export("p256").transcript,
    "moved by a byte": lambda: b"x" + export().copy,
    "a range that begins later": lambda: _range(r"/ByteRange \[0 ", "/ByteRange [9 "),
    "an empty range": lambda: _range(r"/ByteRange \[[^\]]*\]", "/ByteRange [0 0 0 0]"),
}.items():
    attack(f"PDF added: {_name}", "added", _make)
for _name, _make in {
    "by a byte": lambda: export().copy[:-1],
    "the last lines": lambda: export().copy[:-40],
}.items():
    attack(f"PDF cut: {_name}", "cut", _make)
for _name, _make in {
    "a letter": lambda: export().copy.replace(b"/Count", b"/Cound", 1),
    "its version": lambda: export().copy.replace(b"%PDF-1.7", b"%PDF-1.4", 1),
    "the last byte": lambda: export().copy[:-1] + b" ",
}.items():
    attack(f"PDF changed: {_name}", "digest", _make)
for _name, _make in {
    "the transcript alone": lambda: export().transcript,
    "a range spelt otherwise": lambda: export().copy.replace(b"/ByteRange", b"/Byterange"),
    "an empty PDF": lambda: b"%PDF-1.7\n%%EOF",
    "half a PDF": lambda: export().copy[: len(export().copy) // 2],
    "a range with negative numbers": lambda: _range(
        r"/ByteRange \[[^\]]*\]", "/ByteRange [-1 5 9 9]"
    ),
    "a range of nothing": lambda: _range(r"/ByteRange \[[^\]]*\]", "/ByteRange null"),
}.items():
    attack(f"PDF unsigned: {_name}", "unsigned", _make)
for _name, _make in {
    "no hexadecimal": lambda: re.sub(rb"/Contents <..", b"/Contents <zz", export().copy),
    "no CMS": lambda: _contents(lambda _: bytes(100)),
    "an empty CMS": lambda: _contents(lambda _: b"0\x00"),
    "another form": lambda: _contents(lambda value: value.replace(b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03")),
    "no digest signed": lambda: _contents(lambda value: value.replace(b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04", b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05")),
    "a gap with more in it than a signature": _wider,
    "a signature in brackets that readers take for text": _bracketed,
    "content inside the signature": lambda: _rebuilt(_content_inside),
    "two signers": lambda: _rebuilt(_two_signers),
    "no signer": lambda: _rebuilt(_no_signer),
    "two digests": lambda: _rebuilt(_digest_twice),
    "another kind of content": lambda: _rebuilt(_other_content),
    "no signed attributes": lambda: _rebuilt(_nothing_signed),
    "many ranges": lambda: b"%PDF-" + b"/ByteRange [0 1 2 3]" * 1000,
}.items():  # fmt: skip
    attack(f"PDF form: {_name}", "shape", _make)


for _name, _make in {
    "the intruder's": lambda: _resigned(export().transcript, export().elmo, EVIL),
    "nobody's: a bit of the value changed": lambda: _contents(_last_bit),
    "another provider's": lambda: export("p256").copy,
}.items():
    attack(f"PDF key: {_name}", "certificate", _make)
attack(
    "PDF key: a bit of the value of an elliptic curve changed",
    "certificate",
    lambda: _contents(_last_bit, export("p256").copy),
    trusted=("p256",),
)
attack("PDF key: nobody is trusted", "no-certificate", lambda: export().copy, trusted=())

# --- made by the trusted key, should it ever be fooled ----------------------------------------

for _name, _reason, _make in (
    (
        "pages that its ELMO file does not carry",
        "pages",
        lambda: _resigned(
            export().transcript.replace(b"%PDF-1.7", b"%PDF-1.6", 1), export().elmo, "rsa2048"
        ),
    ),
    (
        "an ELMO file of another signer",
        "certificate",
        lambda: _resigned(export().transcript, export("p256").elmo, "rsa2048"),
    ),
    (
        "an ELMO file that was changed",
        "digest",
        lambda: _resigned(
            export().transcript, export().elmo.replace(b"Virtanen", b"Mallikas", 1), "rsa2048"
        ),
    ),
    (
        "no ELMO file but a text",
        "malformed",
        lambda: _resigned(export().transcript, b"a text", "rsa2048"),
    ),
    (
        "an ELMO file with a document type",
        "dtd",
        lambda: _resigned(export().transcript, b"<!DOCTYPE elmo><elmo/>", "rsa2048"),
    ),
    (
        "two files",
        "embedded",
        lambda: _resigned(
            _with_file(export().transcript, b"<a/>", "a.xml"), export().elmo, "rsa2048"
        ),
    ),
    (
        "two files of one name",
        "embedded",
        lambda: _resigned(
            _with_file(export().transcript, b"<a/>", FILE_NAME), export().elmo, "rsa2048"
        ),
    ),
):
    attack(f"PDF within: {_name}", _reason, _make)

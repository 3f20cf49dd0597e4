"""Packing and unpacking the ``elmo`` field, in all the ways in which others write it."""

from __future__ import annotations

import base64
import gzip
import io
import random
import subprocess
import sys
import textwrap
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from emrex_gateway.domain import SignedElmo
from emrex_gateway.errors import EnvelopeError
from emrex_gateway.network import open_file, pack, unpack_elmo

XML = '<?xml version="1.0" encoding="UTF-8"?>\n<elmo>Ääni 日本</elmo>'.encode()
# Random digits: their gzip holds many of base64's plus signs and slashes.
LONG = b"<elmo>" + random.Random(3).randbytes(60_000).hex().encode() + b"</elmo>"


def packed(xml: bytes = LONG) -> str:
    return base64.b64encode(gzip.compress(xml)).decode()


def wrapped(text: str, width: int, end: str) -> str:
    return end.join(text[i : i + width] for i in range(0, len(text), width)) + end


def members(*parts: bytes) -> str:
    return base64.b64encode(b"".join(gzip.compress(part, mtime=0) for part in parts)).decode()


def with_header_fields() -> str:
    """Gzip with a file name and a time, as the command writes it."""
    buffer = io.BytesIO()
    with gzip.GzipFile("elmo.xml", "wb", fileobj=buffer, mtime=1_700_000_000) as file:
        file.write(LONG)
    return base64.b64encode(buffer.getvalue()).decode()


def test_packing_is_base64_of_gzip_on_one_line() -> None:
    """What every client reads; and the same each time, so that a repeated step changes nothing."""
    text = pack(SignedElmo(LONG))
    assert LONG == gzip.decompress(base64.b64decode(text, validate=True))
    assert "\n" not in text
    assert text == pack(SignedElmo(LONG))


TOLERATED: dict[str, Callable[[], str]] = {
    "ours": lambda: pack(SignedElmo(LONG)),
    "gzip with header fields": with_header_fields,
    "line breaks of 76": lambda: wrapped(packed(), 76, "\r\n"),
    "line breaks of 64": lambda: wrapped(packed(), 64, "\n"),
    "line breaks and tabs": lambda: "\r\n\t" + wrapped(packed(), 60, "\n\t"),
    "missing padding": lambda: packed().rstrip("="),
    "too much padding": lambda: packed().rstrip("=") + "===",
    "blanks for plus": lambda: packed().replace("+", " "),
    "blanks for plus and line breaks": lambda: wrapped(packed().replace("+", " "), 76, "\r\n"),
    "blanks as line breaks": lambda: wrapped(packed(), 76, " "),
    "blanks around": lambda: f"  {packed()} ",
    "blanks around, and for plus": lambda: "\n  " + packed().replace("+", " ") + "\n  ",
    "without gzip": lambda: base64.b64encode(LONG).decode(),
    "without gzip, wrapped": lambda: wrapped(base64.b64encode(LONG).decode(), 64, "\n"),
    "without gzip, blanks for plus": lambda: base64.b64encode(LONG).decode().replace("+", " "),
    "without gzip, blanks around, and for plus": lambda: (
        "\n  " + base64.b64encode(LONG).decode().replace("+", " ") + " "
    ),
    "without gzip, blanks as line breaks": lambda: wrapped(
        base64.b64encode(LONG).decode(), 76, " "
    ),
    "XML": LONG.decode,
    "XML after blanks and a mark": lambda: "\ufeff\r\n " + LONG.decode(),
    "gzip in two members": lambda: members(LONG[:1000], LONG[1000:]),
    "gzip with an empty member": lambda: members(b"", LONG, b""),
    "gzip padded with zeros": lambda: base64.b64encode(gzip.compress(LONG) + b"\0" * 300).decode(),
}


@pytest.mark.parametrize("spelling", TOLERATED)
def test_every_spelling_in_use_is_read(spelling: str) -> None:
    """Each of the tolerances gives the document back, byte for byte."""
    text = TOLERATED[spelling]()
    if "plus" in spelling:
        assert " " in text
    assert LONG == unpack_elmo(text).xml


@pytest.mark.parametrize("length", range(40))
def test_every_length_survives_without_padding_and_plus(length: int) -> None:
    """Blanks at the very end may have been plus signs."""
    for seed in range(20):
        xml = b"<" + random.Random(seed).randbytes(length)
        text = packed(xml).rstrip("=").replace("+", " ")
        assert xml == unpack_elmo(text).xml


def _broken_crc() -> str:
    data = bytearray(gzip.compress(LONG))
    data[-6] ^= 1
    return base64.b64encode(data).decode()


REFUSED: dict[str, tuple[Callable[[], str], str]] = {
    "nothing": (lambda: "", "neither gzip nor XML"),
    "text": (lambda: "hello, world!", "not base64"),
    "one letter too many": (lambda: packed(b"<a/>").rstrip("=")[:-1] + "AAA"[:2], "damaged|fit"),
    "a quarter byte": (lambda: "A", "length does not fit"),
    "padding in the middle": (lambda: packed() + packed(), "not base64"),
    "base64 of text": (lambda: base64.b64encode(b"hello").decode(), "neither gzip nor XML"),
    "base64 of zlib": (lambda: base64.b64encode(zlib.compress(LONG)).decode(), "neither gzip"),
    "another script": (lambda: "H4sIA" + "\u0410" * 7, "not base64"),
    "cut off": (lambda: packed()[:4000], "end too early"),
    "only the magic": (lambda: base64.b64encode(b"\x1f\x8b").decode(), "end too early"),
    "wrong checksum": (_broken_crc, "damaged"),
    "something after the end": (
        lambda: base64.b64encode(gzip.compress(LONG) + b"<elmo/>").decode(),
        "after the end",
    ),
    "something after the zeros": (
        lambda: base64.b64encode(gzip.compress(LONG) + b"\0\0x").decode(),
        "after the end",
    ),
    "half a second member": (
        lambda: base64.b64encode(gzip.compress(LONG) + gzip.compress(LONG)[:20]).decode(),
        "end too early",
    ),
    "endless members": (lambda: members(*[b""] * 5000), "after the end"),
    "lone surrogate": (lambda: "<elmo>\ud800</elmo>", "characters that XML cannot"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_everything_else_is_refused_in_a_sentence(case: str) -> None:
    """With the documented error, and which of them."""
    make, sentence = REFUSED[case]
    with pytest.raises(EnvelopeError, match=sentence):
        unpack_elmo(make())


@pytest.mark.parametrize(
    "make",
    [
        lambda xml: pack(SignedElmo(xml)),
        lambda xml: base64.b64encode(xml).decode(),
        lambda xml: xml.decode(),
        lambda xml: members(xml[:500], xml[500:]),
    ],
    ids=["gzip", "base64", "XML", "members"],
)
def test_the_limit_is_exact(make: Callable[[bytes], str]) -> None:
    """A document of the limit's size is read, one byte more is not."""
    xml = b"<elmo>" + b"x" * 994
    assert xml == unpack_elmo(make(xml), limit=1000).xml
    with pytest.raises(EnvelopeError, match="than 1000 bytes"):
        unpack_elmo(make(xml + b"y"), limit=1000)


def _bomb(size: int) -> str:
    """Gzip of ``size`` bytes, made a piece at a time."""
    stream = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = b"<" + b" " * (1024 * 1024 - 1)
    parts = [stream.compress(piece) for _ in range(size // len(piece))]
    return base64.b64encode(b"".join([*parts, stream.flush()])).decode()


def test_a_bomb_is_refused_at_the_limit_in_bounded_memory() -> None:
    """200 MB in 200 KB: no more than about the limit is ever unpacked."""
    bomb = _bomb(200 * 1024 * 1024)
    assert len(bomb) < 400_000
    limit = 4 * 1024 * 1024
    tracemalloc.start()
    try:
        with pytest.raises(EnvelopeError, match=f"unpacks to more than {limit} bytes"):
            unpack_elmo(bomb, limit=limit)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The text, its bytes, and the limit twice while a buffer grows.
    assert peak < 3 * limit


def test_a_bomb_of_members_is_refused_at_the_limit() -> None:
    """The limit is for all members together."""
    member = gzip.compress(b"<" * 1_000_000)
    with pytest.raises(EnvelopeError, match="unpacks to more than 3000000 bytes"):
        unpack_elmo(base64.b64encode(member * 100).decode(), limit=3_000_000)


def test_a_text_beyond_all_measure_is_not_even_decoded() -> None:
    """The packed form has a limit too."""
    with pytest.raises(EnvelopeError, match="is larger than 1000 bytes"):
        unpack_elmo("A" * 5000, limit=1000)


@pytest.mark.parametrize(
    "data",
    [
        XML,
        b"\xef\xbb\xbf" + XML,
        b"\n" + XML,
        gzip.compress(XML),
        base64.b64encode(XML),
        base64.encodebytes(gzip.compress(XML)),
    ],
    ids=["plain", "byte order mark", "line break first", "gzip", "base64", "gzip in base64"],
)
def test_files_are_read_whatever_they_hold(data: bytes) -> None:
    """For support: somebody's file may be any stage of the document."""
    assert XML in open_file(data).xml


@pytest.mark.parametrize("data", [b"", b"\x89PNG", b"%PDF-1.7", b"\xff\xff", "ä".encode()])
def test_other_files_are_refused(data: bytes) -> None:
    """With the documented error."""
    with pytest.raises(EnvelopeError):
        open_file(data)


def test_the_command_gunzip_reads_what_we_pack() -> None:
    """A reader that we did not write: zlib's own, in another process, from the bytes alone."""
    program = textwrap.dedent(
        """
        import base64, sys, zlib
        sys.stdout.buffer.write(zlib.decompress(base64.b64decode(sys.stdin.read()), 31))
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=pack(SignedElmo(XML)).encode(),
        capture_output=True,
        check=True,
    )
    assert XML == done.stdout

"""Reading a student's copy: who signed the PDF, and the ELMO file in it.

The order is the protection. The signature is found by its byte range and
checked over the bytes as they lie there; only a PDF that is signed with a
given certificate's key, down to its last byte, is ever parsed. So whoever
uploads something else reaches no PDF parser, and whatever a viewer may show
is what was signed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from emrex_gateway.domain import SignatureFacts
from emrex_gateway.errors import SignatureError
from emrex_gateway.signing._certificates import Certificate
from emrex_gateway.signing._cms import Cms, read_cms
from emrex_gateway.signing._policy import STRICT, Policy
from emrex_gateway.signing._verify import cautions, read_all, usable

MAX_BYTES: Final = 64 * 1024 * 1024
"""The largest PDF, in bytes; also the largest file in it."""

FIELD_NAME: Final = "Signature"
FILE_NAME: Final = "emrex-elmo.xml"
"""The embedded file's name, the same as that of the download."""

_START: Final = b"%PDF-"
_MAX_CONTENTS: Final = 200_000
"""The longest signature, in bytes of the file: hexadecimal of some certificates."""
_NUMBER = rb"\s+(\d{1,10})"
_RANGE: Final = re.compile(rb"/ByteRange\s{0,9}\[\s{0,9}(\d{1,10})" + _NUMBER * 3 + rb"\s{0,9}\]")
_MAX_RANGES: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedCopy:
    """A PDF that a given certificate's key signed as a whole, and the ELMO file in it: not yet verified."""

    elmo: bytes = field(repr=False)
    facts: SignatureFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedCopy:
    """What a PDF's signature says of itself. ``holds`` is whether it fits the certificate in it."""

    certificate: Certificate | None
    whole: bool
    holds: bool


def is_pdf(data: bytes) -> bool:
    """Whether it begins as a PDF does; some programs put a line before."""
    return _START in data[:1024]


def open_copy(
    pdf: bytes,
    certificates: Sequence[bytes],
    policy: Policy = STRICT,
    *,
    now: datetime | None = None,
) -> OpenedCopy:
    """Return the one file in a signed copy.

    Raises ``SignatureError``; ``reason`` is one of those of ``authenticate``,
    or ``embedded``: it holds no ELMO file, or several files.
    """
    facts = authenticate(pdf, certificates, policy, now=now)
    return OpenedCopy(elmo=_embedded(pdf), facts=facts)


def authenticate(
    pdf: bytes,
    certificates: Sequence[bytes],
    policy: Policy = STRICT,
    *,
    now: datetime | None = None,
) -> SignatureFacts:
    """Say who signed a PDF, by bytes alone: nothing of it is parsed but the signature.

    Raises ``SignatureError``; ``reason`` is one of ``size``, ``no-pdf``,
    ``unsigned``, ``added`` (something stands after what was signed),
    ``cut`` (its end is missing), ``shape``, ``algorithm``,
    ``no-certificate``, ``weak-key``, ``digest`` (changed), ``certificate``.
    """
    found, content = _signature(pdf)
    trusted = usable(read_all(certificates), found.kind, policy)
    if not found.digests(content):
        raise SignatureError("the PDF was changed after it was signed", "digest")
    signer = next((one for one in trusted if found.is_by(one)), None)
    if signer is None:
        raise SignatureError("the PDF was not signed with a given certificate's key", "certificate")
    return SignatureFacts(
        subject=signer.subject,
        fingerprint=signer.fingerprint,
        not_before=signer.not_before,
        not_after=signer.not_after,
        signature_method=f"{found.kind}-{found.hash_name}",
        digest_method=found.hash_name,
        canonicalization="pades",
        warnings=cautions(signer, now or datetime.now(UTC)),
    )


def claimed_copy(pdf: bytes) -> ClaimedCopy:
    """Say what a PDF's signature claims: for people, never a reason to trust. Never raises."""
    try:
        found, content = _signature(pdf)
    except SignatureError as error:
        return ClaimedCopy(
            certificate=None, whole=error.reason not in ("added", "cut"), holds=False
        )
    holds = (
        found.certificate is not None and found.digests(content) and found.is_by(found.certificate)
    )
    return ClaimedCopy(certificate=found.certificate, whole=True, holds=holds)


def _signature(pdf: bytes) -> tuple[Cms, tuple[memoryview, memoryview]]:
    """Return the one signature that covers the whole file, and the two pieces that it covers."""
    if len(pdf) > MAX_BYTES:
        raise SignatureError(f"the PDF is larger than {MAX_BYTES} bytes", "size")
    if not is_pdf(pdf):
        raise SignatureError("the file is no PDF", "no-pdf")
    ranges = []
    for found in _RANGE.finditer(pdf):
        ranges.append((found.start(), *map(int, found.groups())))
        if len(ranges) > _MAX_RANGES:
            raise SignatureError("the PDF has too many signatures", "shape")
    if not ranges:
        raise SignatureError("the PDF has no signature", "unsigned")
    whole = [one for one in ranges if one[1] == 0 and one[3] + one[4] == len(pdf)]
    if not whole:
        longest = max(one[3] + one[4] for one in ranges)
        if longest > len(pdf):
            raise SignatureError("the PDF's end is missing", "cut")
        raise SignatureError("something was added to the PDF after it was signed", "added")
    if len(whole) > 1:
        raise SignatureError("several signatures claim to cover the whole PDF", "shape")
    place, _, first, second, _ = whole[0]
    gap = pdf[first:second] if first < second <= first + _MAX_CONTENTS else b""
    # Where the range itself stands must be signed, too; the gap holds one string, nothing else.
    if first <= place < second or not (gap[:1] == b"<" and gap[-1:] == b">"):
        raise SignatureError("the signature's place in the PDF is not as it must be", "shape")
    try:
        der = bytes.fromhex(gap[1:-1].decode("ascii"))
    except ValueError:
        raise SignatureError(
            "the signature's place in the PDF is not as it must be", "shape"
        ) from None
    view = memoryview(pdf)
    return read_cms(der), (view[:first], view[second:])


def _embedded(pdf: bytes) -> bytes:
    """Return the one file in a PDF that we signed. Raises ``SignatureError`` (``embedded``)."""
    from pyhanko.pdf_utils.decode_limits import DecodeLimits, StreamDecodeLimits  # noqa: PLC0415 - 0.4 s
    from pyhanko.pdf_utils.reader import PdfFileReader  # noqa: PLC0415 - a second's import that only copies need

    limits = DecodeLimits(per_stream=StreamDecodeLimits(max_output_size=MAX_BYTES))
    try:
        reader = PdfFileReader(io.BytesIO(pdf), decode_limits=limits)
        names = reader.root["/Names"]["/EmbeddedFiles"]["/Names"]
        count = len(names) // 2
        data = bytes(names[1]["/EF"]["/F"].data) if count == 1 else b""
        name = str(names[0])
    except Exception:  # pyHanko has many for a file that is not as it expects
        raise SignatureError("the PDF holds no file that can be taken out", "embedded") from None
    if count != 1 or name != FILE_NAME:
        raise SignatureError("the PDF holds other files than one ELMO file", "embedded")
    return data

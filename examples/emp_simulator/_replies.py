"""The four fields of each mode's reply, right or wrong."""

from __future__ import annotations

import base64
import gzip
import io
from functools import lru_cache

from emrex_gateway.domain import ReturnCode, SignedElmo
from emrex_gateway.network import pack, reply_fields
from examples.emp_simulator import _documents
from examples.emp_simulator._modes import Mode
from examples.emp_simulator._providers import Learner, Provider, make_provider

BOMB_BYTES = 200_000_000
_WITHOUT = {
    Mode.NO_RESULTS: (ReturnCode.NO_RESULTS, "There are no records of yours here."),
    Mode.CANCEL: (ReturnCode.CANCEL, ""),
    Mode.ERROR: (ReturnCode.ERROR, "The student register is closed for maintenance."),
}


def fields(mode: Mode, provider: Provider, learner: Learner, session_id: str) -> dict[str, str]:
    """Return what the provider's page posts; the session id goes back as it came."""
    if mode in _WITHOUT:
        code, message = _WITHOUT[mode]
        return reply_fields(
            session_id=session_id, code=code, message=message, newer_codes=provider.newer_codes
        )
    said = reply_fields(
        session_id=session_id,
        code=ReturnCode.OK,
        elmo=SignedElmo(b"<elmo/>"),
        newer_codes=provider.newer_codes,
    )
    said["elmo"] = _elmo(mode, provider, learner)
    if mode is Mode.DIALECT:
        said["returnCode"] = said["returnCode"].lower()
        del said["returnMessage"]
        said["providerVersion"] = "0.9"
    return said


def _elmo(mode: Mode, provider: Provider, learner: Learner) -> str:
    if mode is Mode.BOMB:
        return _bomb()
    if mode is Mode.BAD_XML:
        return pack(SignedElmo(b"<elmo><report>the register is closed</elmo>"))
    signer = _stranger(provider.country) if mode is Mode.UNLISTED else provider
    signed = signer.sign(_documents.write(mode, provider, learner))
    if mode is Mode.DIALECT:
        return signed.xml.decode("utf-8")
    if mode is Mode.CHANGED:
        signed = SignedElmo(signed.xml.replace(b">C</resultLabel>", b">A</resultLabel>"))
    packed = base64.b64decode(pack(signed))
    if mode is Mode.BAD_GZIP:
        packed = packed[: len(packed) // 2]
    return base64.b64encode(packed).decode("ascii")


@lru_cache(maxsize=4)
def _stranger(country: str) -> Provider:
    return make_provider("nobody-knows", "Nobody knows", (country, country), elliptic=True)


@lru_cache(maxsize=1)
def _bomb() -> str:
    """Zeros, packed a piece at a time: this process never holds them."""
    packed = io.BytesIO()
    piece = bytes(1_000_000)
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9, mtime=0) as file:
        for _ in range(BOMB_BYTES // len(piece)):
            file.write(piece)
    return base64.b64encode(packed.getvalue()).decode("ascii")

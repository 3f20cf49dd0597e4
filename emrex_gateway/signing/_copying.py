"""What both signers share: copies of transcripts, with pyHanko imported for the first one only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emrex_gateway.domain import SignedElmo
from emrex_gateway.ports import Clock
from emrex_gateway.signing._certificates import Certificate

if TYPE_CHECKING:
    from emrex_gateway.signing._pades import CopyMaker


class Copies:
    """Makes the copies of one signer. ``sign`` returns a value as CMS spells it: ECDSA in DER."""

    def __init__(
        self,
        chain: tuple[Certificate, ...],
        hash_name: str,
        sign: Callable[[bytes], bytes],
        clock: Clock,
    ) -> None:
        self._arguments = (chain, hash_name, sign, clock)
        self._maker: CopyMaker | None = None

    def make(self, transcript: bytes, elmo: SignedElmo, *, code: str, verify_at: str) -> bytes:
        """See ``ports.Signer.sign_copy``."""
        if self._maker is None:
            from emrex_gateway.signing._pades import CopyMaker  # noqa: PLC0415 - 1 s and 30 MB

            self._maker = CopyMaker(*self._arguments)
        return self._maker.make(transcript, elmo, code=code, verify_at=verify_at)

"""Making a student's copy of a transcript: the signed ELMO file inside, the whole signed as PAdES.

An incremental update: the transcript's own bytes stay in front as they are, so
that anybody can see that the copy shows what is attached to the ELMO file
within it (``docs/verification.md``). Profile PAdES B-B: no server of time or
of revocations is asked.

Importing pyHanko takes a second and 30 MB: this module is imported when the
first copy is made.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from asn1crypto import algos, x509
from pyhanko.pdf_utils.embed import EmbeddedFileObject, EmbeddedFileParams, FileSpec, embed_file
from pyhanko.pdf_utils.generic import ArrayObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import InvisSigSettings, MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from emrex_gateway.domain import SignedElmo
from emrex_gateway.errors import GatewayError, SignatureError, SigningError
from emrex_gateway.signing._certificates import Certificate
from emrex_gateway.signing._copy import FIELD_NAME, FILE_NAME, authenticate
from emrex_gateway.signing._policy import STRICT

_ROOM = 2048
"""Bytes of a CMS signature besides its certificates: attributes, names, the value itself."""


class _Raw(Signer):
    """Lets pyHanko build the CMS around a value that our key makes."""

    def __init__(
        self, chain: Sequence[Certificate], hash_name: str, sign: Callable[[bytes], bytes]
    ) -> None:
        others = SimpleCertificateStore()
        for one in chain[1:]:
            others.register(x509.Certificate.load(one.der))
        family = "rsa" if chain[0].kind == "rsa" else "ecdsa"
        super().__init__(
            signing_cert=x509.Certificate.load(chain[0].der),
            cert_registry=others,
            signature_mechanism=algos.SignedDigestAlgorithm({"algorithm": f"{hash_name}_{family}"}),
        )
        self._sign = sign

    async def async_sign_raw(
        self, data: bytes, digest_algorithm: str, dry_run: bool = False
    ) -> bytes:
        """Return the value for the signed attributes, as CMS spells it."""
        return self._sign(data)


class CopyMaker:
    """Makes copies with one key; kept, because reading certificates takes longer than signing."""

    def __init__(
        self,
        chain: Sequence[Certificate],
        hash_name: str,
        sign: Callable[[bytes], bytes],
        clock: Callable[[], datetime],
    ) -> None:
        self._certificate = chain[0]
        self._hash = hash_name
        self._signer = _Raw(chain, hash_name, sign)
        self._reserved = 2 * (_ROOM + sum(len(one.der) for one in chain))
        self._clock = clock

    def make(self, transcript: bytes, elmo: SignedElmo, *, code: str, verify_at: str) -> bytes:
        """Return the copy. Raises ``SigningError`` when it cannot be made or does not hold."""
        now = self._clock()
        try:
            # The update begins on a line of its own (ISO 19005-3, 6.1.9), whatever the PDF ends with.
            writer = IncrementalPdfFileWriter(io.BytesIO(transcript + b"\n"))
            _embed(writer, elmo.xml, code, now)
            made = io.BytesIO()
            PdfSigner(
                self._told(code, verify_at), self._signer, new_field_spec=self._field()
            ).sign_pdf(writer, output=made, bytes_reserved=self._reserved)
        except GatewayError:
            raise
        except (
            Exception
        ) as error:  # pyHanko has many; none of its messages may leave with a text in it
            raise SigningError(f"the copy cannot be signed ({type(error).__name__})") from None
        copy = made.getvalue()
        try:
            authenticate(copy, [self._certificate.der], STRICT, now=now)
        except SignatureError as error:
            raise SigningError(f"the copy that was just signed does not hold: {error}") from error
        return copy

    def _told(self, code: str, verify_at: str) -> PdfSignatureMetadata:
        """What programs show beside the signature: languages do not matter in it."""
        return PdfSignatureMetadata(
            field_name=FIELD_NAME,
            md_algorithm=self._hash,
            subfilter=SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
            reason=f"EMREX {code}".strip(),
            contact_info=verify_at or None,
        )

    def _field(self) -> SigFieldSpec:
        # PDF/UA wants a widget without structure outside of the page, PDF/A wants it not hidden.
        return SigFieldSpec(
            FIELD_NAME,
            readable_field_name=self._signer.subject_name,
            invis_sig_settings=InvisSigSettings(box_out_of_bounds=True),
        )


def _embed(writer: IncrementalPdfFileWriter, xml: bytes, code: str, now: datetime) -> None:
    """Embed the file as the document's source, in the way of PDF/A-3 (ISO 19005-3, 6.8)."""
    data = EmbeddedFileObject.from_file_data(
        writer,
        xml,
        mime_type="text/xml",
        params=EmbeddedFileParams(embed_checksum=False, modification_date=now),
    )
    spec = FileSpec(FILE_NAME, FILE_NAME, data, description=f"EMREX ELMO {code}".strip())
    embed_file(writer, spec)
    names: Any = writer.root["/Names"]["/EmbeddedFiles"]["/Names"]
    reference = names.raw_get(1)
    # By hand: through ``FileSpec`` pyHanko would make the file PDF 2.0, which PDF/A-3 is not.
    reference.get_object()["/AFRelationship"] = pdf_name("/Source")
    writer.root["/AF"] = ArrayObject([reference])
    writer.update_root()

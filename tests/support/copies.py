"""Signed copies of transcripts for tests: a real transcript, the ELMO file that it belongs to, the copy."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from emrex_gateway import elmo, transcript
from emrex_gateway.domain import Attachment, AttachmentContent, AttachmentType, SignedElmo, texts
from emrex_gateway.signing import KeyRing
from sample_documents import sixty_courses
from signing_material import NOW, access_point, secrets

VERIFY_AT = "https://gateway.example/emrex/campus/verify"


@dataclass(frozen=True)
class Export:
    """What one export makes."""

    transcript: bytes
    elmo: bytes
    copy: bytes
    code: str


@cache
def export(kind: str = "rsa2048", reference: str = "") -> Export:
    """An export of sixty courses, signed by a test key of that kind, once a run."""
    document = sixty_courses()
    code = elmo.code(elmo.write(document, readable_copy=False).xml)
    pdf = transcript.render(
        document, kind=AttachmentType.EMREX_TRANSCRIPT, code=code, verify_at=VERIFY_AT
    )
    attached = Attachment(
        id="emrex-transcript",
        type=AttachmentType.EMREX_TRANSCRIPT,
        titles=texts(en="EMREX transcript"),
        contents=(AttachmentContent(media_type="application/pdf", data=pdf, lang="en"),),
    )
    unsigned = elmo.write(replace(document, attachments=(attached, *document.attachments)))
    with tempfile.TemporaryDirectory() as folder:
        point = access_point(Path(folder), kind, *([reference] if reference else []))
        signer = KeyRing(secrets, lambda: NOW).signer(point)
        signed: SignedElmo = signer.sign(unsigned)
        copy = signer.sign_copy(pdf, signed, code=code, verify_at=VERIFY_AT)
    return Export(transcript=pdf, elmo=signed.xml, copy=copy, code=code)

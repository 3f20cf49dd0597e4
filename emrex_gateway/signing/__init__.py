"""Signing ELMO documents and verifying them.

Only this package makes a ``VerifiedElmo``. See docs/decisions/0004-signing.md.
"""

from emrex_gateway.signing._certificates import Certificate, read_certificates
from emrex_gateway.signing._copy import (
    FILE_NAME,
    ClaimedCopy,
    OpenedCopy,
    claimed_copy,
    is_pdf,
    open_copy,
)
from emrex_gateway.signing._inspect import Inspection, inspect
from emrex_gateway.signing._issued import (
    CertificateFacts,
    Issued,
    certificate_facts,
    check_issued,
    leaf,
    read_facts,
)
from emrex_gateway.signing._keys import KeyRing
from emrex_gateway.signing._make import Locksmith
from emrex_gateway.signing._policy import STRICT, WEAK, Policy
from emrex_gateway.signing._verify import is_weak, verify

__all__ = [
    "FILE_NAME",
    "STRICT",
    "WEAK",
    "Certificate",
    "CertificateFacts",
    "ClaimedCopy",
    "Inspection",
    "Issued",
    "KeyRing",
    "Locksmith",
    "OpenedCopy",
    "Policy",
    "certificate_facts",
    "check_issued",
    "claimed_copy",
    "inspect",
    "is_pdf",
    "is_weak",
    "leaf",
    "open_copy",
    "read_certificates",
    "read_facts",
    "verify",
]

"""Signing ELMO documents and verifying them.

Only this package makes a ``VerifiedElmo``. See docs/decisions/0004-signing.md.
"""

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
from emrex_gateway.signing._verify import verify

__all__ = [
    "STRICT",
    "WEAK",
    "CertificateFacts",
    "Inspection",
    "Issued",
    "KeyRing",
    "Locksmith",
    "Policy",
    "certificate_facts",
    "check_issued",
    "inspect",
    "leaf",
    "read_facts",
    "verify",
]

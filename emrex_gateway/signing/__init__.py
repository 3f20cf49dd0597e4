"""Signing ELMO documents and verifying them.

Only this package makes a ``VerifiedElmo``. See docs/decisions/0004-signing.md.
"""

from emrex_gateway.signing._inspect import Inspection, inspect
from emrex_gateway.signing._keys import KeyRing
from emrex_gateway.signing._policy import STRICT, WEAK, Policy
from emrex_gateway.signing._verify import verify

__all__ = ["STRICT", "WEAK", "Inspection", "KeyRing", "Policy", "inspect", "verify"]

"""Federations' metadata, as use cases: fetched, verified, indexed, and kept until it expires.

Jobs and the command line call these; pages only read what they leave in the
index. Everything that a federation publishes is public: no person is in it.
"""

from emrex_gateway.federation._logos import LOGO_LIFETIME, fetch_logo
from emrex_gateway.federation._order import order_due
from emrex_gateway.federation._refresh import Refreshed, refresh
from emrex_gateway.federation._show import CertificateFacts, Found, show

__all__ = [
    "LOGO_LIFETIME",
    "CertificateFacts",
    "Found",
    "Refreshed",
    "fetch_logo",
    "order_due",
    "refresh",
    "show",
]

"""A decision on recognition as a signed file: the host system is asked once more, then it is written and signed.

Nothing of a decision is kept for it: a student orders the file, a worker asks
the host system what it decided and for whom (``recall``), and the signing
worker writes ELMO 2 with its readable copy and signs it (``attest``). Both
are sealed by a key of the order's own, which goes with the order.
"""

from __future__ import annotations

from emrex_gateway.ports import Signers
from emrex_gateway.services import Services


def recall(services: Services, transfer_id: str) -> None:
    raise NotImplementedError


def attest(services: Services, signers: Signers, transfer_id: str) -> None:
    raise NotImplementedError


def sweep_statements(services: Services) -> int:
    return 0

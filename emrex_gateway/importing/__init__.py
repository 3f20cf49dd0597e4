"""Records come home: fetching them from a provider, checking them, handing them over."""

from emrex_gateway.importing._recognition import (
    announced,
    keep_receipt,
    look_again,
    order_polls,
    poll,
    receipt_of,
    recognitions_by_transfer,
    recognitions_of,
)
from emrex_gateway.importing._statement import attest, recall, sweep_statements

__all__ = [
    "announced",
    "attest",
    "keep_receipt",
    "look_again",
    "order_polls",
    "poll",
    "recall",
    "receipt_of",
    "recognitions_by_transfer",
    "recognitions_of",
    "sweep_statements",
]

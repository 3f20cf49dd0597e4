"""Names of queues and jobs. A job's id is its task and its transfer: sent twice, it is one job."""

from __future__ import annotations

import re
from typing import Final

FETCH_QUEUE: Final = "emrex-fetch"
SIGN_QUEUE: Final = "emrex-sign"
QUEUES: Final = {"fetch": FETCH_QUEUE, "sign": SIGN_QUEUE}
"""The tasks that may come through Redis, and the queue of each."""

TRANSFER_ID = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")


def job_id(task: str, transfer_id: str) -> str:
    """Return the id of the one job that does a task for a transfer."""
    return f"{task}-{transfer_id}"

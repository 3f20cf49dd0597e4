"""Names of queues and jobs. A job's id is its task and what it is for: sent twice, it is one job."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

FETCH_QUEUE: Final = "emrex-fetch"
SIGN_QUEUE: Final = "emrex-sign"
METADATA_QUEUE: Final = "emrex-metadata"
QUEUES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "fetch": FETCH_QUEUE,
        "try": FETCH_QUEUE,
        "find": FETCH_QUEUE,
        "receive": FETCH_QUEUE,
        "hand": FETCH_QUEUE,
        "poll": FETCH_QUEUE,
        "recall": FETCH_QUEUE,
        "sign": SIGN_QUEUE,
        "attest": SIGN_QUEUE,
        "draft": SIGN_QUEUE,
        "key": SIGN_QUEUE,
        "head": SIGN_QUEUE,
        "refresh": METADATA_QUEUE,
        "logo": METADATA_QUEUE,
        "ask": METADATA_QUEUE,
        "registry": METADATA_QUEUE,
    }
)
"""The tasks that may come through Redis, and the queue of each."""

PRIORITY: Final = (SIGN_QUEUE, FETCH_QUEUE, METADATA_QUEUE)
"""All queues, in the order in which one worker serves them: a student who has consented waits for
the last step, and nobody waits for metadata."""

_TRANSFER = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")
_SUBJECTS: Final = {
    "fetch": _TRANSFER,
    "try": _TRANSFER,
    "poll": _TRANSFER,
    "recall": _TRANSFER,
    "find": _TRANSFER,
    "receive": _TRANSFER,
    "hand": _TRANSFER,
    "sign": _TRANSFER,
    "attest": _TRANSFER,
    "draft": _TRANSFER,
    "refresh": re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z"),
    "logo": re.compile(r"[0-9a-f]{32}\Z"),
    "ask": re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z"),
    "key": re.compile(r"[0-9a-f]{32}\Z"),
    "head": re.compile(r"trail\Z"),
    "registry": re.compile(r"(?:emreg|ewp)\Z"),
}


def is_order(task: object, subject: object) -> bool:
    """Tell whether a task may come through Redis for that subject.

    It is a transfer's id for ``fetch``, ``sign``, ``draft``, ``hand``, ``poll``, ``recall``
    and ``attest``, a try's for ``try``, a
    federation's slug for ``refresh``, ``Entity.key`` for ``logo``, a login
    method's id for ``ask``, ``SigningKey.id`` for ``key``, ``trail`` for
    ``head``, and a ``RegistrySource`` for ``registry``.
    """
    return (
        isinstance(task, str)
        and isinstance(subject, str)
        and task in _SUBJECTS
        and _SUBJECTS[task].match(subject) is not None
    )


def job_id(task: str, subject: str) -> str:
    """Return the id of the one job that does a task for its subject."""
    return f"{task}-{subject}"

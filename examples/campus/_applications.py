"""Applications for recognition, as the simulator's REST services take them and its officer decides them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import threading
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

SUBMITTED, ACCEPTED, PARTIALLY, REJECTED = (
    "SUBMITTED",
    "ACCEPTED",
    "PARTIALLY_ACCEPTED",
    "REJECTED",
)
_FIRST_ID = 501


class KeyInUse(Exception):
    """Another application has this key."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of an application."""

    name: str
    kind: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the officer says of one study; ``name``, ``code`` and ``scope`` are what it counts as here."""

    accepted: bool
    name: str = ""
    code: str = ""
    scope: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One application: what was posted, by whose records, and what was decided."""

    id: int
    student: str
    digest: str
    body: dict[str, Any] = field(repr=False)
    decisions: dict[str, Decision] = field(default_factory=dict, repr=False)
    decided_on: date | None = None
    remark: str = ""

    @property
    def studies(self) -> list[dict[str, Any]]:
        """The studies as they were posted."""
        return [study for study in self.body.get("studies", []) if isinstance(study, dict)]

    @property
    def state(self) -> str:
        """Decided when somebody has decided; then by how much was accepted."""
        if self.decided_on is None:
            return SUBMITTED
        said = {decision.accepted for decision in self.decisions.values()}
        if said == {True}:
            return ACCEPTED
        return PARTIALLY if True in said else REJECTED

    @property
    def files(self) -> list[File]:
        """The files that came along; what is no base64 is passed over."""
        found = []
        for one in self.body.get("attachments", []):
            try:
                data = base64.b64decode(one["content"], validate=True)
            except (KeyError, TypeError, ValueError, binascii.Error):
                continue
            name = best(one.get("name")) or str(one.get("id"))
            media_type = str(one.get("mediaType") or "application/octet-stream")
            found.append(File(name, str(one.get("type") or "Other"), media_type, data))
        return found


class Applications:
    """All of them, by their id, in memory; safe to use while the server runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_id: dict[int, Application] = {}
        self._by_key: dict[str, int] = {}

    def submit(self, student: str, key: str, body: bytes) -> tuple[Application, bool]:
        """Take an application, or find the one that this key made; tells whether it is new.

        Raises ``ValueError`` for what is no application, ``KeyInUse`` for a key of another one.
        """
        decoded = json.loads(body)
        if not isinstance(decoded, dict) or not isinstance(decoded.get("studies"), list):
            raise ValueError("not an application")  # noqa: TRY004 - of the wire, not of a caller
        digest = hashlib.sha256(student.encode() + b"\0" + body).hexdigest()
        with self._lock:
            if known := self._by_key.get(key):
                if self._by_id[known].digest != digest:
                    raise KeyInUse
                return self._by_id[known], False
            made = Application(
                id=_FIRST_ID + len(self._by_id), student=student, digest=digest, body=decoded
            )
            self._by_id[made.id] = made
            self._by_key[key] = made.id
            return made, True

    def get(self, id_: int) -> Application | None:
        """Return one, or ``None``."""
        with self._lock:
            return self._by_id.get(id_)

    def all(self) -> list[Application]:
        """Return them, those that wait first, then newest first."""
        with self._lock:
            return sorted(
                self._by_id.values(), key=lambda one: (one.decided_on is not None, -one.id)
            )

    def decide(self, id_: int, decisions: dict[str, Decision], remark: str, on: date) -> None:
        """Decide, or decide anew."""
        with self._lock:
            self._by_id[id_] = replace(
                self._by_id[id_], decisions=decisions, remark=remark, decided_on=on
            )


def key_of(study: dict[str, Any]) -> str:
    """By what a decision refers to a study."""
    return str(study.get("completedCreditIdentifier"))


def best(localised: Any) -> str:
    """English first, then anything."""
    if not isinstance(localised, dict):
        return str(localised or "")
    return str(localised.get("valueEn") or next(iter(localised.values()), ""))

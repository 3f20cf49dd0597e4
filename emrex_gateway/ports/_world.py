"""Where the time, the secrets and the road to the workers come from."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from; always aware, UTC."""

    def __call__(self) -> datetime: ...


class Secrets(Protocol):
    """Resolves references such as ``env:NAME`` and ``file:/run/secrets/x``."""

    def __call__(self, reference: str) -> str:
        """Return the secret, stripped of a trailing line break. Raises ``ConfigError``."""


class Queue(Protocol):
    """The road to the workers: carries ids only, may lose them; the sweep sends them again."""

    def send(self, task: str, id_: str) -> None:
        """Queue a registered task for a transfer (or for what else the task is about, by its id).

        Returns quietly when the road is closed.
        """

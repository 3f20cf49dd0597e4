"""What stands beside login methods, federations and service providers: checks, and what was removed lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from emrex_gateway.domain import (
    AdapterBinding,
    Federation,
    KnownClient,
    LoginMethod,
    ProviderRule,
    ServiceProvider,
)

T = TypeVar("T")
Removable = LoginMethod | ServiceProvider | Federation | KnownClient | AdapterBinding | ProviderRule


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginCheck:
    """The last time that a login method was tried without a person.

    ``content`` is a digest of the settings that were tried: another content was
    never tried. ``by`` is the account that asked, ``enable`` that the method is
    to be switched on when all is well. While ``done_at`` is ``None`` a job is
    under way. ``problem`` says what is wrong, ``reason`` is its short code.
    """

    method: str
    content: str
    by: str
    ordered_at: datetime
    enable: bool = False
    done_at: datetime | None = None
    problem: str = ""
    reason: str = ""

    @property
    def passed(self) -> bool:
        """Whether it ended well."""
        return self.done_at is not None and not self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What somebody removed, and when; ``kind`` and ``key`` as in the trail."""

    kind: str
    key: str
    institution: str
    at: datetime
    by: str


class LoginRows(Protocol):
    """Checks of login methods; removing parties, and putting them back."""

    def check(self, method: str) -> LoginCheck | None: ...
    def put_check(self, check: LoginCheck) -> None: ...
    def pending(self, ordered_before: datetime, limit: int = 100) -> tuple[str, ...]:
        """Methods whose check was asked for before then and has not ended."""

    def remove(self, row: Removable, *, kind: str, key: str, by: str, at: datetime) -> None:
        """Delete the row, and keep what it said until ``forget``.

        A federation's index goes with it: it is fetched again when it comes back.
        Of a provider's rule only the caller knows which part is removed: its row stays.
        """

    def removed(self, kind: str, institution: str | None = None) -> tuple[Removed, ...]:
        """What was removed lately, the last one first."""

    def kept(self, kind: str, key: str, type_: type[T]) -> T | None:
        """What a removed row said."""

    def put_back(self, kind: str, key: str) -> None:
        """Take a row off the list of removed ones: it is back."""

    def forget(self, before: datetime) -> int:
        """Delete what was removed before then; return how many."""

"""Those who look after the gateway: accounts, role rules, sessions, and logins outside a transfer."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, TypeVar

from emrex_gateway.domain import (
    Account,
    AccountKind,
    Credentials,
    Grant,
    RoleRule,
    Throttle,
    Visit,
)

T = TypeVar("T")


class AdministratorRows(Protocol):
    """Administrators. What a person is called at a provider is found by a keyed hash."""

    def accounts(self) -> tuple[Account, ...]:
        """By kind and name."""

    def account(self, id_: str) -> Account | None: ...
    def find_account(self, kind: AccountKind, *called: str) -> Account | None:
        """Find a local account by its login name, another by its provider and its name there."""

    def account_hashes(self, kind: AccountKind, *called: str) -> tuple[str, ...]:
        """Keyed hashes of how somebody is called: the first to be written, any to be found."""

    def put_account(self, account: Account, *called: str) -> None:
        """Add an account, found by ``called`` from then on, or (without) change one."""

    def remove_account(self, id_: str) -> None:
        """With its credentials and sessions."""

    def credentials(self, account: str, *, hold: bool = False) -> Credentials | None:
        """Raises ``SealError``. ``hold`` keeps others from changing them until the transaction ends."""

    def put_credentials(self, account: str, credentials: Credentials) -> None: ...

    def role_rules(self) -> tuple[RoleRule, ...]:
        """By method and identifier, switched-off ones included."""

    def role_rule(self, id_: str) -> RoleRule | None: ...
    def put_role_rule(self, rule: RoleRule) -> None: ...
    def remove_role_rule(self, id_: str) -> None: ...

    def add_visit(
        self, visit: Visit, *, provider: str = "", subject: str = "", sid: str = ""
    ) -> None:
        """Keep a new session. ``subject`` and ``sid`` are kept as keyed hashes only."""

    def visit(self, key: str) -> Visit | None: ...
    def visits_of(self, account: str, now: datetime) -> tuple[Visit, ...]:
        """Those that neither ended nor expired, the latest first."""

    def touch_visit(self, key: str, now: datetime) -> None: ...
    def end_visit(self, key: str, reason: str) -> bool:
        """End it unless it has ended; return whether this call did."""

    def end_visits_of(self, account: str, reason: str, *, but: str = "") -> int:
        """End an account's sessions, all but one."""

    def end_visits_by(self, method: str, reason: str, *, grant: Grant | None = None) -> int:
        """End the sessions that a login method began (and that have this grant)."""

    def end_visits_by_provider(
        self, provider: str, reason: str, *, subject: str = "", sid: str = ""
    ) -> tuple[Visit, ...]:
        """As ``SessionRows.end_by_provider``."""

    def keep_pending(self, id_: str, value: object, expires_at: datetime) -> None:
        """Keep a login under way, sealed."""

    def pending(self, id_: str, type_: type[T], now: datetime) -> T | None:
        """Return a login under way, ``None`` when there is none (any more). Raises ``SealError``."""

    def drop_pending(self, id_: str) -> bool:
        """Take it away; return whether this call did: an answer counts once."""

    def throttle(self, kind: str, value: str, now: datetime) -> Throttle:
        """What is remembered of failures; the row stays locked until the transaction ends."""

    def put_throttle(
        self, kind: str, value: str, throttle: Throttle | None, expires_at: datetime
    ) -> None:
        """Remember until then; ``None`` forgets."""

    def sweep(self, now: datetime, limit: int = 5000) -> int:
        """Delete what has expired."""

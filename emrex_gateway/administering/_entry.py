"""Local accounts log in: name, password and one-time code at once, the same answer whatever was wrong."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from emrex_gateway import audit
from emrex_gateway.administering._proofs import (
    code_step,
    digest,
    hash_password,
    needs_rehash,
    password_fits,
)
from emrex_gateway.administering._visits import LOCAL_METHOD, begin_visit
from emrex_gateway.audit import Event
from emrex_gateway.domain import Account, AccountKind, Credentials, Throttle
from emrex_gateway.errors import LoginError
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services

_CODE_LIFETIME = timedelta(minutes=5)
"""Longer than a one-time code can be good."""
_REMEMBERED = timedelta(days=1)
_LONGEST_WAIT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class _Limit:
    """After ``free`` failures each further try must wait, twice as long each time."""

    kind: str
    free: int
    first: timedelta


_OF_BOTH = _Limit("name and network", 5, timedelta(seconds=30))
_OF_NETWORK = _Limit("network", 40, timedelta(seconds=60))
_OF_NAME = _Limit("name", 50, timedelta(seconds=60))
_KNOWN = "known"
_KNOWN_LIFETIME = timedelta(days=30)
"""From a network where this name logged in lately, failures elsewhere lock nobody out."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody wrote into the login form, and the network that it came from."""

    name: str = field(repr=False)
    password: str = field(repr=False)
    code: str = field(repr=False)
    network: str = field(repr=False)


def log_in(services: Services, attempt: Attempt) -> str:
    """Return the secret of a new session.

    Raises ``LoginError``: ``credentials`` for whatever was wrong, ``throttled``
    when nothing was looked at because too much failed before.
    """
    name = attempt.name.strip()[:64].casefold()
    count_failure(services, name, attempt.network)
    with services.store.read() as uow:
        account = uow.administrators.find_account(AccountKind.LOCAL, name)
        kept = uow.administrators.credentials(account.id) if account else None
    kept = kept or Credentials()
    good = password_fits(kept.password, attempt.password)
    step = code_step(kept.secret, attempt.code, services.clock())
    recovered = digest(attempt.code) in kept.codes
    proven = good and kept.confirmed and (step is not None or recovered)
    if account is None or not account.enabled or not proven:
        raise _refuse(services, account, "credentials")
    rehashed = hash_password(attempt.password) if needs_rehash(kept.password) else ""
    with services.store.begin() as uow:
        uow.config.hold()  # the account is written again: nobody may switch it off in between
        account = _still(uow, account, kept)
        if not _use(services, uow, account, step):
            account = None
        if account is not None:
            codes = tuple(c for c in kept.codes if step is not None or c != digest(attempt.code))
            changed = replace(kept, codes=codes, password=rehashed or kept.password)
            if changed != kept:
                uow.administrators.put_credentials(account.id, changed)
            forget_failures(services, uow, name, attempt.network)
            return enter(services, uow, account)
    raise _refuse(services, account, "credentials")


def enter(services: Services, uow: UnitOfWork, account: Account) -> str:
    """Begin a local account's session within the login's transaction; return its secret."""
    uow.administrators.put_account(replace(account, seen_at=services.clock()))
    audit.record(uow, Event.ADMIN_ENTERED, account=account.id, method=LOCAL_METHOD)
    return begin_visit(services, uow, account)


def count_failure(services: Services, name: str, network: str) -> None:
    """Count a try as a failure before it is looked at: tries at the same time count as well.

    Raises ``LoginError`` (``throttled``) when it must not be looked at yet.
    """
    now, pair = services.clock(), f"{name}\0{network}"
    limits = [(_OF_BOTH, pair), (_OF_NETWORK, network), (_OF_NAME, name)]
    with services.store.begin() as uow:
        rows = uow.administrators
        if rows.throttle(_KNOWN, pair, now).failures:
            limits.pop()
        found = [(limit, key, rows.throttle(limit.kind, key, now)) for limit, key in limits]
        waiting = any(one.until and one.until > now for _, _, one in found)
        if not waiting:
            for limit, key, before in found:
                after = _failed(limit, before, now)
                rows.put_throttle(limit.kind, key, after, now + _REMEMBERED)
                if after.until and not before.until:
                    audit.record(uow, Event.ADMIN_REFUSED, method=LOCAL_METHOD, reason="throttled")
    if waiting:
        raise LoginError("too many logins failed", reason="throttled")


def forget_failures(services: Services, uow: UnitOfWork, name: str, network: str) -> None:
    """Forget what was counted for this try, and know the network from now on."""
    now, pair, rows = services.clock(), f"{name}\0{network}", uow.administrators
    rows.put_throttle(_OF_BOTH.kind, pair, None, now)
    rows.put_throttle(_KNOWN, pair, Throttle(failures=1), now + _KNOWN_LIFETIME)
    for limit, key in ((_OF_NETWORK, network), (_OF_NAME, name)):
        found = rows.throttle(limit.kind, key, now)
        fewer = replace(found, failures=max(found.failures - 1, 0), until=None)
        rows.put_throttle(limit.kind, key, fewer, now + _REMEMBERED)


def _failed(limit: _Limit, before: Throttle, now: datetime) -> Throttle:
    failures = before.failures + 1
    if failures <= limit.free:
        return Throttle(failures=failures)
    doubled = limit.first * 2 ** min(failures - limit.free - 1, 10)
    return Throttle(failures=failures, until=now + min(doubled, _LONGEST_WAIT))


def _still(uow: UnitOfWork, account: Account, kept: Credentials) -> Account | None:
    """The account as it is now, unless it or its credentials changed since they were looked at."""
    now = uow.administrators.account(account.id)
    same = uow.administrators.credentials(account.id, hold=True) == kept
    return now if now is not None and now.enabled and same else None


def _use(services: Services, uow: UnitOfWork, account: Account | None, step: int | None) -> bool:
    """Use a one-time code up; a recovery code goes with the credentials."""
    if account is None:
        return False
    until = services.clock() + _CODE_LIFETIME
    return step is None or uow.once.use("one-time code", f"{account.id} {step}", until)


def _refuse(services: Services, account: Account | None, reason: str) -> LoginError:
    known = {"account": account.id} if account else {}
    with services.store.begin() as uow:
        audit.record(uow, Event.ADMIN_REFUSED, method=LOCAL_METHOD, reason=reason, **known)
    return LoginError("name, password or code do not fit", reason=reason)

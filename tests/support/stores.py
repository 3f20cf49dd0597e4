"""Stores for tests, and what other processes do to them."""

from __future__ import annotations

import base64
import itertools
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from emrex_gateway.domain import (
    AccessPoint,
    AdapterBinding,
    Institution,
    LoginMethod,
    Transfer,
    TransferState,
    texts,
)
from emrex_gateway.settings import Settings
from emrex_gateway.store import SqlStore, open_store, upgrade

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KEYS = {
    "env:FIRST": base64.b64encode(b"1" * 32).decode(),
    "env:SECOND": base64.b64encode(b"2" * 32).decode(),
}
_counter = itertools.count()


class Clock:
    """A clock that tests set."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def pass_(self, **duration: float) -> None:
        """Move on."""
        self.now += timedelta(**duration)


def resolve(reference: str) -> str:
    """Resolve the tests' references."""
    return KEYS[reference]


def settings(url: str, **more: Any) -> Settings:
    """Settings for a database."""
    values = {"payload_keys": ("env:FIRST",), "public_url": "https://emrex.example.org"}
    return Settings(database_url=url, **{**values, **more})


def new_store(url: str, clock: Any = None, **more: Any) -> SqlStore:
    """A store with its tables."""
    chosen = settings(url, **more)
    upgrade(chosen, resolve)
    return open_store(chosen, resolve, clock or Clock())


def transfer(**more: Any) -> Transfer:
    """A transfer that somebody just entered."""
    number = next(_counter)
    values: dict[str, Any] = {
        "id": f"transfer-{number:06d}",
        "reference": f"REF-{number}",
        "access_point": "example",
        "state": TransferState.ENTERED,
        "browser_hash": "0" * 64,
        "created_at": NOW,
        "changed_at": NOW,
        "expires_at": NOW + timedelta(hours=4),
    }
    return Transfer(**{**values, **more})


def institution(**more: Any) -> Institution:
    """An institution."""
    values: dict[str, Any] = {
        "slug": "example",
        "names": texts(en="Example University", fi="Esimerkkiyliopisto"),
        "country": "FI",
        "domain": "example.org",
        "url": "https://www.example.org",
        "codes": {"erasmus": "SF EXAMPLE01"},
    }
    return Institution(**{**values, **more})


def access_point(**more: Any) -> AccessPoint:
    """Its data access point."""
    values: dict[str, Any] = {
        "slug": "example",
        "institution": "example",
        "key": "file:/nowhere/key.pem",
        "certificate": "file:/nowhere/certificate.pem",
    }
    return AccessPoint(**{**values, **more})


def binding(**more: Any) -> AdapterBinding:
    """Its adapter."""
    values: dict[str, Any] = {
        "id": "example-fake",
        "institution": "example",
        "adapter": "fake",
        "settings": {"url": "https://records.example.org", "sizes": [1, 2], "deep": {"a": None}},
    }
    return AdapterBinding(**{**values, **more})


def login_method(**more: Any) -> LoginMethod:
    """Its login."""
    values: dict[str, Any] = {
        "id": "example-login",
        "institution": "example",
        "kind": "oidc",
        "names": texts(en="Log in"),
        "settings": {"issuer": "https://login.example.org"},
    }
    return LoginMethod(**{**values, **more})


# --- what other processes do; called by name through multiprocessing's spawn ------------------


def race_to_move(url: str, found: Transfer, start_at: float) -> str:
    """Move a transfer that another process has read and moves as well; say how it went."""
    store = open_store(settings(url), resolve, Clock())
    while time.time() < start_at:
        pass
    try:
        with store.begin() as uow:
            uow.transfers.move(found, TransferState.IDENTIFIED)
    except Exception as error:
        return type(error).__name__
    finally:
        store.close()
    return "moved"


def race_to_use(url: str, value: str, start_at: float) -> bool:
    """Use a value that another process uses at the same moment; say whether we were first."""
    store = open_store(settings(url), resolve, Clock())
    while time.time() < start_at:
        pass
    try:
        with store.begin() as uow:
            return uow.once.use("launch", value, NOW)
    finally:
        store.close()


def stop_at(url: str, id_: str, line: str) -> None:
    """Take a step of a transfer and stand still at a line, until somebody kills this process."""

    def reached(name: str) -> None:
        if name == line:
            sys.stdout.write("here\n")
            sys.stdout.flush()
            time.sleep(600)

    store = open_store(settings(url), resolve, Clock())
    with store.begin() as uow:
        found = uow.transfers.get(id_)
        reached("read")
        uow.transfers.move(found, TransferState.IDENTIFIED, login_method="example-login")
        reached("moved")
        uow.transfers.seal(id_, "identity", {"who": "me"})
        reached("sealed")
        uow.audit.record("login.succeeded", transfer=id_)
        reached("audited")
        uow.after_commit(lambda: reached("committed"))
    reached("done")


if __name__ == "__main__":
    stop_at(*sys.argv[1:])

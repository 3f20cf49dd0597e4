"""What happens between two lines: somebody logs in while somebody else takes their way in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

import databases
from admin_world import AdminWorld
from emrex_gateway import administering
from emrex_gateway.administering import Attempt, _admission, _entry
from emrex_gateway.domain import (
    AccountKind,
    AdminRole,
    Grant,
    Identity,
    LoginMethod,
    RuleKind,
    texts,
)
from emrex_gateway.errors import LoginError, SessionOver
from emrex_gateway.ports import LoggedIn
from local_accounts import PASSWORD, enrolled

pytestmark = pytest.mark.each_database

STAFF = LoginMethod(
    id="staff",
    institution="campus",
    kind="oidc",
    names=texts(en="Staff"),
    settings={},
    for_administrators=True,
)
SUPPORT = Grant(AdminRole.SUPPORT, "campus")
OPERATOR = Grant(AdminRole.OPERATOR)


class Elsewhere:
    """Somebody else's request, in a thread of its own: it comes as far as a lock lets it."""

    def __init__(self, world: AdminWorld, act: Callable[[], object]) -> None:
        self._address = world.services.settings.database_url
        self._thread = threading.Thread(target=act)

    def go(self) -> None:
        self._thread.start()
        if databases.kind() == "sqlite":
            return  # its writers follow one another in any case
        deadline = time.monotonic() + 20
        while self._thread.is_alive() and time.monotonic() < deadline:
            if databases.rows(self._address, "SELECT 1 FROM pg_locks WHERE NOT granted"):
                return

    def end(self) -> None:
        self._thread.join(20)
        assert not self._thread.is_alive()


def between(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, other: Elsewhere) -> None:
    """Let ``other`` go when the module's function is called."""
    real = getattr(module, name)

    def first(*args: Any, **values: Any) -> Any:
        monkeypatch.setattr(module, name, real)
        other.go()
        return real(*args, **values)

    monkeypatch.setattr(module, name, first)


def test_a_login_does_not_undo_that_the_account_was_switched_off(
    world: AdminWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A login writes when it was; the account's switch stays as another operator set it meanwhile."""
    enrolled(world, "other")
    person = enrolled(world)
    other = Elsewhere(
        world,
        lambda: administering.switch_account(
            world.services, world.operator(), person.account, enabled=False
        ),
    )
    between(monkeypatch, _entry, "_use", other)

    attempt = Attempt(name=person.name, password=PASSWORD, code=person.code(), network="192.0.2.7")
    try:
        secret = administering.log_in(world.services, attempt)
    except LoginError:
        secret = ""
    other.end()

    with world.services.store.read() as uow:
        kept = uow.administrators.account(person.account)
    assert kept is not None
    assert not kept.enabled
    with pytest.raises(SessionOver):
        administering.open_visit(world.services, secret)


def test_a_login_at_a_provider_does_not_either(
    world: AdminWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same for somebody whose account is at a login provider."""
    world.put(login_method=STAFF)
    administering.add_rule(
        world.services,
        world.operator(),
        method="staff",
        kind=RuleKind.GROUP,
        value="helpers",
        grant=SUPPORT,
    )
    identity = Identity(
        method="staff",
        provider="https://op.example",
        subject="pekka",
        identifiers=(),
        given_names="",
        family_name="",
        groups=frozenset({"helpers"}),
    )
    administering.admit(world.services, LoggedIn(identity=identity))
    account = next(
        line.account.id
        for line in administering.accounts(world.services, world.operator())
        if line.account.kind is AccountKind.FEDERATED
    )
    other = Elsewhere(
        world,
        lambda: administering.switch_account(
            world.services, world.operator(), account, enabled=False
        ),
    )
    between(monkeypatch, _admission, "replace", other)

    administering.admit(world.services, LoggedIn(identity=identity))
    other.end()

    with world.services.store.read() as uow:
        kept = uow.administrators.account(account)
    assert kept is not None
    assert not kept.enabled


def test_a_page_of_the_hosts_user_does_not_either(world: AdminWorld) -> None:
    """The note that a host's user was here does not switch the account on again."""
    services = world.services
    actor = administering.admit_host_user(services, key="7", name="Eeva", grants={SUPPORT})
    world.clock.forward(hours=2)  # the next page notes it anew

    class Slow:
        """The store; after the first look somebody else is faster."""

        def __getattr__(self, name: str) -> Any:
            return getattr(services.store, name)

        @contextmanager
        def read(self) -> Iterator[Any]:
            with services.store.read() as uow:
                yield uow
            administering.switch_account(services, world.operator(), actor.account, enabled=False)

    slow: Any = Slow()
    with pytest.raises(SessionOver):
        administering.admit_host_user(
            replace(services, store=slow), key="7", name="Eeva", grants={SUPPORT}
        )

    with services.store.read() as uow:
        kept = uow.administrators.account(actor.account)
    assert kept is not None
    assert not kept.enabled

"""What the signing worker does for a key's row: make it, look at it, destroy it.

The worker reads the row, works without any transaction, and writes what came
of it only where the row still asks for it. Killed anywhere in between, it
finds the row as it was and the key as far as it got.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from emrex_gateway.administering._keys import write_key
from emrex_gateway.administering._points import put_access_point
from emrex_gateway.domain import AccessPoint, Actor, KeyPlace, KeyState, SigningKey
from emrex_gateway.errors import SigningError
from emrex_gateway.ports import KeyMaker, MadeKey
from emrex_gateway.services import Services

WORKER = Actor(account="worker", grants=frozenset())
"""Who stands in the trail for what the signing worker did on an administrator's order."""

DESTROY_AGAIN = timedelta(minutes=10)
"""How long after a key could not be destroyed the next attempt is made."""

_S = KeyState


def work_on_key(services: Services, maker: KeyMaker, id_: str) -> bool:
    """Do what a key's row asks for; ``False`` when there is no such row."""
    with services.store.read() as uow:
        key = uow.keys.get(id_)
        point = uow.config.access_point(key.access_point) if key else None
    if key is None or point is None:
        return False
    if key.state is _S.ORDERED:
        _make(services, maker, key, point)
    elif key.state is _S.DESTROYING:
        _destroy(services, maker, key)
    return True


def order_due_keys(services: Services) -> None:
    """Send again what the queue lost. For the sweep."""
    now = services.clock()
    before = now - timedelta(seconds=services.settings.resend_after)
    with services.store.read() as uow:
        waiting = uow.keys.waiting((_S.ORDERED, _S.DESTROYING), before)
    for key in waiting:
        if not key.problem or key.changed_at < now - DESTROY_AGAIN:
            services.queue.send("key", key.id)


def _make(services: Services, maker: KeyMaker, key: SigningKey, point: AccessPoint) -> None:
    try:
        made = maker.read(key, point) if key.place is KeyPlace.REFERENCE else maker.make(key)
    except SigningError as error:
        _finish(services, key, replace(key, state=_S.FAILED, problem=str(error)))
        return
    if key.place is KeyPlace.REFERENCE:
        _adopted(services, key, made)
        return
    after = replace(
        key,
        state=_S.CERTIFIED if made.certificate else _S.MADE,
        reference=made.reference,
        public_key=made.public_key,
        request=made.request,
        certificate=made.certificate,
        problem="",
    )
    if not _finish(services, key, after) and _given_up(services, key):
        # Whoever destroyed it may have been here before it was made.
        maker.destroy(key)


def _given_up(services: Services, key: SigningKey) -> bool:
    with services.store.read() as uow:
        now = uow.keys.get(key.id)
    return now is None or now.state in (_S.DESTROYING, _S.DESTROYED)


def _adopted(services: Services, key: SigningKey, made: MadeKey) -> None:
    """The key that signs has a row from now on, and its certificate stands in the access point's."""
    now = services.clock()
    with services.store.begin() as uow:
        uow.config.hold()
        before = uow.keys.hold(key.id)
        point = uow.config.access_point(key.access_point)
        if before is None or point is None or before.state is not _S.ORDERED:
            return
        if point.key != key.reference:
            problem = "the access point's key was changed meanwhile"
            after = replace(before, state=_S.FAILED, problem=problem, changed_at=now)
            write_key(uow, WORKER, point, before, after)
            return
        after = replace(
            before,
            state=_S.ACTIVE,
            kind=made.kind,
            public_key=made.public_key,
            request=made.request,
            certificate=made.certificate,
            published_at=now,
            activated_at=now,
            changed_at=now,
            problem="",
        )
        write_key(uow, WORKER, point, before, after)
        put_access_point(uow, WORKER, point, replace(point, certificate=made.certificate))


def _destroy(services: Services, maker: KeyMaker, key: SigningKey) -> None:
    try:
        maker.destroy(key)
    except SigningError as error:
        _finish(services, key, replace(key, problem=str(error)))
    else:
        _finish(services, key, replace(key, state=_S.DESTROYED, reference="", problem=""))


def _finish(services: Services, before: SigningKey, after: SigningKey) -> bool:
    """Write what came of the work, unless the row asks for something else by now."""
    with services.store.begin() as uow:
        now = uow.keys.hold(before.id)
        point = uow.config.access_point(before.access_point)
        if now is None or point is None or now.state is not before.state:
            return False
        write_key(uow, WORKER, point, now, replace(after, changed_at=services.clock()))
    return True

"""Only a signing worker works on keys, only by id, only as the row says."""

from __future__ import annotations

from pathlib import Path

import pytest

from emrex_gateway import administering
from emrex_gateway.domain import KeyKind, KeyState
from emrex_gateway.jobs import SIGN_QUEUE, TASKS, Context
from emrex_gateway.jobs._names import QUEUES, is_order
from emrex_gateway.jobs._running import RefusedJob
from key_authority import make_key_world, row


def test_a_worker_without_keys_refuses_and_a_signing_one_obeys_the_row(tmp_path: Path) -> None:
    """The task is the signing queue's; an unknown id is refused, a done order does nothing."""
    world = make_key_world(tmp_path)
    services = world.services
    key = administering.order_key(services, world.operator(), "campus", kind=KeyKind.EC)

    assert SIGN_QUEUE == QUEUES["key"]
    with pytest.raises(RefusedJob, match="holds no keys"):
        TASKS["key"](Context(services), key.id)
    assert KeyState.ORDERED is row(world, key.id).state
    TASKS["key"](Context(services, world.signers), key.id)
    made = row(world, key.id)
    TASKS["key"](Context(services, world.signers), key.id)
    assert (KeyState.MADE, made) == (made.state, row(world, key.id))
    with pytest.raises(RefusedJob, match="no such key"):
        TASKS["key"](Context(services, world.signers), "0" * 32)


@pytest.mark.parametrize("subject", ["../../etc/passwd", "0" * 31, "0" * 33, "G" * 32, ""])
def test_nothing_but_a_keys_id_comes_through_redis(subject: str) -> None:
    """The id is 32 hexadecimal digits; everything else is no order."""
    assert is_order("key", "0" * 32)
    assert not is_order("key", subject)


def test_the_sweep_orders_again_and_warns(tmp_path: Path) -> None:
    """Both hang on the sweep that every worker has."""
    world = make_key_world(tmp_path)
    world.queue.closed = True
    key = administering.order_key(world.services, world.operator(), "campus", kind=KeyKind.EC)
    world.queue.closed = False
    world.clock.forward(minutes=5)

    TASKS["sweep"](Context(world.services), "")

    assert ("key", key.id) in world.queue.sent

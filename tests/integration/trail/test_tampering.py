"""Whoever owns the database and changes the trail is found, in each of the ways to do it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from emrex_gateway import trail
from trail_world import TrailWorld

NAMES = "SELECT event FROM emrex_audit_link WHERE number"


def _nothing(world: TrailWorld) -> None:
    """Leave everything as it is."""


def _change(world: TrailWorld) -> None:
    world.tamper(f"UPDATE emrex_audit SET event = 'x' WHERE id IN ({NAMES} = 4)")


def _change_time(world: TrailWorld) -> None:
    world.tamper(
        f"UPDATE emrex_audit SET at = '2020-01-01 00:00:00.000000' WHERE id IN ({NAMES} = 2)"
    )


def _change_facts(world: TrailWorld) -> None:
    world.tamper(
        f"UPDATE emrex_audit SET facts = replace(facts, 'a-1', 'a-2') WHERE id IN ({NAMES} = 9)"
    )


def _spoil_facts(world: TrailWorld) -> None:
    world.tamper(f"UPDATE emrex_audit SET facts = 'no JSON' WHERE id IN ({NAMES} = 3)")


def _change_institution(world: TrailWorld) -> None:
    world.tamper(f"UPDATE emrex_audit SET institution = NULL WHERE id IN ({NAMES} = 5)")


def _delete(*numbers: int) -> Callable[[TrailWorld], None]:
    listed = ", ".join(map(str, numbers))

    def act(world: TrailWorld) -> None:
        world.tamper(f"DELETE FROM emrex_audit WHERE id IN ({NAMES} IN ({listed}))")

    return act


def _delete_with_links(*numbers: int) -> Callable[[TrailWorld], None]:
    listed = ", ".join(map(str, numbers))

    def act(world: TrailWorld) -> None:
        world.tamper(
            f"DELETE FROM emrex_audit WHERE id IN ({NAMES} IN ({listed}))",
            f"DELETE FROM emrex_audit_link WHERE number IN ({listed})",
        )

    return act


def _swap(world: TrailWorld) -> None:
    world.tamper(
        "UPDATE emrex_audit_link SET event = -event WHERE number IN (6, 7)",
        "UPDATE emrex_audit_link SET event = (SELECT -event FROM emrex_audit_link"
        " WHERE number = 7) WHERE number = 6",
        "UPDATE emrex_audit_link SET event = (SELECT max(id) FROM emrex_audit WHERE id NOT IN"
        " (SELECT event FROM emrex_audit_link WHERE number <> 7)) WHERE number = 7",
    )


def _rewrite(world: TrailWorld) -> None:
    _change(world)
    world.rechain()


def _rewrite_without(number: int) -> Callable[[TrailWorld], None]:
    def act(world: TrailWorld) -> None:
        _delete(number)(world)
        world.rechain()

    return act


def _cut_and_pretend(world: TrailWorld) -> None:
    """Delete the end and write other events in its place."""
    _delete_with_links(9, 10)(world)
    world.record(2)
    trail.chain(world.services)


def _false_checkpoint(world: TrailWorld) -> None:
    world.tamper(
        "INSERT INTO emrex_audit_head (head, kind, number, digest, at, line)"
        " SELECT 3, 'checkpoint', 2, digest, '2026-03-01 12:00:00', '{}' FROM emrex_audit_link"
        " WHERE number = 2"
    )
    with world.store.begin() as uow:
        uow.trail.prune(2)


def _never_number(world: TrailWorld) -> None:
    world.record()
    world.tamper("DELETE FROM emrex_audit_waiting")


def _delete_before_its_number(world: TrailWorld) -> None:
    world.record()
    world.tamper("DELETE FROM emrex_audit WHERE id IN (SELECT event FROM emrex_audit_waiting)")


WAYS: dict[str, tuple[Callable[[TrailWorld], None], list[tuple[str, int]]]] = {
    "nothing": (_nothing, []),
    "an event's name": (_change, [("changed", 4)]),
    "a time": (_change_time, [("changed", 2)]),
    "facts": (_change_facts, [("changed", 9)]),
    "facts that are no JSON": (_spoil_facts, [("changed", 3)]),
    "an institution": (_change_institution, [("changed", 5)]),
    "the first deleted": (_delete(1), [("deleted", 1)]),
    "one in the middle deleted": (_delete(5), [("deleted", 5)]),
    "the last deleted": (_delete(10), [("deleted", 10)]),
    "the first with its link": (_delete_with_links(1), [("checkpoint", 1)]),
    "the middle with its link": (_delete_with_links(5), [("missing", 5)]),
    "the end with its links": (_delete_with_links(9, 10), [("cut", 9)]),
    "everything": (_delete_with_links(*range(1, 11)), [("cut", 1)]),
    "two swapped": (_swap, [("changed", 6)]),
    "rewritten before a head": (_rewrite, [("rewritten", 1)]),
    "rewritten without the last": (_rewrite_without(10), [("cut", 10)]),
    "rewritten without one after a head": (_rewrite_without(7), [("cut", 10)]),
    "the end replaced": (_cut_and_pretend, [("rewritten", 7)]),
    "a checkpoint that nobody signed": (
        _false_checkpoint,
        [("heads", 0), ("checkpoint", 1)],
    ),
    "kept from its number": (_never_number, [("unnumbered", 0)]),
    "deleted before its number": (_delete_before_its_number, [("vanished", 0)]),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_changed_database_is_found(world: TrailWorld, way: str) -> None:
    """Changes, deletions, cuts and rewrites up to the last head are named with the first bad number.

    Ten events; the first head is over six, the second over ten.
    """
    world.kept(6)
    world.kept(4)
    act, expected = WAYS[way]

    act(world)

    assert expected == world.found()


def test_what_is_behind_the_last_head_is_counted(world: TrailWorld) -> None:
    """Events without a number are no fault; how many there are is said."""
    world.kept(3)
    world.record(2)
    report = world.verify()

    assert ([], 3, 2) == (report.findings, report.verified, report.counts["unchained"])
    trail.chain(world.services)
    report = world.verify()
    assert ([], 5, 0) == (report.findings, report.verified, report.counts["unchained"])


def _edit(line: int, /, **changes: object) -> Callable[[TrailWorld], None]:
    def act(world: TrailWorld) -> None:
        found = world.heads.read_text("utf-8").splitlines()
        values = {**json.loads(found[line]), **changes}
        found[line] = trail.canonical(values).decode()
        world.heads.write_text("".join(f"{line}\n" for line in found), "utf-8")

    return act


def _keep_lines(start: int | None, stop: int | None) -> Callable[[TrailWorld], None]:
    def act(world: TrailWorld) -> None:
        found = world.heads.read_text("utf-8").splitlines(keepends=True)
        world.heads.write_text("".join(found[start:stop]), "utf-8")

    return act


def _without_the_middle(world: TrailWorld) -> None:
    found = world.heads.read_text("utf-8").splitlines(keepends=True)
    world.heads.write_text("".join([found[0], *found[2:]]), "utf-8")


def _half_of_the_last(world: TrailWorld) -> None:
    world.heads.write_bytes(world.heads.read_bytes()[:-100])


def _broken_middle(world: TrailWorld) -> None:
    found = world.heads.read_text("utf-8").splitlines(keepends=True)
    found[1] = found[1].replace('"', "'")
    world.heads.write_text("".join(found), "utf-8")


def _own_key(world: TrailWorld) -> None:
    """Rewrite the whole file, well formed, with another key."""
    key, former, made = Ed25519PrivateKey.generate(), None, []
    for values in world.lines():
        values["key"] = trail.key_id(key.public_key())
        values["previous"] = trail.NOTHING if former is None else former
        del values["signature"]
        values["signature"] = base64.b64encode(key.sign(trail.canonical(values))).decode()
        made.append(trail.canonical(values).decode())
        former = values["digest"]
    world.heads.write_text("".join(f"{line}\n" for line in made), "utf-8")


FILES: dict[str, Callable[[TrailWorld], None]] = {
    "a number": _edit(1, number=2),
    "a digest": _edit(2, digest="0" * 64),
    "a time": _edit(0, at="2020-01-01T00:00:00.000000Z"),
    "another kind": _edit(1, kind="checkpoint"),
    "a signature": _edit(2, signature=base64.b64encode(b"0" * 64).decode()),
    "the end cut": _keep_lines(None, 2),
    "the beginning cut": _keep_lines(1, None),
    "emptied": _keep_lines(0, 0),
    "the middle taken out": _without_the_middle,
    "half of the last line": _half_of_the_last,
    "a broken line": _broken_middle,
    "another key": _own_key,
}


@pytest.mark.parametrize("way", FILES)
def test_a_changed_file_of_heads_is_found(world: TrailWorld, way: str) -> None:
    """The heads are evidence only while the file is whole: each line signed, in its place, none gone."""
    for _ in range(3):
        world.kept(2)

    FILES[way](world)

    assert [("heads", 0)] == world.found()


def test_without_a_key_the_file_proves_nothing(world: TrailWorld) -> None:
    """The report says that nobody compared the signatures with a key from outside."""
    world.kept(2)

    report = trail.verify(world.store, world.heads, ())

    assert ([], False) == (report.findings, report.known_key)

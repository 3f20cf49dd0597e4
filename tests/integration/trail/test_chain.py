"""Events are numbered once committed, each once, in any process, and chained in that order."""

from __future__ import annotations

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

import databases
import stores
from emrex_gateway import trail
from emrex_gateway.errors import ConfigError
from emrex_gateway.services import Services
from emrex_gateway.store import open_store
from emrex_gateway.trail import _chain, _file, _sign, _walk
from stores import transfer
from trail_world import TrailWorld, make_trail_world


def _ids(world: TrailWorld) -> list[int]:
    return [row[0] for row in world.rows("SELECT event FROM emrex_audit_link ORDER BY number")]


@pytest.mark.needs("postgresql")
def test_a_transaction_that_commits_late_is_not_missed(postgres_url: str, tmp_path: Path) -> None:
    """Its event has the smaller id and becomes visible last: it gets the later number."""
    stores.new_store(postgres_url).close()
    chosen = stores.settings(postgres_url)
    clock = stores.Clock()
    late, other = (open_store(chosen, stores.resolve, clock) for _ in range(2))
    services = _services(chosen, other, clock)
    with late.begin() as slow:
        slow.audit.record("entry.refused", reason="slow")
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(_record_and_chain, services).result()
    second = trail.chain(services)

    with other.read() as uow:
        chained = uow.trail.chained(0, 10)
    assert (1, 1) == (first, second)
    assert ["quick", "slow"] == [one.event.facts["reason"] for one in chained if one.event]
    assert [2, 1] == [one.link.event for one in chained]

    # Whoever finds the chain taken leaves it to them, instead of waiting.
    _record(services)
    with late.begin() as busy:
        busy.trail.hold()
        with ThreadPoolExecutor(1) as pool:
            assert 0 == pool.submit(trail.chain, services).result()
    assert 1 == trail.chain(services)
    late.close()
    other.close()


def _services(chosen: object, store: object, clock: object) -> Services:
    made = {"settings": chosen, "store": store, "queue": None, "clock": clock}
    return Services(**made, secrets=stores.resolve, logins={}, open_adapter=None)


def _record(services: Services) -> None:
    with services.store.begin() as uow:
        uow.audit.record("entry.refused", reason="quick")


def _record_and_chain(services: Services) -> int:
    _record(services)
    return trail.chain(services)


def test_an_event_that_is_rolled_back_has_no_number(world: TrailWorld) -> None:
    """A gap in the ids is no gap in the numbers."""
    world.record()
    with pytest.raises(RuntimeError), world.store.begin() as uow:
        uow.audit.record("entry.refused", reason="x")
        raise RuntimeError
    world.record()
    trail.chain(world.services)

    assert [1, 2] == [n for (n,) in world.rows("SELECT number FROM emrex_audit_link ORDER BY 1")]
    assert [] == world.verify_chain()


def test_several_that_number_at_once_do_it_once(
    world: TrailWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each event has one number, there is no gap, and small transactions follow each other."""
    monkeypatch.setattr(_chain, "BATCH", 7)
    world.record(40)
    others = [open_store(world.services.settings, stores.resolve, world.clock) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        done = list(
            pool.map(
                lambda store: trail.chain(_services(world.services.settings, store, world.clock)),
                others,
            )
        )
    done.append(trail.chain(world.services))
    for store in others:
        store.close()

    assert 40 == sum(done)
    assert sorted(_ids(world)) == _ids(world)
    assert [] == world.verify_chain()


def test_an_event_knows_whose_it_is(world: TrailWorld) -> None:
    """The institution is what the event names, or the owner of its transfer's access point."""
    added = transfer(access_point="example")
    with world.store.begin() as uow:
        uow.config.put_institution(stores.institution())
        uow.config.put_access_point(stores.access_point())
        uow.transfers.add(added)
        uow.audit.record("transfer.entered", transfer=added.id)
        uow.audit.record("setting.added", by="a", kind="k", key="x", institution="other")
        uow.audit.record("metadata.failed", federation="f", reason="r")
        uow.audit.record("setting.added", by="a", kind="k", key="x", institution="")

    assert [None, None, "other", "example"] == [one.institution for one in world.events()]


@pytest.mark.parametrize("table", ["emrex_audit", "emrex_audit_link", "emrex_audit_head"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET {}", "DELETE FROM {}"], ids=["update", "delete"])
def test_the_database_refuses_to_change_trail_and_chain(
    world: TrailWorld, table: str, verb: str
) -> None:
    """Events, links and heads are append-only for every user of the database, also after a head."""
    world.kept(2)
    column = {"emrex_audit": "event = 'x'", "emrex_audit_link": "digest = 'x'"}
    statement = verb.format(table, column.get(table, "line = 'x'"))

    with (
        pytest.raises(sa.exc.DBAPIError, match="append-only"),
        databases.engine(world.url).begin() as connection,
    ):
        connection.execute(sa.text(statement))


def test_old_events_go_behind_a_signed_checkpoint_only(tmp_path: Path) -> None:
    """Retention keeps number and digest, signed, and the rest still verifies; nothing else may go."""
    world = make_trail_world(tmp_path, trail_lifetime=10 * 86400)
    world.kept(5)
    world.clock.pass_(days=8)
    world.kept(3)
    world.clock.pass_(days=4)
    trail.order_due(world.services)
    assert [("head", "trail")] == world.queue.sent

    assert 5 == trail.sign_head(world.services).gone
    assert [6, 7, 8] == [n for (n,) in world.rows("SELECT number FROM emrex_audit_link ORDER BY 1")]
    assert 3 == len(world.events())
    assert ("checkpoint", 5) == (world.lines()[-1]["kind"], world.lines()[-1]["number"])
    report = world.verify()
    assert ([], 5, 8) == (report.findings, report.checkpoint.number, report.proven)
    for statement in (
        "DELETE FROM emrex_audit WHERE id = (SELECT min(id) FROM emrex_audit)",
        "DELETE FROM emrex_audit_link WHERE number = 6",
    ):
        with (
            pytest.raises(sa.exc.DBAPIError, match="append-only"),
            databases.engine(world.url).begin() as connection,
        ):
            connection.execute(sa.text(statement))
    assert 0 == trail.sign_head(world.services).gone
    world.clock.pass_(days=30)
    assert 3 == trail.sign_head(world.services).gone
    world.kept(2)
    report = world.verify()
    assert ([], 8, 10) == (report.findings, report.checkpoint.number, report.proven)
    assert [9, 10] == [n for (n,) in world.rows("SELECT number FROM emrex_audit_link ORDER BY 1")]
    world.store.close()


def test_a_head_is_ordered_when_due_and_there_is_something_new(world: TrailWorld) -> None:
    """Every hour at the most, and not for nothing."""

    def ordered() -> int:
        world.queue.sent.clear()
        trail.order_due(world.services)
        return len(world.queue.sent)

    counts = [ordered()]
    world.record()
    trail.chain(world.services)
    counts.append(ordered())
    trail.sign_head(world.services)
    counts.append(ordered())
    world.clock.pass_(hours=2)
    counts.append(ordered())
    world.record()
    trail.chain(world.services)
    counts.append(ordered())

    assert [0, 1, 0, 0, 1] == counts


def test_signing_twice_signs_once(world: TrailWorld) -> None:
    """The second run finds nothing new."""
    first = world.kept(2)
    second = trail.sign_head(world.services)

    assert (True, False, 1) == (first.new, second.new, len(world.lines()))


class _Killed(BaseException):
    pass


@pytest.mark.parametrize("line", ["before the line", "half of the line", "after the line"])
@pytest.mark.parametrize("kind", ["head", "checkpoint"])
def test_a_kill_between_any_two_steps_leaves_one_line_for_each_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, kind: str
) -> None:
    """Whatever was on the disk when the worker died, the next run goes on from there."""
    world = make_trail_world(tmp_path, trail_lifetime=86400)
    world.kept(2)
    if kind == "checkpoint":
        world.clock.pass_(days=3)
    world.record(2)
    trail.chain(world.services)
    real = _file.append

    def append(handle: int, head: object) -> None:
        if head.kind != kind:
            return real(handle, head)
        if line == "half of the line":
            with world.heads.open("ab") as file:
                file.write(head.line.encode()[:50])
        elif line == "after the line":
            real(handle, head)
        raise _Killed

    with monkeypatch.context() as patch:
        patch.setattr(_sign, "append", append)
        with pytest.raises(_Killed):
            trail.sign_head(world.services)
    trail.sign_head(world.services)
    world.kept(1)

    report = world.verify()
    assert [] == report.findings
    heads = [one.head.head for one in _file.lines(world.heads) if one.head]
    assert list(range(1, len(heads) + 1)) == heads
    assert (1 if line == "half of the line" else 0) == len(report.notes)
    assert (3 if kind == "checkpoint" else 5) == len(world.events())
    world.store.close()


def test_the_worker_makes_its_key_once_and_nobody_else_can_read_it(world: TrailWorld) -> None:
    """The same key signs after a restart; the file is the worker's own."""
    world.kept(1)
    path = Path(world.services.settings.key_directory) / "audit-ed25519.pem"
    before = path.read_bytes()
    world.kept(1)

    assert before == path.read_bytes()
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert [path] == list(path.parent.iterdir())
    assert 1 == len({one["key"] for one in world.lines()})


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"audit_heads": ""}, "names no file"),
        ({"key_directory": ""}, "no audit_key"),
        ({"audit_key": "env:FIRST"}, "not a private key"),
        ({"audit_heads": "/proc/nothing/here"}, "cannot be written"),
    ],
)
def test_what_cannot_be_signed_is_said(
    tmp_path: Path, settings: dict[str, str], problem: str
) -> None:
    """The job fails with a sentence, the page gets it, and the sweep waits before it orders again."""
    world = make_trail_world(tmp_path, **settings)
    world.record()
    trail.chain(world.services)

    with pytest.raises(ConfigError, match=problem):
        trail.sign_head(world.services)
    trail.order_due(world.services)

    state = trail.state(world.services)
    assert re.search(problem, state.check.trouble)
    assert ([], True) == (world.queue.sent, state.late)
    world.store.close()


def test_memory_does_not_grow_with_the_trail(
    world: TrailWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Verifying, exporting and numbering read bounded batches, each in a transaction of its own."""
    sizes: list[int] = []

    def watched(module: object, name: str, size: int) -> None:
        monkeypatch.setattr(module, name, size)

    watched(_walk, "BATCH", 10)
    watched(_chain, "BATCH", 10)
    from emrex_gateway.store import _trail_rows  # noqa: PLC0415 (looked into by this test only)

    real = _trail_rows.SqlTrailRows.chained

    def chained(self: object, after: int, limit: int) -> object:
        found = real(self, after, limit)
        sizes.append(len(found))
        return found

    monkeypatch.setattr(_trail_rows.SqlTrailRows, "chained", chained)
    world.kept(95)

    assert [] == world.verify().findings
    assert [10] * 9 + [5, 0] == sizes


def test_the_background_check_goes_through_the_trail_in_slices(world: TrailWorld) -> None:
    """Each call recomputes a slice; after the last the round is done, and begins anew a day later."""
    world.kept(25)

    steps = [trail.check(world.services, slice_=10) for _ in range(4)]

    assert [10, 20, 25, 25] == [one.number for one in steps]
    assert [0, 0, 25, 25] == [one.through for one in steps]
    assert not trail.state(world.services).broken
    world.clock.pass_(days=2)
    world.tamper("UPDATE emrex_audit SET event = 'x' WHERE id = (SELECT max(id) FROM emrex_audit)")
    for _ in range(3):
        trail.check(world.services, slice_=10)
    state = trail.state(world.services)
    assert (True, 25) == (state.broken, state.check.problem_number)


def test_the_background_check_knows_the_signed_heads(world: TrailWorld) -> None:
    """A chain that was computed anew is found by it too, and one whose end is gone."""
    world.kept(5)
    world.tamper("UPDATE emrex_audit SET event = 'x' WHERE id = (SELECT max(id) FROM emrex_audit)")
    world.rechain()
    trail.check(world.services)
    assert "signed over" in trail.state(world.services).check.problem

    world.tamper("DELETE FROM emrex_audit_link WHERE number > 3")
    world.clock.pass_(days=2)
    trail.check(world.services)
    assert "ends with number 3" in trail.state(world.services).check.problem


def test_a_cut_file_is_noticed_by_the_next_signing(world: TrailWorld) -> None:
    """The worker looks at the file's end before it adds to it, and the page says so."""
    world.kept(2)
    world.kept(2)
    world.heads.write_text(world.heads.read_text("utf-8").splitlines(keepends=True)[0], "utf-8")
    world.kept(1)

    assert trail.state(world.services).broken


def test_what_was_kept_from_its_number_can_be_collected(world: TrailWorld) -> None:
    """The command mends a waiting list that somebody emptied."""
    world.record(2)
    world.tamper("DELETE FROM emrex_audit_waiting")
    assert 0 == trail.chain(world.services)
    with world.store.begin() as uow:
        uow.trail.hold()
        assert 2 == uow.trail.collect()

    assert 2 == trail.chain(world.services)


def test_a_process_of_the_former_release_goes_on_writing(world: TrailWorld) -> None:
    """It knows no institution and no waiting list; its events are numbered all the same.

    Whose they are is found by the transfer, while its row is there.
    """
    added = transfer(access_point="example")
    with world.store.begin() as uow:
        uow.config.put_institution(stores.institution())
        uow.config.put_access_point(stores.access_point())
        uow.transfers.add(added)
    with databases.engine(world.url).begin() as connection:
        for owner in ("NULL", f"'{added.id}'"):
            connection.exec_driver_sql(
                "INSERT INTO emrex_audit (at, event, transfer, facts)"
                f" VALUES ('2026-03-01 12:00:00', 'reply.downloaded', {owner}, '{{}}')"
            )

    assert 2 == trail.chain(world.services)
    assert [] == world.verify_chain()
    wanted = trail.TrailFilter(institutions=("example",))
    with world.store.read() as uow:
        assert [added.id] == [one.transfer for one in uow.trail.search(wanted)]
        assert 0 == uow.retention.marks()["trail"].removed


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"audit_heads": ""}, "not signed"),
        ({}, "that the worker makes"),
        ({"audit_key": "env:FIRST"}, "ConfigError"),
        ({"audit_heads": "/nowhere/at/all/heads.jsonl"}, "ConfigError"),
    ],
    ids=["no file", "no key yet", "no key", "no right"],
)
def test_check_config_says_whether_heads_can_be_signed(
    tmp_path: Path, settings: dict[str, str], said: str
) -> None:
    """Before the first head is due."""
    (tmp_path / "keys").mkdir()
    world = make_trail_world(tmp_path, **settings)
    try:
        found = trail.check_signing(world.services)
    except ConfigError as error:
        found = type(error).__name__
    assert said in found
    world.store.close()

"""An audit trail with a key and a file of heads, and the hands of somebody who owns the database."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import databases
import stores
from emrex_gateway import trail
from emrex_gateway.ports import TrailEvent
from emrex_gateway.services import Services
from emrex_gateway.store import SqlStore, open_store
from stores import Clock

GUARDS = {
    "sqlite": (
        "DROP TRIGGER {table}_no_update",
        "DROP TRIGGER {table}_no_delete",
    ),
    "postgresql": (
        "ALTER TABLE {table} DISABLE TRIGGER {table}_keep",
        "ALTER TABLE {table} DISABLE TRIGGER {table}_let_go",
    ),
}


@dataclass
class SentQueue:
    """A fake road to the workers that remembers what was sent."""

    sent: list[tuple[str, str]] = field(default_factory=list)

    def send(self, task: str, id_: str) -> None:
        """Remember it."""
        self.sent.append((task, id_))


def _no_adapter(institution: Any, binding: Any) -> Any:
    raise AssertionError("no test here opens an adapter")


@dataclass
class TrailWorld:
    """The trail, its keeper and its tamperer."""

    url: str
    store: SqlStore
    services: Services
    queue: SentQueue
    clock: Clock
    heads: Path
    folder: Path

    def record(self, number: int = 1) -> None:
        """Write events, a minute apart."""
        with self.store.begin() as uow:
            for _ in range(number):
                self.clock.pass_(minutes=1)
                uow.audit.record(
                    "setting.changed",
                    by="a-1",
                    kind="adapter",
                    key="peppi",
                    institution="example",
                    field="base_url",
                    before="“a” <b>\\",
                    after=f"höher {self.clock.now.minute}",
                )

    def kept(self, number: int = 1) -> trail.Signed:
        """Write events, chain them and sign the head."""
        self.record(number)
        trail.chain(self.services)
        return trail.sign_head(self.services)

    def verify(self, **more: Any) -> trail.Report:
        """Verify with the right key."""
        public = trail.private_key(self.services.settings, self.services.secrets).public_key()
        return trail.verify(self.store, self.heads, (public,), **more)

    def found(self) -> list[tuple[str, int]]:
        """What verifying finds: kinds of trouble and the first bad numbers."""
        return [(one.trouble.value, one.number) for one in self.verify().findings]

    def verify_chain(self) -> list[tuple[str, int]]:
        """What verifying finds once the head is signed."""
        trail.sign_head(self.services)
        return self.found()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Look past the store."""
        return databases.rows(self.url, statement)

    def tamper(self, *statements: str) -> None:
        """Take the guards off and change what they guard, as the tables' owner can."""
        engine = databases.engine(self.url)
        with engine.begin() as connection:
            for table in ("emrex_audit", "emrex_audit_link", "emrex_audit_head"):
                for guard in GUARDS[engine.dialect.name]:
                    with suppress(sa.exc.DBAPIError), connection.begin_nested():
                        connection.exec_driver_sql(guard.format(table=table))
            for statement in statements:
                connection.exec_driver_sql(statement)

    def rechain(self) -> None:
        """Compute the whole chain anew over what is there, as whoever rewrites history would."""
        with self.store.read() as uow:
            events = sorted(
                (one.event for one in uow.trail.chained(0, 10_000) if one.event),
                key=lambda event: event.number or 0,
            )
        former, values = trail.NOTHING, []
        for number, event in enumerate(events, 1):
            former = trail.digest(former, event, number)
            values.append((number, event.id, former))
        self.tamper(
            "DELETE FROM emrex_audit_link",
            *(f"INSERT INTO emrex_audit_link VALUES ({n}, {e}, '{d}')" for n, e, d in values),
        )

    def lines(self) -> list[dict[str, Any]]:
        """The heads in the file."""
        return [json.loads(line) for line in self.heads.read_text("utf-8").splitlines()]

    def events(self) -> tuple[TrailEvent, ...]:
        """Everything, the newest first."""
        with self.store.read() as uow:
            return uow.trail.search(trail.TrailFilter(), limit=10_000)


def make_trail_world(folder: Path, **settings: Any) -> TrailWorld:
    """Make a fresh trail, on the run's database."""
    url, clock, queue = databases.new_database(folder), Clock(), SentQueue()
    chosen = stores.settings(
        url,
        **{
            "audit_heads": str(folder / "heads.jsonl"),
            "key_directory": str(folder / "keys"),
            **settings,
        },
    )
    store = open_store(chosen, stores.resolve, clock)
    services = Services(
        settings=chosen,
        store=store,
        queue=queue,
        clock=clock,
        secrets=stores.resolve,
        logins={},
        open_adapter=_no_adapter,
    )
    return TrailWorld(url, store, services, queue, clock, Path(chosen.audit_heads), folder)

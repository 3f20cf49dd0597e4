"""A search over the index of a federation's size: what a discovery page waits for.

Run alone with ``python -m benchmarks._search``. Entities are made up here, so
that no metadata needs to be read first; the database is SQLite in a folder.
"""

from __future__ import annotations

import base64
import hashlib
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from emrex_gateway.domain import Entity, Federation, ProviderFilter, Role, texts
from emrex_gateway.settings import Settings
from emrex_gateway.store import SqlStore, open_store, upgrade

LIMIT_MS = 50.0
"""What a page may take, search included."""

_KINDS = ("Universität", "University", "Université", "Politechnika", "Högskolan", "Πανεπιστήμιο")
_PLACES = ("Göttingen", "Łódź", "Århus", "Tromsø", "Åbo", "São Paulo", "Kraków", "Москва")
QUERIES = ("", "univ", "tromso 17", "göttingen universitat", "u o", "nothing like it")


def made_up(
    federation: str, providers: int, services: int, valid_until: datetime
) -> Iterator[Entity]:
    """Yield entities with names in three languages and descriptors of 8 kB."""
    chance = random.Random(7)  # noqa: S311 (reproducible, no secret)
    for number in range(providers + services):
        content = hashlib.sha256(str(number).encode()).digest() * 250
        name = f"{chance.choice(_KINDS)} {chance.choice(_PLACES)} {number}"
        provider = number < providers
        yield Entity(
            federation=federation,
            entity_id=f"https://idp.u{number}.example/idp/shibboleth",
            roles=frozenset({Role.IDP if provider else Role.SP}),
            names=texts(en=f"University of Place {number}", de=name, fr=f"{name} en français"),
            valid_until=valid_until,
            digest=hashlib.sha256(content).hexdigest(),
            descriptor=content if provider else b"",
            scopes=(f"u{number}.example",),
            keywords=("hochschule", f"nr{number}"),
            categories=frozenset({"http://refeds.org/category/research-and-scholarship"}),
        )


def filled_store(folder: Path, providers: int = 6000, services: int = 3500) -> SqlStore:
    """Return a store on SQLite with one federation of that size."""
    now = datetime.now(UTC)
    settings = Settings(
        public_url="https://emrex.example.org",
        database_url=f"sqlite:///{folder / 'bench.sqlite3'}",
        payload_keys=("env:BENCH",),
    )

    def secrets(reference: str) -> str:
        return base64.b64encode(b"b" * 32).decode()

    upgrade(settings, secrets)
    store = open_store(settings, secrets, lambda: now)
    with store.begin() as uow:
        uow.config.put_federation(
            Federation(
                slug="bench", names=texts(en="Bench"), url="https://x.example", certificates=()
            )
        )
        until = now + timedelta(days=7)
        uow.entities.replace("bench", made_up("bench", providers, services, until))
    return store


def measure_search(store: SqlStore, federation: str, runs: int) -> list[tuple[str, float]]:
    """Return queries and the milliseconds of CPU time of the first page, medians of ``runs``."""
    where = ProviderFilter(federations=frozenset({federation}))

    def search(words: str) -> Callable[[], object]:
        def run() -> object:
            with store.read() as uow:
                return uow.entities.search(where, words)

        return run

    return [(words, _median(search(words), runs)) for words in QUERIES]


def _median(action: Callable[[], object], runs: int) -> float:
    action()
    spent = []
    for _ in range(runs):
        began = time.process_time()
        action()
        spent.append((time.process_time() - began) * 1000)
    return statistics.median(spent)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        store = filled_store(Path(folder))
        print(f"written in {time.process_time() - began:.2f} s of CPU time")
        for words, spent in measure_search(store, "bench", 25):
            print(
                f"search {words!r:<26}{spent:9.2f} ms{spent / LIMIT_MS:9.2f} of {LIMIT_MS:.0f} ms"
            )
        store.close()


if __name__ == "__main__":
    main()

"""Federations at eduGAIN's size, measured: fetching, verifying and indexing; lookups; searches."""

from __future__ import annotations

import http.server
import json
import os
import secrets
import statistics
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks._federation import entity_id, make
from benchmarks._login import INSTITUTION, METHOD
from benchmarks._rows import Row
from emrex_gateway import bootstrap
from emrex_gateway.domain import (
    AccessPoint,
    Federation,
    ProviderFilter,
    texts,
)
from emrex_gateway.factory import create_app
from emrex_gateway.login.saml import find_provider, read_provider
from emrex_gateway.ports import Store
from emrex_gateway.secrets import resolve_secret
from emrex_gateway.settings import Settings
from emrex_gateway.store import open_store, upgrade

WHERE = ProviderFilter(federations=frozenset({"bench"}))
SEARCHES = (
    "uni",
    "university of mika",
    "yliopisto",
    "kä",
    "rostavel",
    "example",
    "nothing at all",
    "",
)
MAX_SECONDS, MAX_MEGABYTES, MAX_LOOKUP, MAX_SEARCH = 8.0, 450.0, 1.0, 50.0


def federation_rows(folder: Path, providers: int, services: int, runs: int) -> Iterator[Row]:
    """Fetch, verify and index a made-up federation in a child; then look up and search in this process."""
    made = make(folder / "all.xml", providers, services)
    (folder / "federation.pem").write_bytes(made.certificate)
    key = b64encode(secrets.token_bytes(32)).decode()
    values = {
        "PUBLIC_URL": "https://emrex.example.org",
        "DATABASE_URL": f"sqlite:///{folder / 'bench.sqlite3'}",
        "PAYLOAD_KEYS": "env:BENCH_KEY",
        "HTTP_ON_LOOPBACK": "true",
    }
    environment = {**{f"EMREX_{name}": value for name, value in values.items()}, "BENCH_KEY": key}
    os.environ["BENCH_KEY"] = key
    settings = Settings(
        public_url=values["PUBLIC_URL"],
        database_url=values["DATABASE_URL"],
        payload_keys=("env:BENCH_KEY",),
        http_on_loopback=True,
    )
    upgrade(settings, resolve_secret)
    store = open_store(settings, resolve_secret, lambda: datetime.now(UTC))
    size = made.path.stat().st_size / 1e6
    print(f"{providers} identity providers and {services} services, {size:.1f} MB")
    floor = _child("floor", str(made.path), environment)
    with _serving(made.path) as url:
        federation = Federation(
            slug="bench",
            names=texts(en="A made-up federation"),
            url=url,
            certificates=(f"file:{folder / 'federation.pem'}",),
        )
        with store.begin() as uow:
            uow.config.put_federation(federation)
        first = _child("refresh", "bench", environment)
        with store.begin() as uow:
            uow.entities.put_state("bench", type(uow.entities.state("bench"))())
        again = _child("refresh", "bench", environment)
    limit = "parse, C14N, SHA-256"
    yield Row("metadata, first copy: time", first["wall"], "s", MAX_SECONDS, limit, floor["wall"])
    yield Row("metadata, first copy: CPU", first["cpu"], "s", MAX_SECONDS, limit, floor["cpu"])
    yield Row("metadata, same copy: CPU", again["cpu"], "s", MAX_SECONDS, limit, floor["cpu"])
    yield Row(
        "metadata: memory of the job", first["peak"], "MB", MAX_MEGABYTES, limit, floor["peak"]
    )
    yield Row("  of that, before it began", first["before"], "MB", MAX_MEGABYTES)

    ids = [entity_id(n) for n in range(providers) if n % 50 != 49][:: max(1, providers // 150)]
    now = datetime.now(UTC)
    with store.read() as uow:

        def look(one: str) -> None:
            entity = uow.entities.get(one, WHERE.federations)
            if entity is None:
                raise LookupError(one)
            read_provider(entity.descriptor, entity.valid_until)

        spent = _median([partial(look, one) for one in ids], 5 * len(ids))
        yield Row("lookup in the index and its parse", spent, "ms", MAX_LOOKUP)
    spent = _median([partial(find_provider, store, WHERE, one, now) for one in ids], 5 * len(ids))
    yield Row("  with transaction and filter", spent, "ms", 2 * MAX_LOOKUP)

    def search(words: str) -> None:
        with store.read() as uow:
            uow.entities.search(WHERE, words)

    for words in SEARCHES:
        yield Row(
            f"search for {words!r}", _median([partial(search, words)], runs), "ms", MAX_SEARCH
        )
    page = _page(store, settings)
    for words in SEARCHES[:3]:
        yield Row(
            f"the whole page for {words!r}",
            _median([partial(page, words)], runs),
            "ms",
            MAX_SEARCH,
        )
    left = _child("web", " ".join(ids), environment)
    yield Row(
        f"left in a web process by {len(ids)} logins", left["after"] - left["before"], "MB", 2.0
    )
    store.close()


def _page(store: Store, settings: Settings) -> Callable[[str], None]:
    """Return what asks for the discovery page, as a browser in the middle of a transfer does."""
    services = bootstrap.services(settings, store=store)
    with store.begin() as uow:
        uow.config.put_institution(INSTITUTION)
        uow.config.put_access_point(
            AccessPoint(slug="bench", institution="bench", key="env:NONE", certificate="env:NONE")
        )
        uow.config.put_login_method(METHOD)
    client = create_app(services).test_client()
    base = client.get("/bench/export").headers["Location"]

    def page(words: str) -> None:
        answer = client.get(f"{base}login/bench/where", query_string={"q": words})
        if answer.status_code != 200 or b'data-step="universities"' not in answer.data:
            raise LookupError(words)

    return page


def _median(actions: list[Callable[[], object]], runs: int) -> float:
    """Milliseconds of CPU time of one action; the first round warms up."""
    for action in actions:
        action()
    spent = []
    for _ in range(max(1, runs // len(actions)) if len(actions) > 1 else runs):
        for action in actions:
            began = time.process_time()
            action()
            spent.append((time.process_time() - began) * 1000)
    return statistics.median(spent)


def _child(action: str, argument: str, environment: dict[str, str]) -> dict[str, float]:
    done = subprocess.run(  # noqa: S603 (our own module)
        [sys.executable, "-m", "benchmarks._metadata_job", action, argument],
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{action} failed: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


@contextmanager
def _serving(path: Path) -> Iterator[str]:
    """Serve a folder on a free port of this machine; the client does not ask the file system."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    make_handler = partial(Handler, directory=str(path.parent))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), make_handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/{path.name}"
    server.shutdown()
    server.server_close()

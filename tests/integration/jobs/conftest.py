"""Services over a store and a Redis server of the tests' own."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

import stores
from emrex_gateway.jobs import RqQueue
from emrex_gateway.services import Services
from emrex_gateway.store import SqlStore
from job_orders import (
    Listener,
)
from stores import Clock


def _no_adapter(institution: Any, binding: Any) -> Any:
    raise AssertionError("no test here opens an adapter")


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    """An empty store."""
    made = stores.new_store(database_url)
    yield made
    made.close()


@pytest.fixture
def make_services(redis_url: str, database_url: str) -> Callable[..., Services]:
    """Make services over a store."""

    def make(store: Any, clock: Any = None, **more: Any) -> Services:
        settings = stores.settings(
            database_url,
            **{"redis_url": redis_url, "fetch_timeout": 30, **more},
        )
        return Services(
            settings=settings,
            store=store,
            queue=RqQueue(settings, stores.resolve),
            clock=clock or Clock(),
            secrets=stores.resolve,
            logins={},
            open_adapter=_no_adapter,
        )

    return make


@pytest.fixture
def services(store: SqlStore, make_services: Callable[..., Services]) -> Services:
    """Services over the store."""
    return make_services(store)


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    """A client, with which a test may write whatever it likes."""
    with redis.Redis.from_url(redis_url) as made:
        yield made


@pytest.fixture
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that appears when the module ``evil_canary`` is imported or one of its functions runs."""
    sign = tmp_path / "it-ran"
    (tmp_path / "evil_canary.py").write_text(
        f"import pathlib\npathlib.Path({str(sign)!r}).touch()\n"
        "def run(*arguments, **more):\n    pass\n",
        "utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return sign


@pytest.fixture
def listener() -> Iterator[list[str]]:
    """A server that webhooks would reach; yields what reached it."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    Listener.port, Listener.heard[:] = server.server_port, []
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield Listener.heard
    server.shutdown()
    server.server_close()

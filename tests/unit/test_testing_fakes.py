"""The fakes that plugins are tested with do what they say."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import httpx
import pytest

from emrex_gateway.testing import serve, troubled_system

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("201 Created", [("X-Method", environ["REQUEST_METHOD"])])
    return [environ["PATH_INFO"].encode("latin-1"), environ["wsgi.input"].read()]


def test_connections_are_kept_alive_and_counted() -> None:
    """What a client does with its connections shows."""
    with serve(echo) as served:
        with httpx.Client() as client:
            for _ in range(3):
                answer = client.post(f"{served.url}/a%20b", content=b"!")
                assert (201, "/a b!", "POST") == (
                    answer.status_code,
                    answer.text,
                    answer.headers["X-Method"],
                )
            assert (1, 1) == (served.connections_made(), served.connections_open())
        _await_closed(served.connections_open)
        httpx.get(served.url)
        assert 2 == served.connections_made()


def _await_closed(count: object) -> None:
    deadline = time.monotonic() + 10
    while callable(count) and count() and time.monotonic() < deadline:
        time.sleep(0.02)


def test_each_trouble() -> None:
    """Every address of the troubled system fails in its own way."""
    with troubled_system() as system, httpx.Client(timeout=0.4) as client:
        with pytest.raises(httpx.ConnectError):
            client.get(system.down)
        with pytest.raises(httpx.ReadTimeout):
            client.post(f"{system.slow}/x", content=b"x")
        assert "7" == client.get(system.busy).headers["Retry-After"]
        assert 401 == client.get(system.refusing).status_code
        assert 200 == client.get(f"{system.rubbish}/anything?x=1").status_code
        with client.stream("GET", system.dripping) as answer:
            blocks = answer.iter_raw()
            assert [b" ", b" ", b" "] == [next(blocks) for _ in range(3)]
        with client.stream("GET", system.endless) as answer:
            size = 0
            for block in answer.iter_raw():
                size += len(block)
                if size > 5_000_000:
                    break
        assert size > 5_000_000

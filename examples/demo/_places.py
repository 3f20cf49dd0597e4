"""Who lives where: a loopback address a party, hence a site and cookies of its own."""

from __future__ import annotations

import errno
import random
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from examples.demo._processes import StartError

HOSTS: Mapping[str, tuple[str, ...]] = {
    "campus": ("127.0.0.1",),
    "virta": ("127.0.0.2",),
    "gateway": ("127.0.0.3",),
    "provider": ("127.0.0.4",),
    "abroad": ("127.0.0.5", "127.0.0.6"),
    "home": ("127.0.0.7",),
    "authority": ("127.0.0.8",),
    "elsewhere": ("127.0.0.9",),
}
"""*abroad* has a second address, for a client that redirects to another origin."""


@dataclass(frozen=True, slots=True)
class Places:
    """The parties' addresses and listening sockets; holding the sockets keeps the port ours."""

    port: int
    sockets: Mapping[str, tuple[socket.socket, ...]]

    def url(self, party: str, which: int = 0) -> str:
        """The party's address without a slash at the end."""
        return f"http://{HOSTS[party][which]}:{self.port}"

    def close(self) -> None:
        """Give the ports back."""
        for group in self.sockets.values():
            for listening in group:
                listening.close()


def take(port: int) -> Places:
    """Listen on ``port`` of every address, or on any free one for 0. Raises ``StartError``."""
    for candidate in (port,) if port else random.sample(range(20_000, 32_000), 50):
        try:
            return _take(candidate)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and not port:
                continue
            raise StartError(_why(error, candidate)) from error
    raise StartError("no port is free on all addresses")


def _take(port: int) -> Places:
    taken: dict[str, tuple[socket.socket, ...]] = {}
    opened: list[socket.socket] = []
    try:
        for party, hosts in HOSTS.items():
            mine: list[socket.socket] = []
            for host in hosts:
                listening = socket.socket()
                opened.append(listening)
                mine.append(listening)
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    listening.bind((host, port))
                    listening.listen(128)
                except OSError as error:
                    error.filename = f"{host}:{port}"
                    raise
            taken[party] = tuple(mine)
    except OSError:
        for listening in opened:
            listening.close()
        raise
    return Places(port, taken)


def _why(error: OSError, port: int) -> str:
    where = error.filename or f"port {port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is in use. Choose another port with --port N"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{where} may not be used by this account. Choose a port above 1023 with --port N"
    return f"{where} cannot be used: {error.strerror}"

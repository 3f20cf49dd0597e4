"""A fake system that is never well: each address fails in a way of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emrex_gateway.testing._serving import Served, serve

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

RETRY_AFTER = 7
"""What the busy address sends as ``Retry-After``, in seconds."""

_RUBBISH = b'<!DOCTYPE html><html><body><p>It works!<br></body>{"a": [\x00\xff'


@dataclass(frozen=True, slots=True, kw_only=True)
class TroubledSystem:
    """Base addresses without a trailing slash; anything may be appended to them.

    ``down`` refuses connections, ``slow`` never answers, ``dripping`` sends a
    byte at a time without end, ``busy`` answers 503 with ``Retry-After``,
    ``rubbish`` 200 with neither XML nor JSON, ``endless`` more than anybody
    should read, ``refusing`` 401.
    """

    down: str
    slow: str
    dripping: str
    busy: str
    rubbish: str
    endless: str
    refusing: str
    retry_after: int
    served: Served


class _Troubles:
    def __init__(self) -> None:
        self.over = threading.Event()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        kind = environ.get("PATH_INFO", "/").split("/")[1]
        headers = [("Content-Type", "text/xml; charset=utf-8")]
        if kind == "slow":
            self.over.wait(60)
        if kind == "dripping":
            start_response("200 OK", headers)
            return self._drip()
        if kind == "endless":
            start_response("200 OK", headers)
            return self._flood()
        if kind == "busy":
            headers.append(("Retry-After", str(RETRY_AFTER)))
            start_response("503 Service Unavailable", headers)
            return [b"busy"]
        if kind == "refusing":
            headers.append(("WWW-Authenticate", "Basic"))
            start_response("401 Unauthorized", headers)
            return [b"no"]
        start_response("200 OK", headers)
        return [_RUBBISH]

    def _drip(self) -> Iterator[bytes]:
        while not self.over.wait(0.05):
            yield b" "

    def _flood(self) -> Iterator[bytes]:
        block = b" " * 1_000_000
        while not self.over.is_set():
            yield block


@contextmanager
def troubled_system() -> Iterator[TroubledSystem]:
    """Run the fake on a free loopback port until the block ends."""
    app = _Troubles()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        with serve(app) as served:
            try:
                yield TroubledSystem(
                    down=f"http://127.0.0.1:{closed.getsockname()[1]}",
                    slow=f"{served.url}/slow",
                    dripping=f"{served.url}/dripping",
                    busy=f"{served.url}/busy",
                    rubbish=f"{served.url}/rubbish",
                    endless=f"{served.url}/endless",
                    refusing=f"{served.url}/refusing",
                    retry_after=RETRY_AFTER,
                    served=served,
                )
            finally:
                app.over.set()

"""A server of metadata for tests: conditional answers, compression, query servers, and every trouble."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote


class MetadataServer:
    """What it serves, and what it was asked.

    ``files`` are bodies by path; ``/entities/<percent-encoded id>`` is taken
    from ``entities``. ``status`` other than 200 is answered to everything.
    ``cut`` ends each body early by so many bytes, ``gzip`` compresses,
    ``validators`` sends ETag and Last-Modified and honours them, ``raw_headers``
    are added. ``slow`` drips one byte every so many seconds.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.entities: dict[str, bytes] = {}
        self.status = 200
        self.cut = 0
        self.gzip = False
        self.validators = True
        self.slow = 0.0
        self.raw_headers: dict[str, str] = {}
        self.asked: list[tuple[str, dict[str, str], int]] = []
        self.url = ""

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        headers = {name.lower(): value for name, value in handler.headers.items()}
        body = self._body(handler.path)
        status = self.status if self.status != 200 or body is not None else 404
        body = body or b""
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if status == 200 and self.validators and headers.get("if-none-match") == etag:
            status = 304
        self.asked.append((handler.path, headers, status))
        sent = b"" if status == 304 else body
        handler.send_response(status)
        if self.validators:
            handler.send_header("ETag", etag)
            handler.send_header("Last-Modified", "Mon, 02 Nov 2026 09:00:00 GMT")
        if self.gzip and "gzip" in headers.get("accept-encoding", "") and status == 200:
            sent = gzip.compress(sent)
            handler.send_header("Content-Encoding", "gzip")
        for name, value in self.raw_headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(sent)))
        handler.end_headers()
        sent = sent[: len(sent) - self.cut]
        if not self.slow:
            handler.wfile.write(sent)
            return
        for at in range(len(sent)):
            handler.wfile.write(sent[at : at + 1])
            time.sleep(self.slow)

    def _body(self, path: str) -> bytes | None:
        if path.startswith("/entities/"):
            return self.entities.get(unquote(path.removeprefix("/entities/")))
        return self.files.get(path)


@contextmanager
def serving() -> Iterator[MetadataServer]:
    """Run a server on a free port of 127.0.0.1."""
    state = MetadataServer()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                state.answer(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()

"""A WSGI application on a real socket, for tests: keeps connections alive and counts them.

The servers of wsgiref and werkzeug close after each answer, so that nothing
can be learnt from them about how a client treats its connections.
"""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from wsgiref.util import is_hop_by_hop

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _CountingServer

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: request lines may hold a test person's identifiers."""

    def _environ(self) -> WSGIEnvironment:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(parts.path, "latin-1"),
            "QUERY_STRING": parts.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": self.server.host,
            "SERVER_PORT": str(self.server.server_address[1]),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            environ.setdefault("HTTP_" + name.upper().replace("-", "_"), value)
        return environ

    def _answer(self) -> None:
        chunked = True

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
        ) -> Callable[[bytes], object]:
            nonlocal chunked
            code, reason = status.split(" ", 1)
            self.send_response(int(code), reason)
            for name, value in headers:
                if not is_hop_by_hop(name):
                    self.send_header(name, value)
            chunked = not any(name.lower() == "content-length" for name, _ in headers)
            if chunked:
                self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            return write

        def write(block: bytes) -> None:
            if block and self.command != "HEAD":
                self.wfile.write(b"%x\r\n%s\r\n" % (len(block), block) if chunked else block)

        blocks = self.server.app(self._environ(), start_response)
        try:
            for block in blocks:
                write(block)
        finally:
            if hasattr(blocks, "close"):
                blocks.close()
        if chunked and self.command != "HEAD":
            self.wfile.write(b"0\r\n\r\n")

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _answer


class _CountingServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, host: str, app: WSGIApplication) -> None:
        self.app = app
        self.host = host
        self.count_lock = threading.Lock()
        self.opened = 0
        self.closed = 0
        super().__init__((host, 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.count_lock:
            self.opened += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self.count_lock:
            self.closed += 1

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report what the application broke on; a client that hung up is what tests are about."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Served:
    """A running stand-in: where it is, and how it was used."""

    def __init__(self, server: _CountingServer) -> None:
        self._server = server
        self.url = f"http://{server.host}:{server.server_port}"

    def connections_made(self) -> int:
        """How many TCP connections clients have opened so far."""
        with self._server.count_lock:
            return self._server.opened

    def connections_open(self) -> int:
        """How many of them the clients have not closed yet."""
        with self._server.count_lock:
            return self._server.opened - self._server.closed


@contextmanager
def serve(app: WSGIApplication, host: str = "127.0.0.1") -> Iterator[Served]:
    """Serve ``app`` with HTTP/1.1 on a free port of ``host`` until the block ends."""
    server = _CountingServer(host, app)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield Served(server)
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()

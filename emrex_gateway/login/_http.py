"""Calls to a provider that an administrator typed in: guarded against where they could lead.

The name is resolved once, every address that it has is checked, and exactly
the checked address is called (a second look-up could give another answer).
One deadline holds for the whole exchange, one limit for the answer's size; no
redirect is followed, no proxy and no ``.netrc`` is read from the environment.
"""

from __future__ import annotations

import json
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, BinaryIO, Protocol
from urllib.parse import urlencode

import httpcore

from emrex_gateway.errors import LoginError
from emrex_gateway.login._addresses import AddressPolicy, address_allowed, split_url

Resolve = Callable[[str, int], Sequence[str]]
"""Name and port to IP addresses; raises ``OSError``."""


class RequestAuth(Protocol):
    """What Authlib calls a client authentication: completes a request to the token endpoint."""

    def prepare(
        self, method: str, uri: str, headers: dict[str, str], body: str
    ) -> tuple[str, dict[str, str], str]: ...


@cache
def trusted_authorities() -> ssl.SSLContext:
    """Whom we trust by default; reading them takes a tenth of a second, so once a process."""
    return httpcore.default_ssl_context()


def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Answer:
    """A provider's answer, read whole; header names are lower case."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def media_type(self) -> str:
        """The content type without its parameters, lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """Raises ``ValueError`` when the body is not JSON (the exception that Authlib expects)."""
        try:
            return json.loads(self.body)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error

    def raise_for_status(self) -> None:
        """Raises ``LoginError`` for 4xx and 5xx."""
        if self.status_code >= 400:
            raise LoginError(f"the provider answered with status {self.status_code}", "provider")


class Caller:
    """Sends requests under an address policy; holds nothing between them.

    ``timeout`` is in seconds for one whole exchange, ``max_bytes`` the most
    that an answer's body may weigh. The methods' shape is what Authlib's
    transport-neutral client asks of a session.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        ssl_context: ssl.SSLContext,
        http_on_loopback: bool = False,
        timeout: float = 10.0,
        max_bytes: int = 256 * 1024,
        resolve: Resolve = resolve,
    ) -> None:
        self._policy = policy
        self._ssl = ssl_context
        self._http_on_loopback = http_on_loopback
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._resolve = resolve

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Raises ``LoginError``; any status below 300 and from 400 is an answer."""
        return self._send("GET", url, dict(headers or {}), None)

    def post(
        self,
        url: str,
        *,
        data: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        auth: RequestAuth,
    ) -> Answer:
        """Send a form with client authentication. Raises as ``get`` does."""
        url, complete, body = auth.prepare("POST", url, dict(headers or {}), urlencode(data))
        return self._send("POST", url, complete, body.encode())

    def download(
        self, url: str, target: BinaryIO, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Write a big body to ``target`` while it comes, unpacked; the answer's own is empty.

        Only that of status 200 is written. ``max_bytes`` holds for what comes
        and for what is unpacked. Status 304 is an answer here: the headers may
        hold conditions. Raises ``LoginError``.
        """
        return self._send("GET", url, {**(headers or {}), "Accept-Encoding": "gzip"}, None, target)

    def _send(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None,
        target: BinaryIO | None = None,
    ) -> Answer:
        parts = split_url(url, http_on_loopback=self._http_on_loopback)
        if parts is None:
            raise LoginError("a provider's address is not an https address", "address")
        host = str(parts.hostname)
        backend = _Backend(self._resolve, self._policy, _Deadline(self._timeout))
        sent = {"Accept": "application/json", "Accept-Encoding": "identity", **headers}
        try:
            with (
                httpcore.ConnectionPool(
                    ssl_context=self._ssl, network_backend=backend, max_connections=1
                ) as pool,
                pool.stream(method, url, headers=list(sent.items()), content=body) as response,
            ):
                return self._read(response, host, target)
        except (httpcore.TimeoutException, TimeoutError) as error:
            raise LoginError(f"{host} did not answer in time", "timeout") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            # The libraries' messages could quote what was sent: only the kind goes on.
            raise LoginError(f"{host}: {type(error).__name__}", "unreachable") from None

    def _read(self, response: httpcore.Response, host: str, target: BinaryIO | None) -> Answer:
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in response.headers}
        status = response.status
        if 300 <= status < 400 and not (status == 304 and target is not None):
            raise LoginError(f"{host} redirects, which is not followed", "redirect")
        encoding = headers.get("content-encoding", "identity").lower()
        chunks = _limited(response.iter_stream(), self._max_bytes, host)
        if target is not None and encoding in ("gzip", "x-gzip"):
            chunks = _limited(_gunzipped(chunks, self._max_bytes, host), self._max_bytes, host)
        elif encoding != "identity":
            raise LoginError(f"{host} compresses although told not to", "encoding")
        if target is None:
            return Answer(status, headers, b"".join(chunks))
        if status == 200:
            for chunk in chunks:
                target.write(chunk)
        return Answer(status, headers, b"")


def _limited(chunks: Iterable[bytes], most: int, host: str) -> Iterator[bytes]:
    weight = 0
    for chunk in chunks:
        weight += len(chunk)
        if weight > most:
            raise LoginError(f"{host} answered with too much", "too-large")
        yield chunk


def _gunzipped(chunks: Iterable[bytes], most: int, host: str) -> Iterator[bytes]:
    """Unpack one gzip member; a part never yields more than the limit and one byte at once."""
    inflater = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            yield inflater.decompress(chunk, most + 1)
            if inflater.unconsumed_tail or inflater.unused_data:
                break
    except zlib.error:
        raise LoginError(f"{host} answered with broken compression", "encoding") from None
    if not inflater.eof:
        raise LoginError(f"{host} ended in the middle of its answer", "encoding")


class _Deadline:
    """One budget of seconds for all waiting of one exchange."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Backend(httpcore.NetworkBackend):
    """Connects to checked addresses only; TLS still verifies the name."""

    def __init__(self, resolve: Resolve, policy: AddressPolicy, deadline: _Deadline) -> None:
        self._resolve = resolve
        self._policy = policy
        self._deadline = deadline
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._resolve(host, port)
        if not addresses or not all(address_allowed(a, self._policy) for a in addresses):
            raise LoginError(f"{host} has an address that must not be called", "address")
        failure: Exception = OSError()
        for address in addresses:
            try:
                stream = self._plain.connect_tcp(
                    address, port, self._deadline.left(), local_address, socket_options
                )
                return _Stream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class _Stream(httpcore.NetworkStream):
    """A connection on which every wait takes from the one deadline: dripping does not help."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left())
        return _Stream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

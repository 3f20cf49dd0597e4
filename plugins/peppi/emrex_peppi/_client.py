"""HTTP to one Peppi system: limits, credentials, and what each failure means."""

from __future__ import annotations

import base64
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx

from emrex_gateway.errors import AdapterError, AdapterRefused, AdapterUnavailable, ConfigError
from emrex_peppi._envelope import decode
from emrex_peppi._settings import PeppiSettings

_TEMPORARY = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_READING = frozenset({HTTPStatus.OK, HTTPStatus.NOT_FOUND})
_WRITING = frozenset({HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NOT_FOUND})
_LONGEST_WAIT = 24 * 3600.0


class Client:
    """Fetches JSON over kept connections; a context manager that closes them.

    It drives httpx's transport, not its ``Client``: that one logs every
    address, and ours hold the identifiers that we search by.
    """

    def __init__(self, settings: PeppiSettings) -> None:
        self._settings = settings
        self._read_bytes = 0
        credentials = base64.b64encode(f"{settings.api_key}:".encode()).decode("ascii")
        self._headers = {
            "Accept": "application/json",
            # A small compressed answer can be a huge one: the limit is on what travels.
            "Accept-Encoding": "identity",
            "Accept-Language": settings.language,
            "Authorization": f"Basic {credentials}",
            "User-Agent": "emrex-gateway (peppi)",
        }
        self._transport = httpx.HTTPTransport(
            verify=_trust(settings.ca_file),
            limits=httpx.Limits(
                max_connections=4, max_keepalive_connections=2, keepalive_expiry=30
            ),
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        type_: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._transport.close()

    def new_budget(self) -> None:
        """Begin another student: what was read so far no longer counts."""
        self._read_bytes = 0

    def get(
        self, path: str, parameters: Mapping[str, str | int] | None = None, *, id_: str = ""
    ) -> Mapping[str, Any] | None:
        """Fetch one answer; ``None`` for 404. ``{id}`` in the path becomes ``id_``.

        Raises ``AdapterUnavailable`` for 408, 425, 429, 5xx, time-outs and
        connection errors; ``AdapterError`` for everything else but 200.
        """
        status, body = self.fetch(path, parameters, id_=id_)
        return None if status == HTTPStatus.NOT_FOUND else decode(body)

    def fetch(
        self, path: str, parameters: Mapping[str, str | int] | None = None, *, id_: str = ""
    ) -> tuple[int, bytes]:
        """Fetch the status, 200 or 404, and the body. Raises as ``get`` does."""
        return self._exchange(_READING, self._address(path, id_, parameters), self._headers)

    def post(self, path: str, body: bytes, *, id_: str, key: str) -> tuple[int, bytes]:
        """Send JSON under an idempotency key; return the status (200, 201 or 404) and the body.

        Raises as ``get`` does; ``AdapterError`` for 409, which says that the
        system holds something else under this key.
        """
        headers = {**self._headers, "Content-Type": "application/json", "Idempotency-Key": key}
        return self._exchange(_WRITING, self._address(path, id_, None), headers, body)

    def _address(self, path: str, id_: str, parameters: Mapping[str, str | int] | None) -> str:
        address = self._settings.base_url + path.replace("{id}", quote(id_, safe=""))
        try:
            return str(httpx.URL(address, params=parameters) if parameters else httpx.URL(address))
        except (httpx.InvalidURL, UnicodeError):
            raise AdapterError("the system's address cannot be used") from None

    def _exchange(
        self, fine: frozenset[int], address: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, bytes]:
        deadline = time.monotonic() + self._settings.total_timeout
        try:
            request = httpx.Request(
                "POST" if body else "GET",
                address,
                headers=headers,
                content=body or None,
                extensions={"timeout": self._timeouts()},
            )
            response = self._transport.handle_request(request)
            try:
                _check_status(response, fine)
                return response.status_code, self._read(response, deadline)
            finally:
                response.close()
        # Never `from error`: httpx's messages may repeat addresses.
        except httpx.TimeoutException:
            raise AdapterUnavailable("the system did not answer in time") from None
        except httpx.TransportError as error:
            raise _unreachable(error) from None
        except (httpx.InvalidURL, UnicodeError):
            raise AdapterError("the system's address cannot be used") from None

    def _timeouts(self) -> dict[str, float]:
        """httpx's four limits; no single one may outlast the whole request's."""
        settings = self._settings
        connect = min(settings.connect_timeout, settings.total_timeout)
        read = min(settings.read_timeout, settings.total_timeout)
        return {"connect": connect, "read": read, "write": read, "pool": connect}

    def _read(self, response: httpx.Response, deadline: float) -> bytes:
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise AdapterError("the system compresses although it was asked not to")
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_raw():
            size += len(chunk)
            self._read_bytes += len(chunk)
            if size > self._settings.max_answer_bytes:
                raise AdapterError("an answer is larger than max_answer_bytes")
            if self._read_bytes > self._settings.max_total_bytes:
                raise AdapterError("a student's answers are larger than max_total_bytes")
            if time.monotonic() > deadline:
                raise AdapterUnavailable("the system did not finish its answer in time")
            chunks.append(chunk)
        return b"".join(chunks)


def _check_status(response: httpx.Response, fine: frozenset[int]) -> None:
    status = response.status_code
    if status in fine:
        return
    if status == HTTPStatus.CONFLICT and fine is _WRITING:
        raise AdapterError("the system holds another application under the same key (HTTP 409)")
    if status in _REFUSED:
        raise AdapterRefused(f"the system refuses the API key (HTTP {status})")
    if status in _TEMPORARY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        wait = _retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
        raise AdapterUnavailable(f"the system is not available (HTTP {status})", retry_after=wait)
    raise AdapterError(f"the system answered with HTTP {status}")


def _retry_after(value: str | None, now: datetime) -> float | None:
    """Read seconds or a date (RFC 9110, section 10.2.3); ``None`` for anything else."""
    if not value:
        return None
    if value.strip().isdecimal():
        return min(float(value), _LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max((until - now).total_seconds(), 0.0), _LONGEST_WAIT)


def _unreachable(error: httpx.TransportError) -> AdapterError:
    """A bad certificate or address stays bad; everything else may be better next time."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return AdapterError("the system's certificate is not trusted (see ca_file)")
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return AdapterError("the request cannot be made: look at the settings")
    return AdapterUnavailable(f"the system cannot be reached ({type(error).__name__})")


@lru_cache(maxsize=16)  # reading the authorities' certificates costs more than a request
def _trust(ca_file: str) -> ssl.SSLContext:
    if not ca_file:
        return httpx.create_ssl_context()
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ValueError):
        raise ConfigError("ca_file cannot be read as certificates") from None

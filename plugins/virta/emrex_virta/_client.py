"""Talks to VIRTA: one pooled connection a binding, limits on time and size.

Retries and the circuit breaker are the gateway's; this module's part is to say
which errors are temporary.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
from lxml import etree

from emrex_gateway.errors import AdapterError, AdapterUnavailable
from emrex_virta import _wire
from emrex_virta._settings import VirtaSettings
from emrex_virta._wire import Asked, Operation

_LONGEST_WAIT = 3600.0


class Client:
    """Asks VIRTA. Use ``connect``, which closes the connections."""

    def __init__(self, settings: VirtaSettings, http: httpx.Client) -> None:
        self._settings = settings
        self._http = http

    def ask(
        self, operation: Operation, by: Asked, value: str, organisation: str | None = None
    ) -> etree._Element | None:
        """Return the answer's data element, or ``None`` when nobody was found.

        Raises ``AdapterUnavailable`` (temporary), ``RequestRefused`` or ``AdapterError``.
        """
        body = _wire.request(self._settings, operation, by, value, organisation)
        try:
            status, headers, answer = self._post(body)
        except httpx.TimeoutException as error:
            raise AdapterUnavailable(f"VIRTA is too slow ({type(error).__name__})") from None
        except httpx.DecodingError:
            raise AdapterError("VIRTA's answer cannot be decompressed") from None
        except httpx.TransportError as error:
            raise _unreachable(error) from None
        try:
            return _wire.read(status, answer, operation)
        except AdapterUnavailable as error:
            raise AdapterUnavailable(str(error), _retry_after(headers)) from None

    def _post(self, body: bytes) -> tuple[int, httpx.Headers, bytes]:
        """Send a request and read the answer, within the total time and the size limit.

        httpx limits the silence between two reads; the sum of reads is limited here.
        """
        deadline = time.monotonic() + self._settings.total_timeout
        answer = bytearray()
        with self._http.stream("POST", self._settings.url, content=body) as response:
            for block in response.iter_bytes():
                answer += block
                if len(answer) > self._settings.max_answer_bytes:
                    raise AdapterError("VIRTA's answer is larger than the limit")
                if time.monotonic() > deadline:
                    raise AdapterUnavailable("VIRTA is too slow (total time)")
            return response.status_code, response.headers, bytes(answer)


@contextmanager
def connect(settings: VirtaSettings) -> Iterator[Client]:
    """Open a client; connections are made when first needed and closed at the end.

    Redirects are not followed: credentials go to the configured address only.
    """
    read = min(settings.read_timeout, settings.total_timeout)
    limits = httpx.Limits(max_connections=4, max_keepalive_connections=2)
    timeout = httpx.Timeout(read, connect=min(settings.connect_timeout, settings.total_timeout))
    headers = {"Content-Type": _wire.CONTENT_TYPE, "SOAPAction": _wire.SOAP_ACTION}
    with httpx.Client(timeout=timeout, limits=limits, headers=headers) as http:
        yield Client(settings, http)


def _unreachable(error: httpx.TransportError) -> AdapterError:
    """A certificate that does not verify stays so; everything else about a connection may pass."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return AdapterError("VIRTA's TLS certificate does not verify")
        cause = cause.__cause__ or cause.__context__
    return AdapterUnavailable(f"VIRTA cannot be reached ({type(error).__name__})")


def _retry_after(headers: httpx.Headers) -> float | None:
    """Read ``Retry-After`` (RFC 9110, section 10.2.3), in seconds, or ``None``."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), _LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - datetime.now(UTC)).total_seconds(), 0.0), _LONGEST_WAIT)

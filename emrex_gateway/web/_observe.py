"""Each request has an id, in the log, in the orders it sends and in its answer; and is counted."""

from __future__ import annotations

import logging
import time

from flask import Flask, g, request
from werkzeug.wrappers import Response

from emrex_gateway import log, operations
from emrex_gateway.web._context import services

HEADER = "X-Request-ID"
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
_log = logging.getLogger(__name__)


def init(app: Flask) -> None:
    """Run before everything else of a request and after it."""
    app.before_request(_begin)
    app.after_request(_answered)
    app.teardown_request(_end)


def _begin() -> None:
    # Only a proxy of ours is believed: what a browser sends would let it write into our lines.
    sent = request.headers.get(HEADER) if services().settings.proxies else None
    g.emrex_outside = log.fields()
    g.emrex_request = log.begin_request(sent)
    g.emrex_began = time.monotonic()


def _answered(response: Response) -> Response:
    if "emrex_request" not in g:
        return response
    response.headers[HEADER] = g.emrex_request
    took = time.monotonic() - g.emrex_began
    endpoint = request.endpoint or "unknown"
    method = request.method if request.method in _METHODS else "other"
    status = str(response.status_code)
    operations.counters.add("emrex_requests", endpoint=endpoint, method=method, status=status)
    operations.counters.observe("emrex_request_seconds", took, endpoint=endpoint)
    if endpoint not in ("static", "health.live", "health.ready", "health.readyz"):
        _log.info("%s %s %s %d ms", method, endpoint, status, round(took * 1000))
    if operations.counters.due():
        store = services().store
        # After the answer has gone out: no page waits for it.
        response.call_on_close(lambda: operations.counters.flush(store))
    return response


def _end(error: BaseException | None) -> None:
    outside = g.pop("emrex_outside", None)
    log.end_request()
    if outside:
        log.bind(**outside)  # a host's own fields, in a host's process

"""What can be wrong with the simulator's services, switched on by tests or over HTTP."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from flask import Response, jsonify

FAULT_KINDS = (
    "unavailable",
    "busy",
    "slow",
    "refuses",
    "not-found",
    "rubbish",
    "error",
    "no-list",
    "repeats",
    "changes",
    "ends-early",
    "lost",
)
"""Three are about paging: a repeated page, a total that changes, an early end. ``lost`` takes an
application and loses the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One trouble: for addresses that contain ``path``, as often as ``times`` (for ever: -1).

    ``seconds`` is how long ``slow`` waits and what ``busy`` asks for.
    """

    kind: str
    path: str = ""
    times: int = -1
    seconds: float = 1.0


class Faults:
    """The switch; safe to use while the server runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fault: Fault | None = None
        self._left = 0
        self._requests: list[str] = []

    def set(self, kind: str, *, path: str = "", times: int = -1, seconds: float = 1.0) -> None:
        """Switch a trouble on, in place of the one before. Raises ``ValueError``."""
        if kind not in FAULT_KINDS:
            raise ValueError(f"no such fault: {kind}")
        with self._lock:
            self._fault = Fault(kind=kind, path=path, times=times, seconds=seconds)
            self._left = times

    def clear(self) -> None:
        """All is well again."""
        with self._lock:
            self._fault = None

    def take(self, path: str) -> Fault | None:
        """Note a request and return the trouble that it meets."""
        with self._lock:
            self._requests.append(path)
            fault = self._fault
            if fault is None or fault.path not in path or self._left == 0:
                return None
            self._left -= 1
            return fault

    def requests(self) -> list[str]:
        """The paths that were asked for, oldest first."""
        with self._lock:
            return list(self._requests)


def answer(fault: Fault) -> Response | None:
    """Return the trouble as a response; ``None`` for those that paging makes itself."""
    if fault.kind == "slow":
        time.sleep(fault.seconds)
        return None
    if fault.kind == "busy":
        response = _plain("busy", 429)
        response.headers["Retry-After"] = str(int(fault.seconds))
        return response
    plain = {
        "unavailable": ("The service is being mended.", 503),
        "refuses": ("No.", 401),
        "not-found": ("<!DOCTYPE html><title>Not here</title>", 404),
        "rubbish": ("<!DOCTYPE html><title>Welcome</title>{", 200),
    }
    if fault.kind in plain:
        return _plain(*plain[fault.kind])
    if fault.kind == "error":
        return jsonify(status="error", message="Something went wrong.")
    if fault.kind == "no-list":
        return jsonify(status="success")
    return None


def _plain(text: str, status: int) -> Response:
    return Response(text, status=status, mimetype="text/html")

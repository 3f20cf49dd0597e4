"""The circuit breaker: one row a binding, so that every process sees the same state.

Closed, calls pass. After ``threshold`` temporary failures in a row it opens
for ``cooldown`` seconds: calls are refused at once. Then one caller may probe
(half-open): it takes the probe by moving ``open_until`` on, in the transaction
that read it; its success closes the circuit, its failure opens it again. A
prober that dies holds the others back for ``probe`` seconds at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from emrex_gateway.errors import AdapterUnavailable
from emrex_gateway.ports import Circuit, Clock, Store


class CircuitOpen(AdapterUnavailable):
    """Refused without asking the system. Leaves this package as ``AdapterUnavailable``."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """The breaker of one binding; durations are in seconds."""

    store: Store
    clock: Clock
    binding: str
    threshold: int
    cooldown: float
    probe: float

    def enter(self, *, probe: bool = True) -> Circuit:
        """Return the circuit as it stands, taking the probe when it is half-open.

        Raises ``CircuitOpen``.
        """
        now = self.clock()
        with self.store.begin() as uow:
            circuit = uow.circuits.get(self.binding)
            if circuit.open_until is None:
                return circuit
            left = (circuit.open_until - now).total_seconds()
            if left > 0:
                raise CircuitOpen(f"the adapter {self.binding} is resting after failures", left)
            if not probe:
                return circuit
            until = now + timedelta(seconds=self.probe)
            taken = Circuit(failures=circuit.failures, open_until=until)
            uow.circuits.put(self.binding, taken)
            return taken

    def succeeded(self, entered: Circuit) -> None:
        """Close the circuit; writes only when there is something to forget."""
        if entered == Circuit():
            return
        with self.store.begin() as uow:
            uow.circuits.put(self.binding, Circuit())

    def failed(self) -> None:
        """Count a temporary failure; open the circuit when there were enough."""
        with self.store.begin() as uow:
            circuit = uow.circuits.get(self.binding)
            failures = min(circuit.failures + 1, 1_000_000)
            opens = failures >= self.threshold
            until = self.clock() + timedelta(seconds=self.cooldown) if opens else None
            uow.circuits.put(self.binding, Circuit(failures=failures, open_until=until))

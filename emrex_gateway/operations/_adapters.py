"""Counts how calls of adapters end, by binding and kind of error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from emrex_gateway.domain import AdapterBinding, Institution
from emrex_gateway.errors import GatewayError
from emrex_gateway.operations._counters import counters
from emrex_gateway.ports import Adapter
from emrex_gateway.services import OpenAdapter


def counted(open_adapter: OpenAdapter) -> OpenAdapter:
    """Return the same, counting."""

    def opened(
        institution: Institution, binding: AdapterBinding
    ) -> AbstractContextManager[Adapter]:
        return _counting(open_adapter, institution, binding)

    return opened


@contextmanager
def _counting(
    open_adapter: OpenAdapter, institution: Institution, binding: AdapterBinding
) -> Iterator[Adapter]:
    outcome = "broken"
    try:
        with open_adapter(institution, binding) as adapter:
            yield adapter
        outcome = "ok"
    except GatewayError as error:
        outcome = type(error).__name__
        raise
    finally:
        counters.add("emrex_adapter_calls", binding=binding.id, outcome=outcome)

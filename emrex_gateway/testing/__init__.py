"""For whoever writes an adapter plugin: the contract suite, and fakes to run it against.

A plugin's tests make a subclass of ``AdapterContract`` whose ``case`` fixture
returns an ``AdapterCase``; pytest then collects every rule of the plugin
contract; one that takes imports has a subclass of ``SinkContract`` as well,
whose fixture returns a ``SinkCase``. ``serve`` puts a WSGI stand-in of the system on a real socket and
``troubled_system`` is a server that fails in every way that HTTP allows.

Needs pytest; nothing in the running gateway imports this package.
"""

import pytest

pytest.register_assert_rewrite(
    "emrex_gateway.testing._adapter_contract",
    "emrex_gateway.testing._checks",
    "emrex_gateway.testing._sink_contract",
)

from emrex_gateway.testing._adapter_contract import (  # noqa: E402  (rewriting comes first)
    AdapterCase,
    AdapterContract,
    Situation,
    Trouble,
)
from emrex_gateway.testing._checks import assert_forest, assert_writable  # noqa: E402
from emrex_gateway.testing._personal import personal_values  # noqa: E402
from emrex_gateway.testing._results import odd_results, sample_results  # noqa: E402
from emrex_gateway.testing._serving import Served, serve  # noqa: E402
from emrex_gateway.testing._sink_contract import SinkCase, SinkContract  # noqa: E402
from emrex_gateway.testing._troubles import TroubledSystem, troubled_system  # noqa: E402

__all__ = [
    "AdapterCase",
    "AdapterContract",
    "Served",
    "SinkCase",
    "SinkContract",
    "Situation",
    "Trouble",
    "TroubledSystem",
    "assert_forest",
    "assert_writable",
    "odd_results",
    "personal_values",
    "sample_results",
    "serve",
    "troubled_system",
]

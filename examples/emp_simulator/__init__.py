"""A simulator: data access points (EMPs) of countries that do not exist, for the import's tests.

Each provider has an address, a key and a certificate of its own. A student who
is sent there chooses on its page what the provider does (``Mode``) and whose
records come back; with ``?mode=…`` in the listed address it does so at once.
The documents are written and signed by the gateway's own code; the modes say
what is then wrong with them. Not for real people.

``make_app(SimulatorConfig(...))`` returns the WSGI application.
"""

from examples.emp_simulator._app import make_app
from examples.emp_simulator._modes import Mode
from examples.emp_simulator._providers import (
    Learner,
    Provider,
    SimulatorConfig,
    entry,
    make_provider,
)

__all__ = [
    "Learner",
    "Mode",
    "Provider",
    "SimulatorConfig",
    "entry",
    "make_app",
    "make_provider",
]

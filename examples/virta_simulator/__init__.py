"""A simulator of VIRTA, for the demonstration and for tests. Not VIRTA: its people are invented.

It answers two operations of VIRTA's SOAP service from its own WSDL, misbehaves on
request, or replays recorded answers byte for byte. See ``make_app``.
"""

from examples.virta_simulator._app import (
    DEMO_CREDENTIALS,
    PATH,
    Credentials,
    Simulator,
    make_app,
)
from examples.virta_simulator._behaviour import Behaviour
from examples.virta_simulator._demo import DEMO_STUDENTS
from examples.virta_simulator._model import DemoStudent

__all__ = [
    "DEMO_CREDENTIALS",
    "DEMO_STUDENTS",
    "PATH",
    "Behaviour",
    "Credentials",
    "DemoStudent",
    "Simulator",
    "make_app",
]

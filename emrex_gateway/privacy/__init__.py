"""What the gateway keeps of people, for how long, and why: retention, records of processing, troubles."""

from emrex_gateway.privacy._facts import Activity, Translate, duration
from emrex_gateway.privacy._record import Register, register, register_markdown
from emrex_gateway.privacy._retention import BY_THE_HOUR, KINDS, Kept, Kind, kept, sweep
from emrex_gateway.privacy._troubles import KEEP_TROUBLES, note_trouble

__all__ = [
    "BY_THE_HOUR",
    "KEEP_TROUBLES",
    "KINDS",
    "Activity",
    "Kept",
    "Kind",
    "Register",
    "Translate",
    "duration",
    "kept",
    "note_trouble",
    "register",
    "register_markdown",
    "sweep",
]

"""A simulator: Campus University, which does not exist, and its study administration system.

A small Flask application in the manner of Peppi: pages with a login of their
own, the REST services that the plugin ``emrex_peppi`` speaks with, an office
where applications for recognition are decided, and, when it is configured, the gateway embedded under a path, as a real host would do it. All
people and records are invented. Not for real people.
"""

from examples.campus._accounts import DEMO_OFFICER, DEMO_STUDENTS, DemoStudent
from examples.campus._app import make_app
from examples.campus._faults import FAULT_KINDS, Faults
from examples.campus._university import DOMAIN, NAMES, NATIONAL_CODE

__all__ = [
    "DEMO_OFFICER",
    "DEMO_STUDENTS",
    "DOMAIN",
    "FAULT_KINDS",
    "NAMES",
    "NATIONAL_CODE",
    "DemoStudent",
    "Faults",
    "make_app",
]

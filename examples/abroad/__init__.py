"""A simulator: a foreign university, its EMREX client (EMC) and its student register.

The client is made with the gateway's own doors. It sends a student to a data access point, receives the reply and shows what
came back, verified. It keeps everything in memory, serves one process, and is
no client for production: matching the person and storing results are missing. The register is
what a gateway reads for the university's own data access point (the demonstration's is the real
gateway); both registries' lists are served beside it.

``make_app(AbroadConfig(...))`` returns the WSGI application.
"""

from examples.abroad._app import make_app
from examples.abroad._desk import AbroadConfig, PointChoice

__all__ = ["AbroadConfig", "PointChoice", "make_app"]

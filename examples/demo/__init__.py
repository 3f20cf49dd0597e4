"""The demonstration: everything on embedded defaults, on loopback. Started by ``./run demo``.

Two institutions, their gateways (one embedded, one on its own), a login
service, VIRTA and a foreign university, all simulated; the gateway, its
database, queue and workers are the real ones.
"""

from examples.demo._browser import Browser, PageError
from examples.demo._contents import EVERYTHING, missing
from examples.demo._keys import DemoAuthority
from examples.demo._redis import find_redis_server

__all__ = ["EVERYTHING", "Browser", "DemoAuthority", "PageError", "find_redis_server", "missing"]

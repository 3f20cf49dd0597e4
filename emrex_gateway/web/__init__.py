"""The pages of a data access point: a view parses, calls one use case, renders."""

from emrex_gateway.web._context import Host
from emrex_gateway.web._register import register

__all__ = ["Host", "register"]

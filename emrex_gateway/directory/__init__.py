"""The providers of the network, as the registries list them and as an institution wants them.

A job asks both lists (``refresh``) and leaves what they say in the database;
pages and the import only read it. Entries of one address in several lists are
one provider; an institution's own additions, exclusions and leniency are
applied when it is asked for.
"""

from emrex_gateway.directory._certificates import all_certificates, seen
from emrex_gateway.directory._fetch import LISTS
from emrex_gateway.directory._order import is_due, order, order_due
from emrex_gateway.directory._overview import (
    Flag,
    ProviderLine,
    RegistryLine,
    flags_of,
    provider_lines,
    provider_lines_in,
    registries,
    warn_of_providers,
)
from emrex_gateway.directory._providers import (
    known_provider,
    offered,
    policy,
    provider,
    providers,
)
from emrex_gateway.directory._refresh import Refreshed, refresh

__all__ = [
    "LISTS",
    "Flag",
    "ProviderLine",
    "Refreshed",
    "RegistryLine",
    "all_certificates",
    "flags_of",
    "is_due",
    "known_provider",
    "offered",
    "order",
    "order_due",
    "policy",
    "provider",
    "provider_lines",
    "provider_lines_in",
    "providers",
    "refresh",
    "registries",
    "seen",
    "warn_of_providers",
]

"""VIRTA, Finland's register of higher-education attainments, as an adapter of the gateway.

The entry point ``virta`` of the group ``emrex_gateway.adapters`` names ``plugin``.
"""

from emrex_virta._plugin import VirtaPlugin
from emrex_virta._settings import VirtaSettings

plugin = VirtaPlugin()

__all__ = ["VirtaPlugin", "VirtaSettings", "plugin"]

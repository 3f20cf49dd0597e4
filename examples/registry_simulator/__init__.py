"""A simulator: the network's two lists of data access points, EMREG (JSON) and EWP's catalogue (XML).

``lists(listed)`` returns a blueprint with ``/emreg/list`` and ``/ewp/catalogue-v1.xml``. They hold
what others' lists hold: a null entry, a name missing, both namespaces, certificates in lines.
"""

from examples.registry_simulator._lists import CATALOGUE_PATH, EMREG_PATH, Listed, lists
from examples.registry_simulator._write import catalogue, emreg

__all__ = ["CATALOGUE_PATH", "EMREG_PATH", "Listed", "catalogue", "emreg", "lists"]

"""How Hypothesis runs here: no stop-watch, for machines differ; the same examples each time in CI.

With ``CI`` set, Hypothesis itself loads its profile ``ci``, which does both.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
if not os.environ.get("CI"):
    settings.load_profile("house")

"""Lighthouse's performance of the pages that every student meets, on its slow phone, and their weight.

It needs what the browser tests need: Chromium, Node and npm. The score is Lighthouse's own simulation of
a phone with a slow network (its defaults), so that it depends little on this machine.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks._rows import Row

SUPPORT = Path(__file__).resolve().parents[1] / "tests/support"
PAGES = ("login", "select", "select-600", "preview", "download")
LEAST = 95
HEAVIEST = 100.0
"""Kilobytes over the wire, with style sheets, scripts and pictures."""


def page_rows(folder: Path, runs: int = 3) -> Iterator[Row]:
    """A row a page: how many points are missing from 100 (the median of ``runs``), and its kilobytes."""
    if str(SUPPORT) not in sys.path:
        sys.path.insert(0, str(SUPPORT))
    import lighthouse
    import node_packages
    import student_states
    from browsers import free_port, served
    from gateway_world import make_world

    cache = Path(tempfile.gettempdir()) / "emrex-bench-lighthouse"
    cache.mkdir(exist_ok=True)
    packages = node_packages.install("lighthouse", cache)
    port = free_port()
    world = make_world(folder, public_url=f"http://127.0.0.1:{port}/emrex", http_on_loopback=True)
    with served(world.app, "127.0.0.1", port) as site:
        for page in student_states.states(world):
            if page.name not in PAGES:
                continue
            verdicts = [
                lighthouse.judge(packages, site + page.path, page.cookies, ("performance",), folder)
                for _ in range(runs)
            ]
            score = statistics.median(one.scores["performance"] for one in verdicts)
            yield Row(f"{page.name}: points missing of 100", 100 - score, "", 100 - LEAST)
            yield Row(f"{page.name}: on the wire", verdicts[0].bytes / 1000, "kB", HEAVIEST)

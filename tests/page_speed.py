"""Lighthouse's performance of the pages that every student meets: a JSON line a page, for ``./run bench``.

The score is Lighthouse's own simulation of a phone with a slow network (its defaults), so that it
depends little on this machine. It needs what the browser tests need: Chromium, Node and npm.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))

import lighthouse
import node_packages
import student_states
from browsers import free_port, served
from gateway_world import make_world

PAGES = ("login", "select", "select-600", "preview", "download")
RUNS = 3


def main(cache: Path) -> None:
    """Judge each page ``RUNS`` times; ``cache`` keeps the npm packages."""
    cache.mkdir(parents=True, exist_ok=True)
    packages = node_packages.install("lighthouse", cache)
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        world = make_world(
            folder, public_url=f"http://127.0.0.1:{port}/emrex", http_on_loopback=True
        )
        with served(world.app, "127.0.0.1", port) as site:
            for page in student_states.states(world):
                if page.name in PAGES:
                    found = [
                        lighthouse.judge(
                            packages, site + page.path, page.cookies, ["performance"], folder
                        )
                        for _ in range(RUNS)
                    ]
                    score = statistics.median(one.scores["performance"] for one in found)
                    line = {"page": page.name, "score": score, "bytes": found[0].bytes}
                    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

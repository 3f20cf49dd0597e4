"""Lighthouse's performance of the pages that every student meets, and their weight on the wire."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks._rows import Row

ROOT = Path(__file__).resolve().parents[1]
LEAST = 95
HEAVIEST = 100.0
"""Kilobytes, with style sheets, scripts and pictures."""


def page_rows() -> Iterator[Row]:
    """Two rows a page: the points that it misses of 100, and its kilobytes. Needs Chromium, Node and npm."""
    command = [sys.executable, "tests/page_speed.py", ".bench/lighthouse"]
    with subprocess.Popen(  # noqa: S603 - our own script, by this Python
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            found = json.loads(line)
            yield Row(
                f"{found['page']}: points missing of 100", 100 - found["score"], "", 100 - LEAST
            )
            yield Row(f"{found['page']}: on the wire", found["bytes"] / 1000, "kB", HEAVIEST)
    if running.returncode:
        raise RuntimeError("the pages could not be judged: run tests/page_speed.py to see why")

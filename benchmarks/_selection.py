"""The page of records: CPU of the page and of a tick, and its weight, for 60, 600 and 5,000 records."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks._rows import Row

ROOT = Path(__file__).resolve().parents[1]
MOST = {60: 20.0, 600: 120.0}
"""Milliseconds of CPU that the page may take, unsealing included."""
HEAVIEST = 100.0
"""Kilobytes of the page itself, as it goes out."""


def selection_rows(runs: int) -> Iterator[Row]:
    """Three rows a size, measured in a process of their own by a script beside the tests."""
    command = [sys.executable, "tests/selection_speed.py", str(runs)]
    with subprocess.Popen(  # noqa: S603 - our own script, by this Python
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            found = json.loads(line)
            name = f"selection of {found['records']}"
            yield Row(f"{name}: page", found["page"], "ms", MOST.get(found["records"]))
            yield Row(f"{name}: a tick, kept", found["tick"], "ms")
            yield Row(f"{name}: on the wire", found["bytes"] / 1000, "kB", HEAVIEST)
    if running.returncode:
        raise RuntimeError("nothing was measured: run tests/selection_speed.py to see why")

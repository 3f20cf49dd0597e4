"""``./run bench``: medians of CPU time, and their ratio to the limit of the same run.

The limit of signing is the raw RSA operation; of a whole transfer, the sum of
the limits of its parts. Absolute times say something about the machine,
ratios about us: RESULTS.md records both. What has a target says whether it kept
it: times and memory of a federation's metadata, a login's own CPU.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
from pathlib import Path

from benchmarks._login import login_rows
from benchmarks._pages import page_rows
from benchmarks._saml import federation_rows
from benchmarks._selection import selection_rows
from benchmarks._stages import stage_lines
from benchmarks._throughput import throughput_rows

PARTS = ("export", "login", "federation", "selection", "pages", "throughput")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="one part alone")
    parser.add_argument("--courses", type=int, default=60)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--providers", type=int, default=6000, help="of the made-up federation")
    parser.add_argument("--services", type=int, default=3500, help="of the made-up federation")
    parser.add_argument("--transfers", type=int, default=500, help="whole ones, for the throughput")
    options = parser.parse_args()
    print(f"CPython {platform.python_version()}, {platform.machine()}")
    if options.only in (None, "export"):
        for line in stage_lines(options.courses, options.runs):
            print(line, flush=True)
    if options.only in (None, "login"):
        with tempfile.TemporaryDirectory(prefix="emrex-bench-") as folder:
            for row in login_rows(Path(folder), options.runs):
                print(row, flush=True)
    if options.only in (None, "federation"):
        with tempfile.TemporaryDirectory(prefix="emrex-bench-") as folder:
            for row in federation_rows(
                Path(folder), options.providers, options.services, options.runs
            ):
                print(row, flush=True)
    if options.only in (None, "selection"):
        for row in selection_rows(options.runs):
            print(row, flush=True)
    if options.only in (None, "pages"):
        for row in page_rows():
            print(row, flush=True)
    if options.only in (None, "throughput"):
        with tempfile.TemporaryDirectory(prefix="emrex-bench-") as folder:
            for row in throughput_rows(Path(folder), options.courses, options.transfers):
                print(row, flush=True)


if __name__ == "__main__":
    main()

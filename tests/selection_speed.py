"""What the page of records costs: a line of JSON for each size, for ``./run bench``.

CPU of the whole request through Flask's client, unsealing included: the page, and what its script
asks after each tick. Also the page's weight, packed as it goes out. Records and people are invented.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))

from emrex_gateway.domain import LosType, StudyRecord
from gateway_world import make_world, record

SIZES = (60, 600, 5000)
MODULE = 12


def studies(count: int) -> tuple[StudyRecord, ...]:
    """A degree with modules of eleven courses, ``count`` records in all."""
    rows = [record("degree", type=LosType.DEGREE_PROGRAMME, grade=None)]
    for number in range(count - 1):
        module = f"m{number - number % MODULE}"
        if number % MODULE == 0:
            rows.append(record(module, "degree", type=LosType.MODULE))
        else:
            rows.append(record(f"c{number}", module))
    return tuple(rows)


def median(action: Callable[[], object], runs: int) -> float:
    """Milliseconds of CPU, the median; the first round warms up."""
    action()
    spent = []
    for _ in range(runs):
        began = time.process_time()
        action()
        spent.append((time.process_time() - began) * 1000)
    return statistics.median(spent)


def measure(folder: Path, size: int, runs: int) -> dict[str, float]:
    """One size, in a world of its own."""
    world = make_world(folder)
    world.source.records = studies(size)
    student = world.browser().to_selection()
    packed = student.client.get(student.path, headers={"Accept-Encoding": "gzip"})
    form = student.form("select")
    (token,) = form.xpath("./input[@name='token']/@value")

    def page() -> None:
        student.client.get(student.path)

    def tick() -> None:
        student.client.post(form.get("data-changes"), data={"token": token, "drop": "3"})

    return {
        "records": size,
        "page": median(page, runs),
        "tick": median(tick, runs),
        "bytes": len(packed.data),
    }


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1])
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            found = measure(Path(folder), size, runs)
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()

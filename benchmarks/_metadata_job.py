"""What a worker's job does with a federation, in a process of its own that tells what it cost.

``python -m benchmarks._metadata_job refresh|floor|web ARGUMENT``; prints JSON. The
settings come from ``EMREX_*`` variables, as everywhere.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from hashlib import sha256
from pathlib import Path

from lxml import etree


def peak() -> float:
    """The most memory that this program ever had, in MB; ``ru_maxrss`` would count its parent's too."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    return int(found[1]) / 1024 if found else 0.0


def resident() -> float:
    """The memory that this process has now, in MB."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 1024 / 1024


def refresh(slug: str) -> dict[str, float]:
    """A look at a federation, with all that a worker for metadata has loaded."""
    from emrex_gateway import bootstrap, federation, jobs  # noqa: PLC0415 (the child's own imports)
    from emrex_gateway.settings import load  # noqa: PLC0415 (the child's own imports)

    services = bootstrap.services(load())
    before, cpu, wall = peak(), time.process_time(), time.perf_counter()
    done = federation.refresh(services, slug)
    spent = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    if done.changed is None or jobs.METADATA_QUEUE not in jobs.PRIORITY:
        raise SystemExit(f"the metadata was not taken: {done.state.problem}")
    return {**spent, "before": before, "peak": peak(), "providers": done.state.providers}


def floor(path: str) -> dict[str, float]:
    """What nobody can save: one parse of the file, its canonical form, the digest of that."""
    cpu, wall = time.process_time(), time.perf_counter()
    root = etree.parse(path, etree.XMLParser(collect_ids=False)).getroot()
    sha256(etree.tostring(root, method="c14n", exclusive=True)).hexdigest()
    return {
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - wall,
        "peak": peak(),
    }


def web(entity_ids: str) -> dict[str, float]:
    """A web process: what a hundred lookups and searches leave in its memory."""
    from emrex_gateway.domain import ProviderFilter  # noqa: PLC0415 (the child's own imports)
    from emrex_gateway.factory import create_app  # noqa: PLC0415 (the child's own imports)
    from emrex_gateway.login.saml import find_provider  # noqa: PLC0415 (the child's own imports)

    where = ProviderFilter(federations=frozenset({"bench"}))
    app = create_app()
    services = app.extensions["emrex_gateway"].services
    wanted = entity_ids.split()

    def use(entity_id: str, words: str) -> None:
        find_provider(services.store, where, entity_id, services.clock())
        with services.store.read() as uow:
            uow.entities.search(where, words)

    use(wanted[0], "uni")
    before = resident()
    for entity_id in wanted:
        use(entity_id, entity_id[12:16])
    return {"before": before, "after": resident()}


if __name__ == "__main__":
    action = {"refresh": refresh, "floor": floor, "web": web}[sys.argv[1]]
    json.dump(action(sys.argv[2]), sys.stdout)

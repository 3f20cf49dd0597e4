"""Installs the locked npm packages of a folder of ``tests/node``."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
from pathlib import Path

_NODE = Path(__file__).resolve().parents[1] / "node"


def install(name: str, cache: Path) -> Path:
    """Install what ``tests/node/<name>`` locks into ``cache``, unless these very files are there already.

    One at a time: tests run in several processes.
    """
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _install(_NODE / name, cache)


def _install(source: Path, cache: Path) -> Path:
    for file in sorted(one for one in source.iterdir() if one.is_file()):
        there = cache / file.name
        if there.exists() and there.read_bytes() == file.read_bytes():
            continue
        shutil.rmtree(cache / "node_modules", ignore_errors=True)
        shutil.copyfile(file, there)
    wanted = json.loads((cache / "package.json").read_text("utf-8"))["dependencies"]
    if not all((cache / "node_modules" / one).is_dir() for one in wanted):
        npm = shutil.which("npm") or "npm"
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(
            command, cwd=cache, capture_output=True, text=True, timeout=300, check=False
        )
        if done.returncode:
            raise RuntimeError(f"npm ci failed: {done.stderr[-2000:]}")
    return cache

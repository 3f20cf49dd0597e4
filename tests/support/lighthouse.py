"""Lighthouse, from npm, on one page: its scores as whole numbers out of a hundred."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FLAGS = " ".join(
    (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        '--host-resolver-rules="MAP * ~NOTFOUND, EXCLUDE 127.0.0.*, EXCLUDE localhost"',
    )
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """``scores`` by category; ``faults`` are the audits that cost points; ``bytes`` went over the wire."""

    scores: dict[str, int]
    faults: tuple[str, ...]
    bytes: int


def judge(
    folder: Path,
    address: str,
    cookies: Iterable[tuple[str, str, str]],
    categories: Iterable[str],
    out: Path,
) -> Verdict:
    """Run Lighthouse (a phone, by its defaults) on a page, with cookies.

    ``folder`` holds its ``node_modules``. Raises ``RuntimeError`` with its words when it fails.
    """
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value, _ in cookies)}
    headers_file, report = out / "headers.json", out / "report.json"
    headers_file.write_text(json.dumps(headers), "utf-8")
    done = subprocess.run(
        [
            shutil.which("node") or "node",
            str(folder / "node_modules/lighthouse/cli/index.js"),
            address,
            "--quiet",
            "--output=json",
            f"--output-path={report}",
            f"--only-categories={','.join(categories)}",
            f"--extra-headers={headers_file}",
            f"--chrome-flags={FLAGS}",
            "--no-enable-error-reporting",
        ],
        env={**os.environ, "CHROME_PATH": shutil.which("chromium") or "", "HOME": str(out)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    if done.returncode or not report.exists():
        raise RuntimeError(f"Lighthouse failed: {done.stderr[-2000:]}")
    return _read(json.loads(report.read_text("utf-8")))


def _read(report: dict[str, Any]) -> Verdict:
    if "runtimeError" in report:
        raise RuntimeError(f"Lighthouse saw no page: {report['runtimeError']}")
    audits = report["audits"]
    scores = {name: round(100 * (one["score"] or 0)) for name, one in report["categories"].items()}
    weighed = {
        ref["id"]
        for one in report["categories"].values()
        for ref in one["auditRefs"]
        if ref["weight"]
    }
    faults = tuple(
        f"{name}: {audits[name]['title']}"
        for name in sorted(weighed)
        if audits[name]["score"] is not None and audits[name]["score"] < 0.9
    )
    items = audits.get("network-requests", {}).get("details", {}).get("items", [])
    return Verdict(
        scores,
        faults,
        sum(int(one.get("transferSize", 0)) for one in items),
    )

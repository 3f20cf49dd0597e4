"""The launcher's command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

DEFAULT_PORT = 8000


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """``port`` 0 takes any port that is free on all addresses."""

    port: int
    json: bool
    check: bool
    out: Path | None


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line; ends the process with status 2 for a wrong one."""
    parser = argparse.ArgumentParser(
        prog="./run demo",
        description="Start two institutions, their gateways, login services and a foreign "
        "university on loopback addresses. Everything is invented; nothing leaves this machine.",
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=DEFAULT_PORT,
        metavar="N",
        help="the port of every party (default %(default)s; 0: any that is free)",
    )
    parser.add_argument(
        "--json", action="store_true", help="print the addresses and passwords as one line of JSON"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="drive an export for a student of each institution and each way to log in, and an "
        "import with its hand-over and the decision on it; then end",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="with --check: keep what the foreign university received",
    )
    found = parser.parse_args(arguments)
    if found.out is not None and not found.check:
        parser.error("--out goes with --check")
    return Options(port=found.port, json=found.json, check=found.check, out=found.out)


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return number

"""Several of the gateway's own commands in one process: ``python -m examples.demo._commands``.

Reads a JSON list of command lines from its input; ends with status 1 and the command's own
message at the first that fails. Starting Python once saves more than a second for each other one.
"""

from __future__ import annotations

import json
import sys

import click

from emrex_gateway.cli import main


def run(commands: list[list[str]]) -> int:
    """Run them one after the other; the exit status."""
    for command in commands:
        try:
            status = main.main(args=command, prog_name="emrex-gateway", standalone_mode=False)
        except click.ClickException as error:
            print(f"emrex-gateway {command[0]} failed: {error.format_message()}", file=sys.stderr)
            return 1
        if status:
            print(f"emrex-gateway {command[0]} failed", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(run(json.load(sys.stdin)))

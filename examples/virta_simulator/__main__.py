"""Serve the simulator: ``python -m examples.virta_simulator --port 8400``."""

from __future__ import annotations

import argparse
from pathlib import Path

from werkzeug.serving import run_simple

from examples.virta_simulator import PATH, make_app


def main() -> None:
    """Parse the options and serve until interrupted."""
    parser = argparse.ArgumentParser(prog="virta_simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8400)
    parser.add_argument("--hang", type=float, default=30.0, help="seconds that hanging takes")
    parser.add_argument("--replay", type=Path, help="folder of recorded answers to serve instead")
    options = parser.parse_args()
    app = make_app(hang_seconds=options.hang, replay=options.replay)
    print(f"VIRTA simulator at http://{options.host}:{options.port}{PATH}", flush=True)
    run_simple(options.host, options.port, app, threaded=True)


if __name__ == "__main__":
    main()

"""Runs the simulator: ``python -m examples.campus``.

``EMREX_*`` variables become the gateway's settings; with ``EMREX_PUBLIC_URL``
among them the gateway is embedded.
"""

from __future__ import annotations

import os

import click
from werkzeug.serving import make_server

from examples.campus import DEMO_STUDENTS, make_app


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8081, show_default=True)
@click.option("--api-key", envvar="CAMPUS_API_KEY", default="demo", show_default=True)
@click.option(
    "--access-point", default="campus", show_default=True, help="The gateway's slug for us."
)
def main(host: str, port: int, api_key: str, access_point: str) -> None:
    """Run Campus University, a simulator of a study administration system."""
    config: dict[str, object] = {k: v for k, v in os.environ.items() if k.startswith("EMREX_")}
    config |= {"CAMPUS_API_KEY": api_key, "CAMPUS_ACCESS_POINT": access_point}
    server = make_server(host, port, make_app(config), threaded=True)
    click.echo(f"Campus University (simulator): http://{host}:{port}/")
    for student in DEMO_STUDENTS:
        click.echo(f"  {student.user} / {student.password}: {student.purpose}")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()

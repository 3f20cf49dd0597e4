"""Runs the simulator: ``python -m examples.openid_provider --redirect-uri ADDRESS``."""

from __future__ import annotations

import click
from werkzeug.serving import make_server

from examples.openid_provider import DEMO_STUDENTS, Client, make_app


@click.command()
@click.option("--host", default="127.0.0.4", show_default=True)
@click.option("--port", default=8084, show_default=True)
@click.option("--client-id", default="emrex-gateway", show_default=True)
@click.option("--client-secret", envvar="OPENID_CLIENT_SECRET", default="demo", show_default=True)
@click.option("--redirect-uri", "redirect_uris", multiple=True, required=True)
def main(
    host: str, port: int, client_id: str, client_secret: str, redirect_uris: tuple[str, ...]
) -> None:
    """Run the OpenID provider simulator on a loopback address."""
    client = Client(id=client_id, secret=client_secret, redirect_uris=frozenset(redirect_uris))
    issuer = f"http://{host}:{port}"
    server = make_server(host, port, make_app([client], DEMO_STUDENTS, issuer), threaded=True)
    click.echo(f"OpenID provider (simulator): {issuer}")
    for student in DEMO_STUDENTS:
        click.echo(f"  {student.user} / {student.password}")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()

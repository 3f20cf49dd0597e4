"""The command ``emrex-gateway``: everything an administrator or supporter does from a shell."""

from __future__ import annotations

import importlib

import click

from emrex_gateway import __version__

_COMMANDS = {
    "access-point": "_access_point:access_point",
    "adapter": "_adapter:adapter",
    "admin": "_admin:admin",
    "apply": "_apply:apply",
    "audit": "_audit:audit",
    "check-config": "_check:check_config",
    "convert": "_convert:convert",
    "federation": "_federation:federation",
    "institution": "_institution:institution",
    "join": "_join:join",
    "key": "_key:key",
    "jobs": "_jobs:jobs",
    "known-client": "_known_client:known_client",
    "login-method": "_login_method:login_method",
    "maintenance": "_maintenance:maintenance",
    "metadata": "_metadata:metadata",
    "migrate": "_migrate:migrate",
    "privacy": "_privacy:privacy",
    "registry": "_registry:registry",
    "service-provider": "_service_provider:service_provider",
    "statistics": "_statistics:count",
    "transfer": "_transfer:transfer",
    "verify": "_verify:verify",
    "worker": "_worker:worker",
}


class _LazyGroup(click.Group):
    """Imports a command when it is called: ``verify`` must not wait for the database's imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[cmd_name].partition(":")
        command = getattr(importlib.import_module(f"emrex_gateway.cli.{module}"), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{cmd_name} is not a command")
        return command


@click.group(cls=_LazyGroup)
@click.version_option(__version__, package_name="emrex-gateway")
def main() -> None:
    """Run and look after an EMREX gateway.

    Settings come from the TOML file that EMREX_SETTINGS names and from
    EMREX_* variables; institutions, adapters and login methods from the
    database, filled by `apply`.
    """
    from emrex_gateway import log  # noqa: PLC0415 (imported when a command runs, not for --help)

    log.begin_request()


__all__ = ["main"]

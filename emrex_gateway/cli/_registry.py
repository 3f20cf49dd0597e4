"""``emrex-gateway registry``: the network's lists of providers, and what an institution decides of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from emrex_gateway import administering, directory
from emrex_gateway.administering import ProviderPart
from emrex_gateway.cli._party_values import assigned, from_file
from emrex_gateway.cli._said import opened, pairs, printable
from emrex_gateway.directory import ProviderLine, Refreshed, RegistryLine
from emrex_gateway.domain import ProviderRule, RegistrySource, best_text, provider_key
from emrex_gateway.errors import ConfigError
from emrex_gateway.services import Services

_LISTS = click.Choice([source.value for source in directory.LISTS])
_KINDS = {
    "url": "text",
    "names": "table",
    "country": "text",
    "certificates": "text",
    "institutions": "list",
    "single_fetch": "yes",
}
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_institution = click.argument("institution")
_provider = click.argument("provider")


@click.group(short_help="Providers of the network: lists, age, rules.")
def registry() -> None:
    """Look after the network's lists of providers: EMREG and the EWP catalogue.

    Workers ask the lists by themselves; `refresh` does it now, in this process
    and without Redis. Their addresses are settings (emreg_url, ewp_catalogue_url).
    """


@registry.command()
@click.argument("lists", nargs=-1, type=_LISTS)
@click.option("--take-empty", is_flag=True, help="Take a copy even when nobody is on it any more.")
@click.pass_context
def refresh(context: click.Context, *, lists: tuple[str, ...], take_empty: bool) -> None:
    """Ask the lists now: those that the settings name, or LISTS (emreg, ewp).

    Ends with status 1 when one could not be taken; the last good copy stays.
    """
    with opened() as services:
        used = [line.source for line in directory.registries(services) if line.used]
        chosen = [RegistrySource(name) for name in lists] or used
        if not chosen:
            raise ConfigError("the settings name no list (emreg_url, ewp_catalogue_url)")
        well = True
        for source in chosen:
            done = directory.refresh(services, source, take_empty=take_empty)
            click.echo(f"{source}: {_outcome(done)}")
            well = well and not done.state.problem
    context.exit(0 if well else 1)


@registry.command("list")
@click.option("--institution", help="As one institution sees them, with its own additions.")
@_as_json
def list_(*, institution: str | None, as_json: bool) -> None:
    """List both lists with their age, then the providers: key, country, name, state, address."""
    with opened() as services:
        if institution is not None:
            _require(services, institution)
        lists = directory.registries(services)
        lines = directory.provider_lines(services, institution)
    if as_json:
        found = {
            "lists": [_list_values(line) for line in lists],
            "providers": [_line_values(line) for line in lines],
        }
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for one in lists:
        click.echo(f"{one.source}: {_freshness(one)}")
    for line in lines:
        provider = line.provider
        name = best_text(provider.names, ("en",))
        row = (provider.key, provider.country, name, " ".join(_said(line)), provider.url)
        click.echo("\t".join(printable(part) for part in row))


@registry.group()
def rule() -> None:
    """Look after what one institution decides of providers.

    PROVIDER is a key as `registry list` prints it, or an address.
    """


@rule.command("list")
@_institution
@_as_json
def rules(*, institution: str, as_json: bool) -> None:
    """List an institution's rules: key, what they say, address."""
    with opened() as services:
        _require(services, institution)
        with services.store.read() as uow:
            found = uow.providers.rules(institution)
    if as_json:
        values = [
            {
                "provider": one.provider,
                "hidden": one.hidden,
                "weak": one.weak,
                "added": one.added.url if one.added else None,
            }
            for one in found
        ]
        click.echo(json.dumps(values, indent=2))
        return
    for one in found:
        address = one.added.url if one.added else ""
        row = (one.provider, " ".join(_rule_words(one)), address)
        click.echo("\t".join(printable(part) for part in row).rstrip())


@rule.command("set")
@_institution
@_provider
@click.option("--hidden/--shown", default=None, help="Leave it out of the students' list, or not.")
@click.option("--weak/--strict", default=None, help="Accept SHA-1 and short RSA keys, or not.")
def set_(*, institution: str, provider: str, hidden: bool | None, weak: bool | None) -> None:
    """Hide a provider, or accept its weak signatures; and take either back."""
    if hidden is None and weak is None:
        raise click.UsageError("say --hidden, --shown, --weak or --strict")
    with opened() as services:
        actor, key = administering.shell_actor(), _key(provider)
        changed = False
        if hidden is not None:
            changed |= administering.hide_provider(services, actor, institution, key, hidden=hidden)
        if weak is not None:
            changed |= administering.accept_weak(services, actor, institution, key, weak=weak)
    click.echo("changed" if changed else "nothing changed")


@rule.command()
@_institution
@click.argument("said", nargs=-1, metavar="[NAME=VALUE]...")
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A TOML file with settings; NAME=VALUE goes over it.",
)
@click.option(
    "--certificates",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with its certificates (PEM).",
)
def add(
    *, institution: str, said: tuple[str, ...], file: Path | None, certificates: Path | None
) -> None:
    """Add a provider that no list names.

    It needs url, names.<language>, country and certificates; institutions (one
    a line) and single_fetch (yes, no) are optional.
    """
    with opened() as services:
        values: dict[str, Any] = {"names": {}, **from_file(file)}
        if certificates is not None:
            values["certificates"] = certificates.read_text("utf-8", "replace")
        part = administering.read_part(
            ProviderPart, assigned(values, pairs(said), _KINDS), "provider"
        )
        made = part.check(http=services.settings.http_on_loopback)
        administering.save_provider(services, administering.shell_actor(), institution, made)
    click.echo(f"added {made.key}")


@rule.command()
@_institution
@_provider
@click.confirmation_option(prompt="Remove the provider?")
def remove(*, institution: str, provider: str) -> None:
    """Remove an own addition; for 30 days `restore` puts it back."""
    with opened() as services:
        actor = administering.shell_actor()
        administering.remove_provider(services, actor, institution, _key(provider))
    click.echo("removed")


@rule.command()
@_institution
@_provider
def restore(*, institution: str, provider: str) -> None:
    """Put a removed own addition back."""
    with opened() as services:
        actor = administering.shell_actor()
        administering.put_back_provider(services, actor, institution, _key(provider))
    click.echo("restored")


def _require(services: Services, institution: str) -> None:
    with services.store.read() as uow:
        uow.config.institution(institution)


def _key(provider: str) -> str:
    if "://" not in provider:
        return provider
    try:
        return provider_key(provider)
    except ValueError:
        raise ConfigError("this is no address of a provider") from None


def _outcome(done: Refreshed) -> str:
    if done.state.problem:
        return f"FAILED ({done.state.problem}); the last good copy stays"
    if done.taken is None:
        return f"unchanged, {done.state.providers} providers"
    taken = done.taken
    skipped = f", {done.state.skipped} entries cannot be used" if done.state.skipped else ""
    return (
        f"taken, {done.state.providers} providers: {taken.added} new, {taken.changed} changed, "
        f"{taken.removed} gone; certificates: {taken.certificates_added} new, "
        f"{taken.certificates_removed} gone{skipped}"
    )


def _freshness(line: RegistryLine) -> str:
    if not line.used:
        return "not used"
    if line.age is None:
        return "never fetched" + (f" ({line.state.problem})" if line.state.problem else "")
    minutes = int(line.age.total_seconds() // 60)
    problem = f", the last look failed ({line.state.problem})" if line.state.problem else ""
    return f"{line.state.providers} providers, confirmed {minutes} minutes ago{problem}"


def _said(line: ProviderLine) -> Iterable[str]:
    """What there is to know of a provider, in words that a script can look for."""
    found = [*(flag.value for flag in line.flags), *_rule_words(line.rule)]
    if line.provider.single_fetch:
        found.append("single-fetch")
    return found or ["ok"]


def _rule_words(one: ProviderRule | None) -> list[str]:
    if one is None:
        return []
    said = (("hidden", one.hidden), ("weak", one.weak), ("added", one.added is not None))
    return [word for word, holds in said if holds]


def _list_values(line: RegistryLine) -> dict[str, Any]:
    state = line.state
    return {
        "list": line.source.value,
        "address": line.address,
        "providers": state.providers,
        "skipped": state.skipped,
        "fetched_at": state.fetched_at.isoformat() if state.fetched_at else None,
        "confirmed_at": state.confirmed_at.isoformat() if state.confirmed_at else None,
        "problem": state.problem,
        "failures": state.failures,
    }


def _line_values(line: ProviderLine) -> dict[str, Any]:
    one = line.provider
    return {
        "key": one.key,
        "url": one.url,
        "country": one.country,
        "names": {text.lang or "": text.value for text in one.names},
        "institutions": list(one.institutions),
        "single_fetch": one.single_fetch,
        "lists": sorted(source.value for source in one.sources),
        "certificates": [
            {"fingerprint": read.fingerprint, "not_after": read.not_after.isoformat()}
            for read in line.certificates
        ],
        "flags": [flag.value for flag in line.flags],
        "rule": _rule_words(line.rule),
    }

"""What an institution decides of providers: hide one, accept its weak signatures, add one of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec

from emrex_gateway import network
from emrex_gateway.administering._change import Thing, put
from emrex_gateway.administering._rights import require
from emrex_gateway.administering._values import MAX_TEXT, N_, read_texts
from emrex_gateway.domain import Actor, Permission, Provider, ProviderRule, RegistrySource
from emrex_gateway.domain import provider_key as key_of
from emrex_gateway.errors import ConfigError, EditConflict
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services
from emrex_gateway.signing import read_certificates

PROVIDER = "provider"
MAX_ADDED = 200
"""Own additions of one institution."""
MAX_CERTIFICATES_TEXT = 100_000


class ProviderPart(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A provider that no list names. ``certificates`` is PEM, one or several, or the base64 of one."""

    url: str
    names: dict[str, str]
    country: str
    certificates: str
    institutions: list[str] = []
    single_fetch: bool = False

    def check(self, *, http: bool) -> Provider:
        """Return the provider; raises ``ConfigError``."""
        where = "provider"
        url = self.url.strip()
        if len(url) > MAX_TEXT or not network.is_listed_address(url, loopback=http):
            raise ConfigError(
                f"{where}: url is not an https address without blanks, user and fragment",
                "url",
                words=N_(
                    "Write a whole address that begins with https:// and that people can open."
                ),
            )
        country = network.country_code(self.country)
        if not country:
            raise ConfigError(
                f"{where}: country is not a code of two letters",
                "country",
                words=N_("Write a country's code of two capital letters, such as FI."),
            )
        return Provider(
            key=key_of(url),
            url=url,
            country=country,
            names=read_texts(self.names, where),
            institutions=network.listed_institutions(self.institutions),
            certificates=_certificates(self.certificates),
            single_fetch=self.single_fetch,
            sources=frozenset({RegistrySource.OWN}),
        )


def provider_rule(uow: UnitOfWork, institution: str, key: str) -> ProviderRule:
    """Return what an institution decided of a provider; an empty rule where it decided nothing."""
    found = uow.providers.rule(institution, key)
    return found or ProviderRule(institution=institution, provider=key)


def hide_provider(
    services: Services, actor: Actor, institution: str, key: str, *, hidden: bool
) -> bool:
    """Leave a provider out of the students' list, or offer it again; return whether that changed."""
    return _change(services, actor, institution, key, lambda rule: replace(rule, hidden=hidden))


def accept_weak(
    services: Services, actor: Actor, institution: str, key: str, *, weak: bool
) -> bool:
    """Accept SHA-1 and short RSA keys from a provider, or no longer; return whether that changed."""
    return _change(services, actor, institution, key, lambda rule: replace(rule, weak=weak))


def save_provider(
    services: Services,
    actor: Actor,
    institution: str,
    provider: Provider,
    *,
    key: str | None = None,
    version: str | None = None,
) -> bool:
    """Add a provider that no list names, or change the own one with ``key``; return whether anything changed.

    ``version`` is that of the rule. Another address is another provider: what
    was decided of the former one (hidden, weak) goes along. Raises
    ``ConfigError``, ``NotAllowed``, ``EditConflict``.
    """
    require(actor, Permission.CHANGE_SETTINGS, institution)
    with services.store.begin() as uow:
        uow.config.hold()
        uow.config.institution(institution)
        before = provider_rule(uow, institution, key or provider.key)
        if key is None and before.added is not None:
            raise ConfigError(
                "the institution has a provider with this address already",
                "url",
                words=N_("A provider with this address is there already."),
            )
        if key is not None and before.added is None:
            raise EditConflict("the provider is gone")
        if key not in (None, provider.key):
            taken = provider_rule(uow, institution, provider.key)
            if taken.added is not None:
                raise ConfigError(
                    "the institution has a provider with this address already",
                    "url",
                    words=N_("A provider with this address is there already."),
                )
        if (
            key is None
            and sum(1 for one in uow.providers.rules(institution) if one.added) >= MAX_ADDED
        ):
            raise ConfigError(f"at most {MAX_ADDED} providers of its own for an institution")
        after = replace(before, provider=provider.key, added=provider)
        changed = _put(uow, actor, before, after, version=version)
        if changed and before.provider != after.provider:
            uow.providers.remove_rule(institution, before.provider)
        return changed


def remove_provider(
    services: Services, actor: Actor, institution: str, key: str, *, version: str | None = None
) -> None:
    """Remove an own addition; for a while it can be put back. What the lists say stays."""
    require(actor, Permission.CHANGE_SETTINGS, institution)
    with services.store.begin() as uow:
        uow.config.hold()
        before = provider_rule(uow, institution, key)
        if before.added is None:
            raise ConfigError("the institution has no such provider of its own")
        _put(uow, actor, before, replace(before, added=None), version=version)
        uow.logins.remove(
            before,
            kind=PROVIDER,
            key=_kept_key(institution, key),
            by=actor.account,
            at=services.clock(),
        )


def put_back_provider(services: Services, actor: Actor, institution: str, key: str) -> None:
    """Put a removed own addition back."""
    require(actor, Permission.CHANGE_SETTINGS, institution)
    with services.store.begin() as uow:
        uow.config.hold()
        kept = uow.logins.kept(PROVIDER, _kept_key(institution, key), ProviderRule)
        before = provider_rule(uow, institution, key)
        if kept is None or kept.added is None or before.added is not None:
            raise ConfigError("the provider is not kept any more, or is there again")
        _put(uow, actor, before, replace(before, added=kept.added))
        uow.logins.put_back(PROVIDER, _kept_key(institution, key))


def removed_providers(services: Services, institution: str) -> tuple[Provider, ...]:
    """Return an institution's own additions that can be put back, the last removed first."""
    with services.store.read() as uow:
        kept = [
            uow.logins.kept(one.kind, one.key, ProviderRule)
            for one in uow.logins.removed(PROVIDER, institution)
        ]
    return tuple(rule.added for rule in kept if rule is not None and rule.added is not None)


def _change(
    services: Services,
    actor: Actor,
    institution: str,
    key: str,
    change: Callable[[ProviderRule], ProviderRule],
) -> bool:
    require(actor, Permission.CHANGE_SETTINGS, institution)
    with services.store.begin() as uow:
        uow.config.hold()
        uow.config.institution(institution)
        before = provider_rule(uow, institution, key)
        after = change(before)
        if before == ProviderRule(institution=institution, provider=key) and not (
            uow.providers.listings_of(key)
        ):
            raise ConfigError("no list names such a provider")
        return _put(uow, actor, before, after)


def _put(
    uow: UnitOfWork,
    actor: Actor,
    before: ProviderRule,
    after: ProviderRule,
    *,
    version: str | None = None,
) -> bool:
    """Write a rule; one that says nothing is not kept."""
    says = after.hidden or after.weak or after.added is not None

    def write(rule: ProviderRule) -> None:
        if says:
            uow.providers.put_rule(rule)
        else:
            uow.providers.remove_rule(rule.institution, rule.provider)

    thing = Thing(PROVIDER, _address(uow, before, after), after.institution)
    return put(uow, actor, thing, before, after, write=write, version=version)


def _address(uow: UnitOfWork, before: ProviderRule, after: ProviderRule) -> str:
    """What the trail calls a provider: its address, or its key where nobody knows that any more."""
    for rule in (after, before):
        if rule.added is not None:
            return rule.added.url
    listed = uow.providers.listings_of(after.provider)
    return listed[0].url if listed else after.provider


def _certificates(text: str) -> tuple[str, ...]:
    found = (
        {}
        if len(text) > MAX_CERTIFICATES_TEXT
        else {one.fingerprint: one.pem.decode("ascii") for one in read_certificates(text.encode())}
    )
    if not 0 < len(found) <= network.MAX_LISTED_CERTIFICATES:
        raise ConfigError(
            f"provider: certificates must hold 1 to {network.MAX_LISTED_CERTIFICATES} that can be read",
            "certificates",
            words=N_(
                "Paste 1 to %(most)d certificates, each from BEGIN CERTIFICATE to END CERTIFICATE."
            ),
            values={"most": network.MAX_LISTED_CERTIFICATES},
        )
    return tuple(found.values())


def _kept_key(institution: str, key: str) -> str:
    return f"{institution}/{key}"

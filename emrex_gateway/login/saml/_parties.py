"""Who takes part: an institution's own side, the provider on the other, and who sent a logout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from emrex_gateway.domain import LoginMethod, MetadataKind, ProviderFilter, ServiceProvider
from emrex_gateway.errors import ConfigError
from emrex_gateway.login.saml._logout import issuer_of
from emrex_gateway.login.saml._lookup import find_provider, lasting
from emrex_gateway.login.saml._mdq import Mdq
from emrex_gateway.login.saml._message import decode_post, read_logout, verified_message
from emrex_gateway.login.saml._ourselves import Ourselves, OwnKey, OwnKeys, ourselves
from emrex_gateway.login.saml._provider import read_provider
from emrex_gateway.login.saml._reading import saml_settings_of
from emrex_gateway.login.saml._redirect import read_redirect
from emrex_gateway.login.saml._types import Provider, Reason, Refused
from emrex_gateway.ports import Clock, Secrets, Store
from emrex_gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class Us:
    """Our side of a login: addresses and keys."""

    addresses: Ourselves
    keys: tuple[OwnKey, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Arrived:
    """What a browser brought to our logout address."""

    institution: str
    method: str
    query: bytes = field(repr=False)
    form: Mapping[str, str] = field(repr=False)


class Parties:
    """Finds them in the database; keeps nothing but our own keys, for a minute."""

    def __init__(self, settings: Settings, secrets: Secrets, clock: Clock, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._keys = OwnKeys(secrets, clock)
        self._mdq = Mdq(settings, secrets)

    def both(
        self, method: LoginMethod, where: ProviderFilter, entity_id: str, now: datetime
    ) -> tuple[Us, Provider]:
        """Return us and the provider; what the index holds, in one transaction."""
        with self._store.read() as uow:
            ours = uow.config.service_provider(method.institution)
            found = lasting(uow, where, entity_id, now)
        us = self._made(method.institution, ours)
        if found is None:
            return us, self.provider(where, entity_id, now)
        http = self._settings.http_on_loopback
        return us, read_provider(found.descriptor, found.valid_until, http_on_loopback=http)

    def us(self, institution: str) -> Us:
        """Return an institution's side. Raises ``ConfigError``."""
        with self._store.read() as uow:
            provider = uow.config.service_provider(institution)
        return self._made(institution, provider)

    def _made(self, institution: str, provider: ServiceProvider | None) -> Us:
        if provider is None:
            raise ConfigError(f"institution {institution} has no service provider")
        return Us(ourselves(self._settings, provider), self._keys.of(provider))

    def provider(
        self, where: ProviderFilter, entity_id: str, now: datetime, *, ask: bool = True
    ) -> Provider:
        """As ``find_provider``; without ``ask`` only the index counts."""
        return find_provider(
            self._store,
            where,
            entity_id,
            now,
            self._mdq if ask else None,
            http_on_loopback=self._settings.http_on_loopback,
        )

    def only_provider(self, where: ProviderFilter) -> str:
        """Return the one provider that the filter leaves. Raises ``Refused`` (``CHOOSE``)."""
        named = where.providers - where.excluded
        if len(named) == 1:
            return next(iter(named))
        with self._store.read() as uow:
            hits, number = uow.entities.search(where, "", limit=1)
            asked = [f for f in uow.config.federations() if f.slug in where.federations]
        # What a query server holds is not known from here.
        if number == 1 and all(f.kind is MetadataKind.AGGREGATE for f in asked):
            return hits[0].entity_id
        raise Refused(Reason.CHOOSE, "the person must choose an identity provider")

    def received(
        self, arrived: Arrived, parameter: str, now: datetime
    ) -> tuple[etree._Element, Provider, str | None]:
        """Return a logout message that its sender's key has signed, who that is, the RelayState."""
        if arrived.method == "GET":
            redirected = read_redirect(arrived.query, parameter)
            root = read_logout(redirected.document)
            provider = self._sender(arrived.institution, issuer_of(root), now)
            redirected.verify(provider.certificates)
            return root, provider, redirected.relay
        document = decode_post(arrived.form.get(parameter, ""))
        unverified = read_logout(document)
        provider = self._sender(arrived.institution, issuer_of(unverified), now)
        root = verified_message(document, provider.certificates)
        return root, provider, arrived.form.get("RelayState")

    def _sender(self, institution: str, entity_id: str, now: datetime) -> Provider:
        """Return the provider, when one of the institution's login methods lets it in.

        Only from the index: a stranger's message makes us ask no query server.
        """
        with self._store.read() as uow:
            methods = uow.config.login_methods(institution)
        for method in methods:
            if method.kind == "saml" and method.enabled:
                try:
                    return self.provider(saml_settings_of(method).where, entity_id, now, ask=False)
                except (ConfigError, Refused):
                    continue
        raise Refused(Reason.PROVIDER, "no login method of the institution lets the sender in")

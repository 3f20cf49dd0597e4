"""The door ``SamlLogin``: a login through a federation, and logout in both directions.

Sources: SAML 2.0 Profiles sections 4.1 (browser SSO) and 4.4 (single logout), SAML2Int 2.0.
"""

from __future__ import annotations

import hmac
import secrets as random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from lxml import etree

from emrex_gateway.domain import (
    LoginFailure,
    LoginMethod,
    MetadataKind,
    ProviderFilter,
    ServiceProvider,
)
from emrex_gateway.errors import ConfigError, LoginError
from emrex_gateway.login.saml._attributes import identity_from_assertion
from emrex_gateway.login.saml._error_url import error_url
from emrex_gateway.login.saml._logout import (
    LogoutAnswered,
    LogoutRequested,
    issuer_of,
    kept_for_logout,
    logout_request,
    logout_response,
    read_answer,
    read_request,
    subject_of,
)
from emrex_gateway.login.saml._lookup import find_provider, lasting
from emrex_gateway.login.saml._mdq import Mdq
from emrex_gateway.login.saml._message import decode_post, read_logout, verified_message
from emrex_gateway.login.saml._names import new_id
from emrex_gateway.login.saml._ourselves import (
    Ourselves,
    OwnKey,
    OwnKeys,
    decryption_keys,
    ourselves,
    signing_key,
)
from emrex_gateway.login.saml._provider import read_provider
from emrex_gateway.login.saml._reading import saml_settings_of
from emrex_gateway.login.saml._redirect import read_redirect, signed_redirect
from emrex_gateway.login.saml._request import login_address
from emrex_gateway.login.saml._response import read_response
from emrex_gateway.login.saml._settings import SamlSettings
from emrex_gateway.login.saml._types import SKEW, Assertion, Expected, Provider, Reason, Refused
from emrex_gateway.ports import Clock, LoggedIn, LoginStart, Once, Secrets, Store
from emrex_gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class _Us:
    addresses: Ourselves
    keys: tuple[OwnKey, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Arrived:
    """What a browser brought to our logout address."""

    institution: str
    method: str
    query: bytes = field(repr=False)
    form: Mapping[str, str] = field(repr=False)


class SamlLogin:
    """Logs people in at a federation's identity providers (``ports.Login``).

    What ``start`` returns as ``state`` stays on the server with the transfer;
    the RelayState is ``<transfer id>.<random>``. One instance serves all
    institutions of a process and keeps nothing but our own keys, for a minute.
    """

    def __init__(self, settings: Settings, secrets: Secrets, clock: Clock, store: Store) -> None:
        self._settings = settings
        self._clock = clock
        self._store = store
        self._keys = OwnKeys(secrets, clock)
        self._mdq = Mdq(settings, secrets)

    def start(
        self,
        method: LoginMethod,
        *,
        callback_url: str,
        transfer_id: str,
        locale: str | None,
        provider: str | None = None,
    ) -> LoginStart:
        """As ``ports.Login``; the answer goes to our own address, not to ``callback_url``."""
        with _as_login_error():
            now, settings = self._clock(), saml_settings_of(method)
            us, chosen = self._parties(
                method, settings.where, provider or self._only_provider(settings.where), now
            )
            state = {
                "method": method.id,
                "relay": f"{transfer_id}.{random.token_urlsafe(24)}",
                "request": new_id(),
                "provider": chosen.entity_id,
                "started": now.isoformat(),
            }
            url = login_address(
                us.addresses,
                chosen,
                settings,
                signing_key(us.keys),
                id_=state["request"],
                relay=state["relay"],
                now=now,
            )
            return LoginStart(url=url, state=state, posted=True)

    def finish(
        self,
        method: LoginMethod,
        *,
        callback_url: str,
        state: Mapping[str, str],
        parameters: Mapping[str, str],
    ) -> LoggedIn:
        """As ``ports.Login``; ``parameters`` are the posted ``SAMLResponse`` and ``RelayState``.

        The provider is looked up again: its metadata of now counts, and one
        that has left the federation meanwhile logs nobody in.
        """
        _check_state(method, state, parameters)
        with _as_login_error():
            now, settings = self._clock(), saml_settings_of(method)
            us, provider = self._parties(method, settings.where, state["provider"], now)
            with _naming(provider, us.addresses, now):
                assertion = read_response(
                    decode_post(parameters.get("SAMLResponse", "")),
                    Expected(
                        entity_id=us.addresses.entity_id,
                        acs_url=us.addresses.acs_url,
                        provider=provider.entity_id,
                        certificates=provider.certificates,
                        request_id=state["request"],
                        now=now,
                        decryption_keys=decryption_keys(us.keys),
                        contexts=settings.contexts,
                    ),
                )
                _check_freshness(settings, assertion, state)
                identity = identity_from_assertion(
                    method,
                    settings,
                    provider,
                    assertion,
                    entity_id=us.addresses.entity_id,
                    now=now,
                )
        return LoggedIn(
            identity=identity,
            once=(
                Once(
                    "saml-assertion",
                    f"{assertion.issuer}\0{assertion.id}",
                    assertion.replay_until,
                ),
            ),
            ends_at=_ends_at(assertion, now),
            subject=subject_of(us.addresses, provider.entity_id, assertion.name_id),
            sid=assertion.session_index,
            logout=kept_for_logout(provider.entity_id, assertion.name_id, assertion.session_index),
        )

    def logout(
        self, method: LoginMethod, *, kept: Mapping[str, str], return_url: str, state: str
    ) -> str | None:
        """As ``ports.Login``; the answer comes to our own address, see ``logout_answer``.

        ``None`` when the provider offers no logout by Redirect, gave no name
        identifier, or is not let in any more.
        """
        if not kept:
            return None
        try:
            now, settings = self._clock(), saml_settings_of(method)
            us = self._us(method.institution)
            provider = self._provider(settings.where, kept["provider"], now)
            if not provider.logout_url:
                return None
            request = logout_request(us.addresses, provider, kept, state=state, now=now)
            return signed_redirect(
                provider.logout_url, "SAMLRequest", request, state, signing_key(us.keys)
            )
        except (ConfigError, LoginError):
            return None

    def accept_logout(
        self,
        institution: str,
        *,
        method: str,
        query: bytes = b"",
        form: Mapping[str, str] | None = None,
    ) -> LogoutRequested:
        """Check a provider's LogoutRequest that a browser brought.

        ``method`` is ``GET`` with the ``query`` as it came over the wire, or
        ``POST`` with the ``form``. Nothing is ended yet: see ``LogoutRequested``.
        Raises ``LoginError``, mostly ``Refused``.
        """
        with _as_login_error():
            now, us = self._clock(), self._us(institution)
            arrived = _Arrived(institution, method, query, form or {})
            root, provider, relay = self._received(arrived, "SAMLRequest", now)
            id_, notices = read_request(root, us.addresses, provider.entity_id, now=now)
            answer = ""
            if address := provider.logout_response_url:
                response = logout_response(us.addresses, provider, in_response_to=id_, now=now)
                answer = signed_redirect(
                    address, "SAMLResponse", response, relay, signing_key(us.keys)
                )
            return LogoutRequested(notices=notices, answer_url=answer)

    def logout_answer(
        self,
        institution: str,
        *,
        method: str,
        query: bytes = b"",
        form: Mapping[str, str] | None = None,
    ) -> LogoutAnswered:
        """Check a provider's LogoutResponse to a request that ``logout`` made.

        Arguments and errors as for ``accept_logout``. The caller holds
        ``state`` against what it keeps.
        """
        with _as_login_error():
            now, us = self._clock(), self._us(institution)
            arrived = _Arrived(institution, method, query, form or {})
            root, provider, relay = self._received(arrived, "SAMLResponse", now)
            complete = read_answer(root, us.addresses, provider.entity_id, relay or "", now=now)
            return LogoutAnswered(state=relay or "", provider=provider.entity_id, complete=complete)

    def check(self, method: LoginMethod) -> None:
        """Try what can be tried without a person: settings, our keys, each provider that is named.

        Raises ``ConfigError``.
        """
        now, settings = self._clock(), saml_settings_of(method)
        self._us(method.institution)
        for entity_id in sorted(settings.where.providers):
            try:
                self._provider(settings.where, entity_id, now)
            except Refused as error:
                raise ConfigError(
                    f"login method {method.id}: the identity provider {entity_id}: {error}"
                ) from error

    def _parties(
        self, method: LoginMethod, where: ProviderFilter, entity_id: str, now: datetime
    ) -> tuple[_Us, Provider]:
        """Return us and the provider; what the index holds, in one transaction."""
        with self._store.read() as uow:
            ours = uow.config.service_provider(method.institution)
            found = lasting(uow, where, entity_id, now)
        us = self._made(method.institution, ours)
        if found is None:
            return us, self._provider(where, entity_id, now)
        http = self._settings.http_on_loopback
        return us, read_provider(found.descriptor, found.valid_until, http_on_loopback=http)

    def _us(self, institution: str) -> _Us:
        with self._store.read() as uow:
            provider = uow.config.service_provider(institution)
        return self._made(institution, provider)

    def _made(self, institution: str, provider: ServiceProvider | None) -> _Us:
        if provider is None:
            raise ConfigError(f"institution {institution} has no service provider")
        return _Us(ourselves(self._settings, provider), self._keys.of(provider))

    def _provider(
        self, where: ProviderFilter, entity_id: str, now: datetime, *, ask: bool = True
    ) -> Provider:
        return find_provider(
            self._store,
            where,
            entity_id,
            now,
            self._mdq if ask else None,
            http_on_loopback=self._settings.http_on_loopback,
        )

    def _only_provider(self, where: ProviderFilter) -> str:
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

    def _received(
        self, arrived: _Arrived, parameter: str, now: datetime
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
                    return self._provider(saml_settings_of(method).where, entity_id, now, ask=False)
                except (ConfigError, Refused):
                    continue
        raise Refused(Reason.PROVIDER, "no login method of the institution lets the sender in")


def _check_state(
    method: LoginMethod, state: Mapping[str, str], parameters: Mapping[str, str]
) -> None:
    """Bind the answer to the request of this browser's transfer, and to the method of then."""
    kept, sent = state.get("relay", ""), parameters.get("RelayState", "")
    same = hmac.compare_digest(kept.encode(), sent.encode(errors="replace"))
    if not kept or not same or state.get("method") != method.id:
        raise Refused(Reason.RELAY_STATE, "the answer does not belong to this login")


def _check_freshness(
    settings: SamlSettings, assertion: Assertion, state: Mapping[str, str]
) -> None:
    """Hold a provider to ForceAuthn: the person must have proven themselves since we asked."""
    if settings.force_authn and assertion.authn_instant < (
        datetime.fromisoformat(state["started"]) - SKEW
    ):
        raise Refused(Reason.AUTHENTICATION, "the provider did not ask the person again")


def _ends_at(assertion: Assertion, now: datetime) -> datetime | None:
    """Return when the provider's session ends.

    One that was accepted only because clocks differ lasts as long as they may
    differ: else it would be over before its first page.
    """
    ends = assertion.session_ends_at
    return ends and max(ends, now + SKEW)


@contextmanager
def _naming(provider: Provider, us: Ourselves, now: datetime) -> Iterator[None]:
    """Add to a refusal who the provider is, for the student's page.

    Too weak a login is what the provider's own error page can help with
    (REFEDS errorURL, AUTHENTICATION_FAILURE).
    """
    try:
        yield
    except Refused as error:
        failure = error.failure or LoginFailure(reason=error.reason)
        page = failure.error_url
        if error.reason == Reason.CONTEXT:
            page = error_url(provider.error_url, Reason.CONTEXT, entity_id=us.entity_id, now=now)
        named = replace(failure, provider=provider.entity_id, names=provider.names, error_url=page)
        raise Refused(Reason(error.reason), str(error), named) from error


@contextmanager
def _as_login_error() -> Iterator[None]:
    """The person cannot mend a setting: for them it is a login that does not work now."""
    try:
        yield
    except ConfigError as error:
        raise Refused(Reason.CONFIGURATION, str(error)) from error

"""The door ``SamlLogin``: a login through a federation, and logout in both directions.

Sources: SAML 2.0 Profiles sections 4.1 (browser SSO) and 4.4 (single logout), SAML2Int 2.0.
"""

from __future__ import annotations

import hmac
import secrets as random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from emrex_gateway.domain import (
    LoginFailure,
    LoginMethod,
)
from emrex_gateway.errors import ConfigError, LoginError
from emrex_gateway.login._examine_roles import with_roles
from emrex_gateway.login.saml._attributes import identity_from_assertion, read_identity
from emrex_gateway.login.saml._error_url import error_url
from emrex_gateway.login.saml._examine import examine_attributes
from emrex_gateway.login.saml._logout import (
    LogoutAnswered,
    LogoutRequested,
    kept_for_logout,
    logout_request,
    logout_response,
    read_answer,
    read_request,
    subject_of,
)
from emrex_gateway.login.saml._message import decode_post
from emrex_gateway.login.saml._names import new_id
from emrex_gateway.login.saml._ourselves import (
    Ourselves,
    decryption_keys,
    signing_key,
)
from emrex_gateway.login.saml._parties import Arrived, Parties, Us
from emrex_gateway.login.saml._reading import saml_settings_of
from emrex_gateway.login.saml._redirect import signed_redirect
from emrex_gateway.login.saml._request import login_address
from emrex_gateway.login.saml._response import read_response
from emrex_gateway.login.saml._settings import SamlSettings
from emrex_gateway.login.saml._types import SKEW, Assertion, Expected, Provider, Reason, Refused
from emrex_gateway.ports import Clock, Examined, LoggedIn, LoginStart, Once, Secrets, Store
from emrex_gateway.settings import Settings


class SamlLogin:
    """Logs people in at a federation's identity providers (``ports.Login``).

    What ``start`` returns as ``state`` stays on the server with the transfer;
    the RelayState is ``<transfer id>.<random>``. One instance serves all
    institutions of a process and keeps nothing but our own keys, for a minute.
    """

    def __init__(self, settings: Settings, secrets: Secrets, clock: Clock, store: Store) -> None:
        self._clock = clock
        self._parties = Parties(settings, secrets, clock, store)

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
            us, chosen = self._parties.both(
                method, settings.where, provider or self._parties.only_provider(settings.where), now
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
        with _as_login_error():
            settings, us, provider, assertion = self._answer(method, state, parameters)
            now = self._clock()
            with _naming(provider, us.addresses, now):
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
            once=(_once(assertion),),
            ends_at=_ends_at(assertion, now),
            subject=subject_of(us.addresses, provider.entity_id, assertion.name_id),
            sid=assertion.session_index,
            logout=kept_for_logout(provider.entity_id, assertion.name_id, assertion.session_index),
        )

    def examine(
        self,
        method: LoginMethod,
        *,
        callback_url: str,
        state: Mapping[str, str],
        parameters: Mapping[str, str],
    ) -> Examined:
        """As ``ports.Examiner``."""
        with _as_login_error():
            settings, _, provider, assertion = self._answer(method, state, parameters)
            identity = read_identity(method, settings, provider, assertion)
            try:
                identity_from_assertion(method, settings, provider, assertion)
                failure = LoginFailure(reason="")
            except Refused as error:
                failure = error.failure or LoginFailure(reason=error.reason)
        return Examined(
            provider=provider.entity_id,
            names=provider.names,
            stated=with_roles(method, examine_attributes(settings, provider, assertion), identity),
            identity=identity,
            assurance=identity.assurance,
            wanted=tuple(sorted(settings.assurance)),
            reason=failure.reason,
            missing=failure.missing,
            once=(_once(assertion),),
        )

    def _answer(
        self, method: LoginMethod, state: Mapping[str, str], parameters: Mapping[str, str]
    ) -> tuple[SamlSettings, Us, Provider, Assertion]:
        """Verify a posted answer to our request. Raises ``Refused`` and ``ConfigError``."""
        _check_state(method, state, parameters)
        now, settings = self._clock(), saml_settings_of(method)
        us, provider = self._parties.both(method, settings.where, state["provider"], now)
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
        return settings, us, provider, assertion

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
            us = self._parties.us(method.institution)
            provider = self._parties.provider(settings.where, kept["provider"], now)
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
            now, us = self._clock(), self._parties.us(institution)
            arrived = Arrived(institution, method, query, form or {})
            root, provider, relay = self._parties.received(arrived, "SAMLRequest", now)
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
            now, us = self._clock(), self._parties.us(institution)
            arrived = Arrived(institution, method, query, form or {})
            root, provider, relay = self._parties.received(arrived, "SAMLResponse", now)
            complete = read_answer(root, us.addresses, provider.entity_id, relay or "", now=now)
            return LogoutAnswered(state=relay or "", provider=provider.entity_id, complete=complete)

    def check(self, method: LoginMethod, *, ask: bool = True) -> None:
        """Try what can be tried without a person: settings, our keys, each provider that is named.

        Without ``ask`` the named providers are left out: a query server may
        have to be asked for them. Raises ``ConfigError``.
        """
        saml_settings_of(method)
        self._parties.us(method.institution)
        if ask:
            self.ask(method)

    def ask(self, method: LoginMethod) -> None:
        """The part of ``check`` that looks the providers up; our keys are not needed for it."""
        now, settings = self._clock(), saml_settings_of(method)
        for entity_id in sorted(settings.where.providers):
            try:
                self._parties.provider(settings.where, entity_id, now)
            except Refused as error:
                raise ConfigError(
                    f"login method {method.id}: the identity provider {entity_id}: {error}"
                ) from error


def _once(assertion: Assertion) -> Once:
    used = f"{assertion.issuer}\0{assertion.id}"
    return Once("saml-assertion", used, assertion.replay_until)


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

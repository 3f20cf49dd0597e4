"""The door ``OidcLogin``: OpenID Connect's code flow, from the button to an ``Identity``.

Sources: OpenID Connect Core 1.0 sections 3.1 and 5.3, RFC 7636 (PKCE), RFC 9207 (mix-up).
"""

from __future__ import annotations

import hmac
import secrets as random
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from emrex_gateway.domain import LoginFailure, LoginMethod
from emrex_gateway.errors import ConfigError, LoginError
from emrex_gateway.login._addresses import AddressPolicy, with_parameters
from emrex_gateway.login._authlib import OidcClient, check_secret
from emrex_gateway.login._authorization import way
from emrex_gateway.login._claims import check_person, identity_from_claims
from emrex_gateway.login._examine import examine_claims
from emrex_gateway.login._examine_roles import with_roles
from emrex_gateway.login._http import Caller, Resolve, resolve, trusted_authorities
from emrex_gateway.login._jws import JwsError, read_type
from emrex_gateway.login._logout_token import MAX_LOGOUT_TOKEN, check_type, read_logout
from emrex_gateway.login._person import first
from emrex_gateway.login._provider import Provider, Providers
from emrex_gateway.login._settings import OidcSettings, oidc_settings
from emrex_gateway.login._tokens import Tokens
from emrex_gateway.ports import Clock, Examined, LoggedIn, LoginStart, LogoutNotice, Once, Secrets
from emrex_gateway.settings import Settings

_MAX_PARAMETER = 4096
_DAY = timedelta(days=1)
"""Longer than any transfer waits for a login."""
_PROTOCOL_CLAIMS = frozenset(
    {
        *("iss", "sub", "aud", "exp", "iat", "nbf", "jti", "azp", "nonce", "sid", "typ"),
        *("auth_time", "acr", "amr", "at_hash", "c_hash", "s_hash"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """A provider's verified answer: all claims, those that it signed, and what counts once."""

    claims: Mapping[str, Any] = field(repr=False)
    signed: Mapping[str, Any] = field(repr=False)
    id_token: str = field(repr=False)
    nonce: Once


class OidcLogin:
    """Logs people in at the OpenID provider that a login method names (``ports.Login``).

    What ``start`` returns as ``state`` stays on the server with the transfer;
    the ``state`` in the address is ``<transfer id>.<random>``. Tokens are
    forgotten when ``finish`` returns. One instance serves all methods of a
    process and keeps the providers' metadata and keys.
    """

    def __init__(
        self,
        settings: Settings,
        secrets: Secrets,
        clock: Clock,
        *,
        timeout: float = 10.0,
        resolve: Resolve = resolve,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """``timeout`` is in seconds for each request to a provider.

        Without ``ssl_context``, the system's authorities and certifi's count
        (``SSL_CERT_FILE`` adds an organization's own).
        """
        self._secrets = secrets
        self._clock = clock
        self._http_on_loopback = settings.http_on_loopback
        self._timeout = timeout
        self._resolve = resolve
        self._ssl = ssl_context or trusted_authorities()
        self._providers = Providers(clock, http_on_loopback=settings.http_on_loopback)

    def start(
        self,
        method: LoginMethod,
        *,
        callback_url: str,
        transfer_id: str,
        locale: str | None,
        provider: str | None = None,
    ) -> LoginStart:
        """As ``ports.Login``; ``LoginError.reason`` says what is wrong with the provider.

        The method's one provider is used; ``provider`` may only repeat its issuer.
        """
        with _as_login_error():
            settings = oidc_settings(method)
            if provider not in (None, settings.issuer):
                raise LoginError("the method has another provider", "provider-unknown")
            caller = self._caller(settings)
            at = self._providers.provider(caller, settings)
            state = {
                "method": method.id,
                "state": f"{transfer_id}.{random.token_urlsafe(32)}",
                "nonce": random.token_urlsafe(32),
                "code_verifier": random.token_urlsafe(48),
            }
            secret = self._secret(settings) if way(settings, at).needs_secret else None
            url = OidcClient(caller, settings, at, secret).authorization_url(
                callback_url,
                state=state["state"],
                nonce=state["nonce"],
                code_verifier=state["code_verifier"],
                locale=locale,
                now=self._clock(),
            )
            return LoginStart(url=url, state=state)

    def finish(
        self,
        method: LoginMethod,
        *,
        callback_url: str,
        state: Mapping[str, str],
        parameters: Mapping[str, str],
    ) -> LoggedIn:
        """As ``ports.Login``; ``LoginError.reason`` is ``denied`` when the person said no."""
        _check_state(method, state, parameters)
        with _as_login_error():
            settings = oidc_settings(method)
            answer = self._answer(settings, callback_url, state, parameters)
            identity = identity_from_claims(method, settings, answer.claims)
            check_person(settings, identity, answer.claims)
            return LoggedIn(
                identity=identity,
                once=(answer.nonce,),
                subject=identity.subject,
                sid=first(answer.signed.get("sid")),
                logout=_kept_for_logout(answer.id_token, answer.signed),
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
        _check_state(method, state, parameters)
        with _as_login_error():
            settings = oidc_settings(method)
            answer = self._answer(settings, callback_url, state, parameters)
        identity = identity_from_claims(method, settings, answer.claims)
        try:
            check_person(settings, identity, answer.claims)
            failure = LoginFailure(reason="")
        except LoginError as error:
            failure = error.failure or LoginFailure(reason=error.reason)
        return Examined(
            provider=settings.issuer,
            stated=with_roles(method, examine_claims(settings, answer.claims), identity),
            identity=identity,
            assurance=identity.assurance,
            wanted=tuple(sorted(settings.assurance)),
            reason=failure.reason,
            missing=failure.missing,
            once=(answer.nonce,),
        )

    def _answer(
        self,
        settings: OidcSettings,
        callback_url: str,
        state: Mapping[str, str],
        parameters: Mapping[str, str],
    ) -> _Answer:
        """Redeem the code and verify what the provider says."""
        caller = self._caller(settings)
        provider = self._providers.provider(caller, settings)
        code = _check_answer(provider, parameters)
        client = OidcClient(caller, settings, provider, self._secret(settings))
        tokens = client.redeem(
            code, callback_url=callback_url, code_verifier=state["code_verifier"]
        )
        said = Tokens(caller, settings, provider, self._providers, self._clock())
        signed = said.id_token(tokens, state["nonce"])
        return _Answer(
            claims=said.with_userinfo(tokens, signed),
            signed=signed,
            id_token=tokens["id_token"],
            # The provider redeems a code once; that its answer counts once is for us to see to.
            nonce=Once("oidc-nonce", f"{settings.issuer}\0{state['nonce']}", self._clock() + _DAY),
        )

    def logout(
        self, method: LoginMethod, *, kept: Mapping[str, str], return_url: str, state: str
    ) -> str | None:
        """As ``ports.Login`` (OpenID Connect RP-Initiated Logout 1.0, section 2)."""
        try:
            settings = oidc_settings(method)
            provider = self._providers.provider(self._caller(settings), settings)
        except (LoginError, ConfigError):
            return None
        if provider.end_session_endpoint is None:
            return None
        asked = {
            "id_token_hint": kept.get("id_token_hint", ""),
            "client_id": settings.client_id,
            "post_logout_redirect_uri": return_url,
            "state": state,
        }
        return with_parameters(provider.end_session_endpoint, {k: v for k, v in asked.items() if v})

    def accept_logout_token(self, method: LoginMethod, token: str) -> LogoutNotice:
        """Check a logout token (Back-Channel Logout 1.0, section 2.6) and return whom it means.

        The caller uses ``once`` up before it ends the sessions. Raises
        ``LoginError``: what ``Tokens.verified`` and ``read_logout`` name, ``type``,
        ``too-large``.
        """
        with _as_login_error():
            settings = oidc_settings(method)
            if len(token) > MAX_LOGOUT_TOKEN:
                raise LoginError("the logout token is too long", "too-large")
            try:
                check_type(read_type(token))
            except JwsError as error:
                raise LoginError("the logout token cannot be read", error.reason) from None
            caller, now = self._caller(settings), self._clock()
            provider = self._providers.provider(caller, settings)
            _, claims = Tokens(caller, settings, provider, self._providers, now).verified(token)
            return read_logout(claims, settings, now)

    def check(self, method: LoginMethod, *, ask: bool = True) -> None:
        """Try what can be tried without a person: settings, secret, metadata, keys, the request's way.

        Without ``ask`` nobody is called: settings and secret only. Raises
        ``ConfigError`` or ``LoginError``.
        """
        settings = oidc_settings(method)
        check_secret(settings, self._secret(settings))
        if ask:
            self.ask(method)

    def ask(self, method: LoginMethod) -> None:
        """The part of ``check`` that asks the provider; our secret is not needed for it."""
        settings = oidc_settings(method)
        caller = self._caller(settings)
        way(settings, self._providers.provider(caller, settings))
        if not self._providers.keys(caller, settings):
            raise LoginError("the provider publishes no key that can sign", "keys")

    def _caller(self, settings: OidcSettings) -> Caller:
        return Caller(
            AddressPolicy(settings.allow_private_addresses, self._http_on_loopback),
            ssl_context=self._ssl,
            http_on_loopback=self._http_on_loopback,
            timeout=self._timeout,
            resolve=self._resolve,
        )

    def _secret(self, settings: OidcSettings) -> str:
        return self._secrets(settings.private_key or settings.client_secret or "")


def _kept_for_logout(id_token: str, claims: Mapping[str, Any]) -> dict[str, str]:
    """The ID token as a hint, where it names nobody: it will stand in an address.

    Without one, the provider is asked all the same (RP-Initiated Logout 1.0,
    section 2: the hint is recommended) and may ask the person.
    """
    fits = len(id_token) <= _MAX_PARAMETER and claims.keys() <= _PROTOCOL_CLAIMS
    return {"id_token_hint": id_token if fits else ""}


def _check_state(
    method: LoginMethod, state: Mapping[str, str], parameters: Mapping[str, str]
) -> None:
    """Bind the answer to the request of this browser's transfer, and to the method of then."""
    kept, sent = state.get("state", ""), parameters.get("state", "")
    same = hmac.compare_digest(kept.encode(), sent[:_MAX_PARAMETER].encode(errors="replace"))
    if not kept or not same or state.get("method") != method.id:
        raise LoginError("the answer does not belong to this login", "state")


def _check_answer(provider: Provider, parameters: Mapping[str, str]) -> str:
    """Return the code. RFC 9207 comes first: another provider's error is not this one's."""
    said = parameters.get("iss")
    if (said is None and provider.sends_issuer) or said not in (None, provider.issuer):
        raise LoginError("the answer comes from another issuer than it should", "issuer")
    if error := parameters.get("error"):
        if error in ("access_denied", "consent_required", "interaction_required", "login_required"):
            raise LoginError("the person or the provider declined", "denied")
        raise LoginError("the provider answered with an error", "provider")
    code = parameters.get("code", "")
    if not code or len(code) > _MAX_PARAMETER:
        raise LoginError("the answer has no code", "code")
    return code


@contextmanager
def _as_login_error() -> Iterator[None]:
    """The person cannot mend a setting: for them it is a login that does not work now."""
    try:
        yield
    except ConfigError as error:
        raise LoginError(str(error), "configuration") from error

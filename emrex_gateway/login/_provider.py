"""What a provider publishes of itself: its metadata and its keys, kept for a while.

Sources: OpenID Connect Discovery 1.0 sections 3 and 4, RFC 8414, RFC 9207 section 3,
RFC 9126 section 5, RFC 9101 section 10.5, RP-Initiated Logout 1.0 section 2.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from emrex_gateway.errors import LoginError
from emrex_gateway.login._addresses import split_url
from emrex_gateway.login._http import Answer, Caller
from emrex_gateway.login._jws import PublicKey, read_key_set
from emrex_gateway.login._settings import OidcSettings
from emrex_gateway.ports import Clock

LIFETIME = timedelta(hours=1)
REFETCH_AFTER = timedelta(seconds=30)
FAILED_FOR = timedelta(seconds=5)
"""How long a provider that failed is not asked again: a flood meets an answer, not a wait."""
MAX_PROVIDERS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider's metadata, checked. ``sends_issuer``: it promised RFC 9207's ``iss``.

    ``par_endpoint`` takes pushed requests (RFC 9126), ``end_session_endpoint``
    ends the provider's own session; ``None`` where there is none.
    ``request_algorithms`` are those that it accepts for a signed request.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    sends_issuer: bool
    end_session_endpoint: str | None = None
    par_endpoint: str | None = None
    requires_par: bool = False
    requires_request_object: bool = False
    request_algorithms: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class _Kept:
    provider: Provider
    provider_at: datetime
    keys: tuple[PublicKey, ...] = ()
    keys_at: datetime | None = None


class Providers:
    """A process's copies; no lock is held while a provider is asked, two may ask at once."""

    def __init__(self, clock: Clock, *, http_on_loopback: bool) -> None:
        self._clock = clock
        self._http_on_loopback = http_on_loopback
        self._kept: dict[tuple[str, bool], _Kept] = {}
        self._failed: dict[tuple[str, bool], tuple[datetime, LoginError]] = {}

    def provider(self, caller: Caller, settings: OidcSettings) -> Provider:
        """Return the metadata, at most ``LIFETIME`` old. Raises ``LoginError``."""
        kept = self._kept.get(_key(settings))
        if kept and self._clock() - kept.provider_at < LIFETIME:
            return kept.provider
        with self._noting(settings):
            answer = caller.get(settings.issuer.rstrip("/") + "/.well-known/openid-configuration")
            provider = self._read(_document(answer, "discovery"), settings)
        self._keep(settings, _Kept(provider, self._clock()))
        return provider

    def keys(
        self, caller: Caller, settings: OidcSettings, *, newer: bool = False
    ) -> tuple[PublicKey, ...]:
        """Return the provider's keys; ``newer`` asks again, but not within ``REFETCH_AFTER``.

        Raises ``LoginError``.
        """
        provider = self.provider(caller, settings)
        kept = self._kept.get(_key(settings)) or _Kept(provider, self._clock())
        age = self._clock() - kept.keys_at if kept.keys_at else None
        if age is not None and age < (REFETCH_AFTER if newer else LIFETIME):
            return kept.keys
        with self._noting(settings):
            document = _document(caller.get(provider.jwks_uri), "keys")
            try:
                keys = read_key_set(document)
            except ValueError as error:
                raise LoginError("the provider's key set cannot be read", "keys") from error
        self._keep(settings, _Kept(provider, kept.provider_at, keys, self._clock()))
        return keys

    @contextmanager
    def _noting(self, settings: OidcSettings) -> Iterator[None]:
        """Ask, unless asking has just failed; then say the same again."""
        at, failure = self._failed.get(_key(settings), (None, None))
        if at and failure and self._clock() - at < FAILED_FOR:
            raise LoginError(str(failure), failure.reason)
        try:
            yield
        except LoginError as error:
            if len(self._failed) >= MAX_PROVIDERS:
                self._failed = {}
            self._failed[_key(settings)] = (self._clock(), error)
            raise
        self._failed.pop(_key(settings), None)

    def _keep(self, settings: OidcSettings, kept: _Kept) -> None:
        if len(self._kept) >= MAX_PROVIDERS and _key(settings) not in self._kept:
            self._kept = {}
        self._kept[_key(settings)] = kept

    def _read(self, metadata: Mapping[str, Any], settings: OidcSettings) -> Provider:
        if metadata.get("issuer") != settings.issuer:
            raise LoginError("the provider's metadata name another issuer", "issuer")

        def address(name: str) -> str:
            url = metadata.get(name)
            if split_url(url, http_on_loopback=self._http_on_loopback) is None:
                raise LoginError(f"the provider's {name} is not an https address", "discovery")
            return str(url)

        def optional(name: str) -> str | None:
            return address(name) if metadata.get(name) is not None else None

        return Provider(
            issuer=settings.issuer,
            authorization_endpoint=address("authorization_endpoint"),
            token_endpoint=address("token_endpoint"),
            jwks_uri=address("jwks_uri"),
            userinfo_endpoint=optional("userinfo_endpoint"),
            sends_issuer=metadata.get("authorization_response_iss_parameter_supported") is True,
            end_session_endpoint=optional("end_session_endpoint"),
            par_endpoint=optional("pushed_authorization_request_endpoint"),
            requires_par=metadata.get("require_pushed_authorization_requests") is True,
            requires_request_object=metadata.get("require_signed_request_object") is True,
            request_algorithms=_names(metadata.get("request_object_signing_alg_values_supported")),
        )


def _names(value: object) -> frozenset[str] | None:
    """A list of names; ``None`` when the provider does not say."""
    if not isinstance(value, list):
        return None
    return frozenset(name for name in value if isinstance(name, str))


def _key(settings: OidcSettings) -> tuple[str, bool]:
    # Two institutions may name one issuer, only one of them allowing private addresses.
    return settings.issuer, settings.allow_private_addresses


def _document(answer: Answer, reason: str) -> Mapping[str, Any]:
    if answer.status_code != 200:
        raise LoginError(f"the provider answered with status {answer.status_code}", reason)
    try:
        document = answer.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise LoginError("the provider's answer is not a JSON object", reason)
    return document

"""What tests of the OpenID Connect login need on the gateway's side."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpcore

from emrex_gateway.domain import LoginMethod, texts
from emrex_gateway.errors import ConfigError
from emrex_gateway.login import OidcLogin
from emrex_gateway.settings import Settings

CALLBACK = "http://127.0.0.1:5000/emrex/campus/callback"
TRANSFER = "t-0123456789"
SSL_CONTEXT = httpcore.default_ssl_context()


@dataclasses.dataclass
class Clock:
    """Tells the real time, or the time that a test set."""

    at: datetime | None = None

    def __call__(self) -> datetime:
        return self.at or datetime.now(UTC)


class Secrets(dict[str, str]):
    """Resolves references out of a dictionary."""

    def __call__(self, reference: str) -> str:
        if reference not in self:
            raise ConfigError(f"{reference} is not set")
        return self[reference]


def method(issuer: str, **settings: Any) -> LoginMethod:
    """Make a login method at an issuer."""
    values = {
        "issuer": issuer,
        "client_id": "gateway",
        "client_secret": "env:CLIENT_SECRET",
        **settings,
    }
    return LoginMethod(
        id="campus-oidc",
        institution="campus",
        kind="oidc",
        names=texts(en="Campus account"),
        settings={name: value for name, value in values.items() if value is not None},
    )


def door(
    secrets: Mapping[str, str] | None = None, *, http_on_loopback: bool = True, **parts: Any
) -> OidcLogin:
    """Make the login's door."""
    settings = Settings(
        public_url="https://gateway.example/emrex", http_on_loopback=http_on_loopback
    )
    parts.setdefault("ssl_context", SSL_CONTEXT)
    known = Secrets({"env:CLIENT_SECRET": "secret", **(secrets or {})})
    return OidcLogin(settings, known, parts.pop("clock", None) or Clock(), **parts)


def query(url: str) -> dict[str, str]:
    """Return the parameters of an address."""
    return dict(parse_qsl(urlsplit(url).query))

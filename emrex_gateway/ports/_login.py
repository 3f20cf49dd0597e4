"""Logging in and out: what each kind of login does, and what it ends in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from emrex_gateway.domain import (
    Identity,
    LoginMethod,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginStart:
    """Where to send the browser, and what to keep (sealed, with the transfer) until it returns.

    ``posted``: the answer will come as a cross-site POST, which carries no Lax
    cookie, so the browser needs a short-lived one that such a POST carries.
    """

    url: str
    state: Mapping[str, str]
    posted: bool = False


@dataclass(frozen=True, slots=True)
class Once:
    """A value that must not have been used before: see ``OnceRows.use``."""

    kind: str
    value: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn:
    """A login that holds: who is there, and what the provider says of its own session.

    ``once`` is used up in the transaction that binds the person to the
    transfer; a value that was used before refuses the login. ``ends_at`` is
    when the provider wants the session to end. ``subject`` and ``sid`` are
    what the provider would name in a logout. ``logout`` is kept sealed for
    ``Login.logout``.
    """

    identity: Identity
    once: tuple[Once, ...] = ()
    ends_at: datetime | None = None
    subject: str = field(default="", repr=False)
    sid: str = field(default="", repr=False)
    logout: Mapping[str, str] = field(default_factory=dict, repr=False)


class Login(Protocol):
    """A kind of login that sends the browser away and gets it back."""

    def start(
        self,
        method: LoginMethod,
        *,
        callback_url: str,
        transfer_id: str,
        locale: str | None,
        provider: str | None = None,
    ) -> LoginStart:
        """Raises ``LoginError`` when the provider cannot be reached or is not fit for use.

        ``provider`` is the entity that the person chose, where the kind lets
        them choose; without it the method's only one is used, or ``LoginError``
        with the reason ``choose`` asks to let the person choose. What stands in
        addresses as state begins with ``<transfer id>.``.
        """

    def finish(
        self,
        method: LoginMethod,
        *,
        callback_url: str,
        state: Mapping[str, str],
        parameters: Mapping[str, str],
    ) -> LoggedIn:
        """Check the provider's answer and return who is there. Raises ``LoginError``."""

    def logout(
        self, method: LoginMethod, *, kept: Mapping[str, str], return_url: str, state: str
    ) -> str | None:
        """Return the address that ends the provider's own session, ``None`` when it offers none.

        The browser comes back to ``return_url`` (where the kind has no address
        of its own for that) with ``state``, which begins with ``<transfer id>.``.
        Never raises ``LoginError`` for a provider that is down: ``None`` then.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutNotice:
    """A provider's own word, verified, that a person's sessions are over."""

    provider: str
    subject: str = field(default="", repr=False)
    sid: str = field(default="", repr=False)
    once: tuple[Once, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A signed launch that was accepted: use ``jti`` once before trusting it.

    ``transfer`` is set when a client's request is waiting for this login: the
    host was asked to log the student in for that transfer.
    """

    identity: Identity
    return_to: str | None
    jti: str
    expires_at: datetime
    transfer: str | None = None

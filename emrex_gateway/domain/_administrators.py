"""Who looks after the gateway, and what each of them may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class AdminRole(StrEnum):
    """What somebody is to the gateway."""

    OPERATOR = "operator"
    """Runs the installation: everything, everywhere."""
    ADMINISTRATOR = "administrator"
    """Looks after an institution: its settings, adapters, keys, logins, transfers."""
    OFFICER = "officer"
    """Receives records that students bring."""
    SUPPORT = "support"
    """Helps students: sees transfers without their contents."""
    AUDITOR = "auditor"
    """Reads the audit trail and the statistics."""


class Permission(StrEnum):
    """What a page or a command asks of the person in front of it."""

    RUN = "run"
    """The installation as a whole: people and roles, federations, maintenance, queues, new institutions."""
    SEE_SETTINGS = "see-settings"
    CHANGE_SETTINGS = "change-settings"
    """An institution's own: its data, access points, adapters, keys, login methods."""
    SEE_TRANSFERS = "see-transfers"
    CHANGE_TRANSFERS = "change-transfers"
    """Try again, cancel, purge."""
    RECEIVE = "receive"
    SEE_TRAIL = "see-trail"
    SEE_STATISTICS = "see-statistics"


_P = Permission
PERMISSIONS: Mapping[AdminRole, frozenset[Permission]] = MappingProxyType(
    {
        AdminRole.OPERATOR: frozenset(Permission),
        AdminRole.ADMINISTRATOR: frozenset(Permission) - {_P.RUN, _P.RECEIVE},
        AdminRole.OFFICER: frozenset({_P.RECEIVE}),
        AdminRole.SUPPORT: frozenset({_P.SEE_TRANSFERS}),
        AdminRole.AUDITOR: frozenset({_P.SEE_TRAIL, _P.SEE_STATISTICS}),
    }
)
"""What each role may do, within the institutions that it was given for."""


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """A role, at one institution or (``institution`` empty) everywhere.

    An operator is one everywhere.
    """

    role: AdminRole
    institution: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who changes something: ``account`` stands in the trail, ``name`` on the person's own pages only.

    ``account`` is opaque: an account's id, ``host:<hash>`` for the host
    application's user, or ``shell:<uid>`` for a command.
    """

    account: str
    grants: frozenset[Grant]
    name: str = field(default="", repr=False)

    def may(self, permission: Permission, institution: str | None = None) -> bool:
        """Whether this person may do that at an institution; with ``None``, at any at all."""
        return any(
            permission in PERMISSIONS[grant.role]
            and (not grant.institution or institution is None or grant.institution == institution)
            and (permission is not Permission.RUN or not grant.institution)
            for grant in self.grants
        )

    def everywhere(self, permission: Permission) -> bool:
        """Whether it holds for every institution, those to come included."""
        return any(
            permission in PERMISSIONS[grant.role] and not grant.institution for grant in self.grants
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HostAdministrator:
    """Whom the host application's check names: one of its users who may look after the gateway.

    ``key`` is the host's own lasting key of the account; the gateway keeps a
    keyed hash of it. ``name`` is shown to the person and in the list of people.
    """

    key: str = field(repr=False)
    name: str = field(repr=False)
    grants: frozenset[Grant]


class AccountKind(StrEnum):
    """Where an administrator's account lives."""

    LOCAL = "local"
    """Here, with a password and one-time codes."""
    FEDERATED = "federated"
    """At a login provider; what it may do follows from the role rules at each login."""
    HOST = "host"
    """In the host application, whose check decides at each request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An administrator's account. ``name`` is the login name of a local one, else how the provider calls them.

    ``grants`` are those of a local account; the others get theirs when they
    log in. ``seen_at`` is the last login.
    """

    id: str
    kind: AccountKind
    name: str = field(repr=False)
    enabled: bool = True
    grants: frozenset[Grant] = frozenset()
    created_at: datetime
    seen_at: datetime | None = None


class RuleKind(StrEnum):
    """What of a login a role rule looks at."""

    ENTITLEMENT = "entitlement"
    """A value of eduPersonEntitlement (or of the claim that the login method names for it)."""
    GROUP = "group"
    """A group's name or identifier (isMemberOf, ``groups``)."""
    IDENTIFIER = "identifier"
    """An account that is listed by itself: the provider's name for the person, exactly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRule:
    """Whoever logs in by ``method`` with ``value`` has the role there; values are compared exactly."""

    id: str
    method: str
    kind: RuleKind
    value: str = field(repr=False)
    grant: Grant
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a local account proves itself with; sealed where it is kept, and apart from the account.

    ``password`` is an Argon2 hash in its usual notation, ``secret`` the shared
    secret of the one-time codes (base32), ``codes`` hashes of the recovery
    codes that are left. Until the first login there is an ``invitation`` (a
    hash) with its end, and no password. ``secret`` counts once the person has
    shown a code from it (``confirmed``).
    """

    password: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    confirmed: bool = False
    codes: tuple[str, ...] = field(default=(), repr=False)
    invitation: str = field(default="", repr=False)
    invited_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """How often a login failed for one name or one network, and until when nothing is tried."""

    failures: int = 0
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """An administrator's session: a row, so that ending it holds in every process.

    ``key`` is the SHA-256 of what the cookie carries. ``grants`` were those at
    the login; a local account's are read anew at each request. ``ended`` is a
    short reason, empty while it lives.
    """

    key: str = field(repr=False)
    account: str
    method: str
    grants: frozenset[Grant]
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended: str = ""

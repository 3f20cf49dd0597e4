"""What the rooms ask of each other and of plugins: Protocols and the data that they exchange."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from emrex_gateway.domain import (
    AccessPoint,
    AdapterBinding,
    Entity,
    Federation,
    FederationState,
    Identity,
    Institution,
    KnownClient,
    LoginMethod,
    Logo,
    ProviderFilter,
    ServiceProvider,
    Session,
    SignedElmo,
    Student,
    StudyRecord,
    Texts,
    Transfer,
    TransferState,
    UnsignedElmo,
)

ADAPTER_API_VERSION = 1
"""The version of the plugin contract in this module; a plugin states which it was written for."""

SettingsT_contra = TypeVar("SettingsT_contra", contravariant=True)
SettingsT = TypeVar("SettingsT")
T = TypeVar("T")


# --- the plugin contract -------------------------------------------------------------------


class RecordSource(Protocol):
    """Reads study records out of a study administration system."""

    def find_student(self, identity: Identity) -> Student:
        """Return the one person that the identity means.

        Raises ``StudentNotFound``, ``AmbiguousStudent``, ``AdapterUnavailable``
        (temporary) or ``AdapterError``.
        """

    def list_records(self, student: Student) -> Iterable[StudyRecord]:
        """Yield the student's records: unique keys, parents that exist, no cycles.

        Raises as ``find_student`` does; ``StudentNotFound`` or an empty
        iterable both mean that there is nothing to send.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """An open connection to one institution's system; ``None``: the system lacks that capability."""

    ping: Callable[[], None]
    source: RecordSource | None = None


class AdapterPlugin(Protocol[SettingsT]):
    """An entry point of the group ``emrex_gateway.adapters`` names an instance of this.

    ``settings_type`` is a frozen dataclass; a field whose metadata has
    ``secret=True`` holds a reference (``env:NAME``, ``file:/path``) in the
    database and arrives resolved in ``open``.

    ``convert`` maps one recorded answer of the system, offline, for support:
    it raises ``AdapterError`` (``StudentNotFound`` for an empty answer) with
    one clear line and no personal data.
    """

    name: str
    api_version: int
    settings_type: type[SettingsT]

    def open(
        self, institution: Institution, settings: SettingsT
    ) -> AbstractContextManager[Adapter]: ...

    def convert(
        self, institution: Institution, settings: SettingsT, answer: bytes
    ) -> tuple[Student, Sequence[StudyRecord]]: ...


# --- signing -------------------------------------------------------------------------------


class Signer(Protocol):
    """Signs documents with one data access point's key. Lives in the signing worker only."""

    @property
    def certificate_pem(self) -> bytes:
        """The certificate that the signatures name, PEM."""

    def sign(self, document: UnsignedElmo) -> SignedElmo:
        """Return the document with one enveloped signature as last child of its root.

        Raises ``SigningError`` when the key cannot be used now.
        """


class Signers(Protocol):
    """Opens signers by data access point, loading each key once a process."""

    def signer(self, access_point: AccessPoint) -> Signer:
        """Return the access point's signer.

        Raises ``SigningError`` for a key or certificate that is missing,
        unreadable, expired, or does not fit the other.
        """


# --- the world -----------------------------------------------------------------------------


class Clock(Protocol):
    """Where the time comes from; always aware, UTC."""

    def __call__(self) -> datetime: ...


class Secrets(Protocol):
    """Resolves references such as ``env:NAME`` and ``file:/run/secrets/x``."""

    def __call__(self, reference: str) -> str:
        """Return the secret, stripped of a trailing line break. Raises ``ConfigError``."""


class Queue(Protocol):
    """The road to the workers: carries ids only, may lose them; the sweep sends them again."""

    def send(self, task: str, id_: str) -> None:
        """Queue a registered task for a transfer (or for what else the task is about, by its id).

        Returns quietly when the road is closed.
        """


# --- the store -----------------------------------------------------------------------------


class ConfigRows(Protocol):
    """Institutions and what they have switched on."""

    def institutions(self) -> tuple[Institution, ...]: ...
    def institution(self, slug: str) -> Institution:
        """Raises ``ConfigError`` when unknown."""

    def access_points(self) -> tuple[AccessPoint, ...]: ...
    def access_point(self, slug: str) -> AccessPoint | None: ...
    def bindings(self, institution: str) -> tuple[AdapterBinding, ...]:
        """Enabled ones first by position, then disabled ones."""

    def login_methods(self, institution: str) -> tuple[LoginMethod, ...]:
        """As ``bindings``."""

    def login_method(self, id_: str) -> LoginMethod | None: ...
    def known_clients(self) -> tuple[KnownClient, ...]: ...
    def put_institution(self, institution: Institution) -> None: ...
    def put_access_point(self, access_point: AccessPoint) -> None: ...
    def put_binding(self, binding: AdapterBinding) -> None: ...
    def put_login_method(self, method: LoginMethod) -> None: ...
    def put_known_clients(self, clients: Sequence[KnownClient]) -> None: ...
    def service_provider(self, institution: str) -> ServiceProvider | None: ...
    def service_providers(self) -> tuple[ServiceProvider, ...]: ...
    def put_service_provider(self, provider: ServiceProvider) -> None: ...
    def federations(self) -> tuple[Federation, ...]:
        """By slug, switched-off ones included."""

    def federation(self, slug: str) -> Federation | None: ...
    def put_federation(self, federation: Federation) -> None: ...


class TransferRows(Protocol):
    """Transfers and their sealed contents."""

    def add(self, transfer: Transfer) -> None: ...
    def get(self, id_: str) -> Transfer:
        """Raises ``TransferNotFound``."""

    def hold(self, id_: str) -> Transfer:
        """As ``get``; nobody else changes or purges the transfer until the transaction ends."""

    def move(self, transfer: Transfer, state: TransferState, **changes: Any) -> Transfer:
        """Write the new state and ``changes`` where the row still has ``transfer.version``.

        Stamps ``changed_at`` and raises the version. Raises ``StaleTransfer``
        when somebody else was faster and ``TransferError`` for a transition
        that ``TRANSITIONS`` does not list (staying in the same state is allowed).
        """

    def waiting(
        self, states: Iterable[TransferState], changed_before: datetime, limit: int = 500
    ) -> tuple[Transfer, ...]:
        """Oldest first: rows that have stood in one of ``states`` since before then."""

    def overdue(self, now: datetime, limit: int = 500) -> tuple[Transfer, ...]:
        """Rows past ``expires_at`` that somebody logged in to and that are not ``EXPIRED`` yet."""

    def seal(self, transfer_id: str, kind: str, value: object) -> None:
        """Encode a domain value and keep it encrypted, replacing one of the same kind."""

    def unseal(self, transfer_id: str, kind: str, type_: type[T]) -> T | None:
        """Decrypt and decode; ``None`` when there is none. Raises ``SealError``."""

    def purge(self, transfer_id: str) -> None:
        """Destroy the transfer's contents and its key; the row stays."""

    def expire_entered(self, now: datetime, limit: int = 5000) -> int:
        """End overdue rows that nobody ever logged in to, with their contents; return how many.

        In bulk: a flood of bogus entries is made of such rows.
        """

    def forget(self, before: datetime, entered_before: datetime, limit: int = 5000) -> int:
        """Delete ``EXPIRED`` rows last changed before ``before``; return how many.

        Those that nobody logged in to go when last changed before ``entered_before``.
        """


class OnceRows(Protocol):
    """Values that may be used once: launches, assertions, logout tokens."""

    def use(self, kind: str, value: str, expires_at: datetime) -> bool:
        """Return True the first time and False ever after; the value is stored as a hash."""

    def sweep(self, now: datetime) -> int: ...


class AuditRows(Protocol):
    """The append-only trail."""

    def record(self, event: str, *, transfer: str | None = None, **facts: str | int | bool) -> None:
        """Append an event in this transaction. ``facts`` hold no personal data."""

    def events(self, transfer: str) -> tuple[tuple[datetime, str, Mapping[str, Any]], ...]: ...


@dataclass(frozen=True, slots=True)
class Replaced:
    """What a new copy of a federation's metadata changed: numbers of entities."""

    added: int
    changed: int
    removed: int
    entities: int
    providers: int


@dataclass(frozen=True, slots=True)
class Hit:
    """One identity provider that a search found. ``has_logo``: there is one to ask for, by ``key``."""

    key: str
    entity_id: str
    names: Texts
    scopes: tuple[str, ...]
    has_logo: bool


class EntityRows(Protocol):
    """The index over the federations' verified metadata: an entity a row, never a whole file."""

    def state(self, federation: str) -> FederationState: ...
    def put_state(self, federation: str, state: FederationState) -> None: ...
    def replace(self, federation: str, entities: Iterable[Entity]) -> Replaced:
        """Make these the federation's entities, writing only rows that differ.

        Reads the iterable once, row by row. An entity that comes twice is
        taken once (the first). ``valid_until`` is brought up to date everywhere.
        """

    def put(self, entity: Entity) -> None:
        """Add or replace one entity (a query server's answer)."""

    def remove(self, federation: str, entity_id: str) -> None: ...
    def get(self, entity_id: str, federations: Collection[str]) -> Entity | None:
        """Return an identity provider's entity from the first of ``federations`` (in slug order) that has it.

        Only one that is not expired, in a federation that is switched on.
        """

    def everywhere(self, entity_id: str) -> tuple[Entity, ...]:
        """Every row of that entity, expired ones and service providers included (for an administrator)."""

    def due(self, federation: str, before: datetime, limit: int = 500) -> tuple[str, ...]:
        """Entity ids of the federation whose ``valid_until`` is before then (for a query server's)."""

    def search(
        self, where: ProviderFilter, words: str, *, limit: int = 20, offset: int = 0
    ) -> tuple[tuple[Hit, ...], int]:
        """Find identity providers by any part of names, keywords, scopes and host name.

        Case and diacritics do not matter, nor the order of the words; a name
        that begins with the words comes first, then by name. Hidden, excluded
        and expired ones are left out. Returns one page and the number of all.
        """

    def logo(self, key: str) -> Logo | None:
        """``key`` is ``Entity.key``, here and below."""

    def put_logo(self, key: str, logo: Logo | None, until: datetime) -> None:
        """Keep a fetched picture, or that there is none to fetch, until then."""

    def logo_wanted(self, key: str) -> str:
        """Return the address of a listed provider's picture when it is still to be fetched (or again), else ``""``.

        A ``data:`` URI is returned as it is.
        """


class SessionRows(Protocol):
    """Sessions of logged-in people; times and ends are compared by the caller."""

    def add(self, session: Session, *, subject: str = "", sid: str = "") -> None:
        """Keep a new session. ``subject`` and ``sid`` are kept as keyed hashes only."""

    def get(self, key: str) -> Session | None: ...
    def touch(self, key: str, now: datetime) -> None: ...
    def end(self, key: str, reason: str) -> bool:
        """End it unless it has ended; return whether this call did."""

    def end_of_transfer(self, transfer: str, reason: str) -> int:
        """End every living session of a transfer."""

    def end_by_provider(
        self, provider: str, reason: str, *, subject: str = "", sid: str = ""
    ) -> tuple[Session, ...]:
        """End those that the provider's logout means, and return them.

        With ``sid`` those of that session of the provider's (and of that
        subject, when both are given), with ``subject`` alone all of that person.
        """

    def sweep(self, before: datetime, limit: int = 5000) -> int:
        """Delete rows whose ``expires_at`` is before then."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """A circuit breaker's state, shared by all processes."""

    failures: int = 0
    open_until: datetime | None = None


class CircuitRows(Protocol):
    """Circuit breakers by adapter binding."""

    def get(self, binding: str) -> Circuit: ...
    def put(self, binding: str, circuit: Circuit) -> None: ...


class UnitOfWork(Protocol):
    """One transaction: everything in it happens, with its audit events, or nothing does."""

    @property
    def config(self) -> ConfigRows: ...
    @property
    def transfers(self) -> TransferRows: ...
    @property
    def once(self) -> OnceRows: ...
    @property
    def audit(self) -> AuditRows: ...
    @property
    def circuits(self) -> CircuitRows: ...
    @property
    def entities(self) -> EntityRows: ...
    @property
    def sessions(self) -> SessionRows: ...
    def after_commit(self, action: Callable[[], None]) -> None:
        """Run ``action`` once the transaction is durable (to send to the queue); not on rollback."""


class Store(Protocol):
    """The database."""

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        """Open a transaction; commits on a clean exit, rolls back on an exception."""

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """Open a transaction for reading only; on SQLite it never waits for a writer."""

    def ping(self) -> None:
        """Raises when the database does not answer or its schema is not current."""


# --- login ---------------------------------------------------------------------------------


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

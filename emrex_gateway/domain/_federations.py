"""Federations of identity providers, the entities in their metadata, and ourselves as a party there.

Sources: SAML 2.0 Metadata (OASIS saml-metadata-2.0-os), its Login and Discovery UI
extension (sstc-saml-metadata-ui-1.0), REFEDS' entity categories, SAML2Int 2.0.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from emrex_gateway.domain._texts import Texts


class MetadataKind(StrEnum):
    """How a federation hands out its metadata."""

    AGGREGATE = "aggregate"
    """One signed file with every entity."""
    MDQ = "mdq"
    """A query server: one signed entity a request (draft-young-md-query)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Federation:
    """A federation that the installation trusts: an address and pinned certificates.

    ``url`` is the aggregate's address, or a query server's base address.
    ``certificates`` are references (``file:``, ``env:``) to PEM; a signature by
    any of their keys counts, whatever their dates (SAML2Int MD02). Durations
    are in seconds: ``refresh_every`` between two looks, ``max_validity`` the
    furthest that ``validUntil`` may lie ahead (MD03). ``max_loss`` is the share
    of its entities, in percent, that may vanish before an alarm is raised.
    """

    slug: str
    names: Texts
    url: str
    certificates: tuple[str, ...]
    kind: MetadataKind = MetadataKind.AGGREGATE
    refresh_every: int = 4 * 3600
    max_validity: int = 28 * 86400
    max_loss: int = 10
    allow_private_addresses: bool = False
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FederationState:
    """What the job knows of a federation's metadata; times are UTC.

    ``checked_at`` is the last look, ``fetched_at`` the last good copy, which is
    used until ``valid_until``. ``failures`` counts looks without success since
    then; ``problem`` is a short code of the last one (empty: none), ``alarm``
    of what an administrator must look at though the copy was taken. ``source``
    is a fingerprint of the address and the certificates that it came by.
    """

    etag: str = ""
    last_modified: str = ""
    checked_at: datetime | None = None
    fetched_at: datetime | None = None
    valid_until: datetime | None = None
    next_at: datetime | None = None
    entities: int = 0
    providers: int = 0
    failures: int = 0
    problem: str = ""
    alarm: str = ""
    source: str = ""


class Role(StrEnum):
    """What an entity does."""

    IDP = "idp"
    SP = "sp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One entity of a federation's verified metadata: what finding and listing need.

    ``descriptor`` is the entity's own XML as the signature covered it (exclusive
    canonical form), empty for an entity that is no identity provider. ``digest``
    is its SHA-256 in hex, which tells whether it changed. ``names`` are the
    display names by language, ``scopes`` the literal ``shibmd:Scope`` values,
    ``keywords`` mdui's. ``logo`` is an https address or a ``data:`` URI, empty
    when there is none of a usable size. ``hidden`` entities asked not to be
    listed. ``authority`` is mdrpi's registrationAuthority.
    """

    federation: str
    entity_id: str
    roles: frozenset[Role]
    names: Texts
    valid_until: datetime
    digest: str
    descriptor: bytes = field(default=b"", repr=False)
    scopes: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    logo: str = field(default="", repr=False)
    categories: frozenset[str] = frozenset()
    authority: str = ""
    hidden: bool = False

    @property
    def key(self) -> str:
        """A short name for addresses and job ids: 32 hex digits of the entity id's SHA-256."""
        return self.key_of(self.entity_id)

    @staticmethod
    def key_of(entity_id: str) -> str:
        """Return ``key`` of the entity with this id."""
        return hashlib.sha256(entity_id.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFilter:
    """Which identity providers an institution lets in; an empty set does not restrict, except federations.

    A provider must stand in one of ``federations``, be one of ``providers``,
    and have all of ``categories``; one of ``excluded`` never counts.
    """

    federations: frozenset[str]
    providers: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()

    def names(self, entity_id: str) -> bool:
        """Whether an entity of that name may pass, as far as the name tells."""
        return entity_id not in self.excluded and (
            not self.providers or entity_id in self.providers
        )

    def lets_in(self, entity: Entity) -> bool:
        """Whether people may log in at the entity. It stands in one of ``federations`` already."""
        return (
            Role.IDP in entity.roles
            and self.names(entity.entity_id)
            and self.categories <= entity.categories
        )


@dataclass(frozen=True, slots=True)
class Logo:
    """A provider's picture as we serve it."""

    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceKey:
    """A key of our service provider: references to PEM. ``signing`` and ``encryption`` say what it is published for.

    During a rollover two stand in the metadata: the first with ``signing``
    signs, every one decrypts.
    """

    key: str
    certificate: str
    signing: bool = True
    encryption: bool = True


class ContactKind(StrEnum):
    """Contact types of SAML metadata, and REFEDS' security contact (Sirtfi)."""

    TECHNICAL = "technical"
    SUPPORT = "support"
    ADMINISTRATIVE = "administrative"
    SECURITY = "security"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to write to; a function's address, not a person's, where possible."""

    kind: ContactKind
    email: str
    name: str = ""


class SubjectIdRequirement(StrEnum):
    """Which subject identifier we ask for (SAML V2.0 Subject Identifier Attributes Profile 1.0, section 2.3)."""

    SUBJECT_ID = "subject-id"
    PAIRWISE_ID = "pairwise-id"
    ANY = "any"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProvider:
    """An institution's SAML service provider: what its metadata says, and the keys behind it.

    ``entity_id`` empty means the metadata's own address. ``descriptions``,
    ``information`` and ``privacy`` are a text or address in each language.
    ``categories`` and ``assurance`` are URIs of entity categories and assurance
    certifications that the institution declares. ``attributes`` names what is
    requested, by the names of ``login.ATTRIBUTES``; those in ``required`` as
    obligatory.
    """

    institution: str
    keys: tuple[ServiceKey, ...]
    entity_id: str = ""
    descriptions: Texts = ()
    information: Texts = ()
    privacy: Texts = ()
    logo: str = ""
    logo_width: int = 0
    logo_height: int = 0
    contacts: tuple[Contact, ...] = ()
    categories: frozenset[str] = frozenset()
    assurance: frozenset[str] = frozenset()
    subject_id: SubjectIdRequirement = SubjectIdRequirement.ANY
    attributes: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A person's session after a login: a row, so that ending it holds in every process.

    ``key`` is the SHA-256 of what the browser's cookie carries. ``ended`` is a
    short reason, empty while it lives.
    """

    key: str = field(repr=False)
    transfer: str
    method: str
    provider: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginFailure:
    """Why a login did not work, for the student's page: no personal data.

    ``reason`` is ``LoginError.reason``. ``provider`` is an entity id or issuer,
    ``names`` the provider's own, ``missing`` the attributes that did not come,
    ``error_url`` the provider's page for such a case (an https address), and
    ``status`` the provider's own code.
    """

    reason: str
    provider: str = ""
    names: Texts = ()
    missing: tuple[str, ...] = ()
    error_url: str = ""
    status: str = ""

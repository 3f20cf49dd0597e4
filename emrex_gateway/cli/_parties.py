"""The institutions' file: federations, and what an institution is in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from emrex_gateway import login
from emrex_gateway.administering._values import (
    EMAIL,
    MAX_TEXT,
    SLUG,
    URI,
    check_url,
    match,
    read_texts,
)
from emrex_gateway.domain import (
    Contact,
    ContactKind,
    Federation,
    MetadataKind,
    ServiceKey,
    ServiceProvider,
    SubjectIdRequirement,
    Texts,
)
from emrex_gateway.errors import ConfigError
from emrex_gateway.secrets import is_reference

DAY = 86400
MAX_KEYS = 5
MAX_CONTACTS = 20
MAX_LOGO = 2000
CODE_OF_CONDUCT = "https://refeds.org/category/code-of-conduct/v2"
"""REFEDS Data Protection Code of Conduct 2.0, whose section on metadata wants a privacy notice."""
SIRTFI = ("https://refeds.org/sirtfi", "https://refeds.org/sirtfi2")
"""REFEDS Security Incident Response Trust Framework, which wants a security contact."""


class FederationPart(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A section ``[[federations]]``."""

    slug: str
    names: dict[str, str]
    url: str
    certificates: list[str]
    kind: MetadataKind = MetadataKind.AGGREGATE
    refresh_every: int = 4 * 3600
    max_validity: int = 28 * DAY
    max_loss: int = 10
    allow_private_addresses: bool = False
    enabled: bool = True

    def check(self, *, http: bool) -> Federation:
        """Return the federation; raises ``ConfigError``."""
        where = f"federation {self.slug!r}"
        match(SLUG, self.slug, where, "slug")
        check_url(self.url, where, http=http)
        if not self.certificates or len(self.certificates) > MAX_KEYS:
            raise ConfigError(f"{where}: certificates must name 1 to {MAX_KEYS} pinned ones")
        for reference in self.certificates:
            _reference(reference, where, "certificates")
        # Daily or oftener (SAML2Int 2.0), and no validity that would outlive every mistake (MD03).
        _between(self.refresh_every, 60, DAY, where, "refresh_every")
        _between(self.max_validity, 3600, 100 * DAY, where, "max_validity")
        _between(self.max_loss, 0, 100, where, "max_loss")
        changed = {
            "names": read_texts(self.names, where),
            "certificates": tuple(self.certificates),
        }
        return Federation(**msgspec.structs.asdict(self) | changed)


class _Key(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    key: str
    certificate: str
    signing: bool = True
    encryption: bool = True


class _Contact(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    kind: ContactKind
    email: str
    name: str = ""


class ServiceProviderPart(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A section ``[[service_providers]]``."""

    institution: str
    keys: list[_Key]
    entity_id: str = ""
    descriptions: dict[str, str] = {}
    information: dict[str, str] = {}
    privacy: dict[str, str] = {}
    logo: str = ""
    logo_width: int = 0
    logo_height: int = 0
    contacts: list[_Contact] = []
    categories: frozenset[str] = frozenset()
    assurance: frozenset[str] = frozenset()
    subject_id: SubjectIdRequirement = SubjectIdRequirement.ANY
    attributes: list[str] = []
    required: list[str] = []

    def check(self) -> ServiceProvider:
        """Return the service provider; raises ``ConfigError``."""
        where = f"service provider {self.institution!r}"
        if self.entity_id:
            match(URI, self.entity_id, where, "entity_id")
        for name, uris in (("categories", self.categories), ("assurance", self.assurance)):
            for uri in sorted(uris):
                match(URI, uri, where, name)
        self._check_logo(where)
        self._check_promises(where)
        changed = {
            "keys": _keys(self.keys, where),
            "descriptions": read_texts(self.descriptions, where, name="descriptions", empty=True),
            "information": _addresses(self.information, where, "information"),
            "privacy": _addresses(self.privacy, where, "privacy"),
            "contacts": _contacts(self.contacts, where),
            "attributes": _attributes(self.attributes, where, "attributes"),
            "required": _attributes(self.required, where, "required"),
        }
        return ServiceProvider(**msgspec.structs.asdict(self) | changed)

    def _check_logo(self, where: str) -> None:
        if not self.logo:
            if self.logo_width or self.logo_height:
                raise ConfigError(f"{where}: logo_width and logo_height need a logo")
            return
        check_url(self.logo, where, http=False, name="logo")
        _between(self.logo_width, 1, MAX_LOGO, where, "logo_width")
        _between(self.logo_height, 1, MAX_LOGO, where, "logo_height")

    def _check_promises(self, where: str) -> None:
        """What an institution declares must be backed by what stands beside it."""
        if CODE_OF_CONDUCT in self.categories and not self.privacy:
            raise ConfigError(f"{where}: the Code of Conduct needs privacy, a notice's address")
        security = any(contact.kind is ContactKind.SECURITY for contact in self.contacts)
        if not self.assurance.isdisjoint(SIRTFI) and not security:
            raise ConfigError(f"{where}: Sirtfi needs a contact of the kind security")


def _keys(keys: list[_Key], where: str) -> tuple[ServiceKey, ...]:
    if not 0 < len(keys) <= MAX_KEYS:
        raise ConfigError(f"{where}: keys must hold 1 to {MAX_KEYS}")
    for one in keys:
        _reference(one.key, where, "key")
        _reference(one.certificate, where, "certificate")
    if not any(one.signing for one in keys):
        raise ConfigError(f"{where}: one of the keys must be for signing")
    return tuple(ServiceKey(**msgspec.structs.asdict(one)) for one in keys)


def _contacts(contacts: list[_Contact], where: str) -> tuple[Contact, ...]:
    if len(contacts) > MAX_CONTACTS:
        raise ConfigError(f"{where}: at most {MAX_CONTACTS} contacts")
    for one in contacts:
        match(EMAIL, one.email, where, "a contact's email")
        if len(one.name) > MAX_TEXT:
            raise ConfigError(f"{where}: a contact's name is too long")
    return tuple(Contact(**msgspec.structs.asdict(one)) for one in contacts)


def _addresses(values: Mapping[str, str], where: str, name: str) -> Texts:
    for value in values.values():
        check_url(value, where, http=False, name=name)
    return read_texts(values, where, name=name, empty=True)


def _attributes(names: Iterable[str], where: str, name: str) -> tuple[str, ...]:
    for one in names:
        if one not in login.ATTRIBUTES:
            known = ", ".join(sorted(login.ATTRIBUTES))
            raise ConfigError(f"{where}: {name} may hold only {known}")
    return tuple(dict.fromkeys(names))


def _reference(value: str, where: str, name: str) -> None:
    """The value is not repeated: it may be a key that somebody wrote where a reference belongs."""
    if not is_reference(value):
        raise ConfigError(f"{where}: {name} must be a reference: file: or env:")


def _between(value: int, least: int, most: int, where: str, name: str) -> None:
    if not least <= value <= most:
        raise ConfigError(f"{where}: {name} must be between {least} and {most}")

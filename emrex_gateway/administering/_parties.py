"""What login methods, federations, service providers and known clients may say, whoever says it.

The institutions' file, a page's form and a command make one of these parts; its
``check`` gives the row. Each error names the field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from emrex_gateway import login
from emrex_gateway.administering._values import (
    COUNTRY,
    EMAIL,
    MAX_TEXT,
    N_,
    SLUG,
    URI,
    between,
    check_url,
    match,
    read_texts,
)
from emrex_gateway.domain import (
    Contact,
    ContactKind,
    Federation,
    KnownClient,
    LoginMethod,
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
MAX_NAME = 200
MAX_POSITION = 1_000_000
CODE_OF_CONDUCT = "https://refeds.org/category/code-of-conduct/v2"
"""REFEDS Data Protection Code of Conduct 2.0, whose section on metadata wants a privacy notice."""
SIRTFI = ("https://refeds.org/sirtfi", "https://refeds.org/sirtfi2")
"""REFEDS Security Incident Response Trust Framework, which wants a security contact."""

_TEXTS = {"names", "descriptions", "information", "privacy"}
"""Fields of rows that hold texts."""

Part = TypeVar("Part", bound=msgspec.Struct)


def read_part(type_: type[Part], values: Mapping[str, Any], where: str) -> Part:
    """Make a part of a form's or command's values. Raises ``ConfigError`` that names the field."""
    try:
        return msgspec.convert(values, type_)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        field = path.rstrip("`").split("[")[0].split(".")[0]
        raise ConfigError(f"{where}: {field or 'a field'}: {message}", field) from None


def values_of(row: object) -> dict[str, Any]:
    """Return a row as its part takes it: ``read_part(…, values_of(row), …).check()`` gives the row again."""
    found: dict[str, Any] = msgspec.to_builtins(row)
    for name in _TEXTS & found.keys():
        found[name] = {one["lang"] or "": one["value"] for one in found[name]}
    return found


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
            raise ConfigError(
                f"{where}: certificates must name 1 to {MAX_KEYS} pinned ones",
                "certificates",
                words=N_("Name 1 to %(most)d certificates, one a line."),
                values={"most": MAX_KEYS},
            )
        for reference in self.certificates:
            _reference(reference, where, "certificates")
        # Daily or oftener (SAML2Int 2.0), and no validity that would outlive every mistake (MD03).
        between(self.refresh_every, 60, DAY, where, "refresh_every")
        between(self.max_validity, 3600, 100 * DAY, where, "max_validity")
        between(self.max_loss, 0, 100, where, "max_loss")
        changed = {
            "names": read_texts(self.names, where),
            "certificates": tuple(self.certificates),
        }
        return Federation(**msgspec.structs.asdict(self) | changed)


class KeyPart(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A section ``[[service_providers.keys]]``."""

    key: str
    certificate: str
    signing: bool = True
    encryption: bool = True


class ContactPart(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One of a service provider's contacts."""

    kind: ContactKind
    email: str
    name: str = ""


class ServiceProviderPart(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A section ``[[service_providers]]``."""

    institution: str
    keys: list[KeyPart]
    entity_id: str = ""
    descriptions: dict[str, str] = {}
    information: dict[str, str] = {}
    privacy: dict[str, str] = {}
    logo: str = ""
    logo_width: int = 0
    logo_height: int = 0
    contacts: list[ContactPart] = []
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
                raise ConfigError(
                    f"{where}: logo_width and logo_height need a logo",
                    "logo",
                    words=N_("Give the picture's address, or leave its width and height empty."),
                )
            return
        check_url(self.logo, where, http=False, name="logo")
        between(self.logo_width, 1, MAX_LOGO, where, "logo_width")
        between(self.logo_height, 1, MAX_LOGO, where, "logo_height")

    def _check_promises(self, where: str) -> None:
        """What an institution declares must be backed by what stands beside it."""
        if CODE_OF_CONDUCT in self.categories and not self.privacy:
            raise ConfigError(
                f"{where}: the Code of Conduct needs privacy, a notice's address",
                "privacy",
                words=N_("The Code of Conduct, a category below, needs the notice's address."),
            )
        security = any(contact.kind is ContactKind.SECURITY for contact in self.contacts)
        if not self.assurance.isdisjoint(SIRTFI) and not security:
            raise ConfigError(
                f"{where}: Sirtfi needs a contact of the kind security",
                "contacts",
                words=N_("Sirtfi, declared below, needs a contact of the kind security."),
            )


class LoginMethodPart(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A section ``[[login_methods]]``."""

    id: str
    institution: str
    kind: str
    names: dict[str, str]
    settings: dict[str, Any] = {}
    enabled: bool = True
    position: int = 0
    for_administrators: bool = False

    def check(self) -> LoginMethod:
        """Return the login method; raises ``ConfigError``."""
        where = f"login method {self.id!r}"
        match(SLUG, self.id, where, "id")
        between(self.position, -MAX_POSITION, MAX_POSITION, where, "position")
        if self.for_administrators and self.kind not in FOR_ADMINISTRATORS:
            raise ConfigError(
                f"{where}: only oidc and saml can log in administrators",
                "for_administrators",
                words=N_("Only an OpenID provider or a federation can log in administrators."),
            )
        values = msgspec.structs.asdict(self) | {"names": read_texts(self.names, where)}
        method = LoginMethod(**values)
        login.settings_of(method)
        return method


FOR_ADMINISTRATORS = ("oidc", "saml")
"""The kinds that can log in somebody outside a transfer."""


class KnownClientPart(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A section ``[[known_clients]]``."""

    name: str
    url: str
    country: str

    def check(self, *, http: bool) -> KnownClient:
        """Return the client; raises ``ConfigError``."""
        where = f"known client {self.name[:80]!r}"
        match(COUNTRY, self.country, where, "country")
        check_url(self.url, where, http=http)
        if not 0 < len(self.name) <= MAX_NAME:
            raise ConfigError(
                f"{where}: the name must have 1 to {MAX_NAME} characters",
                "name",
                words=N_("Write a name of 1 to %(most)d characters."),
                values={"most": MAX_NAME},
            )
        return KnownClient(name=self.name, url=self.url, country=self.country)


def _keys(keys: list[KeyPart], where: str) -> tuple[ServiceKey, ...]:
    if not 0 < len(keys) <= MAX_KEYS:
        raise ConfigError(
            f"{where}: keys must hold 1 to {MAX_KEYS}",
            "keys",
            words=N_("Give 1 to %(most)d keys."),
            values={"most": MAX_KEYS},
        )
    for one in keys:
        _reference(one.key, where, "key", "keys")
        _reference(one.certificate, where, "certificate", "keys")
    if not any(one.signing for one in keys):
        raise ConfigError(
            f"{where}: one of the keys must be for signing",
            "keys",
            words=N_("One of the keys must be for signing."),
        )
    return tuple(ServiceKey(**msgspec.structs.asdict(one)) for one in keys)


def _contacts(contacts: list[ContactPart], where: str) -> tuple[Contact, ...]:
    if len(contacts) > MAX_CONTACTS:
        raise ConfigError(
            f"{where}: at most {MAX_CONTACTS} contacts",
            "contacts",
            words=N_("At most %(most)d contacts."),
            values={"most": MAX_CONTACTS},
        )
    for one in contacts:
        match(EMAIL, one.email, where, "a contact's email", "contacts")
        if len(one.name) > MAX_TEXT:
            raise ConfigError(
                f"{where}: a contact's name is too long",
                "contacts",
                words=N_("A contact's name is too long."),
            )
    return tuple(Contact(**msgspec.structs.asdict(one)) for one in contacts)


def _addresses(values: Mapping[str, str], where: str, name: str) -> Texts:
    for value in values.values():
        check_url(value, where, http=False, name=name)
    return read_texts(values, where, name=name, empty=True)


def _attributes(names: Iterable[str], where: str, name: str) -> tuple[str, ...]:
    for one in names:
        if one not in login.ATTRIBUTES:
            known = ", ".join(sorted(login.ATTRIBUTES))
            raise ConfigError(
                f"{where}: {name} may hold only {known}",
                name,
                words=N_("May hold only %(known)s."),
                values={"known": known},
            )
    return tuple(dict.fromkeys(names))


def _reference(value: str, where: str, name: str, field: str = "") -> None:
    """The value is not repeated: it may be a key that somebody wrote where a reference belongs."""
    if not is_reference(value):
        raise ConfigError(
            f"{where}: {name} must be a reference: file: or env:",
            field or name,
            words=N_("Write where it is, as file:/path or env:NAME, and not the thing itself."),
        )

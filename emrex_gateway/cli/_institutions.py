"""The institutions' file: what ``emrex-gateway apply`` reads.

[[institutions]]
slug = "example"
names = { en = "Example University", fi = "Esimerkkiyliopisto" }
country = "FI"
domain = "example.edu"
url = "https://www.example.edu/"
codes = { erasmus = "SF EXAMPLE01" }
support = "mailto:support@example.edu"
released = ["esi"]
restricted = ["nationalIdentifier"]
restricted_hosts = ["client.example.net"]
details = ["citizenship"]              # or placeOfBirth, birthName, gender; none by default

[[access_points]]
slug = "example"                       # stands in the address, never changes
institution = "example"
key = "file:/etc/emrex/example.key"    # or env:, pkcs11:
certificate = "file:/etc/emrex/example.pem"
# enabled, elmo_version, newer_codes, allowed_hosts, transcript_per_issuer

[[adapters]]
id = "example-peppi"
institution = "example"
adapter = "peppi"                      # an installed plugin
# enabled, position
[adapters.settings]                    # as the plugin says; secrets by reference

[[login_methods]]
id = "example-oidc"
institution = "example"
kind = "oidc"                          # or saml, host, launch
names = { en = "Log in with Example" }
# enabled, position, for_administrators (by its role rules, and no students)
[login_methods.settings]

[[federations]]                        # for login methods of the kind saml
slug = "haka"
names = { en = "Haka" }
url = "https://haka.example.org/metadata.xml"
certificates = ["file:/etc/emrex/haka.pem"]   # pinned: any of their keys counts
# kind = "aggregate" or "mdq"; refresh_every, max_validity (seconds), max_loss (percent),
# allow_private_addresses, enabled

[[service_providers]]                  # what the institution is in its federations
institution = "example"
descriptions = { en = "Sends study records to other universities" }
information = { en = "https://www.example.edu/emrex" }
privacy = { en = "https://www.example.edu/emrex/privacy" }
logo = "https://www.example.edu/logo.png"
logo_width = 120
logo_height = 60
contacts = [
  { kind = "technical", email = "it@example.edu", name = "IT services" },
  { kind = "security", email = "cert@example.edu" },     # or support, administrative
]
categories = ["https://refeds.org/category/code-of-conduct/v2"]
assurance = ["https://refeds.org/sirtfi"]
attributes = ["schacPersonalUniqueCode", "givenName", "sn"]
required = ["schacPersonalUniqueCode"]
# entity_id (its metadata's address), subject_id = "any" (or subject-id, pairwise-id, none)
[[service_providers.keys]]             # during a rollover two
key = "file:/etc/emrex/saml.key"       # file: or env:
certificate = "file:/etc/emrex/saml.pem"
# signing, encryption

[[known_clients]]
name = "Client University"
url = "https://emrex.client.example.net/"
country = "NO"
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from emrex_gateway.adapters import check_settings, plugin
from emrex_gateway.administering._parties import (
    FederationPart,
    KnownClientPart,
    LoginMethodPart,
    ServiceProviderPart,
)
from emrex_gateway.administering._values import (
    COUNTRY,
    HOST,
    SLUG,
    check_url,
    match,
    read_hosts,
    read_texts,
)
from emrex_gateway.cli._plan import Plan, check_references
from emrex_gateway.domain import (
    AccessPoint,
    AdapterBinding,
    ElmoVersion,
    Institution,
    LearnerDetail,
    PersonIdentifierType,
    ReleaseRule,
)
from emrex_gateway.errors import ConfigError

MAX_BYTES = 2_000_000
RESERVED = frozenset({"health", "static", "sp", "op"})
KEY_SCHEMES = ("file:", "env:", "pkcs11:")


class _Institution(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    slug: str
    names: dict[str, str]
    country: str
    domain: str
    url: str
    codes: dict[str, str] = {}
    support: str = ""
    released: frozenset[PersonIdentifierType] = ReleaseRule().released
    restricted: frozenset[PersonIdentifierType] = ReleaseRule().restricted
    restricted_hosts: frozenset[str] = frozenset()
    details: frozenset[LearnerDetail] = frozenset()


class _AccessPoint(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    slug: str
    institution: str
    key: str
    certificate: str
    enabled: bool = True
    elmo_version: ElmoVersion = ElmoVersion.V1_7
    newer_codes: bool = False
    allowed_hosts: frozenset[str] = frozenset()
    transcript_per_issuer: bool = False


class _Adapter(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    id: str
    institution: str
    adapter: str
    settings: dict[str, Any] = {}
    enabled: bool = True
    position: int = 0


class _File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    institutions: list[_Institution] = []
    federations: list[FederationPart] = []
    service_providers: list[ServiceProviderPart] = []
    access_points: list[_AccessPoint] = []
    adapters: list[_Adapter] = []
    login_methods: list[LoginMethodPart] = []
    known_clients: list[KnownClientPart] = []


def read(path: Path, *, http_on_loopback: bool = False) -> Plan:
    """Read and check the file without asking any database or system.

    Raises ``ConfigError`` with one line for the first thing that is wrong.
    """
    try:
        data = path.read_bytes()
        if len(data) > MAX_BYTES:
            raise ConfigError(f"{path} is larger than {MAX_BYTES} bytes")
        file = msgspec.convert(tomllib.loads(data.decode("utf-8")), _File)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{path}: {error}") from None
    plan = Plan(
        institutions=tuple(_institution(one) for one in file.institutions),
        federations=tuple(one.check(http=http_on_loopback) for one in file.federations),
        service_providers=tuple(one.check() for one in file.service_providers),
        access_points=tuple(_access_point(one) for one in file.access_points),
        bindings=tuple(_binding(one) for one in file.adapters),
        login_methods=tuple(one.check() for one in file.login_methods),
        known_clients=tuple(one.check(http=http_on_loopback) for one in file.known_clients),
    )
    check_references(plan)
    return plan


def _institution(one: _Institution) -> Institution:
    where = f"institution {one.slug!r}"
    match(SLUG, one.slug, where, "slug")
    match(COUNTRY, one.country, where, "country")
    match(HOST, one.domain, where, "domain")
    check_url(one.url, where, http=True)
    if PersonIdentifierType.NATIONAL in one.released:
        raise ConfigError(f"{where}: a national identifier can only be restricted, not released")
    if both := sorted(one.released & one.restricted):
        raise ConfigError(f"{where}: {', '.join(both)} cannot be both released and restricted")
    return Institution(
        slug=one.slug,
        names=read_texts(one.names, where),
        country=one.country,
        domain=one.domain,
        url=one.url,
        codes=one.codes,
        support=one.support,
        release=ReleaseRule(
            released=one.released,
            restricted=one.restricted,
            restricted_hosts=read_hosts(one.restricted_hosts, where),
            details=one.details,
        ),
    )


def _access_point(one: _AccessPoint) -> AccessPoint:
    where = f"access point {one.slug!r}"
    match(SLUG, one.slug, where, "slug")
    if one.slug in RESERVED:
        raise ConfigError(f"{where}: this address is taken by pages of the gateway")
    for name, reference in (("key", one.key), ("certificate", one.certificate)):
        if not reference.startswith(KEY_SCHEMES):
            raise ConfigError(f"{where}: {name} must be a reference: file:, env: or pkcs11:")
    values = msgspec.structs.asdict(one)
    return AccessPoint(**values | {"allowed_hosts": read_hosts(one.allowed_hosts, where)})


def _binding(one: _Adapter) -> AdapterBinding:
    where = f"adapter {one.id!r}"
    match(SLUG, one.id, where, "id")
    try:
        check_settings(plugin(one.adapter), one.settings)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
    return AdapterBinding(**msgspec.structs.asdict(one))

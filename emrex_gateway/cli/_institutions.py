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
# what follows stays as it is in the database when it is left out here
enabled = true
client = false                         # whether it receives records too
address = "Example Street 1, 00100 Helsinki"
languages = ["fi", "sv", "en"]
logo = "https://www.example.edu/logo.svg"
colour = "#0b4f9e"                     # made readable where it is too light or too dark
[institutions.privacy]                 # shown to students before they consent, and on error pages
controller = { en = "Example University" }
contact = "privacy@example.edu"
notice = { en = "We send what you choose to the receiver that you come from." }
url = { en = "https://www.example.edu/privacy" }
[institutions.accessibility]           # the statement at /example/accessibility
conformance = "partial"                # or full, none
assessment = "self"                    # or third-party
law = { en = "the Act on the Provision of Digital Services (306/2019)" }
gaps = { en = "Documents that other universities attach may not be accessible. Ask us for another form." }
contact = "accessibility@example.edu"
authority = { en = "Finnish Transport and Communications Agency Traficom" }
authority_url = { en = "https://www.webaccessibility.fi/" }
prepared = 2026-09-01
reviewed = 2026-09-30

[[access_points]]
slug = "example"                       # stands in the address, never changes
institution = "example"
key = "file:/etc/emrex/example.key"    # or env:, pkcs11:; left out, the present one stays
certificate = "file:/etc/emrex/example.pem"
# enabled, elmo_version, newer_codes, allowed_hosts, transcript_per_issuer; these stay when left
# out: names, countrywide (one for a whole country), institutions (whose records it has)

[[adapters]]
id = "example-peppi"
institution = "example"
adapter = "peppi"                      # an installed plugin
# enabled, position; required, fallback (docs/adapters.md)
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

import dataclasses
import tomllib
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from emrex_gateway.administering import check_access_point, check_adapter, check_institution
from emrex_gateway.administering._parties import (
    FederationPart,
    KnownClientPart,
    LoginMethodPart,
    ServiceProviderPart,
)
from emrex_gateway.administering._values import read_texts
from emrex_gateway.cli._plan import Plan, check_references
from emrex_gateway.domain import (
    Accessibility,
    AccessPoint,
    AdapterBinding,
    Assessment,
    Conformance,
    ElmoVersion,
    Institution,
    LearnerDetail,
    Matching,
    PersonIdentifierType,
    Privacy,
    ReleaseRule,
)
from emrex_gateway.errors import ConfigError

MAX_BYTES = 2_000_000


class _Privacy(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    controller: dict[str, str] = {}
    contact: str = ""
    notice: dict[str, str] = {}
    url: dict[str, str] = {}


class _Accessibility(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    conformance: Conformance = Conformance.UNKNOWN
    assessment: Assessment = Assessment.UNKNOWN
    law: dict[str, str] = {}
    gaps: dict[str, str] = {}
    contact: str = ""
    authority: dict[str, str] = {}
    authority_url: dict[str, str] = {}
    prepared: date | None = None
    reviewed: date | None = None


class _Matching(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    same: float = Matching().same
    different: float = Matching().different


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
    enabled: bool | UnsetType = UNSET
    address: str | UnsetType = UNSET
    languages: list[str] | UnsetType = UNSET
    logo: str | UnsetType = UNSET
    colour: str | UnsetType = UNSET
    privacy: _Privacy | UnsetType = UNSET
    accessibility: _Accessibility | UnsetType = UNSET
    client: bool | UnsetType = UNSET
    matching: _Matching | UnsetType = UNSET


class _AccessPoint(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    slug: str
    institution: str
    key: str | UnsetType = UNSET
    certificate: str | UnsetType = UNSET
    enabled: bool = True
    elmo_version: ElmoVersion = ElmoVersion.V1_7
    newer_codes: bool = False
    allowed_hosts: frozenset[str] = frozenset()
    transcript_per_issuer: bool = False
    names: dict[str, str] | UnsetType = UNSET
    countrywide: bool | UnsetType = UNSET
    institutions: list[str] | UnsetType = UNSET


class _Adapter(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    id: str
    institution: str
    adapter: str
    settings: dict[str, Any] = {}
    enabled: bool = True
    position: int = 0
    required: bool = True
    fallback: bool = False


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
        institutions_keep=_left_out(file.institutions),
        access_points_keep=_left_out(file.access_points),
    )
    check_references(plan)
    return plan


def _institution(one: _Institution) -> Institution:
    where = f"institution {one.slug!r}"
    said = _said(one)
    if isinstance(one.privacy, _Privacy):
        said["privacy"] = Privacy(
            controller=read_texts(one.privacy.controller, where, name="controller", empty=True),
            contact=one.privacy.contact,
            notice=read_texts(one.privacy.notice, where, name="notice", empty=True),
            url=read_texts(one.privacy.url, where, name="url", empty=True),
        )
    if isinstance(told := one.accessibility, _Accessibility):
        in_languages = {
            name: read_texts(getattr(told, name), where, name=name, empty=True)
            for name in ("law", "gaps", "authority", "authority_url")
        }
        said["accessibility"] = Accessibility(**msgspec.structs.asdict(told) | in_languages)
    if isinstance(one.matching, _Matching):
        said["matching"] = Matching(**msgspec.structs.asdict(one.matching))
    if isinstance(one.languages, list):
        said["languages"] = tuple(one.languages)
    rule = {f.name: said.pop(f.name) for f in dataclasses.fields(ReleaseRule)}
    return check_institution(
        Institution(
            **said | {"names": read_texts(one.names, where), "release": ReleaseRule(**rule)}
        )
    )


def _access_point(one: _AccessPoint) -> AccessPoint:
    said = _said(one)
    if isinstance(one.names, dict):
        said["names"] = read_texts(one.names, f"access point {one.slug!r}", empty=True)
    if isinstance(one.institutions, list):
        said["institutions"] = tuple(one.institutions)
    point = AccessPoint(**{"key": "", "certificate": ""} | said)
    if {"key", "certificate"} <= said.keys():
        return check_access_point(point)
    # The database may know them; whether it does is seen when the file is written there.
    check_access_point(dataclasses.replace(point, enabled=False))
    return point


def _said(part: msgspec.Struct) -> dict[str, Any]:
    return {name: v for name, v in msgspec.structs.asdict(part).items() if v is not UNSET}


def _left_out(parts: Iterable[_Institution | _AccessPoint]) -> dict[str, frozenset[str]]:
    """What the file does not say of each, so that it stays as it is."""
    return {
        part.slug: frozenset(
            name for name in part.__struct_fields__ if getattr(part, name) is UNSET
        )
        for part in parts
    }


def _binding(one: _Adapter) -> AdapterBinding:
    return check_adapter(AdapterBinding(**msgspec.structs.asdict(one)))

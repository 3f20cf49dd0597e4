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
kind = "oidc"                          # or host, launch
names = { en = "Log in with Example" }
# enabled, position
[login_methods.settings]

[[known_clients]]
name = "Client University"
url = "https://emrex.client.example.net/"
country = "NO"
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from emrex_gateway import login
from emrex_gateway.adapters import check_settings, plugin
from emrex_gateway.domain import (
    AccessPoint,
    AdapterBinding,
    ElmoVersion,
    Institution,
    KnownClient,
    LearnerDetail,
    LoginMethod,
    PersonIdentifierType,
    ReleaseRule,
    Texts,
    texts,
)
from emrex_gateway.errors import ConfigError

MAX_BYTES = 2_000_000
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9-]{1,63}\Z")
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*\Z")
COUNTRY = re.compile(r"[A-Z]{2}\Z")
RESERVED = frozenset({"health", "static"})
KEY_SCHEMES = ("file:", "env:", "pkcs11:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that the file says, checked."""

    institutions: tuple[Institution, ...]
    access_points: tuple[AccessPoint, ...]
    bindings: tuple[AdapterBinding, ...]
    login_methods: tuple[LoginMethod, ...]
    known_clients: tuple[KnownClient, ...]


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


class _LoginMethod(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    id: str
    institution: str
    kind: str
    names: dict[str, str]
    settings: dict[str, Any] = {}
    enabled: bool = True
    position: int = 0


class _KnownClient(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str
    url: str
    country: str


class _File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    institutions: list[_Institution] = []
    access_points: list[_AccessPoint] = []
    adapters: list[_Adapter] = []
    login_methods: list[_LoginMethod] = []
    known_clients: list[_KnownClient] = []


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
        access_points=tuple(_access_point(one) for one in file.access_points),
        bindings=tuple(_binding(one) for one in file.adapters),
        login_methods=tuple(_login_method(one) for one in file.login_methods),
        known_clients=tuple(_known_client(one, http_on_loopback) for one in file.known_clients),
    )
    _check_references(plan)
    return plan


def _institution(one: _Institution) -> Institution:
    where = f"institution {one.slug!r}"
    _match(SLUG, one.slug, where, "slug")
    _match(COUNTRY, one.country, where, "country")
    _match(HOST, one.domain, where, "domain")
    _url(one.url, where, http=True)
    if PersonIdentifierType.NATIONAL in one.released:
        raise ConfigError(f"{where}: a national identifier can only be restricted, not released")
    if both := sorted(one.released & one.restricted):
        raise ConfigError(f"{where}: {', '.join(both)} cannot be both released and restricted")
    return Institution(
        slug=one.slug,
        names=_texts(one.names, where),
        country=one.country,
        domain=one.domain,
        url=one.url,
        codes=one.codes,
        support=one.support,
        release=ReleaseRule(
            released=one.released,
            restricted=one.restricted,
            restricted_hosts=_hosts(one.restricted_hosts, where),
            details=one.details,
        ),
    )


def _access_point(one: _AccessPoint) -> AccessPoint:
    where = f"access point {one.slug!r}"
    _match(SLUG, one.slug, where, "slug")
    if one.slug in RESERVED:
        raise ConfigError(f"{where}: this address is taken by pages of the gateway")
    for name, reference in (("key", one.key), ("certificate", one.certificate)):
        if not reference.startswith(KEY_SCHEMES):
            raise ConfigError(f"{where}: {name} must be a reference: file:, env: or pkcs11:")
    values = msgspec.structs.asdict(one)
    return AccessPoint(**values | {"allowed_hosts": _hosts(one.allowed_hosts, where)})


def _binding(one: _Adapter) -> AdapterBinding:
    where = f"adapter {one.id!r}"
    _match(SLUG, one.id, where, "id")
    try:
        check_settings(plugin(one.adapter), one.settings)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
    return AdapterBinding(**msgspec.structs.asdict(one))


def _login_method(one: _LoginMethod) -> LoginMethod:
    where = f"login method {one.id!r}"
    _match(SLUG, one.id, where, "id")
    values = msgspec.structs.asdict(one) | {"names": _texts(one.names, where)}
    method = LoginMethod(**values)
    login.settings_of(method)
    return method


def _known_client(one: _KnownClient, http: bool) -> KnownClient:
    where = f"known client {one.name!r}"
    _match(COUNTRY, one.country, where, "country")
    _url(one.url, where, http=http)
    if not 0 < len(one.name) <= 200:
        raise ConfigError(f"{where}: the name must have 1 to 200 characters")
    return KnownClient(name=one.name, url=one.url, country=one.country)


def _check_references(plan: Plan) -> None:
    known = {institution.slug for institution in plan.institutions}
    _once("institution", (one.slug for one in plan.institutions))
    _once("access point", (one.slug for one in plan.access_points))
    _once("adapter", (one.id for one in plan.bindings))
    _once("login method", (one.id for one in plan.login_methods))
    rows: list[tuple[str, AccessPoint | AdapterBinding | LoginMethod]] = [
        *((f"access point {one.slug!r}", one) for one in plan.access_points),
        *((f"adapter {one.id!r}", one) for one in plan.bindings),
        *((f"login method {one.id!r}", one) for one in plan.login_methods),
    ]
    for where, row in rows:
        if row.institution not in known:
            raise ConfigError(f"{where}: there is no institution {row.institution!r} in the file")


def _once(what: str, names: Iterable[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise ConfigError(f"the {what} {name!r} stands {count} times in the file")


def _match(pattern: re.Pattern[str], value: str, where: str, name: str) -> None:
    if not pattern.match(value):
        raise ConfigError(f"{where}: {name} {value[:80]!r} does not have the right form")


def _texts(values: Mapping[str, str], where: str) -> Texts:
    if not values or not all(values.values()):
        raise ConfigError(f"{where}: names must hold a text for each of its languages")
    for language in values:
        _match(LANGUAGE, language, where, "language")
    return texts(**values)


def _hosts(values: Iterable[str], where: str) -> frozenset[str]:
    hosts = frozenset(value.lower() for value in values)
    for host in hosts:
        _match(HOST, host, where, "host")
    return hosts


def _url(value: str, where: str, *, http: bool) -> None:
    try:
        parts = urlsplit(value)
        schemes = ("https", "http") if http else ("https",)
        good = parts.scheme in schemes and parts.hostname and not parts.username
    except ValueError:
        good = False
    if not good or len(value) > 2000:
        raise ConfigError(f"{where}: url is not an absolute address that people can open")

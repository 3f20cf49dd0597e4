"""Our service provider in front of the test identity provider (``saml_issuer``), on a real store.

One institution, ``demo``, whose addresses are those that ``saml_issuer`` uses;
one federation, with the provider ``IDP`` and what a test adds.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

import databases
import saml_issuer
from emrex_gateway.domain import (
    Contact,
    ContactKind,
    Entity,
    Federation,
    Institution,
    LoginMethod,
    Role,
    ServiceKey,
    ServiceProvider,
    texts,
)
from emrex_gateway.errors import ConfigError
from emrex_gateway.login.saml import SamlLogin
from emrex_gateway.settings import Settings
from emrex_gateway.store import SqlStore, open_store
from stores import KEYS, Clock, settings

PUBLIC_URL = "https://gateway.example"
SLO = PUBLIC_URL + "/sp/demo/slo"
SSO_URL = "https://idp.university.example/sso"
LOGOUT_URL = "https://idp.university.example/slo"
SETTINGS = Settings(public_url=PUBLIC_URL)


@cache
def certificate_pem(name: str) -> str:
    """Return the certificate of a key of ``saml_issuer``'s, PEM."""
    made = x509.load_der_x509_certificate(saml_issuer.certificate(name))
    return made.public_bytes(Encoding.PEM).decode()


def secrets(reference: str) -> str:
    """Resolve ``env:KEY-<name>`` and ``env:CERT-<name>`` to keys of ``saml_issuer``, and ``KEYS``."""
    kind, _, name = reference.removeprefix("env:").partition("-")
    if kind == "KEY":
        return saml_issuer.private_pem(name).decode()
    if kind == "CERT":
        return certificate_pem(name)
    if reference in KEYS:
        return KEYS[reference]
    raise ConfigError(f"the secret {reference} is missing")


def key(name: str, **more: Any) -> ServiceKey:
    """Return the references to a key of ``saml_issuer``'s."""
    return ServiceKey(key=f"env:KEY-{name}", certificate=f"env:CERT-{name}", **more)


INSTITUTION = Institution(
    slug="demo",
    names=texts(en="University of Examples", fi="Esimerkkiyliopisto"),
    country="FI",
    domain="university.example",
    url="https://university.example/",
)
PROVIDER = ServiceProvider(
    institution="demo",
    keys=(key("rsa2048:sp"),),
    descriptions=texts(en="Sends study records abroad", fi="Lähettää opintosuoritukset"),
    information=texts(en="https://university.example/emrex"),
    privacy=texts(en="https://university.example/privacy", fi="https://university.example/suoja"),
    logo="https://university.example/logo.png",
    logo_width=120,
    logo_height=80,
    contacts=(
        Contact(kind=ContactKind.TECHNICAL, email="it@university.example", name="IT services"),
        Contact(kind=ContactKind.SECURITY, email="cert@university.example"),
    ),
    categories=frozenset(
        {
            "https://refeds.org/category/code-of-conduct/v2",
            "https://refeds.org/category/personalized",
            "https://myacademicid.org/entity-categories/esi",
        }
    ),
    assurance=frozenset({"https://refeds.org/sirtfi"}),
    attributes=("schacPersonalUniqueCode", "givenName", "sn"),
    required=("schacPersonalUniqueCode",),
)
METHOD = LoginMethod(
    id="haka",
    institution="demo",
    kind="saml",
    names=texts(en="Log in"),
    settings={"federations": ["haka"], "providers": [saml_issuer.IDP]},
)


def descriptor(
    entity_id: str = saml_issuer.IDP,
    *,
    keys: tuple[str, ...] = ("rsa2048",),
    sso_url: str = SSO_URL,
    logout_url: str = LOGOUT_URL,
    response_url: str = "",
    error_url: str = "",
    scope: str = "university.example",
) -> bytes:
    """Return an identity provider's own metadata, as an index keeps it."""
    certificates = "".join(
        '<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>'
        f"{base64.b64encode(saml_issuer.certificate(name)).decode()}"
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        for name in keys
    )
    redirect = 'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"'
    answers = f' ResponseLocation="{response_url}"' if response_url else ""
    logout = (
        f'<md:SingleLogoutService {redirect} Location="{logout_url}"{answers}/>'
        if logout_url
        else ""
    )
    errors = f' errorURL="{error_url}"' if error_url else ""
    return (
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'
        ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
        ' xmlns:shibmd="urn:mace:shibboleth:metadata:1.0"'
        ' xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui"'
        f' entityID="{entity_id}"><md:IDPSSODescriptor{errors} protocolSupportEnumeration='
        '"urn:oasis:names:tc:SAML:2.0:protocol"><md:Extensions>'
        f'<shibmd:Scope regexp="false">{scope}</shibmd:Scope><mdui:UIInfo>'
        '<mdui:DisplayName xml:lang="en">University</mdui:DisplayName></mdui:UIInfo>'
        f"</md:Extensions>{certificates}{logout}"
        f'<md:SingleSignOnService {redirect} Location="{sso_url.replace("&", "&amp;")}"/>'
        "</md:IDPSSODescriptor></md:EntityDescriptor>"
    ).encode()


def entity(entity_id: str = saml_issuer.IDP, federation: str = "haka", **parts: Any) -> Entity:
    """Return an identity provider as the index has it; ``parts`` as ``descriptor`` takes them."""
    made = descriptor(entity_id, **parts)
    return Entity(
        federation=federation,
        entity_id=entity_id,
        roles=frozenset({Role.IDP}),
        names=texts(en="University"),
        valid_until=saml_issuer.NOW + timedelta(days=7),
        digest=hashlib.sha256(made).hexdigest(),
        descriptor=made,
        scopes=("university.example",),
    )


@dataclass(slots=True)
class Party:
    """A store with its rows, a clock at ``saml_issuer.NOW``, and what secrets resolve to."""

    store: SqlStore
    clock: Clock
    secrets: Callable[[str], str] = secrets
    settings: Settings = field(default_factory=lambda: SETTINGS)
    made: SamlLogin | None = None

    def put(self, **rows: Any) -> None:
        """Write rows by the names of ``ConfigRows``' methods: ``service_provider=...``."""
        with self.store.begin() as uow:
            for name, row in rows.items():
                getattr(uow.config, f"put_{name}")(row)

    def index(self, *entities: Entity) -> None:
        """Make these the federation's entities."""
        with self.store.begin() as uow:
            uow.entities.replace("haka", entities)

    def login(self) -> SamlLogin:
        """Return the party's own login; it keeps its keys, as a process does."""
        if self.made is None:
            self.made = SamlLogin(self.settings, self.secrets, self.clock, self.store)
        return self.made


def party(folder: Path, *, lasting: bool = False, **provider: Any) -> Party:
    """Make a store in a folder, with everything in it; ``provider`` changes our service provider.

    ``lasting``: several tests share it.
    """
    made = _open(databases.new_database(folder, _fill, lasting=lasting))
    if provider:
        made.put(service_provider=replace(PROVIDER, **provider))
    return made


def _fill(address: str) -> None:
    made = _open(address)
    made.put(
        institution=INSTITUTION,
        federation=Federation(
            slug="haka",
            names=texts(en="Haka"),
            url="https://federation.example/metadata.xml",
            certificates=("env:FEDERATION",),
        ),
        service_provider=PROVIDER,
        login_method=METHOD,
    )
    made.index(entity())
    made.store.close()


def _open(address: str) -> Party:
    clock = Clock(saml_issuer.NOW)
    chosen = settings(address, public_url=PUBLIC_URL)
    return Party(open_store(chosen, secrets, clock), clock)


def method(**settings: Any) -> LoginMethod:
    """Return the login method with other settings; ``None`` takes one out."""
    values: Mapping[str, Any] = {**METHOD.settings, **settings}
    return replace(METHOD, settings={k: v for k, v in values.items() if v is not None})

"""What the index says of an entity, for an administrator: every row, with what a login would use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from emrex_gateway.domain import Entity, Role
from emrex_gateway.login.saml import Provider, Refused, ourselves, read_provider
from emrex_gateway.services import Services


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """A signing certificate in short; its dates are told, though they do not count (SP37)."""

    subject: str
    expires_at: datetime
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One federation's row of an entity.

    ``provider`` is ``None`` when no login is possible with it, ``problem`` says
    why. ``institution`` is set when the entity is our own service provider.
    """

    entity: Entity
    provider: Provider | None
    certificates: tuple[CertificateFacts, ...]
    problem: str = ""
    institution: str = ""


def show(services: Services, entity_id: str) -> tuple[Found, ...]:
    """Return what every federation says of an entity, expired rows included."""
    with services.store.read() as uow:
        rows = uow.entities.everywhere(entity_id)
        own = {
            ourselves(services.settings, provider).entity_id: provider.institution
            for provider in uow.config.service_providers()
        }
    return tuple(_found(services, row, own.get(entity_id, "")) for row in rows)


def _found(services: Services, row: Entity, institution: str) -> Found:
    provider, problem = None, ""
    if Role.IDP in row.roles:
        try:
            provider = read_provider(
                row.descriptor,
                row.valid_until,
                http_on_loopback=services.settings.http_on_loopback,
            )
        except Refused as error:
            problem = str(error)
    certificates = provider.certificates if provider else ()
    return Found(
        entity=row,
        provider=provider,
        certificates=tuple(_facts(der) for der in certificates),
        problem=problem,
        institution=institution,
    )


def _facts(der: bytes) -> CertificateFacts:
    """Read a certificate that ``read_provider`` accepted."""
    certificate = x509.load_der_x509_certificate(der)
    key = certificate.public_key()
    kind = "RSA" if isinstance(key, rsa.RSAPublicKey) else "EC"
    size = getattr(key, "key_size", 0)
    return CertificateFacts(
        certificate.subject.rfc4514_string(), certificate.not_valid_after_utc, f"{kind} {size}"
    )

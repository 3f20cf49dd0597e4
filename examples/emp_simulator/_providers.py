"""The simulated providers: what a registry lists of them, and their keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from emrex_gateway.domain import AccessPoint, SignedElmo, UnsignedElmo
from emrex_gateway.network import PointEntry
from emrex_gateway.signing import KeyRing

LIFETIME = timedelta(days=397)
_KEY = "env:PROVIDER_KEY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    """Whose records a provider sends, unless the page or the address says otherwise."""

    given_names: str
    family_name: str
    birth_date: date
    esi: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One data access point; ``domain`` is its university's, ``key`` and ``certificate`` are PEM.

    ``newer_codes``: its replies say ``EMP_OK`` where others say ``NCP_OK``.
    """

    slug: str
    name: str
    country: str
    country_name: str
    domain: str
    single_fetch: bool
    newer_codes: bool
    key: str = field(repr=False)
    certificate: str = field(repr=False)

    def sign(self, document: UnsignedElmo) -> SignedElmo:
        """Sign with the provider's own key."""
        point = AccessPoint(
            slug=self.slug, institution=self.slug, key=_KEY, certificate=self.certificate
        )
        return KeyRing(self._secret, lambda: datetime.now(UTC)).signer(point).sign(document)

    def _secret(self, reference: str) -> str:
        """The one secret there is: it stands in this process alone."""
        if reference != _KEY:
            raise KeyError(reference)
        return self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorConfig:
    """``public_url`` is the simulator's address; ``hang_seconds`` how long a time-out takes."""

    public_url: str
    providers: tuple[Provider, ...]
    learner: Learner
    hang_seconds: float = 60.0


def make_provider(
    slug: str,
    name: str,
    country: tuple[str, str],
    *,
    domain: str = "",
    single_fetch: bool = False,
    newer_codes: bool = False,
    elliptic: bool = False,
) -> Provider:
    """Make a provider with a new key; ``country`` is its code and its name."""
    key, certificate = _key_and_certificate(slug, country[0], elliptic=elliptic)
    return Provider(
        slug=slug,
        name=name,
        country=country[0],
        country_name=country[1],
        domain=domain or f"{slug}.example",
        single_fetch=single_fetch,
        newer_codes=newer_codes,
        key=key,
        certificate=certificate,
    )


def entry(config: SimulatorConfig, provider: Provider, query: str = "") -> PointEntry:
    """What a registry lists of a provider; ``query`` (``mode=…``) becomes a part of the address."""
    return PointEntry(
        url=f"{config.public_url}/{provider.slug}/emp{'?' + query if query else ''}",
        name=provider.name,
        acronym=provider.slug.upper(),
        country=provider.country,
        country_name=provider.country_name,
        single_fetch=provider.single_fetch,
        institutions=(provider.name,),
        certificates=(provider.certificate,),
    )


def _key_and_certificate(slug: str, country: str, *, elliptic: bool) -> tuple[str, str]:
    key = (
        ec.generate_private_key(ec.SECP256R1())
        if elliptic
        else rsa.generate_private_key(65537, 2048)
    )
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, country),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Simulator only: {slug}"),
        ]
    )
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + LIFETIME)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()

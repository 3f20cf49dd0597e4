"""A certificate authority for tests of keys, with every mistake that one can make; and a world with keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_public_key
from cryptography.x509.oid import NameOID

from admin_world import AdminWorld, make_admin_world
from emrex_gateway import administering
from emrex_gateway.domain import KeyKind, SigningKey
from emrex_gateway.signing import Locksmith


def name(text: str) -> x509.Name:
    """A name with a common name only."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@cache
def authority_key(which: str = "root") -> ec.EllipticCurvePrivateKey:
    """The key of an authority of that name, one per run."""
    return ec.generate_private_key(ec.SECP256R1())


def authority(which: str = "root", issuer: str | None = None) -> bytes:
    """An authority's own certificate, PEM; of ``issuer``, or its own."""
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(f"Authority {which}"))
        .issuer_name(name(f"Authority {issuer or which}"))
        .public_key(authority_key(which).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=800))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    return builder.sign(authority_key(issuer or which), hashes.SHA256()).public_bytes(Encoding.PEM)


def certify(
    public_key: str,
    *,
    by: str = "root",
    days: float = 397,
    since: float = 1,
    subject: str = "gateway.example",
    ca: bool | None = False,
    usage: str | None = "digital_signature",
    encoding: Encoding = Encoding.PEM,
    now: datetime | None = None,
) -> bytes:
    """Issue a certificate for a public key (PEM): ``since`` days ago, for ``days`` days from now.

    ``usage`` is the one key usage that stands in it; ``None`` leaves the
    extension out.
    """
    now = now or datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(f"Authority {by}"))
        .public_key(load_pem_public_key(public_key.encode()))
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=since))
        .not_valid_after(now + timedelta(days=days))
    )
    if ca is not None:
        builder = builder.add_extension(
            x509.BasicConstraints(ca=ca, path_length=None), critical=True
        )
    if usage is not None:
        flags = dict.fromkeys(
            [
                "digital_signature",
                "content_commitment",
                "key_encipherment",
                "data_encipherment",
                "key_agreement",
                "key_cert_sign",
                "crl_sign",
                "encipher_only",
                "decipher_only",
            ],
            False,
        ) | {usage: True}
        builder = builder.add_extension(x509.KeyUsage(**flags), critical=True)
    return builder.sign(authority_key(by), hashes.SHA256()).public_bytes(encoding)


def make_key_world(folder: Path, **settings: Any) -> AdminWorld:
    """A world with administrators whose signing worker has a directory for keys."""
    keys = folder / "keys"
    keys.mkdir(mode=0o700)
    return make_admin_world(folder, **{"key_directory": str(keys), **settings})


def locksmith(world: AdminWorld) -> Locksmith:
    """What the signing worker of the world has."""
    services = world.services
    return Locksmith(services.settings, services.secrets, services.clock)


def work(world: AdminWorld) -> None:
    """Run the orders for keys that are queued, as the signing worker would."""
    waiting, world.queue.sent = world.queue.sent, []
    for task, id_ in waiting:
        if task == "key":
            administering.work_on_key(world.services, locksmith(world), id_)
        else:
            world.queue.sent.append((task, id_))


def row(world: AdminWorld, id_: str) -> SigningKey:
    """A key's row as it is now."""
    with world.services.store.read() as uow:
        found = uow.keys.get(id_)
    assert found is not None
    return found


def certified(world: AdminWorld, slug: str = "campus", **how: Any) -> SigningKey:
    """A key of an access point with a certificate of the tests' authority."""
    actor = world.operator()
    made = administering.order_key(world.services, actor, slug, kind=KeyKind.EC)
    work(world)
    data = certify(row(world, made.id).public_key, now=world.clock(), **how) + authority()
    return administering.install_certificate(world.services, actor, made.id, data)[0]


def active(world: AdminWorld, slug: str = "campus", **how: Any) -> SigningKey:
    """As ``certified``, and the access point signs with it."""
    made = certified(world, slug, **how)
    return administering.activate_key(world.services, world.operator(), made.id, early=True)

"""Which keys an institution has signed with, now and before."""

from __future__ import annotations

from emrex_gateway.services import Services
from emrex_gateway.signing import leaf, read_facts


def certificates_of(services: Services, institution: str) -> tuple[bytes, ...]:
    """Return the certificates (PEM) of all the institution's access points, switched off or not.

    Those that sign now come first, then those of keys that signed once: a file
    is looked at years after it was made. A key that never signed is not
    among them, nor is a certificate that only a reference names and this
    process cannot read.
    """
    found: dict[str, None] = {}
    earlier: list[str] = []
    with services.store.read() as uow:
        for point in uow.config.access_points_of(institution):
            facts = read_facts(point, services.secrets)
            if facts is not None:
                found[facts.pem] = None
            earlier += [
                leaf(key.certificate)
                for key in uow.keys.of(point.slug)
                if key.certificate and key.activated_at is not None
            ]
    return tuple(pem.encode("ascii") for pem in dict.fromkeys([*found, *earlier]))

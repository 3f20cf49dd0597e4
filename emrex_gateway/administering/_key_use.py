"""Whether a key is in use: what the access points say is what the signing worker goes by."""

from __future__ import annotations

from emrex_gateway.domain import KeyState, SigningKey
from emrex_gateway.errors import ConfigError
from emrex_gateway.ports import UnitOfWork


def refuse_in_use(uow: UnitOfWork, key: SigningKey) -> None:
    """Raise ``ConfigError`` for a key that any access point signs with.

    Its row alone does not tell: a file of institutions may have named the
    key's reference, for this access point or another. One that could not be
    taken over has no certificate, and can be given up.
    """
    named = bool(key.reference and key.certificate) and any(
        point.key == key.reference for point in uow.config.access_points()
    )
    if named or key.state is KeyState.ACTIVE:
        raise ConfigError("the access point signs with this key: use another one first")

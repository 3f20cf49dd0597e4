"""Data access points: their address and owner never change; the rest is settings."""

from __future__ import annotations

from dataclasses import replace

from emrex_gateway.administering._change import Thing, put
from emrex_gateway.administering._institutions import MAX_HOSTS, MAX_NAME
from emrex_gateway.administering._rights import require
from emrex_gateway.administering._values import N_, SLUG, check_texts, match, read_hosts
from emrex_gateway.domain import AccessPoint, Actor, Permission
from emrex_gateway.errors import ConfigError, NotAllowed
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services

ACCESS_POINT = "access point"
RESERVED = frozenset(
    {
        "admin",
        "api",
        "emc",
        "health",
        "healthz",
        "metrics",
        "op",
        "readyz",
        "self-test",
        "share",
        "sp",
        "static",
        "verify",
    }
)
"""What the gateway's own pages have as the first part of their addresses."""
KEY_SCHEMES = ("file:", "env:", "pkcs11:")
PEM = "-----BEGIN CERTIFICATE-----"
MAX_CERTIFICATE = 20_000
MAX_ISSUERS = 2000


def check_access_point(point: AccessPoint) -> AccessPoint:
    """Return the access point as it is kept. Raises ``ConfigError`` for the first thing that is wrong.

    One without a key can be kept, but not switched on.
    """
    where = f"access point {point.slug!r}"
    match(SLUG, point.slug, where, "slug")
    if point.slug in RESERVED:
        raise ConfigError(
            f"{where}: this address is taken by pages of the gateway",
            "slug",
            words=N_("This address is taken by pages of the gateway; choose another."),
        )
    _check_key(point, where)
    check_texts(point.names, where, empty=True)
    if any(len(name.value) > MAX_NAME for name in point.names):
        raise ConfigError(f"{where}: names must have at most {MAX_NAME} characters", "names")
    if len(point.institutions) > MAX_ISSUERS or not all(map(_is_line, point.institutions)):
        raise ConfigError(
            f"{where}: institutions must be at most {MAX_ISSUERS} names or domains",
            "institutions",
            words=N_("Write one name or domain a line, at most %(most)d lines."),
            values={"most": MAX_ISSUERS},
        )
    if len(point.allowed_hosts) > MAX_HOSTS:
        raise ConfigError(f"{where}: at most {MAX_HOSTS} hosts", "allowed_hosts")
    return replace(
        point,
        allowed_hosts=read_hosts(point.allowed_hosts, where, "allowed_hosts"),
        institutions=tuple(dict.fromkeys(point.institutions)),
    )


def _check_key(point: AccessPoint, where: str) -> None:
    """Values are not repeated: one may be a key that somebody wrote where a reference belongs."""
    inline = point.certificate.startswith(PEM) and len(point.certificate) <= MAX_CERTIFICATE
    for name, value, good in (
        ("key", point.key, point.key.startswith(KEY_SCHEMES)),
        ("certificate", point.certificate, point.certificate.startswith(KEY_SCHEMES) or inline),
    ):
        if value and not good:
            raise ConfigError(f"{where}: {name} must be a reference: file:, env: or pkcs11:", name)
        if point.enabled and not value:
            raise ConfigError(
                f"{where}: {name} is missing, so it cannot be switched on",
                "enabled",
                words=N_(
                    "It cannot be switched on before it has a key and a certificate. Make them "
                    "on its page of keys first."
                ),
            )


def _is_line(value: str) -> bool:
    return 0 < len(value) <= MAX_NAME and value.isprintable()


def thing(point: AccessPoint) -> Thing:
    """What an access point is called in the trail."""
    return Thing(ACCESS_POINT, point.slug, point.institution)


def save_access_point(
    services: Services,
    actor: Actor,
    point: AccessPoint,
    *,
    version: str | None = None,
    new: bool = False,
) -> bool:
    """Write an access point's settings; return whether any changed.

    References to keys name files and variables of the signing worker, which
    other institutions' keys may be among: only who runs the installation
    changes them here. Raises ``ConfigError``, ``NotAllowed``, ``EditConflict``.
    """
    require(actor, Permission.CHANGE_SETTINGS, point.institution)
    checked = check_access_point(point)
    with services.store.begin() as uow:
        uow.config.hold()
        uow.config.institution(point.institution)
        before = uow.config.access_point(point.slug)
        if new and before is not None:
            raise ConfigError(
                f"there is an access point {point.slug!r} already",
                "slug",
                words=N_("There is an access point of this address already."),
            )
        if not new and before is None:
            raise ConfigError(f"there is no access point {point.slug!r}")
        old = (before.key, before.certificate) if before else ("", "")
        if (checked.key, checked.certificate) != old and not actor.everywhere(Permission.RUN):
            raise NotAllowed("references to keys are for operators")
        return put_access_point(uow, actor, before, checked, version=version)


def put_access_point(
    uow: UnitOfWork,
    actor: Actor,
    before: AccessPoint | None,
    after: AccessPoint,
    *,
    version: str | None = None,
) -> bool:
    """Write a checked access point with its trail, within a transaction that read ``before``.

    Raises ``ConfigError`` for one that would change hands.
    """
    if before is not None and before.institution != after.institution:
        raise ConfigError(
            f"the access point {after.slug!r} belongs to {before.institution!r}: its address stands"
            " in registries, so make a new one",
            "institution",
        )
    return put(
        uow,
        actor,
        thing(after),
        before,
        after,
        write=uow.config.put_access_point,
        version=version,
    )

"""Signing keys, from the order to the end: what administrators do. The private key is never here."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from emrex_gateway.administering._change import Thing, record
from emrex_gateway.administering._key_use import refuse_in_use
from emrex_gateway.administering._points import MAX_CERTIFICATE, put_access_point
from emrex_gateway.administering._rights import require
from emrex_gateway.administering._values import N_
from emrex_gateway.domain import (
    KEY_TRANSITIONS,
    AccessPoint,
    Actor,
    Institution,
    KeyKind,
    KeyPlace,
    KeyState,
    Permission,
    SigningKey,
    best_text,
)
from emrex_gateway.errors import ConfigError, EditConflict
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services
from emrex_gateway.settings import Settings
from emrex_gateway.signing import Issued, certificate_facts, check_issued

WAIT = timedelta(days=1)
"""How long a new certificate is published before the key is used: EWP's registry reads manifests
every few minutes to hours, clients keep their copy of a list for up to three hours, and EMREG's is
kept by hand."""

MAX_NAME = 64
_S = KeyState


@dataclass(frozen=True, slots=True)
class Shown:
    """What of a key stands in the trail."""

    state: str
    kind: str
    place: str
    certificate: str = ""
    published: bool = False
    problem: str = ""


def places(settings: Settings) -> tuple[KeyPlace, ...]:
    """Return where the signing worker can make keys, as the settings say."""
    found = [KeyPlace.DIRECTORY] if settings.key_directory else []
    return (*found, KeyPlace.TOKEN) if settings.key_token else tuple(found)


def order_key(
    services: Services,
    actor: Actor,
    slug: str,
    *,
    kind: KeyKind = KeyKind.RSA,
    place: KeyPlace | None = None,
    trial: bool = False,
) -> SigningKey:
    """Ask the signing worker for a new key of an access point.

    ``place`` ``None`` is the first that the settings have; ``trial`` asks for
    a certificate that the key signs itself, too. Raises ``ConfigError`` where
    no place for keys is set, or a key is under way already.
    """
    possible = places(services.settings)
    if not possible or (place or possible[0]) not in possible:
        raise ConfigError(
            "there is no place for keys: set key_directory (or key_token) for all processes",
            "place",
            words=N_(
                "No place for keys is set. Whoever runs the gateway sets key_directory or key_token."
            ),
        )
    return _new(services, actor, slug, kind=kind, place=place or possible[0], trial=trial)


def adopt_key(services: Services, actor: Actor, slug: str) -> SigningKey:
    """Let the signing worker look at the key that the access point's references name.

    Its certificate then stands in the database, so that its dates are watched
    and registries' entries can be written; the key stays where it is.
    """
    return _new(services, actor, slug, kind=KeyKind.RSA, place=KeyPlace.REFERENCE, trial=False)


def _new(
    services: Services, actor: Actor, slug: str, *, kind: KeyKind, place: KeyPlace, trial: bool
) -> SigningKey:
    with services.store.begin() as uow:
        uow.config.hold()
        point, institution = _point(uow, slug)
        require(actor, Permission.CHANGE_SETTINGS, point.institution)
        existing = uow.keys.of(slug)
        if any(key.under_way for key in existing):
            raise ConfigError(
                f"access point {slug!r}: a key is under way already",
                words=N_("A key is under way already: go on with that one, or give it up first."),
            )
        adopting = place is KeyPlace.REFERENCE
        if adopting and (not point.key or any(k.state is _S.ACTIVE for k in existing)):
            raise ConfigError(f"access point {slug!r}: there is no key to take over")
        now = services.clock()
        host = urlsplit(services.settings.public_url).hostname or ""
        key = SigningKey(
            id=secrets.token_hex(16),
            access_point=slug,
            kind=kind,
            place=place,
            state=_S.ORDERED,
            common_name=host if 0 < len(host) <= MAX_NAME else slug,
            organization=best_text(institution.names, ("en",))[:MAX_NAME].strip(),
            country=institution.country,
            host=host,
            trial=trial,
            reference=point.key if adopting else "",
            ordered_at=now,
            changed_at=now,
        )
        write_key(uow, actor, point, None, key)
        uow.after_commit(lambda: services.queue.send("key", key.id))
    return key


def retry_key(services: Services, actor: Actor, id_: str) -> SigningKey:
    """Ask once more for a key that could not be made."""

    def again(key: SigningKey) -> SigningKey:
        return replace(key, state=_S.ORDERED, problem="")

    return _change(services, actor, id_, again, task=True)


def install_certificate(
    services: Services, actor: Actor, id_: str, data: bytes
) -> tuple[SigningKey, Issued]:
    """Install what a certificate authority sent for a key; also a renewal for the one that signs.

    Raises ``ConfigError`` (field ``certificate``) that names what is wrong
    with it. A certificate that the key signed itself is installed, and named.
    """
    with services.store.begin() as uow:
        uow.config.hold()
        key, point = _held(uow, id_)
        require(actor, Permission.CHANGE_SETTINGS, point.institution)
        if key.state not in (_S.MADE, _S.CERTIFIED, _S.ACTIVE):
            raise ConfigError("this key takes no certificate now")
        issued = check_issued(data, key.public_key, services.clock())
        if len(issued.pem) > MAX_CERTIFICATE:
            raise ConfigError("the certificate with its chain is too long", "certificate")
        state = _S.CERTIFIED if key.state is _S.MADE else key.state
        after = replace(key, state=state, certificate=issued.pem, changed_at=services.clock())
        write_key(uow, actor, point, key, after)
        if state is _S.ACTIVE:
            put_access_point(uow, actor, point, replace(point, certificate=issued.pem))
    return after, issued


def publish_key(services: Services, actor: Actor, id_: str) -> SigningKey:
    """Tell registries of the next key's certificate, beside that of the key which signs now."""
    now = services.clock()

    def publish(key: SigningKey) -> SigningKey:
        if key.state is not _S.CERTIFIED:
            raise ConfigError("only a key with a certificate can be published")
        return key if key.published else replace(key, published_at=now)

    return _change(services, actor, id_, publish)


def activate_key(services: Services, actor: Actor, id_: str, *, early: bool = False) -> SigningKey:
    """Sign with this key from now on; the former one stays published until it is retired.

    Raises ``ConfigError`` while registries cannot know the certificate yet,
    unless ``early`` says that somebody has looked, and for a certificate that
    has expired meanwhile.
    """
    now = services.clock()
    with services.store.begin() as uow:
        uow.config.hold()
        key, point = _held(uow, id_)
        require(actor, Permission.CHANGE_SETTINGS, point.institution)
        if key.state is not _S.CERTIFIED:
            raise ConfigError("only a key with a certificate can be used")
        check_issued(key.certificate.encode(), key.public_key, now)
        former = next((k for k in uow.keys.of(point.slug) if k.state is _S.ACTIVE), None)
        if not early:
            _require_known(key, point, former, services)
        if former is not None:
            certified = replace(
                former,
                state=_S.CERTIFIED,
                published_at=former.published_at or now,
                changed_at=now,
            )
            write_key(uow, actor, point, former, certified)
        after = replace(
            key,
            state=_S.ACTIVE,
            published_at=key.published_at or now,
            activated_at=now,
            changed_at=now,
        )
        write_key(uow, actor, point, key, after)
        put_access_point(
            uow, actor, point, replace(point, key=key.reference, certificate=key.certificate)
        )
    return after


def _require_known(
    key: SigningKey, point: AccessPoint, former: SigningKey | None, services: Services
) -> None:
    """Raise unless those who verify can know the new certificate, as far as time tells."""
    if former is None and point.key and point.key != key.reference:
        raise ConfigError(
            "the access point signs with a key that is not among these: take it over first, so"
            " that its certificate stays published",
            words=N_(
                "The access point signs with a key that is not in this list. Take that one over "
                "first, so that its certificate stays published."
            ),
        )
    now = services.clock()
    if former is None or certificate_facts(former.certificate).not_after <= now:
        return
    if key.activated_at is not None and key.published:
        return  # back to the former key, which everybody knows
    known = known_at(key)
    if known is None or now < known:
        since = f"before {known:%Y-%m-%d %H:%M} UTC" if known else "before it is published"
        raise ConfigError(
            f"clients may not know this certificate {since}",
            words=N_(
                "Clients may not know this certificate yet: publish it, and wait until the date "
                "that the page names. Or say that you have seen it in the registries."
            ),
        )


def known_at(key: SigningKey) -> datetime | None:
    """When registries and clients should know the key's certificate; ``None`` if not published."""
    return key.published_at + WAIT if key.published_at else None


def retire_key(services: Services, actor: Actor, id_: str) -> SigningKey:
    """Publish the key no more. The one that signs cannot be retired: switch to another first."""

    def retire(key: SigningKey) -> SigningKey:
        return replace(key, state=_S.RETIRED, published_at=None)

    return _change(services, actor, id_, retire, unused=True)


def destroy_key(services: Services, actor: Actor, id_: str) -> SigningKey:
    """Have the signing worker destroy the private key. Nothing brings it back."""

    def destroy(key: SigningKey) -> SigningKey:
        if key.place is KeyPlace.REFERENCE:
            raise ConfigError("this key was not made here: whoever made it has to destroy it")
        if key.published:
            raise ConfigError("the key's certificate is still published: retire the key first")
        return replace(key, state=_S.DESTROYING, problem="")

    return _change(services, actor, id_, destroy, task=True, unused=True)


def _change(
    services: Services,
    actor: Actor,
    id_: str,
    change: Callable[[SigningKey], SigningKey],
    *,
    task: bool = False,
    unused: bool = False,
) -> SigningKey:
    with services.store.begin() as uow:
        uow.config.hold()
        before, point = _held(uow, id_)
        require(actor, Permission.CHANGE_SETTINGS, point.institution)
        if unused:
            refuse_in_use(uow, before)
        after = change(before)
        if after == before:
            return before
        after = replace(after, changed_at=services.clock())
        write_key(uow, actor, point, before, after)
        if task:
            uow.after_commit(lambda: services.queue.send("key", id_))
    return after


def _held(uow: UnitOfWork, id_: str) -> tuple[SigningKey, AccessPoint]:
    key = uow.keys.hold(id_)
    if key is None:
        raise ConfigError("there is no such key")
    return key, _point(uow, key.access_point)[0]


def _point(uow: UnitOfWork, slug: str) -> tuple[AccessPoint, Institution]:
    point = uow.config.access_point(slug)
    if point is None:
        raise ConfigError(f"there is no access point {slug!r}")
    return point, uow.config.institution(point.institution)


def write_key(
    uow: UnitOfWork,
    actor: Actor,
    point: AccessPoint,
    before: SigningKey | None,
    after: SigningKey,
) -> None:
    """Write a key's row with its trail. Raises ``EditConflict`` for a step that its state forbids."""
    if (
        before is not None
        and after.state is not before.state
        and after.state not in KEY_TRANSITIONS[before.state]
    ):
        raise EditConflict(f"a key cannot go from {before.state} to {after.state}")
    thing = Thing("signing key", after.id, point.institution)
    record(uow, actor, thing, _shown(before), _shown(after))
    uow.keys.put(after)


def _shown(key: SigningKey | None) -> Shown | None:
    if key is None:
        return None
    fingerprint = certificate_facts(key.certificate).fingerprint if key.certificate else ""
    return Shown(
        state=key.state.value,
        kind=key.kind.value,
        place=key.place.value,
        certificate=fingerprint,
        published=key.published,
        problem=key.problem,
    )

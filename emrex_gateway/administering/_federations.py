"""Federations: for operators, because every institution's logins trust them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from emrex_gateway import login
from emrex_gateway.administering._change import Thing, put
from emrex_gateway.administering._operators import keep_an_operator
from emrex_gateway.administering._rights import require
from emrex_gateway.administering._values import N_
from emrex_gateway.audit import Event
from emrex_gateway.audit import record as record_event
from emrex_gateway.domain import Actor, Federation, FederationState, LoginMethod, Permission
from emrex_gateway.errors import ConfigError
from emrex_gateway.login.saml import pinned
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services

FEDERATION = "federation"


@dataclass(frozen=True, slots=True, kw_only=True)
class FederationLine:
    """A federation as its page shows it."""

    federation: Federation
    state: FederationState
    methods: tuple[LoginMethod, ...]
    """Login methods whose settings name it, switched-off ones included."""


def federation_lines(services: Services) -> tuple[FederationLine, ...]:
    """Return all federations by slug, with what the last looks found."""
    with services.store.read() as uow:
        return tuple(
            FederationLine(
                federation=one, state=uow.entities.state(one.slug), methods=users_of(uow, one.slug)
            )
            for one in uow.config.federations()
        )


def users_of(uow: UnitOfWork, slug: str) -> tuple[LoginMethod, ...]:
    """Return the login methods whose settings name a federation, of all institutions."""
    return tuple(
        method
        for institution in uow.config.institutions()
        for method in uow.config.login_methods(institution.slug)
        if method.kind == "saml" and slug in _named(method)
    )


def save_federation(
    services: Services,
    actor: Actor,
    federation: Federation,
    *,
    version: str | None = None,
    new: bool = False,
) -> bool:
    """Write a federation; return whether anything changed.

    Its certificates are read first. With another address or other certificates
    the next look is due at once. Raises ``ConfigError``, ``NotAllowed``,
    ``EditConflict``.
    """
    require(actor, Permission.RUN)
    _read_certificates(services, federation)
    with services.store.begin() as uow:
        uow.config.hold()
        before = uow.config.federation(federation.slug)
        if new and before is not None:
            raise ConfigError(
                f"there is a federation {federation.slug!r} already",
                "slug",
                words=N_("There is a federation of this name already."),
            )
        if not new and before is None:
            raise ConfigError(f"there is no federation {federation.slug!r}")
        changed = put_federation(uow, actor, before, federation, version=version)
        if changed and federation.enabled and _another_source(before, federation):
            _order(services, uow, federation.slug)
    return changed


def switch_federation(
    services: Services, actor: Actor, slug: str, *, on: bool, version: str | None = None
) -> bool:
    """Switch a federation on or off; return whether that changed anything."""
    require(actor, Permission.RUN)
    with services.store.begin() as uow:
        uow.config.hold()
        before = _federation(uow, slug)
        after = replace(before, enabled=on)
        changed = put_federation(uow, actor, before, after, version=version)
        if changed and on:
            _order(services, uow, slug)
    return changed


def refresh_federation(services: Services, actor: Actor, slug: str) -> None:
    """Let a job look at a federation's metadata now. Raises ``ConfigError`` for one that is off."""
    require(actor, Permission.RUN)
    with services.store.begin() as uow:
        uow.config.hold()
        if not _federation(uow, slug).enabled:
            raise ConfigError(f"the federation {slug!r} is switched off")
        _order(services, uow, slug)


def acknowledge_alarm(services: Services, actor: Actor, slug: str) -> bool:
    """Take an alarm back: somebody has looked into it; the trail says who. Return whether there was one."""
    require(actor, Permission.RUN)
    with services.store.begin() as uow:
        uow.config.hold()
        _federation(uow, slug)
        state = uow.entities.state(slug)
        if not state.alarm:
            return False
        uow.entities.put_state(slug, replace(state, alarm=""))
        record_event(
            uow,
            Event.SETTING_CHANGED,
            by=actor.account,
            kind=FEDERATION,
            key=slug,
            institution="",
            field="alarm",
            before=state.alarm,
            after="",
        )
    return True


def remove_federation(
    services: Services, actor: Actor, slug: str, *, version: str | None = None
) -> None:
    """Remove a federation that is off and that no login method names, with its index.

    It can be put back for a while; its metadata are then fetched anew.
    """
    require(actor, Permission.RUN)
    with services.store.begin() as uow:
        uow.config.hold()
        before = _federation(uow, slug)
        if before.enabled:
            raise ConfigError(f"the federation {slug!r} is switched on: switch it off first")
        if users := users_of(uow, slug):
            names = ", ".join(method.id for method in users[:10])
            raise ConfigError(f"login methods name the federation {slug!r}: {names}")
        put(uow, actor, Thing(FEDERATION, slug), before, None, version=version)
        uow.logins.remove(before, kind=FEDERATION, key=slug, by=actor.account, at=services.clock())


def put_back_federation(services: Services, actor: Actor, slug: str) -> None:
    """Put a removed federation back, switched off."""
    require(actor, Permission.RUN)
    with services.store.begin() as uow:
        uow.config.hold()
        kept = uow.logins.kept(FEDERATION, slug, Federation)
        if kept is None:
            raise ConfigError(f"the federation {slug!r} is not kept any more")
        if uow.config.federation(slug) is not None:
            raise ConfigError(f"there is a federation {slug!r} again: it was not overwritten")
        put_federation(uow, actor, None, replace(kept, enabled=False))
        uow.logins.put_back(FEDERATION, slug)


def put_federation(
    uow: UnitOfWork,
    actor: Actor,
    before: Federation | None,
    after: Federation,
    *,
    version: str | None = None,
) -> bool:
    """Write a checked federation with its trail, within a transaction that read ``before``.

    Raises ``ConfigError`` when the last operator could not log in without it.
    """
    with keep_an_operator(uow, actor):
        return put(
            uow,
            actor,
            Thing(FEDERATION, after.slug),
            before,
            after,
            write=uow.config.put_federation,
            version=version,
        )


def _federation(uow: UnitOfWork, slug: str) -> Federation:
    found = uow.config.federation(slug)
    if found is None:
        raise ConfigError(f"there is no federation {slug!r}")
    return found


def _named(method: LoginMethod) -> frozenset[str]:
    try:
        settings = login.settings_of(method)
    except ConfigError:
        return frozenset()
    return settings.where.federations if isinstance(settings, login.SamlSettings) else frozenset()


def _read_certificates(services: Services, federation: Federation) -> None:
    try:
        pinned(services.secrets, federation)
    except ConfigError as error:
        raise ConfigError(str(error), "certificates") from None


def _another_source(before: Federation | None, after: Federation) -> bool:
    return before is None or (before.url, before.certificates, before.enabled, before.kind) != (
        after.url,
        after.certificates,
        after.enabled,
        after.kind,
    )


def _order(services: Services, uow: UnitOfWork, slug: str) -> None:
    """Make the next look due now: the job looks at the row, and so does the sweep if the queue loses it."""
    state = uow.entities.state(slug)
    uow.entities.put_state(slug, replace(state, next_at=services.clock()))
    uow.after_commit(lambda: services.queue.send("refresh", slug))

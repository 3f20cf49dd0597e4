"""An institution's adapters: their settings, order, switch, and removal.

An adapter is in force only after its system answered with exactly these
settings: whatever would change that is ordered as a try (``_tries``), whose
job writes the row when the system answers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec

from emrex_gateway.adapters import check_settings, plugin, secret_references
from emrex_gateway.administering._change import Thing, put, version_of
from emrex_gateway.administering._references import require_references
from emrex_gateway.administering._rights import require
from emrex_gateway.administering._tries import order
from emrex_gateway.administering._values import N_, SLUG, match
from emrex_gateway.domain import Actor, AdapterBinding, Permission, Try, TryQuestion
from emrex_gateway.errors import ConfigError, EditConflict
from emrex_gateway.ports import Circuit, UnitOfWork
from emrex_gateway.services import Services

ADAPTER = "adapter"
STEP = 10
"""Between two positions, so that a file can put something between."""
MAX_ADAPTERS = 30
MAX_SETTINGS = 100_000
"""The most bytes of an adapter's settings, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterState:
    """An adapter as its page shows it. ``problem``: it cannot work as it stands. ``last``: its last try."""

    binding: AdapterBinding
    problem: str = ""
    last: Try | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedAdapter:
    """What saving did. With ``trial``, a job asks the system first and then writes it."""

    changed: bool
    trial: str | None = None


def adapter_thing(binding: AdapterBinding) -> Thing:
    """What an adapter is called in the trail."""
    return Thing(ADAPTER, binding.id, binding.institution)


def find_adapter(uow: UnitOfWork, institution: str, id_: str) -> AdapterBinding:
    """Return an institution's adapter. Raises ``ConfigError``."""
    found = uow.config.binding(id_)
    if found is None or found.institution != institution:
        raise ConfigError(f"the institution {institution} has no adapter {id_!r}")
    return found


def adapter_states(services: Services, institution: str) -> tuple[AdapterState, ...]:
    """Return an institution's adapters: the enabled ones in their order, then the others."""
    with services.store.read() as uow:
        found = [(one, uow.tries.latest(one.id)) for one in uow.config.bindings(institution)]
    return tuple(AdapterState(binding=b, problem=_problem(b), last=last) for b, last in found)


def check_adapter(binding: AdapterBinding) -> AdapterBinding:
    """Return the adapter as it is kept. Raises ``ConfigError`` for the first thing that is wrong."""
    where = f"adapter {binding.id!r}"
    match(SLUG, binding.id, where, "id")
    try:
        settings = as_settings(binding.settings)
        check_settings(plugin(binding.adapter), settings)
    except ConfigError as error:
        raise ConfigError(
            f"{where}: {error}", error.field, words=error.words, values=error.values
        ) from None
    return replace(binding, settings=settings)


def save_adapter(
    services: Services,
    actor: Actor,
    binding: AdapterBinding,
    *,
    version: str | None = None,
    new: bool = False,
    off: bool = False,
    send: bool = True,
) -> SavedAdapter:
    """Write an adapter's settings, or let a job do it.

    A new one is written switched off, and one that is off stays off. New
    settings of one that is on come into force when its system answers with
    them, and not before; with ``off`` they are written at once and it is
    switched off. ``enabled`` and ``position`` are not for this to change.
    Without ``send`` the caller carries the try out (``run_try``).

    Raises ``ConfigError``, ``NotAllowed``, ``EditConflict``.
    """
    require(actor, Permission.CHANGE_SETTINGS, binding.institution)
    checked = check_adapter(binding)
    with services.store.begin() as uow:
        uow.config.hold()
        uow.config.institution(binding.institution)
        before = _before(uow, checked, new)
        _require_secrets(services, actor, before, checked)
        enabled = before is not None and before.enabled and not off
        position = before.position if before else _last(uow, binding.institution)
        after = replace(checked, enabled=enabled, position=position)
        if before is not None and enabled and before.settings != after.settings:
            _require_version(before, version)
            question = TryQuestion(binding=after, version=version_of(before))
            trial = order(services, uow, actor, question, apply=True, send=send)
            return SavedAdapter(changed=False, trial=trial)
        return SavedAdapter(changed=put_adapter(uow, actor, before, after, version=version))


def put_adapter(
    uow: UnitOfWork,
    actor: Actor,
    before: AdapterBinding | None,
    after: AdapterBinding,
    *,
    version: str | None = None,
) -> bool:
    """Write a checked adapter with its trail, within a transaction that read ``before``.

    Other settings begin with a closed circuit: the failures were those of the former ones.
    """
    thing = adapter_thing(after)
    changed = put(uow, actor, thing, before, after, write=uow.config.put_binding, version=version)
    if changed and before is not None and before.settings != after.settings:
        uow.circuits.put(after.id, Circuit())
    return changed


def switch_on_adapter(
    services: Services,
    actor: Actor,
    institution: str,
    id_: str,
    *,
    version: str | None = None,
    send: bool = True,
) -> str | None:
    """Let a job ask the system and switch the adapter on when it answers; return the try's id.

    ``None``: it is on already. Raises ``ConfigError`` for settings that cannot work, ``NotAllowed``.
    """
    require(actor, Permission.CHANGE_SETTINGS, institution)
    with services.store.begin() as uow:
        uow.config.hold()
        before = find_adapter(uow, institution, id_)
        if before.enabled:
            return None
        after = replace(check_adapter(before), enabled=True)
        _require_version(before, version)
        question = TryQuestion(binding=after, version=version_of(before))
        return order(services, uow, actor, question, apply=True, send=send)


def switch_off_adapter(
    services: Services, actor: Actor, institution: str, id_: str, *, version: str | None = None
) -> bool:
    """Switch an adapter off; return whether it was on. Students' transfers from now on do without it."""
    require(actor, Permission.CHANGE_SETTINGS, institution)
    with services.store.begin() as uow:
        uow.config.hold()
        before = find_adapter(uow, institution, id_)
        return put_adapter(uow, actor, before, replace(before, enabled=False), version=version)


def move_adapter(services: Services, actor: Actor, institution: str, id_: str, *, up: bool) -> bool:
    """Change places with the one above or below, of those of the same state; return whether it did."""
    require(actor, Permission.CHANGE_SETTINGS, institution)
    with services.store.begin() as uow:
        uow.config.hold()
        one = find_adapter(uow, institution, id_)
        rows = [b for b in uow.config.bindings(institution) if b.enabled == one.enabled]
        at = rows.index(one)
        to = at - 1 if up else at + 1
        if not 0 <= to < len(rows):
            return False
        rows[at], rows[to] = rows[to], rows[at]
        for place, row in enumerate(rows):
            put_adapter(uow, actor, row, replace(row, position=place * STEP))
    return True


def remove_adapter(
    services: Services, actor: Actor, institution: str, id_: str, *, version: str | None = None
) -> bool:
    """Remove an adapter; what it said is kept for a while, so that it can be put back."""
    require(actor, Permission.CHANGE_SETTINGS, institution)
    with services.store.begin() as uow:
        uow.config.hold()
        before = find_adapter(uow, institution, id_)
        put(uow, actor, adapter_thing(before), before, None, version=version)
        now = services.clock()
        uow.logins.remove(before, kind=ADAPTER, key=id_, by=actor.account, at=now)
    return True


def restore_adapter(services: Services, actor: Actor, institution: str, id_: str) -> bool:
    """Put a removed adapter back, switched off. Raises ``ConfigError`` when there is none to put back."""
    require(actor, Permission.CHANGE_SETTINGS, institution)
    with services.store.begin() as uow:
        uow.config.hold()
        kept = uow.logins.kept(ADAPTER, id_, AdapterBinding)
        if kept is None or kept.institution != institution:
            raise ConfigError(f"there is no removed adapter {id_!r} to put back")
        _before(uow, kept, new=True)
        uow.logins.put_back(ADAPTER, id_)
        return put_adapter(uow, actor, None, replace(kept, enabled=False))


def _before(uow: UnitOfWork, binding: AdapterBinding, new: bool) -> AdapterBinding | None:
    """The row that a change starts from. Raises ``ConfigError`` where the names do not fit it."""
    taken = uow.config.binding(binding.id)
    if new:
        if taken is not None:
            raise ConfigError(
                f"there is an adapter {binding.id!r} already",
                "id",
                words=N_("There is an adapter of this short name already."),
            )
        if len(uow.config.bindings(binding.institution)) >= MAX_ADAPTERS:
            raise ConfigError(f"an institution has at most {MAX_ADAPTERS} adapters")
        return None
    if taken is None or taken.institution != binding.institution:
        raise ConfigError(f"the institution {binding.institution} has no adapter {binding.id!r}")
    if taken.adapter != binding.adapter:
        raise ConfigError("an adapter stays of its kind: add another one", "adapter")
    return taken


def _require_version(before: AdapterBinding, version: str | None) -> None:
    if version is not None and version != version_of(before):
        raise EditConflict(f"the adapter {before.id} was changed meanwhile")


def _require_secrets(
    services: Services, actor: Actor, before: AdapterBinding | None, after: AdapterBinding
) -> None:
    require_references(services, actor, after.institution, _references(before), _references(after))


def _references(binding: AdapterBinding | None) -> dict[str, list[str]]:
    if binding is None:
        return {}
    found = secret_references(plugin(binding.adapter), binding.settings)
    return {field: [value] for field, value in found.items()}


def _last(uow: UnitOfWork, institution: str) -> int:
    return max((row.position for row in uow.config.bindings(institution)), default=-STEP) + STEP


def _problem(binding: AdapterBinding) -> str:
    try:
        check_settings(plugin(binding.adapter), binding.settings)
    except ConfigError as error:
        return str(error)
    return ""


def as_settings(value: Any) -> dict[str, Any]:
    """Return settings as a row holds them: plain values. Raises ``ConfigError``."""
    try:
        plain = msgspec.to_builtins(dict(value))
        weight = len(msgspec.json.encode(plain))
    except (TypeError, ValueError):
        raise ConfigError("the settings cannot be kept", "settings") from None
    if not isinstance(plain, dict) or weight > MAX_SETTINGS:
        raise ConfigError(f"the settings weigh more than {MAX_SETTINGS} bytes", "settings")
    return plain

"""One change of a configured thing: who, what, from what to what; and whether somebody was faster."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import Actor, LangString
from emrex_gateway.errors import EditConflict
from emrex_gateway.ports import UnitOfWork

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Thing:
    """What is configured: ``kind`` as people call it (``adapter``), its key, and whose it is."""

    kind: str
    key: str
    institution: str = ""


EMPTY = "(empty)"
MAX_VALUE = 1000
"""The most characters of a value in the trail; of a longer one the beginning and a digest stand there."""


def fields_of(row: object | None) -> Mapping[str, str]:
    """Return a frozen row's settings as flat texts: ``names.en``, ``settings.base_url``, ``release.details``.

    The same row gives the same texts in every process; an empty value is left out.
    """
    found: dict[str, str] = {}
    if row is not None:
        _flatten("", row, found)
    return found


def version_of(row: object | None) -> str:
    """Return a short digest of a row's settings, for a form to carry: another one means another content."""
    text = json.dumps(fields_of(row), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def put(
    uow: UnitOfWork,
    actor: Actor,
    thing: Thing,
    before: T | None,
    after: T | None,
    *,
    write: Callable[[T], None] | None = None,
    version: str | None = None,
    hidden: Iterable[str] = (),
) -> bool:
    """Write ``after`` (by ``write``) and record each setting that changes; return whether any did.

    ``before`` must be read in the same transaction. ``version`` is what the
    form that asks for the change was made from: raises ``EditConflict`` when
    the row is another by now. Fields in ``hidden`` are recorded as changed
    without their values (an administrator's identifier). ``after`` ``None``
    records a removal.
    """
    if version is not None and version != version_of(before):
        raise EditConflict(f"the {thing.kind} {thing.key} was changed meanwhile")
    if not record(uow, actor, thing, before, after, hidden=hidden):
        return False
    if after is not None and write is not None:
        write(after)
    return True


def record(
    uow: UnitOfWork,
    actor: Actor,
    thing: Thing,
    before: object | None,
    after: object | None,
    *,
    hidden: Iterable[str] = (),
) -> bool:
    """Record the difference between two rows as audit events; return whether there is any."""
    old, new = fields_of(before), fields_of(after)
    if before is not None and after is not None and old == new:
        return False
    base = {
        "by": actor.account,
        "kind": thing.kind,
        "key": thing.key,
        "institution": thing.institution,
    }
    if before is None:
        audit.record(uow, Event.SETTING_ADDED, **base)
    if after is None:
        audit.record(uow, Event.SETTING_REMOVED, **base)
        return True
    concealed = frozenset(hidden)
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) == new.get(name):
            continue
        values = (old.get(name, ""), new.get(name, ""))
        shown = ("…", "…") if name in concealed else tuple(_short(value) for value in values)
        audit.record(
            uow, Event.SETTING_CHANGED, **base, field=name, before=shown[0], after=shown[1]
        )
    return True


def _flatten(path: str, value: Any, found: dict[str, str]) -> None:
    if isinstance(value, LangString):
        found[f"{path}.{value.lang or '-'}"] = value.value
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for one in dataclasses.fields(value):
            _flatten(f"{path}.{one.name}" if path else one.name, getattr(value, one.name), found)
    elif isinstance(value, Mapping):
        for name in sorted(value, key=str):
            inner = value[name]
            if inner is None or (not inner and isinstance(inner, str | Collection)):
                # said on purpose, where a plugin's default may be another
                found[f"{path}.{name}"] = EMPTY
            else:
                _flatten(f"{path}.{name}", inner, found)
    elif isinstance(value, set | frozenset | list | tuple):
        _flatten_several(path, value, found)
    elif value is not None and value != "":
        found[path] = _scalar(value)


def _flatten_several(path: str, values: Collection[Any], found: dict[str, str]) -> None:
    if all(isinstance(one, str | int | Enum) for one in values):
        scalars = [_scalar(one) for one in values]
        if scalars:
            # what has a comma itself is quoted: other lists must make other texts
            quoted = [json.dumps(one) if set(one) & {",", '"'} else one for one in scalars]
            found[path] = ", ".join(sorted(quoted) if isinstance(values, Set) else quoted)
        return
    if isinstance(values, Set):  # their order differs from process to process
        values = sorted(values, key=lambda one: sorted(fields_of(one).items()))
    for number, one in enumerate(values):
        _flatten(path if isinstance(one, LangString) else f"{path}.{number}", one, found)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    return str(value)


def _short(value: str) -> str:
    """One printable line; control characters become blanks."""
    line = "".join(c if c.isprintable() else " " for c in value)
    if len(line) <= MAX_VALUE:
        return line
    digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{line[: MAX_VALUE - 30]}… (sha256 {digest})"

"""What decides an administrator's roles: entitlements, groups, and what the provider calls them.

Read only by methods for administrators, which want nothing that finds a
student. Sources: eduPerson (eduPersonEntitlement), eduMember (isMemberOf), the
REFEDS OIDCre white paper's names of claims.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

MAX_VALUES = 500
MAX_LENGTH = 512

ENTITLEMENT_CLAIMS = ("eduperson_entitlement", "entitlements")
GROUP_CLAIMS = ("groups",)
ACCOUNT_CLAIMS = ("sub", "eduperson_principal_name")


def role_values(found: Iterable[object]) -> frozenset[str]:
    """Return what can be compared with a rule's value: single lines, some hundred at the most.

    Anything else is left out, so that it gives nobody a role.
    """
    kept: set[str] = set()
    for value in found:
        if isinstance(value, str) and 0 < len(value) <= MAX_LENGTH and value.isprintable():
            kept.add(value)
        if len(kept) >= MAX_VALUES:
            break
    return frozenset(kept)


def claimed(claims: Mapping[str, Any], names: Iterable[str]) -> frozenset[str]:
    """Return the values of all claims of these names.

    A name with dots that is no claim's own leads into objects
    (``realm_access.roles``); a single text counts as one value.
    """
    found: list[object] = []
    for name in names:
        value = claims.get(name, _inside(claims, name.split(".")))
        found += value if isinstance(value, list) else [value]
    return role_values(found)


def _inside(claims: Mapping[str, Any], path: list[str]) -> object:
    value: object = claims
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value

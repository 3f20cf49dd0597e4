"""The attributes that mean something here, under every name that providers use for them.

Sources: eduPerson 4.x, SCHAC 1.6, norEdu* 1.5, funetEduPerson 2.x and the
SAML V2.0 Subject Identifier Attributes Profile for the names; the MACE-Dir
attribute profile for the old ``urn:mace:`` ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from emrex_gateway.login._person import MAX_VALUES, ClaimRule
from emrex_gateway.login.saml._types import Attribute

IGNORED = "ignored"
"""The rule that switches an attribute off."""

_URI = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"


class Kind(StrEnum):
    """What an attribute is for, which decides how its values are checked."""

    IDENTIFIER = "identifier"
    """Finds a student, under the definition's ``rule``."""
    ACCOUNT = "account"
    """``name@scope``: the account's key, and a word on the home organization."""
    DOMAIN = "domain"
    """A scope by itself: the home organization."""
    DATE = "date"
    TEXT = "text"
    """A person's name, in any script."""
    WORD = "word"
    """Printable ASCII without blanks: a URI, a language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One attribute. ``name`` is what metadata requests; ``others`` are understood as well.

    ``basic``: the friendly name itself is understood where the provider names
    attributes so (name format basic or unspecified). Only for names that
    nobody uses for anything else.
    """

    name: str
    friendly_name: str
    kind: Kind
    rule: ClaimRule | None = None
    others: tuple[str, ...] = ()
    basic: bool = False
    name_format: str = _URI


def _definition(
    friendly: str,
    name: str,
    kind: Kind,
    *,
    old: str = "",
    rule: ClaimRule | None = None,
    basic: bool = True,
) -> Definition:
    others = (f"urn:mace:{old}:attribute-def:{friendly}",) if old else ()
    return Definition(
        name=name, friendly_name=friendly, kind=kind, rule=rule, others=others, basic=basic
    )


_DEFINITIONS = (
    _definition(
        "schacPersonalUniqueCode",
        "urn:oid:1.3.6.1.4.1.25178.1.2.14",
        Kind.IDENTIFIER,
        rule=ClaimRule.UNIQUE_CODE,
        old="terena.org",
    ),
    _definition(
        "funetEduPersonLearnerId",
        "urn:oid:1.3.6.1.4.1.16161.1.1.27",
        Kind.IDENTIFIER,
        rule=ClaimRule.NATIONAL_LEARNER,
    ),
    _definition(
        "norEduPersonLIN",
        "urn:oid:1.3.6.1.4.1.2428.90.1.4",
        Kind.IDENTIFIER,
        rule=ClaimRule.LIN,
        old="dir",
    ),
    _definition(
        "nationalIdentificationNumber",
        "urn:oid:1.2.246.21",
        Kind.IDENTIFIER,
        rule=ClaimRule.NATIONAL,
        basic=False,
    ),
    _definition(
        "schacPersonalUniqueID",
        "urn:oid:1.3.6.1.4.1.25178.1.2.15",
        Kind.IDENTIFIER,
        rule=ClaimRule.UNIQUE_ID,
        old="terena.org",
    ),
    _definition(
        "norEduPersonNIN",
        "urn:oid:1.3.6.1.4.1.2428.90.1.5",
        Kind.IDENTIFIER,
        rule=ClaimRule.NATIONAL,
        old="dir",
    ),
    _definition(
        "pairwise-id",
        "urn:oasis:names:tc:SAML:attribute:pairwise-id",
        Kind.ACCOUNT,
        basic=False,
    ),
    _definition(
        "subject-id", "urn:oasis:names:tc:SAML:attribute:subject-id", Kind.ACCOUNT, basic=False
    ),
    _definition(
        "eduPersonPrincipalName", "urn:oid:1.3.6.1.4.1.5923.1.1.1.6", Kind.ACCOUNT, old="dir"
    ),
    _definition(
        "schacHomeOrganization", "urn:oid:1.3.6.1.4.1.25178.1.2.9", Kind.DOMAIN, old="terena.org"
    ),
    _definition("schacDateOfBirth", "urn:oid:1.3.6.1.4.1.25178.1.2.3", Kind.DATE, old="terena.org"),
    _definition("givenName", "urn:oid:2.5.4.42", Kind.TEXT, old="dir"),
    _definition("sn", "urn:oid:2.5.4.4", Kind.TEXT, old="dir"),
    _definition("displayName", "urn:oid:2.16.840.1.113730.3.1.241", Kind.TEXT, old="dir"),
    _definition("preferredLanguage", "urn:oid:2.16.840.1.113730.3.1.39", Kind.WORD, old="dir"),
    _definition("eduPersonAssurance", "urn:oid:1.3.6.1.4.1.5923.1.1.1.11", Kind.WORD, old="dir"),
)

ATTRIBUTES: Mapping[str, Definition] = {d.friendly_name: d for d in _DEFINITIONS}
"""What is understood without any setting, by friendly name."""

ENTITLEMENT = "entitlement"
GROUP = "group"
"""For administrators' logins: an attribute whose values the role rules look at (``_roles``)."""

RULES = frozenset({IGNORED, ENTITLEMENT, GROUP, *ClaimRule, *ATTRIBUTES})
"""What ``SamlSettings.attributes`` may name as a rule: a kind of identifier, another name for an
attribute of ``ATTRIBUTES``, ``entitlement``, ``group``, or ``ignored``."""

_BY_NAME = {name: d for d in _DEFINITIONS for name in (d.name, *d.others)}
_BASIC = {d.friendly_name: d for d in _DEFINITIONS if d.basic}
_BASIC_FORMATS = frozenset(
    {
        "",
        "urn:oasis:names:tc:SAML:2.0:attrname-format:basic",
        "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified",
    }
)

Sorted = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Ruled:
    """Values that are to become identifiers. ``label`` is the friendly name, or ``name`` where there is none."""

    name: str
    label: str
    rule: ClaimRule
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """What a provider sent, sorted: values by friendly name, and those under an institution's own rule."""

    known: Sorted
    ruled: tuple[Ruled, ...]


def sort_attributes(attributes: Iterable[Attribute], more: Mapping[str, str]) -> Sent:
    """Sort attributes by what they mean; what nobody asked for is left out.

    ``more`` is ``SamlSettings.attributes``. A kind of identifier there takes
    the place of the attribute's usual one; an account's name keeps its scope
    check beside it. The friendly name that a message states is not looked at
    (SAML core section 2.7.3.1: it is for people).
    """
    known: dict[str, tuple[str, ...]] = {}
    ruled: list[Ruled] = []
    for attribute in attributes:
        rule = more.get(attribute.name, "")
        if rule in (IGNORED, ENTITLEMENT, GROUP):
            continue
        definition = ATTRIBUTES.get(rule) or _definition_of(attribute)
        values = attribute.values[:MAX_VALUES]
        label = definition.friendly_name if definition else attribute.name
        if rule and rule not in ATTRIBUTES:
            ruled.append(Ruled(attribute.name, label, ClaimRule(rule), values))
        elif definition and definition.rule:
            ruled.append(Ruled(attribute.name, label, definition.rule, values))
        if definition and not definition.rule:
            known[label] = (*known.get(label, ()), *values)[:MAX_VALUES]
    return Sent(known, tuple(ruled))


def _definition_of(attribute: Attribute) -> Definition | None:
    if found := _BY_NAME.get(attribute.name):
        return found
    return _BASIC.get(attribute.name) if attribute.name_format in _BASIC_FORMATS else None

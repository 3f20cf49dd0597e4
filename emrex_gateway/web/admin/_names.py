"""Roles, kinds and institutions by the names that people read."""

from __future__ import annotations

from flask import g
from flask_babel import gettext as _

from emrex_gateway.domain import AccountKind, AdminRole, Grant, RuleKind
from emrex_gateway.web._context import services
from emrex_gateway.web._languages import best


def role_name(role: AdminRole) -> str:
    """A role's name."""
    names: dict[AdminRole | RuleKind | AccountKind, str] = {
        AdminRole.OPERATOR: _("Operator"),
        AdminRole.ADMINISTRATOR: _("Administrator"),
        AdminRole.OFFICER: _("Officer"),
        AdminRole.SUPPORT: _("Support"),
        AdminRole.AUDITOR: _("Auditor"),
    }
    return names[AdminRole(role)]


def role_about(role: AdminRole) -> str:
    """What a role may do, in a sentence."""
    names: dict[AdminRole | RuleKind | AccountKind, str] = {
        AdminRole.OPERATOR: _("runs the gateway: everything, everywhere"),
        AdminRole.ADMINISTRATOR: _("settings, keys, logins and transfers of the institution"),
        AdminRole.OFFICER: _("receives the records that students bring"),
        AdminRole.SUPPORT: _("sees transfers, without what is in them"),
        AdminRole.AUDITOR: _("reads the audit trail and the statistics"),
    }
    return names[role]


def rule_kind_name(kind: RuleKind) -> str:
    """What of a login a rule looks at."""
    names: dict[AdminRole | RuleKind | AccountKind, str] = {
        RuleKind.ENTITLEMENT: _("Entitlement"),
        RuleKind.GROUP: _("Group"),
        RuleKind.IDENTIFIER: _("Identifier of one person"),
    }
    return names[kind]


def account_kind_name(kind: AccountKind) -> str:
    """Where an account lives."""
    names: dict[AdminRole | RuleKind | AccountKind, str] = {
        AccountKind.LOCAL: _("this gateway"),
        AccountKind.FEDERATED: _("a login provider"),
        AccountKind.HOST: _("the application around the gateway"),
    }
    return names[kind]


def institution_name(slug: str) -> str:
    """An institution's name for this reader; its slug when there is none (any more)."""
    if "emrex_institution_names" not in g:
        with services().store.read() as uow:
            g.emrex_institution_names = {i.slug: i.names for i in uow.config.institutions()}
    return best(g.emrex_institution_names.get(slug, ()), slug)


def grant_name(grant: Grant) -> str:
    """A role and where it holds."""
    role = role_name(grant.role)
    if grant.institution:
        place = institution_name(grant.institution)
        return str(_("%(role)s: %(place)s", role=role, place=place))
    if grant.role is AdminRole.OPERATOR:
        return role
    return str(_("%(role)s: everywhere", role=role))

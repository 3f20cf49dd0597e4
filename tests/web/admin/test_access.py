"""Who may open what: every route under /admin, for every role, here and at another institution."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from werkzeug.routing import Rule

from admin_world import AdminBrowser, AdminWorld, make_admin_world
from emrex_gateway.domain import PERMISSIONS, AdminRole, Grant, Permission
from emrex_gateway.web.admin import _frame

GRANTS = {
    "operator": Grant(AdminRole.OPERATOR),
    "administrator here": Grant(AdminRole.ADMINISTRATOR, "campus"),
    "administrator elsewhere": Grant(AdminRole.ADMINISTRATOR, "elsewhere"),
    "administrator everywhere": Grant(AdminRole.ADMINISTRATOR),
    "officer": Grant(AdminRole.OFFICER, "campus"),
    "support": Grant(AdminRole.SUPPORT, "campus"),
    "auditor": Grant(AdminRole.AUDITOR),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> AdminWorld:
    made = make_admin_world(Path(tmp_path_factory.mktemp("access")))
    with made.services.store.begin() as uow:
        campus = uow.config.institution("campus")
        uow.config.put_institution(replace(campus, slug="elsewhere"))
    return made


def _routes(world: AdminWorld) -> list[tuple[Rule, str]]:
    return [
        (rule, method)
        for rule in world.app.url_map.iter_rules()
        if rule.rule.startswith("/admin")
        for method in sorted((rule.methods or set()) & {"GET", "POST"})
    ]


def _path(rule: Rule) -> str:
    """An address of the route at the institution ``campus``; other parts name what does not exist."""
    values = dict.fromkeys(rule.arguments, "nothing")
    for name, converter in rule._converters.items():
        if type(converter).__name__ == "IntegerConverter":
            values[name] = "1"
        elif type(converter).__name__ == "AnyConverter":
            values[name] = sorted(converter.items)[0]
    values |= {"institution": "campus"} if "institution" in rule.arguments else {}
    built = rule.build(values)
    assert built is not None, rule.rule
    return f"/emrex{built[1]}"


def _may(grant: Grant, permission: str, rule: Rule) -> bool:
    """What the rule says, worked out again from the table of permissions."""
    if permission in (_frame.OPEN, "anybody"):
        return True
    wanted = Permission(permission)
    if wanted not in PERMISSIONS[grant.role] or (wanted is Permission.RUN and grant.institution):
        return False
    return "institution" not in rule.arguments or grant.institution in ("", "campus")


def test_every_route_has_a_rule(world: AdminWorld) -> None:
    """A page that somebody forgot to guard fails here, not in front of a stranger."""
    unguarded = [
        rule.rule
        for rule, _ in _routes(world)
        if _frame.rule_of(world.app.view_functions[rule.endpoint]) is None
    ]

    assert [] == unguarded


def test_only_logging_in_is_open(world: AdminWorld) -> None:
    """The pages that need nobody are few and listed."""
    open_ = {
        rule.rule
        for rule, _ in _routes(world)
        if _frame.rule_of(world.app.view_functions[rule.endpoint]) == _frame.OPEN
    }

    assert {path for path in open_ if not path.startswith("/admin/login")} == set()


def test_nobody_gets_nowhere_without_a_login(world: AdminWorld) -> None:
    """Every guarded page and every guarded post leads to the login."""
    client = world.app.test_client()
    for rule, method in _routes(world):
        if _frame.rule_of(world.app.view_functions[rule.endpoint]) == _frame.OPEN:
            continue
        response = client.open(_path(rule), method=method)
        assert 303 == response.status_code, (method, rule.rule)
        assert response.headers["Location"].startswith("/emrex/admin/login"), rule.rule


@pytest.mark.parametrize("name", sorted(GRANTS))
def test_each_role_opens_what_its_rule_says(world: AdminWorld, name: str) -> None:
    """Refused exactly where the rule says no; a post without its form's token is refused in any case."""
    browser: AdminBrowser = world.visitor(world.account(GRANTS[name]))
    assert 200 == browser.get("/admin/").status
    for rule, method in _routes(world):
        permission = _frame.rule_of(world.app.view_functions[rule.endpoint]) or ""
        if permission == _frame.OPEN:
            continue
        allowed = _may(GRANTS[name], permission, rule)
        response = browser.client.open(_path(rule), method=method)
        where = (name, method, rule.rule, response.status_code)
        if method == "POST":
            assert (400 if allowed else 403) == response.status_code, where
        elif allowed:
            assert response.status_code in (200, 302, 303, 404), where
        else:
            assert 403 == response.status_code, where

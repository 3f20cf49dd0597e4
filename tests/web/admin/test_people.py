"""People and roles: accounts, role rules, and that somebody is always left who can run the gateway."""

from __future__ import annotations

import json

import pytest

from admin_world import AdminBrowser, AdminWorld
from emrex_gateway import administering
from emrex_gateway.domain import AdminRole, Grant, LoginMethod, RuleKind, texts
from emrex_gateway.errors import ConfigError, EditConflict, NotAllowed
from local_accounts import enrolled

OPERATOR = Grant(AdminRole.OPERATOR)


def _administrators_login(world: AdminWorld, **changes: object) -> LoginMethod:
    method = LoginMethod(
        **{
            "id": "staff",
            "institution": "campus",
            "kind": "oidc",
            "names": texts(en="Staff login"),
            "settings": {},
            "for_administrators": True,
            **changes,
        }
    )
    world.put(login_method=method)
    return method


def _rule(world: AdminWorld, grant: Grant = OPERATOR, value: str = "urn:staff:emrex") -> str:
    return administering.add_rule(
        world.services,
        world.operator(),
        method="staff",
        kind=RuleKind.ENTITLEMENT,
        value=value,
        grant=grant,
    ).id


def test_an_operator_makes_an_account_and_gives_roles(world: AdminWorld) -> None:
    """The one-time password is shown once; roles are added and taken; the trail says so without names."""
    browser = world.admin()
    browser.get("/admin/people/new").submit_form(
        "account", name="maija", role="support", institution="campus"
    )
    assert 200 == browser.status
    assert 1 == len(browser.page.xpath("//main//code"))
    browser.get(browser.page.xpath("//a[contains(@class, 'button')]/@href")[0])
    browser.submit_form("give", role="auditor", institution="")
    assert "The roles are saved" in browser.text
    browser.submit_form("take-support@campus")

    (account,) = [
        line.account
        for line in administering.accounts(world.services, world.operator())
        if line.account.name == "maija"
    ]
    assert {Grant(AdminRole.AUDITOR)} == account.grants
    changed = [
        (event["field"], event["before"], event["after"])
        for event in world.trail("setting.changed")
        if event["key"] == account.id and event["field"] == "roles"
    ]
    assert [
        ("roles", "", "support@campus"),
        ("roles", "support@campus", "auditor, support@campus"),
        ("roles", "auditor, support@campus", "auditor"),
    ] == changed
    assert "maija" not in json.dumps(world.trail())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "has blanks"}, "login name has"),
        ({"name": "taken"}, "of that name already"),
    ],
    ids=["form of the name", "taken"],
)
def test_an_account_that_will_not_do_is_refused_at_its_field(
    world: AdminWorld, values: dict[str, str], message: str
) -> None:
    """The error stands at the field, and what was written stays."""
    world.account(Grant(AdminRole.AUDITOR), name="taken")
    browser = world.admin()

    browser.get("/admin/people/new").submit_form("account", **{"role": "support", **values})

    assert 422 == browser.status
    (wrong,) = browser.page.xpath("//*[@class='wrong']/text()")
    assert message in wrong
    assert values["name"] == browser.page.xpath("//input[@name='name']/@value")[0]


def test_two_operators_change_one_account(world: AdminWorld) -> None:
    """The second is told, and nothing of the first one's change is lost."""
    account = world.account(Grant(AdminRole.AUDITOR))
    version = administering.account_version(account)
    actor = world.operator()
    given = {Grant(AdminRole.AUDITOR), Grant(AdminRole.SUPPORT, "campus")}
    administering.set_grants(world.services, actor, account.id, given, version=version)

    with pytest.raises(EditConflict):
        administering.set_grants(world.services, actor, account.id, set(), version=version)

    found = administering.account(world.services, actor, account.id).account
    assert given == found.grants


def test_switching_off_can_be_undone(world: AdminWorld) -> None:
    """The notice offers the way back."""
    account = world.account(Grant(AdminRole.AUDITOR))
    browser = world.admin().get(f"/admin/people/{account.id}").submit_form("switch")
    assert not administering.account(world.services, world.operator(), account.id).account.enabled

    browser.submit_form("undo")

    assert administering.account(world.services, world.operator(), account.id).account.enabled


def _change(world: AdminWorld, what: str, id_: str) -> None:
    services, actor = world.services, world.operator()
    if what == "switch off":
        administering.switch_account(services, actor, id_, enabled=False)
    elif what == "take the role":
        administering.set_grants(services, actor, id_, {Grant(AdminRole.AUDITOR)})
    elif what == "reset":
        administering.reset_account(services, actor, id_)
    else:
        administering.remove_account(services, actor, id_)


WAYS = ("switch off", "take the role", "reset", "remove")


@pytest.mark.parametrize("what", WAYS)
def test_the_last_operator_stays(world: AdminWorld, what: str) -> None:
    """Whatever takes the last operator's way in is refused; with another operator it is done."""
    last = enrolled(world)
    invited = administering.create_account(
        world.services, world.operator(), "invited", [OPERATOR]
    ).account

    with pytest.raises(ConfigError, match="last operator"):
        _change(world, what, last.account)
    _change(world, what, invited.id)  # who never logged in is no way in

    enrolled(world, "pekka")
    _change(world, what, last.account)


def test_the_last_operators_rule_stays(world: AdminWorld) -> None:
    """A role rule counts while its login method is on; nothing may take the last one away."""
    _administrators_login(world)
    first, other = _rule(world), _rule(world, value="urn:staff:more")
    administering.remove_rule(world.services, world.operator(), other)

    for change in (
        lambda: administering.switch_rule(world.services, world.operator(), first, enabled=False),
        lambda: administering.remove_rule(world.services, world.operator(), first),
    ):
        with pytest.raises(ConfigError, match="last operator"):
            change()
    browser = world.admin()  # a local operator with credentials is another way in
    browser.get("/admin/people/rules").submit_form(f"switch-{first}")
    assert "switched off" in browser.text
    browser.submit_form("undo")
    assert "switched on" in browser.text


def test_the_last_operator_is_told_in_the_browser(world: AdminWorld) -> None:
    """The page says what would happen, and what to do first."""
    browser = world.admin()

    browser.get(f"/admin/people/{browser.account.id}").submit_form("switch")

    assert 400 == browser.status
    assert "lock out the last operator" in browser.text
    assert 200 == browser.get("/admin/").status


def test_whoever_is_no_operator_gives_no_rights(world: AdminWorld) -> None:
    """An administrator of an institution changes nobody's roles, their own included."""
    account = world.account(Grant(AdminRole.ADMINISTRATOR, "campus"))
    browser = world.visitor(account)
    browser.get("/admin/account")
    token = browser.token()

    for path in ("people/new", f"people/{account.id}/give", "people/rules/new"):
        browser.post(f"/admin/{path}", {"token": token, "role": "operator", "institution": ""})
        assert 403 == browser.status
    actor = world.operator().__class__(account=account.id, grants=account.grants)
    for change in (
        lambda: administering.set_grants(world.services, actor, account.id, {OPERATOR}),
        lambda: administering.create_account(world.services, actor, "x", [OPERATOR]),
        lambda: administering.rules(world.services, actor),
    ):
        with pytest.raises(NotAllowed):
            change()


def test_rules_are_added_in_the_browser(world: AdminWorld) -> None:
    """Only login methods for administrators are offered; a rule twice is refused; values stay out of the trail."""
    _administrators_login(world)
    browser = world.admin()
    browser.get("/admin/people/rules/new")
    assert ["staff"] == browser.page.xpath("//select[@name='method']/option/@value")
    values = {"kind": "group", "value": "EMREX Admins", "role": "operator", "institution": ""}
    browser.submit_form("rule", **values)
    assert "The rule is added" in browser.text

    browser.get("/admin/people/rules/new").submit_form("rule", **values)

    assert 422 == browser.status
    assert "such a rule already" in browser.text
    assert "EMREX Admins" not in json.dumps(world.trail())


def test_removing_asks_first(world: AdminWorld) -> None:
    """A GET shows what will happen and changes nothing."""
    account = world.account(Grant(AdminRole.AUDITOR), name="pekka")
    browser: AdminBrowser = world.admin()
    browser.get(f"/admin/people/{account.id}/remove")
    assert "pekka" in browser.text
    assert administering.account(world.services, world.operator(), account.id)

    browser.submit_form("confirm")

    assert "The account is removed." in browser.text
    assert 404 == browser.get(f"/admin/people/{account.id}").status


def test_the_slower_operator_sees_both_versions(world: AdminWorld) -> None:
    """The form comes back with what was chosen, who was faster, and the version of now."""
    account = world.account(Grant(AdminRole.AUDITOR))
    browser, other = world.admin(), world.admin(name="liisa")
    browser.get(f"/admin/people/{account.id}")
    other.get(f"/admin/people/{account.id}").submit_form("take-auditor")

    browser.submit_form("give", role="support", institution="campus")
    assert 409 == browser.status
    assert "liisa" in browser.text
    assert ["support"] == browser.page.xpath("//select[@name='role']/option[@selected]/@value")
    browser.submit_form("give")

    found = administering.account(world.services, world.operator(), account.id).account
    assert {Grant(AdminRole.SUPPORT, "campus")} == found.grants

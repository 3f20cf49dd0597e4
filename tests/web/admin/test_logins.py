"""The pages of login methods: a form for each kind, what may be switched on, order, removal, whose they are."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from admin_world import AdminBrowser, AdminWorld
from emrex_gateway import administering
from emrex_gateway.domain import (
    AdminRole,
    Federation,
    Grant,
    Institution,
    LoginMethod,
    ProviderFilter,
    RuleKind,
    ServiceProvider,
    texts,
)
from emrex_gateway.errors import ConfigError, LoginError, NotAllowed
from emrex_gateway.login import HostSettings, LaunchSettings, OidcLogin, OidcSettings, SamlSettings
from emrex_gateway.services import Services
from emrex_gateway.web.admin._login_forms import FORMS
from entities import entity
from launching import launch_method

LIST = "/admin/i/campus/logins"
ISSUER = "https://login.campus.example/realms/campus"
OIDC: dict[str, Any] = {
    "issuer": ISSUER,
    "client_id": "emrex",
    "client_secret": "env:KEY",
    "claims": {"student_no": "local", "esi": "esi"},
    "scopes": ["openid", "email"],
    "algorithms": ["ES256"],
    "home_organizations": ["campus.example"],
    "parameters": {"acr_values": "high"},
    "userinfo": False,
    "max_age": 60,
    "par": "always",
}
SAML: dict[str, Any] = {
    "federations": ["haka"],
    "providers": ["https://one.example/idp"],
    "attributes": {"urn:oid:1.2.3": "local", "urn:oid:1.2.4": "ignored"},
    "required": ["givenName"],
    "national_identifiers": ["https://one.example/idp"],
    "force_authn": True,
    "discovery": "https://service.example/ds/",
}


class Provider(OidcLogin):
    """A stand-in for asking an OpenID provider over the network: answers what the test says."""

    def __init__(self, services: Services, error: LoginError | None = None) -> None:
        super().__init__(services.settings, services.secrets, services.clock)
        self.error = error

    def ask(self, method: LoginMethod) -> None:
        if self.error:
            raise self.error


@pytest.fixture
def world(world: AdminWorld) -> AdminWorld:
    world.put(
        federation=Federation(
            slug="haka",
            names=texts(en="Haka"),
            url="https://haka.example/metadata.xml",
            certificates=("env:KEY",),
        ),
        institution=Institution(
            slug="other",
            names=texts(en="Other University"),
            country="SE",
            domain="other.example",
            url="https://other.example/",
        ),
        service_provider=ServiceProvider(institution="campus", keys=()),
    )
    with_provider(world)
    return world


def with_provider(world: AdminWorld, error: LoginError | None = None) -> None:
    """Let the pages and jobs meet a provider that answers, or fails with that."""
    logins = {**world.services.logins, "oidc": Provider(world.services, error)}
    changed = replace(world.services, logins=logins)
    extension = world.app.extensions["emrex_gateway"]
    world.app.extensions["emrex_gateway"] = replace(extension, services=changed)
    world.services = changed


def ask(world: AdminWorld) -> None:
    """Do what a worker for the queue ``metadata`` would."""
    for task, method in world.queue.sent:
        assert "ask" == task
        administering.run_check(world.services, method)
    world.queue.sent.clear()


def method(world: AdminWorld, id_: str) -> LoginMethod | None:
    with world.services.store.read() as uow:
        return uow.config.login_method(id_)


def put(world: AdminWorld, kind: str = "oidc", **more: Any) -> LoginMethod:
    """A login method beside the world's own, switched off."""
    settings = {"oidc": OIDC, "saml": SAML}.get(kind, {})
    values = {"names": texts(en="Campus account"), "settings": settings, "enabled": False}
    made = LoginMethod(id=f"campus-{kind}", institution="campus", kind=kind, **(values | more))
    world.put(login_method=made)
    return made


def wrong(browser: AdminBrowser) -> dict[str, str]:
    """The errors at the form's fields, by the field's name."""
    return {
        one.get("id").removesuffix("-error"): one.text_content()
        for one in browser.page.xpath("//p[@class='wrong']")
    }


# --- making and changing ---------------------------------------------------------------------


def test_a_method_is_made_in_the_form_switched_off_with_its_trail(world: AdminWorld) -> None:
    """What the form says is the row, nothing is on, and each setting stands in the trail with who did it."""
    browser = world.admin()
    browser.get(f"{LIST}/new?kind=oidc").submit_form(
        "save",
        id="campus-login",
        issuer=ISSUER,
        client_id="emrex",
        client_secret="env:KEY",
        required="schac_personal_unique_code\n",
        **{
            "names-en": "Campus account",
            "claims-0-name": "student_no",
            "claims-0-rule": "local",
        },
    )

    made = method(world, "campus-login")
    assert made == LoginMethod(
        id="campus-login",
        institution="campus",
        kind="oidc",
        names=texts(en="Campus account"),
        settings={
            "issuer": ISSUER,
            "client_id": "emrex",
            "client_secret": "env:KEY",
            "claims": {"student_no": "local"},
            "required": ["schac_personal_unique_code"],
        },
        enabled=False,
        position=10,
    )
    changes = [one for one in world.trail("setting.changed") if one["key"] == "campus-login"]
    assert {browser.account.id} == {one["by"] for one in changes}
    assert ("settings.client_secret", "", "env:KEY") in [
        (one["field"], one["before"], one["after"]) for one in changes
    ]
    assert "Try it, then switch it on" in browser.text


def test_a_wrong_setting_is_told_at_its_field_and_nothing_is_written(world: AdminWorld) -> None:
    """The reader's error stands beside the field that it names; the person's input is still there."""
    browser = world.admin()
    values = {"names-en": "Campus account", "claims-0-name": "no", "claims-0-rule": "local"}
    browser.get(f"{LIST}/new?kind=oidc").submit_form(
        "save", id="campus-login", issuer="ftp://x", client_id="emrex", **values
    )

    assert 422 == browser.status
    assert {"issuer": "must be an https address without query and fragment"} == wrong(browser)
    assert ["ftp://x"] == browser.page.xpath("//input[@name='issuer']/@value")
    assert ["no"] == browser.page.xpath("//input[@name='claims-0-name']/@value")
    browser.submit_form("save", issuer=ISSUER, client_secret="s3cret")
    assert ["client_secret"] == list(wrong(browser))
    assert "not the secret" in wrong(browser)["client_secret"]
    assert "s3cret" not in browser.response.text
    assert None is method(world, "campus-login")


def test_every_setting_of_each_kind_has_a_field() -> None:
    """What the institutions' file can say, a form can say: no setting is left to the shell."""
    _where, *saml = (field.name for field in dataclasses.fields(SamlSettings))
    wanted = {
        "oidc": {field.name for field in dataclasses.fields(OidcSettings)},
        "saml": {field.name for field in dataclasses.fields(ProviderFilter)} | set(saml),
        "launch": {field.name for field in dataclasses.fields(LaunchSettings)},
        "host": {field.name for field in dataclasses.fields(HostSettings)},
    }
    common = {"id", "names", "version", "for_administrators"}

    for kind, names in wanted.items():
        fields = set(dir(FORMS[kind]))
        assert set() == names - fields, kind
        own = {name for name in fields if hasattr(getattr(FORMS[kind], name), "field_class")}
        assert names == own - common, kind


@pytest.mark.parametrize("kind", ["oidc", "saml", "launch"])
def test_an_untouched_form_changes_nothing(world: AdminWorld, kind: str) -> None:
    """Every setting goes through the form and comes back the same: sending it as it is changes no row."""
    settings = {
        "launch": dict(launch_method().settings),
        "oidc": OIDC,
        "saml": SAML,
    }[kind]
    before = put(world, kind, settings=settings)
    browser = world.admin()
    browser.get(f"{LIST}/m/campus-{kind}").submit_form("save")

    assert "Nothing was changed" in browser.text
    assert before == method(world, f"campus-{kind}")


def test_the_slower_of_two_is_told_and_overwrites_nothing(world: AdminWorld) -> None:
    """A form that was made from another row is not saved: it shows both versions and who was faster."""
    put(world)
    slow, fast = world.admin(), world.admin(name="Fiona Faster")
    slow.get(f"{LIST}/m/campus-oidc")
    fast.get(f"{LIST}/m/campus-oidc").submit_form("save", client_id="fast")
    slow.submit_form("save", client_id="slow")

    assert 409 == slow.status
    assert "Fiona Faster" in slow.text
    kept = method(world, "campus-oidc")
    assert kept is not None
    assert "fast" == kept.settings["client_id"]


# --- switching ---------------------------------------------------------------------------------


def test_a_provider_is_asked_by_a_job_which_switches_the_method_on(world: AdminWorld) -> None:
    """The page waits for nobody: it orders, shows that, and the method is on once the provider answered."""
    put(world)
    browser = world.admin()
    browser.get(LIST).submit_form("on-campus-oidc")

    assert [("ask", "campus-oidc")] == world.queue.sent
    assert ["3"] == browser.page.xpath("//meta[@http-equiv='refresh']/@content")
    found = method(world, "campus-oidc")
    assert found is not None
    assert not found.enabled
    ask(world)
    found = method(world, "campus-oidc")
    assert found is not None
    assert found.enabled
    browser.get(f"{LIST}/m/campus-oidc")
    assert [] == browser.page.xpath("//meta[@http-equiv='refresh']")
    (change,) = [one for one in world.trail("setting.changed") if one["field"] == "enabled"]
    assert (browser.account.id, "no", "yes") == (change["by"], change["before"], change["after"])


def test_a_provider_that_does_not_answer_leaves_the_method_off_and_says_why(
    world: AdminWorld,
) -> None:
    """The reason stands on the page, in words, with what to do."""
    with_provider(world, LoginError("login.campus.example did not answer in time", "timeout"))
    put(world)
    browser = world.admin()
    browser.get(LIST).submit_form("on-campus-oidc")
    ask(world)
    browser.get(f"{LIST}/m/campus-oidc")

    found = method(world, "campus-oidc")
    assert found is not None
    assert not found.enabled
    assert "did not answer in time. Is its address right" in browser.text
    assert "It was not switched on" in browser.text


def test_settings_that_change_while_the_provider_is_asked_are_not_switched_on(
    world: AdminWorld,
) -> None:
    """A check counts for what it tried, never for what somebody wrote meanwhile."""
    made = put(world)
    administering.switch_on_login_method(world.services, world.operator(), "campus", made.id)
    world.put(login_method=replace(made, settings={**OIDC, "client_id": "another"}))
    ask(world)

    found = method(world, made.id)
    assert found is not None
    assert not found.enabled
    with world.services.store.read() as uow:
        check = uow.logins.check(made.id)
    assert check is not None
    assert "changed" == check.reason


def test_a_check_that_the_queue_lost_is_sent_again(world: AdminWorld) -> None:
    """The row says that somebody waits; the sweep reads it, and stops once it is done."""
    world.queue.closed = True
    made = put(world)
    administering.switch_on_login_method(world.services, world.operator(), "campus", made.id)
    world.queue.closed = False
    assert 0 == administering.resend_checks(world.services)
    world.clock.forward(minutes=1)

    assert 1 == administering.resend_checks(world.services)
    ask(world)
    assert 0 == administering.resend_checks(world.services)


def test_without_metadata_a_federations_method_is_not_switched_on(world: AdminWorld) -> None:
    """Nobody could log in with it: the list says so, and with an indexed provider it is on at once."""
    put(world, "saml", settings={"federations": ["haka"]})
    browser = world.admin()
    browser.get(LIST).submit_form("on-campus-saml")

    assert 422 == browser.status
    assert "no identity provider of its federations fits" in browser.text
    with world.services.store.begin() as uow:
        soon = world.clock() + timedelta(days=7)
        uow.entities.replace("haka", [entity("Example University", valid_until=soon)])
    browser.get(LIST).submit_form("on-campus-saml")
    found = method(world, "campus-saml")
    assert found is not None
    assert found.enabled
    assert [] == world.queue.sent


def test_switching_off_says_who_depends_on_it_and_can_be_undone(world: AdminWorld) -> None:
    """The question names the access point that loses its only way; the notice has the way back."""
    browser = world.admin()
    browser.get(f"{LIST}/m/fake/off")
    assert "the only way to log in at campus" in browser.text
    browser.submit_form("confirm")

    assert "is switched off" in browser.text
    browser.submit_form("undo")
    found = method(world, "fake")
    assert found is not None
    assert found.enabled


# --- order, removal -------------------------------------------------------------------------------


def test_the_order_is_that_of_the_buttons(world: AdminWorld) -> None:
    """One place up, and students see it first."""
    put(world, enabled=True, position=50)
    browser = world.admin()
    browser.get(LIST).submit_form("move-up", way="up")

    with world.services.store.read() as uow:
        assert ["campus-oidc", "fake"] == [one.id for one in uow.config.login_methods("campus")]


def test_a_removed_method_can_be_put_back_switched_off(world: AdminWorld) -> None:
    """Only one that is off is removed; from the notice or the list it comes back as it was."""
    made = put(world)
    browser = world.admin()
    browser.get(f"{LIST}/m/fake/remove")
    assert [] == browser.page.xpath("//form[@data-step='confirm']//button")
    browser.get(f"{LIST}/m/campus-oidc/remove").submit_form("confirm")

    assert None is method(world, "campus-oidc")
    assert "is removed" in browser.text
    browser.submit_form("undo")
    assert made == replace(method(world, "campus-oidc"), position=made.position)
    events = [one["event"] for one in world.trail() if one.get("key") == "campus-oidc"]
    assert "setting.removed" in events
    world.clock.forward(days=31)
    administering.remove_login_method(world.services, world.operator(), "campus", "campus-oidc")
    world.clock.forward(days=31)
    assert 1 == administering.forget_removed(world.services)
    with pytest.raises(ConfigError, match="not kept"):
        administering.put_back_login_method(
            world.services, world.operator(), "campus", "campus-oidc"
        )


# --- whose they are ---------------------------------------------------------------------------------


def test_an_institutions_administrator_reaches_no_other_institution(world: AdminWorld) -> None:
    """Neither by its address nor by writing its method's name into one's own."""
    world.put(
        login_method=LoginMethod(
            id="other-host", institution="other", kind="host", names=texts(en="x"), settings={}
        )
    )
    browser = world.admin(AdminRole.ADMINISTRATOR, "campus")

    assert 403 == browser.get("/admin/i/other/logins").status
    assert 404 == browser.get(f"{LIST}/m/other-host").status
    browser.get(f"{LIST}/new?kind=host").submit_form(
        "save", id="other-host", **{"names-en": "Mine"}
    )
    assert ["id"] == list(wrong(browser))


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("client_secret", {"client_secret": "env:GATEWAY_DATABASE"}),
        ("client_secret", {"client_secret": "file:/etc/emrex/campus/../other/key"}),
        ("allow_private_addresses", {"allow_private_addresses": "y"}),
    ],
    ids=["a secret of the installation", "another's folder", "our own network"],
)
def test_what_reaches_beyond_the_institution_needs_an_operator(
    world: AdminWorld, field: str, values: dict[str, str]
) -> None:
    """A reference is sent to the provider that the same form names: it must not be anybody's secret."""
    put(world)
    browser = world.admin(AdminRole.ADMINISTRATOR, "campus")
    browser.get(f"{LIST}/m/campus-oidc").submit_form("save", **values)

    assert 422 == browser.status
    assert [field] == list(wrong(browser))
    operator = world.admin()
    operator.get(f"{LIST}/m/campus-oidc").submit_form("save", **values)
    assert "is saved" in operator.text


def test_an_institutions_own_folder_of_secrets_is_its_administrators(world: AdminWorld) -> None:
    """With ``institution_secrets`` set, files below the institution's folder may be named, and only there."""
    settings = replace(world.services.settings, institution_secrets="/etc/emrex/secrets")
    services = replace(world.services, settings=settings)
    who = replace(world.operator(), grants=frozenset({Grant(AdminRole.ADMINISTRATOR, "campus")}))
    made = put(world)

    def name(reference: str) -> None:
        changed = replace(made, settings={**OIDC, "client_secret": reference})
        administering.save_login_method(services, who, changed)

    name("file:/etc/emrex/secrets/campus/oidc")
    for reference in (
        "file:/etc/emrex/secrets/other/oidc",
        "file:/etc/emrex/secrets/campus",
        "file:/etc/emrex/secrets/campus/../other/oidc",
        "file:/etc/emrex/secrets/campuses/oidc",
    ):
        with pytest.raises(ConfigError) as refused:
            name(reference)
        assert "settings.client_secret" == refused.value.field


def test_a_method_for_administrators_is_for_operators_alone(world: AdminWorld) -> None:
    """Who could point it at a provider of their own could make themselves anybody."""
    made = put(world, for_administrators=True)
    who = replace(world.operator(), grants=frozenset({Grant(AdminRole.ADMINISTRATOR, "campus")}))
    changed = replace(made, settings={**OIDC, "issuer": "https://evil.example"})

    with pytest.raises(NotAllowed):
        administering.save_login_method(world.services, who, changed)
    with pytest.raises(NotAllowed):
        administering.save_login_method(
            world.services, who, replace(changed, for_administrators=False)
        )
    with pytest.raises(NotAllowed):
        administering.remove_login_method(world.services, who, "campus", made.id)
    rule = {"kind": RuleKind.GROUP, "value": "x", "grant": Grant(AdminRole.SUPPORT, "campus")}
    administering.add_rule(world.services, world.operator(), method=made.id, **rule)
    with pytest.raises(ConfigError, match="role rules"):
        administering.remove_login_method(world.services, world.operator(), "campus", made.id)


# --- the search in the index --------------------------------------------------------------------


def test_providers_are_chosen_by_search(world: AdminWorld) -> None:
    """A university is found by its name and let in alone, with its national identifiers, by a button each."""
    put(world, "saml", settings={"federations": ["haka"]})
    soon = world.clock() + timedelta(days=7)
    with world.services.store.begin() as uow:
        names = ("Example University", "Another College")
        uow.entities.replace("haka", [entity(name, valid_until=soon) for name in names])
    browser = world.admin()
    browser.get(f"{LIST}/m/campus-saml/providers?q=another")
    (chosen,) = browser.page.xpath("//button[starts-with(@value, 'only ')]/@value")
    browser.submit_form("choose", choice=chosen)
    browser.submit_form("choose", choice=chosen.replace("only ", "national "))

    found = method(world, "campus-saml")
    assert found is not None
    entity_id = chosen.removeprefix("only ")
    assert {
        "federations": ["haka"],
        "providers": [entity_id],
        "national_identifiers": [entity_id],
    } == found.settings

"""What administrators log in through: nobody takes the last operator's way in from any side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from admin_world import AdminWorld, make_admin_world
from emrex_gateway import administering
from emrex_gateway.cli._apply import write
from emrex_gateway.cli._plan import Plan
from emrex_gateway.domain import (
    Actor,
    AdminRole,
    Federation,
    Grant,
    LoginMethod,
    RuleKind,
    ServiceProvider,
    texts,
)
from emrex_gateway.errors import ConfigError, NotAllowed
from saml_issuer import IDP
from saml_party import key, secrets

LOCAL_ADMINISTRATOR = Actor(
    account="a-campus", grants=frozenset({Grant(AdminRole.ADMINISTRATOR, "campus")})
)
HAKA = Federation(
    slug="haka",
    names=texts(en="Haka"),
    url="https://federation.example/metadata.xml",
    certificates=("env:FEDERATION",),
)
STAFF = LoginMethod(
    id="staff",
    institution="campus",
    kind="saml",
    names=texts(en="Staff login"),
    settings={"federations": ["haka"], "providers": [IDP]},
    for_administrators=True,
)


@pytest.fixture
def world(tmp_path: Path) -> AdminWorld:
    """A gateway whose operators log in through a federation, and in no other way."""
    made = make_admin_world(tmp_path, saml=secrets)
    provider = ServiceProvider(institution="campus", keys=(key("rsa2048:sp"),))
    made.put(federation=HAKA, login_method=STAFF, service_provider=provider)
    administering.add_rule(
        made.services,
        made.operator(),
        method="staff",
        kind=RuleKind.ENTITLEMENT,
        value="urn:campus:operators",
        grant=Grant(AdminRole.OPERATOR),
    )
    return made


def test_the_federation_that_operators_come_by_stays_on(world: AdminWorld) -> None:
    """Without another way in, their federation is not switched off, by no page and by no file."""
    with pytest.raises(ConfigError, match="last operator"):
        administering.switch_federation(world.services, world.operator(), "haka", on=False)
    plan = _plan(world, federations=(replace(HAKA, enabled=False),))
    with (
        pytest.raises(ConfigError, match="last operator"),
        world.services.store.begin() as uow,
    ):
        write(uow, plan)

    world.account(Grant(AdminRole.OPERATOR))  # another way in
    assert administering.switch_federation(world.services, world.operator(), "haka", on=False)


def test_a_rule_by_a_federation_that_is_off_is_no_way_in(world: AdminWorld) -> None:
    """A local operator does not go while the rules' federation is off: nobody would be left."""
    local = world.account(Grant(AdminRole.OPERATOR))
    administering.switch_federation(world.services, world.operator(), "haka", on=False)

    with pytest.raises(ConfigError, match="last operator"):
        administering.remove_account(world.services, world.operator(), local.id)


def test_the_name_that_operators_providers_know_is_for_operators(world: AdminWorld) -> None:
    """Whoever looks after the institution cannot lock operators out by another entity id or key."""
    with world.services.store.read() as uow:
        provider = uow.config.service_provider("campus")
    assert provider is not None
    other = replace(provider, entity_id="https://elsewhere.example/sp")

    with pytest.raises(NotAllowed):
        administering.save_service_provider(world.services, LOCAL_ADMINISTRATOR, other)

    described = replace(provider, descriptions=texts(en="Sends study records"))
    assert administering.save_service_provider(world.services, LOCAL_ADMINISTRATOR, described)
    assert administering.save_service_provider(world.services, world.operator(), other)


def test_private_addresses_stay_those_that_an_operator_allowed(world: AdminWorld) -> None:
    """The switch holds for the provider that it was set for: no other address within our network."""
    inside = LoginMethod(
        id="inside",
        institution="campus",
        kind="oidc",
        names=texts(en="Inside"),
        settings={
            "issuer": "https://login.campus.internal",
            "client_id": "emrex",
            "client_secret": "env:CLIENT",
            "allow_private_addresses": True,
        },
        enabled=False,
    )
    services = world.services
    assert administering.save_login_method(services, world.operator(), inside, new=True)

    aimed = {**inside.settings, "issuer": "https://169.254.169.254"}
    with pytest.raises(ConfigError, match="only an operator"):
        administering.save_login_method(
            services, LOCAL_ADMINISTRATOR, replace(inside, settings=aimed)
        )

    renamed = replace(inside, names=texts(en="Within"))
    assert administering.save_login_method(services, LOCAL_ADMINISTRATOR, renamed)


def test_a_students_check_switches_no_administrators_login_on(world: AdminWorld) -> None:
    """What became a login of administrators while its provider was asked stays off."""
    method = LoginMethod(
        id="students",
        institution="campus",
        kind="oidc",
        names=texts(en="Students"),
        settings={"issuer": "https://op.example", "client_id": "emrex", "client_secret": "env:C"},
        enabled=False,
    )
    services = world.services
    administering.save_login_method(services, world.operator(), method, new=True)
    administering.switch_on_login_method(services, LOCAL_ADMINISTRATOR, "campus", "students")
    theirs = replace(method, for_administrators=True)
    administering.save_login_method(services, world.operator(), theirs)

    world.work()

    with services.store.read() as uow:
        kept = uow.config.login_method("students")
    assert kept is not None
    assert not kept.enabled


def _plan(world: AdminWorld, **changes: object) -> Plan:
    """What the database says, as a file would, with changes."""
    with world.services.store.read() as uow:
        config = uow.config
        said = {
            "institutions": config.institutions(),
            "access_points": config.access_points(),
            "bindings": config.bindings("campus"),
            "login_methods": config.login_methods("campus"),
            "known_clients": config.known_clients(),
            "federations": config.federations(),
            "service_providers": config.service_providers(),
        }
    return Plan(**{**said, **changes})  # type: ignore[arg-type] # a test's shorthand

"""Administrators log in through a federation: the test provider's answers, everything of ours real."""

from __future__ import annotations

import base64
import zlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree

from admin_world import AdminBrowser, AdminWorld, make_admin_world
from emrex_gateway import administering
from emrex_gateway.domain import (
    AdminRole,
    Federation,
    Grant,
    LoginMethod,
    Maintenance,
    MaintenanceMode,
    RuleKind,
    ServiceProvider,
    texts,
)
from saml_issuer import (
    IDP,
    URI_FORMAT,
    Answer,
    Attribute,
    Logout,
    logout_request,
    posted,
    redirect,
    respond,
)
from saml_party import entity, key, secrets

SP = "https://gateway.example/emrex/sp/campus"
ENTITLEMENT = "urn:oid:1.3.6.1.4.1.5923.1.1.1.7"
GROUP = "urn:oid:1.3.6.1.4.1.5923.1.5.1.1"
PRINCIPAL = "urn:oid:1.3.6.1.4.1.5923.1.1.1.6"
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
    made = make_admin_world(tmp_path, saml=secrets)
    made.put(
        login_method=STAFF,
        federation=Federation(
            slug="haka",
            names=texts(en="Haka"),
            url="https://federation.example/metadata.xml",
            certificates=("env:FEDERATION",),
        ),
        service_provider=ServiceProvider(
            institution="campus",
            keys=(key("rsa2048:sp"),),
            descriptions=texts(en="Sends study records abroad"),
            privacy=texts(en="https://campus.example/privacy"),
        ),
    )
    with made.services.store.begin() as uow:
        row = replace(entity(), valid_until=made.clock() + timedelta(days=7))
        uow.entities.replace("haka", [row])
    return made


def said(**more: tuple[str, ...]) -> tuple[Attribute, ...]:
    """What a provider says of an administrator: nothing that finds a student."""
    names = {"entitlement": ENTITLEMENT, "group": GROUP, "principal": PRINCIPAL}
    values = {"principal": ("Pekka@university.example",), **more}
    return tuple(Attribute(names[name], value, URI_FORMAT, name) for name, value in values.items())


def begin(browser: AdminBrowser) -> tuple[str, str]:
    """Press the button; return the request's id and the relay state."""
    (address,) = browser.get("/admin/login").page.xpath("//*[@class='choices']//a/@href")
    sent = browser.client.get(address)
    query = parse_qs(urlsplit(sent.headers["Location"]).query)
    request = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15))
    return str(request.get("ID")), query["RelayState"][0]


def answer(world: AdminWorld, request: str, relay: str, **more: Any) -> dict[str, str]:
    made = Answer(
        audience=f"{SP}/metadata",
        acs_url=f"{SP}/acs",
        request_id=request,
        now=world.clock(),
        **{"attributes": said(entitlement=("urn:campus:emrex",)), **more},
    )
    return {"SAMLResponse": posted(respond(made)), "RelayState": relay}


def log_in(world: AdminWorld, browser: AdminBrowser | None = None, **more: Any) -> AdminBrowser:
    browser = browser or world.nobody()
    return browser.post("/sp/campus/acs", answer(world, *begin(browser), **more))


def rule(world: AdminWorld, kind: RuleKind, value: str) -> None:
    administering.add_rule(
        world.services,
        world.operator(),
        method="staff",
        kind=kind,
        value=value,
        grant=Grant(AdminRole.SUPPORT, "campus"),
    )


@pytest.mark.parametrize(
    ("kind", "value", "comes"),
    [
        (RuleKind.ENTITLEMENT, "urn:campus:emrex", {}),
        (RuleKind.GROUP, "Study records, abroad", {"group": ("x", "Study records, abroad")}),
        (RuleKind.IDENTIFIER, "pekka@university.example", {}),
    ],
    ids=["entitlement", "group", "account"],
)
def test_a_rule_lets_somebody_in(
    world: AdminWorld, kind: RuleKind, value: str, comes: dict[str, tuple[str, ...]]
) -> None:
    """The posted answer leads to the start page, without anything that would find a student."""
    rule(world, kind, value)

    browser = log_in(world, attributes=said(entitlement=("urn:campus:emrex",), **comes))

    assert 200 == browser.status, browser.text
    assert "/emrex/admin/" == browser.path


def test_only_listed_providers_may_state_entitlements(world: AdminWorld) -> None:
    """An entitlement has no scope: any member of a federation could state it, so it needs a provider by name."""
    rule(world, RuleKind.ENTITLEMENT, "urn:campus:emrex")
    world.put(login_method=replace(STAFF, settings={"federations": ["haka"]}))
    until = world.clock() + timedelta(days=7)
    members = [entity(), entity("https://idp.other.example/saml")]
    with world.services.store.begin() as uow:
        uow.entities.replace("haka", [replace(one, valid_until=until) for one in members])
    browser = world.nobody()
    (address,) = browser.get("/admin/login").page.xpath("//*[@class='choices']//a/@href")
    browser.get(address)
    assert "Choose your organization" in browser.text
    chosen = next(
        one
        for one in browser.page.xpath("//*[@class='choices']//a/@href")
        if "idp.other.example" not in one
    )
    sent = browser.client.get(chosen)
    query = parse_qs(urlsplit(sent.headers["Location"]).query)
    request = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15))

    browser.post("/sp/campus/acs", answer(world, str(request.get("ID")), query["RelayState"][0]))

    assert 403 == browser.status
    assert ["0", "0", "1"] == browser.page.xpath("//main//dd/text()")


def test_a_foreign_scope_is_nobodys_account(world: AdminWorld) -> None:
    """A provider cannot make somebody an administrator by another organization's account name."""
    rule(world, RuleKind.IDENTIFIER, "pekka@elsewhere.example")

    browser = log_in(
        world,
        attributes=said(principal=("pekka@elsewhere.example",)),
        name_id_format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    )

    assert 403 == browser.status


def test_an_answer_belongs_to_its_browser_and_counts_once(world: AdminWorld) -> None:
    """Posted from another browser, or again: nobody is logged in by it."""
    rule(world, RuleKind.ENTITLEMENT, "urn:campus:emrex")
    mine = world.nobody()
    fields = answer(world, *begin(mine))

    other = world.nobody().post("/sp/campus/acs", fields)
    assert "begun in another browser" in other.text
    mine.post("/sp/campus/acs", fields)
    assert "/emrex/admin/" == mine.path

    again = mine.post("/sp/campus/acs", fields)
    assert again.status in (400, 403)


def test_the_providers_logout_ends_the_session(world: AdminWorld) -> None:
    """A LogoutRequest for the person's session at the provider ends ours."""
    rule(world, RuleKind.ENTITLEMENT, "urn:campus:emrex")
    browser = log_in(world, name_id="n-1", session_index="s-1")
    assert 200 == browser.get("/admin/").status
    wanted = Logout(
        destination=f"{SP}/slo",
        now=world.clock(),
        name_id="n-1",
        sp_name_qualifier=f"{SP}/metadata",
        session_indexes=("s-1",),
        signing=None,
    )

    query = redirect(logout_request(wanted))
    response = world.app.test_client().get(f"/emrex/sp/campus/slo?{query}")

    assert 303 == response.status_code
    assert 303 == browser.client.get("/emrex/admin/").status_code


def test_operators_log_in_while_everybody_else_is_turned_away(world: AdminWorld) -> None:
    """In the middle of maintenance an answer from the provider still lets administrators in."""
    rule(world, RuleKind.ENTITLEMENT, "urn:campus:emrex")
    closed = Maintenance(mode=MaintenanceMode.CLOSED)
    administering.set_maintenance(world.services, world.operator(), closed)

    assert "/emrex/admin/account" == log_in(world).get("/admin/account").path
    unasked = world.nobody().post("/sp/campus/acs", answer(world, "_request", "transfer.random"))
    assert 503 == unasked.status

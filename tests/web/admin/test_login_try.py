"""A login method is tried: what arrived is shown to the person themselves, once, and kept nowhere.

The provider is the test one (``saml_issuer``); store, pages and the SAML login are real.
"""

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

import databases
from admin_world import AdminBrowser, AdminWorld, make_admin_world
from emrex_gateway.domain import (
    AdminRole,
    Federation,
    Identity,
    LoginMethod,
    PersonIdentifierType,
    ServiceProvider,
    texts,
)
from emrex_gateway.login import OidcLogin, settings_of
from emrex_gateway.login._examine import examine_claims
from emrex_gateway.login._settings import OidcSettings
from emrex_gateway.ports import Examined, Fate, Once, Stated, Value
from saml_issuer import ATTRIBUTES, IDP, Answer, Attribute, posted, respond
from saml_party import entity, key, secrets

TRY = "/admin/i/campus/logins/m/haka/try"
ACS = "/emrex/sp/campus/acs"
SP = "https://gateway.example/emrex/sp/campus"
OTHERS = "urn:schac:personalUniqueCode:int:esi:elsewhere.example:X1-78"


@pytest.fixture
def world(tmp_path: Path) -> AdminWorld:
    made = make_admin_world(tmp_path, saml=secrets)
    made.put(
        federation=Federation(
            slug="haka",
            names=texts(en="Haka"),
            url="https://federation.example/metadata.xml",
            certificates=("env:FEDERATION",),
        ),
        service_provider=ServiceProvider(institution="campus", keys=(key("rsa2048:sp"),)),
    )
    put(made)
    with made.services.store.begin() as uow:
        row = replace(entity(), valid_until=made.clock() + timedelta(days=7))
        uow.entities.replace("haka", [row])
    return made


def put(world: AdminWorld, **settings: Any) -> None:
    """The method that is tried: switched off, as it is before students see it."""
    world.put(
        login_method=LoginMethod(
            id="haka",
            institution="campus",
            kind="saml",
            names=texts(en="Log in with Haka"),
            settings={"federations": ["haka"], "providers": [IDP], **settings},
            enabled=False,
        )
    )


def tried(world: AdminWorld, browser: AdminBrowser, **said: Any) -> AdminBrowser:
    """Go to the provider and come back with its answer."""
    browser.get(TRY)
    (address,) = browser.page.xpath("//main//a[contains(@href, '/try/away')]/@href")
    sent = browser.client.get(address)
    assert 303 == sent.status_code
    query = parse_qs(urlsplit(sent.headers["Location"]).query)
    message = zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15)
    request = str(etree.fromstring(message).get("ID"))
    answer = Answer(
        audience=f"{SP}/metadata",
        acs_url=f"{SP}/acs",
        request_id=request,
        now=world.clock(),
        **said,
    )
    fields = {"SAMLResponse": posted(respond(answer)), "RelayState": query["RelayState"][0]}
    return browser.post(ACS, fields)


def rows(browser: AdminBrowser) -> dict[str, str]:
    """What the page says became of each value."""
    found = {}
    for row in browser.page.xpath("//table//tbody/tr"):
        value, fate = (" ".join(cell.text_content().split()) for cell in row.xpath("./td"))
        found[value] = fate
    return found


def test_what_arrived_is_told_value_by_value(world: AdminWorld) -> None:
    """Taken and refused values, with the rule that refused them; the person is who a student would be."""
    more = Attribute("urn:oid:1.3.6.1.4.1.25178.1.2.14", (OTHERS,), ATTRIBUTES[0].name_format, "")
    browser = tried(world, world.admin(), attributes=(*ATTRIBUTES, more))

    assert 200 == browser.status
    assert "A student would be logged in like this" in browser.text
    told = rows(browser)
    esi = "urn:schac:personalUniqueCode:int:esi:university.example:X1-77"
    assert "Taken: finds the student esi" == told[esi]
    assert "Taken: describes the person" == told["Aino"]
    assert "Taken: names the account" == told["aino@university.example"]
    assert "names a domain that this provider may not speak for" in told[OTHERS]
    assert browser.page.xpath(f"//dl//code[text()='{esi}']")


def test_a_person_who_would_be_refused_still_sees_what_arrived(world: AdminWorld) -> None:
    """The level that is asked for is not stated: the page says that and shows both."""
    put(world, assurance=["https://refeds.org/assurance/IAP/high"], required=["schacDateOfBirth"])
    browser = tried(world, world.admin())

    assert "something that is needed did not come" in browser.text
    assert "schacDateOfBirth" in browser.text
    assert "https://refeds.org/assurance/IAP/high" in browser.text
    assert "Aino" in rows(browser)


def test_the_answer_shows_once_and_is_kept_nowhere(world: AdminWorld) -> None:
    """No row of the database holds a value; the trail says who tried what; the page is not stored."""
    browser = tried(world, world.admin())

    assert "no-store" == browser.response.headers["Cache-Control"]
    url = world.services.settings.database_url
    for (table,) in (
        databases.rows(
            url, "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'emrex_%'"
        )
        if url.startswith("sqlite")
        else ()
    ):
        held = repr(databases.rows(url, f"SELECT * FROM {table}"))
        assert "Virtanen" not in held, table
        assert "X1-77" not in held, table
    (event,) = world.trail("login.tried")
    assert {"by": browser.account.id, "method": "haka", "provider": IDP, "reason": ""} == {
        name: event[name] for name in ("by", "method", "provider", "reason")
    }
    assert [] == world.trail("login.succeeded")


def test_another_browser_sees_nothing_of_it(world: AdminWorld) -> None:
    """The answer is for the browser that began: whoever else posts it is sent back to the beginning."""
    browser, thief = world.admin(), world.nobody()
    browser.get(TRY)
    (address,) = browser.page.xpath("//main//a[contains(@href, '/try/away')]/@href")
    query = parse_qs(urlsplit(browser.client.get(address).headers["Location"]).query)
    message = zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15)
    answer = Answer(
        audience=f"{SP}/metadata",
        acs_url=f"{SP}/acs",
        request_id=str(etree.fromstring(message).get("ID")),
        now=world.clock(),
    )
    fields = {"SAMLResponse": posted(respond(answer)), "RelayState": query["RelayState"][0]}
    answered = thief.client.post(ACS, data=fields)

    assert 303 == answered.status_code
    assert "Virtanen" not in answered.get_data(as_text=True)
    assert "failed=browser" in answered.headers["Location"]
    assert "Virtanen" in browser.post(ACS, fields).text


def test_who_may_not_change_settings_may_not_try(world: AdminWorld) -> None:
    """Support and another institution's administrator are refused."""
    assert 403 == world.admin(AdminRole.SUPPORT, "campus").get(TRY).status
    assert 403 == world.admin(AdminRole.ADMINISTRATOR, "elsewhere").get(TRY).status


class Told(OidcLogin):
    """A stand-in for an OpenID provider: the browser comes back to our address, the claims are the test's."""

    claims: dict[str, Any]

    def start(self, method: LoginMethod, **more: Any) -> Any:
        from emrex_gateway.ports import LoginStart  # noqa: PLC0415 (only here)

        state = f"{more['transfer_id']}.x"
        url = f"{more['callback_url']}?state={state}&code=c"
        return LoginStart(url=url, state={"state": state})

    def examine(self, method: LoginMethod, **more: Any) -> Examined:
        settings = settings_of(method)
        assert isinstance(settings, OidcSettings)
        identity = Identity(method=method.id, provider=settings.issuer, subject="s-1")
        now = self._clock() + timedelta(days=1)
        return Examined(
            provider=settings.issuer,
            stated=examine_claims(settings, self.claims),
            identity=identity,
            once=(Once("oidc-nonce", "n", now),),
        )


def test_an_openid_provider_answers_where_students_answers_come(world: AdminWorld) -> None:
    """The address that is registered for students serves the try; nothing else has to be registered."""
    services = world.services
    told = Told(services.settings, services.secrets, services.clock)
    told.claims = {"sub": "s-1", "student_no": "77", "given_name": "Aino", "hobby": "chess"}
    changed = replace(services, logins={**services.logins, "oidc": told})
    extension = world.app.extensions["emrex_gateway"]
    world.app.extensions["emrex_gateway"] = replace(extension, services=changed)
    world.put(
        login_method=LoginMethod(
            id="campus-oidc",
            institution="campus",
            kind="oidc",
            names=texts(en="Campus account"),
            settings={
                "issuer": "https://op.example",
                "client_id": "x",
                "client_secret": "env:KEY",
                "claims": {"student_no": "local"},
            },
            enabled=False,
        )
    )
    browser = world.admin()
    sent = browser.client.get("/emrex/admin/i/campus/logins/m/campus-oidc/try/away")
    address = urlsplit(sent.headers["Location"])

    assert "/emrex/campus/callback" == address.path
    browser.get(f"{address.path}?{address.query}")
    assert {
        "s-1": "Taken: names the account",
        "77": "Taken: finds the student local",
        "Aino": "Taken: describes the person",
        "chess": "Not used",
    } == rows(browser)
    again = browser.client.get(f"{address.path}?{address.query}")
    assert "Aino" not in again.get_data(as_text=True)


OIDC: dict[str, Any] = {
    "issuer": "https://op.example",
    "client_id": "x",
    "client_secret": "env:X",
    "claims": {"nin": "nationalIdentifier", "esi": "esi", "code": "schacPersonalUniqueCode"},
    "national_identifiers": True,
    "home_organizations": ["university.example"],
    "domains": ["university.example"],
}


@pytest.mark.parametrize(
    ("name", "value", "fate", "type_"),
    [
        ("nin", "010190-123A", Fate.IDENTIFIER, PersonIdentifierType.NATIONAL),
        ("esi", OTHERS, Fate.SCOPE, PersonIdentifierType.ESI),
        ("esi", "77", Fate.FORM, ""),
        (
            "code",
            "urn:schac:personalUniqueCode:int:studentID:elsewhere.example:9",
            Fate.ELSEWHERE,
            PersonIdentifierType.LOCAL,
        ),
        ("schac_home_organization", "elsewhere.example", Fate.SCOPE, ""),
        ("schac_home_organization", "university.example", Fate.PERSON, ""),
        ("eduperson_principal_name", "no-scope", Fate.FORM, ""),
        ("birthdate", "1990", Fate.FORM, ""),
        ("acr", "high", Fate.ASSURANCE, ""),
        ("iss", "https://op.example", Fate.UNUSED, ""),
    ],
)
def test_each_rule_names_itself(name: str, value: str, fate: Fate, type_: str) -> None:
    """What is refused says by which rule, as a login would refuse it."""
    method = LoginMethod(id="o", institution="i", kind="oidc", names=texts(en="x"), settings=OIDC)
    settings = settings_of(method)
    assert isinstance(settings, OidcSettings)

    assert (Stated(name=name, values=(Value(value, fate, type_),)),) == examine_claims(
        settings, {name: value}
    )

"""A login and every logout at npm's ``oidc-provider``, through the gateway's pages.

The provider takes nothing but pushed (RFC 9126) and signed (RFC 9101) requests
with PKCE from us, and we authenticate with ``private_key_jwt``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from lxml import etree

from emrex_gateway import administering
from emrex_gateway.domain import AdminRole, Grant, RuleKind
from oidc_parties import METHOD, OidcParties, oidc_parties
from saml_student import Student

pytestmark = pytest.mark.needs("node")


@pytest.fixture(scope="module")
def everybody(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[OidcParties]:
    assert pytestconfig.cache is not None
    cache = pytestconfig.cache.mkdir("oidc-provider")
    with oidc_parties(tmp_path_factory.mktemp("oidc"), cache) as made:
        yield made


@pytest.fixture
def at(everybody: OidcParties) -> OidcParties:
    """Both, as at the beginning."""
    everybody.world.replies.clear()
    return everybody


def test_from_the_client_to_a_signed_document(at: OidcParties) -> None:
    """PAR with JAR, PKCE and ``private_key_jwt`` end in a document that the client verifies."""
    with at.student() as student:
        student.to_selection().to_reply()

    document = etree.fromstring(at.world.received())
    assert "Esimerkki" == document.findtext(".//{*}learner/{*}familyName")


def test_the_browser_carries_no_request(at: OidcParties) -> None:
    """What we ask for went to the provider before: the browser carries a reference to it."""
    with at.student() as student:
        student.enter().get(
            student.link("//*[@data-step='login-methods']//a"),
            stop=lambda url: url.startswith(at.issuer),
        )
        assert {"client_id", "request_uri"} == set(httpx.URL(student.url).params.keys())


def test_the_provider_insists(at: OidcParties) -> None:
    """The control: a pushed request that is not signed is refused by the provider."""
    with at.world.services.store.read() as uow:
        before = uow.config.login_method(METHOD)
    assert before is not None
    at.world.put(
        login_method=replace(before, settings={**before.settings, "request_object": False})
    )
    try:
        with at.student() as student:
            student.enter().get(student.link("//*[@data-step='login-methods']//a"))
            assert student.has("//*[@data-step='login-failed']"), student.text
    finally:
        at.world.put(login_method=before)


def must_log_in(student: Student) -> bool:
    """Whether the page shows nothing but ways to log in."""
    offered = student.has("//*[@data-step='login-methods']")
    return offered and not student.has("//form[@data-step='select']")


def test_ours_first_then_the_providers(at: OidcParties) -> None:
    """Our session ends with the button; then the provider's; and we are told that it has."""
    with at.student() as student:
        student.to_selection()
        selection = student.url
        student.submit("//form[@data-step='logout']")
        page = student.url
        student.get(selection)
        assert must_log_in(student)
        student.get(page)
        student.get(student.link("//*[@data-step='logged-out']//a"))
        assert student.url.startswith(at.issuer)
        student.submit("//form[.//input[@name='xsrf']]", logout="yes")
        assert student.url.endswith("everywhere=1"), student.url

        student.enter()
        student.choose()
        assert student.has("//input[@name='login']"), "the provider must ask again"


def test_the_provider_ends_our_session(at: OidcParties) -> None:
    """A logout at the provider reaches us behind the browser's back."""
    with at.student() as student, at.student() as bystander:
        bystander.to_selection()
        student.to_selection()
        selection, transfer = student.url, student.transfer_id
        student.get(f"{at.issuer}/session/end")
        student.submit("//form[.//input[@name='xsrf']]", logout="yes")

        student.get(selection)
        assert must_log_in(student)
        assert "logout" in [event for event, _ in at.world.events(transfer)]
        bystander.get(bystander.url)
        assert bystander.has("//form[@data-step='select']"), "their other session stays"


@pytest.mark.parametrize("token", ["", "no.token.atall", "e30.e30.e30"])
def test_a_forged_logout_ends_nothing(at: OidcParties, token: str) -> None:
    """Anybody can reach the address; what no key of the provider has signed does nothing."""
    with at.student() as student:
        student.to_selection()
        answer = httpx.post(
            f"{at.world.home}/op/{METHOD}/logout", data={"logout_token": token}, trust_env=False
        )
        assert 400 == answer.status_code
        assert "no-store" == answer.headers["Cache-Control"]
        assert "invalid_request" == answer.json()["error"]
        student.get(student.url)
        assert student.has("//form[@data-step='select']")


def test_an_administrator_logs_in(at: OidcParties) -> None:
    """The same provider, keys and pushed requests, for a method that is for administrators; a rule lets them in."""
    world = at.world
    with world.services.store.read() as uow:
        student = uow.config.login_method(METHOD)
    assert student is not None
    world.put(login_method=replace(student, id="staff", for_administrators=True))
    administering.add_rule(
        world.services,
        administering.shell_actor(),
        method="staff",
        kind=RuleKind.IDENTIFIER,
        value="aino@campus.example",
        grant=Grant(AdminRole.SUPPORT, "campus"),
    )
    with at.student() as browser:
        browser.get(f"{world.home}/admin/account")
        browser.get(browser.link("//*[@class='choices']//a")).log_in()
        assert f"{world.home}/admin/account" == browser.url, browser.text
        assert "Support: Campus University" in browser.text

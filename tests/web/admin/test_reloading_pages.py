"""A page that loads itself anew takes nothing that somebody is typing."""

from __future__ import annotations

from pathlib import Path

import pytest

from admin_world import AdminBrowser, AdminWorld, make_admin_world
from emrex_gateway.domain import Federation, LoginMethod, texts

METHOD = "/admin/i/campus/logins/m/fake"
FEDERATION = "/admin/federations/made-up"


@pytest.fixture
def browser(tmp_path: Path) -> AdminBrowser:
    """An operator's, where a worker has not yet asked the provider, nor looked at the federation."""
    world: AdminWorld = make_admin_world(tmp_path)
    world.put(
        federation=Federation(
            slug="made-up",
            names=texts(en="Made up"),
            url="https://federation.example/metadata.xml",
            certificates=(f"file:{tmp_path / 'certificate.pem'}",),
        ),
        login_method=LoginMethod(
            id="fake",
            institution="campus",
            kind="oidc",
            names=texts(en="Fake login"),
            settings={"issuer": "https://op.example", "client_id": "x", "client_secret": "env:KEY"},
        ),
    )
    made = world.admin()
    made.get(METHOD).submit_form("check")
    return made


@pytest.mark.parametrize("address", [METHOD, FEDERATION])
def test_a_page_that_reloads_has_no_form_to_fill(browser: AdminBrowser, address: str) -> None:
    """Its settings are a link away, on a page that stays."""
    browser.get(address)
    reloads = browser.page.xpath("//meta[@http-equiv='refresh']")
    fields = browser.page.xpath("//main//input[not(@type='hidden')] | //main//textarea")
    assert (1, []) == (len(reloads), fields)

    (link,) = browser.page.xpath("//main//a[contains(@href, 'edit=1')]/@href")
    browser.get(link)
    assert [] == browser.page.xpath("//meta[@http-equiv='refresh']")
    assert browser.page.xpath("//main//form[@data-step='save']//input[not(@type='hidden')]")


def test_what_is_wrong_with_a_form_has_the_focus(browser: AdminBrowser) -> None:
    """Somebody who does not see the page hears first what has to be mended."""
    browser.get("/admin/institutions/new").submit_form(0)
    (summary,) = browser.page.xpath("//*[@id='errors']")
    assert ("-1", "alert") == (summary.get("tabindex"), summary.get("role"))
    assert summary.get("autofocus") is not None

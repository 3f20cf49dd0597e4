"""The frame of the administrator's pages: who is here, for how long, and what an error looks like."""

from __future__ import annotations

import pytest

from admin_world import AdminWorld
from emrex_gateway.domain import AdminRole


def test_nobody_is_led_to_the_login(world: AdminWorld) -> None:
    """A page asked for without a session leads to the login, which remembers where to come back."""
    response = world.app.test_client().get("/emrex/admin/")

    assert 303 == response.status_code
    assert "/emrex/admin/login?next=/admin/" == response.headers["Location"]


@pytest.mark.parametrize("role", list(AdminRole))
def test_everybody_has_a_page_to_start_from(world: AdminWorld, role: AdminRole) -> None:
    """Whoever has a role sees the frame with their name and what they may open."""
    browser = world.admin(role, "" if role is AdminRole.OPERATOR else "campus", name="maija")

    browser.get("/admin/")

    assert 200 == browser.status
    assert ["maija"] == browser.page.xpath("//header//a[@class='who']/text()")


def test_logging_out_needs_the_form_and_ends_the_session(world: AdminWorld) -> None:
    """Another site cannot log anybody out; the person can, and the old cookie opens nothing."""
    browser = world.admin()
    browser.get("/admin/")
    again = browser.client.get_cookie("emrex-admin", path="/emrex/admin")
    assert again is not None
    assert 400 == browser.post("/admin/logout").status
    token = browser.get("/admin/").token()

    browser.post("/admin/logout", {"token": token})

    assert "You are logged out." in browser.text
    browser.client.set_cookie("emrex-admin", again.value, path="/emrex/admin")
    assert 303 == browser.client.get("/emrex/admin/").status_code


def test_a_session_ends_when_nobody_uses_it_and_at_its_limit(world: AdminWorld) -> None:
    """Idle too long, or too old however busy: log in again."""
    settings = world.services.settings
    browser = world.admin()
    for _ in range(settings.admin_session_lifetime // (settings.admin_session_idle - 1)):
        world.clock.forward(seconds=settings.admin_session_idle - 1)
        assert 200 == browser.client.get("/emrex/admin/").status_code
    world.clock.forward(seconds=settings.admin_session_idle - 1)
    assert 303 == browser.client.get("/emrex/admin/").status_code

    idle = world.admin()
    assert 200 == idle.client.get("/emrex/admin/").status_code
    world.clock.forward(seconds=settings.admin_session_idle)
    assert 303 == idle.client.get("/emrex/admin/").status_code


def test_errors_stand_in_the_frame_with_a_reference(world: AdminWorld) -> None:
    """A wrong address keeps the menu and the person's name."""
    browser = world.admin(name="maija")

    browser.get("/admin/nowhere")

    assert 404 == browser.status
    assert ["maija"] == browser.page.xpath("//header//a[@class='who']/text()")
    assert "give this reference" in browser.text


def test_the_start_page_leads_to_what_is_ones_own(world: AdminWorld) -> None:
    """An institution's administrator finds it at once, an officer what was received, and nothing else."""
    own = world.admin(AdminRole.ADMINISTRATOR, "campus").get("/admin/")
    assert "/emrex/admin/i/campus/" in own.page.xpath("//main//h2/a/@href")

    officer = world.admin(AdminRole.OFFICER, "campus").get("/admin/")
    leads = officer.page.xpath("//main//h2/a/@href")
    assert ["/emrex/admin/received"] == [link for link in leads if "/account" not in link]

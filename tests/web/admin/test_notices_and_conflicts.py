"""Undo forms from addresses that anybody may have written, and the second of two people at a form."""

from __future__ import annotations

from pathlib import Path

import pytest

from admin_world import AdminWorld
from emrex_gateway import administering
from emrex_gateway.domain import AdminRole, Grant
from key_authority import active, make_key_world


def undo_forms(page: object) -> list[str]:
    found = page.page.xpath("//form[contains(@action, 'switch')]/@action")
    return [address for address in found if "nothing" not in address]


def test_an_undo_that_an_address_asks_for_is_looked_up_first(world: AdminWorld) -> None:
    """A link cannot make a page offer to switch on what is on, or what its reader may not touch."""
    helper = world.account(Grant(AdminRole.SUPPORT, "campus"))
    made_up = {"done": "people.off", "undo": helper.id}
    operator, auditor = world.admin(), world.admin(AdminRole.AUDITOR)

    assert [] == undo_forms(operator.get("/admin/", query_string=made_up))
    administering.switch_account(world.services, world.operator(), helper.id, enabled=False)
    assert 1 == len(undo_forms(operator.get("/admin/", query_string=made_up)))
    assert [] == undo_forms(auditor.get("/admin/", query_string=made_up))
    for code in ("people.off", "rules.off", "institution.off", "client.off", "point.off"):
        asked = {"done": code, "undo": "campus"}
        assert [] == undo_forms(auditor.get("/admin/", query_string=asked)), code


@pytest.fixture
def joined(tmp_path: Path) -> AdminWorld:
    made = make_key_world(tmp_path)
    active(made)
    return made


def test_the_second_at_the_contacts_of_an_entry_is_told(joined: AdminWorld) -> None:
    """What they wrote stays in the form, beside what stands there now and who wrote it."""
    address = "/admin/i/campus/points/campus/joining"
    first = joined.admin(AdminRole.ADMINISTRATOR, "campus", name="Maija").get(address)
    second = joined.admin(AdminRole.ADMINISTRATOR, "campus").get(address)

    assert 200 == first.submit_form("contact", emails="registry@campus.example").status
    second.submit_form("contact", emails="other@campus.example")

    assert 409 == second.status
    assert "by Maija" in second.text
    assert "registry@campus.example" in second.text
    assert "other@campus.example" in second.page.xpath("//textarea[@name='emails']/text()")[0]
    assert 200 == second.submit_form("contact").status
    with joined.services.store.read() as uow:
        assert ("other@campus.example",) == uow.keys.registration("campus").emails

"""What no database holds comes in by addresses and forms: no page breaks on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from admin_world import AdminWorld, make_admin_world
from gateway_world import RETURN_URL

pytestmark = pytest.mark.each_database

TEXT = "%00%ED%9F%BF"
"""U+0000 and another odd one, as an address writes them."""


@pytest.fixture
def world(tmp_path: Path) -> AdminWorld:
    """A gateway with an operator."""
    return make_admin_world(tmp_path)


def test_no_address_breaks(world: AdminWorld) -> None:
    """Each address with a part that anybody may write, for a student and for an operator: an answer
    that says there is no such thing, or a page, never an error of ours."""
    student, operator = world.browser().client, world.admin().client
    rules = [
        rule
        for rule in world.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.arguments and rule.endpoint != "static"
    ]
    broken = []
    for rule in rules:
        for client in (student, operator):
            for slug in (TEXT, "campus"):
                address = _filled(rule.rule, slug)
                if (status := client.get(address).status_code) >= 500:
                    broken.append((status, rule.rule))

    assert [] == broken
    assert len(rules) > 30


def _filled(rule: str, slug: str) -> str:
    """The rule's address, its first part being ``slug`` and the others ``TEXT``."""
    parts = []
    for part in rule.split("/"):
        begin, mark, rest = part.partition("<")
        parts.append(begin + slug + rest.partition(">")[2] if mark else part)
        slug = TEXT if mark else slug
    return "/".join(parts)


@pytest.mark.parametrize(
    "address",
    ["transfers", "trail", "people", "institutions", "statistics", "federations"],
)
def test_no_search_breaks(world: AdminWorld, address: str) -> None:
    """The fields that a page's forms send by GET, each with such a text."""
    operator = world.admin().get(f"/admin/{address}")
    assert 200 == operator.status
    names = {
        *operator.page.xpath("//form[not(@method) or @method='get']//*[@name]/@name"),
        *("q", "page", "before", "client", "error", "reference", "by", "lang"),
    }
    for name in sorted(map(str, names)):
        assert operator.get(f"/admin/{address}?{name}=x{TEXT}").status < 500, name


@pytest.mark.parametrize("field", ["sessionId", "returnUrl", "lang", "extra"])
def test_no_entry_breaks(world: AdminWorld, field: str) -> None:
    """What a client sends: refused or taken, and a transfer that is taken goes its way."""
    fields = {"sessionId": "s-1", "returnUrl": RETURN_URL, field: RETURN_URL + "\0x"}
    browser = world.browser()
    browser.post("/emrex/campus/emp", fields)

    assert browser.response.status_code < 500

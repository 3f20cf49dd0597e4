"""From which likeness on two people are one: on the form, by command, in the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from admin_world import AdminWorld
from emrex_gateway.administering import matching_with
from emrex_gateway.administering._matching import check_matching
from emrex_gateway.cli._institutions import read
from emrex_gateway.cli._said import institution_with
from emrex_gateway.domain import AdminRole, Institution, Matching, texts
from emrex_gateway.errors import ConfigError

CAMPUS = Institution(
    slug="campus",
    names=texts(en="Campus"),
    country="FI",
    domain="campus.example",
    url="https://campus.example/",
)


@pytest.mark.parametrize(
    ("told", "field"),
    [
        (Matching(same=89.9), "matching.same"),
        (Matching(same=100.1), "matching.same"),
        (Matching(same=float("nan")), "matching.same"),
        (Matching(same=92, different=93), "matching.different"),
        (Matching(different=-1), "matching.different"),
    ],
    ids=["too lax", "more than all", "no number", "the wrong way round", "below nothing"],
)
def test_thresholds_have_limits(told: Matching, field: str) -> None:
    """No institution can let likeness alone decide, or put the limits the wrong way round."""
    with pytest.raises(ConfigError) as raised:
        check_matching(told, "institution 'campus'")

    assert field == raised.value.field


def test_a_command_sets_and_takes_back() -> None:
    """``matching.same=95`` sets it, an empty value is the usual one again."""
    strict = institution_with(CAMPUS, {"matching.same": "95", "matching.different": "50"})

    assert Matching(same=95, different=50) == strict.matching
    assert Matching() == matching_with(matching_with(strict.matching, "same", ""), "different", "")
    with pytest.raises(ConfigError):
        institution_with(CAMPUS, {"matching.same": "much"})


def test_the_file_sets_them(tmp_path: Path) -> None:
    """A table in the institutions' file sets both, and one alone leaves the other as usual."""
    file = tmp_path / "institutions.toml"
    file.write_text(
        """
[[institutions]]
slug = "campus"
names = { en = "Campus" }
country = "FI"
domain = "campus.example"
url = "https://campus.example/"
matching = { same = 97 }
""",
        "utf-8",
    )

    assert Matching(same=97) == read(file).institutions[0].matching


def test_the_form_sets_them_and_says_what_is_wrong(world: AdminWorld) -> None:
    """The form shows what is set, keeps what is changed, and refuses what cannot be at its field."""
    browser = world.admin(AdminRole.ADMINISTRATOR, "campus").get("/admin/i/campus/settings")
    shown = browser.page.xpath("//input[@name='matching.same']/@value")
    browser.submit_form("settings", **{"matching.same": "80"})
    refused = browser.page.xpath("//input[@name='matching.same']/@aria-invalid")
    browser.get("/admin/i/campus/settings")
    browser.submit_form("settings", **{"matching.same": "95.5", "matching.different": ""})
    with world.services.store.read() as uow:
        kept = uow.config.institution("campus").matching

    assert (["92"], ["true"]) == (shown, refused)
    assert Matching(same=95.5, different=65) == kept

"""docs/openid.md and docs/identity.md say what the code has."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from pathlib import Path

from emrex_gateway.domain import LoginMethod, texts
from emrex_gateway.login import ClaimRule, ClientAuthentication, OidcSettings, settings_of
from emrex_gateway.login.saml._attribute_map import ATTRIBUTES, IGNORED, RULES
from emrex_gateway.login.saml._settings import SamlSettings

DOCS = Path(__file__).resolve().parents[2] / "docs"
OPENID = (DOCS / "openid.md").read_text("utf-8")
IDENTITY = (DOCS / "identity.md").read_text("utf-8")


def _toml(text: str) -> str:
    block = text.partition("```toml\n")[2].partition("```")[0]
    return "\n".join(line.removeprefix("   ") for line in block.splitlines())


def test_every_setting_of_an_openid_provider_is_documented_and_nothing_else() -> None:
    """docs/openid.md has a row for each setting, in their order."""
    table = OPENID.partition("## Settings")[2].partition("\n## ")[0]
    documented = re.findall(r"^\| `(\w+)` \|", table, re.M)

    fields = [field.name for field in dataclasses.fields(OidcSettings)]
    assert sorted(fields) == sorted(documented)
    assert set() == {*ClaimRule, *ClientAuthentication} - set(re.findall(r"`(\w+)`", table))


def test_the_openid_example_is_accepted() -> None:
    """The TOML in docs/openid.md is a method that the gateway reads."""
    (entry,) = tomllib.loads(_toml(OPENID))["login_methods"]
    method = LoginMethod(
        id=entry["id"],
        institution=entry["institution"],
        kind=entry["kind"],
        names=texts(**entry["names"]),
        settings=entry["settings"],
    )

    settings = settings_of(method)
    assert isinstance(settings, OidcSettings)
    assert (frozenset({"campus.example"}), ClientAuthentication.PRIVATE_KEY) == (
        settings.domains,
        settings.client_authentication,
    )


def test_every_attribute_is_documented_with_its_name() -> None:
    """docs/identity.md has a row for each attribute that is understood, with its official name."""
    rows = re.findall(r"^\| `([\w-]+)` \| `([^`]+)` \|", IDENTITY, re.M)

    assert {name: one.name for name, one in ATTRIBUTES.items()} == dict(rows)
    assert len(rows) == len(dict(rows))


def test_the_rules_in_the_example_exist() -> None:
    """The example of an institution's own rules is read as it stands."""
    whole = "[[login_methods]]\n[login_methods.settings]\nfederations = ['haka']\n" + _toml(
        IDENTITY
    )
    (entry,) = tomllib.loads(whole)["login_methods"]
    method = LoginMethod(
        id="x", institution="x", kind="saml", names=texts(en="X"), settings=entry["settings"]
    )

    settings = settings_of(method)
    assert isinstance(settings, SamlSettings)
    assert {"local", "sn", IGNORED} == set(settings.attributes.values())
    assert {"local", "sn", IGNORED} <= RULES

"""The commands institution and access-point."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

import databases
from emrex_gateway.cli import main


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Commands configure their process's logging; the next test has its own back."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an empty database and the settings in the environment."""
    (tmp_path / "payload").write_text(base64.b64encode(b"p" * 32).decode())
    monkeypatch.setenv("EMREX_PUBLIC_URL", "https://emrex.example.org/emrex")
    monkeypatch.setenv("EMREX_DATABASE_URL", databases.new_database(tmp_path))
    monkeypatch.setenv("EMREX_PAYLOAD_KEYS", f"file:{tmp_path / 'payload'}")
    monkeypatch.setenv("EMREX_REDIS_URL", "redis://127.0.0.1:1/0")
    return tmp_path


def run(*arguments: object) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, [str(one) for one in arguments])


def added() -> None:
    """An institution with an access point."""
    made = run("institution", "add", "north", "names.en=North", "country=NO", "domain=north.edu")
    assert 0 == made.exit_code, made.output
    assert 0 == run("access-point", "add", "north", "--institution", "north").exit_code


def shown(*command: str) -> dict[str, str]:
    """The settings that ``show`` prints."""
    result = run(*command, "--json")
    assert 0 == result.exit_code, result.output
    found: dict[str, str] = json.loads(result.output)
    return found


def test_an_institution_is_added_changed_and_switched(folder: Path) -> None:
    """What a page can do to an institution a command can too; saying it twice changes nothing."""
    added()
    change = (
        "institution", "set", "north", "names.fi=Pohjoinen", "codes.erasmus=n north01",
        "privacy.controller.en=North", "privacy.contact=dpo@north.edu", "languages=nb,en",
        "release.released=esi,local", "release.details=gender", "colour=#FE0",
        "accessibility.conformance=partial", "accessibility.gaps.en=Some attachments",
        "accessibility.assessment=self", "accessibility.contact=access@north.edu",
        "accessibility.authority.nb=Tilsynet", "accessibility.authority_url.nb=https://uu.example/",
        "accessibility.law.nb=Loven", "accessibility.prepared=2026-09-01",
    )  # fmt: skip

    assert "~ institution north\n" == run(*change).output
    assert "nothing changed\n" == run(*change).output
    now = shown("institution", "show", "north")
    expected = {
        "names.fi": "Pohjoinen",
        "codes.erasmus": "N  NORTH01",
        "privacy.controller.en": "North",
        "privacy.contact": "dpo@north.edu",
        "languages": "nb, en",
        "release.released": "esi, local",
        "release.details": "gender",
        "colour": "#ffee00",
        "accessibility.conformance": "partial",
        "accessibility.gaps.en": "Some attachments",
        "accessibility.assessment": "self",
        "accessibility.contact": "access@north.edu",
        "accessibility.authority.nb": "Tilsynet",
        "accessibility.authority_url.nb": "https://uu.example/",
        "accessibility.law.nb": "Loven",
        "accessibility.prepared": "2026-09-01",
        "url": "https://north.edu/",
    }
    assert expected == {name: now[name] for name in expected}
    run("institution", "set", "north", "names.fi=", "codes.erasmus=", "accessibility.prepared=")
    assert {"names.fi", "codes.erasmus", "accessibility.prepared"}.isdisjoint(
        shown("institution", "show", "north")
    )

    assert (
        "~ client north: switched on\n" == run("institution", "enable", "north", "--client").output
    )
    assert "~ institution north: switched off\n" == run("institution", "disable", "north").output
    assert "nothing changed\n" == run("institution", "disable", "north").output
    expected_line = (
        "north\toff,client\tnorth.edu\taccess-points 0/1 adapters 0/0 logins 0/0\tNorth\n"
    )
    assert expected_line == run("institution", "list", "--search", "NORTH").output
    assert "" == run("institution", "list", "--search", "south").output


WRONG = {
    "unknown setting": (("color=red",), "there is no setting 'color'"),
    "colour": (("colour=red",), "colour is not written as #rrggbb"),
    "conformance": (("accessibility.conformance=good",), "is none of: full, partial, none"),
    "day": (("accessibility.prepared=soon",), "a day such as 2026-09-30"),
    "gaps": (("accessibility.conformance=partial",), "must say what is not accessible"),
    "statement": (("accessibility.colour=red",), "there is no setting 'accessibility.colour'"),
    "slug": (("slug=other",), "there is no setting 'slug'"),
    "switch": (("enabled=yes",), "there is no setting 'enabled'"),
    "pic": (("codes.pic=12",), "the PIC '12' does not have nine digits"),
    "identifier": (("release.released=name",), "'name' is none of esi, local"),
    "form": (("country",), "write NAME=VALUE"),
}


def test_wrong_settings_are_refused(folder: Path) -> None:
    """One line says what is wrong, and nothing is written; slugs and switches are no settings."""
    added()
    before = shown("institution", "show", "north")
    results = {name: run("institution", "set", "north", *WRONG[name][0]) for name in WRONG}

    assert [] == [name for name, result in results.items() if result.exit_code == 0]
    assert [] == [name for name, result in results.items() if WRONG[name][1] not in result.output]
    assert before == shown("institution", "show", "north")


def test_an_access_point_is_switched_on_once_it_has_a_key(folder: Path) -> None:
    """Without key and certificate it stays off; its references are an operator's to write."""
    added()
    refused = run("access-point", "enable", "north")
    assert (1, True) == (refused.exit_code, "key is missing" in refused.output)
    run("access-point", "set", "north", "key=file:/k.pem", "certificate=file:/c.pem")

    assert "~ access point north: switched on\n" == run("access-point", "enable", "north").output
    assert "north\ton\tnorth\n" == run("access-point", "list").output
    run("institution", "disable", "north")
    assert "north\tstopped\tnorth\n" == run("access-point", "list").output
    whole = ("countrywide=yes", "institutions=north.edu; South, East", "allowed_hosts=A.example")
    assert 0 == run("access-point", "set", "north", *whole).exit_code
    now = shown("access-point", "show", "north")
    assert ("yes", "a.example") == (now["countrywide"], now["allowed_hosts"])
    assert 'north.edu, "South, East"' == now["institutions"]
    assert [True] == [
        one["countrywide"] for one in json.loads(run("access-point", "list", "--json").output)
    ]


def test_a_point_stays_with_its_institution(folder: Path) -> None:
    """A slug that is taken is refused, whoever asks; there is no command that moves a point."""
    added()
    run("institution", "add", "south", "names.en=South", "country=SE", "domain=south.se")
    result = run("access-point", "add", "north", "--institution", "south")

    assert 1 == result.exit_code
    assert "there is an access point 'north' already" in result.output
    assert "north" == shown("access-point", "show", "north")["institution"]


CATALOGUE = """<?xml version="1.0"?>
<catalogue xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-registry/tree/stable-v1">
  <host><institutions-covered><hei-id>north.edu</hei-id></institutions-covered></host>
  <institutions>
    <hei id="north.edu"><name xml:lang="EN">North University</name><name xml:lang="nb">Nord</name>
      <other-id type="erasmus">N  NORTH01</other-id><other-id type="pic">12</other-id></hei>
    <hei id="new.se"><other-id type="previous-schac">south.se</other-id><name>South</name></hei>
    <hei id="other.fi"><name xml:lang="fi">Muu</name></hei>
    <hei id="unknown.example"><name xml:lang="en">Where?</name></hei>
  </institutions>
</catalogue>
"""


def test_an_import_says_first_and_writes_then(folder: Path) -> None:
    """Known institutions are found by their domains, former ones included; what cannot be is left out."""
    added()
    run("institution", "add", "south", "names.en=South", "country=SE", "domain=south.se")
    file = folder / "catalogue.xml"
    file.write_text(CATALOGUE, "utf-8")
    plan = run("institution", "import", file)

    assert [
        "~ institution north: names.en, names.nb, codes.erasmus",
        "    pic 12 does not have the right form and is left out.",
        "~ institution south: domain",
        "    A name of no language counts as en.",
        "+ institution other Muu",
        "! 4 Where?: institution 'unknown': country '' does not have the right form",
        "3 would be written, 1 left out; --write does it",
    ] == plan.output.splitlines()
    assert 1 == plan.exit_code
    assert "south.se" == shown("institution", "show", "south")["domain"]

    only = run("institution", "import", file, "--only", ".fi", "--only", "north.edu", "--write")
    assert "2 written, 0 left out" == only.output.splitlines()[-1]
    assert 0 == only.exit_code
    assert "FI" == shown("institution", "show", "other")["country"]
    again = run("institution", "import", file, "--write", "--country", "NO")
    assert "2 written, 0 left out" == again.output.splitlines()[-1]
    assert "new.se" == shown("institution", "show", "south")["domain"]
    assert "NO" == shown("institution", "show", "unknown")["country"]

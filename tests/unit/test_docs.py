"""What the documentation promises to list, it lists."""

from __future__ import annotations

import dataclasses
import re
import tempfile
import textwrap
import tomllib
from pathlib import Path

import click
import pytest

from emrex_gateway.cli import main
from emrex_gateway.cli._institutions import (
    _Accessibility,
    _AccessPoint,
    _Institution,
    _Matching,
    _Privacy,
    read,
)
from emrex_gateway.cli._plan import Plan
from emrex_gateway.domain import Federation, ProviderFilter, ServiceKey, ServiceProvider
from emrex_gateway.login import SamlSettings, settings_of
from emrex_gateway.settings import Settings, from_mapping

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def test_every_setting_is_documented_and_nothing_else() -> None:
    """docs/settings.md has a row for each setting."""
    documented = re.findall(r"^\| `(\w+)` \|", (DOCS / "settings.md").read_text("utf-8"), re.M)

    assert [field.name for field in dataclasses.fields(Settings)] == documented


def test_every_field_of_the_institutions_file_is_documented() -> None:
    """docs/institutions.md has a row for each field of the sections that it describes, and no other."""
    sections = (DOCS / "institutions.md").read_text("utf-8")
    documented = [
        [
            name
            for first in re.findall(r"^\| (`[^|]*`) \|", part, re.M)
            for name in re.findall(r"`(\w+)`", first)
        ]
        for part in re.split(r"^## |^`\[\[", sections, flags=re.M)[1:]
    ]
    documented = [names for names in documented if names]
    file = [
        set(part.__struct_fields__)
        for part in (_Institution, _Privacy, _Accessibility, _Matching, _AccessPoint)
    ]
    where, *others = (field.name for field in dataclasses.fields(SamlSettings))
    method = {field.name for field in dataclasses.fields(ProviderFilter)} | set(others)

    assert "where" == where
    assert file + [
        {field.name for field in dataclasses.fields(type_)}
        for type_ in (Federation, ServiceProvider, ServiceKey)
    ] + [method] == [set(names) for names in documented]


def test_every_decision_is_in_the_index_under_its_own_number() -> None:
    """The index names each file once, and no two files share a number."""
    files = sorted(path.name for path in (DOCS / "decisions").glob("[0-9]*.md"))
    index = (DOCS / "decisions" / "README.md").read_text("utf-8")

    assert files == sorted(re.findall(r"^- \[.*\]\(([^)]*)\)$", index, re.M))
    assert len(files) == len({name[:4] for name in files})


@pytest.mark.parametrize("name", ["README.md", "docs/deploy/README.md"])
def test_every_command_is_in_the_guides(name: str) -> None:
    """README and the deployment guide name only commands that exist."""
    named = re.findall(r"emrex-gateway ([a-z-]+)", (ROOT / name).read_text("utf-8"))

    assert named
    assert set() == set(named) - set(main.list_commands(click.Context(main)))


def test_the_deployment_guides_settings_are_accepted() -> None:
    """The TOML in docs/deploy/README.md is a file that the gateway starts with."""
    guide = (DOCS / "deploy" / "README.md").read_text("utf-8")
    example = guide.partition("```toml\n")[2].partition("```")[0]

    assert "https://emrex.example.edu/emrex" == from_mapping(tomllib.loads(example)).public_url


def test_the_readmes_way_into_a_federation_is_accepted() -> None:
    """The TOML under "Join a federation", behind an institution, is a file that ``apply`` takes."""
    section = (ROOT / "README.md").read_text("utf-8").partition("## Join a federation")[2]
    example = section.partition("```toml\n")[2].partition("```")[0]
    institution = """
        [[institutions]]
        slug = "example"
        names = { en = "Example University" }
        country = "FI"
        domain = "example.edu"
        url = "https://www.example.edu/"
    """
    with_choices = re.sub(r"^( *)# (\w+ = \S+) .*$", r"\1\2", example, flags=re.M)

    for text in (example, with_choices):
        plan = read_text(institution + text)
        (federation,), (provider,) = plan.federations, plan.service_providers
        (method,) = plan.login_methods
        settings = settings_of(method)

        assert isinstance(settings, SamlSettings)
        assert frozenset({federation.slug}) == settings.where.federations
        assert "example" == provider.institution == method.institution
    assert {"https://idp.example.edu/saml"} == settings.where.providers
    assert {"https://idp.example.edu/saml"} == settings.national_identifiers
    assert "https://service.seamlessaccess.org/ds/" == settings.discovery


def read_text(text: str) -> Plan:
    """Read an institutions' file that has this text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "institutions.toml")
        path.write_text(textwrap.dedent(text), "utf-8")
        return read(path)


def test_links_between_documents_lead_somewhere() -> None:
    """A relative link names a file of the project."""
    broken = []
    for page in (*ROOT.glob("*.md"), *DOCS.rglob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")

    assert [] == broken


def test_the_trace_names_files_that_exist() -> None:
    """docs/trace.md leads through the code as it stands."""
    trace = (DOCS / "trace.md").read_text("utf-8")
    rows = [line.split("|")[3] for line in trace.splitlines() if re.match(r"\| \d", line)]
    named = [path for row in rows for path in re.findall(r"`([\w/.]+)`", row)]
    missing = []
    folder = ROOT
    for path in named:
        # A bare file name lies in the folder of the path before it.
        candidates = [ROOT / path, ROOT / "emrex_gateway" / path, folder / path]
        found = next((place for place in candidates if place.exists()), None)
        if found is None:
            missing.append(path)
        else:
            folder = found.parent

    assert len(named) > 20
    assert [] == missing

"""A plugin's settings, described for a form, and what is wrong with them, field by field."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import stores
from emrex_gateway.adapters import (
    FieldKind,
    check_each,
    check_settings,
    describe,
    installed,
    make_settings,
    said,
    secret_references,
)
from emrex_gateway.errors import ConfigError
from fake_plugins import FakePlugin, install
from rich_plugin import RICH

K = FieldKind
GOOD = {"url": "https://x", "password": "env:FIRST"}


def test_every_type_has_its_kind() -> None:
    """In the order of the dataclass; nested ones are flattened with dots."""
    expected = {
        "url": K.TEXT,
        "password": K.SECRET,
        "timeout": K.NUMBER,
        "tries": K.INTEGER,
        "names": K.FLAG,
        "scale": K.CHOICE,
        "order": K.CHOICE,
        "faculty": K.TEXT,
        "codes": K.LINES,
        "years": K.LINES,
        "kinds": K.CHOICES,
        "headers": K.PAIRS,
        "weights": K.PAIRS,
        "rules": K.JSON,
        "paging.size": K.INTEGER,
        "paging.offset": K.TEXT,
        "proxy.host": K.TEXT,
    }
    found = describe(RICH)
    assert expected == {info.name: info.kind for info in found}
    assert list(expected) == [info.name for info in found]


def test_what_a_field_says_of_itself() -> None:
    """Texts by language with a fallback, units, defaults as they are stored, limits, choices."""
    by_name = {info.name: info for info in describe(RICH)}
    assert ("Osoite", "Adress", "Address") == tuple(
        said(by_name["url"].label, tag) for tag in ("fi", "sv", "de")
    )
    assert "Where it is." == said(by_name["url"].help, "sv")
    assert by_name["url"].required
    assert ("s", 5.0) == (by_name["timeout"].unit, by_name["timeout"].default)
    assert "five" == by_name["scale"].default
    assert ("five", {"en": "One to five"}) == by_name["scale"].choices[0]
    assert (1, 500) == (by_name["paging.size"].least, by_name["paging.size"].most)
    assert "Paging" == said(by_name["paging.size"].group, "en")
    assert by_name["tries"].advanced
    assert by_name["proxy.host"].optional
    assert not by_name["proxy.host"].required  # what holds it may be left out
    assert by_name["faculty"].optional


def test_a_plugin_that_says_nothing_gets_readable_labels(fake: FakePlugin) -> None:
    """The name as words."""
    assert ["Url", "Password", "Timeout", "Size", "Names"] == [
        said(info.label, "en") for info in describe(fake)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Odd:
    unknown: Nowhere  # type: ignore[name-defined]  # noqa: F821 (that is the test)


def test_a_type_that_cannot_be_read_is_a_clear_error() -> None:
    """An annotation that means nothing breaks that plugin's form only, in one line."""

    class Odd(FakePlugin):
        settings_type: Any = _Odd

    with pytest.raises(ConfigError, match="cannot be described: NameError"):
        describe(Odd("odd"))


@pytest.mark.parametrize(
    ("values", "field_name"),
    [
        ({"url": "x"}, "settings.password"),
        ({**GOOD, "timeout": "x"}, "settings.timeout"),
        ({**GOOD, "paging": {"size": "x"}}, "settings.paging.size"),
        ({**GOOD, "paging": {"sise": 1}}, "settings.paging.sise"),
        ({**GOOD, "proxy": {}}, "settings.proxy.host"),
        ({**GOOD, "years": [1, "x"]}, "settings.years"),
        ({**GOOD, "colour": 1}, "settings.colour"),
        ({**GOOD, "url": "ftp://x"}, "settings.url"),
        ({**GOOD, "password": "hunter2"}, "settings.password"),
        ({**GOOD, "tries": 10}, ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_error_names_its_field(values: dict[str, Any], field_name: str) -> None:
    """msgspec's path, a missing name, and the plugin's own check all become the form's field."""
    with pytest.raises(ConfigError) as caught:
        check_settings(RICH, values)
    assert field_name == caught.value.field
    assert "hunter2" not in str(caught.value)


def test_all_errors_are_found_at_once() -> None:
    """One by one, where several fields are wrong; the whole is checked when each is right."""
    values = {**GOOD, "timeout": "x", "scale": "ten", "rules": 1}
    expected = {"settings.timeout", "settings.scale", "settings.rules"}
    assert expected == {error.field for error in check_each(RICH, values)}
    assert () == check_each(RICH, GOOD)
    (whole,) = check_each(RICH, {**GOOD, "tries": 10})
    assert "more than nine tries" in str(whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inner:
    token: str = field(default="", repr=False, metadata={"secret": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outer:
    inner: _Inner = _Inner()


def test_a_secret_in_a_table_is_resolved_too() -> None:
    """References count wherever they stand, and one that is not there names its field."""

    class Nested(FakePlugin):
        settings_type: Any = _Outer

    plugin = Nested("nested")
    values = {"inner": {"token": "env:FIRST"}}
    assert stores.KEYS["env:FIRST"] == make_settings(plugin, values, stores.resolve).inner.token
    assert {"settings.inner.token": "env:FIRST"} == secret_references(plugin, values)

    def gone(reference: str) -> str:
        raise ConfigError("missing")

    with pytest.raises(ConfigError) as caught:
        make_settings(plugin, values, gone)
    assert "settings.inner.token" == caught.value.field


def test_broken_plugins_are_listed_and_harm_nothing_else(
    path: Path, fake: FakePlugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever happens when it is imported, an end of the program included; no path is told."""
    for name, source in {
        "syntax": "x = (",
        "quits": "raise SystemExit(3)",
        "reads": "open('/nowhere/secret/file')",
        "old": "class P:\n    api_version = 0\nPLUGIN = P()",
    }.items():
        (path / f"broken_{name}.py").write_text(source)
        install(path, f"emrex-{name}", name=name, value=f"broken_{name}:PLUGIN")
    install(path, "emrex-fake-two", name="twice", value="fake_plugins:FAKE")
    install(path, "emrex-fake-three", name="twice", value="fake_plugins:FAKE")

    found = {(one.name, one.distribution): one for one in installed()}

    assert fake is found["fake", "emrex-fake"].plugin
    assert ("1.0", 1) == (
        found["fake", "emrex-fake"].version,
        found["fake", "emrex-fake"].api_version,
    )
    problems = {name: one.problem for (name, _), one in found.items() if one.plugin is None}
    assert "SyntaxError" in problems["syntax"]
    assert "SystemExit: 3" in problems["quits"]
    assert "FileNotFoundError" in problems["reads"]
    assert "version 0 of the plugin contract" in problems["old"]
    assert "emrex-fake-three, emrex-fake-two" in problems["twice"]
    assert not [one for one in problems.values() if "/" in one or "\n" in one]

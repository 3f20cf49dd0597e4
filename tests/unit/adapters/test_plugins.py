"""Plugins are found and configured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import fake_plugins
import stores
from emrex_gateway.adapters import check_settings, make_settings, plugin, plugins
from emrex_gateway.errors import (
    ConfigError,
)
from fake_plugins import FAKE, FakePlugin, FakeSettings, Paging, install


def test_a_plugin_is_found_by_its_entry_point(fake: FakePlugin) -> None:
    """An installed distribution offers its adapter by name."""
    assert fake is plugin("fake")
    assert fake is plugins()["fake"]


def test_what_is_not_installed_is_named() -> None:
    """A binding of an adapter that is gone stops with its name."""
    with pytest.raises(ConfigError, match="'nothing' is not installed"):
        plugin("nothing")


def test_a_foreign_version_of_the_contract_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plugin for another version is not opened, and does not stop the others."""
    foreign = FakePlugin("foreign", api_version=99)
    monkeypatch.setattr(fake_plugins, "FOREIGN", foreign, raising=False)
    install(path, "emrex-foreign", name="foreign", value="fake_plugins:FOREIGN")
    install(path, "emrex-fake")

    with pytest.raises(ConfigError, match="version 99 of the plugin contract"):
        plugin("foreign")
    with pytest.raises(ConfigError, match="version 99 of the plugin contract"):
        plugins()
    assert FAKE is plugin("fake")


def test_two_plugins_of_one_name_are_refused(path: Path) -> None:
    """Which one would answer must not depend on the order of folders; both owners are named."""
    install(path, "emrex-fake")
    install(path, "emrex-other")

    with pytest.raises(ConfigError, match="emrex-fake, emrex-other"):
        plugin("fake")


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("fake", "no_such_module:X", "cannot be imported: ModuleNotFoundError"),
        ("fake", "fake_plugins:NOTHING", "cannot be imported: AttributeError"),
        ("renamed", "fake_plugins:FAKE", "calls itself 'fake'"),
        ("fake", "fake_plugins:Path", "version None"),
    ],
)
def test_a_broken_plugin_is_named(path: Path, name: str, value: str, problem: str) -> None:
    """What is wrong with an entry point is said in one line."""
    install(path, "emrex-broken", name=name, value=value)

    with pytest.raises(ConfigError, match=problem):
        plugin(name)


def test_settings_become_the_plugins_dataclass(fake: FakePlugin) -> None:
    """Values get their types, secrets are resolved, defaults fill the rest."""
    values = {"url": "https://x", "password": "env:FIRST", "paging": {"size": 7}, "timeout": 2}

    made = make_settings(fake, values, stores.resolve)

    expected = FakeSettings(
        url="https://x", password=stores.KEYS["env:FIRST"], paging=Paging(size=7), timeout=2.0
    )
    assert expected == made
    assert "env:FIRST" == check_settings(fake, values).password


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({}, "url"),
        ({"url": 7}, "Expected `str`"),
        ({"url": "x", "timeout": "fast"}, r"\$.timeout"),
        ({"url": "x", "Timeout": 1}, "unknown settings of fake: Timeout"),
        ({"url": "x", "paging": {"sise": 1}}, "unknown settings of fake: paging.sise"),
        ({"url": "x", "password": "hunter2"}, "password of fake is a secret"),
        ({"url": "x", "password": ["env:X"]}, "password of fake is a secret"),
    ],
)
def test_settings_that_do_not_fit_are_named(
    fake: FakePlugin, values: dict[str, Any], problem: str
) -> None:
    """A typo, a wrong type or a written-out secret is refused, and the secret is not repeated."""
    with pytest.raises(ConfigError, match=problem) as raised:
        make_settings(fake, values, stores.resolve)
    assert "hunter2" not in str(raised.value)

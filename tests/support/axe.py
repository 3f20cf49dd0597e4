"""axe-core in Chromium: what it finds on the page that is open."""

from __future__ import annotations

from typing import Any

import pytest

import node_packages

AXE = """
const [options, done] = arguments;
document.querySelectorAll("details").forEach(one => { one.open = true; });
axe.run({ ...options, resultTypes: ["violations"] }).then(found => done({
    address: location.pathname + location.search,
    title: document.title,
    language: document.documentElement.lang,
    sideways: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    barriers: found.violations.flatMap(rule => rule.nodes.map(
        node => rule.id + ": " + node.html.slice(0, 200) + " " + node.failureSummary)),
    asked: [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
        .map(one => [one.name, one.encodedBodySize]),
    links: [...document.querySelectorAll("a[href]")].map(one => one.href),
}));
"""
"""Runs axe with the options given and answers what it found, every ``details`` open."""


def axe_core(config: pytest.Config) -> str:
    """The source of axe-core, as npm has it."""
    folder = node_packages.install("axe", config.cache.mkdir("axe"))
    return (folder / "node_modules/axe-core/axe.min.js").read_text("utf-8")


def sized(driver: Any, width: int, height: int = 800) -> None:
    """Make the page as wide as a phone's, which a window of its own cannot be."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
    )


def colours(driver: Any, scheme: str) -> None:
    """Prefer ``light`` or ``dark``, and no motion: a colour on its way to another is neither."""
    wanted = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": name, "value": value} for name, value in wanted.items()]},
    )

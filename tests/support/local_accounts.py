"""An administrator with a real password and a real app for one-time codes, for tests of logging in."""

from __future__ import annotations

from dataclasses import dataclass

import pyotp

from admin_world import AdminBrowser, AdminWorld
from emrex_gateway import administering
from emrex_gateway.administering import Enrolled, Invited
from emrex_gateway.domain import AdminRole, Grant

PASSWORD = "four words beside the lake"


@dataclass
class Person:
    """Somebody with a telephone: ``code`` is what its app shows at the world's time."""

    world: AdminWorld
    name: str
    account: str
    secret: str
    recovery: tuple[str, ...]

    def code(self) -> str:
        return pyotp.TOTP(self.secret).at(self.world.clock())

    def log_in(self, browser: AdminBrowser, **changes: str) -> AdminBrowser:
        """Fill the login form in; ``changes`` replace what is right."""
        browser.get(changes.pop("at", "/admin/login"))
        given = {"name": self.name, "password": PASSWORD, "code": self.code(), **changes}
        return browser.submit_form("login", **given)


def invite(world: AdminWorld, name: str = "maija", *grants: Grant) -> Invited:
    """Make an account as ``emrex-gateway admin create`` does."""
    return administering.create_account(
        world.services,
        administering.shell_actor(),
        name,
        grants or [Grant(AdminRole.OPERATOR)],
    )


def enrolled(world: AdminWorld, name: str = "maija", *grants: Grant) -> Person:
    """Make an account and go through its first login."""
    invited = invite(world, name, *grants)
    waiting = administering.begin_enrolment(
        world.services,
        name=name,
        invitation=invited.invitation,
        password=PASSWORD,
        network="192.0.2.1",
    )
    secret = administering.enrolling(world.services, waiting).secret
    code = pyotp.TOTP(secret).at(world.clock())
    done: Enrolled = administering.finish_enrolment(world.services, waiting, code)
    world.clock.forward(seconds=60)
    return Person(world, name, invited.account.id, secret, done.codes)

"""A gateway with administrators for tests: real accounts, real sessions, real forms.

world = make_admin_world(tmp_path)
browser = world.admin(AdminRole.ADMINISTRATOR, "campus")
browser.get("/admin/i/campus/settings").submit_form("settings", support="help@campus.example")
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import databases
from emrex_gateway import administering
from emrex_gateway.domain import Account, AccountKind, Actor, AdminRole, Credentials, Grant
from gateway_world import Browser, World, make_world

PASSWORD = "correct horse battery staple"
_MOUNT = "/emrex"


class AdminWorld(World):
    """A ``World`` that knows administrators."""

    def admin(
        self, role: AdminRole = AdminRole.OPERATOR, institution: str = "", *, name: str = ""
    ) -> AdminBrowser:
        """Return the browser of somebody with that role who has just logged in."""
        return self.visitor(self.account(Grant(role, institution), name=name))

    def account(self, *grants: Grant, name: str = "") -> Account:
        """Add a local account that could log in (its password is ``PASSWORD``'s hash in name only)."""
        id_ = f"a-{secrets.token_hex(8)}"
        account = Account(
            id=id_,
            kind=AccountKind.LOCAL,
            name=name or f"{grants[0].role.value}-{id_[2:8]}",
            grants=frozenset(grants),
            created_at=self.clock(),
        )
        with self.services.store.begin() as uow:
            uow.administrators.put_account(account, account.name)
            uow.administrators.put_credentials(
                id_, Credentials(password="set", secret="A" * 32, confirmed=True)
            )
        return account

    def visitor(self, account: Account) -> AdminBrowser:
        """Return a browser in which that account is logged in."""
        with self.services.store.begin() as uow:
            secret = administering.begin_visit(self.services, uow, account)
        browser = AdminBrowser(self, self.app.test_client())
        browser.client.set_cookie(
            "emrex-admin", secret, domain="localhost", path=f"{_MOUNT}/admin", secure=False
        )
        browser.account = account
        return browser

    def nobody(self) -> AdminBrowser:
        """Return a browser in which nobody is logged in."""
        return AdminBrowser(self, self.app.test_client())

    def operator(self) -> Actor:
        """Return an operator for calling use cases directly."""
        return Actor(account="a-test", grants=frozenset({Grant(AdminRole.OPERATOR)}))

    def trail(self, *events: str) -> list[dict[str, Any]]:
        """Return the facts of the trail's events of these names, the oldest first."""
        rows = databases.rows(
            self.services.settings.database_url, "SELECT event, facts FROM emrex_audit ORDER BY id"
        )
        return [
            {"event": event, **json.loads(facts)}
            for event, facts in rows
            if not events or event in events
        ]


class AdminBrowser(Browser):
    """A browser on the administrator's pages; addresses may be written without the mount path."""

    account: Account

    def get(self, path: str, **options: Any) -> AdminBrowser:
        super().get(_mounted(path), **options)
        return self

    def post(self, path: str, data: Any = None, **options: Any) -> AdminBrowser:
        super().post(_mounted(path), data, **options)
        return self

    @property
    def status(self) -> int:
        """The last answer's status, redirects followed."""
        return int(self.response.status_code)

    def forms(self) -> list[Any]:
        """The forms of the page's main part."""
        return list(self.page.xpath("//main//form"))

    def submit_form(self, which: str | int = 0, /, **values: Any) -> AdminBrowser:
        """Send a form of the page as a browser would, with ``values`` over what stands in it.

        ``which`` is its ``data-step``, the end of its ``action``, or its number
        in the page's main part. A value ``None`` leaves a field out (an
        unticked box); a list sends it several times; a name with dots or
        dashes goes in by ``**{"names-en": "..."}``.
        """
        form = self._find(which)
        data: dict[str, list[str]] = {}
        for field in form.xpath(".//input | .//textarea | .//select"):
            for value in _values(field):
                data.setdefault(field.get("name"), []).append(value)
        data.pop(None, None)  # type: ignore[call-overload] # a field without a name is not sent
        for name, value in values.items():
            if value is None:
                data.pop(name, None)
            elif isinstance(value, list | tuple):
                data[name] = [str(one) for one in value]
            else:
                data[name] = [str(value)]
        return self.post(form.get("action") or self.path, data)

    def token(self) -> str:
        """The token of the page's forms, for posts that no form of the page makes."""
        return str(self.page.xpath("//input[@name='token']/@value")[0])

    def _find(self, which: str | int) -> Any:
        forms = self.forms()
        if isinstance(which, int):
            assert len(forms) > which, f"no form {which} on {self.path}: {self.text[:300]!r}"
            return forms[which]
        for form in forms:
            if form.get("data-step") == which or (form.get("action") or "").endswith(which):
                return form
        raise AssertionError(f"no form {which!r} on {self.path}: {self.text[:300]!r}")


def make_admin_world(folder: Path, **settings: Any) -> AdminWorld:
    """Make ``gateway_world``'s world, with administrators."""
    return AdminWorld(**vars(make_world(folder, **settings)))


def _mounted(path: str) -> str:
    return path if path.startswith(_MOUNT) else _MOUNT + path


def _values(field: Any) -> list[str]:
    if field.tag == "textarea":
        return [field.text or ""]
    if field.tag == "select":
        chosen = field.xpath(".//option[@selected]") or (
            [] if field.get("multiple") is not None else field.xpath(".//option")[:1]
        )
        return [one.get("value", one.text or "") for one in chosen]
    kind = field.get("type", "text")
    if kind in ("submit", "button", "file"):
        return []
    if kind in ("checkbox", "radio") and field.get("checked") is None:
        return []
    return [field.get("value", "on" if kind in ("checkbox", "radio") else "")]

"""Another institution's things: whoever looks after B reads and changes nothing of A, by any route.

Each route is opened and posted to with the address of B and the ids of what A
has (in the address, the query and the form), by B's administrator, with a good
token. Nothing of A may change, and nothing that only A's pages hold may come back.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.routing import Rule

import databases
from admin_world import AdminBrowser, AdminWorld, make_admin_world
from emrex_gateway import administering
from emrex_gateway.domain import (
    AdapterBinding,
    AdminRole,
    Federation,
    Grant,
    KeyKind,
    KeyPlace,
    KeyState,
    LoginMethod,
    Permission,
    Registration,
    RuleKind,
    ServiceProvider,
    SigningKey,
    texts,
)
from emrex_gateway.web.admin import _frame
from saml_party import key as service_key

MARK = "only-campus-knows"
"""Stands in rows of A where B's pages have no business."""
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> AdminWorld:
    made = make_admin_world(Path(tmp_path_factory.mktemp("strangers")))
    now = made.clock()
    with made.services.store.begin() as uow:
        config = uow.config
        campus = config.institution("campus")
        config.put_institution(replace(campus, address=MARK))
        config.put_institution(replace(campus, slug="elsewhere"))
        point = config.access_point("campus")
        assert point is not None
        config.put_access_point(replace(point, slug="elsewhere", institution="elsewhere"))
        config.put_federation(
            Federation(
                slug="haka",
                names=texts(en="Haka"),
                url=f"https://federation.example/{MARK}",
                certificates=("env:FEDERATION",),
            )
        )
        config.put_service_provider(
            ServiceProvider(
                institution="campus",
                keys=(service_key("rsa2048:sp"),),
                descriptions=texts(en=MARK),
            )
        )
        staff = LoginMethod(
            id="staff",
            institution="campus",
            kind="saml",
            names=texts(en=MARK),
            settings={"federations": ["haka"]},
            for_administrators=True,
        )
        config.put_login_method(staff)
        gone = replace(staff, id="gone", enabled=False, for_administrators=False)
        config.put_login_method(gone)
        uow.logins.remove(gone, kind="login method", key="gone", by=MARK, at=now)
        binding = AdapterBinding(
            id="removed", institution="campus", adapter="peppi", settings={"base_url": MARK}
        )
        config.put_binding(binding)
        uow.logins.remove(binding, kind="adapter", key="removed", by=MARK, at=now)
        uow.keys.put(
            SigningKey(
                id=KEY,
                access_point="campus",
                kind=KeyKind.RSA,
                place=KeyPlace.DIRECTORY,
                state=KeyState.MADE,
                common_name=MARK,
                organization="",
                country="FI",
                host=MARK,
                request=MARK,
                ordered_at=now,
                changed_at=now,
            )
        )
        uow.keys.put_registration(Registration(access_point="campus", emails=(MARK,)))
    administering.add_rule(
        made.services,
        made.operator(),
        method="staff",
        kind=RuleKind.GROUP,
        value=MARK,
        grant=Grant(AdminRole.SUPPORT, "campus"),
    )
    return made


@pytest.fixture(scope="module")
def theirs(world: AdminWorld) -> dict[str, list[str]]:
    """What of A's an address or a form may name, by the names of parts and fields."""
    student = world.browser().to_selection()
    test = administering.start_self_test(world.services, world.operator(), "campus")
    with world.services.store.read() as uow:
        binding = uow.config.bindings("campus")[0].id
        rule = uow.administrators.role_rules()[0].id
    trial = administering.order_try(world.services, world.operator(), "campus", binding)
    person = world.account(Grant(AdminRole.ADMINISTRATOR, "campus"), name=MARK)
    transfer = student.transfer_id
    return {
        "institution": ["elsewhere"],
        "slug": ["campus"],
        "binding": [binding, "removed"],
        "admin_logins": ["staff", "gone"],
        "admin_keys": [KEY],
        "admin_tries": [trial],
        "admin_people": [rule, person.id],
        "test": [test.id],
        "transfer_id": [transfer],
        "name": ["peppi"],
        "key": ["staff"],
        "job": ["fetch-transfer-1"],
    }


def _addresses(world: AdminWorld, theirs: dict[str, list[str]]) -> Iterator[tuple[Rule, str]]:
    for rule in world.app.url_map.iter_rules():
        own = ("/admin/log", "/admin/account")  # what belongs to the person here
        if not rule.rule.startswith("/admin") or rule.rule.startswith(own):
            continue
        if _frame.rule_of(world.app.view_functions[rule.endpoint]) == Permission.RUN:
            continue  # refused before anything is looked at: see test_access.py
        names = sorted(rule.arguments)
        choices = []
        for name in names:
            converter = rule._converters[name]
            if type(converter).__name__ == "AnyConverter":
                choices.append(sorted(converter.items))
            elif type(converter).__name__ == "IntegerConverter":
                choices.append(["1"])
            else:
                area = rule.endpoint.partition(".")[0]
                choices.append(theirs.get(area if name == "id_" else name, ["campus"]))
        for values in itertools.product(*choices):
            built = rule.build(dict(zip(names, values, strict=True)))
            assert built is not None
            yield rule, f"/emrex{built[1]}"


def _state(world: AdminWorld) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that does not speak of B; trail and troubles aside."""
    address = world.services.settings.database_url
    made = databases.engine(address)
    tables = [t for t in sa.inspect(made).get_table_names() if t.startswith("emrex_")]
    found = {}
    for table in tables:
        if not table.startswith(("emrex_audit", "emrex_trouble")):  # which error pages write
            rows = databases.rows(address, f"SELECT * FROM {table}")
            found[table] = sorted((row for row in rows if "elsewhere" not in str(row)), key=str)
    return found


def _body(theirs: dict[str, list[str]]) -> dict[str, str]:
    """A form that names A wherever a field of ours might take a name."""
    return {
        "institution": "campus",
        "slug": "campus",
        "binding": "removed",
        "id": "staff",
        "key": KEY,
        "method": "staff",
        "transfer": theirs["transfer_id"][0],
        "to": "off",
        "up": "yes",
        "way": "up",
        "role": "operator",
        "enabled": "yes",
        "choice": "only https://idp.example",
        "names-en": "Elsewhere",
    }


def test_nothing_of_another_institution_is_read_or_changed(
    world: AdminWorld, theirs: dict[str, list[str]]
) -> None:
    """By no route, with no combination of ids, in address, query or form."""
    own = world.admin(AdminRole.ADMINISTRATOR, "campus")
    assert MARK in own.get("/admin/i/campus/settings").response.get_data(as_text=True)
    browser: AdminBrowser = world.admin(AdminRole.ADMINISTRATOR, "elsewhere")
    token = browser.get("/admin/account").token()
    before, body = _state(world), {**_body(theirs), "token": token}
    query = {"institution": "campus", "point": "campus", "key": "staff"}
    number = 0
    for rule, address in _addresses(world, theirs):
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            query = {"institution": "campus", "point": "campus", "key": "staff"}
            if method == "GET":
                answers = [
                    browser.client.get(address),
                    browser.client.get(address, query_string=query),
                ]
            else:
                answers = [browser.client.post(address, data={**body, "token": token})]
            number += len(answers)
            for answer in answers:
                where = (method, address, answer.status_code)
                assert answer.status_code < 500, where
                assert MARK not in answer.get_data(as_text=True), where
    assert 100 < number
    after = _state(world)
    for table, rows in before.items():
        assert rows == after[table], table

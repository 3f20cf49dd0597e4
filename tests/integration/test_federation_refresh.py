"""Federations' metadata from a real HTTP server into a real database, with every trouble on the way."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import stores
from benchmarks._federation import make
from emrex_gateway import federation
from emrex_gateway.cli import main
from emrex_gateway.domain import FederationState, MetadataKind, ServiceKey, ServiceProvider
from emrex_gateway.errors import ConfigError
from emrex_gateway.login.saml import read_metadata
from emrex_gateway.services import Services
from emrex_gateway.store import SqlStore
from federation_files import ONE, PEM, TWO, aggregate, idp, instant, key, single, sp, trust
from federation_files import federation as a_federation
from metadata_server import MetadataServer, serving
from saml_issuer import NOW, Signing
from stores import Clock

PATH = "/all.xml"
SECRETS = {"env:PINNED": PEM, **stores.KEYS}
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


class FakeQueue:
    """A fake queue: remembers what was sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def send(self, task: str, id_: str) -> None:
        """Remember."""
        self.sent.append((task, id_))


@pytest.fixture
def server() -> Iterator[MetadataServer]:
    """A federation's server."""
    with serving() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    """The time of the made-up metadata."""
    return Clock(NOW)


@pytest.fixture
def store(database_url: str, clock: Clock) -> Iterator[SqlStore]:
    """An empty store."""
    made = stores.new_store(database_url, clock)
    yield made
    made.close()


@pytest.fixture
def services(store: SqlStore, server: MetadataServer, clock: Clock, database_url: str) -> Services:
    """Services with one federation, whose file holds two providers and a service."""
    server.files[PATH] = aggregate(idp(ONE), idp(TWO), sp())
    with store.begin() as uow:
        uow.config.put_federation(a_federation(url=server.url + PATH))
    return Services(
        settings=stores.settings(database_url, http_on_loopback=True),
        store=store,
        queue=FakeQueue(),
        clock=clock,
        secrets=SECRETS.__getitem__,
        logins={},
        open_adapter=lambda *_: pytest.fail("no adapter is needed"),
    )


def _state(services: Services) -> FederationState:
    with services.store.read() as uow:
        return uow.entities.state("fed")


def _known(services: Services) -> list[str]:
    known = []
    with services.store.read() as uow:
        for entity_id in (ONE, TWO):
            if uow.entities.get(entity_id, ("fed",)):
                known.append(entity_id)
    return known


def _events(store: SqlStore) -> list[tuple[str, dict[str, Any]]]:
    with store._engine.connect() as connection:  # no page shows events without a transfer
        rows = connection.exec_driver_sql("SELECT event, facts FROM emrex_audit ORDER BY id")
        return [(row[0], json.loads(row[1]) if isinstance(row[1], str) else row[1]) for row in rows]


# --- good copies ----------------------------------------------------------------------------


def test_a_copy_is_taken_with_its_state_and_event(services: Services, store: SqlStore) -> None:
    """Everything in one transaction: rows, validators, the time of the next look, the trail."""
    done = federation.refresh(services, "fed")

    assert done.changed is not None
    assert (3, 2, 3, 0) == (
        done.changed.entities,
        done.changed.providers,
        done.changed.added,
        done.skipped,
    )
    state = _state(services)
    assert state == done.state
    assert (NOW, NOW, NOW + timedelta(days=7), 3, 2, 0, "", "") == (
        state.checked_at,
        state.fetched_at,
        state.valid_until,
        state.entities,
        state.providers,
        state.failures,
        state.problem,
        state.alarm,
    )
    assert state.next_at is not None
    assert timedelta(hours=3.2) <= state.next_at - NOW <= timedelta(hours=4)
    assert [ONE, TWO] == _known(services)
    facts = {"federation": "fed", "entities": 3, "providers": 2, "removed": 0}
    assert [("metadata.refreshed", facts)] == _events(store)


def test_what_has_not_changed_is_not_fetched_again(
    services: Services, server: MetadataServer, clock: Clock, store: SqlStore
) -> None:
    """304 keeps the copy and moves the next look."""
    first = federation.refresh(services, "fed").state
    clock.pass_(hours=4)
    done = federation.refresh(services, "fed")

    assert [200, 304] == [status for _, _, status in server.asked]
    assert done.changed is None
    assert (first.fetched_at, first.valid_until, clock()) == (
        done.state.fetched_at,
        done.state.valid_until,
        done.state.checked_at,
    )
    assert ["metadata.refreshed"] == [event for event, _ in _events(store)]


def test_a_compressed_file_is_unpacked(services: Services, server: MetadataServer) -> None:
    """Big files come compressed."""
    server.gzip = True
    federation.refresh(services, "fed")
    assert [ONE, TWO] == _known(services)


def test_a_new_copy_replaces_the_old(
    services: Services, server: MetadataServer, clock: Clock
) -> None:
    """A new key counts, an entity that left is gone."""
    federation.refresh(services, "fed")
    server.files[PATH] = aggregate(idp(ONE, keys=key("rsa2048:new")), sp())
    done = federation.refresh(services, "fed")

    assert done.changed is not None
    assert (0, 1, 1) == (done.changed.added, done.changed.changed, done.changed.removed)
    assert [ONE] == _known(services)


def test_a_copy_from_elsewhere_is_not_held_against_the_old_one(
    services: Services, server: MetadataServer, store: SqlStore
) -> None:
    """After a change of address or key the server cannot say that nothing changed."""
    federation.refresh(services, "fed")
    server.files["/new.xml"] = server.files[PATH]
    with store.begin() as uow:
        uow.config.put_federation(a_federation(url=server.url + "/new.xml"))
    federation.refresh(services, "fed")
    assert ["if-none-match" in headers for _, headers, _ in server.asked] == [False, False]


def test_a_short_lived_copy_is_looked_at_in_time(
    services: Services, server: MetadataServer
) -> None:
    """At half of its life at the latest."""
    server.files[PATH] = aggregate(idp(ONE), until=NOW + timedelta(hours=2))
    state = federation.refresh(services, "fed").state
    assert NOW + timedelta(hours=1) == state.next_at


# --- trouble --------------------------------------------------------------------------------


def _forged() -> bytes:
    return aggregate(idp(ONE), signing=Signing(key="rsa2048:stranger"))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"status": 500}, "status"),
        ({"status": 301}, "redirect"),
        ({"cut": 100}, "unreachable"),
        ({"body": b"<html/>"}, "schema"),
        ({"body": _forged()}, "signature"),
        ({"body": aggregate(idp(ONE), until="")}, "no-end"),
        ({"body": aggregate(idp(ONE), until=NOW - timedelta(days=1))}, "expired"),
        ({"body": aggregate(idp(ONE), until=NOW + timedelta(days=29))}, "distant-end"),
        ({"body": aggregate(idp(ONE))[:-500]}, "malformed"),
        ({"body": aggregate(idp(ONE)).replace(b"one.example/sso", b"two.example/sso")}, "digest"),
        ({"body": b"<!DOCTYPE x>" + aggregate(idp(ONE))}, "dtd"),
    ],
)
def test_trouble_keeps_the_last_good_copy(
    services: Services, server: MetadataServer, store: SqlStore, change: Any, problem: str
) -> None:
    """The state and the trail say why; logins go on."""
    good = federation.refresh(services, "fed").state
    server.files[PATH] = change.pop("body", aggregate(idp(TWO)))
    for name, value in change.items():
        setattr(server, name, value)
    done = federation.refresh(services, "fed")

    assert (None, problem, 1) == (done.changed, done.state.problem, done.state.failures)
    assert (good.valid_until, good.fetched_at, good.etag, 2) == (
        done.state.valid_until,
        done.state.fetched_at,
        done.state.etag,
        done.state.providers,
    )
    assert [ONE, TWO] == _known(services)
    expected = ("metadata.failed", {"federation": "fed", "reason": problem})
    assert expected == _events(store)[-1]


def test_the_last_good_copy_ends_when_it_expires(
    services: Services, server: MetadataServer, clock: Clock
) -> None:
    """And the next copy is fetched without conditions."""
    federation.refresh(services, "fed")
    server.status = 503
    clock.pass_(days=7)
    federation.refresh(services, "fed")
    assert [] == _known(services)
    server.status = 200
    server.files[PATH] = aggregate(idp(ONE), until=NOW + timedelta(days=14))
    federation.refresh(services, "fed")
    assert [ONE] == _known(services)
    assert "if-none-match" not in server.asked[-1][1]


def test_looks_that_fail_come_ever_later(
    services: Services, server: MetadataServer, clock: Clock
) -> None:
    """Twice as late each time, with jitter, but no later than without failures; success ends it."""
    server.status = 500
    pauses = []
    for _ in range(10):
        state = federation.refresh(services, "fed").state
        assert state.next_at is not None
        pauses.append((state.next_at - clock()).total_seconds())
    expected = [min(60 * 2**n, 4 * 3600) for n in range(10)]
    assert [True] * 10 == [0.8 * e <= p <= e for p, e in zip(pauses, expected, strict=True)]
    assert 10 == state.failures
    server.status = 200
    state = federation.refresh(services, "fed").state
    assert (0, "") == (state.failures, state.problem)


def test_a_certificate_that_cannot_be_read_is_a_problem_of_configuration(
    services: Services, store: SqlStore, server: MetadataServer
) -> None:
    """It is told as such, and nothing is fetched."""
    with store.begin() as uow:
        uow.config.put_federation(a_federation(url=server.url + PATH, certificates=("env:FIRST",)))
    assert "configuration" == federation.refresh(services, "fed").state.problem
    assert [] == server.asked


@pytest.mark.parametrize("slug", ["nobody", "fed"])
def test_only_what_is_switched_on_is_refreshed(
    services: Services, store: SqlStore, server: MetadataServer, slug: str
) -> None:
    """A federation that is unknown or switched off is an error, and nothing is asked."""
    with store.begin() as uow:
        uow.config.put_federation(a_federation(url=server.url + PATH, enabled=False))
    with pytest.raises(ConfigError, match=slug):
        federation.refresh(services, slug)
    assert [] == server.asked


def test_a_copy_that_lost_many_is_taken_with_an_alarm(
    services: Services, server: MetadataServer, store: SqlStore, clock: Clock
) -> None:
    """A verified copy is the federation's word; the alarm stays until somebody has looked."""
    many = [idp(f"https://{n}.example/idp") for n in range(20)]
    server.files[PATH] = aggregate(*many, sp())
    federation.refresh(services, "fed")
    server.files[PATH] = aggregate(*many[:18], sp())
    assert "" == federation.refresh(services, "fed").state.alarm
    server.files[PATH] = aggregate(*many[:16], *(sp(f"https://{n}.sp/") for n in range(3)))
    done = federation.refresh(services, "fed")

    assert ("providers-lost", 16) == (done.state.alarm, done.state.providers)
    facts = {"federation": "fed", "entities": 19, "providers": 16, "removed": 3}
    expected = ("metadata.alarm", {**facts, "reason": "providers-lost"})
    assert expected == _events(store)[-1]
    server.files[PATH] = aggregate(*many, sp())
    assert "providers-lost" == federation.refresh(services, "fed").state.alarm
    assert "" == federation.refresh(services, "fed", acknowledge=True).state.alarm
    server.files[PATH] = aggregate(*many[:10])
    assert "entities-lost" == federation.refresh(services, "fed").state.alarm


STOPPED = """
    import sys, time
    from emrex_gateway import bootstrap, federation
    from emrex_gateway.federation import _refresh
    from emrex_gateway.settings import load
    from datetime import datetime, UTC

    def stop(*arguments):
        print("here", flush=True)
        time.sleep(600)

    setattr(_refresh, sys.argv[1], stop)
    settings = load()
    secrets = {secrets!r}
    services = bootstrap.services(
        settings, secrets=secrets.__getitem__, clock=lambda: datetime.fromisoformat({now!r})
    )
    federation.refresh(services, "fed")
"""


@pytest.mark.parametrize("line", ["read_metadata", "_alarm"])
def test_a_killed_look_leaves_the_old_copy(
    services: Services, server: MetadataServer, database_url: str, line: str
) -> None:
    """Before the file is read, or in the transaction after all rows were written: the old copy stays.

    The state says that a look did not end, and the next one is not at once.
    """
    federation.refresh(services, "fed")
    server.files[PATH] = aggregate(idp(TWO))
    program = textwrap.dedent(STOPPED).format(secrets=SECRETS, now=NOW.isoformat())
    environment = {
        **os.environ,
        "EMREX_PUBLIC_URL": "https://emrex.example.org",
        "EMREX_DATABASE_URL": database_url,
        "EMREX_HTTP_ON_LOOPBACK": "true",
        "EMREX_PAYLOAD_KEYS": "env:FIRST",
    }
    with subprocess.Popen(
        [sys.executable, "-c", program, line], stdout=subprocess.PIPE, env=environment
    ) as child:
        assert child.stdout is not None
        assert b"here\n" == child.stdout.readline()
        child.send_signal(signal.SIGKILL)

    assert [ONE, TWO] == _known(services)
    state = _state(services)
    assert ("unfinished", 1, 2) == (state.problem, state.failures, state.providers)
    assert () == federation.order_due(services)
    federation.refresh(services, "fed")
    assert [TWO] == _known(services)


# --- query servers --------------------------------------------------------------------------


def test_a_query_servers_entities_are_renewed(
    services: Services, server: MetadataServer, store: SqlStore
) -> None:
    """Those that the index knows: renewed, removed when the server lacks them, kept when it is down."""
    with store.begin() as uow:
        uow.config.put_federation(a_federation(url=server.url, kind=MetadataKind.MDQ))
    assert 0 == federation.refresh(services, "fed").state.providers
    federation_rows = aggregate(idp(ONE), idp(TWO), idp("https://bad.example/idp"))

    with store.begin() as uow:
        for entity in read_metadata(federation_rows, trust()).entities:
            uow.entities.put(entity)
    until = NOW + timedelta(days=9)
    server.entities = {
        ONE: single(idp(ONE), until=instant(until)),
        "https://bad.example/idp": single(idp(TWO)),
    }
    done = federation.refresh(services, "fed")

    assert done.changed is not None
    assert (1, 1, 2, "") == (
        done.changed.changed,
        done.changed.removed,
        done.state.providers,
        done.state.problem,
    )
    with store.read() as uow:
        renewed = uow.entities.get(ONE, ("fed",))
        assert uow.entities.get("https://bad.example/idp", ("fed",)) is not None
    assert renewed is not None
    assert until == renewed.valid_until
    server.status = 503
    assert "server" == federation.refresh(services, "fed").state.problem
    assert [ONE] == _known(services)


# --- orders, pictures, looking --------------------------------------------------------------


def test_what_is_due_is_ordered(
    services: Services, store: SqlStore, clock: Clock, server: MetadataServer
) -> None:
    """A new federation at once, then when its time has come; one that is switched off never."""
    with store.begin() as uow:
        uow.config.put_federation(a_federation(slug="off", enabled=False))
    assert ("fed",) == federation.order_due(services)
    federation.refresh(services, "fed")
    assert () == federation.order_due(services)
    clock.pass_(hours=4)
    assert ("fed",) == federation.order_due(services)
    assert [("refresh", "fed")] * 2 == services.queue.sent  # type: ignore[attr-defined]  # the queue is a fake that keeps


def _with_logo(address: str) -> str:
    return idp(ui=f'<mdui:Logo height="80" width="80">{address}</mdui:Logo>')


SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{}</svg>'


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0" + b"x" * 9, "image/jpeg"),
        (b"GIF89a" + b"x" * 9, "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (SVG.format('<!-- a --><path d="M0 0"/><use xlink:href="#a"/>').encode(), "image/svg+xml"),
        (b"<html><script>alert(1)</script></html>", None),
        (b"", None),
        (SVG.format("<script/>").encode(), None),
        (SVG.format("<a href='https://elsewhere.example/'/>").encode(), None),
        (SVG.format("<path onload='x()'/>").encode(), None),
        (SVG.format("<path style='javascript:x'/>").encode(), None),
        (SVG.format("<foreignObject/>").encode(), None),
        (SVG.format("<?pi?>").encode(), None),
        (b"<!DOCTYPE svg>" + SVG.format("").encode(), None),
        (b"<b>" + SVG.format("").encode() + b"</b>", None),
        (b"<svg", None),
    ],
)
def test_a_picture_is_told_by_its_content(
    services: Services,
    server: MetadataServer,
    store: SqlStore,
    content: bytes,
    expected: str | None,
) -> None:
    """Whatever the server calls it; what is no picture is remembered as none."""
    server.files["/logo"] = content
    server.files[PATH] = aggregate(_with_logo("https://pictures.example/logo"))
    federation.refresh(services, "fed")
    with store.read() as uow:
        entity = uow.entities.get(ONE, ("fed",))
    assert entity is not None
    redirected = _pointing(services, server)
    assert (expected is not None) == federation.fetch_logo(redirected, entity.key)
    with store.read() as uow:
        logo = uow.entities.logo(entity.key)
        assert "" == uow.entities.logo_wanted(entity.key)
    assert expected == (logo and logo.media_type)
    assert not federation.fetch_logo(redirected, entity.key)
    assert 1 == [path for path, _, _ in server.asked].count("/logo")


def _pointing(services: Services, server: MetadataServer) -> Services:
    """Services whose index names the test's server where the metadata has an https address."""
    with services.store.begin() as uow:
        entity = uow.entities.get(ONE, ("fed",))
        assert entity is not None
        uow.entities.put(replace(entity, logo=f"{server.url}/logo"))
    return services


def test_a_picture_in_the_metadata_needs_no_call(
    services: Services, server: MetadataServer, store: SqlStore, clock: Clock
) -> None:
    """It is kept for a week, then taken again; an unknown provider has none."""
    server.files[PATH] = aggregate(
        _with_logo("data:image/png;base64,iVBORw0KGgoAAAAA"), until=NOW + timedelta(days=20)
    )
    federation.refresh(services, "fed")
    with store.read() as uow:
        entity = uow.entities.get(ONE, ("fed",))
    assert entity is not None
    assert federation.fetch_logo(services, entity.key)
    clock.pass_(days=7, seconds=1)
    assert federation.fetch_logo(services, entity.key)
    assert not federation.fetch_logo(services, "0" * 32)


def test_an_administrator_sees_every_row(
    services: Services, server: MetadataServer, store: SqlStore
) -> None:
    """Keys with their size, the reason why a provider is of no use, and that an entity is ourselves."""
    own = "https://emrex.example.org/sp/example/metadata"
    server.files[PATH] = aggregate(
        idp(ONE, keys=key() + key("p256")), idp(TWO, keys=key("rsa1024")), sp(own)
    )
    with store.begin() as uow:
        uow.config.put_institution(stores.institution())
        uow.config.put_service_provider(
            ServiceProvider(
                institution="example", keys=(ServiceKey(key="env:A", certificate="env:A"),)
            )
        )
    federation.refresh(services, "fed")
    (one,), (two,), (us,) = (federation.show(services, e) for e in (ONE, TWO, own))

    assert ["RSA 2048", "EC 256"] == [facts.key for facts in one.certificates]
    assert "CN=A test identity provider" == one.certificates[0].subject
    assert (None, "the provider's metadata holds no usable signing key") == (
        two.provider,
        two.problem,
    )
    assert ("example", None, "") == (us.institution, us.provider, us.problem)
    assert () == federation.show(services, "https://unknown.example/")


# --- the command line -----------------------------------------------------------------------


@pytest.fixture
def run(
    services: Services, database_url: str, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> Any:
    """Run a command with Redis nowhere."""
    for name, value in {
        "PUBLIC_URL": "https://emrex.example.org",
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "HTTP_ON_LOOPBACK": "true",
        "PAYLOAD_KEYS": "env:FIRST",
    }.items():
        monkeypatch.setenv(f"EMREX_{name}", value)
    for reference, value in SECRETS.items():
        monkeypatch.setenv(reference.removeprefix("env:"), value)
    monkeypatch.setattr("emrex_gateway.bootstrap.utc_now", clock)

    def invoke(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["metadata", *arguments])
        return done.exit_code, done.output

    return invoke


def test_refresh_tells_what_changed_and_fails_when_it_should(
    run: Any, server: MetadataServer
) -> None:
    """It needs no Redis; its status is for scripts."""
    status, output = run("refresh")
    assert 0 == status
    assert "fed: 3 entities, 2 identity providers; 3 new, 0 changed, 0 gone" in output
    assert "valid until 2026-11-09 09:30 UTC" in output
    status, output = run("refresh", "fed")
    assert (0, True) == (status, "fed: not changed" in output)
    server.files[PATH] = aggregate(idp(ONE))
    status, output = run("refresh")
    assert (1, True) == (status, "ALARM: entities-lost" in output)
    status, output = run("refresh", "--acknowledge")
    assert (0, False) == (status, "ALARM" in output)
    server.status = 500
    run("refresh")
    status, output = run("refresh")
    assert (1, True, True) == (
        status,
        "fed: not taken: status" in output,
        "2 looks have failed" in output,
    )
    status, output = run("refresh", "nobody")
    assert (1, True) == (status, "no federation nobody is switched on" in output)


def test_show_and_search_find_what_is_there(run: Any, server: MetadataServer) -> None:
    """Readable, and nothing in it that a terminal would obey."""
    scopes = '<shibmd:Scope>one.example</shibmd:Scope><shibmd:Scope regexp="1">.+\\.one\\.example</shibmd:Scope>'
    server.files[PATH] = aggregate(idp(ONE, scopes=scopes), idp(TWO))
    run("refresh")
    status, output = run("show", ONE)
    assert 0 == status
    for line in (
        ONE,
        "  federation    fed",
        "  roles         identity provider",
        "  valid until   2026-11-09 09:30 UTC",
        "  name          One University [en]",
        "  scope         one.example",
        "  scope         .+\\.one\\.example (pattern)",
        "  login         https://one.example/sso",
        "  signing key   RSA 2048, CN=A test identity provider, certificate until 2021-01-01 00:00 UTC",
    ):
        assert line in output.splitlines()
    assert re.search(r"digest +[0-9a-f]{64}", output)
    assert (1, True) == ((found := run("show", "https://x/"))[0], "no federation" in found[1])
    status, output = run("search", "one univ")
    assert (0, True) == (status, "2 of 2 identity providers" in output)
    assert 1 == run("search", "nothing like it")[0]


# --- size -----------------------------------------------------------------------------------

MEASURED = """
    import json, re
    from emrex_gateway import bootstrap, federation
    from emrex_gateway.settings import load

    def peak():
        # not ru_maxrss, which counts the memory of the process that started this one
        return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024

    services = bootstrap.services(load())
    with services.store.read() as uow:
        uow.config.federations()
    before = peak()
    done = federation.refresh(services, "fed")
    print(json.dumps([done.state.problem, done.state.entities, done.state.providers, before, peak()]))
"""


def test_a_job_holds_no_tree_of_the_whole_federation(
    services: Services,
    server: MetadataServer,
    store: SqlStore,
    tmp_path: Path,
    database_url: str,
) -> None:
    """600 entities of the usual size weigh 5 MB, and ten times that much is not their price.

    The whole of eduGAIN is measured by ``./run bench``.
    """
    made = make(tmp_path / "all.xml", providers=400, services=200)
    server.files[PATH] = made.path.read_bytes()
    (tmp_path / "federation.pem").write_bytes(made.certificate)
    with store.begin() as uow:
        uow.config.put_federation(
            a_federation(
                url=server.url + PATH, certificates=(f"file:{tmp_path / 'federation.pem'}",)
            )
        )
    environment = {
        **os.environ,
        "EMREX_PUBLIC_URL": "https://emrex.example.org",
        "EMREX_DATABASE_URL": database_url,
        "EMREX_HTTP_ON_LOOPBACK": "true",
        "EMREX_PAYLOAD_KEYS": "env:FIRST",
        "FIRST": stores.KEYS["env:FIRST"],
    }
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(MEASURED)],
        env=environment,
        capture_output=True,
        check=True,
    )
    problem, entities, providers, before, after = json.loads(child.stdout)
    assert ("", 600, 400) == (problem, entities, providers)
    assert after - before < 32

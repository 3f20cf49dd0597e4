"""The network's lists from a real HTTP server into a real database, with every trouble on the way."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

import databases
import stores
from emrex_gateway import administering, directory, operations
from emrex_gateway.directory import Flag
from emrex_gateway.domain import (
    Actor,
    AdminRole,
    Grant,
    LangString,
    Provider,
    RegistrySource,
    RegistryState,
    provider_key,
    texts,
)
from emrex_gateway.errors import ConfigError, EditConflict, NotAllowed
from emrex_gateway.jobs._names import QUEUES, is_order
from emrex_gateway.jobs._queue import timeout_of
from emrex_gateway.jobs._tasks import Context, run
from emrex_gateway.network import EMREG_MAX_BYTES
from emrex_gateway.services import Services
from emrex_gateway.signing import STRICT, WEAK
from emrex_gateway.store import SqlStore
from metadata_server import MetadataServer, serving
from registry_lists import catalogue, country, emp, emreg, point
from signing_material import certificate, certificate_of, private_key
from stores import NOW, Clock

EMREG, EWP = RegistrySource.EMREG, RegistrySource.EWP
ONE, TWO = certificate("rsa2048"), certificate("p256")
URL = "https://emp.example/emp"
OTHER = "https://other.example/emp"
KEY, OTHER_KEY = provider_key(URL), provider_key(OTHER)
HOME = "example"
OPERATOR = Actor(account="a-test", grants=frozenset({Grant(AdminRole.OPERATOR)}))


class FakeQueue:
    """A fake queue: remembers what was sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def send(self, task: str, id_: str) -> None:
        """Remember."""
        self.sent.append((task, id_))


@pytest.fixture
def server() -> Iterator[MetadataServer]:
    """Both lists' server."""
    with serving() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    """A clock that the tests set."""
    return Clock()


@pytest.fixture
def store(database_url: str, clock: Clock) -> Iterator[SqlStore]:
    """A store with one institution."""
    made = stores.new_store(database_url, clock)
    with made.begin() as uow:
        uow.config.put_institution(stores.institution())
    yield made
    made.close()


@pytest.fixture
def services(store: SqlStore, server: MetadataServer, clock: Clock, database_url: str) -> Services:
    """Services whose settings name both lists; each has one provider, and they share it."""
    server.files["/emreg"] = emreg(emp(URL, ONE), countries=[country("FI", single=True)])
    server.files["/ewp"] = catalogue(point(f"{URL}/", TWO, names=[("en", "Example")]))
    return Services(
        settings=stores.settings(
            database_url,
            http_on_loopback=True,
            emreg_url=f"{server.url}/emreg",
            ewp_catalogue_url=f"{server.url}/ewp",
        ),
        store=store,
        queue=FakeQueue(),
        clock=clock,
        secrets=stores.resolve,
        logins={},
        open_adapter=lambda *_: pytest.fail("no adapter is needed"),
    )


def state(services: Services, source: RegistrySource = EMREG) -> RegistryState:
    """What the row says."""
    with services.store.read() as uow:
        return uow.providers.state(source)


def fingerprints(services: Services, *, listed: bool) -> set[str]:
    """Whose certificates are listed, or not any more."""
    return {one.pem.strip() for one in directory.all_certificates(services) if one.listed is listed}


def events(services: Services) -> list[tuple[str, dict[str, Any]]]:
    """The trail."""
    rows = databases.rows(
        services.settings.database_url, "SELECT event, facts FROM emrex_audit ORDER BY id"
    )
    return [(event, json.loads(facts)) for event, facts in rows]


# --- good copies ----------------------------------------------------------------------------


def test_a_copy_is_taken_with_its_state_and_event(services: Services) -> None:
    """Everything in one transaction: rows, validators, the time of the next look, the trail."""
    done = directory.refresh(services, EMREG)

    assert done.taken is not None
    assert (1, 0, 0, 1, 0) == (
        done.taken.added,
        done.taken.changed,
        done.taken.removed,
        done.taken.certificates_added,
        done.taken.certificates_removed,
    )
    kept = state(services)
    assert kept == done.state
    assert (NOW, NOW, NOW, 1, 0, "") == (
        kept.checked_at,
        kept.fetched_at,
        kept.confirmed_at,
        kept.providers,
        kept.failures,
        kept.problem,
    )
    assert kept.next_at is not None
    assert timedelta(minutes=12) <= kept.next_at - NOW <= timedelta(minutes=15)
    assert [
        (
            "registry.taken",
            {
                "registry": "emreg",
                "providers": 1,
                "added": 1,
                "changed": 0,
                "removed": 0,
                "certificates_added": 1,
                "certificates_removed": 0,
            },
        )
    ] == events(services)


def test_both_lists_are_one_directory(services: Services) -> None:
    """One address is one provider: names, institutions and certificates united, the first list's flag."""
    directory.refresh(services, EMREG)
    directory.refresh(services, EWP)

    (found,) = directory.providers(services, HOME)

    assert (KEY, URL, "FI", True) == (found.key, found.url, found.country, found.single_fetch)
    assert (LangString("Example", "en"),) == found.names
    assert ("ABC", ("Example University",)) == (found.acronym, found.institutions)
    assert (ONE.decode(), TWO.decode()) == found.certificates
    assert {EMREG, EWP} == found.sources
    assert (
        found == directory.provider(services, HOME, KEY) == directory.known_provider(services, KEY)
    )


def test_providers_come_by_their_countrys_and_their_own_name(
    services: Services, server: MetadataServer
) -> None:
    """Finland before Sweden, whatever their codes; a provider without a name has its acronym."""
    server.files["/emreg"] = emreg(
        emp(f"{URL}1", ONE, "SE", name="A"),
        emp(f"{URL}2", ONE, "FI", name="b"),
        emp(f"{URL}3", ONE, "FI", acronym="A"),
        emp(f"{URL}4", ONE, "AX", name="Z"),
    )
    directory.refresh(services, EMREG)

    assert ["A", "b", "A", "Z"] == [
        one.names[0].value for one in directory.providers(services, HOME)
    ]


def test_entries_of_one_address_are_one_provider(
    services: Services, server: MetadataServer
) -> None:
    """A list with a line for each institution at the same address."""
    server.files["/emreg"] = emreg(
        emp(URL, ONE, institutions=["A", "B"]), emp(f"{URL}/", TWO, institutions=["b", "C"])
    )
    directory.refresh(services, EMREG)

    (found,) = directory.providers(services, HOME)
    assert (("A", "B", "C"), 2, 1) == (
        found.institutions,
        len(found.certificates),
        state(services).providers,
    )


def test_what_has_not_changed_is_not_fetched_again(
    services: Services, server: MetadataServer, clock: Clock
) -> None:
    """The server says 304: the age is that of the answer, and nothing is written to the trail."""
    directory.refresh(services, EMREG)
    clock.pass_(minutes=15)

    done = directory.refresh(services, EMREG)

    assert done.taken is None
    assert [200, 304] == [status for _, _, status in server.asked]
    assert (NOW, clock()) == (done.state.fetched_at, done.state.confirmed_at)
    assert timedelta(0) == directory.registries(services)[0].age
    assert 1 == len(events(services))
    assert clock() == directory.all_certificates(services)[0].last_seen


def test_the_same_content_again_is_no_event(services: Services, server: MetadataServer) -> None:
    """A server without validators sends everything each time."""
    server.validators = False
    for _ in range(3):
        done = directory.refresh(services, EMREG)

    assert done.taken is not None
    assert not done.taken.any
    assert ["registry.taken"] == [event for event, _ in events(services)]


def test_another_address_is_another_list(services: Services, server: MetadataServer) -> None:
    """What one server said of its copy is not told to another."""
    directory.refresh(services, EMREG)
    server.files["/moved"] = server.files["/emreg"]
    moved = replace(services, settings=replace(services.settings, emreg_url=f"{server.url}/moved"))

    assert [False, True] == [directory.is_due(each, EMREG) for each in (services, moved)]
    directory.refresh(moved, EMREG)

    assert "if-none-match" not in server.asked[-1][1]
    assert not directory.is_due(moved, EMREG)


def test_another_address_that_fails_is_not_asked_all_the_time(
    services: Services, server: MetadataServer
) -> None:
    """A mistyped address keeps the copy of the former one, and waits as any other that fails."""
    directory.refresh(services, EMREG)
    wrong = replace(services, settings=replace(services.settings, emreg_url=f"{server.url}/wrong"))

    found = directory.refresh(wrong, EMREG).state

    assert ("status", 1) == (found.problem, found.failures)
    assert not directory.is_due(wrong, EMREG)
    assert (KEY,) == tuple(one.key for one in directory.providers(wrong, HOME))


def test_a_packed_list_is_unpacked(services: Services, server: MetadataServer) -> None:
    """Servers compress."""
    server.gzip = True

    assert 1 == directory.refresh(services, EMREG).state.providers
    assert 1 == directory.refresh(services, EWP).state.providers


# --- bad copies -----------------------------------------------------------------------------


def _status(server: MetadataServer) -> None:
    server.status = 503


def _gone(server: MetadataServer) -> None:
    del server.files["/emreg"]


def _page(server: MetadataServer) -> None:
    server.files["/emreg"] = b"<html>log in here</html>"


def _cut(server: MetadataServer) -> None:
    server.cut, server.files["/emreg"] = 10, emreg(emp(OTHER, ONE))


def _redirect(server: MetadataServer) -> None:
    server.status, server.raw_headers = 302, {"Location": "https://evil.example/"}


def _bomb(server: MetadataServer) -> None:
    server.gzip, server.files["/emreg"] = True, b" " * (EMREG_MAX_BYTES + 1)


def _empty(server: MetadataServer) -> None:
    server.files["/emreg"] = emreg()


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (_status, "server"),
        (_gone, "status"),
        (_page, "format"),
        (_cut, "unreachable"),
        (_redirect, "redirect"),
        (_bomb, "too-large"),
        (_empty, "emptied"),
    ],
    ids=["503", "404", "page", "cut off", "redirect", "bomb", "empty"],
)
def test_the_last_good_copy_stays(
    services: Services,
    server: MetadataServer,
    clock: Clock,
    trouble: Callable[[MetadataServer], None],
    reason: str,
) -> None:
    """Students are offered what was there; its age is told; the looks come later each time."""
    directory.refresh(services, EMREG)
    before = directory.providers(services, HOME)
    trouble(server)
    pauses = []
    for _ in range(4):
        clock.pass_(hours=10)
        found = directory.refresh(services, EMREG).state
        assert found.next_at is not None
        pauses.append((found.next_at - clock()) / timedelta(minutes=1))

    assert before == directory.providers(services, HOME)
    assert (reason, 4, NOW) == (found.problem, found.failures, found.confirmed_at)
    assert all(0.8 <= pause / (2**n) <= 1.0 for n, pause in enumerate(pauses))
    line = directory.registries(services)[0]
    assert (timedelta(hours=40), True) == (line.age, line.old)
    failed = [facts for event, facts in events(services) if event == "registry.failed"]
    assert [{"registry": "emreg", "reason": reason}] == failed


def test_a_list_that_comes_back_is_taken(services: Services, server: MetadataServer) -> None:
    """After failures the next good copy counts at once, and the problem is gone."""
    directory.refresh(services, EMREG)
    server.status = 500
    directory.refresh(services, EMREG)
    server.status, server.files["/emreg"] = 200, emreg(emp(OTHER, ONE))

    done = directory.refresh(services, EMREG)

    assert (0, "") == (done.state.failures, done.state.problem)
    assert [OTHER] == [one.url for one in directory.providers(services, HOME)]


def test_an_empty_copy_is_taken_when_somebody_wants_it(
    services: Services, server: MetadataServer
) -> None:
    """By command at once; by the page's order with the next job, and only with that one."""
    directory.refresh(services, EMREG)
    server.files["/emreg"] = emreg(None)
    directory.order(services, EMREG, take_empty=True)
    assert state(services).take_empty

    run(Context(services), "registry", "emreg")

    assert () == directory.providers(services, HOME)
    assert (0, "", False) == (
        state(services).providers,
        state(services).problem,
        state(services).take_empty,
    )


def test_a_list_that_never_had_anybody_may_be_empty(
    services: Services, server: MetadataServer
) -> None:
    """The catalogue has access points of no EMREX host for years: that is no failure."""
    server.files["/ewp"] = catalogue("<other xmlns='urn:o'/>")

    assert ("", 0) == (
        directory.refresh(services, EWP).state.problem,
        directory.refresh(services, EWP).state.failures,
    )


def test_a_look_that_was_killed_backs_off(services: Services) -> None:
    """What begins a look notes it: a process that dies each time does not come back each second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("emrex_gateway.directory._refresh.fetch", _killed)
        for _ in range(3):
            with pytest.raises(SystemExit):
                directory.refresh(services, EMREG)

    found = state(services)
    assert ("unfinished", 3) == (found.problem, found.failures)
    assert found.next_at is not None
    assert found.next_at - NOW > timedelta(minutes=3)
    assert "" == directory.refresh(services, EMREG).state.problem


def _killed(*_: object) -> None:
    raise SystemExit


# --- which list, when -----------------------------------------------------------------------


def test_nothing_is_asked_that_the_settings_do_not_name(
    services: Services, server: MetadataServer
) -> None:
    """Nothing is on by default, and what was taken once is not used any more."""
    directory.refresh(services, EMREG)
    asked = len(server.asked)
    off = replace(services, settings=replace(services.settings, emreg_url="", ewp_catalogue_url=""))

    assert () == directory.order_due(off)
    run(Context(off), "registry", "emreg")
    for call in (directory.refresh, directory.order):
        with pytest.raises(ConfigError):
            call(off, EMREG)
    with pytest.raises(ConfigError):
        directory.refresh(services, RegistrySource.OWN)
    assert asked == len(server.asked)
    assert () == directory.providers(off, HOME)
    assert directory.provider(off, HOME, KEY) is None
    assert [False] == [one.listed for one in directory.all_certificates(off)]
    assert directory.known_provider(off, KEY) is not None


def test_a_due_list_is_ordered_once_and_looked_at_once(
    services: Services, server: MetadataServer, clock: Clock
) -> None:
    """The sweep sends what is due; a second job of the same order finds nothing to do."""
    assert (EMREG, EWP) == directory.order_due(services)
    for _ in range(2):
        run(Context(services), "registry", "emreg")
        run(Context(services), "registry", "ewp")
    assert ["/emreg", "/ewp"] == [path for path, _, _ in server.asked]
    assert () == directory.order_due(services)

    clock.pass_(minutes=16)

    assert (EMREG, EWP) == directory.order_due(services)


@pytest.mark.parametrize(
    ("subject", "good"),
    [("emreg", True), ("ewp", True), ("own", False), ("emreg\n", False), ("../x", False)],
)
def test_only_the_lists_names_come_through_the_queue(subject: str, good: bool) -> None:
    """An order for anything else is none."""
    assert good is is_order("registry", subject)


def test_every_order_that_the_queue_takes_has_a_time_out() -> None:
    """Without one it could not be sent; that of a list is the one of metadata."""
    chosen = stores.settings("sqlite://", metadata_timeout=77)

    assert 77 == timeout_of(chosen, "registry")
    assert all(timeout_of(chosen, task) > 0 for task in QUEUES)


@pytest.mark.parametrize(
    "wrong",
    [
        {"emreg_url": "http://emreg.example/"},
        {"ewp_catalogue_url": "ftp://x.example/"},
        {"emreg_url": "https://user@emreg.example/"},
        {"emreg_url": "list.json"},
        {"registry_refresh": 59},
        {"registry_refresh": 10801},
    ],
    ids=["http", "ftp", "user", "no address", "too often", "too seldom"],
)
def test_settings_that_cannot_work_stop_the_start(wrong: dict[str, Any]) -> None:
    """The lists come over TLS, every minute to every three hours."""
    with pytest.raises(ConfigError):
        stores.settings("sqlite://", **wrong)


# --- certificates ---------------------------------------------------------------------------


def test_a_certificate_of_once_is_kept_with_its_days(
    services: Services, server: MetadataServer, clock: Clock
) -> None:
    """Rolled over: the new one counts, the former one was last seen when the list last had it."""
    directory.refresh(services, EMREG)
    clock.pass_(days=30)
    directory.refresh(services, EMREG)  # 304: it is still listed
    last = clock()
    clock.pass_(days=1)
    server.files["/emreg"] = emreg(emp(URL, TWO))
    directory.refresh(services, EMREG)

    assert (TWO.decode(),) == directory.providers(services, HOME)[0].certificates
    assert {TWO.decode().strip()} == fingerprints(services, listed=True)
    (once,) = [one for one in directory.all_certificates(services) if not one.listed]
    assert (KEY, NOW, last) == (once.provider, once.first_seen, once.last_seen)
    colons = ":".join(once.fingerprint[at : at + 2] for at in range(0, 64, 2)).upper()
    assert (once,) == directory.seen(services, colons)
    assert () == directory.seen(services, "0" * 64)


def test_a_certificate_that_comes_again_keeps_its_first_day(
    services: Services, server: MetadataServer, clock: Clock
) -> None:
    """Listed, gone, listed."""
    for days, pem in enumerate([ONE, TWO, ONE]):
        clock.now = NOW + timedelta(days=days)
        server.files["/emreg"] = emreg(emp(URL, pem))
        directory.refresh(services, EMREG)

    (one,) = [one for one in directory.all_certificates(services) if one.listed]
    assert (NOW, clock()) == (one.first_seen, one.last_seen)


def test_one_certificate_of_two_lists_has_the_days_of_both(
    services: Services, server: MetadataServer, clock: Clock
) -> None:
    """It is listed as long as either has it; the same for two providers is told of both."""
    server.files["/ewp"] = catalogue(point(URL, ONE), point(OTHER, ONE))
    directory.refresh(services, EMREG)
    clock.pass_(days=5)
    directory.refresh(services, EWP)
    clock.pass_(days=5)
    server.files["/emreg"] = emreg(emp(OTHER, TWO))
    directory.refresh(services, EMREG)

    found = {
        one.provider: one for one in directory.all_certificates(services) if ONE.decode() == one.pem
    }

    assert {KEY, OTHER_KEY} == set(found)
    assert (True, NOW, NOW + timedelta(days=5)) == (
        found[KEY].listed,
        found[KEY].first_seen,
        found[KEY].last_seen,
    )


def test_a_provider_of_once_is_still_known_by_name(
    services: Services, server: MetadataServer
) -> None:
    """Not offered, and no longer found by its key; but an old file's signer can be named."""
    directory.refresh(services, EMREG)
    server.files["/emreg"] = emreg(emp(OTHER, ONE))
    directory.refresh(services, EMREG)

    assert directory.provider(services, HOME, KEY) is None
    known = directory.known_provider(services, KEY)
    assert known is not None
    assert URL == known.url
    assert directory.known_provider(services, "0" * 32) is None


def test_a_provider_without_a_certificate_is_flagged_and_not_offered(
    services: Services, server: MetadataServer
) -> None:
    """Nothing that it sends could be verified; one that cannot be read among others is flagged."""
    server.files["/emreg"] = emreg(
        emp(URL, "not a certificate"),
        emp(OTHER, ONE.decode() + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
    )
    directory.refresh(services, EMREG)

    assert [OTHER] == [one.url for one in directory.providers(services, HOME)]
    assert {URL: (Flag.NO_CERTIFICATE,), OTHER: (Flag.UNREADABLE,)} == {
        line.provider.url: line.flags for line in directory.provider_lines(services)
    }


@pytest.mark.parametrize(
    ("kinds", "days", "flags"),
    [
        (["rsa2048"], 31, ()),
        (["rsa2048"], 29, (Flag.EXPIRING,)),
        (["rsa2048"], -1, (Flag.EXPIRED,)),
        (["rsa1024"], 100, (Flag.SHORT_KEY,)),
        (["rsa1024", "rsa2048"], 100, ()),
        (["p256"], 100, ()),
    ],
    ids=["good", "soon", "expired", "short", "rollover", "curve"],
)
def test_certificates_are_flagged_before_students_meet_them(
    services: Services,
    server: MetadataServer,
    kinds: list[str],
    days: int,
    flags: tuple[Flag, ...],
) -> None:
    """What ends within 30 days, has ended, or has a key that is refused. All are offered: the list counts."""
    end = NOW + timedelta(days=days)
    pems = [_pem(kind, end) for kind in kinds]
    server.files["/emreg"] = emreg(emp(URL, b"".join(pems)))
    directory.refresh(services, EMREG)

    (line,) = directory.provider_lines(services)
    assert (flags, end) == (line.flags, line.ends_at)
    assert 1 == len(directory.providers(services, HOME))


def _pem(kind: str, end: Any) -> bytes:
    return certificate_of(private_key(kind), not_after=end).public_bytes(Encoding.PEM)


def test_the_log_says_once_a_day_what_needs_a_look(
    services: Services, server: MetadataServer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """An old list and a missing certificate; nothing where no list is used."""
    server.files["/emreg"] = emreg(emp(URL, "nothing"))
    directory.refresh(services, EMREG)
    clock.pass_(days=2)
    server.status = 500
    directory.refresh(services, EMREG)
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        directory.warn_of_providers(services)
        directory.warn_of_providers(services)
        directory.warn_of_providers(
            replace(
                services, settings=replace(services.settings, emreg_url="", ewp_catalogue_url="")
            )
        )

    assert ["the list emreg is old: server", f"the provider {URL}: no-certificate"] == [
        record.getMessage() for record in caplog.records
    ]


def test_the_metrics_tell_age_number_and_failures_of_lists_in_use(
    services: Services, server: MetadataServer, clock: Clock
) -> None:
    """By list; one that is not used says nothing, one that never came has no age."""
    directory.refresh(services, EMREG)
    server.files["/ewp"] = b"<html/>"
    directory.refresh(services, EWP)
    clock.pass_(minutes=5)
    off = replace(services, settings=replace(services.settings, ewp_catalogue_url=""))

    lines, fewer = (operations.metrics(one).decode().splitlines() for one in (services, off))

    assert [
        'emrex_registry_age_seconds{list="emreg"} 300.0',
        'emrex_registry_providers{list="emreg"} 1.0',
        'emrex_registry_providers{list="ewp"} 0.0',
        'emrex_registry_failures{list="emreg"} 0.0',
        'emrex_registry_failures{list="ewp"} 1.0',
    ] == [line for line in lines if line.startswith("emrex_registry_")]
    assert not [line for line in fewer if 'list="ewp"' in line]


# --- what an institution decides -------------------------------------------------------------


def own(url: str = OTHER, **more: Any) -> Provider:
    """A provider that no list names."""
    values: dict[str, Any] = {
        "key": provider_key(url),
        "url": url,
        "country": "SE",
        "names": texts(en="Own"),
        "certificates": (TWO.decode(),),
        "sources": frozenset({RegistrySource.OWN}),
    }
    return Provider(**{**values, **more})


def test_a_hidden_provider_is_offered_to_nobody_there(services: Services, store: SqlStore) -> None:
    """Other institutions' students still see it; taken back, so do theirs."""
    with store.begin() as uow:
        uow.config.put_institution(stores.institution(slug="second"))
    directory.refresh(services, EMREG)

    assert administering.hide_provider(services, OPERATOR, HOME, KEY, hidden=True)
    assert not administering.hide_provider(services, OPERATOR, HOME, KEY, hidden=True)

    assert () == directory.providers(services, HOME)
    assert directory.provider(services, HOME, KEY) is None
    assert directory.provider(services, "second", KEY) is not None
    administering.hide_provider(services, OPERATOR, HOME, KEY, hidden=False)
    assert directory.provider(services, HOME, KEY) is not None
    with store.read() as uow:
        assert () == uow.providers.rules(HOME)
    assert [("hidden", "no", "yes"), ("hidden", "yes", "no")] == [
        (facts["field"], facts["before"], facts["after"])
        for event, facts in events(services)
        if event == "setting.changed"
    ]


def test_weak_signatures_are_accepted_of_one_provider_by_one_institution(
    services: Services,
) -> None:
    """Strict is what holds unless somebody decided otherwise."""
    directory.refresh(services, EMREG)
    administering.accept_weak(services, OPERATOR, HOME, KEY, weak=True)

    assert [WEAK, STRICT, STRICT] == [
        directory.policy(services, institution, key)
        for institution, key in ((HOME, KEY), (HOME, OTHER_KEY), ("second", KEY))
    ]
    administering.accept_weak(services, OPERATOR, HOME, KEY, weak=False)
    assert STRICT == directory.policy(services, HOME, KEY)


def test_an_addition_is_this_institutions_own(services: Services) -> None:
    """Its certificate is trusted there alone, and is not told of to strangers who ask for listed ones."""
    directory.refresh(services, EMREG)
    administering.save_provider(services, OPERATOR, HOME, own())

    assert [URL, OTHER] == [one.url for one in directory.providers(services, HOME)]
    assert own() == directory.provider(services, HOME, OTHER_KEY)
    assert [URL] == [one.url for one in directory.providers(services, "second")]
    assert directory.known_provider(services, OTHER_KEY) is None
    assert {ONE.decode().strip()} == fingerprints(services, listed=True)


def test_an_addition_to_a_listed_provider_adds_its_certificates(services: Services) -> None:
    """For a rollover that the list is late with: the list's word on the rest goes first."""
    directory.refresh(services, EMREG)
    administering.save_provider(services, OPERATOR, HOME, own(URL))

    found = directory.provider(services, HOME, KEY)

    assert found is not None
    assert ("FI", (ONE.decode(), TWO.decode()), {EMREG, RegistrySource.OWN}) == (
        found.country,
        found.certificates,
        found.sources,
    )


def test_additions_are_changed_moved_removed_and_put_back(
    services: Services, store: SqlStore
) -> None:
    """Each with its event; what was decided of it besides goes along; a slower editor is told."""
    administering.save_provider(services, OPERATOR, HOME, own())
    administering.hide_provider(services, OPERATOR, HOME, OTHER_KEY, hidden=True)
    with store.read() as uow:
        version = administering.version_of(administering.provider_rule(uow, HOME, OTHER_KEY))
    moved = own("https://moved.example/emp")
    assert administering.save_provider(
        services, OPERATOR, HOME, moved, key=OTHER_KEY, version=version
    )

    with store.read() as uow:
        (rule,) = uow.providers.rules(HOME)
    assert (moved.key, True, moved) == (rule.provider, rule.hidden, rule.added)
    with pytest.raises(EditConflict):
        administering.save_provider(
            services, OPERATOR, HOME, moved, key=moved.key, version="of another day"
        )
    with pytest.raises(ConfigError, match="already"):
        administering.save_provider(services, OPERATOR, HOME, moved)

    administering.remove_provider(services, OPERATOR, HOME, moved.key)
    assert (moved,) == administering.removed_providers(services, HOME)
    administering.hide_provider(services, OPERATOR, HOME, moved.key, hidden=False)
    administering.put_back_provider(services, OPERATOR, HOME, moved.key)
    assert (moved,) == directory.providers(services, HOME)
    assert () == administering.removed_providers(services, HOME)


def test_only_those_who_may_change_an_institution_decide(services: Services) -> None:
    """An administrator of another one may not, nor may an officer."""
    directory.refresh(services, EMREG)
    strangers = [
        Actor(account="a-1", grants=frozenset({Grant(AdminRole.ADMINISTRATOR, "second")})),
        Actor(account="a-2", grants=frozenset({Grant(AdminRole.OFFICER, HOME)})),
    ]
    calls: list[Callable[[Actor], Any]] = [
        lambda actor: administering.hide_provider(services, actor, HOME, KEY, hidden=True),
        lambda actor: administering.accept_weak(services, actor, HOME, KEY, weak=True),
        lambda actor: administering.save_provider(services, actor, HOME, own()),
        lambda actor: administering.remove_provider(services, actor, HOME, KEY),
        lambda actor: administering.put_back_provider(services, actor, HOME, KEY),
    ]
    for actor in strangers:
        for call in calls:
            with pytest.raises(NotAllowed):
                call(actor)


def test_nobody_decides_of_a_provider_that_nobody_names(services: Services) -> None:
    """A mistyped key is told, not kept."""
    with pytest.raises(ConfigError, match="no list"):
        administering.hide_provider(services, OPERATOR, HOME, KEY, hidden=True)
    with pytest.raises(ConfigError, match="own"):
        administering.remove_provider(services, OPERATOR, HOME, KEY)

"""An import begins: who may, who they are in the host system, and what they may choose from."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from emrex_gateway import exporting, importing
from emrex_gateway.domain import (
    AdapterBinding,
    Direction,
    ErrandState,
    Identity,
    Institution,
    LoginMethod,
    PersonIdentifier,
    PersonIdentifierType,
    ProviderRule,
    Student,
    TransferState,
    texts,
)
from emrex_gateway.errors import (
    AdapterError,
    AdapterUnavailable,
    AmbiguousStudent,
    GatewayError,
    StudentNotFound,
)
from emrex_gateway.importing._find import look_for
from emrex_gateway.ports import Adapter
from emrex_gateway.services import Services
from examples.emp_simulator import Mode
from gateway_world import IDENTITY, STUDENT, World
from import_steps import (
    FakeSink,
    Importer,
    importer,
    key_of,
    listed,
    make_import_world,
    reply_of,
    simulated,
)

KEY = ECKey.generate_key("P-256")
CAMPUS = Institution(
    slug="campus",
    names=texts(en="Campus"),
    country="FI",
    domain="c.example",
    url="https://c.example/",
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_import_world(tmp_path)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One for the module, for tests that leave it as it is."""
    return make_import_world(tmp_path_factory.mktemp("calm"))


# ---- The way in -------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_hosts_button_begins_an_import(world: World, method: str) -> None:
    """From a link or a form; the access point itself may be off."""
    world.change_access_point(enabled=False)
    browser = world.browser()

    if method == "GET":
        browser.get("/emrex/campus/import")
    else:
        browser.post("/emrex/campus/import", {"from": "home"})

    assert browser.has("login-methods")
    assert "bring study records here" in browser.text
    assert Direction.IMPORT is Importer(world, browser).transfer.direction


@pytest.mark.parametrize("change", [{"client": False}, {"enabled": False}])
def test_an_institution_that_receives_nothing(world: World, change: dict[str, bool]) -> None:
    """Its import is switched off, for those who come and for those who have begun to log in."""
    begun = world.browser().get("/emrex/campus/import")
    with world.services.store.begin() as uow:
        uow.config.put_institution(replace(uow.config.institution("campus"), **change))

    assert 404 == world.browser().get("/emrex/campus/import").response.status_code
    assert 404 == begun.reload().response.status_code
    assert 404 == world.browser().get("/emrex/nowhere/import").response.status_code


def token(world: World, **changes: Any) -> str:
    now = int(world.clock().timestamp())
    claims = {
        "iss": "https://peppi.example",
        "aud": "https://gateway.example/emrex/campus/import",
        "sub": "p-17",
        "iat": now,
        "exp": now + 60,
        "jti": uuid.uuid4().hex,
        "institution": "campus",
        "identifiers": [{"type": "local", "value": "1234567"}],
        "given_name": "Maija",
        "family_name": "Mallikas",
        "birthdate": "1998-02-11",
        "return_to": "https://peppi.example/home",
        **changes,
    }
    return jwt.encode({"alg": "ES256", "kid": "k1"}, claims, KEY)


def test_a_launch_begins_an_import(world: World) -> None:
    """A signed launch whose audience is the import's address: the person confirms, and it is an import."""
    world.put(
        login_method=LoginMethod(
            id="peppi",
            institution="campus",
            kind="launch",
            names=texts(en="Peppi"),
            settings={
                "issuer": "https://peppi.example",
                "keys": [{"kid": "k1", "public_key": KEY.as_pem(private=False).decode()}],
                "return_origins": ["https://peppi.example"],
            },
        )
    )
    browser = world.browser().post("/emrex/campus/import", {"token": token(world)})
    assert "Maija" in browser.text
    browser.submit("confirm-person", "yes")
    world.work()
    student = Importer(world, browser.reload())

    assert Direction.IMPORT is student.transfer.direction
    assert TransferState.COLLECTING is student.transfer.state
    browser.submit("cancel")
    assert ["https://peppi.example/home"] == browser.page.xpath("//main//a/@href")[:1]
    # one for an export is not one for an import, nor the other way round
    export = token(world, aud="https://gateway.example/emrex/campus/launch")
    assert 403 == browser.post("/emrex/campus/import", {"token": export}).response.status_code
    launch = browser.post("/emrex/campus/launch", {"token": token(world)})
    assert 403 == launch.response.status_code


def test_a_form_that_is_no_form_begins_nothing(calm: World) -> None:
    """As for exports."""
    answer = calm.app.test_client().post("/emrex/campus/import", json={})

    assert 415 == answer.status_code


# ---- Who it is --------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "words", "tried_again"),
    [
        (StudentNotFound("nobody"), "does not know you", TransferState.COLLECTING),
        (AmbiguousStudent("two"), "cannot be found for certain", TransferState.COLLECTING),
        (AdapterUnavailable("down"), "does not answer", TransferState.COLLECTING),
        (AdapterError("broken"), "Something broke", TransferState.COLLECTING),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, GatewayError) else None,
)
def test_a_student_who_cannot_be_found(
    calm: World, error: GatewayError, words: str, tried_again: TransferState
) -> None:
    """Each reason has its page, with a reference; once it is mended, the student goes on from there."""
    calm.source.student = error
    student = importer(calm).log_in()
    assert TransferState.FAILED is student.transfer.state
    assert type(error).__name__ == student.transfer.failure
    assert words in student.browser.text
    assert student.transfer.reference in student.browser.text

    calm.source.student = STUDENT
    student.browser.submit("retry", "retry")
    calm.work()

    assert tried_again is student.transfer.state
    assert student.browser.reload().has("choose")


def test_nothing_that_takes_records(world: World) -> None:
    """Without a sink nobody is sent anywhere in vain."""
    world.source.sink = None

    student = importer(world).log_in()

    assert ("ConfigError", TransferState.FAILED) == (
        student.transfer.failure,
        student.transfer.state,
    )


class Person:
    """A fake system that knows one person, or nobody."""

    def __init__(self, student: Student | None) -> None:
        self.student = student
        self.asked = 0

    def find_student(self, identity: Identity) -> Student:
        self.asked += 1
        if self.student is None:
            raise StudentNotFound("nobody")
        return self.student

    def list_records(self, student: Student) -> Iterator[Any]:
        raise NotImplementedError


class Outage(Person):
    """A fake system that is down."""

    def __init__(self) -> None:
        super().__init__(None)

    def find_student(self, identity: Identity) -> Student:
        raise AdapterUnavailable("down")


def found(*adapters: Adapter, required: bool = True) -> Student:
    """Whom the adapters, in this order, say the student is."""
    bindings = [
        AdapterBinding(
            id=f"a{n}",
            institution="campus",
            adapter=f"a{n}",
            settings={},
            position=n,
            required=required,
        )
        for n, _ in enumerate(adapters)
    ]
    by_id = dict(zip([one.id for one in bindings], adapters, strict=True))

    @contextmanager
    def open_adapter(_: Institution, binding: AdapterBinding) -> Iterator[Adapter]:
        yield by_id[binding.id]

    services = cast(Services, SimpleNamespace(open_adapter=open_adapter))
    student = look_for(services, CAMPUS, bindings, IDENTITY).student
    assert student is not None
    return student


def adapter(student: Student | None = None, *, source: bool = True, sink: bool = False) -> Adapter:
    return Adapter(
        ping=lambda: None,
        source=Person(student) if source else None,
        sink=FakeSink() if sink else None,
    )


MAIJA, TWIN = replace(STUDENT, key="maija"), replace(STUDENT, key="twin")


def test_the_system_that_stores_says_who_it_is() -> None:
    """Its handle for the person is what it understands: another system's is not."""
    assert "maija" == found(adapter(TWIN), adapter(MAIJA, sink=True)).key


def test_the_storing_system_does_not_know_the_student() -> None:
    """Then nobody else's word counts."""
    with pytest.raises(StudentNotFound):
        found(adapter(TWIN), adapter(None, sink=True))


def test_the_storing_system_does_not_answer() -> None:
    """One that others may stand in for: it is told as the outage that it is, not as a wrong setting."""
    down = adapter(MAIJA, sink=True)
    down = replace(down, source=Outage())

    with pytest.raises(AdapterUnavailable):
        found(adapter(TWIN), down, required=False)
    assert "maija" == found(down, adapter(MAIJA, sink=True), required=False).key


def test_a_system_that_can_only_store() -> None:
    """The others are asked in their order; where none knows anybody, the student is unknown."""
    sink = adapter(source=False, sink=True)

    assert "twin" == found(sink, adapter(None), adapter(TWIN), adapter(MAIJA)).key
    with pytest.raises(StudentNotFound):
        found(sink, adapter(None), adapter(None), adapter(None))


def test_where_nobody_can_be_asked_the_login_says_it() -> None:
    """No adapter has a source: names, birth date and identifiers are the login's."""
    student = found(adapter(source=False, sink=True))

    assert ("Maija", "Mallikas", date(1998, 2, 11)) == (
        student.given_names,
        student.family_name,
        student.birth_date,
    )
    assert IDENTITY.identifiers == student.identifiers


def test_the_login_adds_what_the_system_does_not_say() -> None:
    """Identifiers are united; names and the birth date stay the system's where it has them."""
    own = PersonIdentifier(PersonIdentifierType.LOCAL, "1234", "campus")
    known = Student(key="k", family_name="Mallikas-Virta", identifiers=(own,))

    student = found(adapter(known, sink=True))

    assert ("", "Mallikas-Virta") == (student.given_names, student.family_name)
    assert date(1998, 2, 11) == student.birth_date
    assert (own, *IDENTITY.identifiers) == student.identifiers


def test_finding_twice_changes_nothing(calm: World) -> None:
    """A job that comes late, or again, leaves what is there."""
    student = importer(calm).log_in()
    before = student.transfer

    importing.find(calm.services, student.transfer.id)

    assert before == student.transfer


# ---- Where to ---------------------------------------------------------------


def where(student: Importer, query: str = "") -> str:
    path = f"/emrex/campus/t/{student.transfer.id}/import/where"
    return student.browser.get(path + query).text


def test_countries_and_providers(calm: World) -> None:
    """Few providers stand on one page, by country, each with its host."""
    student = importer(calm).log_in()
    text = where(student)

    assert text.index("Estonia") < text.index("Norway")
    assert "University of the East elsewhere.test" in text
    assert "One visit covers the whole country." in text
    assert 4 == len(student.browser.page.xpath("//button[@name='provider']"))


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("opetajate", 1),
        ("ÕPETAJATE", 1),
        ("norway", 1),
        ("ee university", 1),
        ("west", 1),
        ("x", 0),
    ],
)
def test_searching(calm: World, words: str, number: int) -> None:
    """Every word, in any case and with or without accents, in a name, a country, a host."""
    student = importer(calm).log_in()
    where(student, f"?q={words}")

    assert number == len(student.browser.page.xpath("//button[@name='provider']"))
    assert bool(number) or "Nothing fits" in student.browser.text


def test_many_providers_are_chosen_by_country(world: World) -> None:
    """Of more than a page holds, the countries are shown first."""
    with world.services.store.begin() as uow:
        for number in range(20):
            url = f"https://{number}.elsewhere.test/emp"
            added = replace(listed(simulated()[1]), url=url, key=f"{number:032x}", country="PL")
            rule = ProviderRule(institution="campus", provider=added.key, added=added)
            uow.providers.put_rule(rule)
    student = importer(world).log_in()
    where(student)
    assert student.browser.has("countries")
    assert not student.browser.has("places")

    student.browser.get(str(student.browser.page.xpath("//*[@data-step='countries']//a/@href")[-1]))

    assert 20 == len(student.browser.page.xpath("//button[@name='provider']"))


def test_nobody_is_sent_where_the_institution_does_not_want_it(world: World) -> None:
    """A hidden provider is neither shown nor reachable by its key, nor is an unsafe address."""
    unsafe = replace(listed(simulated()[2]), url="https://user:secret@elsewhere.test/west/emp")
    with world.services.store.begin() as uow:
        hidden = ProviderRule(institution="campus", provider=key_of("east"), hidden=True)
        uow.providers.put_rule(hidden)
        rule = ProviderRule(institution="campus", provider=unsafe.key, added=unsafe)
        uow.providers.put_rule(rule)
    student = importer(world).log_in()
    text = where(student)
    assert "University of the East" not in text
    assert "Western Academy" not in text

    for key in (key_of("east"), key_of("west"), "f" * 32, ""):
        student.browser.get(f"/emrex/campus/t/{student.transfer.id}/import/where")
        student.browser.submit("places", provider=key)
        assert "cannot be sent there" in student.browser.text
    assert () == student.errands


def test_a_provider_without_a_name(world: World) -> None:
    """Its acronym, or else its host, is what it is called."""
    with world.services.store.begin() as uow:
        for slug, acronym in (("east", "UE"), ("north", "")):
            one = next(p for p in simulated() if p.slug == slug)
            added = replace(listed(one), names=(), acronym=acronym)
            rule = ProviderRule(institution="campus", provider=added.key, added=added)
            uow.providers.put_rule(rule)
    student = importer(world).log_in()
    assert "UE elsewhere.test" in where(student)

    student.set_out("east")
    student.set_out("north")

    assert ["UE", "elsewhere.test"] == [one.names[0].value for one in student.errands]


def test_no_provider_at_all(world: World) -> None:
    """An empty directory is said, not shown as an empty list."""
    with world.services.store.begin() as uow:
        for one in simulated():
            uow.providers.remove_rule("campus", listed(one).key)

    assert "No university can be chosen" in where(importer(world).log_in())


def test_a_provider_that_is_listed_no_more(world: World) -> None:
    """What it signed while the student was there is not taken: nobody vouches for its key now."""
    student = importer(world).log_in()
    fields = reply_of("east", Mode.SUCCESS, student.set_out("east"))
    with world.services.store.begin() as uow:
        uow.providers.remove_rule("campus", key_of("east"))

    student.come_back(fields)

    assert [("refused", "not-listed")] == student.ends


# ---- What gets lost ---------------------------------------------------------


def test_the_sweep_sends_again_what_the_queue_lost(world: World) -> None:
    """Redis may lose both jobs: the rows say what is to be done."""
    student = importer(world)
    world.queue.closed = True
    student.browser.get("/emrex/campus/import").log_in()
    world.clock.forward(seconds=60)
    world.queue.closed = False
    exporting.sweep(world.services)
    assert [("find", student.transfer.id)] == world.queue.sent
    world.work()
    student.browser.reload()

    fields = reply_of("north", Mode.SUCCESS, student.set_out("north"))
    world.queue.closed = True
    student.come_back(fields)
    assert "being checked" in student.browser.text
    world.queue.closed = False
    assert 0 == importing.sweep_replies(world.services)
    world.clock.forward(seconds=60)
    assert 1 == importing.sweep_replies(world.services)
    world.work()

    assert TransferState.REVIEWING is student.transfer.state


def test_a_reply_that_kills_its_worker_is_given_up(world: World) -> None:
    """Begun five times and never ended: the visit ends, the import does not."""
    student = importer(world).log_in()
    student.browser.post(
        "/emrex/campus/emc", reply_of("east", Mode.SUCCESS, student.set_out("east"))
    )
    world.queue.sent.clear()
    id_ = student.transfer.id
    for _ in range(5):
        with world.services.store.begin() as uow:
            (errand,) = uow.errands.of(id_)
            uow.errands.move(errand, ErrandState.RECEIVED, attempts=errand.attempts + 1)
        assert 0 == importing.sweep_replies(world.services), "it may be running"
        world.clock.forward(seconds=world.services.settings.fetch_timeout + 1)

    importing.sweep_replies(world.services)

    assert [("refused", "attempts")] == student.ends
    assert TransferState.COLLECTING is student.transfer.state
    assert "our fault" in where(student)


def test_expired_imports_leave_nothing(world: World) -> None:
    """With the transfer's time its contents are destroyed: the student, what was sent, what came."""
    student = importer(world).log_in().visit("east")
    id_ = student.transfer.id
    with world.services.store.read() as uow:
        kinds = uow.support.contents(id_)
    errand = student.errands[0].id
    assert {"student", f"sent-{errand}", f"reply-{errand}", f"received-{errand}"} <= set(kinds)

    world.clock.now += timedelta(hours=6)
    exporting.sweep(world.services)

    with world.services.store.read() as uow:
        assert () == uow.support.contents(id_)
    assert () == importing.received(world.services, student.transfer)

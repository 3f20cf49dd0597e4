"""Nothing personal where it does not belong: a whole life of transfers with names that sing.

Every personal field holds a value found nowhere else (a canary). After logins
by OpenID Connect (a fake provider) and SAML (real messages), records, errors of
every kind on the way, the pages of support and of the person, all that could
have kept a trace is searched: logs of the web process and of a real worker,
addresses asked for and redirected to, headers, metrics, Redis, the trail, error
pages, and the whole database with its files.
"""

from __future__ import annotations

import base64
import logging
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote_plus, urlsplit

import pytest
import redis
import sqlalchemy as sa
from lxml import etree

import job_orders
from admin_world import AdminWorld, make_admin_world
from emrex_gateway import exporting, log, transcript
from emrex_gateway.domain import (
    Federation,
    Identity,
    LangString,
    LoginMethod,
    PersonIdentifier,
    PersonIdentifierType,
    ServiceProvider,
    Student,
    texts,
)
from emrex_gateway.errors import AdapterError, AdapterUnavailable, LoginError, StudentNotFound
from emrex_gateway.jobs import RqQueue, _tasks
from emrex_gateway.ports import LoggedIn
from emrex_gateway.transcript import _compile
from gateway_world import Browser, record
from saml_issuer import IDP, URI_FORMAT, Answer, Attribute, posted, respond
from saml_party import entity, key, secrets

OWN = "/emrex/campus/my-data"
SP = "https://gateway.example/emrex/sp/campus"
TOKEN = "a-token-of-the-metrics-page"
RETURN = "https://client.example/return/singbird-path"
SESSION = "singbird-session-0123456789abcdef"

CANARIES = (
    "Kanariankaisa",
    "Keltasirkkunen",
    "Munansyntynimi",
    "Pesapaikkakunta",
    "Vaihtoehtolintu",
    "1913-07-19",
    "19130719",
    "190713-777X",
    "CANARYESI77",
    "1.2.246.562.24.77700077700",
    "CANARYNUM9",
    "singbird-subject",
    "singbird-host-key",
    "singbird-logout-token",
    "singbird-name-id",
    "singbird-session-index",
    "singbird-session",
    "singbird-path",
    "Kevytlentoteoria",
    "Arvosanasirkutus",
    "Lentotulos",
    "sirkku@linnut.example",
)


def identity(**changes: Any) -> Identity:
    """A person all of whose fields sing."""
    made = Identity(
        method="fake",
        provider="https://op.example",
        subject="singbird-subject",
        identifiers=(
            PersonIdentifier(
                PersonIdentifierType.ESI,
                "urn:schac:personalUniqueCode:int:esi:university.example:CANARYESI77",
            ),
            PersonIdentifier(PersonIdentifierType.NATIONAL, "190713-777X"),
            PersonIdentifier(PersonIdentifierType.NATIONAL_LEARNER, "1.2.246.562.24.77700077700"),
            PersonIdentifier(PersonIdentifierType.LOCAL, "CANARYNUM9", issuer="https://op.example"),
        ),
        given_names="Kanariankaisa",
        family_name="Keltasirkkunen",
        birth_date=date(1913, 7, 19),
        host_key="singbird-host-key",
        accounts=frozenset({"sirkku@linnut.example"}),
    )
    return replace(made, **changes)


STUDENT = Student(
    key="singbird-host-key",
    identifiers=identity().identifiers,
    given_names="Kanariankaisa",
    family_name="Keltasirkkunen",
    birth_date=date(1913, 7, 19),
    citizenship="FI",
    place_of_birth="Pesapaikkakunta",
    birth_name="Munansyntynimi",
    alternative_name=LangString("Vaihtoehtolintu", "fi"),
    gender=2,
)
RECORDS = (
    record("singbird-a", titles=texts(en="Kevytlentoteoria"), grade="Arvosanasirkutus"),
    record("singbird-b", titles=texts(en="Kevytlentoteoria"), descriptions=texts(en="Lentotulos")),
)
TROUBLES = (
    StudentNotFound("nobody is called Kanariankaisa Keltasirkkunen"),
    AdapterUnavailable("CANARYESI77 took too long"),
    AdapterError("the answer for 190713-777X is no JSON"),
)


def unforeseen(identity: Identity) -> Student:
    """Fail as a plugin with a defect does."""
    raise RuntimeError("Keltasirkkunen: unexpected {'grade': 'Arvosanasirkutus'}")


class Heard:
    """Every address that was asked for or redirected to, and every header of an answer."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.lines: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.lines.append(f"{environ['PATH_INFO']}?{environ.get('QUERY_STRING', '')}")

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            self.lines.extend(f"{name}: {value}" for name, value in headers)
            return start_response(status, headers, *rest)

        return self.inner(environ, start)


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[Path]:
    """All of this process' and the workers' logging, as a production process would write it."""
    path = tmp_path / "all.log"
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    with path.open("a", buffering=1, encoding="utf-8") as stream:
        log.configure(json=True, level="DEBUG", stream=stream)
        yield path
    root.handlers[:] = kept
    root.setLevel(level)


@pytest.fixture
def world(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> AdminWorld:
    """A gateway with a fake and a SAML login, jobs in Redis, and metrics."""
    if _compile._users:
        # An earlier test of this process has run typst, which cannot run in the workers forked here.
        stand_in = transcript.Transcript(b"%PDF-1.7 a stand-in", frozenset())
        monkeypatch.setattr(transcript, "typeset", lambda *_given, **_more: stand_in)

    def resolve(reference: str) -> str:
        if reference == "env:METRICS":
            return TOKEN
        return redis_url if reference == "env:REDIS" else secrets(reference)

    made = make_admin_world(
        tmp_path, saml=resolve, redis_url=redis_url, metrics_token="env:METRICS"
    )
    made.put(
        login_method=LoginMethod(
            id="haka",
            institution="campus",
            kind="saml",
            names=texts(en="University"),
            settings={"federations": ["haka"], "providers": [IDP]},
            position=1,
        ),
        federation=Federation(
            slug="haka",
            names=texts(en="Haka"),
            url="https://federation.example/metadata.xml",
            certificates=("env:FEDERATION",),
        ),
        service_provider=ServiceProvider(
            institution="campus",
            keys=(key("rsa2048:sp"),),
            descriptions=texts(en="Sends study records abroad"),
            privacy=texts(en="https://campus.example/privacy"),
        ),
    )
    with made.services.store.begin() as uow:
        uow.entities.replace(
            "haka", [replace(entity(), valid_until=made.clock().replace(year=2199))]
        )
    made.login.identity = identity()
    made.login.logged_in = LoggedIn(
        identity=identity(),
        subject="singbird-subject",
        sid="singbird-session-index",
        logout={"id_token_hint": "singbird-logout-token"},
    )
    made.source.student, made.source.records = STUDENT, RECORDS
    made.queue.send = RqQueue(made.services.settings, resolve).send
    made.app.wsgi_app = Heard(made.app.wsgi_app)
    return made


def work(world: AdminWorld) -> None:
    """Run a real worker until Redis has no more orders."""
    assert 0 == job_orders.work(world.services, signers=world.signers)


def by_saml(world: AdminWorld, browser: Browser, *, at: int) -> Browser:
    """Log in by a signed answer of the test provider, whose every value sings."""
    link = browser.page.xpath("//*[@class='choices']//a/@href")[at]
    sent = browser.client.get(link)
    query = parse_qs(urlsplit(sent.headers["Location"]).query)
    request = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15))
    told = {
        "urn:oid:2.5.4.42": "Kanariankaisa",
        "urn:oid:2.5.4.4": "Keltasirkkunen",
        "urn:oid:1.3.6.1.4.1.5923.1.1.1.6": "sirkku@linnut.example",
        "urn:oid:1.3.6.1.4.1.25178.1.2.3": "19130719",
        "urn:oid:1.3.6.1.4.1.25178.1.2.14": (
            "urn:schac:personalUniqueCode:int:esi:university.example:CANARYESI77"
        ),
    }
    answer = respond(
        Answer(
            audience=f"{SP}/metadata",
            acs_url=f"{SP}/acs",
            request_id=str(request.get("ID")),
            now=world.clock(),
            name_id="singbird-name-id",
            session_index="singbird-session-index",
            attributes=tuple(Attribute(name, (value,), URI_FORMAT) for name, value in told.items()),
        )
    )
    form = {"SAMLResponse": posted(answer), "RelayState": query["RelayState"][0]}
    return browser.post("/emrex/sp/campus/acs", form)


def enter(world: AdminWorld) -> Browser:
    """Come from a client that puts the person into everything that it may send."""
    return world.browser().enter(sessionId=SESSION, returnUrl=RETURN)


def to_reply(world: AdminWorld, browser: Browser) -> Browser:
    """From the login to the reply, with everything, out and in again."""
    work(world)
    browser.reload().submit("select", "all").submit("select", "preview")
    browser.submit("preview", "confirm", consent="yes", identifier=["esi"])
    work(world)
    return browser.reload()


def live(world: AdminWorld) -> None:
    """Everything that a gateway does with a person, its errors included."""
    assert to_reply(world, enter(world).log_in()).has("reply")
    saml = to_reply(world, by_saml(world, enter(world), at=1))
    assert saml.has("reply")
    saml.submit("logout")
    for trouble in TROUBLES:
        world.source.student = trouble
        exporting.fetch(world.services, enter(world).log_in().transfer_id)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.source, "find_student", unforeseen)
        enter(world).log_in()
        work(world)
    world.source.student = STUDENT
    world.login.error = LoginError("Keltasirkkunen may not", reason="denied")
    enter(world).log_in()
    world.login.error = None
    broken(world)
    _tasks.sweep(_tasks.Context(world.services))
    look_around(world)
    own = world.browser().get(OWN)
    by_saml(world, own, at=1)
    assert own.get(OWN).has("own-transfer")
    own.get(own.page.xpath("//a[contains(@href, '/my-data/t/')]/@href")[0])
    assert "Keltasirkkunen" in own.text
    assert b"Keltasirkkunen" in own.client.get(f"{OWN}/download").data
    own.get(f"{OWN}/delete")


def broken(world: AdminWorld) -> None:
    """Requests that fail with the person in them: in the form, in the browser's cookie, in our own fault."""
    world.browser().post(
        "/emrex/campus/emp", {"sessionId": SESSION, "returnUrl": "http://Keltasirkkunen.example/"}
    )
    lost = world.browser()
    lost.client.set_cookie("emrex-x", "Kanariankaisa", path="/emrex")
    lost.get("/emrex/campus/t/nothing/select")
    begun = enter(world).log_in()
    work(world)
    begun.reload()
    with pytest.MonkeyPatch.context() as patch:

        def fail(*arguments: object, **more: object) -> None:
            raise ValueError("Kanariankaisa Keltasirkkunen has Arvosanasirkutus")

        patch.setattr(exporting, "change_choice", fail)
        begun.submit("select", "all")
    assert 500 == begun.response.status_code


def look_around(world: AdminWorld) -> None:
    """Support and the others open every page that could show something."""
    admin = world.admin()
    listing = admin.get("/admin/transfers")
    for link in set(listing.page.xpath("//table//a/@href")):
        assert 200 == admin.get(str(link)).status
        assert [] == found_in(admin.response.get_data(as_text=True))
    assert [] == found_in(listing.response.get_data(as_text=True))
    for page in (
        "/admin/privacy",
        "/admin/trail",
        "/admin/statistics",
        "/admin/privacy/record/campus",
    ):
        assert 200 == admin.get(page).status, page
        assert [] == found_in(admin.response.get_data(as_text=True))


def found_in(text: str) -> list[str]:
    """The canaries that sing in a text, in capitals or not, with percent signs or without, or in base64."""
    folded = unquote_plus(text).casefold()
    return [
        canary
        for canary in CANARIES
        if canary.casefold() in folded or any(form in text for form in _base64(canary))
    ]


def _base64(canary: str) -> list[str]:
    """What a text is within base64, at each of the three places where it can begin.

    Short pieces are left out: they occur in random keys by chance.
    """
    whole = [base64.b64encode(b"\0" * i + canary.encode()).decode() for i in range(3)]
    pieces = [text[4 if i else 0 : len(text) - 4] for i, text in enumerate(whole)]
    return [piece for piece in pieces if len(piece) >= 8]


def rows(world: AdminWorld) -> Iterator[tuple[str, str]]:
    """Every value of every table, by table."""
    engine = sa.create_engine(world.services.settings.database_url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        for name in sa.inspect(connection).get_table_names():
            for row in connection.execute(sa.text(f'SELECT * FROM "{name}"')):
                yield name, " ".join(_text(value) for value in row)


def _text(value: object) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)


def redis_values(client: redis.Redis) -> Iterator[str]:
    """Every key with what it holds, compressed values opened."""
    for name in client.scan_iter():
        yield name.decode("latin-1")
        for value in _values(client, name):
            yield value.decode("latin-1")
            with suppress(zlib.error):
                yield zlib.decompress(value).decode("latin-1")


def _values(client: redis.Redis, name: bytes) -> list[bytes]:
    kind = client.type(name)
    if kind == b"string":
        return [client.get(name) or b""]
    if kind == b"hash":
        return [one for pair in client.hgetall(name).items() for one in pair]
    if kind == b"zset":
        return list(client.zrange(name, 0, -1))
    if kind == b"stream":
        return [v for _, fields in client.xrange(name) for v in fields.values()]
    return list(client.lrange(name, 0, -1) if kind == b"list" else client.smembers(name))


@pytest.mark.needs("redis")
def test_no_canary_sings_where_it_does_not_belong(
    world: AdminWorld, lines: Path, redis_url: str, tmp_path: Path
) -> None:
    """Logs, addresses, headers, metrics, Redis, the trail and the whole database stay silent."""
    live(world)

    heard = world.app.wsgi_app
    assert isinstance(heard, Heard)
    metrics = world.app.test_client().get(
        "/emrex/metrics", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    assert 200 == metrics.status_code
    with redis.Redis.from_url(redis_url) as client:
        kept = list(redis_values(client))
    logged = lines.read_text("utf-8")
    assert "task" in logged
    assert "page error 500" in logged
    assert "RuntimeError" in logged
    assert kept
    singing = {
        "log": found_in(logged),
        "addresses and headers": found_in("\n".join(heard.lines)),
        "metrics": found_in(metrics.get_data(as_text=True)),
        "redis": found_in("\n".join(kept)),
        **{f"table {name}": found_in(text) for name, text in rows(world)},
        **{
            path.name: found_in(path.read_bytes().decode("latin-1"))
            for path in tmp_path.glob("*.sqlite3*")
        },
    }
    assert {} == {place: found for place, found in singing.items() if found}


def test_the_search_for_canaries_hears_them() -> None:
    """The control: each is found in capitals and percent-encoded, the longer ones within base64."""
    for canary in CANARIES:
        assert canary in found_in(f"x {canary.upper()} y")
        assert canary in found_in(quote(f"<{canary}>"))
        for padding in range(3) if len(canary) > 12 else ():
            text = base64.b64encode(b"z" * padding + canary.encode() + b"zzz").decode()
            assert canary in found_in(text)

"""A whole gateway in one process for tests: real store, real signing, real pages.

Fakes, and they say so: the study administration system (``FakeSource``), the
login provider (``FakeLogin``) and the queue (``FakeQueue``: jobs wait in a
list until the test runs them).
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

import databases
from emrex_gateway import administering, bootstrap, exporting, importing
from emrex_gateway.domain import (
    ECTS,
    AccessPoint,
    AdapterBinding,
    Credit,
    Identifier,
    Identity,
    Instance,
    Institution,
    Issuer,
    LoginMethod,
    LosType,
    PersonIdentifier,
    PersonIdentifierType,
    ReleaseRule,
    Specification,
    Status,
    Student,
    StudyRecord,
    texts,
)
from emrex_gateway.errors import GatewayError, LoginError
from emrex_gateway.factory import create_app
from emrex_gateway.ports import Adapter, LoggedIn, LoginStart, ResultSink, Secrets, Signers
from emrex_gateway.services import Services
from emrex_gateway.settings import Settings
from emrex_gateway.store import upgrade

RETURN_URL = "https://client.example/emrex/return"
ISSUER = Issuer(
    identifiers=(Identifier("schac", "campus.example"),),
    titles=texts(en="Campus University", fi="Kampuksen yliopisto"),
    url="https://campus.example/",
    country="FI",
)
IDENTITY = Identity(
    method="fake",
    provider="https://op.example",
    subject="s-1",
    identifiers=(
        PersonIdentifier(
            PersonIdentifierType.ESI, "urn:schac:personalUniqueCode:int:esi:FI:1.2.246.1"
        ),
    ),
    given_names="Maija",
    family_name="Mallikas",
    birth_date=date(1998, 2, 11),
)
STUDENT = Student(
    key="p1",
    given_names="Maija",
    family_name="Mallikas",
    birth_date=date(1998, 2, 11),
    identifiers=(
        PersonIdentifier(
            PersonIdentifierType.ESI, "urn:schac:personalUniqueCode:int:esi:FI:1.2.246.1"
        ),
        PersonIdentifier(PersonIdentifierType.NATIONAL, "110298-998X"),
    ),
)


def record(key: str, parent: str | None = None, **changes: Any) -> StudyRecord:
    """A small record of ``ISSUER``; ``changes`` go into its specification or instance."""
    in_instance = {k: v for k, v in changes.items() if k in Instance.__slots__}
    in_specification = {k: v for k, v in changes.items() if k in Specification.__slots__}
    instance = Instance(
        **{
            "grade": "4",
            "completed": date(2025, 5, 31),
            "credits": (Credit(scheme=ECTS, value=Decimal(5)),),
            **in_instance,
        }
    )
    specification = Specification(
        **{
            "titles": texts(en=f"Title {key}", fi=f"Otsikko {key}"),
            "type": LosType.COURSE,
            "identifiers": (Identifier("local", key),),
            **in_specification,
        }
    )
    return StudyRecord(
        key=key,
        issuer=changes.get("issuer", ISSUER),
        parent=parent,
        specification=specification,
        instance=instance,
    )


RECORDS = (
    record("degree", type=LosType.DEGREE_PROGRAMME, grade=None),
    record("module", "degree", type=LosType.MODULE),
    record("course-1", "module"),
    record("course-2", "module"),
    record("loose"),
    record("failed", status=Status.FAILED, grade="0", credits=()),
)


class FakeSource:
    """A fake study administration system: answers what the test says, or raises it."""

    def __init__(self) -> None:
        self.student: Student | GatewayError = STUDENT
        self.records: Iterable[StudyRecord] | GatewayError = RECORDS
        self.calls = 0
        self.sink: ResultSink | None = None
        """What stores imports, beside it; a test sets one."""

    def find_student(self, identity: Identity) -> Student:
        self.calls += 1
        if isinstance(self.student, GatewayError):
            raise self.student
        return self.student

    def list_records(self, student: Student) -> Iterable[StudyRecord]:
        if isinstance(self.records, GatewayError):
            raise self.records
        return self.records


class FakeLogin:
    """A fake provider: sends the browser to itself and believes every answer but an error."""

    def __init__(self) -> None:
        self.identity = IDENTITY
        self.logged_in = LoggedIn(identity=IDENTITY)
        self.error: LoginError | None = None
        self.logouts: list[dict[str, str]] = []

    def start(
        self,
        method: LoginMethod,
        *,
        callback_url: str,
        transfer_id: str,
        locale: str | None,
        provider: str | None = None,
    ) -> LoginStart:
        if self.error and self.error.reason == "unreachable":
            raise self.error
        state = f"{transfer_id}.random"
        return LoginStart(url=f"https://op.example/authorize?state={state}", state={"state": state})

    def finish(
        self,
        method: LoginMethod,
        *,
        callback_url: str,
        state: Mapping[str, str],
        parameters: Mapping[str, str],
    ) -> LoggedIn:
        if self.error:
            raise self.error
        if parameters.get("state") != state["state"]:
            raise LoginError("state", reason="state")
        return replace(self.logged_in, identity=self.identity)

    def logout(
        self, method: LoginMethod, *, kept: Mapping[str, str], return_url: str, state: str
    ) -> str | None:
        self.logouts.append(dict(kept))
        return f"https://op.example/logout?state={state}" if kept else None


class FakeQueue:
    """A fake road to the workers: keeps what was sent; may be closed, as when Redis is gone."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.closed = False

    def send(self, task: str, transfer_id: str) -> None:
        if not self.closed:
            self.sent.append((task, transfer_id))


@dataclass
class FakeClock:
    """A clock that stands until the test moves it."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@dataclass
class World:
    """Everything that a test of the pages needs."""

    services: Services
    signers: Signers
    app: Flask
    source: FakeSource
    login: FakeLogin
    queue: FakeQueue
    clock: FakeClock
    certificate: bytes
    key_path: Path

    def browser(self) -> Browser:
        return Browser(self, self.app.test_client())

    def work(self) -> None:
        """Run what is queued, as workers would."""
        while self.queue.sent:
            task, transfer_id = self.queue.sent.pop(0)
            if task == "fetch":
                exporting.fetch(self.services, transfer_id)
            elif task == "try":
                administering.run_try(self.services, transfer_id)
            elif task == "draft":
                exporting.draw(self.services, transfer_id)
            elif task == "ask":
                administering.run_check(self.services, transfer_id)
            elif task == "poll":
                importing.poll(self.services, transfer_id)
            elif task == "recall":
                importing.recall(self.services, transfer_id)
            elif task == "attest":
                importing.attest(self.services, self.signers, transfer_id)
            elif task == "find":
                importing.find(self.services, transfer_id)
            elif task == "receive":
                importing.receive(self.services, transfer_id)
            else:
                exporting.sign(self.services, self.signers, transfer_id)

    def events(self, transfer_id: str) -> list[str]:
        with self.services.store.begin() as uow:
            return [name for _, name, _ in uow.audit.events(transfer_id)]

    def refusals(self) -> list[tuple[str, str]]:
        """The trail's events without a transfer, with their reasons: read past the store."""
        rows = databases.rows(
            self.services.settings.database_url,
            "SELECT event, facts FROM emrex_audit WHERE transfer IS NULL ORDER BY id",
        )
        return [(event, json.loads(facts)["reason"]) for event, facts in rows]

    def put(self, **rows: Any) -> None:
        """Replace rows: ``institution``, ``access_point``, ``login_method`` or ``binding``."""
        with self.services.store.begin() as uow:
            for name, row in rows.items():
                getattr(uow.config, f"put_{name}")(row)

    def change_access_point(self, **changes: Any) -> None:
        with self.services.store.begin() as uow:
            point = uow.config.access_point("campus")
            assert point is not None
            uow.config.put_access_point(replace(point, **changes))


class Browser:
    """A student's browser without scripts: keeps cookies, follows our redirects, submits forms."""

    def __init__(self, world: World, client: FlaskClient) -> None:
        self.world = world
        self.client = client
        self.page = html.fromstring("<html><body></body></html>")
        self.response: Any = None
        self.path = ""

    def get(self, path: str, **options: Any) -> Browser:
        return self._read(self.client.get(path, **options))

    def post(self, path: str, data: Any = None, **options: Any) -> Browser:
        return self._read(self.client.post(path, data=data, **options))

    def enter(self, method: str = "POST", **fields: str) -> Browser:
        """Come from a client; ``fields`` replace or add to its request."""
        data = {"sessionId": "s" * 32, "returnUrl": RETURN_URL, **fields}
        if method == "GET":
            return self.get("/emrex/campus/emp", query_string=data)
        return self.post("/emrex/campus/emp", data)

    def log_in(self) -> Browser:
        """Choose the fake provider and come back from it."""
        self.response = self.client.get(self.link("choices"))
        state = self.response.headers["Location"].partition("state=")[2]
        return self.get(f"/emrex/campus/callback?code=c&state={state}")

    def submit(self, step: str, action: str | None = None, **values: Any) -> Browser:
        """Submit the form of a step as a browser without scripts would."""
        form = self.form(step)
        data: dict[str, Any] = {}
        for element in form.xpath(".//input"):
            kind = element.get("type", "text")
            if kind in ("checkbox", "radio") and element.get("checked") is None:
                continue
            data.setdefault(element.get("name"), []).append(element.get("value", ""))
        if action is not None:
            data["action"] = [action]
        for name, value in values.items():
            data[name] = list(value) if isinstance(value, list | tuple) else [value]
        target = form.get("action") or self.path
        return self.post(target, data)

    def to_selection(self, **fields: str) -> Browser:
        """Enter, log in, and wait for the records."""
        self.enter(**fields).log_in()
        self.world.work()
        return self.reload()

    def to_reply(self, **fields: str) -> Browser:
        """All the way with everything chosen."""
        self.to_selection(**fields).submit("select", "all").submit("select", "preview")
        self.submit("preview", "confirm", consent="yes")
        self.world.work()
        return self.reload()

    def reload(self) -> Browser:
        return self.get(self.path)

    def form(self, step: str) -> Any:
        found = self.page.xpath(f"//form[@data-step='{step}']")
        assert found, f"no form {step!r} on {self.path}: {self.text[:200]!r}"
        return found[0]

    def has(self, step: str) -> bool:
        return bool(self.page.xpath(f"//*[@data-step='{step}']"))

    def link(self, class_: str) -> str:
        return str(self.page.xpath(f"//*[@class='{class_}']//a/@href")[0])

    def reply(self) -> dict[str, str]:
        return {e.get("name"): e.get("value") for e in self.form("reply").xpath(".//input")}

    @property
    def transfer_id(self) -> str:
        return self.path.split("/t/")[1].split("/")[0]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.page.xpath("//main//text()")).split())

    def _read(self, response: Any) -> Browser:
        while response.status_code in (301, 302, 303):
            location = response.headers["Location"]
            assert location.startswith("/"), location
            self.path = location
            response = self.client.get(location)
        self.response = response
        self.path = response.request.full_path.removesuffix("?")
        if not self.path.startswith("/emrex"):
            self.path = "/emrex" + self.path
        if response.mimetype == "text/html" and response.data:
            self.page = html.fromstring(response.get_data(as_text=True))
        return self


def make_world(folder: Path, *, saml: Secrets | None = None, **settings: Any) -> World:
    """Make a world in a folder: one institution ``campus`` with one access point and one login.

    With ``saml``, which resolves our service provider's keys, SAML logins are there and real.
    """
    made = Settings(
        **{
            "public_url": "https://gateway.example/emrex",
            "database_url": settings.pop("database_url", None) or databases.new_database(folder),
            "payload_keys": ("env:KEY",),
            **settings,
        }
    )
    key_path, certificate = _write(folder, *_worlds_key())
    own = {"env:KEY": base64.b64encode(b"k" * 32).decode()}

    def secrets(reference: str) -> str:
        return own[reference] if reference in own or saml is None else saml(reference)

    source, login, queue, clock = FakeSource(), FakeLogin(), FakeQueue(), FakeClock()

    @contextmanager
    def open_adapter(institution: Institution, binding: AdapterBinding) -> Iterator[Adapter]:
        yield Adapter(ping=lambda: None, source=source, sink=source.sink)

    upgrade(made, secrets)
    services = bootstrap.services(
        made,
        clock=clock,
        secrets=secrets,
        queue=queue,
        open_adapter=open_adapter,
    )
    real = {"saml": services.logins["saml"]} if saml else {}
    services = replace(services, logins={"oidc": login, **real})
    world = World(
        services=services,
        signers=bootstrap.signers(services),
        app=create_app(services),
        source=source,
        login=login,
        queue=queue,
        clock=clock,
        certificate=certificate,
        key_path=key_path,
    )
    world.put(
        institution=Institution(
            slug="campus",
            names=texts(en="Campus University", fi="Kampuksen yliopisto"),
            country="FI",
            domain="campus.example",
            url="https://campus.example/",
            support="help@campus.example",
            release=ReleaseRule(restricted_hosts=frozenset({"trusted.example"})),
        ),
        access_point=AccessPoint(
            slug="campus",
            institution="campus",
            key=f"file:{key_path}",
            certificate=f"file:{folder / 'certificate.pem'}",
        ),
        binding=AdapterBinding(id="fake", institution="campus", adapter="fake", settings={}),
        login_method=LoginMethod(
            id="fake", institution="campus", kind="oidc", names=texts(en="Fake login"), settings={}
        ),
    )
    return world


@contextmanager
def working(work: Callable[[], None]) -> Iterator[None]:
    """Do what is queued in a thread, as worker processes would."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(0.02):
            work()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def write_key(folder: Path, days: int = 365) -> tuple[Path, bytes]:
    """Write ``key.pem`` and ``certificate.pem``; return the key's path and the certificate, PEM."""
    return _write(folder, *_make_key(days))


def _write(folder: Path, key: bytes, certificate: bytes) -> tuple[Path, bytes]:
    path = folder / "key.pem"
    path.write_bytes(key)
    (folder / "certificate.pem").write_bytes(certificate)
    return path, certificate


@cache
def _worlds_key() -> tuple[bytes, bytes]:
    """The key of every world of this process: to make one takes as long as the rest of a world."""
    return _make_key(365)


def _make_key(days: int) -> tuple[bytes, bytes]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test access point")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private, certificate

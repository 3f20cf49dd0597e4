"""A running VIRTA simulator, settings that reach it, and what logins say of its people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lxml import etree

from emrex_gateway.domain import (
    Identity,
    Institution,
    PersonIdentifier,
    PersonIdentifierType,
    Student,
    StudyRecord,
)
from emrex_gateway.testing import Served, serve
from emrex_virta import VirtaSettings, plugin
from examples.virta_simulator import (
    DEMO_CREDENTIALS,
    DEMO_STUDENTS,
    PATH,
    DemoStudent,
    Simulator,
    make_app,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LUKU = "http://tietovaranto.csc.fi/luku"
Map = Callable[..., tuple[StudyRecord, ...]]
XS = "{http://www.w3.org/2001/XMLSchema}"


@dataclass(frozen=True)
class Virta:
    """The running simulator."""

    app: Simulator
    served: Served

    def settings(self, behaviour: str = "", **changes: object) -> VirtaSettings:
        """Settings that reach it, with short time limits."""
        return virta_settings(f"{self.served.url}{PATH}/{behaviour}", **changes)


def virta_settings(url: str, **changes: object) -> VirtaSettings:
    values: dict[str, object] = {
        "url": url,
        "system": DEMO_CREDENTIALS.system,
        "caller": DEMO_CREDENTIALS.caller,
        "secret": DEMO_CREDENTIALS.secret,
        "connect_timeout": 2.0,
        "read_timeout": 5.0,
        "total_timeout": 10.0,
        "max_answer_bytes": 20_000_000,
    }
    return VirtaSettings(**{**values, **changes})  # type: ignore[arg-type]  # tests give what fits


@contextmanager
def running(app: Simulator | None = None) -> Iterator[Virta]:
    """Serve a simulator until the block ends."""
    app = app or make_app(hang_seconds=20)
    with serve(app) as served:
        try:
            yield Virta(app, served)
        finally:
            app.over.set()


def demo(subject: str) -> DemoStudent:
    return next(s for s in DEMO_STUDENTS if s.subject == subject)


def identity_of(student: DemoStudent, *, names: bool = True, code: str = "") -> Identity:
    """What a login would say of an invented person."""
    found = []
    if code or student.identity_code:
        value = code or student.identity_code
        found.append(PersonIdentifier(PersonIdentifierType.NATIONAL, value, "login"))
    found.append(
        PersonIdentifier(PersonIdentifierType.NATIONAL_LEARNER, student.learner_number, "login")
    )
    return Identity(
        method="oidc",
        provider="https://login.example",
        subject=f"subject-of-{student.subject}",
        identifiers=tuple(found),
        given_names=student.given_names if names else "",
        family_name=student.family_name if names else "",
        birth_date=student.birth_date if names else None,
    )


def wsdl_types(wsdl: bytes, folder: Path) -> etree.XMLSchema:
    """Compile the types of a WSDL whose two schemas import one another without saying where."""
    schemas = etree.fromstring(wsdl).findall(f"{{*}}types/{XS}schema")
    files = {s.get("targetNamespace", ""): folder / f"{i}.xsd" for i, s in enumerate(schemas)}
    for schema in schemas:
        for imported in schema.findall(f"{XS}import"):
            imported.set("schemaLocation", files[imported.get("namespace", "")].as_uri())
    for schema in schemas:
        files[schema.get("targetNamespace", "")].write_bytes(etree.tostring(schema))
    return etree.XMLSchema(etree.parse(files[LUKU]))


def message_of(document: bytes) -> etree._Element:
    """Return the message in an envelope, or the document itself when it has none."""
    root = etree.fromstring(document)
    inside = root.findall("{http://schemas.xmlsoap.org/soap/envelope/}Body/*")
    return etree.fromstring(etree.tostring(inside[0] if inside else root))


def listing(
    institution: Institution, settings: VirtaSettings, identity: Identity
) -> tuple[Student, list[StudyRecord]]:
    with plugin.open(institution, settings) as adapter:
        assert adapter.source is not None
        student = adapter.source.find_student(identity)
        return student, list(adapter.source.list_records(student))


def canned(
    body: bytes, status: str = "200 OK", headers: Iterable[tuple[str, str]] = ()
) -> WSGIApplication:
    """A fake that gives one answer to everything."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, [("Content-Type", "text/xml"), *headers])
        return [body]

    return app

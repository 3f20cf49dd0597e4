"""The simulator as a WSGI application."""

from __future__ import annotations

import hmac
import re
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from lxml import etree
from werkzeug.wrappers import Request, Response

from examples.virta_simulator import _render
from examples.virta_simulator._behaviour import XML, Behaviour, fault, misbehave
from examples.virta_simulator._demo import DEMO_STUDENTS
from examples.virta_simulator._model import DemoStudent
from examples.virta_simulator._replay import Recording

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PATH = "/luku/OpiskelijanTiedot"
"""Where the service is; a behaviour may follow as one more part."""

_OPERATIONS = ("OpiskelijanKaikkiTiedot", "OpiskelijanTiedot")
_IDENTITY_CODE = re.compile(r"[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-Z]")
_LARGEST_REQUEST = 100_000
_WSDL = Path(__file__).with_name("service.wsdl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a caller must send in ``Kutsuja``."""

    system: str
    caller: str
    secret: str = field(repr=False)


DEMO_CREDENTIALS = Credentials(
    system="emrex-gateway",
    caller="demo",
    secret="demo-virta-avain",  # noqa: S106  (the demonstration's own, protects nothing)
)
"""For the demonstration only; published here."""


@dataclass(frozen=True, slots=True)
class _Asked:
    operation: str
    by: str
    value: str
    organisation: str
    credentials: tuple[str, str, str]


class Simulator:
    """A WSGI application. ``over`` ends every hanging answer."""

    def __init__(
        self,
        students: Sequence[DemoStudent],
        credentials: Credentials,
        hang_seconds: float,
        recording: Recording | None,
    ) -> None:
        self.over = threading.Event()
        self.requests: list[bytes] = []
        self._by_number = {s.learner_number: s for s in students}
        self._by_code = {s.identity_code: s for s in students if s.identity_code}
        self._credentials = credentials
        self._hang_seconds = hang_seconds
        self._recording = recording

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = _LARGEST_REQUEST
        return self._respond(request)(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.path != PATH and not request.path.startswith(PATH + "/"):
            return Response("Not found", 404)
        if request.method == "GET":
            address = quoteattr(request.base_url)
            return Response(
                _WSDL.read_text("utf-8").replace('"@address@"', address), content_type=XML
            )
        if request.method != "POST":
            return Response("Method not allowed", 405, headers={"Allow": "GET, POST"})
        body = request.get_data()
        self.requests = [*self.requests[-99:], body]
        asked = _read(body)
        if isinstance(asked, Response):
            return asked
        expected = (self._credentials.system, self._credentials.caller, self._credentials.secret)
        given = "\0".join(asked.credentials).encode()
        if not hmac.compare_digest("\0".join(expected).encode(), given):
            return fault("Client", "Access denied")
        return self._answer(request, asked)

    def _answer(self, request: Request, asked: _Asked) -> Response:
        if self._recording:
            return self._recorded(self._recording, asked)
        people = self._by_code if asked.by == "henkilotunnus" else self._by_number
        student = people.get(asked.value)
        behaviour = _behaviour(request, student)
        if behaviour is Behaviour.HANG:
            self.over.wait(self._hang_seconds)
        if asked.by == "henkilotunnus" and not _IDENTITY_CODE.fullmatch(asked.value):
            behaviour = Behaviour.INVALID
        wrong = misbehave(behaviour, escape(asked.value))
        if wrong is not None:
            return wrong
        answer = _rendered(asked, student, behaviour)
        if behaviour is Behaviour.CUT_OFF:
            answer = answer[: len(answer) // 2]
        return Response(answer, content_type=XML)

    def _recorded(self, recording: Recording, asked: _Asked) -> Response:
        recorded = recording.answer(asked.operation, asked.value)
        status, answer = recorded or (200, _nobody(asked.operation))
        return Response(answer, status, content_type=XML)


def _rendered(asked: _Asked, student: DemoStudent | None, behaviour: Behaviour) -> bytes:
    if behaviour is Behaviour.EMPTY:
        return _nobody(asked.operation)
    if asked.operation == "OpiskelijanTiedot":
        return _render.person(student, asked.organisation)
    return _render.everything(student, empty_data=behaviour is Behaviour.EMPTY_DATA)


def make_app(
    *,
    students: Sequence[DemoStudent] = DEMO_STUDENTS,
    credentials: Credentials = DEMO_CREDENTIALS,
    hang_seconds: float = 30.0,
    replay: Path | None = None,
) -> Simulator:
    """Return the simulator as a WSGI application.

    POST to ``PATH`` is the service, GET its WSDL. ``PATH/503`` and so on (see
    ``Behaviour``) misbehave for everybody. With ``replay``, a folder of recorded
    answers, those are served instead of the invented people's.
    """
    recording = Recording(replay) if replay else None
    return Simulator(students, credentials, hang_seconds, recording)


def _behaviour(request: Request, student: DemoStudent | None) -> Behaviour:
    """The path's wish, the header's, or the person's."""
    wish = request.path.removeprefix(PATH).strip("/") or request.headers.get(
        "X-Virta-Behaviour", ""
    )
    try:
        return Behaviour(wish or (student.behaviour if student else "well"))
    except ValueError:
        return Behaviour.BROKEN


def _nobody(operation: str) -> bytes:
    return _render.everything(None) if operation == _OPERATIONS[0] else _render.person(None, "")


def _read(body: bytes) -> _Asked | Response:
    """Read a request strictly: a gateway that sends anything else should find out here."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return fault("Client", "Not XML")
    luku, soap = f"{{{_render.MESSAGES}}}", f"{{{_render.SOAP}}}"
    messages = root.findall(f"{soap}Body/*")
    if root.tag != f"{soap}Envelope" or len(messages) != 1:
        return fault("Client", "Not a SOAP 1.1 request")
    message = messages[0]
    operation = etree.QName(message).localname.removesuffix("Request")
    if operation not in _OPERATIONS or message.tag != f"{luku}{operation}Request":
        return fault("Client", "Unknown operation")
    terms = message.find(f"{luku}Hakuehdot")
    names = [etree.QName(e).localname for e in terms] if terms is not None else []
    needs = 2 if operation == "OpiskelijanTiedot" else 1
    if terms is None or not needs <= len(names) <= 2 or names[1:] not in ([], ["organisaatio"]):
        return fault("Client", "Validation error", "Hakuehdot")
    if names[0] not in ("henkilotunnus", "kansallinenOppijanumero"):
        return fault("Client", "Validation error", "Hakuehdot")
    sent = [
        message.findtext(f"{luku}Kutsuja/{luku}{n}") or ""
        for n in ("jarjestelma", "tunnus", "avain")
    ]
    return _Asked(
        operation=operation,
        by=names[0],
        value=terms[0].text or "",
        organisation=terms[1].text or "" if len(names) == 2 else "",
        credentials=(sent[0], sent[1], sent[2]),
    )

"""How the simulator can go wrong, and the answers that say nothing else."""

from __future__ import annotations

from enum import StrEnum

from werkzeug.wrappers import Response

XML = "text/xml; charset=utf-8"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


class Behaviour(StrEnum):
    """Chosen by person, by the last part of the path, or by the header ``X-Virta-Behaviour``."""

    WELL = "well"
    HANG = "hang"
    BROKEN = "500"
    BUSY = "503"
    LATE = "504"
    INVALID = "invalid"
    """A validation fault that quotes the identity code, as VIRTA's do."""
    SERVER_FAULT = "server-fault"
    FAULT_WITH_200 = "fault-with-200"
    RUBBISH = "rubbish"
    NOT_XML = "not-xml"
    NOT_SOAP = "not-soap"
    CUT_OFF = "cut-off"
    EMPTY = "empty"
    EMPTY_DATA = "empty-data"
    DOCTYPE = "doctype"


_STATUS = {Behaviour.BROKEN: 500, Behaviour.BUSY: 503, Behaviour.LATE: 504}
_BODIES = {
    Behaviour.RUBBISH: "<!DOCTYPE html><html><body><h1>Huoltokatko</h1><br></body></html>",
    Behaviour.NOT_XML: "{'virta': [",
    Behaviour.NOT_SOAP: "<huolto><alkaa>nyt</alkaa></huolto>",
    Behaviour.DOCTYPE: (
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
        f'<s:Envelope xmlns:s="{_SOAP}"><s:Body>&e;</s:Body></s:Envelope>'
    ),
}


def misbehave(behaviour: Behaviour, asked: str) -> Response | None:
    """Return the answer of a behaviour that does not depend on the operation, or ``None``."""
    if behaviour in _STATUS:
        response = Response("Palvelu ei ole nyt saatavilla", _STATUS[behaviour])
        if behaviour is Behaviour.BUSY:
            response.headers["Retry-After"] = "3"
        return response
    if behaviour in _BODIES:
        return Response(_BODIES[behaviour], content_type=XML)
    if behaviour is Behaviour.INVALID:
        return fault("Client", "Validation error", f"the value '{asked}' is not facet-valid")
    if behaviour is Behaviour.SERVER_FAULT:
        return fault("Server", "Sisäinen virhe")
    if behaviour is Behaviour.FAULT_WITH_200:
        return fault("Client", f"Pyyntöä {asked} ei voi käsitellä", status=200)
    return None


def fault(code: str, text: str, detail: str = "", status: int = 500) -> Response:
    """Return a SOAP 1.1 fault; by the standard's HTTP binding its status is 500."""
    inside = f'<detail><v:Virhe xmlns:v="urn:x-virta-simulator">{detail}</v:Virhe></detail>'
    body = (
        f'<s:Envelope xmlns:s="{_SOAP}"><s:Body><s:Fault><faultcode>s:{code}</faultcode>'
        f"<faultstring>{text}</faultstring>{inside if detail else ''}</s:Fault></s:Body></s:Envelope>"
    )
    return Response(body, status, content_type=XML)

"""SOAP 1.1, document/literal: the requests that we send and what an answer means.

Source: VIRTA's WSDL (operations, names and order of elements) and SOAP 1.1,
section 4.4 (faults). Pure functions; no message here repeats contents, because a
fault's text and detail quote the personal identity code that was asked for.
"""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING

from lxml import etree

from emrex_gateway.errors import AdapterError, AdapterRefused, AdapterUnavailable

if TYPE_CHECKING:
    from emrex_virta._settings import VirtaSettings

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
MESSAGES = "http://tietovaranto.csc.fi/luku"
DATA = "urn:mace:funet.fi:virta/2015/09/01"

CONTENT_TYPE = "text/xml; charset=utf-8"
SOAP_ACTION = '""'


class Operation(StrEnum):
    """The operations that we use; the value is the WSDL's name."""

    EVERYTHING = "OpiskelijanKaikkiTiedot"
    PERSON = "OpiskelijanTiedot"


class Asked(StrEnum):
    """What a person is asked by; the value is the request's element."""

    IDENTITY_CODE = "henkilotunnus"
    LEARNER_NUMBER = "kansallinenOppijanumero"


class RequestRefused(AdapterError):
    """VIRTA found the request itself invalid: a value that its schema excludes."""


_TEMPORARY = frozenset({408, 425, 429, 500, 502, 503, 504})
_CREDENTIALS = frozenset({401, 403, 407})


def request(
    settings: VirtaSettings,
    operation: Operation,
    by: Asked,
    value: str,
    organisation: str | None = None,
) -> bytes:
    """Return the request as UTF-8 XML. ``organisation`` is obligatory for ``PERSON`` only."""
    envelope = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap={"soap": ENVELOPE, "luku": MESSAGES})
    body = etree.SubElement(envelope, f"{{{ENVELOPE}}}Body")
    message = etree.SubElement(body, f"{{{MESSAGES}}}{operation}Request")
    caller = etree.SubElement(message, f"{{{MESSAGES}}}Kutsuja")
    terms = etree.SubElement(message, f"{{{MESSAGES}}}Hakuehdot")
    values = [
        (caller, "jarjestelma", settings.system),
        (caller, "tunnus", settings.caller),
        (caller, "avain", settings.secret),
        (terms, by.value, value),
    ]
    if organisation:
        values.append((terms, "organisaatio", organisation))
    for parent, name, text in values:
        try:
            etree.SubElement(parent, f"{{{MESSAGES}}}{name}").text = text
        except ValueError:  # control characters: XML cannot carry them, so VIRTA cannot know them
            raise RequestRefused(
                "a value for VIRTA's request holds characters that XML has not"
            ) from None
    return etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)


def parse(answer: bytes) -> etree._Element | None:
    """Return the root of a document, or ``None`` for anything that is not plain XML.

    A document type declaration is refused (SOAP 1.1, section 3, forbids it);
    entities stay unexpanded and nothing is fetched. Comments and processing
    instructions are dropped, so that they do not cut a text in two.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(answer, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    info = root.getroottree().docinfo
    if info.internalDTD is not None or info.doctype:
        return None
    return root


def read(status: int, answer: bytes, operation: Operation) -> etree._Element | None:
    """Return the answer's data element (``Virta`` or ``Opiskelijat``), ``None`` when nobody was found.

    ``status`` is the HTTP status. Raises ``AdapterUnavailable``,
    ``RequestRefused`` or ``AdapterError``. A fault counts whatever the status is.
    """
    root = parse(answer) if answer else None
    fault = None if root is None else _fault(root)
    if fault is not None:
        raise fault
    if status in _CREDENTIALS:
        raise AdapterRefused(f"VIRTA refuses our access (HTTP {status})")
    if status in _TEMPORARY or status > 500:
        raise AdapterUnavailable(f"VIRTA is out of order (HTTP {status})")
    if status != HTTPStatus.OK:
        raise AdapterError(f"VIRTA answered with HTTP {status}")
    if root is None:
        raise AdapterError("VIRTA's answer is not XML")
    return contents(root, operation)


def contents(root: etree._Element, operation: Operation) -> etree._Element | None:
    """Return the data element of a parsed answer, ``None`` when it is missing or empty.

    Also reads what was recorded without its envelope. Raises ``AdapterError``
    (a fault among others) for any other document.
    """
    fault = _fault(root)
    if fault is not None:
        raise fault
    wanted = "Virta" if operation is Operation.EVERYTHING else "Opiskelijat"
    message = root
    if _name(root) == "Envelope":
        message = next(iter(root.xpath("*[local-name()='Body']/*")), root)
    if _name(message) == f"{operation}Response":
        data = next((child for child in message if _name(child) == wanted), None)
    elif _name(message) == wanted:
        data = message
    else:
        raise AdapterError(f"VIRTA's answer is not one to {operation}")
    return data if data is not None and len(data) else None


def _fault(root: etree._Element) -> AdapterError | None:
    """Return what a fault means, or ``None`` when there is none.

    Only the code's last part and whether the text is the known one are looked at.
    """
    if _name(root) not in ("Envelope", "Fault"):
        return None
    fault = next(root.iter("{*}Fault"), None)
    if fault is None:
        return None
    code = (fault.findtext("{*}faultcode") or "").strip().rpartition(":")[2].partition(".")[0]
    if code == "Server":
        return AdapterUnavailable("VIRTA reports an error of its own (SOAP fault Server)")
    if (fault.findtext("{*}faultstring") or "").strip().casefold() == "validation error":
        return RequestRefused("VIRTA refused the request as invalid (SOAP fault, validation)")
    known = code if code in ("Client", "VersionMismatch", "MustUnderstand") else "of unknown kind"
    return AdapterError(f"VIRTA refused the request (SOAP fault {known})")


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname

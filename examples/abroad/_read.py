"""Reads a verified ELMO for display: only what the signature covers, plain text only."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from lxml import etree

from emrex_gateway.domain import VerifiedElmo

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
PDF_URI = "data:application/pdf;base64,"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One learning opportunity; ``depth`` counts from 0."""

    depth: int
    title: str
    type: str
    date: str
    status: str
    credits: str
    grade: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """One issuer's records."""

    issuer: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What the page shows."""

    name: str
    birth_date: str
    identifiers: tuple[tuple[str, str], ...]
    reports: tuple[ReportView, ...]
    attachments: tuple[str, ...]


def parse(verified: VerifiedElmo) -> etree._Element:
    """Parse without entities, network or external grammars."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(verified.xml, parser)


def overview(verified: VerifiedElmo) -> Overview:
    """Return the parts that a person wants to see."""
    root = parse(verified)
    return Overview(
        name=f"{_text(root, 'learner/givenNames')} {_text(root, 'learner/familyName')}".strip(),
        birth_date=_text(root, "learner/bday") or _text(root, "learner/dateOfBirth"),
        identifiers=tuple(
            (node.get("type", ""), node.text or "") for node in _all(root, "learner/identifier")
        ),
        reports=tuple(_report(node) for node in _all(root, "report")),
        attachments=tuple(
            f"{_text(node, 'type')}: {_title(node, 'title')}".strip(": ")
            for node in _all(root, ".//attachment")
        ),
    )


def attachment_pdf(verified: VerifiedElmo, type_: str = "EMREX transcript") -> bytes | None:
    """Return the PDF of the first attachment of a type, or ``None``."""
    for node in _all(parse(verified), ".//attachment"):
        if _text(node, "type") != type_:
            continue
        for content in _all(node, "content"):
            value = (content.text or "").strip()
            if value.startswith(PDF_URI):
                try:
                    return base64.b64decode(value.removeprefix(PDF_URI))
                except binascii.Error:
                    return None
    return None


def _report(node: etree._Element) -> ReportView:
    rows: list[Row] = []
    _walk(node, 0, rows)
    return ReportView(issuer=_title(node, "issuer/title"), rows=tuple(rows))


def _walk(node: etree._Element, depth: int, rows: list[Row]) -> None:
    path = (
        "hasPart/learningOpportunitySpecification" if depth else "learningOpportunitySpecification"
    )
    for los in _all(node, path):
        loi = "specifies/learningOpportunityInstance/"
        credit = f"{_text(los, loi + 'credit/value')} {_text(los, loi + 'credit/scheme')}"
        rows.append(
            Row(
                depth=depth,
                title=_title(los, "title"),
                type=_text(los, "type"),
                date=_text(los, loi + "date"),
                status=_text(los, loi + "status") or "passed",
                credits=credit.strip(),
                grade=_text(los, loi + "resultLabel"),
            )
        )
        _walk(los, depth + 1, rows)


def _all(node: etree._Element, path: str) -> list[etree._Element]:
    """Find by local names: several namespaces of one format are alive."""
    prefix, rest = (".//", path[3:]) if path.startswith(".//") else ("./", path)
    steps = "/".join(f"*[local-name()='{step}']" for step in rest.split("/"))
    found = node.xpath(prefix + steps)
    return (
        [part for part in found if isinstance(part, etree._Element)]
        if isinstance(found, list)
        else []
    )


def _title(node: etree._Element, path: str) -> str:
    """The title in English, which the people abroad read, or the first that there is."""
    found = _all(node, path)
    english = [one for one in found if (one.get(XML_LANG) or "").partition("-")[0] == "en"]
    return next((" ".join("".join(one.itertext()).split()) for one in (*english, *found)), "")


def _text(node: etree._Element, path: str) -> str:
    found = _all(node, path)
    return " ".join("".join(found[0].itertext()).split()) if found else ""

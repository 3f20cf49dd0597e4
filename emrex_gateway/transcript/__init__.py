"""The readable PDF of a document: an EMREX transcript, or a Transcript of Records of one issuer.

The ELMO guide asks for a readable version of all crucial data, the learner's
birth date included, among a file's attachments. It is PDF/A-3a and PDF/UA-1,
deterministic, and set with fonts that are part of the installation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NotRequired, TypedDict, Unpack

from emrex_gateway.domain import AttachmentType, Document, Issuer, Report
from emrex_gateway.transcript._compile import ATTACHED_NAME, RefusedText, compile_pdf
from emrex_gateway.transcript._fonts import load_fonts
from emrex_gateway.transcript._labels import LANGUAGES, supported
from emrex_gateway.transcript._measure import Ruler
from emrex_gateway.transcript._records import report_view
from emrex_gateway.transcript._text import Glyphs
from emrex_gateway.transcript._view import (
    Attachments,
    Words,
    document_title,
    has_extensions,
    learner_facts,
    learner_identifiers,
    names_of,
    title_of,
)

__all__ = ["ATTACHED_NAME", "LANGUAGES", "Transcript", "preload", "render", "typeset"]


@dataclass(frozen=True, slots=True)
class Transcript:
    """A PDF, and the characters that it spells as ``[U+…]`` because no font has them.

    A set of single characters says nothing of the person: it may be counted in an audit event.
    """

    pdf: bytes = field(repr=False)
    missing: frozenset[str]


class _Options(TypedDict):
    """What ``typeset`` takes besides the document."""

    kind: AttachmentType
    language: NotRequired[str]
    issuer: NotRequired[Issuer | None]
    draft: NotRequired[bool]
    code: NotRequired[str]
    verify_at: NotRequired[str]
    elmo: NotRequired[bytes | None]


def preload() -> None:
    """Load the fonts and the compiler now: in a worker, before it forks. About 0.5 s.

    Nothing is compiled: typst's threads do not survive a fork, so a process
    that has rendered must not fork workers (``typeset`` in them says so).

    :raises ConfigError: when the main font is not installed.
    """
    load_fonts()


def typeset(
    document: Document,
    *,
    kind: AttachmentType,
    language: str = "en",
    issuer: Issuer | None = None,
    draft: bool = False,
    code: str = "",
    verify_at: str = "",
    elmo: bytes | None = None,
) -> Transcript:
    """Return a document as a PDF.

    :param kind: ``EMREX_TRANSCRIPT``: all reports (stands outside the reports
        in ELMO); ``TRANSCRIPT_OF_RECORDS``: those of ``issuer`` (stands inside one).
    :param language: a BCP 47 tag; of ``LANGUAGES``, the nearest, else English.
    :param draft: mark every page as a draft that says nothing to anybody.
    :param code: the document's verification code, printed on the first page and below every page.
    :param verify_at: the address at which the code and the files can be checked.
    :param elmo: the signed ELMO file, to be embedded as the source of the PDF (``ATTACHED_NAME``).
    :raises ValueError: for another kind, an issuer that the document has not, or an
        ``elmo`` that is not UTF-8.
    :raises ConfigError: when the main font is not installed.
    :raises GatewayError: in a child of a process that has rendered (see ``preload``).

    The creation date is ``document.generated_at``: the same document gives the
    same bytes. Characters that cannot be shown appear as their code point
    (``Transcript.missing``); text never makes rendering fail.
    """
    reports = _chosen(document, kind, issuer)
    fonts = load_fonts()
    marks = {"draft": draft, "code": code, "verify_at": verify_at}
    try:
        data, missing = _view(document, reports, kind, language)
        pdf = compile_pdf({**data, **marks}, fonts, document.generated_at, elmo)
    except RefusedText:
        # A sequence that no font can join although it has every part: show the
        # plain letters of the main font, and all others by their code points.
        data, missing = _view(document, reports, kind, language, only_main=True)
        pdf = compile_pdf({**data, **marks}, fonts, document.generated_at, elmo)
    return Transcript(pdf, missing)


def render(document: Document, **options: Unpack[_Options]) -> bytes:
    """Return the PDF alone; as ``typeset``."""
    return typeset(document, **options).pdf


def _chosen(document: Document, kind: AttachmentType, issuer: Issuer | None) -> Sequence[Report]:
    if kind is AttachmentType.EMREX_TRANSCRIPT and issuer is None:
        return document.reports
    if kind is not AttachmentType.TRANSCRIPT_OF_RECORDS or issuer is None:
        raise ValueError(
            "a transcript is an EMREX transcript of all reports or a Transcript of Records of one issuer"
        )
    reports = tuple(report for report in document.reports if report.issuer == issuer)
    if not reports:
        raise ValueError("the document has no report of that issuer")
    return reports


def _view(
    document: Document,
    reports: Sequence[Report],
    kind: AttachmentType,
    language: str,
    *,
    only_main: bool = False,
) -> tuple[dict[str, Any], frozenset[str]]:
    """The template's data, and the characters that were spelled out in them."""
    chosen = supported(language)
    fonts = load_fonts()
    glyphs = Glyphs(fonts, chosen, only_main=only_main)
    words = Words(chosen, glyphs, Ruler(fonts.advances))
    files = Attachments()
    if kind is AttachmentType.EMREX_TRANSCRIPT:
        for attachment in document.attachments:
            if attachment.type is not AttachmentType.EMREX_TRANSCRIPT:
                files.number(attachment)
    learner = document.learner
    data: dict[str, Any] = {
        "lang": chosen,
        "labels": words.labels,
        "document-title": document_title(document, title_of(reports, kind), words),
        "title": title_of(reports, kind),
        "generated": words.moment(document.generated_at),
        "name": words.value(f"{learner.family_name}, {learner.given_names}".strip(", ")),
        "issuers": [names_of(issuer, words)[0] for issuer in _issuers(reports)],
        "born": words.long_date(learner.birth_date) if learner.birth_date else None,
        "learner": learner_facts(learner, words),
        "identifiers": learner_identifiers(learner, words),
        "reports": [report_view(report, words) for report in reports],
        "attachments": files.listed(words),
        "extensions": has_extensions(document, reports),
    }
    missing = frozenset(glyphs.missing)
    return {**data, "missing": bool(missing), "families": sorted(glyphs.families)}, missing


def _issuers(reports: Sequence[Report]) -> list[Issuer]:
    """Each institution once, in the order of the reports."""
    return list(dict.fromkeys(report.issuer for report in reports))

"""Files to read: signed with a key of the tests and verified, for nothing else can be read.

Not the product: only tests load it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from emrex_gateway import elmo
from emrex_gateway.domain import (
    Document,
    Instance,
    LearningOpportunity,
    ReadDocument,
    SignedElmo,
    Specification,
    VerifiedElmo,
)
from emrex_gateway.signing import verify
from signing_material import certificate, foreign_sign

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LEARNER = "<learner><givenNames>Aino</givenNames><familyName>Järvinen</familyName></learner>"
ISSUER = (
    '<issuer><country>FI</country><identifier type="schac">saimaa.example</identifier>'
    '<title xml:lang="en">Saimaa University</title><url>https://saimaa.example/</url></issuer>'
)
ISSUED = "<issueDate>2026-03-01T12:30:00+02:00</issueDate>"


def verified(xml: str | bytes) -> VerifiedElmo:
    """Return a document as it comes out of ``signing.verify``."""
    data = xml.encode() if isinstance(xml, str) else xml
    return verify(SignedElmo(foreign_sign(data)), [certificate("rsa2048")], now=NOW)


def read(xml: str | bytes) -> ReadDocument:
    """Sign, verify and read."""
    return elmo.read(verified(xml), now=NOW)


def file(
    studies: str = "",
    *,
    learner: str = LEARNER,
    issuer: str = ISSUER,
    in_report: str = "",
    outside: str = "",
    namespace: str = elmo.NAMESPACE,
) -> str:
    """Return a file with one report and the given pieces in their places."""
    declared = f' xmlns="{namespace}"' if namespace else ""
    return (
        f"<elmo{declared}><generatedDate>2026-03-01T12:30:00+02:00</generatedDate>{learner}"
        f"<report>{issuer}{studies}{ISSUED}{in_report}</report>{outside}</elmo>"
    )


def course(instance: str = "", about: str = "", parts: str = "", *, status: str = "passed") -> str:
    """Return a course; ``instance`` stands in its LOI, after the status, and ``about`` before that."""
    said = f"<status>{status}</status>" if status else ""
    return (
        "<learningOpportunitySpecification><title>Limnology</title>"
        f"{about}<specifies><learningOpportunityInstance>{said}{instance}"
        f"</learningOpportunityInstance></specifies>{parts}</learningOpportunitySpecification>"
    )


def only_study(found: ReadDocument | Document) -> LearningOpportunity:
    """Return the one study of the one report."""
    document = found.document if isinstance(found, ReadDocument) else found
    (report,) = document.reports
    (study,) = report.opportunities
    return study


def instance_of(instance: str) -> tuple[Instance, tuple[str, ...]]:
    """Return what is read of a LOI with something in it, and the warnings."""
    found = read(file(course(instance)))
    return only_study(found).instance, found.warnings


def specification_of(about: str) -> tuple[Specification, tuple[str, ...]]:
    """Return what is read of a LOS with something in it, and the warnings."""
    found = read(file(course(about=about)))
    return only_study(found).specification, found.warnings

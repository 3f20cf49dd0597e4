"""The self-test: a transfer from the built-in client through an access point, and what its reply is worth.

The built-in client knows of the access point what a client abroad knows: its
address and its published certificates. The reply finds its row by the session
id alone, which is random and works once; no cookie is needed, none believed.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from lxml import etree

from emrex_gateway import elmo, network
from emrex_gateway.administering._expiry import published_certificates
from emrex_gateway.administering._rights import require
from emrex_gateway.domain import (
    Actor,
    Permission,
    ReturnCode,
    SelfTest,
    SelfTestResult,
    SignedElmo,
    VerifiedElmo,
)
from emrex_gateway.errors import ConfigError, EnvelopeError, SignatureError
from emrex_gateway.services import Services
from emrex_gateway.settings import Settings
from emrex_gateway.signing import read_facts, verify

_REPLY: Final = re.compile(r"/self-test/[0-9a-f]{32}/reply\Z")
KEPT: Final = timedelta(days=90)
"""How long a self-test's result is kept."""

MAX_RULES: Final = 20
_MAX_DOCUMENT: Final = 64 * 1024 * 1024


def self_test_url(settings: Settings, id_: str) -> str:
    """The built-in client's return address for one self-test."""
    return f"{settings.public_url}/self-test/{id_}/reply"


def is_self_test_url(settings: Settings, url: str) -> bool:
    """Whether an address is exactly one of the built-in client's, which every access point may reply to.

    Anybody may write one into a request; a reply that no self-test of ours
    waits for is thrown away there.
    """
    base, rest = settings.public_url, url.removeprefix(settings.public_url)
    return url.startswith(base) and _REPLY.match(rest) is not None


def start_self_test(services: Services, actor: Actor, slug: str) -> SelfTest:
    """Begin a self-test: its ``session_id`` goes with ``self_test_url`` into the request to ``/emp``.

    Raises ``ConfigError`` for an access point that is switched off.
    """
    now = services.clock()
    with services.store.begin() as uow:
        point = uow.config.access_point(slug)
        if point is None:
            raise ConfigError(f"there is no access point {slug!r}")
        require(actor, Permission.CHANGE_SETTINGS, point.institution)
        if not point.enabled or not uow.config.institution(point.institution).enabled:
            raise ConfigError(f"the access point {slug!r} is switched off: switch it on first")
        facts = read_facts(point, services.secrets)
        test = SelfTest(
            id=secrets.token_hex(16),
            access_point=slug,
            session_id=secrets.token_hex(16),
            account=actor.account,
            started_at=now,
            expires_at=now + timedelta(seconds=services.settings.transfer_lifetime),
            fingerprint=facts.fingerprint if facts else "",
        )
        uow.keys.put_self_test(test)
        uow.keys.sweep_self_tests(now - KEPT)
    return test


def awaits_reply(services: Services, id_: str) -> bool:
    """Whether a self-test of that id waits for its reply: asked before a reply is even read."""
    with services.store.read() as uow:
        test = uow.keys.self_test(id_)
    return test is not None and test.result is None and test.expires_at > services.clock()


def receive_self_test(services: Services, id_: str, fields: Mapping[str, str]) -> SelfTest | None:
    """Take a reply and keep what it was worth; ``None`` when nobody waits for it (any more).

    Nothing of its contents is kept. Never raises for what the reply holds.
    """
    session_id = fields.get("sessionId", "")
    with services.store.read() as uow:
        test = uow.keys.self_test(id_)
        if test is None or test.result is not None or test.expires_at <= services.clock():
            return None
        if not hmac.compare_digest(
            session_id.encode("utf-8", "surrogatepass"), test.session_id.encode()
        ):
            return None
        point = uow.config.access_point(test.access_point)
        certificates = published_certificates(uow, point, services.secrets) if point else ()
    result = examine(fields, certificates, services)
    with services.store.begin() as uow:
        now = uow.keys.hold_self_test(id_)
        if now is None or now.result is not None:
            return None
        done = replace(now, result=result, finished_at=services.clock())
        uow.keys.put_self_test(done)
    return done


def examine(
    fields: Mapping[str, str], certificates: tuple[str, ...], services: Services
) -> SelfTestResult:
    """Look at a reply as a client would that trusts exactly these certificates (PEM)."""
    try:
        reply = network.unpack(fields, _MAX_DOCUMENT)
    except EnvelopeError as error:
        return SelfTestResult(problem=f"the reply cannot be unpacked: {error}")
    code = reply.return_code.value
    if reply.return_code is not ReturnCode.OK:
        return SelfTestResult(code=code, problem=_WITHOUT[reply.return_code])
    if reply.elmo is None:
        return SelfTestResult(code=code, problem="the reply says OK and holds no document")
    if not certificates:
        return SelfTestResult(
            code=code,
            problem="no certificate of the access point is known here: take its key over first",
        )
    try:
        verified = verify(reply.elmo, [pem.encode() for pem in certificates], now=services.clock())
    except SignatureError as error:
        return SelfTestResult(
            code=code, problem=f"the signature does not verify: {error}", size=len(reply.elmo.xml)
        )
    return _verified(code, reply.elmo, verified)


def _verified(code: str, signed: SignedElmo, verified: VerifiedElmo) -> SelfTestResult:
    facts = verified.facts
    counted = Counter(problem.rule for problem in elmo.check(signed.xml))
    root = etree.fromstring(verified.xml, etree.XMLParser(resolve_entities=False, no_network=True))
    records = f".//{{{elmo.NAMESPACE}}}learningOpportunityInstance"
    return SelfTestResult(
        code=code,
        verified=True,
        subject=facts.subject[:200],
        fingerprint=facts.fingerprint,
        algorithms=(facts.signature_method, facts.digest_method, facts.canonicalization),
        warnings=facts.warnings,
        rules=tuple(f"{rule} ({n})" for rule, n in counted.most_common(MAX_RULES)),
        size=len(signed.xml),
        reports=len(root.findall(f"{{{elmo.NAMESPACE}}}report")),
        records=len(root.findall(records)),
        attachments=len(root.findall(f".//{{{elmo.NAMESPACE}}}attachment")),
    )


_WITHOUT: Final = {
    ReturnCode.NO_RESULTS: "the reply says that there are no records of this person: take a test"
    " student who has some",
    ReturnCode.CANCEL: "the transfer was cancelled",
    ReturnCode.ERROR: "the reply says that the transfer failed: look for it among the transfers",
}

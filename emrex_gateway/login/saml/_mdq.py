"""A query server: one signed entity a request, verified as an aggregate is.

Source: draft-young-md-query, section 3 (``{base}/entities/{entity id, percent-encoded}``).
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from datetime import datetime, timedelta
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from emrex_gateway.domain import Entity, Federation
from emrex_gateway.errors import ConfigError, LoginError, MetadataError
from emrex_gateway.login._addresses import AddressPolicy
from emrex_gateway.login._http import Caller, trusted_authorities
from emrex_gateway.login.saml._metadata import MAX_BYTES, MAX_ENTITY_BYTES, Trust, read_metadata
from emrex_gateway.ports import Secrets
from emrex_gateway.settings import Settings

MEDIA_TYPE = "application/samlmetadata+xml"
TIMEOUT = 5.0
"""Seconds that a person waits for a query server at most."""
PAUSE = 30.0
"""Seconds in which a server that failed, or an entity that it does not have, is not asked for again."""
MAX_REMEMBERED = 2000


class UnknownEntity(MetadataError):
    """The query server knows no such entity."""

    retryable = False


class Mdq:
    """Asks query servers; safe to share between threads.

    It remembers for ``PAUSE`` seconds which server is down and which entity a
    server lacks, so that a crowd of logins does not wait for it, one by one.
    """

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self._settings = settings
        self._secrets = secrets
        self._ssl = trusted_authorities()
        self._lock = threading.Lock()
        self._failed: OrderedDict[tuple[str, str], tuple[float, str]] = OrderedDict()

    def entity(self, federation: Federation, entity_id: str, now: datetime) -> Entity:
        """Ask for an entity and verify the answer.

        Raises ``UnknownEntity``, ``MetadataError`` or ``ConfigError``.
        """
        self._raise_remembered(federation.slug, entity_id)
        try:
            return self._ask(federation, entity_id, now)
        except UnknownEntity as error:
            self._remember(federation.slug, entity_id, error)
            raise
        except MetadataError as error:
            down = error.reason in ("timeout", "unreachable", "server")
            self._remember(federation.slug, "" if down else entity_id, error)
            raise

    def _ask(self, federation: Federation, entity_id: str, now: datetime) -> Entity:
        url = f"{federation.url.rstrip('/')}/entities/{quote(entity_id, safe='')}"
        caller = Caller(
            policy(self._settings, federation),
            ssl_context=self._ssl,
            http_on_loopback=self._settings.http_on_loopback,
            timeout=TIMEOUT,
            max_bytes=MAX_ENTITY_BYTES,
        )
        try:
            answer = caller.get(url, {"Accept": MEDIA_TYPE})
        except LoginError as error:
            raise MetadataError(str(error), error.reason) from None
        if answer.status_code in (404, 410):
            raise UnknownEntity("the query server knows no such entity", "unknown")
        if answer.status_code != 200:
            reason = "server" if answer.status_code >= 500 else "status"
            raise MetadataError(f"the query server answered {answer.status_code}", reason)
        trust = trust_of(self._settings, self._secrets, federation, now, MAX_ENTITY_BYTES)
        found = read_metadata(answer.body, trust).entities
        if [entity.entity_id for entity in found] != [entity_id]:
            raise MetadataError("the query server answered with another entity", "entity")
        return found[0]

    def _remember(self, federation: str, entity_id: str, error: MetadataError) -> None:
        with self._lock:
            self._failed[federation, entity_id] = (time.monotonic() + PAUSE, error.reason)
            if len(self._failed) > MAX_REMEMBERED:
                self._failed.popitem(last=False)

    def _raise_remembered(self, federation: str, entity_id: str) -> None:
        with self._lock:
            for key in ((federation, ""), (federation, entity_id)):
                until, reason = self._failed.get(key, (0.0, ""))
                if time.monotonic() < until:
                    kind = UnknownEntity if reason == "unknown" else MetadataError
                    raise kind("the query server failed a moment ago", reason)


def policy(settings: Settings, federation: Federation) -> AddressPolicy:
    """Return which addresses a federation's may lead to."""
    return AddressPolicy(
        private=federation.allow_private_addresses, loopback=settings.http_on_loopback
    )


def trust_of(
    settings: Settings,
    secrets: Secrets,
    federation: Federation,
    now: datetime,
    max_bytes: int = MAX_BYTES,
) -> Trust:
    """Return what the federation's metadata must fit. Raises ``ConfigError`` for its certificates."""
    return Trust(
        federation=federation.slug,
        certificates=pinned(secrets, federation),
        now=now,
        max_validity=timedelta(seconds=federation.max_validity),
        max_bytes=max_bytes,
        http_on_loopback=settings.http_on_loopback,
    )


def pinned(secrets: Secrets, federation: Federation) -> tuple[bytes, ...]:
    """Read the federation's certificates, DER. Raises ``ConfigError``."""
    found: list[bytes] = []
    for reference in federation.certificates:
        try:
            read = x509.load_pem_x509_certificates(secrets(reference).encode())
        except ValueError:
            raise ConfigError(
                f"federation {federation.slug}: {reference} holds no certificate in PEM"
            ) from None
        found += [certificate.public_bytes(Encoding.DER) for certificate in read]
    if not found:
        raise ConfigError(f"federation {federation.slug} has no pinned certificate")
    return tuple(found)

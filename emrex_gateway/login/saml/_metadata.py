"""A federation's metadata: verified with pinned certificates, and read from that very parse.

Sources: SAML 2.0 Metadata (saml-metadata-2.0-os), SAML2Int 2.0 MD01 to MD03,
draft-young-md-query-saml (a query server's answer is one signed entity).

The order is the point: size and prolog, the signature's shape and value, the
document's time. The entities of an aggregate are then read while its digest
grows, and are given away only once the digest is the signed one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import SEEK_END, BytesIO
from typing import BinaryIO

from lxml import etree

from emrex_gateway.domain import Entity, Role
from emrex_gateway.errors import MetadataError
from emrex_gateway.login.saml import _descriptor as read
from emrex_gateway.login.saml._aggregate import PARSING, Pieces, canonical
from emrex_gateway.login.saml._descriptor import MD, Unusable
from emrex_gateway.login.saml._signature import verify_in_place
from emrex_gateway.login.saml._types import SKEW, Reason, Refused

MAX_BYTES = 256 * 1024 * 1024
"""The most that an aggregate may weigh: three times eduGAIN's."""
MAX_ENTITY_BYTES = 1024 * 1024
"""The most that one entity may weigh."""

_PROLOG_BYTES = 64 * 1024
_PROLOG = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:<\?xml\s[^?>]*\?>)?(?>(?:\s|(?><!--.*?-->))*)"
    rb"<(?:[\w.-]+:)?(?P<root>\w+)[\s/>]",
    re.DOTALL,
)
_GROUP = f"{MD}EntitiesDescriptor"
_ENTITY = f"{MD}EntityDescriptor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What a federation's metadata must fit.

    ``certificates`` are DER; their keys count, not their dates. ``max_validity``
    is the furthest that ``validUntil`` may lie after ``now``.
    """

    federation: str
    certificates: Sequence[bytes] = field(repr=False)
    now: datetime
    max_validity: timedelta
    max_bytes: int = MAX_BYTES
    http_on_loopback: bool = False


@dataclass(frozen=True, slots=True)
class Metadata:
    """Verified metadata.

    ``valid_until`` is the whole document's. ``entities`` are in the document's
    order. ``skipped`` counts those that were left out because they are
    malformed, too big, or expired.
    """

    valid_until: datetime
    entities: tuple[Entity, ...] = field(repr=False)
    skipped: int


def read_metadata(source: BinaryIO | bytes, trust: Trust) -> Metadata:
    """Verify an aggregate or a single entity; ``source`` is bytes or a file at its beginning.

    Raises ``MetadataError`` with the reason ``size``, ``encoding``, ``dtd``,
    ``malformed``, ``schema`` (other metadata than SAML's), ``unsigned``,
    ``signature``, ``digest`` (or what else of the signature is wrong),
    ``no-end``, ``expired`` or ``distant-end``.
    """
    file = BytesIO(source) if isinstance(source, bytes) else source
    try:
        if _begin(file, trust.max_bytes) == b"EntityDescriptor":
            return _one(file.read(), trust)
        return _many(file, trust)
    except Refused as error:
        raise MetadataError(
            f"the metadata is refused: {error}", error.reason.removeprefix("saml-")
        ) from None
    except etree.XMLSyntaxError:
        # The parser's own message may quote the document.
        raise MetadataError("the metadata is not well-formed XML", "malformed") from None


def _one(document: bytes, trust: Trust) -> Metadata:
    """Read a query server's answer."""
    if len(document) > MAX_ENTITY_BYTES:
        raise Refused(Reason.SIZE, f"the entity weighs more than {MAX_ENTITY_BYTES} bytes")
    root = etree.fromstring(document, etree.XMLParser(**PARSING))
    verify_in_place(root, trust.certificates)
    until = _end(root, trust)
    if root.tag != _ENTITY:
        raise Refused(Reason.SCHEMA, "the document is another one than was expected")
    entities = tuple(_usable(root, trust, until))
    return Metadata(until, entities, 1 - len(entities))


def _many(file: BinaryIO, trust: Trust) -> Metadata:
    """Read an aggregate. Nothing of it is given away before all of it was digested."""
    pieces = Pieces(file, (_GROUP, _ENTITY), trust.certificates)
    until = _end(pieces.root, trust)
    entities: list[Entity] = []
    number = 0
    for piece in pieces:
        for element in piece.iter(_ENTITY):
            number += 1
            entities += _usable(element, trust, until)
    return Metadata(until, tuple(entities), number - len(entities))


def _usable(element: etree._Element, trust: Trust, until: datetime) -> Iterator[Entity]:
    """Yield the entity unless it is malformed, too big or expired."""
    try:
        for group in element.iterancestors(_GROUP):
            if group.getparent() is not None:  # the root's is ``until`` already
                until = read.valid_until(group, until)
        entity = _entity(element, trust, until)
    except Unusable:
        return
    if entity.valid_until > trust.now:
        yield entity


def _entity(element: etree._Element, trust: Trust, until: datetime) -> Entity:
    descriptor = canonical(element)
    if len(descriptor) > MAX_ENTITY_BYTES:
        raise Unusable("too big")
    role = read.idp_role(element, http_on_loopback=trust.http_on_loopback)
    roles = {Role.SP} if read.has_sp_role(element) else set()
    categories = read.categories(element)
    until = read.valid_until(element, until)
    scopes: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    if role is not None:
        roles.add(Role.IDP)
        until = read.valid_until(role, until)
        scopes = tuple(s.value for s in read.scopes(element, role) if not s.regexp)
        keywords = read.keywords(role)
    return Entity(
        federation=trust.federation,
        entity_id=read.entity_id(element),
        roles=frozenset(roles),
        names=read.names(element, role),
        valid_until=until,
        digest=hashlib.sha256(descriptor).hexdigest(),
        descriptor=b"" if role is None else descriptor,
        scopes=scopes,
        keywords=keywords,
        logo="" if role is None else read.logo(role),
        categories=categories,
        authority=read.authority(element),
        hidden=read.HIDDEN in categories,
    )


def _begin(file: BinaryIO, max_bytes: int) -> bytes:
    """Return the root's local name, as the first bytes show it, and wind the file back.

    A DTD can stand only in front of the root element, and its entities would be
    expanded in attributes before anybody could refuse them: no parser sees it.
    """
    size = file.seek(0, SEEK_END)
    file.seek(0)
    if size > max_bytes:
        raise MetadataError(f"the metadata weighs more than {max_bytes} bytes", "size")
    head = file.read(_PROLOG_BYTES)
    file.seek(0)
    if b"\0" in head:
        raise MetadataError("the metadata is not UTF-8", "encoding")
    found = _PROLOG.match(head)
    if not found:
        reason = "dtd" if b"<!DOCTYPE" in head else "malformed"
        raise MetadataError("the metadata does not begin with its root element", reason)
    return found["root"]


def _end(root: etree._Element, trust: Trust) -> datetime:
    """Return until when the metadata counts (MD03: it must say so, and not too far ahead)."""
    text = root.get("validUntil")
    if text is None:
        raise MetadataError("the metadata does not say until when it is valid", "no-end")
    try:
        until = read.instant(text)
    except Unusable:
        raise MetadataError("the metadata's validUntil is not a date and time", "no-end") from None
    if until <= trust.now:
        raise MetadataError(f"the metadata expired on {until:%Y-%m-%d}", "expired")
    # The other side's clock may be ahead of ours.
    if until > trust.now + trust.max_validity + SKEW:
        days = trust.max_validity.days
        raise MetadataError(
            f"the metadata is valid until {until:%Y-%m-%d}, more than {days} days ahead",
            "distant-end",
        )
    return until

"""Reading an entity's descriptor: small functions that give what is there, within limits.

Sources: SAML 2.0 Metadata (saml-metadata-2.0-os), Login and Discovery UI 1.0
(mdui), Registration and Publication Information 1.0 (mdrpi), Entity Attributes
1.0 (mdattr), Shibboleth's ``shibmd:Scope``, REFEDS' and MACE-Dir's categories.

The element comes from a verified tree, or from the index that was made of one.
What is too long or malformed counts as absent; what an entity cannot do
without raises ``Unusable``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from operator import itemgetter
from urllib.parse import urlsplit

from lxml import etree

from emrex_gateway.domain import LangString, Texts, language_tag, token
from emrex_gateway.login._addresses import split_url
from emrex_gateway.login.saml._types import Scope

MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
MDUI = "{urn:oasis:names:tc:SAML:metadata:ui}"
MDATTR = "{urn:oasis:names:tc:SAML:metadata:attribute}"
MDRPI = "{urn:oasis:names:tc:SAML:metadata:rpi}"
SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
SHIBMD = "{urn:mace:shibboleth:metadata:1.0}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
HIDDEN = "http://refeds.org/category/hide-from-discovery"

CATEGORY_ATTRIBUTES = frozenset(
    {
        "http://macedir.org/entity-category",
        "http://macedir.org/entity-category-support",
        "urn:oasis:names:tc:SAML:attribute:assurance-certification",
    }
)
"""Entity attributes whose values an institution can ask for. A provider states what it supports
in the second and what was certified in the third; their values are URIs that do not overlap."""

MAX_ENTITY_ID = 1024
"""SAML Core 8.3.6."""
MAX_NAME = 256
MAX_URI = 1024
MAX_LOGO_URL = 1024
MAX_LOGO_DATA = 64 * 1024
MAX_LANGUAGES = 40
MAX_KEYWORDS = 40
MAX_SCOPES = 200
MAX_CATEGORIES = 60

LOGO_SIZE = 80
"""Pixels of height that the discovery page likes best (mdui and the recommendations of REFEDS)."""
_LOGO_SIZES = range(16, 1025)
_LOGO_DATA = re.compile(
    r"data:image/(?:png|jpeg|jpg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}"
)
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(Z|[+-]\d\d:\d\d)?")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9._-]*[a-z0-9])?\Z")
_BLANK = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]")


class Unusable(ValueError):
    """An entity that lacks what it cannot do without: it is left out, and counted."""


def instant(text: str) -> datetime:
    """Read an ``xs:dateTime``; without a zone it is UTC (SAML Core 1.3.3). Raises ``Unusable``."""
    found = _INSTANT.fullmatch(text.strip())
    if not found:
        raise Unusable("not a date and time")
    seconds, fraction, zone = found.groups()
    try:
        read = datetime.fromisoformat(
            f"{seconds}.{(fraction or '0').ljust(6, '0')}{'+00:00' if zone in (None, 'Z') else zone}"
        )
        return read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unusable("no such date and time") from None


def valid_until(element: etree._Element, outer: datetime) -> datetime:
    """Return until when the element counts: its own ``validUntil``, but not beyond the outer one."""
    own = element.get("validUntil")
    return outer if own is None else min(outer, instant(own))


def entity_id(entity: etree._Element) -> str:
    """Return the ``entityID``. Raises ``Unusable``."""
    found = entity.get("entityID", "")
    if not found or len(found) > MAX_ENTITY_ID or _BLANK.search(found):
        raise Unusable("not an entity id")
    return found


def idp_role(entity: etree._Element, *, http_on_loopback: bool = False) -> etree._Element | None:
    """Return the role with which SAML 2.0 providers log people in, asked by redirect, or ``None``."""
    for role in entity.iterchildren(f"{MD}IDPSSODescriptor"):
        if PROTOCOL in role.get("protocolSupportEnumeration", "").split() and endpoint(
            role, "SingleSignOnService", http_on_loopback=http_on_loopback
        ):
            return role
    return None


def has_sp_role(entity: etree._Element) -> bool:
    """Tell whether the entity is a service provider."""
    return entity.find(f"{MD}SPSSODescriptor") is not None


def endpoint(
    role: etree._Element, name: str, *, http_on_loopback: bool, attribute: str = "Location"
) -> str:
    """Return the address of a role's first endpoint of the redirect binding that may be used."""
    for found in role.iterchildren(MD + name):
        address = found.get(attribute, "")
        if found.get("Binding") == REDIRECT and split_url(
            address, http_on_loopback=http_on_loopback
        ):
            return address
    return ""


def names(entity: etree._Element, role: etree._Element | None) -> Texts:
    """Return what people call it: mdui's names, else the organisation's, else the host's."""
    organization = entity.find(f"{MD}Organization")
    for found in (
        () if role is None else _interface(role, "DisplayName"),
        () if organization is None else organization.iterchildren(f"{MD}OrganizationDisplayName"),
    ):
        if named := _by_language(found):
            return named
    own = entity.get("entityID", "")
    try:
        return (LangString(urlsplit(own).hostname or own[:MAX_NAME]),)
    except ValueError:
        return (LangString(own[:MAX_NAME]),)


def keywords(role: etree._Element) -> tuple[str, ...]:
    """Return mdui's keywords; a ``+`` in one stands for a blank (mdui 2.1.6)."""
    found: dict[str, None] = {}
    for element in _interface(role, "Keywords"):
        for word in _text(element, 4096).split():
            found[word.replace("+", " ")[:MAX_NAME]] = None
    return tuple(found)[:MAX_KEYWORDS]


def scopes(entity: etree._Element, role: etree._Element) -> tuple[Scope, ...]:
    """Return the scopes of the role and of the whole entity; literal ones are domain names."""
    found: dict[Scope, None] = {}
    for owner in (role, entity):
        for element in owner.iterfind(f"{MD}Extensions/{SHIBMD}Scope"):
            value = _text(element, MAX_NAME)
            if element.get("regexp", "false").strip() in ("true", "1"):
                scope = Scope(value, regexp=True)
            else:
                scope = Scope(value.lower())
            if value and (scope.regexp or _DOMAIN.match(scope.value)):
                found[scope] = None
    return tuple(found)[:MAX_SCOPES]


def logo(role: etree._Element) -> str:
    """Return the best picture: https or ``data:``, its height nearest to ``LOGO_SIZE``, not a banner."""
    found: list[tuple[int, str]] = []
    for element in _interface(role, "Logo"):
        try:
            height, width = int(element.get("height", "0")), int(element.get("width", "0"))
        except ValueError:
            continue
        if height in _LOGO_SIZES and width in _LOGO_SIZES:
            # Enlarged, a picture is blurred: what a height lacks counts double.
            lacks, exceeds = max(0, LOGO_SIZE - height), max(0, height - LOGO_SIZE)
            banner = max(0, width - 4 * height)
            # Long pictures are written in lines; no address has white space in it.
            address = "".join((element.text or "").split())
            found.append((2 * lacks + exceeds + 4 * banner, address))
    found.sort(key=itemgetter(0))
    return next((address for _, address in found if _picture(address)), "")


def categories(entity: etree._Element) -> frozenset[str]:
    """Return the values of ``CATEGORY_ATTRIBUTES``."""
    path = f"{MD}Extensions/{MDATTR}EntityAttributes/{SAML}Attribute"
    found = (
        _text(value, MAX_URI)
        for attribute in entity.iterfind(path)
        if attribute.get("Name") in CATEGORY_ATTRIBUTES
        for value in attribute.iterchildren(f"{SAML}AttributeValue")
    )
    # Sorted before it is cut, so that an entity with too many reads the same each time.
    return frozenset(sorted({uri for uri in found if uri})[:MAX_CATEGORIES])


def authority(entity: etree._Element) -> str:
    """Return who registered the entity (mdrpi)."""
    found = entity.find(f"{MD}Extensions/{MDRPI}RegistrationInfo")
    uri = "" if found is None else found.get("registrationAuthority", "").strip()
    return uri if len(uri) <= MAX_URI else ""


def _interface(role: etree._Element, name: str) -> Iterator[etree._Element]:
    return iter(role.iterfind(f"{MD}Extensions/{MDUI}UIInfo/{MDUI}{name}"))


def _by_language(elements: Iterable[etree._Element]) -> Texts:
    found: dict[str | None, LangString] = {}
    for element in elements:
        value = _text(element, MAX_NAME)
        language = language_tag(element.get(XML_LANG))
        if value and language not in found:
            found[language] = LangString(value, language)
    return tuple(found.values())[:MAX_LANGUAGES]


def _picture(address: str) -> bool:
    if address.startswith("data:"):
        return len(address) <= MAX_LOGO_DATA and _LOGO_DATA.fullmatch(address) is not None
    return len(address) <= MAX_LOGO_URL and split_url(address, http_on_loopback=False) is not None


def _text(element: etree._Element, most: int) -> str:
    """Return a text without children, cleaned for display; nothing when it is longer than ``most``."""
    if len(element) or element.text is None or len(element.text) > most + 100:
        return ""
    value = token(element.text)
    return value if len(value) <= most else ""

"""Pictures of listed providers: fetched once by a worker, served by us, so that browsers ask nobody else."""

from __future__ import annotations

import logging
import re
from datetime import timedelta

from lxml import etree

from emrex_gateway.domain import Logo, logo_key
from emrex_gateway.login.saml import picture
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services

log = logging.getLogger(__name__)

LOGO_LIFETIME = timedelta(days=7)
"""How long a picture is kept, or that there is none, before it is fetched again."""

_MAGIC = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
)
_SVG = "{http://www.w3.org/2000/svg}"
_HREFS = ("href", "{http://www.w3.org/1999/xlink}href")
_ACTIVE = frozenset({"script", "foreignObject", "iframe", "handler", "set", "animate"})


def fetch_logo(services: Services, key: str) -> bool:
    """Fetch the picture of a listed provider or an institution of ours; return whether there is one now.

    ``key`` is ``Entity.key``, or that of ``domain.logo_key``. What is no picture, too big, or not to be had is
    remembered as such for as long.
    """
    with services.store.read() as uow:
        address = uow.entities.logo_wanted(key) or _own(uow, key)
    if not address:
        return False
    content = picture(services.settings, address)
    media_type = media_type_of(content) if content else None
    logo = Logo(media_type, content) if content and media_type else None
    with services.store.begin() as uow:
        uow.entities.put_logo(key, logo, services.clock() + LOGO_LIFETIME)
    return logo is not None


def _own(uow: UnitOfWork, key: str) -> str:
    """The address of the picture of an institution that we serve, when there is no copy yet."""
    if not uow.entities.logo_missing(key):
        return ""
    named = (one for one in uow.config.institutions() if one.logo)
    return next((one.logo for one in named if logo_key(one) == key), "")


def media_type_of(content: bytes) -> str | None:
    """Tell what a picture is by its first bytes, whatever the server called it; ``None`` for others."""
    for magic, media_type in _MAGIC:
        if magic.match(content):
            return media_type
    return "image/svg+xml" if b"<svg" in content and _harmless_svg(content) else None


def _harmless_svg(content: bytes) -> bool:
    """Tell whether it is a drawing and nothing else: no script, no document type, nothing from elsewhere.

    Pages show it in ``<img>``, where scripts do not run; its own address must not run any, either.
    """
    if b"<!" in content.replace(b"<!--", b"").replace(b"<![CDATA[", b"") or b"\0" in content:
        return False
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        return False
    return root.tag == f"{_SVG}svg" and all(_passive(element) for element in root.iter())


def _passive(element: etree._Element) -> bool:
    if not isinstance(element.tag, str) or etree.QName(element).localname in _ACTIVE:
        return False
    for name, value in element.attrib.items():
        local = etree.QName(str(name)).localname.lower()
        text = str(value).strip().lower()
        if local.startswith("on") or "javascript:" in text:
            return False
        if str(name) in _HREFS and not text.startswith(("#", "data:image/")):
            return False
    return True

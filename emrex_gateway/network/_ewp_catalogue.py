"""Reading the catalogue of Erasmus Without Paper: which of its hosts are EMREX data access points.

The entries stand among all others of a host, as elements of one local name in
either of two namespaces (the API's older and newer repository). The catalogue
has thousands of institutions and keys besides: it is read as it comes, and
what is not asked for is forgotten at once.
"""

from __future__ import annotations

from typing import BinaryIO, Final

from lxml import etree

from emrex_gateway.errors import RegistryError
from emrex_gateway.network._listed import (
    MAX_PROVIDERS,
    ListedPoint,
    RegistryList,
    country_code,
    language_tag,
    listed_institutions,
    several_names,
    usable,
)

CATALOGUE_MAX_BYTES: Final = 64 * 1024 * 1024
POINT: Final = "emrex-data-access-point"
"""The element's local name. ``emrex-gateway`` and ``ncp-direct`` are another way of sending records."""
_MAX_HOSTS: Final = 20_000
_MAX_DEPTH: Final = 40
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def read_ewp_catalogue(file: BinaryIO, *, loopback: bool = False) -> RegistryList:
    """Read the catalogue from an open file; memory is bounded by one host's entry.

    ``loopback`` as for ``read_emreg``. No document type, no entity and no
    network is touched. Raises ``RegistryError`` when it is no such catalogue.
    """
    events = etree.iterparse(
        file,
        events=("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return _read(events, loopback=loopback)
    except etree.XMLSyntaxError:
        raise RegistryError("the catalogue is not well-formed XML", "format") from None


def _read(events: etree.iterparse, *, loopback: bool) -> RegistryList:  # type: ignore[type-arg]  # the stubs' parameter, which lxml lacks
    points: list[ListedPoint] = []
    depth = hosts = skipped = 0
    in_host = False
    for event, element in events:
        if event == "start":
            depth += 1
            if depth == 1:
                _require_catalogue(element)
            elif depth == 2:
                in_host = _local(element) == "host"
            elif depth > _MAX_DEPTH:
                raise RegistryError("the catalogue is nested too deeply", "format")
            continue
        depth -= 1
        if depth == 1 and in_host:
            hosts += 1
            found = [_point(one) for one in _entries(element)]
            good = [point for point in found if usable(point, loopback=loopback)]
            skipped += len(found) - len(good)
            points += good
        if depth == 1 or (depth == 2 and not in_host):
            _forget(element)
        if len(points) > MAX_PROVIDERS or hosts > _MAX_HOSTS:
            raise RegistryError("the catalogue has too many entries", "too-large")
    return RegistryList(tuple(points), skipped)


def _require_catalogue(root: etree._Element) -> None:
    if root.getroottree().docinfo.internalDTD is not None:
        raise RegistryError("the catalogue has a document type declaration", "format")
    if _local(root) != "catalogue":
        raise RegistryError("the XML is no catalogue", "format")


def _entries(host: etree._Element) -> list[etree._Element]:
    return [
        entry
        for apis in host
        if _local(apis) == "apis-implemented"
        for entry in apis
        if _local(entry) == POINT
    ]


def _point(entry: etree._Element) -> ListedPoint:
    texts: dict[str, list[etree._Element]] = {}
    for child in entry:
        texts.setdefault(_local(child), []).append(child)

    def values(name: str) -> list[str]:
        return [one.text or "" for one in texts.get(name, ())]

    return ListedPoint(
        url="".join(values("url")[:1]).strip(),
        country=country_code("".join(values("country-code")[:1])),
        names=several_names(
            (one.text, language_tag(one.get(_LANG))) for one in texts.get("name", ())
        ),
        institutions=listed_institutions(values("institution")),
        certificates=tuple(
            dict.fromkeys(text.strip() for text in values("certificate") if text.strip())
        ),
    )


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _forget(element: etree._Element) -> None:
    """Take an element that was read, and those before it, out of the tree that the parser builds."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]

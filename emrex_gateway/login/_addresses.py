"""Which addresses the gateway may call when an administrator typed them in.

Sources: the registries of special-purpose addresses (RFC 6890), RFC 4193
(unique local), RFC 6598 (shared), RFC 6052 (64:ff9b::/96), RFC 3056 (6to4).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlencode, urlsplit, urlunsplit

MAX_URL = 2048
_PRINTABLE = re.compile(r"[!#-;=?-\[\]_a-z~]*")
_PRIVATE = tuple(
    ip_network(n)
    for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
_THIS_NETWORK = ip_network("0.0.0.0/8")
_NAT64 = ip_network("64:ff9b::/96")
_6TO4 = ip_network("2002::/16")

_Ip = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Which ranges besides the public internet may be called.

    Link-local addresses (a cloud's metadata service), multicast, unspecified
    and reserved ones are never called, whatever is set.
    """

    private: bool = False
    loopback: bool = False


def address_allowed(address: str, policy: AddressPolicy) -> bool:
    """Tell whether a resolved IP address may be called.

    An address that carries an IPv4 address inside (IPv4-mapped, NAT64, 6to4)
    counts as that IPv4 address.
    """
    try:
        ip = _plain(ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    if ip.is_loopback:
        return policy.loopback or policy.private
    if any(ip in network for network in _PRIVATE if network.version == ip.version):
        return policy.private
    return ip.is_global and not _never(ip)


def is_loopback_host(host: str) -> bool:
    """Tell whether a host, as written in an address, is this machine: a literal or ``localhost``."""
    try:
        return _plain(ip_address(host)).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def split_url(url: object, *, http_on_loopback: bool) -> SplitResult | None:
    """Split an absolute address that may be called, or return ``None`` for any other.

    https with a host; no user, no fragment, no control character, blank,
    backslash or quote; at most ``MAX_URL`` characters. http only on loopback
    hosts and only when told so.
    """
    if not isinstance(url, str) or len(url) > MAX_URL or not _PRINTABLE.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or "@" in parts.netloc or "#" in url:
        return None
    plain = parts.scheme == "http" and http_on_loopback and is_loopback_host(host)
    return parts if parts.scheme == "https" or plain else None


def with_parameters(url: str, parameters: Mapping[str, str]) -> str:
    """Add query parameters to an address that ``split_url`` has accepted, after those that it has."""
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(parameters)) if part)
    return urlunsplit(parts._replace(query=query))


def _plain(ip: _Ip) -> _Ip:
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped:
            return ip.ipv4_mapped
        if ip in _NAT64:
            return IPv4Address(int(ip) & 0xFFFFFFFF)
        if ip in _6TO4 and ip.sixtofour:
            return ip.sixtofour
    return ip


def _never(ip: _Ip) -> bool:
    return (
        ip.is_link_local
        or ip.is_multicast
        or ip.is_unspecified
        or ip.is_reserved
        or (ip.version == 4 and ip in _THIS_NETWORK)
        or (isinstance(ip, IPv6Address) and ip.is_site_local)
    )

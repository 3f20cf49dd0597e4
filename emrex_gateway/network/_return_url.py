"""The return address: it comes from anybody, and a student's records are posted there.

Browsers read addresses as the WHATWG URL standard says, Python as RFC 3986:
a backslash, a tab, a blank, an ``@``, a number as host mean different hosts
to the two. Whatever could be read in two ways is refused, so that the host
that the student is shown is the host that the browser posts to.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

import idna

from emrex_gateway.errors import BadReturnAddress

MAX_LENGTH: Final = 2000
"""The longest return address, in characters."""

_SHAPE = re.compile(r"(https?)://([^/?]+)((?:[/?].*)?)", re.I | re.A)
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::([0-9]{1,5}))?")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
# IDNA 2003 and 2008 give these different hosts: sharp s, final sigma, the two zero-width joiners.
_DEVIATIONS = frozenset("\u00df\u03c2\u200c\u200d")


def check_return_url(url: str, *, http_on_loopback: bool, allowed_hosts: frozenset[str]) -> str:
    """Return the address's host as it may be shown and compared: lower case, punycode, no port.

    https only; http only with ``http_on_loopback`` and a host that is
    127.0.0.0/8, ``::1`` or ``localhost``. ``allowed_hosts``, when there are
    any, must hold exactly this host.

    Raises ``BadReturnAddress``, saying why without quoting the address.
    """
    scheme, host = _read(url)
    if scheme == "http" and not (http_on_loopback and _is_loopback(host)):
        raise BadReturnAddress("the return address is not https")
    if allowed_hosts and host not in {_normal(allowed) for allowed in allowed_hosts}:
        raise BadReturnAddress("the return address's host is not on the institution's list")
    return host


def _read(url: str) -> tuple[str, str]:
    if len(url) > MAX_LENGTH:
        raise BadReturnAddress(f"the return address is longer than {MAX_LENGTH} characters")
    if not url:
        raise BadReturnAddress("the return address is empty")
    if any(not c.isprintable() or c.isspace() or c in '\\<>"`' for c in url):
        raise BadReturnAddress("the return address has a character that no address may have")
    if "#" in url:
        raise BadReturnAddress("the return address has a fragment")
    shape = _SHAPE.fullmatch(url)
    if shape is None:
        raise BadReturnAddress("the return address is not an absolute https address")
    scheme, authority = shape[1].lower(), shape[2]
    if "@" in authority:
        raise BadReturnAddress("the return address has a user name")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None or (parts[2] is not None and not 1 <= int(parts[2]) <= 65535):
        raise BadReturnAddress("the return address has no valid host and port")
    host = _host(parts[1])
    _agree(url, scheme, parts[1])
    return scheme, host


def _agree(url: str, scheme: str, host: str) -> None:
    """A second reader must see the same."""
    try:
        split = urlsplit(url)
        seen = (split.scheme, split.hostname or "", split.username, split.port is None or True)
    except ValueError:
        raise BadReturnAddress("the return address cannot be read") from None
    if seen != (scheme, host.strip("[]").lower(), None, True):
        raise BadReturnAddress("the return address can be read in two ways")


def _host(text: str) -> str:
    if text.startswith("["):
        try:
            return f"[{ipaddress.IPv6Address(text[1:-1]).compressed}]"
        except ValueError:
            raise BadReturnAddress("the return address has no valid host") from None
    name = _ascii(text)
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadReturnAddress("the return address has no valid host")
    # A browser takes a host that ends in a number for an IPv4 address, in any of its old spellings.
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise BadReturnAddress("the return address has a number for a host") from None
    return name


def _ascii(name: str) -> str:
    """Return a name's punycode. Only names that need no mapping: mappings differ between readers."""
    lower = name.lower()
    bad = BadReturnAddress("the return address has a host name that readers write differently")
    if _DEVIATIONS & set(name):
        raise bad
    if name.isascii() and "xn--" not in lower:
        return lower
    try:
        labels = [_label(label) for label in lower.split(".")]
        if not name.isascii() and idna.uts46_remap(name, std3_rules=False) != name:
            raise bad
    except (idna.IDNAError, UnicodeError):
        raise bad from None
    return ".".join(labels)


def _label(label: str) -> str:
    if label.isascii() and not label.startswith("xn--"):
        return label
    if label.startswith("xn--"):
        readable = idna.ulabel(label)
        if idna.alabel(readable).decode("ascii") != label or _DEVIATIONS & set(readable):
            raise idna.IDNAError("not the punycode of a name")
        return label
    return idna.alabel(label).decode("ascii")


def _is_loopback(host: str) -> bool:
    if host in ("localhost", "[::1]"):
        return True
    try:
        return ipaddress.IPv4Address(host) in ipaddress.IPv4Network("127.0.0.0/8")
    except ValueError:
        return False


def _normal(allowed: str) -> str:
    try:
        return _host(allowed.strip())
    except BadReturnAddress:
        return ""

"""What an institution agrees with VIRTA's operator, and how patient we are."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from emrex_gateway.errors import ConfigError

_LONGEST = 100
"""The service's types of the three credentials allow this many characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtaSettings:
    """Settings of one binding. Durations are in seconds, sizes in bytes.

    Raises ``ConfigError`` for values that cannot work.
    """

    url: str = field(
        metadata={"help": "Address of VIRTA's SOAP service, https (http on loopback only)."}
    )
    system: str = field(
        metadata={"help": "Name of the calling system (jarjestelma), as agreed with VIRTA."}
    )
    caller: str = field(metadata={"help": "User name of the caller (tunnus)."})
    secret: str = field(
        repr=False,
        metadata={
            "help": "Password of the service (avain): env:NAME or file:/path.",
            "secret": True,
        },
    )
    organisations: tuple[str, ...] = field(
        default=(),
        metadata={
            "help": "Five-digit codes: send only what these institutions granted. Empty: everything."
        },
    )
    fallback_url: str = field(
        default="",
        metadata={
            "help": "Web address of issuers that are not in the table of institutions. "
            "Empty: the address of the institution itself."
        },
    )
    ask_names: bool = field(
        default=True,
        metadata={"help": "Ask VIRTA for the student's names when the login brought none."},
    )
    connect_timeout: float = field(
        default=5.0, metadata={"help": "How long connecting may take, in seconds."}
    )
    read_timeout: float = field(
        default=20.0, metadata={"help": "How long VIRTA may be silent, in seconds."}
    )
    total_timeout: float = field(
        default=40.0, metadata={"help": "How long one request may take in all, in seconds."}
    )
    max_answer_bytes: int = field(
        default=30_000_000, metadata={"help": "The largest answer that is read, in bytes."}
    )

    def __post_init__(self) -> None:
        parts = _split(self.url)
        if parts is None:
            raise ConfigError("VIRTA's url must be an absolute https address without a user name")
        scheme, host = parts
        if scheme == "http" and not _is_loopback(host):
            raise ConfigError("VIRTA's url must be https (http on a loopback address only)")
        for name in ("system", "caller", "secret"):
            value = getattr(self, name)
            if not value or len(value) > _LONGEST:
                raise ConfigError(f"VIRTA's {name} must have 1 to {_LONGEST} characters")
        if self.fallback_url and _split(self.fallback_url) is None:
            raise ConfigError("VIRTA's fallback_url must be an absolute web address")
        for name in ("connect_timeout", "read_timeout", "total_timeout", "max_answer_bytes"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"VIRTA's {name} must be more than 0")


def _split(url: str) -> tuple[str, str] | None:
    """Return scheme and host of an absolute http(s) address without credentials."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("https", "http") or not host or parts.username or parts.password:
        return None
    return parts.scheme, host


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

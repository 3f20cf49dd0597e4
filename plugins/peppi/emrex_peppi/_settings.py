"""What an administrator sets for one Peppi system."""

from __future__ import annotations

import ipaddress
from dataclasses import MISSING, dataclass, field
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from emrex_gateway.errors import ConfigError
from emrex_peppi._fields import actual_names

SEARCHABLE = ("host_key", "nationalLearnerId", "esi", "local")
"""What of an identity can be searched by: the host's handle and three identifier types."""


def _setting(help_: str, default: Any = MISSING, *, secret: bool = False) -> Any:
    metadata = {"help": help_, "secret": True} if secret else {"help": help_}
    return field(default=default, metadata=metadata, repr=not secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeppiSettings:
    """One Peppi system: where it is, what it calls things, and how patient we are.

    Times in seconds, sizes in bytes. Raises ``ConfigError`` for values that
    cannot work.
    """

    base_url: str = _setting(
        "Address of the system without the version, such as https://peppi.example.org/api. "
        "Only https; http is accepted for loopback addresses."
    )
    api_key: str = _setting(
        "API key, sent as the user name of HTTP Basic with an empty password. "
        "A reference: env:NAME or file:/path.",
        secret=True,
    )
    student_path: str = _setting("Path of the student search.", "/r1/student")
    credits_path: str = _setting(
        "Path of a student's completed credits; {id} becomes the student's id.",
        "/r1/student/{id}/completedcredits",
    )
    study_rights_path: str = _setting(
        "Path of a student's study rights, which tell a degree's level; "
        "empty when the system has none.",
        "/r1/student/{id}/studyrights",
    )
    ping_path: str = _setting(
        "Path that is fetched to see whether the system is well; empty: searches for nobody.", ""
    )
    searches: tuple[str, ...] = _setting(
        "By what to look for a student, in this order: what the login knows "
        f"({', '.join(SEARCHABLE)}) = the search parameter, which is also the property of the "
        "student that must hold the value.",
        ("host_key=personId", "nationalLearnerId=oid", "esi=esi", "local=studentNumber"),
    )
    from_parameter: str = _setting("Paging: the parameter for the first record.", "from")
    size_parameter: str = _setting("Paging: the parameter for the number of records.", "size")
    page_size: int = _setting(
        "How many records to ask for at once; 0 for a system that does not page.", 1000
    )
    renamed: tuple[str, ...] = _setting(
        "Properties that the system calls differently, a line each: "
        "object.property=name or property=name, such as credit.academicTerm=term.",
        (),
    )
    language: str = _setting(
        "Accept-Language sent with each request; names in every language are read anyway.", "en"
    )
    no_languages: tuple[str, ...] = _setting(
        "Language codes of a completed credit that mean no single language.", ("20", "98", "99")
    )
    timezone: str = _setting(
        "Time zone in which a moment (epoch milliseconds, a date with an offset) becomes a date.",
        "Europe/Helsinki",
    )
    own_codes: tuple[str, ...] = _setting(
        "Institution codes (organisationTkCode) that mean the institution itself, "
        "such as those from before a merger.",
        (),
    )
    fallback_url: str = _setting(
        "Web address of other institutions of which the system says none. "
        "Empty: the address of the institution itself.",
        "",
    )
    failing_grades: tuple[str, ...] = _setting(
        "Grade codes that are failed on every scale.", ("HYL", "0")
    )
    connect_timeout: float = _setting("Seconds to wait for a connection.", 5.0)
    read_timeout: float = _setting("Seconds to wait for the next piece of an answer.", 20.0)
    total_timeout: float = _setting("Seconds that one request may take in all.", 60.0)
    max_answer_bytes: int = _setting("Largest answer that is read.", 20_000_000)
    max_total_bytes: int = _setting("Most that one student's answers may weigh.", 100_000_000)
    max_records: int = _setting("Most completed credits that one student may have.", 20_000)
    ca_file: str = _setting(
        "File with the certificates of the authority that signed the system's; empty: the usual "
        "public ones.",
        "",
    )

    def __post_init__(self) -> None:
        _check_address(self.base_url)
        object.__setattr__(self, "base_url", self.base_url.rstrip("/"))
        if not self.api_key:
            raise ConfigError("api_key is empty")
        if self.fallback_url and not self.fallback_url.startswith(("https://", "http://")):
            raise ConfigError("fallback_url must be an absolute web address")
        for path in (self.student_path, self.credits_path, self.study_rights_path, self.ping_path):
            if path and not path.startswith("/"):
                raise ConfigError("a path does not begin with /")
        if "{id}" not in self.credits_path:
            raise ConfigError("credits_path has no {id}")
        for entry in self.searches:
            by, _, parameter = entry.partition("=")
            if by.strip() not in SEARCHABLE or not parameter.strip():
                raise ConfigError(f"searches: {entry!r} is not one of {SEARCHABLE}=parameter")
        try:
            actual_names(self.renamed)
        except ValueError as error:
            raise ConfigError(str(error)) from None
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ConfigError(f"timezone: {self.timezone!r} is not a known time zone") from None
        limits = (self.connect_timeout, self.read_timeout, self.total_timeout)
        sizes = (self.max_answer_bytes, self.max_total_bytes, self.max_records)
        if min(limits) <= 0 or min(sizes) <= 0 or self.page_size < 0:
            raise ConfigError("time-outs and limits must be positive")

    def search_pairs(self) -> tuple[tuple[str, str], ...]:
        """``searches`` as pairs of what the login knows and the system's parameter."""
        pairs = (entry.partition("=") for entry in self.searches)
        return tuple((by.strip(), parameter.strip()) for by, _, parameter in pairs)


def _check_address(address: str) -> None:
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise ConfigError("base_url is not an address") from None
    if parts.scheme not in ("https", "http") or not host or parts.query or parts.fragment:
        raise ConfigError("base_url must be an absolute address without a query")
    if parts.username is not None:
        raise ConfigError("base_url must not hold credentials: use api_key")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ConfigError("base_url must be https: the API key and records would travel readable")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

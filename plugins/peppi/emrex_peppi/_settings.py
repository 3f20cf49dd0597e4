"""What an administrator sets for one Peppi system."""

from __future__ import annotations

import ipaddress
from dataclasses import MISSING, dataclass, field
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from emrex_gateway.errors import ConfigError
from emrex_peppi._fields import actual_names
from emrex_peppi._texts import texts

_LIMITS = (
    *("connect_timeout", "read_timeout", "total_timeout"),
    *("max_answer_bytes", "max_total_bytes", "max_records", "max_upload_bytes"),
)
_PATHS = (
    *("student_path", "credits_path", "study_rights_path"),
    *("applications_path", "application_path", "ping_path"),
)
SEARCHABLE = ("host_key", "nationalLearnerId", "esi", "local")
"""What of an identity can be searched by: the host's handle and three identifier types."""


def _setting(name: str, default: Any = MISSING, **more: Any) -> Any:
    secret = bool(more.get("secret"))
    return field(default=default, metadata={**texts(name), **more}, repr=not secret)


def _rare(name: str, default: Any, **more: Any) -> Any:
    """A setting that most people leave alone."""
    return _setting(name, default, advanced=True, **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeppiSettings:
    """One Peppi system: where it is, what it calls things, and how patient we are.

    Times in seconds, sizes in bytes; ``_texts`` says what each is. Raises
    ``ConfigError`` for values that cannot work, naming the setting.
    """

    base_url: str = _setting("base_url")
    api_key: str = _setting("api_key", secret=True)
    searches: tuple[str, ...] = _setting(
        "searches",
        ("host_key=personId", "nationalLearnerId=oid", "esi=esi", "local=studentNumber"),
    )
    student_path: str = _rare("student_path", "/r1/student")
    credits_path: str = _rare("credits_path", "/r1/student/{id}/completedcredits")
    study_rights_path: str = _rare("study_rights_path", "/r1/student/{id}/studyrights")
    applications_path: str = _rare("applications_path", "/r1/student/{id}/recognitionapplications")
    application_path: str = _rare("application_path", "/r1/recognitionapplications/{id}")
    application_page: str = _rare("application_page", "")
    webhook_secret: str = _setting("webhook_secret", "", secret=True)
    ping_path: str = _rare("ping_path", "")
    from_parameter: str = _rare("from_parameter", "from")
    size_parameter: str = _rare("size_parameter", "size")
    page_size: int = _rare("page_size", 1000)
    renamed: tuple[str, ...] = _rare("renamed", ())
    language: str = _rare("language", "en")
    no_languages: tuple[str, ...] = _rare("no_languages", ("20", "98", "99"))
    timezone: str = _rare("timezone", "Europe/Helsinki")
    own_codes: tuple[str, ...] = _setting("own_codes", ())
    fallback_url: str = _rare("fallback_url", "")
    failing_grades: tuple[str, ...] = _rare("failing_grades", ("HYL", "0"))
    connect_timeout: float = _rare("connect_timeout", 5.0, unit="s")
    read_timeout: float = _rare("read_timeout", 20.0, unit="s")
    total_timeout: float = _rare("total_timeout", 60.0, unit="s")
    max_answer_bytes: int = _rare("max_answer_bytes", 20_000_000, unit="B")
    max_total_bytes: int = _rare("max_total_bytes", 100_000_000, unit="B")
    max_records: int = _rare("max_records", 20_000)
    max_upload_bytes: int = _rare("max_upload_bytes", 60_000_000, unit="B")
    ca_file: str = _rare("ca_file", "")

    def __post_init__(self) -> None:
        _check_address(self.base_url)
        object.__setattr__(self, "base_url", self.base_url.rstrip("/"))
        if not self.api_key:
            raise ConfigError("api_key is empty", "api_key")
        if self.fallback_url and not self.fallback_url.startswith(("https://", "http://")):
            raise ConfigError("fallback_url must be an absolute web address", "fallback_url")
        self._check_paths()
        for entry in self.searches:
            by, _, parameter = entry.partition("=")
            if by.strip() not in SEARCHABLE or not parameter.strip():
                raise ConfigError(
                    f"searches: {entry!r} is not one of {SEARCHABLE}=parameter", "searches"
                )
        try:
            actual_names(self.renamed)
        except ValueError as error:
            raise ConfigError(str(error), "renamed") from None
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ConfigError(
                f"timezone: {self.timezone!r} is not a known time zone", "timezone"
            ) from None
        for name in (*_LIMITS, "page_size"):
            value = getattr(self, name)
            if value < 0 or (value == 0 and name != "page_size"):
                raise ConfigError("time-outs and limits must be positive", name)

    def _check_paths(self) -> None:
        for name in _PATHS:
            path = getattr(self, name)
            if path and not path.startswith("/"):
                raise ConfigError(f"{name}: a path does not begin with /", name)
        for name in ("credits_path", "applications_path", "application_path"):
            path = getattr(self, name)
            if "{id}" not in path and (path or name == "credits_path"):
                raise ConfigError(f"{name} has no {{id}}", name)
        if self.applications_path and not self.application_path:
            raise ConfigError("applications_path needs application_path", "application_path")
        page = self.application_page
        if page and ("{id}" not in page or not page.startswith(("https://", "http://"))):
            raise ConfigError(
                "application_page must be an absolute web address with {id}", "application_page"
            )

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
        raise ConfigError("base_url is not an address", "base_url") from None
    if parts.scheme not in ("https", "http") or not host or parts.query or parts.fragment:
        raise ConfigError("base_url must be an absolute address without a query", "base_url")
    if parts.username is not None:
        raise ConfigError("base_url must not hold credentials: use api_key", "base_url")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ConfigError(
            "base_url must be https: the API key and records would travel readable", "base_url"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

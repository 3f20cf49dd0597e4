"""The installation's settings: frozen once, from TOML, ``EMREX_*`` variables or ``app.config``.

Institutions, adapters and login methods are rows in the database, not settings.
"""

from __future__ import annotations

import dataclasses
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from babel.dates import get_timezone

from emrex_gateway.errors import ConfigError

PREFIX = "EMREX_"
CATALOGUE = "*/LC_MESSAGES/emrex.mo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that is one for the whole installation.

    Durations are in seconds, sizes in bytes. References are ``env:NAME`` or
    ``file:/path``.
    """

    public_url: str
    """The address that browsers use, with the mount path: ``https://emrex.example.org/emrex``."""

    database_url: str = "sqlite:///emrex.sqlite3"
    """An SQLAlchemy address."""

    redis_url: str = field(default="redis://127.0.0.1:6379/0", repr=False)
    """Where the queue lives; a reference is resolved."""

    payload_keys: tuple[str, ...] = ()
    """References to 32-byte keys in base64: the first seals, all open (rotation)."""

    institution_secrets: str = ""
    """The folder in which each institution has one of its own, by slug, with secrets that its
    administrators may name; empty: only operators name secrets."""

    key_directory: str = ""
    """The signing worker's own folder, where it makes signing keys; nobody else may look into it."""

    key_token: str = ""
    """A PKCS#11 token in which the signing worker makes keys: a ``pkcs11:`` reference without an object."""

    demo: bool = False
    """A demonstration: its key is accepted and its pages say so."""

    http_on_loopback: bool = False
    """Accept ``http`` for return addresses and providers on loopback addresses. Never in production."""

    languages: tuple[str, ...] = ("en", "fi", "sv")
    """Languages of the pages, the first being the fallback."""

    catalogues: str = ""
    """A folder with further catalogues of the pages' texts, ``<language>/LC_MESSAGES/emrex.mo`` each:
    its languages are offered too, and what it has in one of ours goes before our words."""

    time_zone: str = "UTC"
    """The zone of the times on pages, such as ``Europe/Helsinki``."""

    transfer_lifetime: int = 4 * 3600
    """How long a transfer may take from entry to reply."""

    session_lifetime: int = 4 * 3600
    """How long somebody stays logged in at the most; a provider may say less."""

    session_idle: int = 1800
    """How long somebody stays logged in without asking for a page."""

    admin_session_lifetime: int = 8 * 3600
    """How long an administrator stays logged in at the most; a provider may say less."""

    admin_session_idle: int = 1800
    """How long an administrator stays logged in without asking for a page."""

    delivered_lifetime: int = 3600
    """How long a finished transfer's reply can be loaded again before it is destroyed."""

    audit_lifetime: int = 365 * 86400
    """How long a transfer's row (no contents) is kept for support after it ended."""

    entered_lifetime: int = 7 * 86400
    """How long the row of a transfer is kept that ended before anybody logged in."""

    trail_lifetime: int = 5 * 365 * 86400
    """How long an event of the audit trail is kept; older ones go behind a signed checkpoint."""

    audit_heads: str = ""
    """The file, outside the database, to which the signing worker adds the trail's signed heads."""

    audit_key: str = ""
    """A reference to the Ed25519 key of those heads; without one, one is made in ``key_directory``."""

    statistics_smallest_cell: int = 5
    """The fewest people that a number in the statistics may stand for."""

    own_data_lifetime: int = 900
    """How long somebody who logged in to see their own data may look at it."""

    trouble_lifetime: int = 30 * 86400
    """How long the reference of an error page without a transfer can be looked up."""

    resend_after: int = 20
    """How long a step that no worker has begun may rest before the sweep sends it again."""

    fetch_timeout: int = 120
    """The most that one fetching job may take."""

    sign_timeout: int = 120
    """The most that one signing job may take."""

    metadata_timeout: int = 300
    """The most that one look at a federation's metadata may take; half of it is for the download."""

    emreg_url: str = ""
    """The address of the network's list of providers (EMREG, JSON); empty: this list is not used."""

    ewp_catalogue_url: str = ""
    """The address of the catalogue of Erasmus Without Paper (XML); empty: it is not used."""

    registry_refresh: int = 900
    """How long a copy of either list is used before the list is asked again."""

    max_records: int = 20_000
    """The most records that one listing may have."""

    max_request_bytes: int = 2_000_000
    """The most that a form post to the gateway may weigh."""

    max_reply_bytes: int = 25_000_000
    """The most that a provider's reply may weigh, as it comes and unpacked."""

    import_lifetime: int = 30 * 86400
    """How long a confirmed import waits for an officer and for the host system, at the most."""

    share_lifetime: int = 90 * 86400
    """The longest that a link to signed records may open them; 0: students make none."""

    entry_limit: str = "120/minute"
    """Entries, and logins that begin, each by address; the notation is that of the ``limits`` library."""

    proxies: int = 0
    """How many reverse proxies to believe ``X-Forwarded-For`` of, and ``X-Request-ID``."""

    metrics_token: str = ""
    """A reference to the token that ``/metrics`` asks for; without one there is no such page."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.public_url)
        if (
            parts.scheme not in ("https", "http")
            or not parts.hostname
            or parts.query
            or parts.fragment
        ):
            raise ConfigError("public_url must be an absolute https address without a query")
        if parts.scheme == "http" and not self.http_on_loopback:
            raise ConfigError("public_url must be https (http only with http_on_loopback)")
        if self.key_directory and not self.key_directory.startswith("/"):
            raise ConfigError("key_directory must be an absolute path")
        if self.key_token and not self.key_token.startswith("pkcs11:"):
            raise ConfigError("key_token must be a pkcs11: reference")
        _require_room(self)
        if self.audit_heads and not self.audit_heads.startswith("/"):
            raise ConfigError("audit_heads must be an absolute path")
        if self.audit_key and not self.audit_key.startswith(("env:", "file:")):
            raise ConfigError("audit_key must be a reference: env:NAME or file:/path")
        if self.trail_lifetime < 86400:
            raise ConfigError("trail_lifetime must be a day at the least")
        _check_registries(self)
        if self.statistics_smallest_cell < 2:
            raise ConfigError("statistics_smallest_cell must be 2 at the least")
        more = (tag for tag in _tags(self.catalogues) if tag not in self.languages)
        object.__setattr__(self, "languages", (*self.languages, *more))
        if self.time_zone != "UTC":
            try:
                get_timezone(self.time_zone)
            except LookupError:
                raise ConfigError("time_zone is not a zone such as Europe/Helsinki") from None
        object.__setattr__(self, "public_url", self.public_url.rstrip("/"))

    @property
    def mount_path(self) -> str:
        """The path of ``public_url``, such as ``/emrex``; empty at the root of a host."""
        return urlsplit(self.public_url).path

    @property
    def secure_cookies(self) -> bool:
        """Whether browsers reach us over TLS."""
        return self.public_url.startswith("https:")


def _check_registries(settings: Settings) -> None:
    for name in ("emreg_url", "ewp_catalogue_url"):
        _require_address(name, getattr(settings, name), http=settings.http_on_loopback)
    if not 60 <= settings.registry_refresh <= 3 * 3600:
        raise ConfigError("registry_refresh must be between 60 and 10800 seconds")


def _require_address(name: str, value: str, *, http: bool) -> None:
    """Raise ``ConfigError`` unless a value is empty or an address that may be asked."""
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("https", "http") and parts.hostname and "@" not in parts.netloc
    except ValueError:
        good = False
    if value and (not good or (parts.scheme == "http" and not http)):
        raise ConfigError(f"{name} must be an absolute https address")


def _require_room(settings: Settings) -> None:
    """Raise ``ConfigError`` for times and sizes in which nothing can be done."""
    if min(settings.session_lifetime, settings.session_idle) <= 0:
        raise ConfigError("session_lifetime and session_idle must be above 0")
    if min(settings.admin_session_lifetime, settings.admin_session_idle) <= 0:
        raise ConfigError("admin_session_lifetime and admin_session_idle must be above 0")
    if settings.max_reply_bytes < 100_000:
        raise ConfigError("max_reply_bytes must be 100,000 at the least")
    if settings.import_lifetime < 3600:
        raise ConfigError("import_lifetime must be an hour at the least")
    if settings.share_lifetime and settings.share_lifetime < 86400:
        raise ConfigError("share_lifetime must be a day at the least, or 0")


def _tags(catalogues: str) -> list[str]:
    """The languages (BCP 47) that a folder of catalogues has. Raises ``ConfigError``."""
    if not catalogues:
        return []
    if not catalogues.startswith("/"):
        raise ConfigError("catalogues must be an absolute path")
    try:
        found = sorted(one.parents[1].name for one in Path(catalogues).glob(CATALOGUE))
    except OSError as error:
        raise ConfigError(f"catalogues cannot be read: {error.strerror}") from None
    if not found:
        raise ConfigError(f"catalogues has no folder <language>/{CATALOGUE.partition('/')[2]}")
    for name in found:
        try:
            Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            raise ConfigError(
                f"catalogues: {name[:20]!r} is no language such as fi or pt_BR"
            ) from None
    return [name.replace("_", "-") for name in found]


def from_mapping(values: Mapping[str, Any]) -> Settings:
    """Make settings from a mapping of names to values; strings are converted to the field's type.

    Raises ``ConfigError`` for an unknown name or a value that does not fit.
    """
    hints = get_type_hints(Settings)
    known = {f.name for f in dataclasses.fields(Settings)}
    if unknown := sorted(set(values) - known):
        raise ConfigError(f"unknown settings: {', '.join(unknown)}")
    if "public_url" not in values:
        raise ConfigError("the setting public_url is missing")
    return Settings(**{name: _convert(name, value, hints[name]) for name, value in values.items()})


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read a TOML file (or the one that ``EMREX_SETTINGS`` names), then ``EMREX_*`` variables over it."""
    environ = os.environ if environ is None else environ
    named = environ.get(PREFIX + "SETTINGS")
    values: dict[str, Any] = {}
    if path or named:
        try:
            values = tomllib.loads(Path(path or named or "").read_text("utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"the settings file cannot be read: {error}") from error
    for name, value in environ.items():
        if name.startswith(PREFIX) and name not in (PREFIX + "SETTINGS",):
            values[name.removeprefix(PREFIX).lower()] = value
    return from_mapping(values)


def from_app_config(config: Mapping[str, Any]) -> Settings:
    """Read the ``EMREX_*`` keys of a Flask application's configuration."""
    return from_mapping(
        {k.removeprefix(PREFIX).lower(): v for k, v in config.items() if k.startswith(PREFIX)}
    )


def _convert(name: str, value: Any, type_: Any) -> Any:
    wrong = ConfigError(f"the setting {name} has a value of the wrong type")
    if type_ is bool:
        if isinstance(value, str) and value.lower() in ("true", "1", "yes", "false", "0", "no"):
            return value.lower() in ("true", "1", "yes")
        if isinstance(value, bool):
            return value
        raise wrong
    if type_ is int:
        if isinstance(value, bool):
            raise wrong
        try:
            return int(value)
        except (TypeError, ValueError):
            raise wrong from None
    if type_ is str:
        if not isinstance(value, str):
            raise wrong
        return value
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        return tuple(value)
    raise wrong

"""What an administrator sets for each kind of login, checked once and frozen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from joserfc.errors import JoseError

from emrex_gateway.domain import LoginMethod
from emrex_gateway.errors import ConfigError
from emrex_gateway.login._addresses import split_url
from emrex_gateway.login._jws import PublicKey, read_public_key
from emrex_gateway.login._person import NATIONAL_RULES, ClaimRule
from emrex_gateway.login._read import N_, Fields
from emrex_gateway.login._roles import ACCOUNT_CLAIMS, ENTITLEMENT_CLAIMS, GROUP_CLAIMS
from emrex_gateway.login.saml import SamlSettings, saml_settings

SIGNING_ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}
)
"""All that may ever sign an ID token; never ``none``, never one with a shared secret (HS*)."""

LAUNCH_ALGORITHMS = frozenset({"RS256", "ES256"})
"""What may sign a launch."""


DEFAULT_CLAIMS: Mapping[str, ClaimRule] = {"schac_personal_unique_code": ClaimRule.UNIQUE_CODE}


class ClientAuthentication(StrEnum):
    """How the gateway proves itself at the token endpoint (OpenID Connect Core 1.0, section 9).

    ``client_secret_jwt`` and ``none`` are not offered: the first has no user
    in the field that could not use the others, the second proves nothing.
    """

    BASIC = "client_secret_basic"
    POST = "client_secret_post"
    PRIVATE_KEY = "private_key_jwt"


class Par(StrEnum):
    """Whether the authorization request is pushed to the provider first (RFC 9126)."""

    AUTO = "auto"
    """Where the provider offers it."""
    ALWAYS = "always"
    """... and no login where it does not."""
    NEVER = "never"
    """... unless the provider requires it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    """An OpenID Connect provider.

    ``claims`` maps a claim's name to the identifier that it carries.
    ``client_secret`` and ``private_key`` (PEM, RSA or EC P-256) are references.
    ``national_identifiers`` says that this provider's national identifiers
    count. ``home_organizations``, when set, lists the only ones that may log
    in here (a federation's proxy serves many). ``assurance``, when set, lists
    levels of which the person must have one. ``required`` names claims that
    must come. ``domains``, when set, are the only ones that this provider may
    speak for: home organizations, account names and identifiers of others are
    left out. ``parameters`` are added to the authorization request.
    ``max_age`` is in seconds. ``par`` says whether the request is pushed
    (RFC 9126), ``request_object`` that it is signed with ``private_key``
    (RFC 9101); a provider that requires either gets it. The last three name
    the claims that administrators' role rules look at.
    """

    issuer: str
    client_id: str
    client_authentication: ClientAuthentication
    client_secret: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)
    key_id: str = ""
    scopes: tuple[str, ...] = ("openid", "profile")
    claims: Mapping[str, ClaimRule] = field(default_factory=lambda: dict(DEFAULT_CLAIMS))
    algorithms: frozenset[str] = frozenset({"RS256", "PS256", "ES256"})
    national_identifiers: bool = False
    home_organizations: frozenset[str] = frozenset()
    assurance: frozenset[str] = frozenset()
    required: tuple[str, ...] = ()
    domains: frozenset[str] = frozenset()
    userinfo: bool = True
    allow_private_addresses: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    prompt: str = ""
    max_age: int | None = None
    par: Par = Par.AUTO
    request_object: bool = False
    entitlement_claims: tuple[str, ...] = ENTITLEMENT_CLAIMS
    group_claims: tuple[str, ...] = GROUP_CLAIMS
    account_claims: tuple[str, ...] = ACCOUNT_CLAIMS


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchSettings:
    """A host that sends its logged-in users with a signed token.

    ``keys`` by key id; ``issuer`` is what the tokens' ``iss`` says;
    ``launch_url`` is the host's page that launches a transfer which waits for
    a login (it gets the parameter ``transfer``), empty when it has none;
    ``audience`` replaces the launch address in ``aud`` where the host knows
    it under another name; ``return_origins`` such as ``https://peppi.example``.
    """

    issuer: str
    keys: Mapping[str, PublicKey] = field(repr=False)
    audience: str = ""
    launch_url: str = ""
    return_origins: frozenset[str] = frozenset()
    national_identifiers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """The host application's own user (``identity_loader``): nothing to set."""


MethodSettings = OidcSettings | LaunchSettings | HostSettings | SamlSettings

_RESERVED = frozenset(
    {
        *("response_type", "response_mode", "client_id", "redirect_uri", "scope", "state"),
        *("nonce", "code_challenge", "code_challenge_method", "request", "request_uri"),
        *("prompt", "max_age", "ui_locales", "registration"),
    }
)


def _oidc(fields: Fields) -> OidcSettings:
    issuer = fields.text("issuer")
    if (parts := split_url(issuer, http_on_loopback=True)) is None or parts.query:
        raise fields.wrong("issuer", N_("must be an https address without query and fragment"))
    secret, private_key = fields.reference("client_secret"), fields.reference("private_key")
    scopes = fields.texts("scopes", ("openid", "profile"))
    if "openid" not in scopes:
        raise fields.wrong("scopes", N_("must contain openid"))
    algorithms = frozenset(fields.texts("algorithms", ("RS256", "PS256", "ES256")))
    if not algorithms or not algorithms <= SIGNING_ALGORITHMS:
        raise fields.wrong(
            "algorithms", N_("may hold only %(names)s"), names=", ".join(sorted(SIGNING_ALGORITHMS))
        )
    parameters = fields.table("parameters")
    if clash := sorted(_RESERVED & parameters.keys()):
        raise fields.wrong("parameters", N_("must not hold %(names)s"), names=", ".join(clash))
    national = fields.flag("national_identifiers", False)
    return OidcSettings(
        issuer=issuer,
        client_id=fields.text("client_id"),
        client_authentication=_authentication(fields, secret, private_key),
        client_secret=secret,
        private_key=private_key,
        key_id=fields.text("key_id", ""),
        scopes=scopes,
        claims=_claims(fields, national),
        algorithms=algorithms,
        national_identifiers=national,
        home_organizations=frozenset(o.lower() for o in fields.texts("home_organizations")),
        assurance=frozenset(fields.texts("assurance")),
        required=fields.texts("required"),
        domains=frozenset(d.lower() for d in fields.texts("domains")),
        userinfo=fields.flag("userinfo", True),
        allow_private_addresses=fields.flag("allow_private_addresses", False),
        parameters=parameters,
        prompt=fields.text("prompt", ""),
        max_age=fields.number("max_age"),
        par=_par(fields),
        request_object=_request_object(fields, private_key),
        entitlement_claims=fields.texts("entitlement_claims", ENTITLEMENT_CLAIMS),
        group_claims=fields.texts("group_claims", GROUP_CLAIMS),
        account_claims=fields.texts("account_claims", ACCOUNT_CLAIMS),
    )


def _par(fields: Fields) -> Par:
    try:
        return Par(fields.text("par", Par.AUTO.value))
    except ValueError:
        raise fields.wrong("par", N_("must be one of %(names)s"), names=", ".join(Par)) from None


def _request_object(fields: Fields, private_key: str | None) -> bool:
    wanted = fields.flag("request_object", False)
    if wanted and private_key is None:
        raise fields.wrong("request_object", N_("needs private_key, which signs it"))
    return wanted


def _authentication(
    fields: Fields, secret: str | None, private_key: str | None
) -> ClientAuthentication:
    usual = ClientAuthentication.PRIVATE_KEY if private_key else ClientAuthentication.BASIC
    try:
        chosen = ClientAuthentication(fields.text("client_authentication", usual.value))
    except ValueError:
        names = ", ".join(ClientAuthentication)
        raise fields.wrong(
            "client_authentication", N_("must be one of %(names)s"), names=names
        ) from None
    needed = private_key if chosen is ClientAuthentication.PRIVATE_KEY else secret
    if needed is None or (secret and private_key):
        raise fields.wrong(
            "client_authentication", N_("needs client_secret or private_key, one of them")
        )
    return chosen


def _claims(fields: Fields, national: bool) -> dict[str, ClaimRule]:
    claims = dict(DEFAULT_CLAIMS)
    for name, rule in fields.table("claims").items():
        try:
            claims[name] = ClaimRule(rule)
        except ValueError:
            raise fields.wrong(
                "claims", N_("may name only %(names)s"), names=", ".join(ClaimRule)
            ) from None
        if claims[name] in NATIONAL_RULES and not national:
            raise fields.wrong(
                "claims", N_("names a national identifier: set national_identifiers")
            )
    return claims


def _launch(fields: Fields) -> LaunchSettings:
    keys: dict[str, PublicKey] = {}
    for entry in fields.tables("keys"):
        part = Fields("keys", entry, "keys")
        kid, pem, jwk = part.text("kid"), part.text("public_key", ""), part.table("jwk")
        part.end()
        if bool(pem) == bool(jwk):
            raise fields.wrong("keys", N_("needs public_key (PEM) or jwk, one of them, in each"))
        if kid in keys:
            raise fields.wrong("keys", N_("has one kid twice"))
        try:
            keys[kid] = read_public_key(pem or jwk)
        except (ValueError, TypeError, KeyError, JoseError):
            raise fields.wrong("keys", N_("holds something that is no public key")) from None
        if not any(keys[kid].fits(alg) for alg in LAUNCH_ALGORITHMS):
            raise fields.wrong("keys", N_("may hold only RSA of 2048 bits or more, or EC P-256"))
    launch_url = fields.text("launch_url", "")
    if launch_url and split_url(launch_url, http_on_loopback=True) is None:
        raise fields.wrong("launch_url", N_("must be an https address without fragment"))
    return LaunchSettings(
        issuer=fields.text("issuer"),
        keys=keys,
        audience=fields.text("audience", ""),
        launch_url=launch_url,
        return_origins=frozenset(_origin(fields, o) for o in fields.texts("return_origins")),
        national_identifiers=fields.flag("national_identifiers", False),
    )


def _origin(fields: Fields, text: str) -> str:
    parts = split_url(text, http_on_loopback=True)
    if parts is None or parts.path not in ("", "/") or parts.query:
        raise fields.wrong(
            "return_origins", N_("may hold only origins such as https://host.example")
        )
    return origin_of(text)


def origin_of(url: str) -> str:
    """Return ``scheme://host:port`` of an address that ``split_url`` has accepted."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def _host(fields: Fields) -> HostSettings:
    return HostSettings()


KINDS: Mapping[str, Callable[[Fields], MethodSettings]] = {
    "host": _host,
    "launch": _launch,
    "oidc": _oidc,
    "saml": saml_settings,
}
"""Kinds of login that an institution can choose, with the reader of their settings."""


def settings_of(method: LoginMethod) -> MethodSettings:
    """Check a login method's settings and freeze them.

    Raises ``ConfigError`` for an unknown kind, an unknown setting, or a value
    that does not fit; the message names the method and the setting.
    """
    if method.kind not in KINDS:
        raise ConfigError(
            f"login method {method.id}: the kind must be one of {', '.join(sorted(KINDS))}"
        )
    fields = Fields(f"login method {method.id}", method.settings)
    settings = KINDS[method.kind](fields)
    fields.end()
    return settings


def oidc_settings(method: LoginMethod) -> OidcSettings:
    """As ``settings_of``, for a method that must be OpenID Connect."""
    settings = settings_of(method)
    if not isinstance(settings, OidcSettings):
        raise ConfigError(f"login method {method.id} is not of the kind oidc")
    return settings


def launch_settings(method: LoginMethod) -> LaunchSettings:
    """As ``settings_of``, for a method that must be a signed launch."""
    settings = settings_of(method)
    if not isinstance(settings, LaunchSettings):
        raise ConfigError(f"login method {method.id} is not of the kind launch")
    return settings

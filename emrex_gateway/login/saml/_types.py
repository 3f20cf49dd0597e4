"""What the rooms of this package hand to each other: frozen, and read only from what was verified."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from emrex_gateway.domain import LoginFailure, Texts
from emrex_gateway.errors import LoginError

SKEW = timedelta(minutes=3)
"""How far two clocks may be apart (SAML2Int 2.0 asks for three to five minutes)."""


class Refused(LoginError):
    """A message was refused; ``reason`` is a value of ``Reason``."""

    def __init__(self, reason: Reason, message: str, failure: LoginFailure | None = None) -> None:
        super().__init__(message, reason.value, failure)


class Reason(StrEnum):
    """Why a message is refused: one for each check, for the audit event. No personal data is in them."""

    # reading
    SIZE = "saml-size"
    ENCODING = "saml-encoding"
    """Not base64 of UTF-8 XML, or another character encoding."""
    MALFORMED = "saml-malformed"
    DTD = "saml-dtd"
    COMMENT = "saml-comment"
    PROCESSING_INSTRUCTION = "saml-processing-instruction"
    SCHEMA = "saml-schema"
    DUPLICATE_ID = "saml-duplicate-id"
    # the signature's shape and value
    UNSIGNED = "saml-unsigned"
    SIGNATURE_SHAPE = "saml-signature-shape"
    """Not a direct child in its place, several signatures, several references, an Object..."""
    REFERENCE = "saml-reference"
    """The one reference is not to the parent's ID."""
    TRANSFORM = "saml-transform"
    ALGORITHM = "saml-algorithm"
    DIGEST = "saml-digest"
    SIGNATURE = "saml-signature"
    # encryption
    ENCRYPTION_SHAPE = "saml-encryption-shape"
    DECRYPTION = "saml-decryption"
    """One uniform error for everything that decrypting can end in."""
    # binding to this request, this browser, this provider
    STATUS = "saml-status"
    """The provider says that it did not log the person in."""
    DENIED = "denied"
    """... because the person or the provider declined."""
    DESTINATION = "saml-destination"
    ISSUER = "saml-issuer"
    IN_RESPONSE_TO = "saml-in-response-to"
    AUDIENCE = "saml-audience"
    RECIPIENT = "saml-recipient"
    CONFIRMATION = "saml-confirmation"
    """No bearer confirmation that fits."""
    ASSERTIONS = "saml-assertions"
    """Not exactly one assertion."""
    CONDITIONS = "saml-conditions"
    AUTHENTICATION = "saml-authentication"
    """No authentication statement."""
    TIME = "saml-time"
    SESSION_OVER = "saml-session-over"
    CONTEXT = "saml-context"
    """Another authentication context than the required one."""
    RELAY_STATE = "state"
    REPLAY = "replayed"
    # the provider and the person
    PROVIDER = "saml-provider"
    """The provider is unknown, hidden, expired, or not let in by the institution."""
    CHOOSE = "choose"
    MISSING = "missing-attributes"
    ASSURANCE = "assurance"
    ORGANIZATION = "organization"
    CONFIGURATION = "configuration"


@dataclass(frozen=True, slots=True)
class Scope:
    """A ``shibmd:Scope``: which scopes a provider may assert."""

    value: str
    regexp: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An identity provider as its verified metadata describes it.

    ``certificates`` are DER, those for signing; their keys count, not their
    dates (SAML2Int SP37). The addresses are of the HTTP-Redirect binding; an
    empty one is not offered. ``logout_response_url`` is where a LogoutResponse
    goes. ``error_url`` is REFEDS' errorURL, with its placeholders.
    """

    entity_id: str
    names: Texts
    certificates: tuple[bytes, ...] = field(repr=False)
    sso_url: str
    logout_url: str = ""
    logout_response_url: str = ""
    scopes: tuple[Scope, ...] = ()
    error_url: str = ""
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class NameId:
    """A name identifier with its qualifiers, as logout must repeat it."""

    value: str = field(repr=False)
    format: str = ""
    name_qualifier: str = ""
    sp_name_qualifier: str = ""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute; ``values`` are the text values, empty and nil ones left out."""

    name: str
    values: tuple[str, ...] = field(repr=False)
    name_format: str = ""
    friendly_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a response must fit: the request of then, the provider that it was sent to, the time now.

    ``certificates`` are the provider's, DER. ``decryption_keys`` are PEM
    private keys of ours, each is tried. ``contexts``, when not empty, are the
    authentication contexts of which the response must state one.
    """

    entity_id: str
    acs_url: str
    provider: str
    certificates: tuple[bytes, ...] = field(repr=False)
    request_id: str
    now: datetime
    decryption_keys: tuple[bytes, ...] = field(default=(), repr=False)
    contexts: tuple[str, ...] = ()
    skew: timedelta = SKEW


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What a verified response says; every value was read from bytes that a signature covers.

    ``replay_until`` is until when this assertion would be accepted again, so
    how long its id must be remembered.
    """

    id: str
    issuer: str
    name_id: NameId | None = field(repr=False)
    attributes: tuple[Attribute, ...] = field(repr=False)
    authn_instant: datetime
    authn_context: str = ""
    authorities: tuple[str, ...] = ()
    session_index: str = field(default="", repr=False)
    session_ends_at: datetime | None = None
    replay_until: datetime

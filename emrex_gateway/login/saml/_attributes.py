"""From a verified assertion's attributes to an ``Identity``: pure functions.

Sources: SAML2Int 2.0 SDP-SP12 (missing attributes name themselves), SDP-SP13
(no name identifier is required) and SDP-SP17 (scopes); SAML V2.0 Subject
Identifier Attributes Profile 1.0; SAML core section 8.3 (name identifiers).
The values' own rules are those of OpenID Connect claims as well (``_person``).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import islice

from emrex_gateway.domain import (
    Identity,
    LoginFailure,
    LoginMethod,
    PersonIdentifier,
    PersonIdentifierType,
)
from emrex_gateway.login._person import (
    ClaimRule,
    birth_date,
    clean,
    home_organization,
    identifiers,
    locale,
    values,
)
from emrex_gateway.login.saml._attribute_map import (
    ATTRIBUTES,
    RULES,
    Kind,
    Ruled,
    Sent,
    sort_attributes,
)
from emrex_gateway.login.saml._error_url import error_url
from emrex_gateway.login.saml._roles import roles_said
from emrex_gateway.login.saml._scopes import fits
from emrex_gateway.login.saml._settings import SamlSettings
from emrex_gateway.login.saml._types import Assertion, NameId, Provider, Reason, Refused

MAX_IDENTIFIERS = 50

_log = logging.getLogger(__name__)
_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
_PRINCIPAL = re.compile(r"[!-?A-~]{1,127}@[!-?A-~]{1,127}")
_SUBJECT_ID = re.compile(r"[a-z0-9][a-z0-9=-]{0,126}@[a-z0-9][a-z0-9.-]{0,126}")
ACCOUNT_FORMS = {
    "pairwise-id": _SUBJECT_ID,
    "subject-id": _SUBJECT_ID,
    "eduPersonPrincipalName": _PRINCIPAL,
}
"""What may be the account's key, best first, with its form (lower case)."""
_WOULD_DO = ("schacPersonalUniqueCode", "funetEduPersonLearnerId")
_NATIONAL = ("nationalIdentificationNumber", "schacPersonalUniqueID", "norEduPersonNIN")
_ORGANIZATION = "schacHomeOrganization"
ASSURANCE = "eduPersonAssurance"


@dataclass(frozen=True, slots=True)
class _Said:
    """What of a message counts: accounts by attribute, domains, identifiers with where they are from."""

    sent: Sent
    accounts: dict[str, str]
    organizations: tuple[str, ...]
    identifiers: tuple[tuple[Ruled, PersonIdentifier], ...]
    foreign: tuple[str, ...]
    """Attributes whose values named a domain that is not the provider's."""


def identity_from_assertion(
    method: LoginMethod,
    settings: SamlSettings,
    provider: Provider,
    assertion: Assertion,
    *,
    entity_id: str = "",
    now: datetime | None = None,
    reference: str = "",
) -> Identity:
    """Make an identity of what the provider says, as far as it may say it.

    A value that names another's domain is left out, with a line in the log.
    ``subject``, with the provider, is the account: pairwise-id, subject-id,
    eduPersonPrincipalName (which an institution may give to somebody else
    later) or a persistent name identifier; else it holds for this login only.
    A national identifier never becomes a key.

    ``entity_id`` (ours), ``now`` and ``reference`` (what an administrator
    finds the event by) go into the address of the provider's error page.
    Raises ``Refused`` with ``MISSING``, ``ORGANIZATION`` or ``ASSURANCE`` and
    a ``LoginFailure``.
    """
    said = _said(settings, provider, sort_attributes(assertion.attributes, settings.attributes))
    if said.foreign:
        names = ", ".join(said.foreign)
        _log.warning("%s: left out, outside the provider's scopes: %s", method.id, names)
    identity = _identity(method, settings, provider, assertion, said)

    def refused(
        reason: Reason, message: str, missing: tuple[str, ...] = (), context: str = ""
    ) -> Refused:
        page = error_url(
            provider.error_url,
            reason,
            entity_id=entity_id,
            now=now,
            reference=reference,
            context=context or " ".join(missing),
        )
        failure = LoginFailure(
            reason=reason.value,
            provider=provider.entity_id,
            names=provider.names,
            missing=missing,
            error_url=page,
        )
        return Refused(reason, message, failure)

    _check(settings, said, identity, refused)
    if not identity.identifiers and not method.for_administrators:
        national = _NATIONAL if identity.provider in settings.national_identifiers else ()
        raise refused(
            Reason.MISSING,
            "the provider sent nothing that finds a student",
            (*_WOULD_DO, *national),
        )
    return identity


def read_identity(
    method: LoginMethod, settings: SamlSettings, provider: Provider, assertion: Assertion
) -> Identity:
    """As ``identity_from_assertion``, without what the institution requires of the person."""
    said = _said(settings, provider, sort_attributes(assertion.attributes, settings.attributes))
    return _identity(method, settings, provider, assertion, said)


def _identity(
    method: LoginMethod,
    settings: SamlSettings,
    provider: Provider,
    assertion: Assertion,
    said: _Said,
) -> Identity:
    given, family = _names(said.sent)
    if method.for_administrators:
        roles = roles_said(settings, provider, assertion, said.accounts)
        return Identity(
            method=method.id,
            provider=provider.entity_id,
            subject=_subject(provider, assertion, said.accounts),
            given_names=given,
            family_name=family,
            home_organization=home_organization(said.organizations, said.accounts.values()),
            assurance=_assurance(said.sent, assertion),
            locale=_locale(said.sent),
            entitlements=roles.entitlements,
            groups=roles.groups,
            accounts=roles.accounts,
        )
    return Identity(
        method=method.id,
        provider=provider.entity_id,
        subject=_subject(provider, assertion, said.accounts),
        identifiers=tuple(dict.fromkeys(identifier for _, identifier in said.identifiers)),
        given_names=given,
        family_name=family,
        birth_date=_birth_date(said.sent),
        home_organization=home_organization(said.organizations, said.accounts.values()),
        assurance=_assurance(said.sent, assertion),
        locale=_locale(said.sent),
    )


def _check(
    settings: SamlSettings, said: _Said, identity: Identity, refused: Callable[..., Refused]
) -> None:
    """Compare with what the institution requires."""
    missing = [name for name in settings.required if not _usable(settings, said, name)]
    if settings.home_organizations and not identity.home_organization:
        missing.append(_ORGANIZATION)
    if missing:
        named = tuple(dict.fromkeys(missing))
        foreign = [name for name in named if name in said.foreign]
        why = f" (outside its scopes: {', '.join(foreign)})" if foreign else ""
        raise refused(Reason.MISSING, f"the provider lacks {', '.join(named)}{why}", named)
    allowed, levels = settings.home_organizations, settings.assurance
    if allowed and identity.home_organization not in allowed:
        raise refused(Reason.ORGANIZATION, "the person's home organization may not log in here")
    if levels and not levels.intersection(identity.assurance):
        stated = ASSURANCE in said.sent.known
        raise refused(
            Reason.ASSURANCE,
            "the person's identity was not proven well enough",
            () if stated else (ASSURANCE,),
            context=" ".join(sorted(levels)),
        )


def _said(settings: SamlSettings, provider: Provider, sent: Sent) -> _Said:
    may_say = partial(fits, provider.scopes)
    foreign: dict[str, None] = {}
    accounts: dict[str, str] = {}
    for name, form in ACCOUNT_FORMS.items():
        folded = {value.lower() for value in values(sent.known.get(name, ()))}
        fitting = {value for value in folded if form.fullmatch(value)}
        own = {value for value in fitting if may_say(value.partition("@")[2])}
        if own != fitting:
            foreign[name] = None
        if len(own) == 1:  # two account names could be two people
            accounts[name] = own.pop()
    domains = [value.lower() for value in values(sent.known.get(_ORGANIZATION, ()))]
    organizations = tuple(domain for domain in domains if may_say(domain))
    if len(organizations) != len(domains):
        foreign[_ORGANIZATION] = None
    found = []
    for ruled in sent.ruled:
        everything = tuple(counting_identifiers(settings, provider, ruled, None))
        count = tuple(counting_identifiers(settings, provider, ruled, may_say))
        if count != everything:
            foreign[ruled.label] = None
        found += [(ruled, identifier) for identifier in count]
    return _Said(sent, accounts, organizations, tuple(found[:MAX_IDENTIFIERS]), tuple(foreign))


def counting_identifiers(
    settings: SamlSettings,
    provider: Provider,
    ruled: Ruled,
    may_say: Callable[[str], bool] | None,
) -> Iterator[PersonIdentifier]:
    """Yield what counts; a student number only where it can be nobody else's.

    A number without a domain needs an institution that lets in only its own
    people: ``home_organizations``, or this provider alone.
    """
    alone = settings.where.providers == {provider.entity_id}
    own = settings.home_organizations or (
        {scope.value.lower() for scope in provider.scopes if not scope.regexp} if alone else set()
    )
    if may_say is not None:
        own = {domain for domain in own if may_say(domain)}
    rule = ruled.rule
    found = identifiers(rule, ruled.values, own, may_say)
    for type_, value in islice(found, MAX_IDENTIFIERS):
        if type_ is PersonIdentifierType.NATIONAL:
            counts = provider.entity_id in settings.national_identifiers
        elif rule is ClaimRule.LOCAL and "@" in value:
            counts = may_say is None or may_say(value.rpartition("@")[2])
        else:
            counts = rule is not ClaimRule.LOCAL or alone or bool(settings.home_organizations)
        if counts:
            yield PersonIdentifier(type_, value, provider.entity_id)


def _subject(provider: Provider, assertion: Assertion, accounts: dict[str, str]) -> str:
    """Return the account's key at this provider, marked with its kind: two kinds never meet."""
    for name in ACCOUNT_FORMS:
        if name in accounts:
            return f"{name}:{accounts[name]}"
    name_id = assertion.name_id
    if name_id is not None and name_id.format == f"{_FORMAT}persistent":
        return f"persistent:{_qualified(provider, name_id)}"
    if name_id is not None and name_id.format == f"{_FORMAT}transient":
        return f"transient:{name_id.value}"
    return f"login:{assertion.id}"


def _qualified(provider: Provider, name_id: NameId) -> str:
    """A persistent identifier is unique only with its qualifiers (SAML core section 8.3.7)."""
    qualifier = name_id.name_qualifier or provider.entity_id
    return "!".join((qualifier, name_id.sp_name_qualifier, name_id.value))


def _names(sent: Sent) -> tuple[str, str]:
    """Given names and family name; a display name, which cannot be split, stands as the latter."""
    given, family, shown = (
        next(filter(None, map(clean, sent.known.get(name, ()))), "")
        for name in ("givenName", "sn", "displayName")
    )
    return given, family or ("" if given else shown)


def _birth_date(sent: Sent) -> date | None:
    """A date that two values contradict each other about is not known."""
    found = {birth_date(value.strip()) for value in sent.known.get("schacDateOfBirth", ())}
    return found.pop() if len(found) == 1 else None


def _assurance(sent: Sent, assertion: Assertion) -> tuple[str, ...]:
    stated = values([*sent.known.get(ASSURANCE, ()), assertion.authn_context])
    return tuple(dict.fromkeys(stated))


def _locale(sent: Sent) -> str | None:
    """The first of an Accept-Language list, as inetOrgPerson has it (RFC 2798 section 2.7)."""
    first = next(iter(sent.known.get("preferredLanguage", ())), "")
    return locale(re.split("[,;]", first)[0].strip())


def _usable(settings: SamlSettings, said: _Said, name: str) -> bool:
    """Tell whether a required attribute came with a value that counts.

    ``name`` is a friendly name, or one that the institution's own map holds.
    """
    if (other := settings.attributes.get(name)) in ATTRIBUTES:
        name = str(other)
    kind = ATTRIBUTES[name].kind if name in ATTRIBUTES else Kind.IDENTIFIER
    if kind is Kind.IDENTIFIER:
        return any(name in (ruled.label, ruled.name) for ruled, _ in said.identifiers)
    if kind is Kind.ACCOUNT:
        return name in said.accounts
    if kind is Kind.DOMAIN:
        return bool(said.organizations)
    if kind is Kind.DATE:
        return _birth_date(said.sent) is not None
    return any(clean(value) for value in said.sent.known.get(name, ()))


__all__ = [
    "ACCOUNT_FORMS",
    "ASSURANCE",
    "ATTRIBUTES",
    "MAX_IDENTIFIERS",
    "RULES",
    "counting_identifiers",
    "identity_from_assertion",
    "read_identity",
]

"""What became of each attribute of a login, for an administrator who tries their method. Pure functions.

Each value goes the way that it goes at a login, by itself; what is refused is
tried again with one rule less, which names the rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from emrex_gateway.domain import PersonIdentifierType
from emrex_gateway.login._person import ClaimRule, birth_date, clean, values
from emrex_gateway.login._person import identifiers as read_identifiers
from emrex_gateway.login.saml._attribute_map import (
    ATTRIBUTES,
    Kind,
    Ruled,
    Sent,
    sort_attributes,
)
from emrex_gateway.login.saml._attributes import ACCOUNT_FORMS, ASSURANCE, counting_identifiers
from emrex_gateway.login.saml._scopes import fits
from emrex_gateway.login.saml._settings import SamlSettings
from emrex_gateway.login.saml._types import Assertion, Attribute, Provider
from emrex_gateway.ports import Fate, Stated, Value

MAX_SHOWN = 20
"""The most values of one attribute that are told."""

_URN_RULES = (ClaimRule.UNIQUE_CODE, ClaimRule.LIN)


def examine_attributes(
    settings: SamlSettings, provider: Provider, assertion: Assertion
) -> tuple[Stated, ...]:
    """Tell what became of each attribute, in the order in which they came, and of the context."""
    found = [_stated(settings, provider, one) for one in assertion.attributes]
    if assertion.authn_context:
        context = Value(assertion.authn_context, Fate.ASSURANCE)
        found.append(Stated(name="AuthnContextClassRef", values=(context,)))
    return tuple(found)


def _stated(settings: SamlSettings, provider: Provider, attribute: Attribute) -> Stated:
    sent = sort_attributes((attribute,), settings.attributes)
    shown = attribute.values[:MAX_SHOWN]
    label = next(iter(sent.known), "") or next((one.label for one in sent.ruled), "")
    return Stated(
        name=attribute.name,
        label=label if label != attribute.name else "",
        values=tuple(_values(settings, provider, sent, shown)),
    )


def _values(
    settings: SamlSettings, provider: Provider, sent: Sent, shown: tuple[str, ...]
) -> Iterator[Value]:
    label = next(iter(sent.known), "")
    for text in shown:
        judged = [_identifier(settings, provider, ruled, text) for ruled in sent.ruled]
        if label and not any(value.taken for value in judged):
            judged.insert(0, Value(text, _fate(provider, label, text)))
        yield next(iter(judged), Value(text, Fate.UNUSED))


def _identifier(settings: SamlSettings, provider: Provider, ruled: Ruled, text: str) -> Value:
    """Tell what becomes of a value under a rule for identifiers."""
    alone = Ruled(ruled.name, ruled.label, ruled.rule, (text,))
    may_say = partial(fits, provider.scopes)
    for one in counting_identifiers(settings, provider, alone, may_say):
        return Value(text, Fate.IDENTIFIER, one.type.value)
    for one in counting_identifiers(settings, provider, alone, None):
        return Value(text, Fate.SCOPE, one.type.value)
    for type_, _ in read_identifiers(ruled.rule, text):
        national = type_ is PersonIdentifierType.NATIONAL
        return Value(text, Fate.NATIONAL if national else Fate.ELSEWHERE, type_.value)
    if ruled.rule in _URN_RULES and ":" in text and next(values(text), None):
        return Value(text, Fate.ELSEWHERE, PersonIdentifierType.LOCAL.value)
    return Value(text, Fate.FORM)


def _fate(provider: Provider, label: str, text: str) -> Fate:
    kind, usable = ATTRIBUTES[label].kind, next(values(text), "")
    if kind is Kind.ACCOUNT:
        account = usable.lower()
        if not ACCOUNT_FORMS[label].fullmatch(account):
            return Fate.FORM
        return Fate.ACCOUNT if fits(provider.scopes, account.partition("@")[2]) else Fate.SCOPE
    if kind is Kind.DOMAIN and usable:
        return Fate.PERSON if fits(provider.scopes, usable.lower()) else Fate.SCOPE
    if label == ASSURANCE and usable:
        return Fate.ASSURANCE
    good = birth_date(text.strip()) if kind is Kind.DATE else clean(text)
    return Fate.PERSON if good and kind is not Kind.DOMAIN else Fate.FORM

"""The checklist before joining: each rule once, with what is wrong and what to do about it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from emrex_gateway.administering._values import N_
from emrex_gateway.domain import AccessPoint, Institution, KeyState, Registration
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services
from emrex_gateway.settings import Settings
from emrex_gateway.signing import CertificateFacts, certificate_facts, read_facts

MIN_LEFT: Final = timedelta(days=30)
"""A certificate that ends within that time is not registered: renew it first."""

HARD: Final = frozenset({"https", "switched-on", "certificate", "self-signed", "strength", "dates"})
"""What takes a published entry down as well."""


class CheckState(StrEnum):
    """How an item of the list stands."""

    OK = "ok"
    ADVICE = "advice"
    """It may be registered so; better do something about it."""
    PROBLEM = "problem"
    """It is not registered so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One item: ``text`` says how it stands, ``todo`` what to do (both for ``gettext``, with ``values``).

    ``place`` is the page where to do it: ``settings``, ``point``, ``keys``,
    ``logins``, ``adapters``, ``service-provider``, ``joining`` or ``self-test``.
    """

    code: str
    state: CheckState
    text: str
    todo: str = ""
    place: str = ""
    values: Mapping[str, object] = field(default_factory=dict)


def _check(
    code: str, good: bool, texts: tuple[str, str, str], place: str, **values: object
) -> Check:
    """Make an item out of what to say when it is good, what when not, and what to do then."""
    fine, wrong, todo = texts
    return Check(
        code=code,
        state=CheckState.OK if good else CheckState.PROBLEM,
        text=fine if good else wrong,
        todo="" if good else todo,
        place="" if good else place,
        values=values,
    )


def point_checks(
    services: Services,
    uow: UnitOfWork,
    point: AccessPoint,
    institution: Institution,
    registration: Registration,
) -> Iterator[Check]:
    """Yield the items that are not about certificates."""
    yield _address(services.settings)
    if services.settings.demo:
        yield Check(
            code="demo",
            state=CheckState.ADVICE,
            text=N_(
                "This is a demonstration: its entry is good for the demonstration's own client, "
                "and for no registry."
            ),
        )
    yield _check("switched-on", point.enabled and institution.enabled, _SWITCHED_ON, "point")
    yield from _people(uow, institution)
    yield _check("emails", bool(registration.emails), _EMAILS, "joining")
    yield _check("support", bool(institution.support), _SUPPORT, "settings")
    privacy = institution.privacy
    yield _check("privacy", bool(privacy.url or privacy.notice), _PRIVACY, "settings")
    yield _check("controller", bool(privacy.controller), _CONTROLLER, "settings")
    if point.allowed_hosts:
        yield Check(
            code="hosts",
            state=CheckState.ADVICE,
            text=N_("Only %(count)d return addresses are allowed; every other client is refused."),
            todo=N_("Empty the list if students of every client are to be served."),
            place="point",
            values={"count": len(point.allowed_hosts)},
        )
    yield _self_test(uow, point)


def _people(uow: UnitOfWork, institution: Institution) -> Iterator[Check]:
    """Somebody can log in, and there are records to send."""
    methods = [
        method
        for method in uow.config.login_methods(institution.slug)
        if method.enabled and not method.for_administrators
    ]
    yield _check("login", bool(methods), _LOGIN, "logins")
    if any(method.kind == "saml" for method in methods):
        provider = uow.config.service_provider(institution.slug)
        yield _check("saml", provider is not None, _SAML, "service-provider")
    bindings = [one for one in uow.config.bindings(institution.slug) if one.enabled]
    yield _check("adapter", bool(bindings), _ADAPTER, "adapters")


def _address(settings: Settings) -> Check:
    host = urlsplit(settings.public_url).hostname or ""
    good = settings.secure_cookies and not _is_private(host)
    if settings.demo and not good:
        return Check(
            code="https",
            state=CheckState.ADVICE,
            text=N_("The address is one of this machine only; registries take https addresses."),
        )
    return _check("https", good, _HTTPS, "", address=settings.public_url)


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


def _self_test(uow: UnitOfWork, point: AccessPoint) -> Check:
    last = uow.keys.last_self_test(point.slug)
    facts = read_facts(point)
    if last is None or last.result is None:
        text = N_("No transfer was sent through it yet.")
    elif not last.result.passed:
        text = N_("The last self-test failed.")
    elif facts is not None and last.result.fingerprint != facts.fingerprint:
        text = N_("The last self-test was before the present certificate.")
    else:
        return Check(
            code="self-test",
            state=CheckState.OK,
            text=N_("A transfer through it was verified on %(day)s."),
            values={"day": f"{last.finished_at:%Y-%m-%d}"},
        )
    return Check(
        code="self-test",
        state=CheckState.ADVICE,
        text=text,
        todo=N_("Run the self-test with a test student."),
        place="self-test",
    )


def certificate_checks(uow: UnitOfWork, point: AccessPoint, now: datetime) -> Iterator[Check]:
    """Yield the items about the certificates that would be listed."""
    facts = read_facts(point)
    if facts is None:
        referenced = bool(point.certificate)
        yield _check("certificate", False, _TAKE_OVER if referenced else _CERTIFICATE, "keys")
        return
    yield _check("certificate", True, _CERTIFICATE, "keys")
    listed = [facts]
    listed += [
        certificate_facts(key.certificate)
        for key in uow.keys.of(point.slug)
        if key.state is KeyState.CERTIFIED and key.published
    ]
    yield _check("self-signed", not any(one.self_signed for one in listed), _SELF_SIGNED, "keys")
    weak = [one for one in listed if not one.usable_kind or one.old_hash or one.authority]
    shown = weak[0] if weak else facts
    yield _check("strength", not weak, _STRENGTH, "keys", strength=_strength(shown))
    yield from _dates(listed, now)
    if not facts.bits:
        yield Check(
            code="kind",
            state=CheckState.ADVICE,
            text=N_("The key is %(strength)s. Not every client in use verifies such signatures."),
            todo=N_("Make an RSA key, unless you know your students' clients."),
            place="keys",
            values={"strength": facts.strength},
        )


def _dates(listed: list[CertificateFacts], now: datetime) -> Iterator[Check]:
    ends = f"{min(one.not_after for one in listed):%Y-%m-%d}"
    current = all(one.not_before <= now <= one.not_after for one in listed)
    yield _check("dates", current, _DATES, "keys", day=ends)
    if current:
        # The one that signs may end soon when the next one is listed beside it.
        lasting = max(one.not_after for one in listed) - now > MIN_LEFT
        yield _check("lasting", lasting, _LASTING, "keys", day=ends, days=MIN_LEFT.days)


def _strength(facts: CertificateFacts) -> str:
    return f"{facts.strength}, {facts.old_hash.upper()}" if facts.old_hash else facts.strength


_HTTPS = (
    N_("The address is https: %(address)s"),
    N_("The address is not one that others can reach over https: %(address)s"),
    N_("Whoever runs the gateway sets public_url to its public https address."),
)
_SWITCHED_ON = (
    N_("The data access point is switched on."),
    N_("The data access point or its institution is switched off."),
    N_("Switch it on."),
)
_LOGIN = (
    N_("Students can log in."),
    N_("No login for students is switched on."),
    N_("Add a login, try it, and switch it on."),
)
_SAML = (
    N_("The institution has a service provider for SAML."),
    N_("A SAML login is switched on, and the institution has no service provider."),
    N_("Set up the service provider, and register its metadata with the federation."),
)
_ADAPTER = (
    N_("An adapter fetches the records."),
    N_("No adapter is switched on, so there are no records to send."),
    N_("Add an adapter, test it, and switch it on."),
)
_EMAILS = (
    N_("Registries know whom to write to."),
    N_("There is no mail address that registries and other members can write to."),
    N_("Write one below; take a function's address, not a person's."),
)
_SUPPORT = (
    N_("Students are told where to ask for help."),
    N_("There is no support address for students."),
    N_("Write one on the institution's page."),
)
_PRIVACY = (
    N_("There is a privacy notice."),
    N_("There is no privacy notice, and students must read one before they consent."),
    N_("Write one, or its address, on the institution's page."),
)
_CONTROLLER = (
    N_("Students are told who answers for the processing of their data."),
    N_("Nobody is named as answering for the processing of students' data (the controller)."),
    N_("Name the controller on the institution's page."),
)
_CERTIFICATE = (
    N_("The data access point signs with a key whose certificate is installed."),
    N_("The data access point has no key with a certificate."),
    N_("Order a key, send its signing request to a certificate authority, and install what comes."),
)
_TAKE_OVER = (
    "",
    N_(
        "The key and its certificate are files of the signing worker; their contents are not known."
    ),
    N_("Take the key over on the page of keys: the worker then reads the certificate."),
)
_SELF_SIGNED = (
    N_("The certificate was issued by a certificate authority."),
    N_("The certificate is self-signed: it is for trials, and clients in use refuse it."),
    N_("Send the key's signing request to a certificate authority, and install what comes."),
)
_STRENGTH = (
    N_("The key is strong enough: %(strength)s."),
    N_("The certificate is too weak: %(strength)s."),
    N_(
        "It needs RSA of at least 2048 bits, or EC on P-256, P-384 or P-521, may not be signed "
        "with SHA-1, and may not be a certificate authority's own. Order a new key."
    ),
)
_DATES = (
    N_("The certificate is valid, until %(day)s."),
    N_("A certificate has expired or is not valid yet; it ends on %(day)s."),
    N_("Install a new certificate, or retire that key."),
)
_LASTING = (
    N_("It lasts longer than %(days)d days."),
    N_("The certificate ends on %(day)s, in less than %(days)d days: too soon to register it."),
    N_("Install a new certificate first."),
)

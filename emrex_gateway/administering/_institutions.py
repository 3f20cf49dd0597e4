"""Institutions: what is known of them, whether they take part, and who may say so."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from emrex_gateway.administering._change import Thing, put
from emrex_gateway.administering._codes import check_codes, check_country
from emrex_gateway.administering._look import check_accessibility, check_colour
from emrex_gateway.administering._matching import check_matching
from emrex_gateway.administering._rights import require
from emrex_gateway.administering._values import (
    HOST,
    LANGUAGE,
    N_,
    SLUG,
    check_contact,
    check_texts,
    check_url,
    match,
    read_hosts,
)
from emrex_gateway.domain import (
    Actor,
    Institution,
    LangString,
    Permission,
    PersonIdentifierType,
    Privacy,
    ReleaseRule,
)
from emrex_gateway.errors import ConfigError
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services

INSTITUTION = "institution"
MAX_NAME = 300
MAX_ADDRESS = 500
MAX_LANGUAGES = 30
MAX_HOSTS = 1000


def check_institution(one: Institution) -> Institution:
    """Return the institution as it is kept. Raises ``ConfigError`` for the first thing that is wrong.

    The same for the institutions' file, a page's form and a command.
    """
    where = f"institution {one.slug!r}"
    check_texts(one.names, where)
    _short(one.names, MAX_NAME, where, "names")
    check_country(one.country, where)
    match(HOST, one.domain, where, "domain")
    match(SLUG, one.slug, where, "slug")  # made from the domain, where nobody chose one
    check_url(one.url, where, http=True)
    if one.support:
        check_contact(one.support, where, "support")
    if one.logo:
        check_url(one.logo, where, http=False, name="logo")
    if len(one.address) > MAX_ADDRESS:
        raise ConfigError(
            f"{where}: address has more than {MAX_ADDRESS} characters",
            "address",
            words=N_("The address is too long."),
        )
    if len(one.languages) > MAX_LANGUAGES:
        raise ConfigError(f"{where}: at most {MAX_LANGUAGES} languages", "languages")
    for tag in one.languages:
        match(LANGUAGE, tag, where, "languages")
    return replace(
        one,
        codes=check_codes(one.codes, where),
        address="\n".join(line.strip() for line in one.address.strip().splitlines()),
        languages=tuple(dict.fromkeys(one.languages)),
        release=_release(one.release, where),
        privacy=_privacy(one.privacy, where),
        colour=check_colour(one.colour, where),
        accessibility=check_accessibility(one.accessibility, where),
        matching=check_matching(one.matching, where),
    )


def _release(rule: ReleaseRule, where: str) -> ReleaseRule:
    if PersonIdentifierType.NATIONAL in rule.released:
        raise ConfigError(
            f"{where}: a national identifier can only be restricted, not released",
            "release.released",
            words=N_("A national identity number can only go to listed receivers, not to all."),
        )
    if both := sorted(rule.released & rule.restricted):
        raise ConfigError(
            f"{where}: {', '.join(both)} cannot be both released and restricted",
            "release.restricted",
            words=N_("Each identifier goes either to all receivers or to listed ones, not both."),
        )
    if len(rule.restricted_hosts) > MAX_HOSTS:
        raise ConfigError(f"{where}: at most {MAX_HOSTS} hosts", "release.restricted_hosts")
    hosts = read_hosts(rule.restricted_hosts, where, "release.restricted_hosts")
    return replace(rule, restricted_hosts=hosts)


def _privacy(privacy: Privacy, where: str) -> Privacy:
    for name, values in (
        ("privacy.controller", privacy.controller),
        ("privacy.notice", privacy.notice),
    ):
        check_texts(values, where, name=name, empty=True)
    check_texts(privacy.url, where, name="privacy.url", empty=True)
    for one in privacy.url:
        check_url(one.value, where, http=False, name="privacy.url")
    if privacy.contact:
        check_contact(privacy.contact, where, "privacy.contact")
    return privacy


def _short(values: tuple[LangString, ...], most: int, where: str, name: str) -> None:
    if any(len(one.value) > most for one in values):
        raise ConfigError(
            f"{where}: {name} must have at most {most} characters in each language",
            name,
            words=N_("At most %(most)d characters."),
            values={"most": most},
        )


def thing(institution: Institution) -> Thing:
    """What an institution is called in the trail."""
    return Thing(INSTITUTION, institution.slug, institution.slug)


def save_institution(
    services: Services,
    actor: Actor,
    institution: Institution,
    *,
    version: str | None = None,
    new: bool = False,
) -> bool:
    """Write an institution's settings; return whether any changed.

    A new one needs the permission to run the installation, and a slug that
    nobody has: slugs stand in addresses and never change. Raises
    ``ConfigError``, ``NotAllowed`` and ``EditConflict``.
    """
    if new:
        require(actor, Permission.RUN)
    else:
        require(actor, Permission.CHANGE_SETTINGS, institution.slug)
    checked = check_institution(institution)
    with services.store.begin() as uow:
        uow.config.hold()
        before = find_institution(uow, institution.slug)
        if new and before is not None:
            raise ConfigError(
                f"there is an institution {institution.slug!r} already",
                "slug",
                words=N_("There is an institution of this short name already."),
            )
        if not new and before is None:
            raise ConfigError(f"there is no institution {institution.slug!r}")
        return put_institution(uow, actor, before, checked, version=version)


def put_institution(
    uow: UnitOfWork,
    actor: Actor,
    before: Institution | None,
    after: Institution,
    *,
    version: str | None = None,
) -> bool:
    """Write a checked institution with its trail, within a transaction that read ``before``."""
    return put(
        uow,
        actor,
        thing(after),
        before,
        after,
        write=uow.config.put_institution,
        version=version,
    )


def find_institution(uow: UnitOfWork, slug: str) -> Institution | None:
    """Return an institution, or ``None``."""
    try:
        return uow.config.institution(slug)
    except ConfigError:
        return None


def slug_of(domain: str, taken: Container[str]) -> str:
    """Return a short name that is free: the domain's first part, else all of it, else with a number."""
    host = domain.lower().removeprefix("www.")
    whole = host.replace(".", "-")[:60].strip("-")
    for slug in (host.partition(".")[0], whole, *(f"{whole}-{n}" for n in range(2, 100))):
        if slug not in taken and SLUG.match(slug):
            return slug
    return whole

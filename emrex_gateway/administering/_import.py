"""Institutions from a list: what would be added and changed, said first and done then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from emrex_gateway.administering._candidates import Candidate, Note, merged
from emrex_gateway.administering._catalogue import read_catalogue
from emrex_gateway.administering._change import fields_of, version_of
from emrex_gateway.administering._codes import ERASMUS, country_of_domain, country_of_erasmus
from emrex_gateway.administering._institutions import (
    check_institution,
    put_institution,
    slug_of,
)
from emrex_gateway.administering._rights import require
from emrex_gateway.administering._table import read_table
from emrex_gateway.administering._values import N_
from emrex_gateway.domain import Actor, Institution, Permission
from emrex_gateway.errors import ConfigError, EditConflict
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services


class RowKind(StrEnum):
    """What an import does with a row."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """A row as it would be written: ``after`` is the institution then, ``None`` when it is wrong.

    ``changes`` are the settings that differ with what they were and would be.
    ``version`` is what the plan was made from, empty for a new one.
    """

    candidate: Candidate
    kind: RowKind
    after: Institution | None = None
    changes: tuple[tuple[str, str, str], ...] = ()
    version: str = ""
    problem: ConfigError | None = None
    notes: tuple[Note, ...] = ()


def read_list(data: bytes, *, default_language: str = "en") -> tuple[Candidate, ...]:
    """Read the EWP catalogue or a table, whichever it is. Raises ``ConfigError``."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return read_catalogue(data, default_language=default_language)
    return read_table(data)


def plan_import(
    services: Services, actor: Actor, candidates: Iterable[Candidate], *, country: str = ""
) -> tuple[ImportRow, ...]:
    """Say of each row what an import would do. ``country`` is for rows that show none."""
    require(actor, Permission.RUN)
    with services.store.read() as uow:
        return _plan(uow, candidates, country)


def import_institutions(
    services: Services,
    actor: Actor,
    candidates: Iterable[Candidate],
    *,
    country: str = "",
    chosen: Mapping[str, str] | None = None,
) -> tuple[ImportRow, ...]:
    """Write the rows that are new or changed, all or none; return what was written.

    ``chosen`` are the slugs to write, each with the version that its plan was
    made from; ``None`` takes all. Raises ``EditConflict`` when one of them is
    another by now, or no longer what the plan said.
    """
    require(actor, Permission.RUN)
    with services.store.begin() as uow:
        uow.config.hold()
        rows = {row.after.slug: row for row in _plan(uow, candidates, country) if row.after}
        if chosen is not None and (gone := sorted(chosen.keys() - rows.keys())):
            raise EditConflict(f"{gone[0]} is not what it was when this import was planned")
        written = []
        for slug, row in rows.items():
            if chosen is not None and chosen.get(slug) != row.version:
                if slug in chosen:
                    raise EditConflict(f"the institution {slug} was changed meanwhile")
                continue
            if row.kind in (RowKind.NEW, RowKind.CHANGED) and row.after is not None:
                before = None if row.kind is RowKind.NEW else uow.config.institution(slug)
                put_institution(uow, actor, before, row.after)
                written.append(row)
    return tuple(written)


def _plan(uow: UnitOfWork, candidates: Iterable[Candidate], country: str) -> tuple[ImportRow, ...]:
    known = _Known(uow.config.institutions())
    return tuple(_row(one, known, country) for one in candidates)


class _Known:
    """The institutions that there are, and those that earlier rows made."""

    def __init__(self, institutions: Iterable[Institution]) -> None:
        self.by_slug = {one.slug: one for one in institutions}
        self.by_domain: dict[str, list[Institution]] = {}
        for one in self.by_slug.values():
            self.by_domain.setdefault(one.domain, []).append(one)
        self.taken = set(self.by_slug)
        self.seen: set[str] = set()

    def find(self, candidate: Candidate) -> Institution | None:
        """The institution that a row means. Raises ``ConfigError`` when several have its domain."""
        if candidate.slug:
            return self.by_slug.get(candidate.slug)
        for domain in (candidate.domain, *candidate.former):
            if len(found := self.by_domain.get(domain, [])) > 1:
                raise ConfigError(
                    f"several institutions have the domain {domain}: name the slug",
                    "slug",
                    words=N_("Several institutions here have this domain; name the slug."),
                )
            if found:
                return found[0]
        return None

    def take(self, after: Institution) -> None:
        """Remember a row's institution. Raises ``ConfigError`` for one that had a row already."""
        if after.slug in self.seen:
            raise ConfigError(
                f"institution {after.slug!r} stands twice in the list",
                "slug",
                words=N_("This institution stands twice in the list."),
            )
        self.seen.add(after.slug)
        self.taken.add(after.slug)

    def slug_for(self, candidate: Candidate) -> str:
        """The row's own slug, or one that is free."""
        return candidate.slug or slug_of(candidate.domain, self.taken)


def _row(candidate: Candidate, known: _Known, country: str) -> ImportRow:
    try:
        before = known.find(candidate)
        after = check_institution(_after(candidate, before, known, country))
        known.take(after)
    except ConfigError as error:
        return ImportRow(
            candidate=candidate, kind=RowKind.WRONG, problem=error, notes=candidate.notes
        )
    old, new = fields_of(before), fields_of(after)
    changes = tuple(
        (name, old.get(name, ""), new.get(name, ""))
        for name in dict.fromkeys((*new, *old))
        if old.get(name) != new.get(name)
    )
    kind = RowKind.NEW if before is None else RowKind.CHANGED if changes else RowKind.SAME
    return ImportRow(
        candidate=candidate,
        kind=kind,
        after=after,
        changes=changes,
        version=version_of(before) if before else "",
        notes=candidate.notes,
    )


def _after(
    candidate: Candidate, before: Institution | None, known: _Known, country: str
) -> Institution:
    domain = candidate.domain or (before.domain if before else "")
    start = before or Institution(
        slug=known.slug_for(candidate),
        names=(),
        country=country
        or country_of_erasmus(candidate.codes.get(ERASMUS, "").upper())
        or country_of_domain(domain),
        domain=domain,
        url=f"https://{domain}/",
    )
    privacy = replace(
        start.privacy,
        controller=merged(start.privacy.controller, candidate.texts.get("privacy.controller", ())),
        notice=merged(start.privacy.notice, candidate.texts.get("privacy.notice", ())),
        url=merged(start.privacy.url, candidate.texts.get("privacy.url", ())),
        contact=candidate.values.get("privacy.contact", start.privacy.contact),
    )
    languages = candidate.values.get("languages", "").replace(",", " ").replace(";", " ").split()
    return replace(
        start,
        names=merged(start.names, candidate.names),
        country=candidate.country or start.country,
        domain=domain,
        url=candidate.values.get("url", start.url),
        codes={**start.codes, **candidate.codes},
        support=candidate.values.get("support", start.support),
        address=candidate.values.get("address", start.address),
        logo=candidate.values.get("logo", start.logo),
        languages=tuple(languages) or start.languages,
        privacy=privacy,
    )

"""Institutions, their data access points, and what each has switched on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from emrex_gateway.domain._elmo import ElmoVersion
from emrex_gateway.domain._people import LearnerDetail, PersonIdentifierType
from emrex_gateway.domain._texts import Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRule:
    """What of a learner leaves, and to whom.

    ``released`` types leave to every client. ``restricted`` types leave only
    to return addresses whose host is in ``restricted_hosts``; a national
    identifier can only be restricted. The student may remove each of them.
    Names and the birth date always leave, the ``details`` only when listed.
    """

    released: frozenset[PersonIdentifierType] = frozenset({PersonIdentifierType.ESI})
    restricted: frozenset[PersonIdentifierType] = frozenset({PersonIdentifierType.NATIONAL})
    restricted_hosts: frozenset[str] = frozenset()
    details: frozenset[LearnerDetail] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """What an institution tells students of their data, in each language.

    ``controller`` is who answers for the processing, ``contact`` the data
    protection officer's or controller's address, ``notice`` a short text for
    the consent page, ``url`` the full notice's address.
    """

    controller: Texts = ()
    contact: str = ""
    notice: Texts = ()
    url: Texts = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """How like two people's names must be, of 100, for records that come home.

    At ``same`` and above, with one birth date, they are one person; below
    ``different`` two; an officer decides between. ``same`` is never below
    ``LEAST_SAME``: likeness alone does not reach it.
    """

    same: float = 92.0
    different: float = 65.0


LEAST_SAME = 90.0


class Conformance(StrEnum):
    """How far pages conform to the standard, in the words of Decision (EU) 2018/1523; empty: not said."""

    UNKNOWN = ""
    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"


class Assessment(StrEnum):
    """Who found that out; empty: not said."""

    UNKNOWN = ""
    SELF = "self"
    THIRD_PARTY = "third-party"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accessibility:
    """What an institution states of its pages' accessibility (Directive (EU) 2016/2102, article 7).

    ``law`` is the national law that puts the directive into force; ``gaps`` what
    is not accessible, why, and what there is instead; ``contact`` where to tell
    of barriers and ask for other formats; ``authority`` who enforces the law,
    ``authority_url`` where to complain there. ``prepared`` and ``reviewed`` are
    the statement's days.
    """

    conformance: Conformance = Conformance.UNKNOWN
    assessment: Assessment = Assessment.UNKNOWN
    law: Texts = ()
    gaps: Texts = ()
    contact: str = ""
    authority: Texts = ()
    authority_url: Texts = ()
    prepared: date | None = None
    reviewed: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    """An institution that the installation serves.

    ``slug`` is its key; ``domain`` its schac identifier; ``codes`` further
    typed identifiers as ELMO names them (``pic``, ``erasmus``, ``address``,
    custom ones). ``support`` is a mail or web address shown on error pages.
    ``languages`` are those that it works in (BCP 47), the first its own;
    ``logo`` is an https address, ``colour`` its own as ``#rrggbb`` (made readable
    by ``palette``). ``client`` says that the institution receives records too, ``matching``
    when they are a student's own. A disabled one keeps its rows and serves nobody.
    """

    slug: str
    names: Texts
    country: str
    domain: str
    url: str
    codes: Mapping[str, str] = field(default_factory=dict)
    support: str = ""
    release: ReleaseRule = ReleaseRule()
    enabled: bool = True
    address: str = ""
    languages: tuple[str, ...] = ()
    logo: str = ""
    privacy: Privacy = Privacy()
    client: bool = False
    colour: str = ""
    accessibility: Accessibility = Accessibility()
    matching: Matching = Matching()


def logo_key(institution: Institution) -> str:
    """Return the name under which an institution's picture is kept: another address, another name."""
    return hashlib.sha256(f"institution logo\0{institution.logo}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPoint:
    """A data access point (EMP): the immutable slug in its address owns its key.

    ``key`` and ``certificate`` are references (``file:``, ``env:``,
    ``pkcs11:``); only the signing worker resolves the first.
    ``certificate`` may also be the certificate itself, in PEM: it is public.
    ``allowed_hosts`` empty means that any https return address may be used.
    ``newer_codes`` sends ``EMP_OK`` and so on instead of ``NCP_OK``.
    ``names`` are the point's own in registries, where they differ from the
    institution's; ``countrywide`` that it answers for its whole country, and
    ``institutions`` whom for, as registries list them (names or schac domains).
    """

    slug: str
    institution: str
    key: str
    certificate: str
    enabled: bool = True
    elmo_version: ElmoVersion = ElmoVersion.V1_7
    newer_codes: bool = False
    allowed_hosts: frozenset[str] = frozenset()
    transcript_per_issuer: bool = False
    names: Texts = ()
    countrywide: bool = False
    institutions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterBinding:
    """An adapter that an institution uses, with the plugin's settings as written.

    Secrets in ``settings`` are references. Lower ``position`` goes first: of two
    adapters' records of one attainment the first one's counts. Without the
    answer of a ``required`` one nothing is offered; of another the student is
    told that its records are missing. A ``fallback`` is asked only when those
    before it have nothing to offer.
    """

    id: str
    institution: str
    adapter: str
    settings: Mapping[str, Any] = field(repr=False)
    enabled: bool = True
    position: int = 0
    required: bool = True
    fallback: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginMethod:
    """A way to log in at an institution: ``kind`` is ``oidc``, ``saml``, ``host`` or ``launch``.

    One ``for_administrators`` logs in those who look after the gateway, by its
    role rules, and no students.
    """

    id: str
    institution: str
    kind: str
    names: Texts
    settings: Mapping[str, Any] = field(repr=False)
    enabled: bool = True
    position: int = 0
    for_administrators: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownClient:
    """A client's start page, offered after an export from the host's button."""

    name: str
    url: str
    country: str

"""What a provider said of a person, value by value, for the person themselves who tries a login method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from emrex_gateway.domain import Identity, LoginMethod, Texts
from emrex_gateway.ports._login import Once


class Fate(StrEnum):
    """What became of a value, and why."""

    IDENTIFIER = "identifier"
    """Taken: it finds a student, as ``Value.type``."""
    ACCOUNT = "account"
    """Taken: it is (a part of) what the account is known by."""
    PERSON = "person"
    """Taken: a name, the birth date, the language, the home organization."""
    ASSURANCE = "assurance"
    """Taken: how well the person was proven to be who they are."""
    ROLE = "role"
    """Taken: the role rules of administrators look at it."""
    SCOPE = "scope"
    """Refused: it names a domain that the provider may not speak for."""
    NATIONAL = "national"
    """Refused: a national identifier, which does not count from this provider."""
    ELSEWHERE = "elsewhere"
    """Refused: a student number that may be another university's."""
    FORM = "form"
    """Refused: it does not have the form that such a value has."""
    UNUSED = "unused"
    """Nothing is done with it."""


TAKEN = frozenset({Fate.IDENTIFIER, Fate.ACCOUNT, Fate.PERSON, Fate.ASSURANCE, Fate.ROLE})


@dataclass(frozen=True, slots=True)
class Value:
    """One value. ``type`` is the kind of identifier that it is or would have been, empty for others."""

    text: str = field(repr=False)
    fate: Fate
    type: str = ""

    @property
    def taken(self) -> bool:
        """Whether anything came of it."""
        return self.fate in TAKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """An attribute or claim: ``name`` as the provider calls it, ``label`` as our guides do (or empty)."""

    name: str
    label: str = ""
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A login that was tried: verified like any other, and told instead of used.

    ``identity`` is who a student would be, also where ``reason`` says that they
    would be refused (``LoginError.reason``); ``missing`` are the attributes
    that did not come. ``assurance`` is what was stated, ``wanted`` what the
    method asks for, any of which would do. Nothing of this is ever stored.
    """

    provider: str
    names: Texts = ()
    stated: tuple[Stated, ...]
    identity: Identity = field(repr=False)
    assurance: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    reason: str = ""
    missing: tuple[str, ...] = ()
    once: tuple[Once, ...] = ()


@runtime_checkable
class Examiner(Protocol):
    """A kind of login that can be tried."""

    def examine(
        self,
        method: LoginMethod,
        *,
        callback_url: str,
        state: Mapping[str, str],
        parameters: Mapping[str, str],
    ) -> Examined:
        """As ``Login.finish``, up to what the institution requires of the person.

        Raises ``LoginError`` for an answer that is not the provider's word.
        """

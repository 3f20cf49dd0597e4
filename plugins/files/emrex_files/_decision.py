"""Reads what the host put beside an import: ``recognition.json``. Pure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec

from emrex_gateway.domain import (
    ECTS,
    Credit,
    Identifier,
    Issuer,
    LangString,
    Learner,
    PersonIdentifier,
    PersonIdentifierType,
    RecognisedStudy,
    Recognition,
    RecognitionState,
    Status,
    Texts,
)
from emrex_gateway.errors import AdapterError

T = TypeVar("T")

DECISION: Final = "recognition.json"
Text = Annotated[str, msgspec.Meta(max_length=20_000)]
Words = dict[Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$")], Text]


class _Study(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    id: Text
    accepted: bool
    counted_as: Words = {}
    code: Text = ""
    credits: Decimal | None = None
    credit_scheme: Text = ECTS
    remark: Words = {}


class _Decision(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    state: Literal["submitted", "accepted", "partially-accepted", "rejected"]
    decided_on: date | None = None
    remark: Words = {}
    studies: Annotated[list[_Study], msgspec.Meta(max_length=20_000)] = []


class _Identifier(msgspec.Struct):
    type: str
    value: str


class _Person(msgspec.Struct, rename="camel"):
    given_names: str = ""
    family_name: str = ""
    birth_date: date | None = None
    identifiers: list[_Identifier] = []


class _Brought(msgspec.Struct):
    id: str
    issuer: int = 0
    titles: dict[str, str] = {}
    status: Status = Status.PASSED
    credits: list[dict[str, str | None]] = []


class _Institution(msgspec.Struct):
    identifiers: list[_Identifier]
    titles: dict[str, str] = {}
    url: str = ""
    country: str | None = None


class _Import(msgspec.Struct):
    """What is read back of our own ``import.json``."""

    key: str
    student: _Person
    studies: list[_Brought] = []
    issuers: list[_Institution] = []


def key_of(listing: bytes) -> str:
    """Return the key of the import that a folder holds. Raises ``AdapterError``."""
    return _read(listing, _Import, "import.json").key


def recognition_of(listing: bytes, decision: bytes) -> Recognition:
    """Return the decision, with what it says nothing about taken from ``import.json``.

    Raises ``AdapterError`` for a file of another shape, or a study that was
    not in the import; nothing of the contents is in the message.
    """
    was = _read(listing, _Import, "import.json")
    said = _read(decision, _Decision, DECISION)
    state = RecognitionState(said.state)
    if not state.final:
        return Recognition(state=state)
    brought = {study.id: study for study in was.studies}
    if any(study.id not in brought for study in said.studies):
        raise AdapterError(f"{DECISION} decides on a study that the import does not have")
    if said.decided_on is None:
        raise AdapterError(f"{DECISION} says no decidedOn")
    return Recognition(
        state=state,
        learner=_learner(was.student),
        studies=tuple(_study(study, brought[study.id], was) for study in said.studies),
        decided_on=said.decided_on,
        remark=_texts(said.remark),
    )


def _read(data: bytes, type_: type[T], name: str) -> T:
    try:
        return msgspec.json.decode(data, type=type_)
    except msgspec.ValidationError as error:
        # Where is safe to tell, and what was expected; what stood there is not.
        where = str(error).rpartition(" - at ")[2] if " - at " in str(error) else "`$`"
        raise AdapterError(f"{name} is not of the agreed form, at {where[:100]}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise AdapterError(f"{name} is not JSON") from None


def _study(said: _Study, brought: _Brought, was: _Import) -> RecognisedStudy:
    there = was.issuers[brought.issuer] if brought.issuer < len(was.issuers) else None
    return RecognisedStudy(
        titles=_texts(brought.titles),
        source=(Identifier("local", said.id),),
        issuer=_issuer(there) if there else None,
        brought=tuple(
            Credit(scheme=one.get("scheme") or ECTS, value=_figure(one.get("value")))
            for one in brought.credits
        ),
        status=brought.status,
        accepted=said.accepted,
        counted_as=_texts(said.counted_as),
        code=said.code,
        credits=()
        if said.credits is None
        else (Credit(scheme=said.credit_scheme, value=said.credits),),
        remark=_texts(said.remark),
    )


def _issuer(there: _Institution) -> Issuer:
    return Issuer(
        identifiers=tuple(Identifier(i.type, i.value) for i in there.identifiers),
        titles=_texts(there.titles),
        url=there.url,
        country=there.country,
    )


def _learner(person: _Person) -> Learner | None:
    if not person.family_name:
        return None
    known: set[Any] = {type_.value for type_ in PersonIdentifierType}
    return Learner(
        given_names=person.given_names,
        family_name=person.family_name,
        birth_date=person.birth_date,
        identifiers=tuple(
            PersonIdentifier(PersonIdentifierType(i.type), i.value, "files")
            for i in person.identifiers
            if i.type in known
        ),
    )


def _texts(values: dict[str, str]) -> Texts:
    return tuple(
        LangString(value, None if lang == "und" else lang)
        for lang, value in values.items()
        if value.strip()
    )


def _figure(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)

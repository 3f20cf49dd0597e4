"""VIRTA's answer as frozen data, read with tolerance: what is missing or odd becomes ``None``.

Three of the recorded answers break VIRTA's own schema, so nothing here relies on
order, obligation or namespace version. Element names: VIRTA's schemas
``Opiskelijat``, ``Opiskeluoikeudet`` and ``Opintosuoritukset``, version 1.06.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from lxml import etree

from emrex_gateway.domain import LangString, Texts

_MOST_CREDITS = Decimal(10_000)
_LANGUAGE_ORDER = ("en", "fi", "sv")

Children = dict[str, list[etree._Element]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleGrade:
    """A grade of a scale that came with the answer (``AsteikkoArvosana``)."""

    key: str
    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A grading scale that came with the answer (``Muu/Asteikko``)."""

    key: str
    name: str
    grades: tuple[ScaleGrade, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """``Arvosana``: ``scale`` is the element's name, ``own`` the scale of a ``Muu``."""

    scale: str
    code: str
    own: Scale | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of education: ``version`` names the classification; ``share`` is 0 to 1."""

    version: str
    code: str
    share: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Attainment:
    """``Opintosuoritus``. ``ects`` and ``weeks`` are credits and the old credit weeks."""

    key: str
    code: str
    right: str
    completed: date | None
    ects: Decimal | None
    weeks: Decimal | None
    grade: Grade | None
    grantor: str
    sources: tuple[str, ...]
    kind: str
    names: Texts
    language: str | None
    education_code: str
    fields: tuple[Field, ...]
    includes: tuple[str, ...]
    recognised: date | None
    thesis: bool
    notes: Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRight:
    """``Opiskeluoikeus``: the right to study for something; ``codes`` are its ``Koulutuskoodi``."""

    key: str
    type: str
    grantor: str
    codes: tuple[str, ...]
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """``Opiskelija``: one person as one institution knows them."""

    identity_code: str = field(default="", repr=False)
    learner_number: str = field(default="", repr=False)
    family_name: str = field(default="", repr=False)
    given_names: str = field(default="", repr=False)
    rights: tuple[StudyRight, ...] = field(default=(), repr=False)
    attainments: tuple[Attainment, ...] = field(default=(), repr=False)


def persons(data: etree._Element) -> tuple[Person, ...]:
    """Read the ``Opiskelija`` elements of a ``Virta`` or ``Opiskelijat`` element."""
    return tuple(_person(element) for element in _children(data).get("Opiskelija", ()))


def _person(element: etree._Element) -> Person:
    children = _children(element)
    rights = _nested(children, "Opiskeluoikeudet", "Opiskeluoikeus")
    attainments = _nested(children, "Opintosuoritukset", "Opintosuoritus")
    return Person(
        identity_code=_text(children, "Henkilotunnus"),
        learner_number=_text(children, "KansallinenOppijanumero"),
        family_name=_text(children, "Sukunimi"),
        given_names=_text(children, "Etunimet"),
        rights=tuple(_right(right) for right in rights),
        attainments=tuple(_attainment(attainment) for attainment in attainments),
    )


def _right(element: etree._Element) -> StudyRight:
    children = _children(element)
    periods = (_text(_children(period), "Koulutuskoodi") for period in children.get("Jakso", ()))
    return StudyRight(
        key=_squeezed(element.get("avain")),
        type=_text(children, "Tyyppi"),
        grantor=_text(children, "Myontaja"),
        codes=tuple(dict.fromkeys(code for code in periods if code)),
        fields=_fields(children.get("Koulutusala", ())),
    )


def _attainment(element: etree._Element) -> Attainment:
    children = _children(element)
    extent = _nested_children(children, "Laajuus")
    return Attainment(
        key=_squeezed(element.get("avain")),
        code=_squeezed(element.get("koulutusmoduulitunniste")),
        right=_squeezed(element.get("opiskeluoikeusAvain")),
        completed=_date(_text(children, "SuoritusPvm")),
        ects=_amount(_text(extent, "Opintopiste")),
        weeks=_amount(_text(extent, "Opintoviikko")),
        grade=_grade(children),
        grantor=_text(children, "Myontaja"),
        sources=_sources(children),
        kind=_text(children, "Laji"),
        names=_texts(children.get("Nimi", ())),
        language=_language(_text(children, "Kieli")),
        education_code=_text(children, "Koulutuskoodi"),
        fields=_fields(children.get("Koulutusala", ())),
        includes=_includes(children),
        recognised=_date(_text(children, "HyvaksilukuPvm")),
        thesis=_text(children, "Opinnaytetyo").lower() in ("1", "true"),
        notes=_texts(children.get("JulkinenLisatieto", ())),
    )


def _sources(children: Children) -> tuple[str, ...]:
    """Organisations in role 3: where recognised studies were completed."""
    found = (_children(organisation) for organisation in children.get("Organisaatio", ()))
    codes = (_text(parts, "Koodi") for parts in found if _text(parts, "Rooli") == "3")
    return tuple(dict.fromkeys(code for code in codes if code))


def _includes(children: Children) -> tuple[str, ...]:
    keys = (
        _squeezed(e.get("sisaltyvaOpintosuoritusAvain")) for e in children.get("Sisaltyvyys", ())
    )
    return tuple(dict.fromkeys(key for key in keys if key))


def _grade(children: Children) -> Grade | None:
    """Read the first scale under ``Arvosana`` that says something; ``EiKaytossa`` is no grade."""
    for name, elements in _nested_children(children, "Arvosana").items():
        if name == "EiKaytossa":
            return None
        if name != "Muu":
            code = _squeezed(elements[0].text)
            return Grade(scale=name, code=code) if code else None
        parts = _children(elements[0])
        code = _text(parts, "Koodi")
        scales = parts.get("Asteikko", ())
        own = _scale(scales[0]) if scales else None
        return Grade(scale=name, code=code, own=own) if code else None
    return None


def _scale(element: etree._Element) -> Scale:
    children = _children(element)
    grades = []
    for grade in children.get("AsteikkoArvosana", ()):
        parts = _children(grade)
        grades.append(
            ScaleGrade(
                key=_squeezed(grade.get("avain")),
                code=_text(parts, "Koodi"),
                name=_text(parts, "Nimi"),
            )
        )
    return Scale(
        key=_squeezed(element.get("avain")), name=_text(children, "Nimi"), grades=tuple(grades)
    )


def _fields(elements: Iterable[etree._Element]) -> tuple[Field, ...]:
    """Read ``Koulutusala`` in both shapes: the code inside ``Koodi``, or the element itself."""
    fields = []
    for element in elements:
        children = _children(element)
        coded = children.get("Koodi", [element])[0]
        code, version = _squeezed(coded.text), _squeezed(coded.get("versio"))
        share = _amount(_text(children, "Osuus"))
        if code and version:
            fields.append(
                Field(version=version, code=code, share=Decimal(1) if share is None else share)
            )
    return tuple(fields)


def _texts(elements: Iterable[etree._Element]) -> Texts:
    """Return a value a language (the first), English, Finnish and Swedish ahead, untagged last."""
    by_language: dict[str | None, str] = {}
    for element in elements:
        value = _squeezed(element.text)
        if value:
            by_language.setdefault(_language(_squeezed(element.get("kieli"))), value)

    def place(language: str | None) -> tuple[int, str]:
        if language in _LANGUAGE_ORDER:
            return _LANGUAGE_ORDER.index(language), ""
        return (len(_LANGUAGE_ORDER), language) if language else (len(_LANGUAGE_ORDER) + 1, "")

    return tuple(LangString(by_language[lang], lang) for lang in sorted(by_language, key=place))


def _language(code: str) -> str | None:
    """Return an ISO 639-1 code; VIRTA's 20, 98 and 99 stand for no single language."""
    code = code.lower()
    return code if len(code) == 2 and code.isascii() and code.isalpha() else None


def _date(text: str) -> date | None:
    """Read an ``xs:date``; a zone at its end says nothing about the day."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _amount(text: str) -> Decimal | None:
    """Read a figure of 0 or more without trailing zeros; anything else is unknown."""
    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    if not value.is_finite() or not 0 <= value <= _MOST_CREDITS:
        return None
    return Decimal(f"{value.normalize():f}") if value else Decimal(0)


def _children(element: etree._Element) -> Children:
    """Group the child elements by local name, in order."""
    grouped: Children = defaultdict(list)
    for child in element.iterchildren("*"):
        grouped[str(child.tag).rpartition("}")[2]].append(child)
    return dict(grouped)


def _nested(children: Children, outer: str, inner: str) -> list[etree._Element]:
    return [e for group in children.get(outer, ()) for e in _children(group).get(inner, ())]


def _nested_children(children: Children, name: str) -> Children:
    elements = children.get(name)
    return _children(elements[0]) if elements else {}


def _text(children: Children, name: str) -> str:
    elements = children.get(name)
    return _squeezed(elements[0].text) if elements else ""


def _squeezed(text: str | None) -> str:
    return " ".join(text.split()) if text else ""

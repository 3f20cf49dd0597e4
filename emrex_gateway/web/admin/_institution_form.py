"""The form of an institution, in groups, and what it makes of a row and back."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from babel import Locale
from flask_babel import lazy_gettext as _l
from wtforms import DateField, Field, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from emrex_gateway import administering
from emrex_gateway.domain import (
    Accessibility,
    Assessment,
    Conformance,
    Institution,
    LearnerDetail,
    PersonIdentifierType,
    Privacy,
    ReleaseRule,
)
from emrex_gateway.web._languages import language
from emrex_gateway.web.admin._forms import LinesField, SelectChoice, TextsField
from emrex_gateway.web.admin._institution_parts import (
    ASSESSMENT,
    CONFORMANCE,
    MatchingFields,
    matching_values,
)

TO_ALL, TO_LISTED, TO_NOBODY = "all", "listed", "nobody"
_K = PersonIdentifierType
_RELEASE = (
    SelectChoice(TO_ALL, _l("to every receiver")),
    SelectChoice(TO_LISTED, _l("only to the receivers listed below")),
    SelectChoice(TO_NOBODY, _l("to nobody")),
)
_KINDS = {"esi": _K.ESI, "national": _K.NATIONAL, "learner": _K.NATIONAL_LEARNER, "local": _K.LOCAL}
_FIRST_CODES = ("erasmus", "pic")


@lru_cache(maxsize=16)
def _countries(tag: str) -> tuple[tuple[str, str], ...]:
    names = Locale.parse(tag).territories
    found = [(code, str(names.get(code, code))) for code in administering.countries()]
    return tuple(sorted(found, key=lambda pair: pair[1].casefold()))


def countries(unknown: str = "–") -> list[Any]:
    """Countries by name in the page's language, below the choice of none."""
    found = (SelectChoice(code, name) for code, name in _countries(language()))
    return [SelectChoice("", unknown), *found]


class ChecksField(SelectMultipleField):
    """Several ticks under one legend."""

    widget: Any = ListWidget(prefix_label=False)
    option_widget: Any = CheckboxInput()
    group = True


class InstitutionForm(MatchingFields):
    """All of an institution's settings but its slug and its switches."""

    names = TextsField(
        _l("Name"), description=_l("In as many languages as it has one; one is enough.")
    )
    country = SelectField(_l("Country"), choices=countries)
    domain = StringField(
        _l("Domain (SCHAC)"),
        description=_l("By which the world knows the institution, such as example.edu."),
        render_kw={"required": True, "maxlength": 253, "autocapitalize": "none"},
    )
    url = StringField(
        _l("Web address"),
        description=_l("Stands in every transfer as the address of the institution."),
        render_kw={"required": True, "maxlength": 2000, "inputmode": "url"},
    )
    languages = StringField(
        _l("Languages it works in"),
        description=_l("Codes with blanks between them, its own language first: fi sv en."),
        render_kw={"maxlength": 300},
    )
    logo = StringField(
        _l("Address of its logo"),
        description=_l(
            "An https address. A worker fetches the picture, and students get it from here."
        ),
        render_kw={"maxlength": 2000, "inputmode": "url"},
    )
    erasmus = StringField(
        _l("Erasmus code"),
        name="codes.erasmus",
        description=_l("Such as SF HELSINK01."),
        render_kw={"maxlength": 20},
    )
    pic = StringField(
        _l("PIC"),
        name="codes.pic",
        description=_l("The European Commission's participant number: nine digits."),
        render_kw={"maxlength": 20, "inputmode": "numeric"},
    )
    codes = LinesField(
        _l("National and other codes"),
        description=_l(
            "One a line: the code's type, a colon, the code. Such as oppilaitosnumero: 01901. "
            "They go into every transfer and help receivers to recognise the institution."
        ),
        render_kw={"rows": 3},
    )
    support = StringField(
        _l("Help for students"),
        description=_l("An e-mail address or a web address. Stands on every student's page."),
        render_kw={"maxlength": 2000},
    )
    address = TextAreaField(
        _l("Postal address"),
        description=_l("Stands at the foot of students' pages, and in transfers."),
        render_kw={"rows": 3, "maxlength": 500},
    )
    colour = StringField(
        _l("Colour"),
        description=_l(
            "Of the stripe, links and buttons on students' pages: # and six hexadecimal digits, such "
            "as #0b4f9e. Where it would be hard to read, a darker or lighter shade stands for it."
        ),
        render_kw={"maxlength": 7, "autocapitalize": "none", "class": "short"},
    )
    conformance = SelectField(
        _l("How accessible the pages are"),
        name="accessibility.conformance",
        description=_l("As an assessment against WCAG 2.2 AA found."),
        choices=CONFORMANCE,
    )
    assessment = SelectField(
        _l("Who assessed them"), name="accessibility.assessment", choices=ASSESSMENT
    )
    gaps = TextsField(
        _l("What is not accessible"),
        name="accessibility.gaps",
        description=_l("What it is, why, and what there is instead. A paragraph each."),
        long=True,
    )
    feedback = StringField(
        _l("Where to tell of barriers"),
        name="accessibility.contact",
        description=_l("An e-mail address or a web address. Empty: the help for students."),
        render_kw={"maxlength": 2000},
    )
    law = TextsField(_l("The national law on accessibility"), name="accessibility.law")
    authority = TextsField(_l("The authority that watches over it"), name="accessibility.authority")
    authority_url = TextsField(
        _l("Address at which to complain there"), name="accessibility.authority_url"
    )
    prepared = DateField(
        _l("The statement was prepared on"),
        name="accessibility.prepared",
        validators=[Optional()],
        render_kw={"class": "short"},
    )
    reviewed = DateField(
        _l("It was last reviewed on"),
        name="accessibility.reviewed",
        validators=[Optional()],
        render_kw={"class": "short"},
    )
    controller = TextsField(
        _l("Controller"),
        name="privacy.controller",
        description=_l("Who answers for the processing of students' data."),
    )
    contact = StringField(
        _l("Contact about data protection"),
        name="privacy.contact",
        description=_l("The data protection officer's e-mail address or web address."),
        render_kw={"maxlength": 2000},
    )
    notice = TextsField(
        _l("What students should know before they consent"),
        name="privacy.notice",
        description=_l("A few sentences; they stand above the button that sends the records."),
        long=True,
    )
    privacy_url = TextsField(_l("Address of the whole privacy notice"), name="privacy.url")
    esi = SelectField(_l("European Student Identifier goes"), choices=_RELEASE)
    national = SelectField(
        _l("National identity number goes"),
        choices=_RELEASE[1:],
        description=_l("Never to every receiver."),
    )
    learner = SelectField(_l("National learner number goes"), choices=_RELEASE)
    local = SelectField(_l("Student number goes"), choices=_RELEASE)
    hosts = LinesField(
        _l("Listed receivers"),
        name="release.restricted_hosts",
        description=_l(
            "Hosts of the return addresses of clients, one a line, such as emrex.example.edu."
        ),
        render_kw={"rows": 3},
    )
    details = ChecksField(
        _l("What else of the student leaves"),
        name="release.details",
        description=_l("Names and the birth date always leave; the rest only when ticked."),
        choices=[
            SelectChoice(LearnerDetail.CITIZENSHIP.value, _l("Citizenship")),
            SelectChoice(LearnerDetail.PLACE_OF_BIRTH.value, _l("Place of birth")),
            SelectChoice(LearnerDetail.BIRTH_NAME.value, _l("Name at birth")),
            SelectChoice(LearnerDetail.GENDER.value, _l("Gender")),
        ],
    )

    def groups(self) -> list[tuple[str, list[Field]]]:
        """The fields under their headings."""
        return [(str(title), [getattr(self, name) for name in names]) for title, names in _GROUPS]

    def said(self, before: Institution) -> Institution:
        """The institution that the form describes; what it does not ask for stays."""
        codes = {name: _text(getattr(self, name)) for name in _FIRST_CODES}
        for line in self.codes.data or ():
            type_, _colon, code = line.partition(":")
            codes[type_.strip()] = code.strip()
        first = {name: value for name, value in codes.items() if value or name not in _FIRST_CODES}
        return replace(
            before,
            names=self.names.data,
            country=self.country.data or "",
            domain=_text(self.domain).lower(),
            url=_text(self.url),
            codes=first,
            support=_text(self.support),
            release=self._rule(),
            address=_text(self.address),
            languages=tuple(_text(self.languages).replace(",", " ").split()),
            logo=_text(self.logo),
            privacy=Privacy(
                controller=self.controller.data,
                contact=_text(self.contact),
                notice=self.notice.data,
                url=self.privacy_url.data,
            ),
            colour=_text(self.colour),
            accessibility=Accessibility(
                conformance=Conformance(self.conformance.data or ""),
                assessment=Assessment(self.assessment.data or ""),
                law=self.law.data,
                gaps=self.gaps.data,
                contact=_text(self.feedback),
                authority=self.authority.data,
                authority_url=self.authority_url.data,
                prepared=self.prepared.data,
                reviewed=self.reviewed.data,
            ),
            matching=self.matching(before.matching),
        )

    def _rule(self) -> ReleaseRule:
        goes = {kind: getattr(self, name).data for name, kind in _KINDS.items()}
        return ReleaseRule(
            released=frozenset(kind for kind, where in goes.items() if where == TO_ALL),
            restricted=frozenset(kind for kind, where in goes.items() if where == TO_LISTED),
            restricted_hosts=frozenset(host.lower() for host in self.hosts.data or ()),
            details=frozenset(LearnerDetail(one) for one in self.details.data or ()),
        )


def _text(field: Field) -> str:
    """What stands in a field; nothing for one that was not sent."""
    return (field.data or "").strip()


_GROUPS = (
    (_l("The institution"), ("names", "country", "domain", "url", "languages", "logo", "colour")),
    (_l("Codes"), ("erasmus", "pic", "codes")),
    (_l("For students"), ("support", "address")),
    (_l("Data protection"), ("controller", "contact", "notice", "privacy_url")),
    (
        _l("Accessibility statement"),
        (
            "conformance",
            "assessment",
            "gaps",
            "feedback",
            "law",
            "authority",
            "authority_url",
            "prepared",
            "reviewed",
        ),
    ),
    (
        _l("What leaves of the student"),
        ("esi", "national", "learner", "local", "hosts", "details"),
    ),
    (_l("Records that come home"), ("same", "different")),
)


def values_of(one: Institution) -> dict[str, Any]:
    """What a form about an institution begins with."""
    rule = one.release
    goes = {
        name: TO_ALL
        if kind in rule.released
        else TO_LISTED
        if kind in rule.restricted
        else TO_NOBODY
        for name, kind in _KINDS.items()
    }
    return {
        "version": administering.version_of(one),
        "names": one.names,
        "country": one.country,
        "domain": one.domain,
        "url": one.url,
        "languages": " ".join(one.languages),
        "logo": one.logo,
        "erasmus": one.codes.get("erasmus", ""),
        "pic": one.codes.get("pic", ""),
        "codes": tuple(
            f"{type_}: {code}" for type_, code in one.codes.items() if type_ not in _FIRST_CODES
        ),
        "support": one.support,
        "address": one.address,
        "controller": one.privacy.controller,
        "contact": one.privacy.contact,
        "notice": one.privacy.notice,
        "privacy_url": one.privacy.url,
        "colour": one.colour,
        "conformance": one.accessibility.conformance.value,
        "assessment": one.accessibility.assessment.value,
        "gaps": one.accessibility.gaps,
        "feedback": one.accessibility.contact,
        "law": one.accessibility.law,
        "authority": one.accessibility.authority,
        "authority_url": one.accessibility.authority_url,
        "prepared": one.accessibility.prepared,
        "reviewed": one.accessibility.reviewed,
        **goes,
        **matching_values(one),
        "hosts": tuple(sorted(rule.restricted_hosts)),
        "details": [detail.value for detail in rule.details],
    }
